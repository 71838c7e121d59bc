"""What the server answers with. `data` of each value is the JSON that it was read from, with what a
newer server says besides."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any, NamedTuple, Self

Json = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class _Read:
    """A value that is read from JSON. Raises KeyError, TypeError or AttributeError if the JSON is
    that of something else."""

    data: Json = field(repr=False, compare=False)

    @classmethod
    def read(cls, data: Json) -> Self:
        return cls._read(data)

    @classmethod
    def _read(cls, data: Json, **nested: Any) -> Self:
        """From the fields of the JSON that have the names of this value's, and what has been read
        of others."""
        plain = {each.name for each in fields(cls)} - {"data", *nested}
        return cls(data=data, **nested, **{name: data[name] for name in plain & data.keys()})

    @classmethod
    def read_all(cls, rows: Sequence[Json]) -> tuple[Self, ...]:
        return tuple(cls.read(row) for row in rows)


class Line(NamedTuple):
    """A line of a file, by its number from 1."""

    number: int
    text: str


@dataclass(frozen=True, kw_only=True)
class Place(_Read):
    """A definition in a file. Lines count from 1 and include both ends. `url` is its page until the
    file changes, `permalink` one that stays valid."""

    qualified_name: str
    kind: str
    start_line: int
    end_line: int
    url: str
    permalink: str = ""


@dataclass(frozen=True, kw_only=True)
class _Origin(_Read):
    """Where code is. `commit` is the one that is indexed, since the time `indexed` in ISO 8601.
    `host_link` is its page on the code host, if that is known."""

    repository: str
    path: str
    owner: str = ""
    branch: str = ""
    commit: str = ""
    indexed: str | None = None
    permalink: str = ""
    host_link: str = ""

    @property
    def full_name(self) -> str:
        """owner/name; the name alone of an older server, which does not say the owner."""
        return f"{self.owner}/{self.repository}" if self.owner else self.repository


@dataclass(frozen=True, kw_only=True)
class Result(Place, _Origin):
    """A definition that was found. `lines` are those of it to be shown, around the query's words.
    `closeness` is exact, strong, weak or empty; `lowered` is what it was ranked lower as. `also`
    are the other definitions of its file, if results are files."""

    score: float
    source: str
    closeness: str = ""
    lowered: str = ""
    docstring: str = ""
    lines: tuple[Line, ...] = ()
    also: tuple[Place, ...] = ()

    @classmethod
    def read(cls, data: Json) -> Self:
        lines = tuple(Line(each["line"], each["text"]) for each in data.get("lines", ()))
        return cls._read(data, lines=lines, also=Place.read_all(data.get("also", ())))


@dataclass(frozen=True, kw_only=True)
class Answer(_Read):
    """Results, best first. `notices` say what may be missing, and why. `next` is the cursor of the
    next page; empty after the last."""

    results: tuple[Result, ...]
    notices: tuple[str, ...]
    next: str = ""

    @classmethod
    def read(cls, data: Json) -> Self:
        results = Result.read_all(data["results"])
        return cls._read(data, results=results, notices=tuple(data["notices"]))


@dataclass(frozen=True, kw_only=True)
class MatchedLine(_Read):
    """A line by its number from 1. `matches` are where they begin and end in it, in characters."""

    line: int
    text: str
    matches: Sequence[tuple[int, int]]


@dataclass(frozen=True, kw_only=True)
class FileLines(_Origin):
    """The first matching lines of a file, of `count`."""

    count: int
    url: str
    lines: tuple[MatchedLine, ...]

    @classmethod
    def read(cls, data: Json) -> Self:
        return cls._read(data, lines=MatchedLine.read_all(data["lines"]))


@dataclass(frozen=True, kw_only=True)
class LinesAnswer(_Read):
    """Files with matching lines, by repository and path. The counts are from the first file on, and
    at least so many unless `exact`. `next` is where the next request goes on, or None."""

    files: tuple[FileLines, ...]
    file_count: int
    line_count: int
    exact: bool
    next: str | None

    @classmethod
    def read(cls, data: Json) -> Self:
        return cls._read(data, files=FileLines.read_all(data["files"]))


@dataclass(frozen=True, kw_only=True)
class File(_Origin):
    """A file, or some of its `lines`. Those of `content` count from 1 and include both ends.
    `skipped` says why the file is not indexed and has no content; it is empty if it is."""

    language: str
    lines: int
    start_line: int
    end_line: int
    content: str
    skipped: str
    definitions: tuple[Place, ...]
    url: str

    @classmethod
    def read(cls, data: Json) -> Self:
        return cls._read(data, definitions=Place.read_all(data["definitions"]))


class Suggestion(NamedTuple):
    """A name that something may have, with its expected F1 over the words of the name."""

    name: str
    f1: float


@dataclass(frozen=True, kw_only=True)
class DoubtfulName(_Read):
    """A function whose name is in doubt, and likely names, best first. `path` is that of its
    file."""

    path: str
    name: str
    kind: str
    start_line: int
    end_line: int
    confidence: float
    suggestions: tuple[Suggestion, ...]

    @classmethod
    def read(cls, data: Json) -> Self:
        """From an entry of a repository's list, which has a place, or from one of a check."""
        suggested = tuple(Suggestion(each["name"], each["f1"]) for each in data["suggestions"])
        return cls._read({**data, **data.get("place", {})}, suggestions=suggested)


@dataclass(frozen=True, kw_only=True)
class DoubtfulNames(_Read):
    """The most doubtful first. `next` is the cursor of the next page; empty after the last."""

    names: tuple[DoubtfulName, ...]
    next: str

    @classmethod
    def read(cls, data: Json) -> Self:
        return cls._read(data, names=DoubtfulName.read_all(data["names"]))


@dataclass(frozen=True, kw_only=True)
class CheckedNames(_Read):
    """What a check of a file has found. `judged` is how many functions were; `next_line` is where
    the next request goes on, or None; `note` says why some are not judged."""

    names: tuple[DoubtfulName, ...]
    judged: int
    next_line: int | None
    note: str

    @classmethod
    def read_for(cls, path: str, data: Json) -> Self:
        own = [{**each, "path": path} for each in data["names"]]
        return cls._read(data, names=DoubtfulName.read_all(own))


@dataclass(frozen=True, kw_only=True)
class Progress(_Read):
    """How far the current stage of a run is: `rate` in files or texts per second."""

    stage: str
    percent: int | None
    rate: float | None
    seconds_left: int | None


@dataclass(frozen=True, kw_only=True)
class Run(_Read):
    """An index run. `published` and `finished` are times in ISO 8601: since when words find its
    definitions, and since when meaning does; None before."""

    id: str
    branch: str
    commit: str
    status: str
    error: str
    progress: Progress
    published: str | None
    finished: str | None
    definitions: int
    files: int

    @classmethod
    def read(cls, data: Json) -> Self:
        return cls._read(data, progress=Progress.read(data["progress"]))

    @property
    def is_over(self) -> bool:
        return self.finished is not None or self.status in {"failed", "cancelled"}


@dataclass(frozen=True, kw_only=True)
class Repository(_Read):
    """A repository that you may see, with its latest run, if it has one."""

    id: str
    name: str
    owner: str
    url: str
    visibility: str
    definitions: int
    latest_run: Run | None

    @classmethod
    def read(cls, data: Json) -> Self:
        run = data["latest_run"]
        return cls._read(data, latest_run=None if run is None else Run.read(run))

    @property
    def full_name(self) -> str:
        return f"{self.owner}/{self.name}"
