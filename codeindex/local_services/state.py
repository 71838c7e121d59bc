"""The state folder, which holds everything that one installation stores, and its layout.

Settings, commands and the launcher all take their paths from here, so that a command in another
shell finds the database of a running installation."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import stat
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

DATABASE = "codeindex"
SOCKET_PATH_BYTES = 107
"""What `sockaddr_un` holds, less its closing NUL."""

_LONGEST_SOCKET_NAME = "supervisor.sock.4194304"
_WRITTEN = ("secret_key", "users.lock", "postgres", "mirrors", "models", "static")
_LEFT_SECONDS = 24 * 3_600
_PLAIN = re.compile(r"[A-Za-z0-9/._+=-]+")


class CannotStart(Exception):
    """codeindex cannot start. The message is one line for the user."""


@dataclass(frozen=True, slots=True)
class State:
    """Paths of one installation. `folder` is absolute."""

    folder: Path

    def make_folder(self) -> None:
        """Creates the folder for its owner alone; an existing one is closed to other users.

        Raises CannotStart, also for an open folder with other files in it: /srv is not closed."""
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            if stat.S_IMODE(self.folder.stat().st_mode) != 0o700:
                self._close()
        except OSError as error:
            raise self.unusable(error.strerror or str(error)) from None

    def unusable(self, reason: str) -> CannotStart:
        return CannotStart(f"Cannot use the state folder {self.folder}: {reason}.")

    def _close(self) -> None:
        written = any((self.folder / name).exists() for name in _WRITTEN)
        if not written and any(self.folder.iterdir()):
            raise self.unusable(
                "other users can enter it, and it contains other files. Choose an empty folder, or"
                " close this one (chmod 700)"
            )
        try:
            self.folder.chmod(0o700)
        except PermissionError:
            raise self.unusable(
                "other users can enter it, and only its owner can close it (chmod 700)."
                " Choose another folder, or ask the owner to close it"
            ) from None

    @contextmanager
    def temporary(self, name: str) -> Iterator[Path]:
        """A new folder in the subfolder `name`, which is removed after the block. What a killed
        process left there is removed a day later. Raises CannotStart."""
        self.make_folder()
        beside = self.folder / name
        beside.mkdir(mode=0o700, exist_ok=True)
        for left in beside.iterdir():
            with suppress(FileNotFoundError):  # another process has just removed it
                if time.time() - left.stat().st_mtime > _LEFT_SECONDS:
                    shutil.rmtree(left, ignore_errors=True)
        with tempfile.TemporaryDirectory(dir=beside, ignore_cleanup_errors=True) as folder:
            yield Path(folder)

    @property
    def lock(self) -> Path:
        return self.folder / "lock"

    @property
    def users_lock(self) -> Path:
        """Locked, shared, by each process that uses services started by a command."""
        return self.folder / "users.lock"

    @property
    def secret_key(self) -> Path:
        return self.folder / "secret_key"

    @property
    def postgres(self) -> Path:
        return self.folder / "postgres"

    @property
    def programs(self) -> Path:
        """A link to a copy of PostgreSQL's programs, if its user cannot reach the package."""
        return self.folder / "programs"

    @property
    def models(self) -> Path:
        """Checkpoints that were trained here."""
        return self.folder / "models"

    @property
    def valkey(self) -> Path:
        return self.folder / "valkey"

    @property
    def static(self) -> Path:
        return self.folder / "static"

    @property
    def logs(self) -> Path:
        return self.folder / "logs"

    @property
    def supervisor_configuration(self) -> Path:
        return self.folder / "supervisord.conf"

    @property
    def supervisor_pid(self) -> Path:
        return self.folder / "supervisord.pid"

    @property
    def sockets(self) -> Path:
        """A folder of mode 0700. The paths of its sockets are short enough for the kernel, and
        plain enough for a URL and for libpq's list of hosts."""
        beside = self.folder / "sockets"
        short = len(os.fsencode(beside / _LONGEST_SOCKET_NAME)) <= SOCKET_PATH_BYTES
        if short and _PLAIN.fullmatch(str(beside)):
            return beside
        digest = hashlib.sha256(os.fsencode(self.folder)).hexdigest()[:16]
        return Path(tempfile.gettempdir()) / f"codeindex-{digest}"

    @property
    def valkey_socket(self) -> Path:
        return self.sockets / "valkey.sock"

    @property
    def supervisor_socket(self) -> Path:
        return self.sockets / "supervisor.sock"

    @property
    def broker_url(self) -> str:
        return f"redis+socket://{self.valkey_socket}"
