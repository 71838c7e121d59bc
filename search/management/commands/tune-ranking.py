"""`manage.py tune-ranking FILE`: weights for the ranking, chosen by questions."""  # noqa: N999

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from django.core.management import CommandError

from codeindex.management import base
from codeindex.management.index import ADMINISTRATOR, existing_index
from embeddings.evaluation import questions
from embeddings.evaluation.questions import MalformedQuestions, RepositoryQuestions
from search import engine, tuning
from search.candidates import path_rules
from search.candidates.path_rules import Order
from search.candidates.scopes import UnknownRepository, scope_for
from search.query import filters, parsing
from search.query.filters import BadQuery, Field, Filter
from search.tuning import Case, Quality


class Command(base.Command):
    """Looks up the candidates of each question once, then tries weights on them."""

    help = (
        "Print what each part of the ranking contributes for a file of questions (as for evaluate),"
        " and the best weights: for all repositories, and for each one, tried on the others."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, metavar="FILE")

    def handle(self, *, file: Path, **options: Any) -> None:
        try:
            read = questions.read(file)
            with existing_index():
                cases = {about.name: _cases(about) for about in read.repositories}
        except (MalformedQuestions, OSError, BadQuery, UnknownRepository) as error:
            raise CommandError(str(error)) from error
        self._print_ablations(cases)
        self._print_tuned(cases)

    def _print_ablations(self, cases: dict[str, list[Case]]) -> None:
        self.stdout.write("nDCG@10 over definitions / over files, with the shipped weights")
        qualities = [tuning.ablations(own) for own in cases.values()]
        self._row("", [*cases, "mean"])
        for remaining in tuning.ABLATIONS:
            self._row(remaining, _columns([own[remaining] for own in qualities]))

    def _print_tuned(self, cases: dict[str, list[Case]]) -> None:
        self.stdout.write("\nThe same with tuned weights, starting from the shipped ones")
        self._row("tuned on", [*cases, "mean"])
        groups = list(cases.values())
        chosen = (
            {name: tuning.tuned_weights([own]) for name, own in cases.items()} if groups[1:] else {}
        )
        for name, weights in (chosen | {"all": tuning.tuned_weights(groups)}).items():
            self._row(name, _columns([tuning.quality(own, weights) for own in groups]))
            self.stdout.write(f"  {weights}")

    def _row(self, name: str, values: Iterable[str]) -> None:
        self.stdout.write(f"{name:<18}" + "".join(f"{value:>16}" for value in values).rstrip())


def _cases(about: RepositoryQuestions) -> list[Case]:
    """The questions about a repository, with the signals of their candidates."""
    own_filters = [Filter(Field.REPOSITORY, about.name), *filters.in_folder(about.root)]
    scope = scope_for(ADMINISTRATOR, own_filters)
    cases = []
    for question in about.questions:
        query = parsing.parse_query(question.text, own_filters)
        query_vector, notice = engine.vector_for(query)
        if query_vector is None:
            raise CommandError(notice or "The index has no vectors yet.")
        rules = path_rules.active_rules(query, Order.IMPLEMENTATIONS)
        signals = engine.signals(query, query_vector, scope, rules=rules)
        cases.append(Case(question, signals))
    return cases


def _columns(qualities: Sequence[Quality]) -> list[str]:
    count = len(qualities)
    mean = Quality(
        sum(quality.definitions for quality in qualities) / count,
        sum(quality.files for quality in qualities) / count,
    )
    return [f"{each.definitions:.3f} / {each.files:.3f}" for each in (*qualities, mean)]
