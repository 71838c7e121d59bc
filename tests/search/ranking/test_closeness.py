"""How close a result is, and that an answer says so where nothing is close."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User

from search import engine
from search.candidates.vectors import QueryVector
from search.ranking import closeness
from search.ranking.closeness import STRONG_SCORE, Closeness
from search.ranking.scoring import LITERAL, MENTION, NAME
from search.results import Score
from tests import shelf
from tests.search.asking import find
from tests.shelf import Written


@pytest.mark.parametrize(
    ("score", "expected"),
    [
        (Score(name=NAME), Closeness.EXACT),
        (Score(literal=LITERAL), Closeness.EXACT),
        (Score(name=MENTION), Closeness.WEAK),
        (Score(words=STRONG_SCORE), Closeness.STRONG),
        (Score(words=STRONG_SCORE - 0.1), Closeness.WEAK),
        (Score(words=STRONG_SCORE, repeated=-4.0), Closeness.STRONG),  # in a file of better ones
        (Score(words=STRONG_SCORE, rule=-2.0), Closeness.WEAK),
    ],
)
def test_closeness_is_read_from_the_score(score: Score, expected: Closeness) -> None:
    assert closeness.closeness(score) == expected


@pytest.mark.django_db
class TestAnswers:
    @pytest.fixture(autouse=True)
    def shop(self, alice: User, space, monkeypatch) -> None:
        shop = shelf.repository(alice)
        shelf.put(shop, "cart.py", Written("def add(): 'a cart'", "add", [1, 0, 0, 0]))
        near = QueryVector(space, [0.0, 1.0, 0.0, 0.0])
        monkeypatch.setattr(engine, "vector_for", lambda query, balance: (near, ""))

    def test_an_answer_says_that_nothing_is_close(self, alice: User) -> None:
        answer = find(alice, "unrelated nonsense")
        assert [str(result.closeness) for result in answer.results] == ["weak"]
        assert engine.NO_CLOSE_MATCH in answer.notices

    def test_what_is_named_is_exact(self, alice: User) -> None:
        answer = find(alice, "add")
        assert answer.results[0].closeness == Closeness.EXACT
        assert engine.NO_CLOSE_MATCH not in answer.notices
