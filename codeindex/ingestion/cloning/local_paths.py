"""Whether a repository of this machine lies in the allowed folders with all that git reads of it.

A path is checked at each fetch: the folder may have become a link since, its `.git` a file that
names another folder, and its objects may be borrowed from other repositories.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from os.path import realpath
from pathlib import Path

from codeindex.ingestion.cloning.remotes import RefusedRemote

SUFFIXES = ("/.git", "", ".git/.git", ".git")
"""What git appends to a path in search of its repository, in its order."""

MOST_FOLDERS = 20
"""Repositories that one may borrow from."""

MOST_FILES = 1_000_000
LONGEST_POINTER = 65_536

OUTSIDE = "The repository uses files outside of the folders from which repositories may be cloned."


def contained(path: str, roots: Sequence[Path]) -> str:
    """The repository's own folder (or its bundle), all of which lies within `roots`.

    Raises `RefusedRemote`. Who may write there can change it between this and git's reading.
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
    """The folder that git finds at a path; where there is none, the path itself."""
    for suffix in SUFFIXES:
        found = Path(f"{path}{suffix}")
        if found.is_file():
            return _named_by(found, "gitdir:") or found
        if os.path.lexists(found / "HEAD"):
            return found
    return Path(path)


def _borrowed(folder: Path) -> Iterator[Path]:
    """The folders of other repositories that git reads with this one."""
    if common := _named_by(folder / "commondir"):
        yield common
    for objects in (folder / "objects", folder):  # an alternate is a folder of objects
        for line in _lines(objects / "info/alternates"):
            if line.startswith('"'):  # git's quoting, with escapes
                raise RefusedRemote(OUTSIDE)
            if line and not line.startswith("#"):
                yield objects / line


def _named_by(file: Path, mark: str = "") -> Path | None:
    """The folder that a file's first line names, from the file's own folder."""
    line = (_lines(file) or [""])[0]
    name = line.removeprefix(mark).strip()
    return file.parent / name if name and line.startswith(mark) else None


def _lines(file: Path) -> list[str]:
    """Of a file in which git keeps paths; none if there is no such file."""
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
            raise RefusedRemote(f"The repository has more than {MOST_FILES:,} files of git's own.")
        for entry in (Path(place, name) for name in (*folders, *names)):
            if entry.is_symlink():
                yield entry


def _inside(place: Path, roots: Sequence[Path]) -> Path:
    real = Path(realpath(place))
    if not any(real.is_relative_to(root) for root in roots):
        raise RefusedRemote(OUTSIDE)
    return real
