"""What a search may find: the live files that its user may see and that its filters keep, and of
what they hold the definitions that its filters keep."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

from django.contrib.auth.models import AnonymousUser, User
from django.db.models import Exists, Model, OuterRef, QuerySet

from codeindex.models import Branch, Definition, Repository, RepositoryQuerySet, SourceFile
from search import filters, lexemes
from search.filters import Field, Filter, values

Row = TypeVar("Row", bound=Model)

EXACT_UP_TO = 20_000
"""Texts. Where no more can be found, all their vectors are compared (about 3 µs each); above, the
HNSW index is faster, and it finds enough, since the scope keeps many of its rows. Measured at
350,000 texts: both take the same time when 19,000 of them are kept."""


class UnknownRepository(LookupError):
    """No repository of this name, for this user."""


@dataclass(frozen=True, slots=True)
class Scope:
    """What a search may find: `definitions` that lie in `files`, which lie in `branches`; `texts`
    of them at most. `is_whole`: no filter but repositories' keeps anything out."""

    files: QuerySet[SourceFile]
    definitions: QuerySet[Definition]
    branches: Sequence[int]
    texts: int
    is_whole: bool

    @property
    def is_small(self) -> bool:
        """So few texts that looking at each is fastest."""
        return self.texts <= EXACT_UP_TO


def of(user: User | AnonymousUser, kept_to: Sequence[Filter] = ()) -> Scope:
    """What `user` may find under the filters. Raises `UnknownRepository`, for a hidden one too."""
    repositories = _repositories(user, kept_to)
    live = Branch.objects.filter(repository__in=repositories, live_run__isnull=False)
    texts = dict(live.values_list("pk", "live_run__texts"))
    # The gate decides; the branches beside it, as literals, tell the planner how much it keeps.
    files = _files(SourceFile.objects.visible_to(user).filter(branch__in=texts), kept_to)
    definitions = _definitions(kept_to)
    most = sum(texts.values())
    is_whole = all(one.field == Field.REPOSITORY for one in kept_to)
    if not is_whole and most > EXACT_UP_TO:
        most = _fewer(held(definitions, files), most)
    return Scope(files, definitions, list(texts), most, is_whole)


def held(definitions: QuerySet[Definition], files: QuerySet[SourceFile]) -> QuerySet[Definition]:
    """The definitions that lie in one of the files: the gate is an EXISTS on one row."""
    return definitions.filter(Exists(files.filter(blob=OuterRef("blob"))))


def visible(rows: QuerySet[Row], text: str, within: Scope) -> QuerySet[Row]:
    """Those of whose text, named by the field `text`, one file of the scope holds a definition."""
    found = held(within.definitions, within.files)
    return rows.filter(Exists(found.filter(text=OuterRef(text))))


def _repositories(user: User | AnonymousUser, kept_to: Sequence[Filter]) -> RepositoryQuerySet:
    visible = Repository.objects.visible_to(user)
    named = {
        one: set(visible.called(one.value).values_list("pk", flat=True))
        for one in kept_to
        if one.field == Field.REPOSITORY
    }
    for one, found in named.items():
        if not found:
            raise UnknownRepository(f"There is no repository {one.value}.")
    wanted = [found for one, found in named.items() if not one.excluded]
    unwanted = [found for one, found in named.items() if one.excluded]
    if wanted:
        visible = visible.filter(pk__in=set().union(*wanted))
    return visible.exclude(pk__in=set().union(*unwanted)) if unwanted else visible


def _files(files: QuerySet[SourceFile], kept_to: Sequence[Filter]) -> QuerySet[SourceFile]:
    for path in values(kept_to, Field.PATH):
        files = files.filter(path__iregex=filters.path_pattern(path))
    for path in values(kept_to, Field.PATH, excluded=True):
        files = files.exclude(path__iregex=filters.path_pattern(path))
    if wanted := values(kept_to, Field.LANGUAGE):
        files = files.filter(blob__language__in=wanted)
    if unwanted := values(kept_to, Field.LANGUAGE, excluded=True):
        files = files.exclude(blob__language__in=unwanted)
    return files


def _definitions(kept_to: Sequence[Filter]) -> QuerySet[Definition]:
    definitions = Definition.objects.all()
    if wanted := values(kept_to, Field.KIND):
        definitions = definitions.filter(kind__in=wanted)
    if unwanted := values(kept_to, Field.KIND, excluded=True):
        definitions = definitions.exclude(kind__in=unwanted)
    for phrase in values(kept_to, Field.PHRASE):
        # Its words first, which an index knows, unless all of them are stop words.
        if words := lexemes.of(filters.phrase_words(phrase)):
            definitions = definitions.filter(text__words=lexemes.all_of(words))
        definitions = definitions.filter(text__body__iregex=filters.phrase_pattern(phrase))
    for phrase in values(kept_to, Field.PHRASE, excluded=True):
        definitions = definitions.exclude(text__body__iregex=filters.phrase_pattern(phrase))
    return definitions


def _fewer(kept_definitions: QuerySet[Definition], most: int) -> int:
    """How many definitions the filters keep, counted no further than matters; else `most`."""
    kept = kept_definitions.values("pk")[: EXACT_UP_TO + 1].count()
    return kept if kept <= EXACT_UP_TO else most
