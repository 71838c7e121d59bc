"""Executes another program, as another user if requested, so that it dies with its parent.

Run as a script, with nothing but the standard library, so that it costs milliseconds:

    python -I -S lifeline.py [--user UID:GID] SIGNAL PROGRAM [ARGUMENT …]

The kernel sends SIGNAL to the program once its parent is dead, however the parent died. The
parent names itself in CODEINDEX_PARENT, so that its death before the request is noticed too. The
death signal is requested after the change of user, which would clear it.

A program that runs as another user keeps one capability, to enter folders of others: PostgreSQL
refuses to run as root, and its binaries and data may lie below a folder such as /root that only
root can enter. It owns what it writes, so it needs nothing else, and no_new_privs keeps it from
gaining more. access(2), with which PostgreSQL looks for its own programs, ignores the capabilities
of an ordinary user unless the securebit NO_SETUID_FIXUP is set.
"""

from __future__ import annotations

import ctypes
import os
import platform
import struct
import sys

_PR_SET_PDEATHSIG = 1
_PR_SET_KEEPCAPS = 8
_PR_GET_SECUREBITS = 27
_PR_SET_SECUREBITS = 28
_PR_SET_NO_NEW_PRIVS = 38
_PR_CAP_AMBIENT = 47
_PR_CAP_AMBIENT_RAISE = 2
_CAP_DAC_OVERRIDE = 1
_CAP_DAC_READ_SEARCH = 2
_SECBIT_NO_SETUID_FIXUP = 1 << 2
_CAPABILITY_VERSION_3 = 0x20080522
_SYS_CAPSET = {"x86_64": 126, "aarch64": 91}

PARENT_VARIABLE = "CODEINDEX_PARENT"


def die_with_parent(signal_number: int, parent: int | None = None) -> None:
    """Asks the kernel for a signal when the parent dies. Ends the process at once if `parent`, a
    process number, is no longer its parent."""
    _prctl(_PR_SET_PDEATHSIG, signal_number)
    if parent is not None and os.getppid() != parent:
        sys.exit("lifeline: the parent process has died")


def named_parent() -> int | None:
    """The process number that the environment names as the parent, if any."""
    name = os.environ.get(PARENT_VARIABLE)
    return int(name) if name else None


def become(uid: int, gid: int) -> None:
    """Changes the user for good. Keeps the capability to enter folders if root has it, and no
    other."""
    kept = _entering_capability()
    _make_access_honour_capabilities()
    _prctl(_PR_SET_KEEPCAPS, 1)
    os.setgroups([])
    os.setresgid(gid, gid, gid)
    os.setresuid(uid, uid, uid)
    _set_capabilities(0 if kept is None else 1 << kept)  # the change of user dropped none
    if kept is not None:
        _prctl(_PR_CAP_AMBIENT, _PR_CAP_AMBIENT_RAISE, kept)
    _prctl(_PR_SET_NO_NEW_PRIVS, 1)


def _make_access_honour_capabilities() -> None:
    """Sets the securebit. This takes CAP_SETPCAP, which a container can withhold: access(2) then
    still refuses what open(2) grants (`servers/postgres_programs.py` works around it)."""
    _libc.prctl(_PR_SET_SECUREBITS, _libc.prctl(_PR_GET_SECUREBITS) | _SECBIT_NO_SETUID_FIXUP)


def _entering_capability() -> int | None:
    """The narrower of the two capabilities to enter folders that this process has, if any:
    containers commonly withhold CAP_DAC_READ_SEARCH."""
    with open("/proc/self/status", encoding="ascii") as status:
        permitted = next(int(line.split()[1], 16) for line in status if line.startswith("CapPrm"))
    for capability in (_CAP_DAC_READ_SEARCH, _CAP_DAC_OVERRIDE):
        if permitted & 1 << capability:
            return capability
    return None


def _set_capabilities(mask: int) -> None:
    header = struct.pack("Ii", _CAPABILITY_VERSION_3, 0)
    data = struct.pack("6I", mask, mask, mask, 0, 0, 0)
    if _libc.syscall(_SYS_CAPSET[platform.machine()], header, data) != 0:
        raise OSError(ctypes.get_errno(), "capset")


def _prctl(option: int, *arguments: int) -> None:
    padded = (*arguments, 0, 0, 0, 0)[:4]
    if _libc.prctl(option, *(ctypes.c_ulong(argument) for argument in padded)) != 0:
        raise OSError(ctypes.get_errno(), f"prctl({option})")


_libc = ctypes.CDLL(None, use_errno=True)


def main(arguments: list[str]) -> None:
    if arguments[0] == "--user":
        uid, gid = arguments[1].split(":")
        become(int(uid), int(gid))
        arguments = arguments[2:]
    signal_number, program, *_ = arguments
    die_with_parent(int(signal_number), named_parent())
    os.environ[PARENT_VARIABLE] = str(os.getpid())
    try:
        os.execvp(program, arguments[1:])  # noqa: S606  no shell is wanted
    except OSError as error:
        sys.exit(f"lifeline: cannot run {program}: {error.strerror}")


if __name__ == "__main__":
    main(sys.argv[1:])
