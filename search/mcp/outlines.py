"""The tool `outline`: the folders and files of a repository, or the definitions of a file."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from django.contrib.auth.models import AnonymousUser, User
from django.template.defaultfilters import pluralize

from codeindex.audit import Access
from codeindex.models import Branch, Definition, SourceFile
from embeddings.types import Kind
from search.accesses import note_listed, note_read
from search.addresses.origins import fragment, origin_of
from search.addresses.reading import FoundFile
from search.candidates import sql
from search.mcp import arguments, locations
from search.mcp.locations import harmless
from search.mcp.sources import source
from search.mcp.tokens import Entry, Listing, fit
from search.query.filters import BadQuery, quoted

MOST_ENTRIES = 2_000
MOST_DEFINITIONS = 5_000


@sql.time_limit()
def outline(user: User | AnonymousUser, asked: arguments.Outline) -> str:
    """What there is, which the audit notes. Raises `BadQuery`, `UnknownRepository` and
    `SearchTimeout`."""
    branch = locations.branch_called(user, asked.repo)
    path = asked.path.strip("/")
    files = SourceFile.objects.visible_to(user).live().filter(branch=branch, path=path)
    file = files.select_related("blob").first() if path else None
    if file is None:
        listed = _of_folder(branch, path, asked)
        note_listed(user, branch.repository, path)
        return listed
    file.branch = branch
    note_read(Access.FILE_READ, user, file, details="outline")
    return _of_file(branch, file, asked)


def _of_file(branch: Branch, file: SourceFile, asked: arguments.Outline) -> str:
    of = source(origin_of(branch))
    named = file.blob.definitions.exclude(kind__in=[Kind.BLOCK, Kind.MODULE])
    found = list(named.order_by("start_line", "-end_line", "pk")[: MOST_DEFINITIONS + 1])
    entries = [
        Entry(f"{'  ' * level}{_lines(each)} {each.kind} {each.qualified_name or each.name}")
        for each, level in _nested(found[:MOST_DEFINITIONS])
        if level < asked.depth
    ]
    count = len(FoundFile(file).lines)
    head = (
        f"{of.location(file.path)}: {file.blob.language}, {count:,} line{pluralize(count)},"
        f" {len(entries):,} definition{pluralize(len(entries))} ({of.description})"
    )
    rest = _left(len(entries), is_cut=len(found) > MOST_DEFINITIONS)
    return fit(Listing(head, entries, rest), asked.max_tokens)


def _nested(definitions: Sequence[Definition]) -> Iterator[tuple[Definition, int]]:
    """Each definition with the number of definitions around it."""
    around: list[int] = []
    for definition in definitions:
        while around and around[-1] < definition.start_line:
            around.pop()
        yield definition, len(around)
        around.append(definition.end_line)


def _lines(definition: Definition) -> str:
    return fragment(definition.start_line, definition.end_line).removeprefix("#")


class _Listed(NamedTuple):
    """A file or folder below a folder."""

    path: str
    is_file: bool
    files: int
    language: str


def _of_folder(branch: Branch, folder: str, asked: arguments.Outline) -> str:
    of = source(origin_of(branch))
    prefix = f"{folder}/" if folder else ""
    parameters = {
        "branch": branch.pk, "prefix": prefix, "depth": asked.depth, "most": MOST_ENTRIES + 1
    }  # fmt: skip
    listed = [_Listed(*row) for row in sql.rows(FOLDER, parameters)]
    if not listed:
        raise BadQuery(f"There is no file or folder {quoted(folder)} in {asked.repo}.", "path")
    entries = [
        Entry(
            f"{harmless(each.path)}  {each.language}"
            if each.is_file
            else f"{harmless(each.path)}/  {each.files:,} file{pluralize(each.files)}"
        )
        for each in listed[:MOST_ENTRIES]
    ]
    head = f"{of.location(prefix)} ({of.description})"
    rest = _left(len(entries), is_cut=len(listed) > MOST_ENTRIES)
    return fit(Listing(head, entries, rest), asked.max_tokens)


def _left(count: int, *, is_cut: bool) -> Callable[[int], str]:
    """What to say after some of `count` entries; `is_cut`: there are more than were looked up."""

    def rest(shown: int) -> str:
        left = count - shown
        if not left and not is_cut:
            return ""
        number = f"At least {left + 1:,}" if is_cut else f"{left:,}"
        return f"{number} more do not fit: outline a folder, or use a smaller depth."

    return rest


FOLDER = """
SELECT array_to_string(parts[1:%(depth)s], '/') AS entry,
       cardinality(parts) <= %(depth)s AS is_file, count(*), min(language)
FROM (
    SELECT string_to_array(substr(file.path, length(%(prefix)s) + 1), '/') AS parts, blob.language
    FROM codeindex_sourcefile AS file JOIN codeindex_blob AS blob ON blob.id = file.blob_id
    WHERE file.live AND file.branch_id = %(branch)s AND starts_with(file.path, %(prefix)s)
) AS below
GROUP BY 1, 2 ORDER BY 1 LIMIT %(most)s
"""
