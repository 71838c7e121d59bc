"""`manage.py tune-ranking FILE …`: weights for the ranking, learned from questions."""  # noqa: N999

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from django.core.management import CommandError

from codeindex.management import base
from codeindex.management.index import ADMINISTRATOR, existing_index
from embeddings.evaluation import questions
from embeddings.evaluation.metrics import interval
from embeddings.evaluation.questions import MalformedQuestions, RepositoryQuestions
from search import engine
from search.candidates import path_rules
from search.candidates.branches import UnknownRepository
from search.candidates.path_rules import Order
from search.candidates.scopes import scope_for
from search.query import filters, parsing
from search.query.filters import BadQuery, Field, Filter
from search.ranking import evidence, pages, tuning
from search.ranking.scoring import TUNED, Weights
from search.ranking.tuning import Case, Group

Groups = Mapping[str, Group]
"""The questions about each repository."""


class Command(base.Command):
    """Looks up the candidates of each question once, then learns weights from them."""

    help = (
        "Learn the weights of the ranking from files of questions (as for evaluate). Print nDCG@10"
        " over files with the shipped weights, with weights learned from the other repositories,"
        " and with weights learned from all; what each part of the ranking is worth; and the"
        " weights."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("files", type=Path, metavar="FILE", nargs="+")

    def handle(self, *, files: Sequence[Path], **options: Any) -> None:
        try:
            suites = [questions.read(file).repositories for file in files]
            with existing_index():
                # Each file counts the same, and each repository of a file
                groups = {
                    about.name: Group(_cases(about), 1.0 / len(suite))
                    for suite in suites
                    for about in suite
                }
        except (MalformedQuestions, OSError, BadQuery, UnknownRepository) as error:
            raise CommandError(str(error)) from error
        own = list(groups.values())
        learned = tuning.with_repeated(own, tuning.learned_weights(own))
        held_out = tuning.held_out(own) if own[1:] else []
        self._print_quality(groups, learned, held_out)
        if held_out:
            self._print_ablations(groups)
        self.stdout.write(f"\n{learned}")

    def _print_quality(self, groups: Groups, learned: Weights, held_out: Sequence[Weights]) -> None:
        ways = {
            "shipped": [TUNED] * len(groups),
            "held out": held_out,
            "learned from all": [learned] * len(groups),
        }
        ways = {name: weights for name, weights in ways.items() if weights}
        found = [
            [
                tuning.scores(group.cases, each)
                for group, each in zip(groups.values(), weights, strict=True)
            ]
            for weights in ways.values()
        ]
        self._row("nDCG@10 over files", ways)
        for number, name in enumerate(groups):
            self._row(name, [_mean([score.ndcg for score in way[number]]) for way in found])
        self._row("mean", [_mean_of_groups(way) for way in found])
        for category in sorted(
            {case.question.category for own in groups.values() for case in own.cases}
        ):
            self._row(
                category or "no category", [_of_category(groups, way, category) for way in found]
            )

    def _print_ablations(self, groups: Groups) -> None:
        self.stdout.write("\nHeld out, with the rest learned anew")
        own = list(groups.values())
        for remaining, fixed in tuning.ABLATIONS.items():
            weights = tuning.held_out(own, fixed)
            way = [
                tuning.scores(group.cases, each) for group, each in zip(own, weights, strict=True)
            ]
            self._row(remaining, [_mean_of_groups(way)])

    def _row(self, name: str, values: Iterable[str]) -> None:
        self.stdout.write(f"{name:<20}" + "".join(f"{value:>22}" for value in values).rstrip())


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
        words = evidence.query_words(query, scope.visible)
        signals = pages.signals(query, words, query_vector, scope, rules)
        cases.append(Case(question, signals))
    return cases


def _mean_of_groups(way: Sequence[Sequence[questions.Score]]) -> str:
    """Each repository counts the same."""
    figure = interval(np.array([np.mean([score.ndcg for score in own]) for own in way]))
    return f"{figure.value:.3f} ({figure.low:.3f}–{figure.high:.3f})"


def _of_category(groups: Groups, way: Sequence[Sequence[questions.Score]], category: str) -> str:
    pairs = zip(groups.values(), way, strict=True)
    return _mean(
        [
            score.ndcg
            for group, own in pairs
            for case, score in zip(group.cases, own, strict=True)
            if case.question.category == category
        ]
    )


def _mean(values: Sequence[float]) -> str:
    return f"{np.mean(values):.3f}"
