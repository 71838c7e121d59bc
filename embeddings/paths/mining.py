"""The path-contexts of all definitions in files and folders, extracted in parallel."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from multiprocessing import get_context
from pathlib import Path

from embeddings.code.languages import Document, FileType, Language, by_path, syntax_of
from embeddings.code.parsing import UnreadableSource
from embeddings.files.decoding import decode
from embeddings.paths import CODE, DEFAULT_BOUNDS, Bounds, table_in, table_in_document
from embeddings.paths.pairs import Numbers
from embeddings.paths.tables import ContextTable
from embeddings.types import Kind

_FILES_AT_ONCE = 4


@dataclass(frozen=True, slots=True)
class Choice:
    """What to extract from each file."""

    bounds: Bounds = DEFAULT_BOUNDS
    kinds: Collection[Kind] = CODE
    hide_name: bool = True


@dataclass(frozen=True, slots=True)
class Entry:
    """The definition that contexts belong to."""

    kind: Kind
    name: str
    qualified_name: str
    start_line: int
    end_line: int


@dataclass(frozen=True, slots=True)
class Mined:
    """The contexts of one file. Context i goes from `tokens[starts[i]]` along `paths[numbers[i]]`,
    the kinds and the index of the top, to `tokens[ends[i]]`; those of `entries[k]` are `bounds[k]`
    to `bounds[k + 1]`."""

    path: str
    language: str
    entries: list[Entry]
    tokens: list[str]
    paths: list[tuple[tuple[str, ...], int]]
    starts: Numbers
    numbers: Numbers
    ends: Numbers
    bounds: Numbers


@dataclass(frozen=True, slots=True)
class Skipped:
    """A file that was skipped, with the reason."""

    path: str
    reason: str


def files_under(paths: Sequence[Path]) -> list[Path]:
    """The given files and those in the given folders, sorted. Hidden folders and links to folders
    are not entered."""
    return [file for path in paths for file in ([path] if path.is_file() else _files_in(path))]


def mine(files: Sequence[Path], choice: Choice, jobs: int) -> Iterator[Mined | Skipped]:
    """The contexts of each file, in order, extracted by `jobs` processes."""
    mine_one = partial(mined, choice=choice)
    with ExitStack() as stack:
        if jobs == 1:
            yield from map(mine_one, files)
        else:
            # A fork of a process with threads may wait for ever for a lock that another one held.
            pool = stack.enter_context(get_context("spawn").Pool(jobs))
            yield from pool.imap(mine_one, files, chunksize=_FILES_AT_ONCE)


def mined(path: Path, choice: Choice) -> Mined | Skipped:
    """The contexts of one file; Skipped if its language is unknown or it is unreadable."""
    file_type = type_with_paths(path)
    if file_type is None:
        return Skipped(str(path), "in an unsupported language")
    try:
        entries, table = _mined(decode(path.read_bytes(), file_type), file_type, choice)
    except (OSError, UnreadableSource) as error:
        return Skipped(str(path), str(error))
    return Mined(
        path=str(path),
        language=file_type.name,
        entries=entries,
        tokens=[leaf.token for leaf in table.leaves],
        paths=list(zip(table.paths, table.tops, strict=True)),
        starts=table.starts,
        numbers=table.numbers,
        ends=table.ends,
        bounds=table.bounds,
    )


def type_with_paths(path: Path) -> FileType | None:
    """The type of a file by its name; None if it is unknown or has no path-contexts."""
    file_type = by_path(path.name)
    return file_type if file_type and syntax_of(file_type.name) else None


def _mined(source: str, file_type: FileType, choice: Choice) -> tuple[list[Entry], ContextTable]:
    kinds, hide_name, bounds = choice.kinds, choice.hide_name, choice.bounds
    if isinstance(file_type, Language):
        parsed, declarations, table = table_in(
            source, file_type, kinds=kinds, hide_name=hide_name, bounds=bounds
        )
        return [
            Entry(each.kind, each.name, each.qualified_name, *parsed.lines(each))
            for each in declarations
        ], table
    assert isinstance(file_type, Document)
    definitions, table = table_in_document(
        source, file_type, kinds=kinds, hide_name=hide_name, bounds=bounds
    )
    return [
        Entry(each.kind, each.name, each.qualified_name, each.start_line, each.end_line)
        for each in definitions
    ], table


def _files_in(folder: Path) -> Iterator[Path]:
    for root, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        yield from (Path(root, name) for name in sorted(names) if Path(root, name).is_file())
