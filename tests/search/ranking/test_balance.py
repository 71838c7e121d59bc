"""The user's balance of words, meaning and structure, and what a score is made of."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from codeindex.models import Space
from search.candidates import scopes
from search.candidates.vectors import QueryVector
from search.query import parsing
from search.query.filters import BadQuery
from search.ranking import pages
from search.ranking.balance import EVEN, PRESETS, Balance, parse_balance
from search.ranking.scoring import TUNED
from search.results import Result, Score
from tests import shelf
from tests.shelf import Written

FULL = TUNED.meaning
EAST = [1.0, 0, 0, 0]
# What text and code add to each vector: their products with EAST are 0.5 and 0.1, 0.1 and 0.4.
BY_TEXT = Written("by text", "a", (0.6, 0.8, 0, 0), (0.1, 0, 0, 0))
BY_CODE = Written("by code", "b", (0.5, 0, 0.8, 0), (0.4, 0, 0, 0))  # The cosine is 0.53


@pytest.fixture(autouse=True)
def shop(space: Space, alice: User) -> None:
    made = shelf.repository(alice)
    shelf.put(made, "text.py", BY_TEXT)
    shelf.put(made, "code.py", BY_CODE)


def ranked(
    alice: User, space: Space, balance: Balance = EVEN, text: str = "anything"
) -> Sequence[Result]:
    query_vector = QueryVector(space, EAST, balance)
    query, scope = parsing.parse_query(text), scopes.scope_for(alice)
    return pages.ranked_page(query, query_vector, scope, 10).results


def paths(results: Sequence[Result]) -> list[str]:
    return [result.definition.place.path for result in results]


def test_each_half_decides_where_it_is_preferred(alice: User, space: Space) -> None:
    assert paths(ranked(alice, space)) == ["text.py", "code.py"]
    assert paths(ranked(alice, space, PRESETS["meaning"])) == ["text.py", "code.py"]
    assert paths(ranked(alice, space, PRESETS["structure"])) == ["code.py", "text.py"]


def test_a_half_alone_counts_in_full(alice: User, space: Space) -> None:
    results = ranked(alice, space, Balance(words=0, meaning=0, structure=1))
    parts = [result.parts for result in results if result.parts]
    assert [part.structure for part in parts] == [
        pytest.approx(FULL * cosine, abs=1e-2) for cosine in (0.6, 0.53)
    ]
    assert not any(part.words or part.path or part.meaning for part in parts)


def test_words_decide_where_they_are_preferred(alice: User, space: Space) -> None:
    words = ranked(alice, space, Balance(words=1, meaning=0, structure=0), "code")
    assert paths(words) == ["code.py", "text.py"]
    assert paths(ranked(alice, space, PRESETS["words"], "code")) == ["code.py", "text.py"]


@pytest.mark.parametrize("balance", PRESETS.values())
def test_the_parts_are_the_score(alice: User, space: Space, balance: Balance) -> None:
    for result in ranked(alice, space, balance, "by.code"):
        assert result.parts is not None
        assert result.parts.total == result.score


def test_a_similarity_is_divided_as_its_cosine(alice: User, space: Space) -> None:
    first = ranked(alice, space)[0].parts
    assert first is not None
    assert first.structure == pytest.approx(FULL * 0.1, abs=1e-2)
    assert first.meaning == pytest.approx(FULL * 0.5, abs=1e-2)


def test_a_vector_that_is_not_divided_is_meaning(alice: User, space: Space) -> None:
    shelf.put(shelf.repository(alice, "old"), "old.py", Written("old", "old", EAST))
    old = ranked(alice, space)[0]
    assert old.definition.place.path == "old.py"
    assert old.parts is not None
    assert (old.parts.meaning, old.parts.structure) == (FULL, None)


def test_where_many_are_visible_the_nearest_whole_vectors_are_compared(
    alice: User, space: Space, settings: Any
) -> None:
    settings.CODEINDEX_EXACT_TEXTS = 0
    assert paths(ranked(alice, space, PRESETS["structure"])) == ["code.py", "text.py"]


@pytest.mark.parametrize(
    "text", ["code", "1", "1,1", "0,0,0", "1,1,2", "1,1,1,1", "1,-1,1", "nan,1,1", "١,1,1"]
)  # fmt: skip
def test_says_what_a_balance_is(alice: User, client: Client, text: str) -> None:
    with pytest.raises(BadQuery, match="Use even, words, meaning, structure, or three numbers"):
        parse_balance(text)
    client.force_login(alice)
    for address in ("/", "/api/v1/search"):
        answer = client.get(address, {"q": "anything", "balance": text})
        assert answer.status_code == 400


def test_a_balance_has_a_name_or_three_numbers() -> None:
    assert parse_balance("even") == parse_balance("1,1,1") == EVEN
    assert parse_balance("0.2,0,1") == PRESETS["structure"]


def test_the_page_keeps_the_balance_and_rest_shows_the_parts(client: Client, alice: User) -> None:
    Space.objects.all().delete()  # by words alone, without an encoder
    client.force_login(alice)
    shown = client.get("/", {"q": "code", "balance": "words"}).content.decode()
    assert '<option value="words" selected>' in shown
    assert 'style="' not in shown  # which the content security policy would ignore
    first = client.get("/api/v1/search", {"q": "code"}).json()["results"][0]
    assert first["score"] == pytest.approx(sum(part or 0 for part in first["score_parts"].values()))
    assert set(first["score_parts"]) == set(Score._fields)
