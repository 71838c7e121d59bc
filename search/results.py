"""What a search answers with: results, best first, each with the places where its code lies."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import PurePosixPath
from typing import NamedTuple

from django.urls import reverse

from codeindex.models import Space
from embeddings.types import Kind

SOURCE_LINES = 100
"""Lines of a result's source; a longer one ends in a mark that says how many are left out."""

SOURCE_CHARACTERS = 50_000
"""Of a result's source: a line may be as long as a file."""

SUMMARY_CHARACTERS = 240

LIKELY = 0.3
"""The expected score from which a predicted name is shown on a page."""


class Group(StrEnum):
    """What a result is."""

    DEFINITION = "definition"
    FILE = "file"  # its best definition, with the others that were found in it


@dataclass(frozen=True, slots=True)
class Place:
    """A definition in a file of a repository. Lines count from 1 and include both ends."""

    repository: str
    repository_id: int
    branch: str
    path: str
    file_id: int
    definition_id: int
    kind: str
    name: str
    start_line: int
    end_line: int

    @property
    def qualified_name(self) -> str:
        """Dotted; a module is called by its path."""
        return self.name or module_name(self.path)

    @property
    def url(self) -> str:
        """Its page here."""
        return reverse("definition", args=[self.file_id, self.definition_id])


@dataclass(frozen=True, slots=True)
class Found:
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
        """Its own lines, cut at SOURCE_LINES or SOURCE_CHARACTERS with a mark."""
        source = "\n".join(self.lines[:SOURCE_LINES])
        if len(source) > SOURCE_CHARACTERS:
            return f"{source[:SOURCE_CHARACTERS]}\n… and more"
        left_out = len(self.lines) - SOURCE_LINES
        return f"{source}\n… {left_out:,} more lines" if left_out > 0 else source

    @property
    def suggested_names(self) -> Sequence[tuple[str, float]]:
        """The predicted names that mean something to a reader: likely ones, of functions and
        methods, which the prediction has learnt."""
        if self.place.kind not in (Kind.FUNCTION, Kind.METHOD):
            return ()
        return [name for name in self.predicted_names if name[1] >= LIKELY]

    @property
    def summary(self) -> str:
        """The first paragraph of its docstring, on one line."""
        paragraph = " ".join(self.docstring.strip().partition("\n\n")[0].split())
        if len(paragraph) <= SUMMARY_CHARACTERS:
            return paragraph
        return paragraph[: SUMMARY_CHARACTERS - 1].rpartition(" ")[0] + " …"


@dataclass(frozen=True, slots=True)
class Segment:
    """A part of a score as a piece of a bar: where it begins and how long it is, in percent of what
    speaks for a result; what speaks against it has no length."""

    name: str
    value: float
    start: float
    length: float


class Score(NamedTuple):
    """What a text's score is the sum of. `structure` is what its code adds to the closeness of its
    vector, None where that is not known and is in `meaning`; `file` is what the best of its file
    lend it; `repeated` what is taken for better results of the same file, and `rule` what a rule of
    `search.candidates.path_rules` takes, 0 or less."""

    name: float = 0.0
    words: float = 0.0
    path: float = 0.0
    meaning: float = 0.0
    structure: float | None = None
    file: float = 0.0
    repeated: float = 0.0
    rule: float = 0.0

    @property
    def total(self) -> float:
        near = self.meaning + (self.structure or 0.0)
        return self.name + self.words + self.path + near + self.file + self.repeated + self.rule

    def in_its_file(self, lent: float, taken: float) -> Score:
        """The same with what the best of its file lend it, and what is taken for them."""
        name, words, path, meaning, structure, _, _, rule = self
        return Score(name, words, path, meaning, structure, lent, taken, rule)

    @property
    def segments(self) -> list[Segment]:
        """The parts that are not nothing, in the order of their names above."""
        parts = {name: value or 0.0 for name, value in self._asdict().items()}
        whole = sum(max(0.0, value) for value in parts.values()) or 1.0
        found, start = [], 0.0
        for name, value in parts.items():
            share = 100 * max(0.0, value) / whole
            if round(value, 2):
                found.append(Segment(name, value, start, share))
            start += share
        return found


@dataclass(frozen=True, slots=True)
class Result:
    """What was found, and how well it answers: higher is better, comparable within one answer.
    `parts` are what the score is the sum of, if it is one. `lowered` says as what it was put lower:
    as a test, an example, …; empty if it was not. `also` are less good ones in the same file, best
    first, where results are grouped."""

    found: Found
    score: float
    parts: Score | None = None
    lowered: str = ""
    also: Sequence[Place] = ()


@dataclass(frozen=True, slots=True)
class Answer:
    """The results of a query, best first; `notices` say what they may lack, and why; `space` is the
    one in which vectors were compared, if any were; `words` are the query's. `exact`: whether all
    vectors that may be found were compared, and not those alone that an index took for the nearest;
    None where none were."""

    query: str
    results: Sequence[Result]
    notices: Sequence[str]
    space: Space | None = None
    words: Sequence[str] = ()
    exact: bool | None = None


def module_name(path: str) -> str:
    """`src/requests/sessions.py` → src.requests.sessions; a package's `__init__` is its folder."""
    parts = PurePosixPath(path).with_suffix("").parts
    if len(parts) > 1 and parts[-1] == "__init__":
        parts = parts[:-1]
    return ".".join(parts)
