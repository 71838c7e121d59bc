"""The tool `read`: lines of a file, as text for agents."""

from __future__ import annotations

from django.contrib.auth.models import AnonymousUser, User

from codeindex.audit import Access
from search.accesses import note_read
from search.mcp import arguments, locations, sources
from search.mcp.tokens import Entry, Listing, fit
from search.query.filters import BadQuery
from search.results import cut


def read(user: User | AnonymousUser, asked: arguments.Read) -> str:
    """The lines, which the audit notes. Raises `BadQuery` and `UnknownRepository`."""
    excerpt = locations.excerpt(user, asked.id)
    file = excerpt.file
    source = sources.of_branch(file.branch)
    if file.blob.skipped:
        raise BadQuery(f"The content of this file is not indexed: {file.blob.skipped}.", "id")
    content = file.blob.content.removesuffix("\n").split("\n")
    last = min(excerpt.last or len(content), len(content))
    if excerpt.first > len(content):
        raise BadQuery(f"The file has {len(content):,} lines.", "id")
    lines = [
        f"{number}\t{cut(line)}"
        for number, line in enumerate(content[excerpt.first - 1 : last], excerpt.first)
    ]

    note_read(Access.FILE_READ, user, file, details=f"L{excerpt.first}-L{last}")

    def rest(shown: int) -> str:
        """After the lines of the listing's only entry."""
        location = source.location(file.path, excerpt.first + shown, last)
        return f"{last - excerpt.first + 1 - shown:,} lines are left: read {location}"

    title = f"{source.location(file.path, excerpt.first, last)} of {len(content):,} lines"
    head = f"{title} ({source.description})"
    return fit(Listing(head, [Entry("", lines, rest)]), asked.max_tokens)
