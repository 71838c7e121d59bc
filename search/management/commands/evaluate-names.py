"""`manage.py evaluate-names REPOSITORY`: how surely a name finds its definition."""  # noqa: N999

from __future__ import annotations

import random
from argparse import ArgumentParser
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.core.management import CommandError

from codeindex.management import base
from codeindex.management.index import ADMINISTRATOR, existing_index
from codeindex.models import Repository, SourceFile
from search import engine
from search.results import Place, module_name


@dataclass(frozen=True, slots=True)
class Named:
    """A definition in a file, and what it is called in full, with its module's path."""

    definition: int
    path: str
    full: str

    @property
    def bare(self) -> str:
        return self.full.rpartition(".")[2]

    @property
    def qualified(self) -> str:
        """With the class, function or module that it lies in."""
        return ".".join(self.full.split(".")[-2:])


class Command(base.Command):
    """Of a qualified name (`Class.method`, `module.function`) that has one place in the repository,
    that place must be the first result; of a bare one, any definition of that name."""

    help = "Count how many names, drawn at random from a repository, find their definition first."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("repository", metavar="NAME", help="name or owner/name")
        parser.add_argument("--names", type=int, default=200, metavar="N", help="of each kind")
        parser.add_argument("--seed", type=int, default=0, metavar="N", help="draws other names")

    def handle(self, *, repository: str, names: int, seed: int, **options: Any) -> None:
        with existing_index():
            found = _definitions(repository)
            if not found:
                raise CommandError(f"There is no repository {repository} in the index.")
            drawn = random.Random(seed)  # noqa: S311  a sample, no secret
            self._put("qualified", _drawn(_of_one_place(found), names, drawn), repository)
            self._put("bare", _drawn({one.bare: one for one in found}, names, drawn), repository)

    def _put(self, kind: str, asked: Mapping[str, Named], repository: str) -> None:
        """Each name to the search; `kind` says what may come first."""
        first = {name: _first(name, repository) for name in asked}
        missed = [
            name
            for name, one in asked.items()
            if not _is_found(first[name], one, exactly=kind == "qualified")
        ]
        self.stdout.write(
            f"{kind}: {len(asked) - len(missed)} of {len(asked)} names find theirs first"
        )
        for name in missed:
            self.stdout.write(f"  {name} in {asked[name].path} finds {_shown(first[name])}")


def _definitions(repository: str) -> list[Named]:
    """All that is live and has a name."""
    live = (
        SourceFile.objects.visible_to(ADMINISTRATOR)
        .live()
        .filter(branch__repository__in=Repository.objects.called(repository))
    )
    rows = live.values_list("blob__definitions__pk", "path", "blob__definitions__qualified_name")
    ordered = rows.order_by("path", "blob__definitions__pk")
    return [Named(pk, path, f"{module_name(path)}.{name}") for pk, path, name in ordered if name]


def _of_one_place(found: Sequence[Named]) -> dict[str, Named]:
    """By their qualified names, those that are the only ones of it."""
    places = Counter(one.qualified for one in found)
    return {one.qualified: one for one in found if places[one.qualified] == 1}


def _drawn(named: Mapping[str, Named], count: int, drawn: random.Random) -> dict[str, Named]:
    return {name: named[name] for name in drawn.sample(list(named), min(count, len(named)))}


def _first(name: str, repository: str) -> Place | None:
    results = engine.find(ADMINISTRATOR, name, repository=repository, limit=1).results
    return results[0].found.place if results else None


def _is_found(place: Place | None, named: Named, *, exactly: bool) -> bool:
    if place is None:
        return False
    if exactly:
        return (place.definition_id, place.path) == (named.definition, named.path)
    return place.name.rpartition(".")[2] == named.bare


def _shown(place: Place | None) -> str:
    return f"{place.qualified_name} in {place.path}" if place else "nothing"
