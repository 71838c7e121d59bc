"""The references of a definition: the uses of its name, the likeliest first."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby

from django.contrib.auth.models import AnonymousUser, User

from codeindex.audit import Access
from codeindex.observability import stages
from codeindex.web.ids import Row, opaque
from embeddings.types import Kind, UseKind
from search.accesses import note_read
from search.candidates import sql
from search.candidates.scopes import Scope, scope_for
from search.references import excerpts
from search.references.excerpts import Excerpt
from search.references.likelihood import RANKS, Judge, Likelihood, judge
from search.references.targets import Target
from search.references.users import (
    MOST_DEFINITIONS,
    MOST_FILES,
    UsingFile,
    definitions_called,
    files_using,
)

Key = tuple[int, str, str, str, str, int]
"""What references are ordered by, none of which is a secret: rank of the likelihood, repository,
path, branch, the repository's opaque id, line."""

MOST_REFERENCES = 5_000
"""Lines that are ordered and counted."""


@dataclass(frozen=True, slots=True)
class ReferencesRequest:
    """What is asked of a definition's references: as many as `limit`, `after` a place in their
    order. Whoever makes one has checked that `user` may see the target."""

    user: User | AnonymousUser
    target: Target
    limit: int
    after: Key | None = None


@dataclass(frozen=True, slots=True)
class Reference:
    """A line that uses a name, and how: the kinds of its uses, and the most likely of them."""

    file: UsingFile
    line: int
    kinds: Sequence[UseKind]
    likelihood: Likelihood

    @property
    def key(self) -> Key:
        """Its place in the order of all, which tells nothing that is not shown with it."""
        return self.likelihood.rank, *file_key(self.file), self.line


def file_key(file: UsingFile) -> tuple[str, str, str, str]:
    """The place of a file in the order of those of the same likelihood."""
    return file.repository_name, file.path, file.branch, opaque(Row.REPOSITORY, file.repository)


@dataclass(frozen=True, slots=True)
class Used:
    """All references of a target, in order, and what an answer says of their completeness."""

    target: Target
    references: Sequence[Reference]
    definitions: int
    is_cut: bool
    notices: Sequence[str]

    @property
    def counts(self) -> dict[Likelihood, int]:
        return dict(Counter(each.likelihood for each in self.references))


@dataclass(frozen=True, slots=True)
class References:
    """One page of the references of a target. `next` is where the one after it begins."""

    used: Used
    excerpts: Sequence[Excerpt]
    next: Key | None


def find(request: ReferencesRequest) -> References:
    """A page of references, which the audit notes. Raises `SearchTimeout`."""
    with stages.operation("references"), sql.time_limit():
        found = page(references_of(request.target, scope_for(request.user)), request)
    note_read(Access.REFERENCES_READ, request.user, *request.target.place)
    return found


def page(used: Used, request: ReferencesRequest) -> References:
    """The part of all references that a request asks for."""
    found = used.references
    start = bisect_right(found, request.after, key=_key) if request.after else 0
    shown = found[start : start + request.limit]
    following = shown[-1].key if start + len(shown) < len(found) else None
    return References(used, excerpts.read(shown), following)


def references_of(target: Target, scope: Scope) -> Used:
    """All references of a target in scope, up to MOST_FILES and MOST_REFERENCES."""
    if not target.name or target.definition.kind == Kind.BLOCK:
        return Used(target, [], 0, False, [])
    files = files_using(target, scope)
    definitions = definitions_called(target.name, scope)
    known = judge(target, files, ambiguous=definitions > 1)
    examined = sorted(files[:MOST_FILES], key=file_key)
    found = [reference for file in examined for reference in _references(target, file, known)]
    found.sort(key=_rank)
    is_cut = len(files) > MOST_FILES or len(found) > MOST_REFERENCES
    notices = [*_notices(target, definitions, is_cut, files)]
    return Used(target, found[:MOST_REFERENCES], definitions, is_cut, notices)


def _references(target: Target, file: UsingFile, known: Judge) -> Iterable[Reference]:
    """One for each line, without those of the target itself."""
    is_own = file.id == target.file.pk
    judged = zip(file.uses, known.likelihoods(file), strict=True)
    for line, group in groupby(judged, key=lambda each: each[0].line):
        if is_own and target.holds(line):
            continue
        uses = list(group)
        likelihood = min((each for _, each in uses), key=RANKS.__getitem__)
        yield Reference(file, line, [*dict.fromkeys(use.kind for use, _ in uses)], likelihood)


def _notices(
    target: Target, definitions: int, is_cut: bool, files: Sequence[UsingFile]
) -> Iterable[str]:
    if definitions > 1:
        count = f"More than {MOST_DEFINITIONS:,}" if definitions > MOST_DEFINITIONS else definitions
        yield (
            f"{count} definitions are called {target.name}. References are found by name, so that"
            " some may be those of another one."
        )
    if is_cut:
        yield f"Only {MOST_FILES:,} of the files that use this name have been examined."
    if any(file.is_cut for file in files):
        yield "Some files use more names, or this one more often, than is recorded or listed."


def _rank(reference: Reference) -> int:
    return reference.likelihood.rank


def _key(reference: Reference) -> Key:
    return reference.key
