"""Whether a repository of this machine, with everything that git reads of it, lies in the allowed
folders.

A path is checked at each fetch: since the last one the folder may have become a link, its `.git` a
file that names another folder, and its objects may be borrowed from other repositories.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from os.path import realpath
from pathlib import Path

from codeindex.ingestion.cloning.remotes import RefusedRemote

SUFFIXES = ("/.git", "", ".git/.git", ".git")
"""What git appends to a path in search of a repository, in git's order."""

MOST_FOLDERS = 20
"""Folders that git may read for one repository, its own included."""

MOST_FILES = 1_000_000
LONGEST_POINTER = 65_536

OUTSIDE = "The repository uses files outside the folders from which repositories may be cloned."


def contained(path: str, roots: Sequence[Path]) -> str:
    """The repository's folder, or its bundle, if all of it lies within `roots`.

    Raises `RefusedRemote`. Whoever can write there can still change it before git reads it.
    """
    place = _inside(_repository_at(path), roots)
    pending, seen = [place], set[Path]()
    while pending:
        folder = _inside(pending.pop(), roots)
        if folder in seen:
            continue
        seen.add(folder)
        if len(seen) > MOST_FOLDERS:
            raise RefusedRemote(f"The repository reads from more than {MOST_FOLDERS} folders.")
        pending += [*_targets_of_links(folder), *_borrowed(folder)]
    return str(place)


def _repository_at(path: str) -> Path:
    """The folder that git finds at a path; the path itself if there is none."""
    for suffix in SUFFIXES:
        candidate = Path(f"{path}{suffix}")
        if candidate.is_file():
            return _named_by(candidate, "gitdir:") or candidate
        if os.path.lexists(candidate / "HEAD"):
            return candidate
    return Path(path)


def _borrowed(folder: Path) -> Iterator[Path]:
    """The folders of other repositories that git reads for this one."""
    if common := _named_by(folder / "commondir"):
        yield common
    for objects in (folder / "objects", folder):  # an alternate is a folder of objects
        for line in _lines(objects / "info/alternates"):
            if line.startswith('"'):  # git's quoting, with escapes
                raise RefusedRemote(OUTSIDE)
            if line and not line.startswith("#"):
                yield objects / line


def _named_by(file: Path, mark: str = "") -> Path | None:
    """The folder that a file's first line names, relative to the file's folder."""
    line = (_lines(file) or [""])[0]
    name = line.removeprefix(mark).strip()
    return file.parent / name if name and line.startswith(mark) else None


def _lines(file: Path) -> list[str]:
    """The lines of a file in which git keeps paths; none if there is no such file."""
    if not file.is_file():
        return []
    with file.open("rb") as reading:
        beginning = reading.read(LONGEST_POINTER + 1)
    if len(beginning) > LONGEST_POINTER and file.name == "alternates":
        raise RefusedRemote(OUTSIDE)
    return os.fsdecode(beginning).split("\n")


def _targets_of_links(folder: Path) -> Iterator[Path]:
    count = 0
    for place, folders, names in os.walk(folder):
        count += len(folders) + len(names)
        if count > MOST_FILES:
            raise RefusedRemote(
                f"The repository has more than {MOST_FILES:,} files in its git folder."
            )
        for entry in (Path(place, name) for name in (*folders, *names)):
            if entry.is_symlink():
                yield entry


def _inside(place: Path, roots: Sequence[Path]) -> Path:
    real = Path(realpath(place))
    if not any(real.is_relative_to(root) for root in roots):
        raise RefusedRemote(OUTSIDE)
    return real
