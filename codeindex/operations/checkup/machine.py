"""This machine: its disk, its state folder, and git."""

from __future__ import annotations

import re
import shutil
import stat
import subprocess
from collections.abc import Iterator
from shlex import quote

from django.conf import settings

from codeindex.local_services.state import State
from codeindex.operations.checkup.findings import Finding, advice, gib

GIT = (2, 31)
"""The oldest version of git that is tested for."""


def examine() -> Iterator[Finding]:
    state = State(settings.CODEINDEX_HOME)
    yield from _disk(state)
    yield from _folder(state)
    yield from _git()


def _disk(state: State) -> Iterator[Finding]:
    free, needed = shutil.disk_usage(state.folder).free, settings.CODEINDEX_CLONE_BYTES
    if free < needed:
        yield Finding(
            f"Only {gib(free)} are free on the disk of the state folder; a clone may take"
            f" {gib(needed)} (CODEINDEX_CLONE_BYTES).",
            "Index runs fail, and so does the private database if it is on that disk.",
            f"Free some space. {state.folder / 'mirrors'} can be deleted while codeindex is"
            " stopped.",
        )


def _folder(state: State) -> Iterator[Finding]:
    if stat.S_IMODE(state.folder.stat().st_mode) & 0o077:
        yield Finding(
            f"Others can enter the state folder {state.folder}.",
            "It holds the secret key, and copies of private repositories.",
            f"chmod 700 {quote(str(state.folder))}",
        )
    if state.secret_key.exists() and stat.S_IMODE(state.secret_key.stat().st_mode) & 0o077:
        yield Finding(
            f"Others can read {state.secret_key}.",
            "Whoever has it can sign in as anyone, and decrypt stored credentials.",
            f"chmod 600 {quote(str(state.secret_key))}",
        )


def _git() -> Iterator[Finding]:
    try:
        told = subprocess.run(["git", "--version"], capture_output=True, text=True, timeout=10)
    except (OSError, subprocess.TimeoutExpired):
        told = None
    version = re.search(r"(\d+)\.(\d+)", told.stdout) if told else None
    if version is None:
        yield Finding("git does not run.", "No repository can be fetched.", "apt-get install git")
    elif (found := tuple(map(int, version.groups()))) < GIT:
        yield advice(
            f"git has version {'.'.join(map(str, found))}.",
            f"Versions before {'.'.join(map(str, GIT))} are not tested.",
            "Install a newer version.",
        )
