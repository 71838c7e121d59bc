"""What candidates are ranked lower as: by their own paths, and by those of others beside them.

A header beside the source that it declares, and an older major version beside the present one, are
ranked lower only where the other is a candidate, too: alone they are the best that there is."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence, Set
from functools import lru_cache
from pathlib import PurePosixPath

from search.candidates import path_rules
from search.candidates.path_rules import Rule
from search.places import Location
from search.query.parsing import Query

DECLARATION, OLDER_VERSION = "declaration", "older version"

_C_SOURCES = (".c", ".cc", ".cpp", ".cu", ".cxx", ".m", ".mm")
_SCRIPTS = (".ts", ".tsx", ".mts", ".cts", ".js", ".jsx", ".mjs", ".cjs")

DEFINED_IN = {
    **dict.fromkeys((".h", ".hh", ".hpp", ".hxx"), _C_SOURCES),
    **dict.fromkeys((".d.ts", ".d.mts", ".d.cts"), _SCRIPTS),
    ".mli": (".ml",),
    ".pyi": (".py", ".pyx"),
}
"""Extensions of files that declare what a file of the same name defines → that file's."""

_VERSION = re.compile(r"(?P<name>.*[-_.]|)v(?P<number>\d{1,3})")


def reasons(locations: Sequence[Location], query: Query, rules: Sequence[Rule]) -> dict[int, str]:
    """file → what it is ranked lower as, empty if it is not; no files without rules, in plain
    order."""
    if not rules:
        return {}
    files = {location.file: location for location in locations}.values()
    by_path = {each.file: path_rules.lowering_reason(each.path, rules) for each in files}
    # A test may be called like the header that it tests
    sources = {(each.branch, *_split(each.path)) for each in files if not by_path[each.file]}
    newest = _newest_versions(files)
    return {
        each.file: by_path[each.file]
        or (DECLARATION if _is_defined_elsewhere(each, sources) else "")
        or (OLDER_VERSION if _is_older(each, newest, query) else "")
        for each in files
    }


Versioned = tuple[int, str, str]
"""A branch, a folder, and the name of versioned folders in it without their numbers."""


def _newest_versions(files: Iterable[Location]) -> dict[Versioned, int]:
    newest: dict[Versioned, int] = {}
    for each in files:
        for folder, name, number in _versions(each.path):
            key = (each.branch, folder, name)
            newest[key] = max(number, newest.get(key, 0))
    return newest


def _is_older(location: Location, newest: dict[Versioned, int], query: Query) -> bool:
    return any(
        number < newest[location.branch, folder, name] and f"v{number}" not in query.words
        for folder, name, number in _versions(location.path)
    )


@lru_cache(1 << 14)
def _versions(path: str) -> tuple[tuple[str, str, int], ...]:
    """Each versioned folder of a path: the folder that it is in, its name without the number, and
    the number."""
    folders = path.split("/")[:-1]
    return tuple(
        ("/".join(folders[:depth]), match["name"], int(match["number"]))
        for depth, folder in enumerate(folders)
        if (match := _VERSION.fullmatch(folder))
    )


def _is_defined_elsewhere(location: Location, sources: Set[tuple[int, str, str]]) -> bool:
    name, extension = _split(location.path)
    return any(
        (location.branch, name, source) in sources for source in DEFINED_IN.get(extension, ())
    )


def _split(path: str) -> tuple[str, str]:
    """A file's name without its extension, and that."""
    name = PurePosixPath(path).name
    stem, dot, last = name.rpartition(".")
    if stem.endswith(".d") and f".d.{last}" in DEFINED_IN:
        return stem.removesuffix(".d"), f".d.{last}"
    return stem, dot + last
