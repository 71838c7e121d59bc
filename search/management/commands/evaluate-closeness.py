"""`manage.py evaluate-closeness FILE`: how well the first result's score tells whether the code
that is searched answers a question."""  # noqa: N999

from __future__ import annotations

import random
from argparse import ArgumentParser
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from django.core.management import CommandError

from codeindex.management import base
from codeindex.management.index import ADMINISTRATOR, existing_index
from embeddings.evaluation import questions
from embeddings.evaluation.questions import MalformedQuestions
from search import engine
from search.candidates.branches import UnknownRepository
from search.query import parsing
from search.query.filters import BadQuery, Field, Filter
from search.ranking.closeness import Closeness
from search.request import SearchRequest
from search.results import Result


class Command(base.Command):
    help = (
        "Ask questions (as for evaluate) of the repository that they are about and of another one;"
        " print how well the score of the first result tells the two apart (AUC), and how often"
        " it is called weak."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, metavar="FILE")
        parser.add_argument("--questions", type=int, default=200, help="how many are drawn")
        parser.add_argument("--seed", type=int, default=0, help="of the draw")

    def handle(self, *, file: Path, questions: int, seed: int, **options: Any) -> None:
        drawn = _draw(file, questions, random.Random(seed))  # noqa: S311  no secret
        try:
            with existing_index():
                own = [_first(text, name) for text, name, _ in drawn]
                others = [_first(text, other) for text, _, other in drawn]
        except (BadQuery, UnknownRepository) as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"{len(drawn)} questions, AUC {_auc(_scores(own), _scores(others)):.3f}")
        self.stdout.write(f"weak in the own repository: {_weak(own):.1%}")
        self.stdout.write(f"weak in another one: {_weak(others):.1%}")


def _draw(file: Path, count: int, chance: random.Random) -> list[tuple[str, str, str]]:
    """Questions, each with the repository that it is about and another one."""
    try:
        about = questions.read(file).repositories
    except (MalformedQuestions, OSError) as error:
        raise CommandError(str(error)) from error
    names = [own.name for own in about]
    if len(names) < 2:
        raise CommandError(f"{file} asks about one repository; at least two are needed.")
    asked = [(question.text, own.name) for own in about for question in own.questions]
    return [
        (text, name, chance.choice([other for other in names if other != name]))
        for text, name in chance.sample(asked, min(count, len(asked)))
    ]


def _first(text: str, repository: str) -> Result | None:
    query = parsing.parse_query(text, [Filter(Field.REPOSITORY, repository)])
    results = engine.answer(SearchRequest(ADMINISTRATOR, query, limit=1)).results
    return results[0] if results else None


def _scores(firsts: Sequence[Result | None]) -> Sequence[float]:
    return [first.score if first else 0.0 for first in firsts]


def _weak(firsts: Sequence[Result | None]) -> float:
    weak = [first is None or first.closeness == Closeness.WEAK for first in firsts]
    return sum(weak) / len(weak)


def _auc(higher: Sequence[float], lower: Sequence[float]) -> float:
    """How often a score of the first kind is above one of the second; a tie counts half."""
    differences = np.subtract.outer(higher, lower)
    return float(np.mean((differences > 0) + 0.5 * (differences == 0)))
