"""Where code is, as agents read and write it: `owner/name:path#L10-L40`, with `@branch` after the
name for a branch that was registered by its name."""

from __future__ import annotations

import re
from dataclasses import dataclass

from django.contrib.auth.models import AnonymousUser, User
from django.http import Http404

from codeindex.models import Branch, Definition, SourceFile
from codeindex.web import ids
from codeindex.web.ids import Row
from search import places
from search.addresses import origins, reading
from search.addresses.origins import Origin
from search.addresses.reading import Address, FoundFile, Lines, NoFile
from search.query.filters import MAX_CHARACTERS, BadQuery, quoted

FORM = "owner/name:path#L10-L40"

_IDS = re.compile(r"(?:.*/files/|)(?P<file>[\w-]{22})/(?P<definition>[\w-]{22})/?\Z")
_PERMALINK = re.compile(r"(?:https?://[^/]+)?/r/")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")


@dataclass(frozen=True, slots=True)
class Location:
    """Lines of a file that is indexed; all of them if `lines` is None."""

    found: FoundFile
    lines: Lines | None = None

    @property
    def file(self) -> SourceFile:
        return self.found.file


def written(origin: Origin, path: str, first: int = 0, last: int = 0) -> str:
    """`owner/name:path#L10-L40`; without lines if `first` is 0."""
    name = f"{origin.full_name}@{origin.branch}" if origin.branch else origin.full_name
    return f"{name}:{harmless(path)}{origins.fragment(first, last)}"


def harmless(path: str) -> str:
    """A path without control characters, which could make one line of an answer look like two."""
    return _CONTROL.sub("?", path)


def located(user: User | AnonymousUser, location: str) -> Location:
    """What a location names: `owner/name:path#L10-L40`, or the address of a page of its file or
    definition. Raises `BadQuery` and `UnknownRepository`."""
    if match := _IDS.match(location):
        return _by_ids(user, match["file"], match["definition"])
    place, lines = reading.split_lines(_PERMALINK.sub("", location, count=1))
    try:
        return Location(reading.located(_address(user, place)), lines)
    except NoFile as error:
        raise BadQuery(f"{error} {_instead(error.now)}", "id") from error


def _instead(now: SourceFile | None) -> str:
    if now is None:
        return "The tool outline lists files."
    return f"The code is now at {written(origins.origin_of(now.branch), now.path)}."


def _address(user: User | AnonymousUser, place: str) -> Address:
    """A name without an owner stands for the only repository with this name."""
    name, _, path = place.partition(":")
    if path:
        _check_length(name)
    if path and "/" not in name:
        own_name, _, ref = name.partition("@")
        return reading.address_of(user, own_name, path, ref)
    address = reading.parse_address(user, place) if "/" in place else None
    if address is None or not address.path:
        raise BadQuery(f"{quoted(place)} is not a location. Use {FORM}.", "id")
    return address


def _check_length(name: str) -> None:
    """Raises `BadQuery`."""
    if len(name) > MAX_CHARACTERS:
        raise BadQuery(f"A name has at most {MAX_CHARACTERS} characters.", "repo")


def branch_called(user: User | AnonymousUser, name: str) -> Branch:
    """The branch that `owner/name`, `name` or one of them with `@branch` or `@commit` names. Raises
    `BadQuery` and `UnknownRepository`."""
    _check_length(name)
    if "/" in name:
        address = reading.parse_address(user, name)
        repository, ref = address.repository, address.ref
    else:
        own_name, _, ref = name.partition("@")
        repository = reading.repository_called(user, own_name)
    branch = reading.live_branch(repository, ref)
    if branch is None:
        what = f"branch or commit {quoted(ref)}" if ref else "commit"
        raise BadQuery(f"{repository.full_name} has no indexed {what}.", "repo")
    return branch


def definition_at(user: User | AnonymousUser, location: str) -> tuple[SourceFile, Definition]:
    """The smallest definition that contains the lines of a location. Raises `BadQuery` and
    `UnknownRepository`."""
    place = located(user, location)
    lines = place.found.span(place.lines)
    around = place.file.blob.definitions.filter(
        start_line__lte=lines.start, end_line__gte=lines.stop - 1
    )
    definitions = sorted(around, key=lambda each: (each.end_line - each.start_line, each.pk))
    if not definitions:
        raise BadQuery(f"No definition contains all lines of {quoted(location)}.", "id")
    return place.file, definitions[0]


def _by_ids(user: User | AnonymousUser, file_id: str, definition_id: str) -> Location:
    try:
        numbers = ids.number(Row.FILE, file_id), ids.number(Row.DEFINITION, definition_id)
        file, definition = places.visible_definition(user, *numbers)
    except (ValueError, Http404):
        raise BadQuery(
            f"There is no such definition: ids change with each commit. Use {FORM}, or search"
            " again.",
            "id",
        ) from None
    return Location(FoundFile(file), Lines(definition.start_line, definition.end_line))
