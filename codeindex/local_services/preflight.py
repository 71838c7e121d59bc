"""Checks the requirements before anything is installed or started.

The Makefile runs this file with the system's own Python, before there is a virtual environment. So
it uses only the standard library and a syntax that old versions can parse, to tell them that they
are too old. Prints one line and exits with 1 if there is a problem.

    python3 preflight.py FOLDER MEBIBYTES     (free space that FOLDER's disk must have)
"""

import os
import platform
import shutil
import sys

OLDEST_PYTHON = (3, 11)
MACHINES = ("x86_64", "aarch64")
OLDEST_GLIBC = (2, 28)


def problem(folder, mebibytes):
    # type: (str, int) -> str
    """One line that describes the first problem, or an empty string."""
    return (
        _python_problem()
        or _platform_problem()
        or _git_problem()
        or disk_problem(folder, mebibytes)
    )


def _python_problem():
    # type: () -> str
    if sys.version_info < OLDEST_PYTHON:
        return (
            "codeindex needs Python 3.11 or newer; {} is Python {}."
            " Choose another with PYTHON=...".format(sys.executable, platform.python_version())
        )
    if sys.version_info.releaselevel != "final":
        return "codeindex needs a released version of Python; this is {}.".format(
            platform.python_version()
        )
    return ""


def _platform_problem():
    # type: () -> str
    if platform.system() != "Linux" or platform.machine() not in MACHINES:
        return "codeindex runs on Linux on {}; this is {} on {}.".format(
            " or ".join(MACHINES), platform.system(), platform.machine()
        )
    library, version = platform.libc_ver()
    numbers = tuple(int(part) for part in version.split(".")[:2] if part.isdigit())
    if library != "glibc" or numbers < OLDEST_GLIBC:
        return "codeindex needs the GNU C library 2.28 or newer; this is {} {}.".format(
            library or "another C library", version
        )
    return ""


def _git_problem():
    # type: () -> str
    if shutil.which("git") is None:
        return "codeindex needs git, which is not installed or not in PATH."
    return ""


def disk_problem(folder, mebibytes):
    # type: (str, int) -> str
    existing = os.path.abspath(folder)
    while not os.path.exists(existing):
        existing = os.path.dirname(existing)
    free = shutil.disk_usage(existing).free // 2**20
    if free < mebibytes:
        return "The disk of {} has {} MiB free; codeindex needs {} MiB.".format(
            existing, free, mebibytes
        )
    return ""


if __name__ == "__main__":
    sys.exit(problem(sys.argv[1], int(sys.argv[2])) or 0)
