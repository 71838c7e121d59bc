"""The answer to a search: results, best first, each with the places of its code."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import PurePosixPath
from typing import NamedTuple

from django.urls import reverse

from codeindex.models import Space
from embeddings.types import Kind
from search.addresses.origins import Crumb, Origin, crumbs

SOURCE_LINES = 100
"""Lines of a result's source; a longer source ends with a note of how many are left out."""

SOURCE_CHARACTERS = 50_000
"""Characters of a result's source: one line may be as long as a file."""

SHOWN_LINES = 8
"""Lines of a result that are shown in a list."""

LINE_CHARACTERS = 1_000
"""Characters of a line: a minified file's would fill the page."""

SUMMARY_CHARACTERS = 240

MIN_SUGGESTED_SCORE = 0.3
"""The expected F1 from which a predicted name is shown on a page."""


class Group(StrEnum):
    """What a result is."""

    DEFINITION = "definition"
    FILE = "file"  # shown by its best definition, with the others that were found in it


@dataclass(frozen=True, slots=True)
class Place:
    """A definition in a file of a repository. Lines count from 1 and include both ends."""

    origin: Origin
    path: str
    file_id: int
    definition_id: int
    kind: str
    name: str
    start_line: int
    end_line: int

    @property
    def repository(self) -> str:
        return self.origin.repository

    @property
    def repository_id(self) -> int:
        return self.origin.repository_id

    @property
    def branch(self) -> str:
        return self.origin.branch

    @property
    def qualified_name(self) -> str:
        """Dotted; a module's name is its path, and that of other code without one is its file's."""
        if self.name or self.kind == Kind.MODULE:
            return self.name or module_name(self.path)
        return PurePosixPath(self.path).name

    @property
    def url(self) -> str:
        """Its page here, until its file changes."""
        return reverse("definition", args=[self.file_id, self.definition_id])

    @property
    def permalink(self) -> str:
        """Its lines, at an address that stays valid."""
        return self.origin.permalink(self.path, self.start_line, self.end_line)

    @property
    def crumbs(self) -> list[Crumb]:
        """The way to its file."""
        return crumbs(self.origin.full_name, self.branch, self.path)

    @property
    def host_link(self) -> str:
        """Its lines on the code host; empty if there is no link."""
        return self.origin.host_link(self.path, self.start_line, self.end_line)


@dataclass(frozen=True, slots=True)
class FoundDefinition:
    """A definition at its foremost place, with the other visible places of the same text."""

    place: Place
    language: str
    lines: Sequence[str]
    docstring: str
    predicted_names: Sequence[tuple[str, float]]
    other_places: Sequence[Place]
    has_more_places: bool

    @property
    def source(self) -> str:
        """Its own lines, cut at SOURCE_LINES or SOURCE_CHARACTERS with a note."""
        source = "\n".join(self.lines[:SOURCE_LINES])
        if len(source) > SOURCE_CHARACTERS:
            return f"{source[:SOURCE_CHARACTERS]}\n… and more"
        remaining = len(self.lines) - SOURCE_LINES
        return f"{source}\n… {remaining:,} more lines" if remaining > 0 else source

    @property
    def suggested_names(self) -> Sequence[tuple[str, float]]:
        """The predicted names that are worth showing: likely ones of functions, methods and
        classes. No names of other kinds are learnt."""
        if self.place.kind not in (Kind.FUNCTION, Kind.METHOD, Kind.CLASS):
            return ()
        spelt = _as_class if self.place.kind == Kind.CLASS else str
        return [
            (spelt(name), score)
            for name, score in self.predicted_names
            if score >= MIN_SUGGESTED_SCORE
        ]

    @property
    def summary(self) -> str:
        """The first paragraph of its docstring, on one line."""
        paragraph = " ".join(self.docstring.strip().partition("\n\n")[0].split())
        if len(paragraph) <= SUMMARY_CHARACTERS:
            return paragraph
        return paragraph[: SUMMARY_CHARACTERS - 1].rpartition(" ")[0] + " …"


@dataclass(frozen=True, slots=True)
class Segment:
    """A part of a score as a segment of a bar: its start and length in percent of all positive
    parts. A negative part has no length."""

    name: str
    value: float
    start: float
    length: float


class Score(NamedTuple):
    """The parts that a text's score is the sum of.

    `meaning` and `structure` are the text's and the code's share of the similarity of vectors;
    `structure` is None where they are not known apart, and all of it is `meaning`. `file` comes
    from the best candidates of its file, the query's words in it, and its depth. `repeated`, for
    better results of the same file, and `rule`, for blocks and what `search.candidates.lowering`
    says, are 0 or less."""

    name: float = 0.0
    literal: float = 0.0
    words: float = 0.0
    path: float = 0.0
    meaning: float = 0.0
    structure: float | None = None
    file: float = 0.0
    repeated: float = 0.0
    rule: float = 0.0

    @property
    def total(self) -> float:
        by_vector = self.meaning + (self.structure or 0.0)
        by_query = self.name + self.literal + self.words + self.path + by_vector
        return by_query + self.file + self.repeated + self.rule

    @property
    def segments(self) -> list[Segment]:
        """The parts that are not zero, in the order of the fields."""
        parts = {name: value or 0.0 for name, value in self._asdict().items()}
        whole = sum(max(0.0, value) for value in parts.values()) or 1.0
        segments, start = [], 0.0
        for name, value in parts.items():
            share = 100 * max(0.0, value) / whole
            if round(value, 2):
                segments.append(Segment(name, value, start, share))
            start += share
        return segments


class NumberedLine(NamedTuple):
    """A line of a file, by its number from 1."""

    number: int
    text: str


@dataclass(frozen=True, slots=True)
class Result:
    """A definition with its score: higher is better. `parts` add up to the score; None if it is a
    cosine. `lowered` is what it was ranked lower as (test, example, …), empty if it was not. `also`
    are the other results in the same file, best first, if results are grouped. `closeness` is that
    of `search.ranking.closeness`, empty where it is not known. `matching` are the lines of the
    definition to be shown, from 0; empty if no word of a query is in it."""

    definition: FoundDefinition
    score: float
    parts: Score | None = None
    lowered: str = ""
    also: Sequence[Place] = ()
    closeness: str = ""
    matching: Sequence[int] = ()

    @property
    def summary(self) -> str:
        """The docstring's first paragraph, unless the shown lines begin with it."""
        beginning = self.definition.docstring.strip().partition("\n")[0].strip()
        is_shown = any(beginning in self.definition.lines[line] for line in self.shown)
        return "" if is_shown else self.definition.summary

    @property
    def shown(self) -> Sequence[int]:
        """The lines of the definition that a list shows, from 0: its first ones if none matches."""
        return self.matching or range(min(SHOWN_LINES, len(self.definition.lines)))

    @property
    def lines(self) -> list[NumberedLine]:
        """The same, with their numbers in the file, cut to LINE_CHARACTERS."""
        first, lines = self.definition.place.start_line, self.definition.lines
        return [NumberedLine(first + line, cut(lines[line])) for line in self.shown]


class Compared(NamedTuple):
    """A result as far as facets need it, whether it is shown or not: the id of the branch, the path
    and the language of its file, and its kind."""

    branch: int
    path: str
    language: str
    kind: str


@dataclass(frozen=True, slots=True)
class Answer:
    """The results of a query, best first. `notices` say what may be missing, and why. `space` is
    the one in which vectors were compared, if any were. `words` are the query's, the rarest first,
    without stop words. `exact`: whether all visible vectors were compared, rather than those that
    an approximate index returned; None if none were compared. `correction` is another query that
    may have been meant. `before` is how many results earlier pages have, and `next` the cursor of
    the next page, empty after the last. `cursors` are those of a page after each of these results.
    `compared` are all results that were ranked, on this page or not; `is_complete` says whether
    there are no others."""

    query: str
    results: Sequence[Result]
    notices: Sequence[str]
    space: Space | None = None
    words: Sequence[str] = ()
    exact: bool | None = None
    correction: str = ""
    before: int = 0
    next: str = ""
    cursors: Sequence[str] = ()
    compared: Sequence[Compared] = ()
    is_complete: bool = False


def cut(line: str) -> str:
    """A line, cut with an ellipsis if it is longer than LINE_CHARACTERS."""
    return line if len(line) <= LINE_CHARACTERS else f"{line[:LINE_CHARACTERS]}…"


def module_name(path: str) -> str:
    """`src/requests/sessions.py` → src.requests.sessions; a package's `__init__` is its folder."""
    parts = PurePosixPath(path).with_suffix("").parts
    if len(parts) > 1 and parts[-1] == "__init__":
        parts = parts[:-1]
    return ".".join(parts)


def _as_class(name: str) -> str:
    """As classes are spelt: `LineReader` for `line_reader`."""
    return "".join(word[:1].upper() + word[1:] for word in name.split("_"))
