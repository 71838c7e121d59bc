"""What a score comes from adds up to it, and is that of the list of results."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser, User
from django.test import Client

from codeindex.models import Definition, Repository
from search import engine, explanations
from search.ranking.balance import PRESETS
from search.request import parse_search
from tests import shelf
from tests.shelf import Written

QUERIES = ("load a csv", "load", "load_csv", "csv in deep folder", "lines of a file")


@pytest.fixture
def shop(alice: User) -> Repository:
    made = shelf.repository(alice, "shop")
    shelf.put(made, "src/deep/folder/csv.py", Written("def load_csv(path): csv.read", "load_csv"))
    shelf.put(made, "src/load.py", Written("def load(csv): lines of a file", "load"))
    shelf.put(made, "tests/test_load.py", Written("def test_load(): load a csv", "test_load"))
    shelf.put(made, "top.py", Written("import csv, file", "", kind="block"))
    return made


def parameters(query: str, **more: str) -> Any:
    return {name: [each] for name, each in {"q": query, **more}.items()}


@pytest.mark.parametrize("balance", PRESETS)
@pytest.mark.parametrize("query", QUERIES)
def test_parts_and_their_terms_add_up_to_the_score_of_the_list(
    alice: User, shop: Repository, query: str, balance: str
) -> None:
    asked = parse_search(alice, parameters(query, balance=balance))
    results = engine.answer(asked).results
    assert results
    for result in results:
        definition = Definition.objects.get(pk=result.definition.place.definition_id)
        found = explanations.explain_score(asked, definition)
        assert found is not None
        assert found.score == result.parts
        assert found.closeness == result.closeness
        assert sum(each.points for each in found.reasons) == pytest.approx(result.score)
        for reason in found.reasons:
            assert sum(term.points for term in reason.terms) == pytest.approx(reason.points)


def test_words_say_where_they_stand(alice: User, shop: Repository) -> None:
    asked = parse_search(alice, parameters("loading csv deep"))
    definition = Definition.objects.get(name="load_csv")
    found = explanations.explain_score(asked, definition)
    assert found is not None
    places = {each.word: list(each.places) for each in found.words}
    assert places == {
        "loading": ["text", "name"],
        "csv": ["text", "name", "path"],
        "deep": ["path"],
    }


def test_what_a_search_does_not_compare_has_no_score(alice: User, shop: Repository) -> None:
    asked = parse_search(alice, parameters("csv", kind="class"))
    assert explanations.explain_score(asked, Definition.objects.get(name="load_csv")) is None
    listed = parse_search(alice, parameters("", kind="function"))
    assert explanations.explain_score(listed, Definition.objects.get(name="load_csv")) is None


def test_a_stranger_s_search_has_no_score_of_hidden_code(shop: Repository) -> None:
    asked = parse_search(AnonymousUser(), parameters("csv"))
    assert explanations.explain_score(asked, Definition.objects.get(name="load_csv")) is None


def test_the_page_shows_the_number_that_rest_has(
    client: Client, alice: User, shop: Repository
) -> None:
    client.force_login(alice)
    (first, *_) = client.get("/api/v1/search", {"q": "load a csv"}).json()["results"]
    listed = client.get("/", {"q": "load a csv", "group": "definition"}).content.decode()
    why = next(each for each in listed.split('"') if "/why/?" in each).replace("&amp;", "&")
    page = client.get(why).content.decode()
    assert f"Score: {first['score']:.2f}" in page


def test_the_page_says_what_is_wrong_with_a_search(
    client: Client, alice: User, shop: Repository
) -> None:
    client.force_login(alice)
    listed = client.get("/", {"q": "csv"}).content.decode()
    why = next(each for each in listed.split('"') if "/why/?" in each).partition("?")[0]
    for asked, status, reason in (
        ({"q": "csv", "repo": "none"}, 404, "There is no repository none."),
        ({"q": "x" * 2_001}, 400, "2,001 characters"),
        ({"q": "csv", "kind": "class"}, 200, "is not among those that were compared"),
    ):
        answer = client.get(why, asked)
        assert (answer.status_code, reason in answer.content.decode()) == (status, True)
