"""The tool `grep`: lines of files, as text for agents."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from django.contrib.auth.models import AnonymousUser, User
from django.template.defaultfilters import pluralize

from search.lines import finding
from search.lines.finding import FileLines, LineAnswer
from search.lines.request import Case, LineRequest, Position, lines_with
from search.mcp import arguments
from search.mcp.sources import described_once
from search.mcp.tokens import Entry, Listing, continued, fit
from search.query.filters import quoted


def grep(user: User | AnonymousUser, asked: arguments.Grep) -> str:
    """Raises `BadQuery`, `UnknownRepository` and `SearchTimeout`."""
    request = lines_with(
        user,
        asked.pattern,
        not asked.fixed,
        {
            "case": [Case.MATCH],
            "repo": asked.repo,
            "path": asked.path,
            "limit": [str(asked.limit)],
            "after": [asked.cursor],
        },
    )
    answer = finding.find(request)
    files = answer.files
    least = "" if answer.exact else "At least "
    lines = f"{answer.line_count:,} line{pluralize(answer.line_count)}"
    in_files = f"{answer.file_count:,} file{pluralize(answer.file_count)}"
    head = f"{least}{lines} in {in_files} with {quoted(asked.pattern)}."

    def rest(shown: int) -> str:
        are_all = shown == len(files)
        after = answer.next if are_all else _position(request, answer, files[:shown])
        return continued(after.written() if after else "")

    return fit(Listing(head, _entries(files), rest), asked.max_tokens)


def _entries(files: Sequence[FileLines]) -> list[Entry]:
    """One for each file; the first of each branch says of which commit it is."""
    described = described_once([file.origin for file in files])
    entries = list[Entry]()
    for file, (source, commit) in zip(files, described, strict=True):
        of_commit = f"  ({commit})" if commit else ""
        more = [f"  … {file.further:,} more lines match"] if file.further else []
        lines = [f"  {line.number}: {line.text}".rstrip() for line in file.lines]
        entries.append(
            Entry(
                f"{source.location(file.path)}{of_commit}",
                [*lines, *more],
                _further(file),
            )
        )
    return entries


def _further(file: FileLines) -> Callable[[int], str]:
    return lambda shown: f"  … {file.count - shown:,} more lines match"


def _position(request: LineRequest, answer: LineAnswer, shown: Sequence[FileLines]) -> Position:
    """Where the search continues after the files that are shown."""
    last = shown[-1]
    before = request.after
    return Position(
        last.repository,
        last.origin.owner,
        last.branch,
        last.path,
        (before.files if before else 0) + len(shown),
        (before.lines if before else 0) + sum(file.count for file in shown),
        answer.exact,
    )
