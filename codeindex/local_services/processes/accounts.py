"""The operating system's user who runs PostgreSQL and Valkey."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
from dataclasses import dataclass

from codeindex.local_services.state import CannotStart, State

_ACCOUNT_NAME = "codeindex"
_FALLBACK_ACCOUNT_NAME = "nobody"


@dataclass(frozen=True, slots=True)
class Account:
    """A user of the operating system."""

    uid: int
    gid: int


def service_account(state: State) -> Account | None:
    """The user who runs PostgreSQL and Valkey; None for the current user, who is not root.

    For root it is the owner of the existing data, or a system user of our own."""
    if os.geteuid() != 0:
        return None
    if state.postgres.exists() and (owner := state.postgres.stat()).st_uid != 0:
        return Account(owner.st_uid, owner.st_gid)
    return _known_account(_ACCOUNT_NAME) or _new_account() or _last_resort()


def _known_account(name: str) -> Account | None:
    try:
        entry = pwd.getpwnam(name)
    except KeyError:
        return None
    return Account(entry.pw_uid, entry.pw_gid) if entry.pw_uid != 0 else None


def _new_account() -> Account | None:
    useradd = shutil.which("useradd", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")
    if useradd is None:
        return None
    options = ["--system", "--no-create-home", "--shell", "/usr/sbin/nologin"]
    subprocess.run([useradd, *options, _ACCOUNT_NAME], check=False, capture_output=True)
    return _known_account(_ACCOUNT_NAME)


def _last_resort() -> Account:
    account = _known_account(_FALLBACK_ACCOUNT_NAME)
    if account is None:
        raise CannotStart(
            "PostgreSQL refuses to run as root, and there is no other user to run it. Create a"
            f" user named {_ACCOUNT_NAME!r}, or start codeindex as an ordinary user."
        )
    return account
