"""The tool `read`: lines of a file, as text for agents."""

from __future__ import annotations

from django.contrib.auth.models import AnonymousUser, User

from codeindex.audit import Access
from search.accesses import note_read
from search.mcp import arguments, locations
from search.mcp.sources import source
from search.mcp.tokens import Entry, Listing, fit
from search.query.filters import BadQuery
from search.results import cut


def read(user: User | AnonymousUser, asked: arguments.Read) -> str:
    """The lines. The audit notes that they were read. Raises `BadQuery` and `UnknownRepository`."""
    location = locations.located(user, asked.id)
    found, file = location.found, location.file
    if file.blob.skipped:
        raise BadQuery(f"The content of this file is not indexed: {file.blob.skipped}.", "id")
    span, content = found.span(location.lines), found.lines
    note_read(Access.FILE_READ, user, file, details=f"L{span.start}-L{span.stop - 1}")
    of = source(found.origin)
    lines = [f"{number}\t{cut(content[number - 1])}" for number in span]

    def rest(shown: int) -> str:
        """After the lines of the listing's only entry."""
        further = of.location(file.path, span.start + shown, span.stop - 1)
        return f"{len(span) - shown:,} lines are left: read {further}"

    where = of.location(file.path, span.start, span.stop - 1)
    head = f"{where} of {len(content):,} lines ({of.description})"
    return fit(Listing(head, [Entry("", lines, rest)]), asked.max_tokens)
