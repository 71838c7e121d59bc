"""`manage.py tune-ranking FILE`: weights for the ranking, from questions."""  # noqa: N999

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from django.core.management import CommandError

from codeindex.management import base
from codeindex.management.index import ADMINISTRATOR, existing_index
from embeddings.evaluation import questions
from embeddings.evaluation.questions import About, Malformed
from search import engine, tuning
from search.candidates import path_rules, scopes
from search.candidates.path_rules import Order
from search.candidates.scopes import UnknownRepository
from search.query import filters, parsing
from search.query.filters import BadQuery, Field, Filter
from search.tuning import Case, Quality


class Command(base.Command):
    """The candidates of each question are looked up once; then weights are tried on them."""

    help = (
        "Say what each part of the ranking is worth for a file of questions (as for evaluate), and"
        " which weights suit it best: of all repositories, and of each, tried on the others."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, metavar="FILE")

    def handle(self, *, file: Path, **options: Any) -> None:
        try:
            read = questions.read(file)
            with existing_index():
                cases = {about.repository: _cases(about) for about in read.about}
        except (Malformed, OSError, BadQuery, UnknownRepository) as error:
            raise CommandError(str(error)) from error
        self._say_what_parts_are_worth(cases)
        self._tune(cases)

    def _say_what_parts_are_worth(self, cases: dict[str, list[Case]]) -> None:
        self.stdout.write("nDCG@10 over definitions / over files, by the weights that ship")
        found = [tuning.ablated(own) for own in cases.values()]
        self._row("", [*cases, "mean"])
        for left in tuning.WITHOUT:
            self._row(left, _shown([by_part[left] for by_part in found]))

    def _tune(self, cases: dict[str, list[Case]]) -> None:
        self.stdout.write("\nThe same by weights that were tuned, starting from those that ship")
        self._row("tuned on", [*cases, "mean"])
        groups = list(cases.values())
        chosen = {name: tuning.tuned([own]) for name, own in cases.items()} if groups[1:] else {}
        for name, weights in (chosen | {"all": tuning.tuned(groups)}).items():
            self._row(name, _shown([tuning.quality(own, weights) for own in groups]))
            self.stdout.write(f"  {weights}")

    def _row(self, name: str, values: Iterable[str]) -> None:
        self.stdout.write(f"{name:<18}" + "".join(f"{value:>16}" for value in values).rstrip())


def _cases(about: About) -> list[Case]:
    """The questions about a repository, with what is known of the candidates for each."""
    kept_to = [Filter(Field.REPOSITORY, about.repository), *filters.in_folder(about.root)]
    within = scopes.of(ADMINISTRATOR, kept_to)
    cases = []
    for question in about.questions:
        query = parsing.parse_query(question.text, kept_to)
        meaning, wanting = engine.meaning_of(query)
        if meaning is None:
            raise CommandError(wanting or "There are no vectors yet.")
        rules = path_rules.rules(query, Order.IMPLEMENTATIONS)
        cases.append(Case(question, engine.signals(query, meaning, within, rules=rules)))
    return cases


def _shown(qualities: Sequence[Quality]) -> list[str]:
    count = len(qualities)
    mean = Quality(
        sum(one.definitions for one in qualities) / count,
        sum(one.files for one in qualities) / count,
    )
    return [f"{one.definitions:.3f} / {one.files:.3f}" for one in (*qualities, mean)]
