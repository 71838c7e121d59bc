"""Reading files by addresses that stay valid: `owner/name@commit/path`, with lines.

The page, the REST API and the agents' tools each parse an address and find its file here."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from django.contrib.auth.models import AnonymousUser, User
from django.db.models import F, QuerySet, TextField, Value
from django.db.models.functions import Length

from codeindex.audit import Access
from codeindex.models import Branch, Definition, IndexRun, Repository, SourceFile
from embeddings.types import Kind
from search.accesses import note_read
from search.addresses.origins import SHORT, WITH_ORIGIN, Origin, origin_of
from search.candidates.branches import unknown_repository
from search.query.filters import BadQuery, quoted

MOST_NAMED = 5
"""Repositories of one name that an error lists."""

_COMMIT = re.compile(r"[0-9a-f]{7,64}", re.IGNORECASE)
_LINES = re.compile(r"L?(?P<first>[1-9]\d{0,8})(?P<dash>-(?:L?(?P<last>[1-9]\d{0,8}))?)?", re.ASCII)
_FRAGMENT = re.compile(r"#(L[1-9][L\d-]{0,20})$", re.ASCII)


class Lines(NamedTuple):
    """Lines of a file, from 1, both ends included; up to the last one if `last` is None."""

    first: int
    last: int | None


@dataclass(frozen=True, slots=True)
class Address:
    """A file of a repository that `user` may see: at a commit or on a branch (`ref`), or as it is
    now if that is empty."""

    user: User | AnonymousUser
    repository: Repository
    ref: str
    path: str


@dataclass(frozen=True, slots=True)
class FoundFile:
    """A live file. `asked`: the commit that was asked for, if it is an older one, in which the file
    was the same."""

    file: SourceFile
    asked: str = ""

    @property
    def origin(self) -> Origin:
        return origin_of(self.file.branch)

    @property
    def lines(self) -> Sequence[str]:
        """Without an empty one after the last line break."""
        lines = self.file.blob.content.split("\n")
        return lines if lines[-1] else lines[:-1]

    @property
    def definitions(self) -> QuerySet[Definition]:
        """What the file defines, in the order of its lines, without nameless blocks."""
        named = self.file.blob.definitions.exclude(name="", kind=Kind.BLOCK)
        return named.order_by("start_line", "-end_line", "pk")

    def span(self, lines: Lines | None) -> range:
        """The numbers, from 1, of those of `lines` that the file has; by default of all. Raises
        `BadQuery` if it has none of them."""
        count = len(self.lines)
        if lines is None:
            return range(1, count + 1)
        if lines.first > count:
            raise BadQuery(f"The file has {count:,} lines.", "lines")
        return range(lines.first, min(lines.last or count, count) + 1)


class NoFile(LookupError):
    """There is no such file at the address. The message says why, and is fit for a user who may see
    the repository. `is_gone`: there was one. `now` is what is there now, or what has its content;
    None if there is nothing."""

    def __init__(self, reason: str, now: SourceFile | None = None, *, is_gone: bool = False):
        super().__init__(reason)
        self.now = now
        self.is_gone = is_gone


def gone_since(what: str, past: SourceFile) -> str:
    """Says that a `file` or a `definition` has gone with the row of its file."""
    commit = past.until_run.commit if past.until_run else ""
    return f"This {what} no longer exists as of commit {commit[:SHORT]}."


def parse_lines(written: str, parameter: str = "lines") -> Lines | None:
    """From `83`, `83-86`, `83-` or `L83-L86`; None if nothing is written. Raises `BadQuery`."""
    if not written:
        return None
    match = _LINES.fullmatch(written)
    if match:
        first = int(match["first"])
        last = int(match["last"]) if match["last"] else None if match["dash"] else first
        if last is None or first <= last:
            return Lines(first, last)
    raise BadQuery(
        f"{quoted(written)} is not a range of lines. Write 83, 83-86 or L83-L86.", parameter
    )


def split_lines(address: str) -> tuple[str, Lines | None]:
    """`…/path#L83-L86` → the address without its fragment, and the lines. Raises `BadQuery`."""
    match = _FRAGMENT.search(address)
    if match is None:
        return address, None
    return address[: match.start()], parse_lines(match[1])


def parse_address(user: User | AnonymousUser, written: str) -> Address:
    """From `owner/name@ref/path` or `owner/name@ref:path`; `@ref` may be left out, and an empty
    path is that of the repository.

    Names may hold slashes and `@`: the repositories and branches that there are decide what is
    meant. Raises `UnknownRepository`, for a hidden one as for one that does not exist."""
    owner, _, rest = written.partition("/")
    visible = Repository.objects.visible_to(user).filter(owner__username=owner)
    for repository in _beginnings(visible, rest):
        after = rest[len(repository.name) :]
        if after.startswith("@"):
            return Address(user, repository, *_split_ref(repository, after[1:]))
        if after[:1] in ("", "/", ":"):
            return Address(user, repository, "", after[1:])
    raise unknown_repository(user, f"{owner}/{re.split('[@/:]', rest)[0]}")


def address_of(user: User | AnonymousUser, repository: str, path: str, ref: str = "") -> Address:
    """From a repository's name or `owner/name`, a path and a ref. Raises `UnknownRepository`, and
    `BadQuery` if several repositories have the name."""
    if not repository.strip():
        raise BadQuery("Name a repository.", "repo")
    if not path:
        raise BadQuery("Give the path of a file in the repository.", "path")
    return Address(user, repository_called(user, repository), ref, path)


def repository_called(user: User | AnonymousUser, repository: str) -> Repository:
    """The repository of this name or `owner/name`. Raises `UnknownRepository`, and `BadQuery` if
    several have it."""
    visible = Repository.objects.visible_to(user).called(repository).select_related("owner")
    named = list(visible.order_by("owner__username", "name")[: MOST_NAMED + 1])
    if not named:
        raise unknown_repository(user, repository)
    if len(named) > 1:
        names = ", ".join(each.full_name for each in named[:MOST_NAMED])
        raise BadQuery(f"Several repositories are called {repository}. Name one: {names}.", "repo")
    return named[0]


def find(address: Address) -> FoundFile:
    """The file at an address, for its user to read. Raises `NoFile`."""
    found = located(address)
    note_read(Access.FILE_READ, address.user, found.file)
    return found


def located(address: Address) -> FoundFile:
    """The file at an address, without a note in the audit, since nothing is read yet. Raises
    `NoFile`."""
    repository, ref, path = address.repository, address.ref, address.path
    branch = live_branch(repository, ref)
    if branch is not None:
        file = _live_files(branch).filter(path=path).first()
        if file is None:
            raise _no_path(branch, path)
        return FoundFile(file)
    current = live_branch(repository, "")
    if current is None:
        raise NoFile(f"No commit of {repository.full_name} is indexed yet.")
    run = past_run(repository, ref)
    if run is None:
        now = _live_files(current).filter(path=path).first()
        raise NoFile(f"{quoted(ref)} is not an indexed branch or commit of this repository.", now)
    file = _live_files(run.branch).filter(path=path).first()
    if file is not None and file.from_run_id <= run.pk:
        return FoundFile(file, run.commit)
    what = "and this file has changed since" if file else "and this file has been removed since"
    raise NoFile(f"Commit {run.commit[:SHORT]} is no longer indexed, {what}.", file, is_gone=True)


def _beginnings(visible: QuerySet[Repository], rest: str) -> QuerySet[Repository]:
    """The repositories with whose names a text begins, the longest name first."""
    written = Value(rest, output_field=TextField())
    begun = visible.alias(written=written).filter(written__startswith=F("name"))
    return begun.select_related("owner").order_by(Length("name").desc())


def _split_ref(repository: Repository, written: str) -> tuple[str, str]:
    """`ref/path` → both. The name of an existing branch may hold slashes; any other ref ends at the
    first one."""
    written_value = Value(written, output_field=TextField())
    begun = repository.branches.alias(written=written_value).filter(
        written__startswith=F("name"), live_run__isnull=False
    )
    for name in begun.order_by(Length("name").desc()).values_list("name", flat=True):
        if name and written[len(name) : len(name) + 1] in ("", "/", ":"):
            return name, written[len(name) + 1 :]
    ref = re.split("[/:]", written, maxsplit=1)[0]
    return ref, written[len(ref) + 1 :]


def live_branch(repository: Repository, ref: str) -> Branch | None:
    """The branch with this name, or the one whose live commit begins with `ref`; by default the
    first one, as in a search."""
    live = repository.branches.filter(live_run__isnull=False).order_by("pk")
    if not ref:
        return live.first()
    named = live.filter(name=ref).first()
    if named is None and _COMMIT.fullmatch(ref):
        return live.filter(live_run__commit__startswith=ref.lower()).first()
    return named


def past_run(repository: Repository, commit: str) -> IndexRun | None:
    """The latest run that had published a commit, given by its beginning."""
    if not _COMMIT.fullmatch(commit):
        return None
    published = IndexRun.objects.filter(
        branch__repository=repository,
        published__isnull=False,
        commit__startswith=commit.lower(),
    )
    return published.select_related("branch").order_by("-pk").first()


def _live_files(branch: Branch) -> QuerySet[SourceFile]:
    return branch.source_files.live().select_related("blob", *WITH_ORIGIN)


def _no_path(branch: Branch, path: str) -> NoFile:
    """Why a branch does not have a path: it had it once, or never."""
    past = branch.source_files.replaced().filter(path=path).select_related("until_run")
    last = past.order_by("-pk").first()
    if last is None or last.until_run is None:
        return NoFile(f"There is no file {quoted(path)} in the commit that is indexed.")
    now = _live_files(branch).filter(blob=last.blob_id).order_by("path").first()
    return NoFile(gone_since("file", last), now, is_gone=True)
