"""A request → the lines that match it: what the page, the API and the command line call."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from django.conf import settings
from django.template.defaultfilters import pluralize
from django.urls import reverse

from codeindex import audit
from codeindex.audit import Access
from codeindex.observability import stages
from codeindex.observability.stages import stage
from search.addresses.origins import Origin, origins_of
from search.candidates import sql
from search.lines.candidates import Candidate, FileScope, candidate_files, file_scope
from search.lines.matching import MatchedLine, Matches, match_lines
from search.lines.request import LineRequest, Position

SHOWN_LINES = 10
"""Lines of a file that are shown; the others are counted."""

ANSWER_SECONDS = 0.25
"""How long a search goes on, from its start, when it has something to show."""

SEARCH_SECONDS = 3.0
"""How long it looks for that, unless CODEINDEX_SEARCH_SECONDS is less."""

CHUNK_BYTES = 4 << 20
"""Contents that are read at a time."""

FIRST_CHUNK, CHUNK = 50, 400
"""Files that are read at a time, at first and later."""


@dataclass(frozen=True, slots=True)
class FileLines:
    """A file with matching lines: the first ones, and the number of all."""

    origin: Origin
    path: str
    file_id: int
    lines: Sequence[MatchedLine]
    count: int

    @property
    def url(self) -> str:
        """Its page here, until the file changes."""
        return reverse("file", args=[self.file_id])

    @property
    def repository(self) -> str:
        return self.origin.repository

    @property
    def branch(self) -> str:
        return self.origin.branch

    @property
    def permalink(self) -> str:
        """Its address that stays valid."""
        return self.origin.permalink(self.path)

    @property
    def host_link(self) -> str:
        """The file on the code host, at its first matching line; empty if there is no link."""
        first = self.lines[0].number if self.lines else 0
        return self.origin.host_link(self.path, first)

    @property
    def further(self) -> int:
        """Matching lines that are not shown."""
        return self.count - len(self.lines)


@dataclass(frozen=True, slots=True)
class LineAnswer:
    """The next files with matching lines, by repository and path, and how many files and lines
    match in all, from the first file on. Not `exact`: there may be more. `next` is where to go on,
    if there is more to see or to search."""

    query: str
    files: Sequence[FileLines]
    file_count: int
    line_count: int
    exact: bool
    next: Position | None


@dataclass(slots=True)
class _Progress:
    """What has been found up to the `last` file that was searched."""

    files: int = 0
    lines: int = 0
    complete: bool = True
    last: Candidate | None = None

    @classmethod
    def up_to(cls, position: Position | None) -> _Progress:
        if position is None:
            return cls()
        return cls(position.files, position.lines, position.complete)

    def add(self, candidate: Candidate, matches: Matches) -> None:
        self.last = candidate
        self.files += bool(matches.count)
        self.lines += matches.count
        self.complete = self.complete and matches.complete

    def position(self, scope: FileScope) -> Position | None:
        if self.last is None:
            return None
        branch = scope.branches[self.last.place]
        names = (branch.repository, branch.owner, branch.branch, self.last.path)
        return Position(*names, self.files, self.lines, self.complete)


def find(request: LineRequest) -> LineAnswer:
    """The answer to a request, which the audit notes. Raises as `answer` does."""
    found = answer(request)
    count = f"{len(found.files)} file{pluralize(found.files)}"
    audit.note(Access.LINES_SEARCHED, request.user, details=count, text=request.typed)
    return found


@stages.operation("lines")
@sql.time_limit()
def answer(request: LineRequest) -> LineAnswer:
    """The lines that match in what the request's user may see. Raises `BadQuery`,
    `UnknownRepository` and `SearchTimeout`."""
    began = time.monotonic()
    matcher, scope = request.pattern.compiled(), file_scope(request)
    with stage("candidates"):
        candidates, are_more = candidate_files(scope, request.pattern, request.after)
    origins = origins_of(scope.branches[candidate.place].id for candidate in candidates)
    progress, full = _Progress.up_to(request.after), None
    shown, searched_all = list[FileLines](), not are_more
    for candidate, content in _contents(candidates):
        deadline = began + (ANSWER_SECONDS if shown else _seconds())
        if progress.last and time.monotonic() > deadline:
            searched_all = False
            break
        matches = match_lines(matcher, content, 0 if full else SHOWN_LINES, deadline)
        progress.add(candidate, matches)
        origin = origins.get(scope.branches[candidate.place].id)
        if matches.count and origin and not full:
            shown.append(_file_lines(candidate, origin, matches))
            full = progress.position(scope) if len(shown) == request.limit else None
    is_last = searched_all and (full is None or progress.files == full.files)
    return LineAnswer(
        query=request.typed,
        files=shown,
        file_count=progress.files,
        line_count=progress.lines,
        exact=searched_all and progress.complete,
        next=None if is_last else full or progress.position(scope),
    )


def _seconds() -> float:
    return min(SEARCH_SECONDS, settings.CODEINDEX_SEARCH_SECONDS)


def _file_lines(candidate: Candidate, origin: Origin, matches: Matches) -> FileLines:
    return FileLines(
        origin=origin,
        path=candidate.path,
        file_id=candidate.file,
        lines=matches.lines,
        count=matches.count,
    )


def _contents(candidates: Sequence[Candidate]) -> Iterator[tuple[Candidate, bytes]]:
    """The files with their contents, of which CHUNK_BYTES or one are in memory at a time."""
    for chunk in _chunks(candidates):
        blobs = sql.array_literal({candidate.blob for candidate in chunk})
        contents = dict(sql.rows(CONTENTS, {"blobs": blobs}))
        for candidate in chunk:
            yield candidate, contents.get(candidate.blob, "").encode()


def _chunks(candidates: Sequence[Candidate]) -> Iterator[list[Candidate]]:
    chunk, size, most = list[Candidate](), 0, FIRST_CHUNK
    for candidate in candidates:
        if chunk and (len(chunk) == most or size + candidate.size > CHUNK_BYTES):
            yield chunk
            chunk, size, most = [], 0, CHUNK
        chunk.append(candidate)
        size += candidate.size
    yield chunk


CONTENTS = "SELECT id, content FROM codeindex_blob WHERE id = ANY(%(blobs)s::bigint[])"
