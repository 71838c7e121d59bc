"""Where code is, as agents read and write it: `owner/name:path#L10-L40`, with `@branch` after the
name for a branch that was registered by its name. A location is no right to see anything: it is
looked up among what a user may see."""

from __future__ import annotations

import re
from dataclasses import dataclass

from django.contrib.auth.models import AnonymousUser, User

from codeindex.models import Branch, Definition, Repository, SourceFile
from codeindex.web import ids
from codeindex.web.ids import Row
from search.candidates.scopes import repository_ids
from search.query.filters import MAX_CHARACTERS, BadQuery, check_characters, quoted

FORM = "owner/name:path#L10-L40"

COMMIT_CHARACTERS = 8
"""Of a commit's hash, where it is shown; and the least that name one."""

_LINES = re.compile(r"#L?(?P<first>\d{1,7})(?:-L?(?P<last>\d{1,7}))?\Z")
_IDS = re.compile(r"(?:.*/files/|)(?P<file>[\w-]{22})/(?P<definition>[\w-]{22})/?\Z")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")


@dataclass(frozen=True, slots=True)
class Excerpt:
    """Lines of a file, from 1 and with both ends; None for all to its end."""

    file: SourceFile
    first: int = 1
    last: int | None = None


def written(repository: str, branch: str, path: str, first: int = 0, last: int = 0) -> str:
    """`owner/name:path#L10-L40`; without lines if `first` is 0."""
    name = f"{repository}@{branch}" if branch else repository
    lines = f"#L{first}" + (f"-L{last}" if last > first else "") if first else ""
    return f"{name}:{harmless(path)}{lines}"


def harmless(path: str) -> str:
    """A path without control characters, which could make one line of an answer look like two."""
    return _CONTROL.sub("?", path)


def excerpt(user: User | AnonymousUser, location: str) -> Excerpt:
    """The lines that a location names: `owner/name:path#L10-L40`, or the address of a definition's
    page. Raises `BadQuery` and `UnknownRepository`."""
    check_characters(location, "location", "id")
    if match := _IDS.match(location):
        return _by_ids(user, match["file"], match["definition"])
    lines = _LINES.search(location)
    name, colon, path = location[: lines.start() if lines else None].partition(":")
    if not colon or not path:
        raise BadQuery(f"{quoted(location)} is no location. Use {FORM}.", "id")
    return Excerpt(file_at(user, name, path), *_range(lines))


def file_at(user: User | AnonymousUser, name: str, path: str) -> SourceFile:
    """The live file at a path. Raises `BadQuery` and `UnknownRepository`."""
    branch = branch_called(user, name)
    files = SourceFile.objects.visible_to(user).live().filter(branch=branch, path=path.strip("/"))
    file = files.select_related("blob", "branch__repository__owner", "branch__live_run").first()
    if file is None:
        raise BadQuery(
            f"There is no file {quoted(path)} in {name}. The tool outline lists its files.", "id"
        )
    return file


def branch_called(user: User | AnonymousUser, name: str) -> Branch:
    """The branch that `owner/name`, `name` or one of them with `@branch` or `@commit` names. Raises
    `BadQuery` and `UnknownRepository`."""
    check_characters(name, "name", "repo")
    called, reference = _apart(name)
    if len(name) > MAX_CHARACTERS:
        raise BadQuery(f"A name has at most {MAX_CHARACTERS} characters.", "repo")
    repositories = Repository.objects.visible_to(user).filter(pk__in=repository_ids(user, called))
    live = Branch.objects.filter(repository__in=repositories, live_run__isnull=False)
    branches = list(
        live.select_related("repository__owner", "live_run").order_by("name", "repository")
    )
    if not branches:
        raise BadQuery(f"{called} has not been indexed yet.", "repo")
    if reference:
        branches = [branch for branch in branches if _is_meant(branch, reference)]
    names = sorted({branch.repository.full_name for branch in branches})
    if len(names) > 1:
        raise BadQuery(f"Several repositories are called {called}: use {', '.join(names)}.", "repo")
    if not branches:
        raise BadQuery(
            f"{called} has no indexed branch or commit {quoted(reference)}. Leave out what comes"
            " after the @.",
            "repo",
        )
    return branches[0]


def _apart(name: str) -> tuple[str, str]:
    """A repository's name, and the branch or commit after it. An owner's name may have an @."""
    owner, slash, rest = name.partition("/") if "/" in name else ("", "", name)
    own_name, _, reference = rest.partition("@")
    return f"{owner}{slash}{own_name}", reference


def _is_meant(branch: Branch, reference: str) -> bool:
    commit = branch.live_run.commit if branch.live_run else ""
    is_commit = len(reference) >= COMMIT_CHARACTERS and commit.startswith(reference)
    return branch.name == reference or is_commit


def definition_at(user: User | AnonymousUser, location: str) -> tuple[SourceFile, Definition]:
    """The smallest definition that has the lines of a location. Raises `BadQuery` and
    `UnknownRepository`."""
    place = excerpt(user, location)
    last = place.last or place.first
    around = place.file.blob.definitions.filter(start_line__lte=place.first, end_line__gte=last)
    definitions = sorted(around, key=lambda each: (each.end_line - each.start_line, each.pk))
    if not definitions:
        raise BadQuery(f"No definition has all lines of {quoted(location)}.", "id")
    return place.file, definitions[0]


def _by_ids(user: User | AnonymousUser, file_id: str, definition_id: str) -> Excerpt:
    try:
        numbers = ids.number(Row.FILE, file_id), ids.number(Row.DEFINITION, definition_id)
    except ValueError:
        raise _gone() from None
    own = SourceFile.objects.visible_to(user).live().filter(pk=numbers[0])
    file = own.select_related("blob", "branch__repository__owner", "branch__live_run").first()
    definition = file and file.blob.definitions.filter(pk=numbers[1]).first()
    if not file or not definition:
        raise _gone()
    return Excerpt(file, definition.start_line, definition.end_line)


def _gone() -> BadQuery:
    return BadQuery(
        f"There is no such definition: ids change with each commit. Use {FORM}, or search again.",
        "id",
    )


def _range(lines: re.Match[str] | None) -> tuple[int, int | None]:
    if lines is None:
        return 1, None
    first = max(1, int(lines["first"]))
    return first, max(first, int(lines["last"] or first))
