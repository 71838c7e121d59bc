"""Judges the names of functions in a file that need not be indexed, such as one that somebody is
about to commit."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice

from codeindex.ingestion import reader_pool
from codeindex.ingestion.reader_pool import FileContent, Limits
from codeindex.models import Repository
from codeindex.quality import dismissals
from codeindex.quality.dismissals import Named
from codeindex.quality.names import MOST_SUGGESTIONS
from codeindex.spaces import encoders
from embeddings.code.definitions import text_hash
from embeddings.code.languages import by_path
from embeddings.naming.disagreement import doubt, likely
from embeddings.paths import CODE
from embeddings.types import Definition

MOST_CHARACTERS = 200_000
"""Of a file."""

MOST_JUDGED = 25
"""Functions that are judged at once."""

READ_SECONDS = 5.0
"""Processor time."""

IGNORED = "codeindex: ignore-name"
"""In a comment on a function's first line, or on the line above: its name is not judged."""

UNKNOWN = "The language of the file is unknown."
EMPTY = "No function in the file has changed."
NO_NAMES = "The model predicts no names in {}."

Lines = Sequence[tuple[int, int]]
"""Ranges of lines: the first and the last one of each, counted from 1."""


@dataclass(frozen=True, slots=True)
class Changed:
    """The functions and methods of a file that have changed. `next_line` is the first line from
    which others are left to judge; None if there are none."""

    functions: Sequence[Definition]
    next_line: int | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class DoubtedName:
    """A function whose name is in doubt, with the likely names, best first."""

    function: Definition
    doubt: float
    suggestions: Sequence[tuple[str, float]] = field(default_factory=list)


def changed(path: str, content: str, lines: Lines, from_line: int = 1) -> Changed:
    """The functions from `from_line` on that some of the `lines` belong to, at most MOST_JUDGED,
    without those that a comment excludes (IGNORED). `note` says why there are none."""
    file_type = by_path(path)
    if file_type is None:
        return Changed([], note=UNKNOWN)
    file = FileContent(path, file_type.name, content.encode(), of_any_origin=True)
    limits = reader_pool.limits()
    (read,) = reader_pool.read([file], None, Limits(READ_SECONDS, limits.memory))
    if isinstance(read, str):
        return Changed([], note=f"The file cannot be read: {read}.")
    source, _, definitions, _, _ = read
    functions = _to_judge(definitions, source.split("\n"), lines, from_line)
    first = list(islice(functions, MOST_JUDGED))
    following = next(functions, None)
    note = "" if first else EMPTY
    return Changed(first, following.start_line if following else None, note)


def judge(
    path: str, functions: Sequence[Definition], repository: Repository | None
) -> tuple[Sequence[DoubtedName], str]:
    """Those whose names are in doubt, in their order, without those dismissed in `repository`; and
    a note on those that cannot be judged. Raises `EncoderUnavailable`."""
    encoder = encoders.searcher.encoder()
    predicted = dict[Definition, Sequence[tuple[str, float]]]()
    for language, own in _by_language(functions).items():
        names = encoder.predict_names([each.text for each in own], language=language)
        predicted |= dict(zip(own, names, strict=True))
    thresholds = encoder.name_thresholds
    doubted = [
        DoubtedName(each, found, likely(predicted[each], thresholds)[:MOST_SUGGESTIONS])
        for each in functions
        if (found := doubt(each.name, predicted[each], thresholds))
    ]
    silent = sorted({each.language for each in functions if not predicted[each]})
    note = NO_NAMES.format(", ".join(silent)) if silent else ""
    return _without_dismissed(path, doubted, repository), note


def _to_judge(
    definitions: Iterable[Definition], source: Sequence[str], lines: Lines, from_line: int
) -> Iterator[Definition]:
    return (
        each
        for each in sorted(definitions, key=lambda each: each.start_line)
        if each.kind in CODE
        and each.start_line >= from_line
        and any(first <= each.end_line and each.start_line <= last for first, last in lines)
        and not _is_ignored(source, each.start_line)
    )


def _is_ignored(source: Sequence[str], line: int) -> bool:
    return any(IGNORED in each for each in source[max(0, line - 2) : line])


def _by_language(functions: Iterable[Definition]) -> dict[str, list[Definition]]:
    grouped = defaultdict[str, list[Definition]](list)
    for each in functions:
        grouped[each.language].append(each)
    return grouped


def _without_dismissed(
    path: str, doubted: Sequence[DoubtedName], repository: Repository | None
) -> Sequence[DoubtedName]:
    if repository is None or not doubted:
        return doubted
    named = {
        each.function: Named(path, each.function.qualified_name, text_hash(each.function))
        for each in doubted
    }
    dismissed = dismissals.dismissed(repository.pk, list(named.values()))
    return [each for each in doubted if named[each.function] not in dismissed]
