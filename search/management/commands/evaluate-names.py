"""`manage.py evaluate-names REPOSITORY`: how often a name finds its definition first."""  # noqa: N999

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
from search.query import parsing
from search.query.filters import Field, Filter
from search.request import SearchRequest
from search.results import Place, module_name


@dataclass(frozen=True, slots=True)
class NamedDefinition:
    """A definition in a file. `full` is its qualified name after its module's path."""

    definition: int
    path: str
    full: str

    @property
    def bare(self) -> str:
        return self.full.rpartition(".")[2]

    @property
    def qualified(self) -> str:
        """With the class, function or module that encloses it."""
        return ".".join(self.full.split(".")[-2:])


class Command(base.Command):
    """For a qualified name (`Class.method`, `module.function`) that is unique in the repository,
    that definition must be the first result; for a bare name, any definition of this name."""

    help = "Count how many names, drawn at random from a repository, find their definition first."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("repository", metavar="NAME", help="name or owner/name")
        parser.add_argument(
            "--names", type=int, default=200, metavar="N", help="names of each kind"
        )
        parser.add_argument(
            "--seed", type=int, default=0, metavar="N", help="another seed draws other names"
        )

    def handle(self, *, repository: str, names: int, seed: int, **options: Any) -> None:
        with existing_index():
            definitions = _definitions(repository)
            if not definitions:
                raise CommandError(f"There is no repository {repository} in the index.")
            generator = random.Random(seed)  # noqa: S311  a sample, no secret
            qualified, bare = _unique(definitions), {each.bare: each for each in definitions}
            self._try("qualified", _sample(qualified, names, generator), repository)
            self._try("bare", _sample(bare, names, generator), repository)

    def _try(self, kind: str, sample: Mapping[str, NamedDefinition], repository: str) -> None:
        """Searches for each name; `kind` says what may come first."""
        first = {name: _first_result(name, repository) for name in sample}
        missed = [
            name
            for name, definition in sample.items()
            if not _is_expected(first[name], definition, exactly=kind == "qualified")
        ]
        found = len(sample) - len(missed)
        self.stdout.write(f"{kind}: {found} of {len(sample)} names find their definition first")
        for name in missed:
            self.stdout.write(f"  {name} in {sample[name].path} finds {_described(first[name])}")


def _definitions(repository: str) -> list[NamedDefinition]:
    """All live definitions with a name."""
    live = (
        SourceFile.objects.visible_to(ADMINISTRATOR)
        .live()
        .filter(branch__repository__in=Repository.objects.called(repository))
    )
    rows = live.values_list("blob__definitions__pk", "path", "blob__definitions__qualified_name")
    ordered = rows.order_by("path", "blob__definitions__pk")
    return [
        NamedDefinition(pk, path, f"{module_name(path)}.{name}")
        for pk, path, name in ordered
        if name
    ]


def _unique(definitions: Sequence[NamedDefinition]) -> dict[str, NamedDefinition]:
    """qualified name → its definition, if there is only one."""
    count = Counter(each.qualified for each in definitions)
    return {each.qualified: each for each in definitions if count[each.qualified] == 1}


def _sample(
    named: Mapping[str, NamedDefinition], count: int, generator: random.Random
) -> dict[str, NamedDefinition]:
    return {name: named[name] for name in generator.sample(list(named), min(count, len(named)))}


def _first_result(name: str, repository: str) -> Place | None:
    query = parsing.parse_query(name, [Filter(Field.REPOSITORY, repository)])
    results = engine.answer(SearchRequest(ADMINISTRATOR, query, limit=1)).results
    return results[0].definition.place if results else None


def _is_expected(place: Place | None, expected: NamedDefinition, *, exactly: bool) -> bool:
    if place is None:
        return False
    if exactly:
        return (place.definition_id, place.path) == (expected.definition, expected.path)
    return place.name.rpartition(".")[2] == expected.bare


def _described(place: Place | None) -> str:
    return f"{place.qualified_name} in {place.path}" if place else "nothing"
