"""The state folder: everything that one installation keeps, and where in it each thing lies.

Settings, commands and the launcher all derive their paths from here, so that a command in
another shell finds the database of a running installation without being told."""

from __future__ import annotations

import hashlib
import os
import re
import stat
import tempfile
from dataclasses import dataclass
from pathlib import Path

DATABASE = "codeindex"
SOCKET_PATH_BYTES = 107
"""What `sockaddr_un` holds, less its closing NUL."""

_LONGEST_SOCKET_NAME = "supervisor.sock.4194304"
_WRITTEN = ("secret_key", "users.lock", "postgres", "mirrors", "models", "static")
_PLAIN = re.compile(r"[A-Za-z0-9/._+=-]+")


class CannotStart(Exception):
    """Something stands in the way; the message is one line fit for a user."""


@dataclass(frozen=True, slots=True)
class State:
    """Paths of one installation. `folder` is absolute."""

    folder: Path

    def make_folder(self) -> None:
        """Makes the folder for its owner alone; one that is there is closed to everyone else.

        Raises CannotStart, also where other things lie in an open folder: /srv is not closed."""
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
                "others may enter it, and it holds other things. Choose a folder of its own,"
                " or close this one (chmod 700)"
            )
        try:
            self.folder.chmod(0o700)
        except PermissionError:
            raise self.unusable(
                "others may enter it, and only its owner can close it (chmod 700)."
                " Have that done, or choose another folder"
            ) from None

    @property
    def lock(self) -> Path:
        return self.folder / "lock"

    @property
    def users_lock(self) -> Path:
        """Held, shared, by each process that uses services which a command started."""
        return self.folder / "users.lock"

    @property
    def secret_key(self) -> Path:
        return self.folder / "secret_key"

    @property
    def postgres(self) -> Path:
        return self.folder / "postgres"

    @property
    def programs(self) -> Path:
        """A link to copies of PostgreSQL's programs, where its user cannot reach the package."""
        return self.folder / "programs"

    @property
    def valkey(self) -> Path:
        return self.folder / "valkey"

    @property
    def beat_schedule(self) -> Path:
        return self.folder / "beat-schedule"

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
        """A folder of mode 0700 whose sockets' paths are short enough for the kernel, and plain
        enough to stand in a URL and in libpq's list of hosts."""
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
