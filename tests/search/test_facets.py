"""How results are distributed, counted in what a search has compared."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import AnonymousUser, User

from codeindex.models import Repository
from search import engine, facets
from search.query.filters import Field
from search.request import parse_search
from search.results import Answer, Compared
from tests import shelf
from tests.shelf import Written


def counted(answer: Answer, folder: str = "") -> dict[Field, dict[str, int]]:
    return {
        facet.field: {each.value: each.count for each in facet.values}
        for facet in facets.facets_of(answer, folder)
    }


def asked(user: User | AnonymousUser, **parameters: str) -> Answer:
    return engine.answer(parse_search(user, {name: [each] for name, each in parameters.items()}))


@pytest.fixture
def shop(alice: User) -> Repository:
    made = shelf.repository(alice, "shop")
    for path in ("src/a.py", "src/deep/b.py", "tests/test_a.py"):
        shelf.put(made, path, Written(f"def csv(): '{path}'", "csv"))
    shelf.put(made, "top.py", Written("class Csv: ...", "Csv", kind="class"))
    return made


def test_values_are_counted_in_all_results_not_only_in_those_shown(
    alice: User, shop: Repository
) -> None:
    answer = asked(alice, q="csv", limit="1")
    assert answer.is_complete
    assert counted(answer) == {
        Field.KIND: {"function": 3, "class": 1},
        Field.PATH: {"/src/**": 2, "/tests/**": 1},
        Field.LABEL: {"implementation": 3, "test": 1},
    }
    assert counted(answer, "src")[Field.PATH] == {"/src/deep/**": 1}


def test_each_value_keeps_as_many_results_as_it_says(alice: User, shop: Repository) -> None:
    for field, values in counted(asked(alice, q="csv")).items():
        for value, count in values.items():
            assert len(asked(alice, q="csv", **{field: value}).results) == count, (field, value)


def test_filters_alone_have_facets_too(alice: User, shop: Repository) -> None:
    answer = asked(alice, repo="shop", limit="1")
    assert counted(answer)[Field.KIND] == {"function": 3, "class": 1}


def test_only_what_may_be_found_is_counted(alice: User, charlie: User, shop: Repository) -> None:
    own = shelf.repository(charlie, "own")
    shelf.put(own, "a.py", Written("def csv(): ...", "csv"))
    shelf.put(own, "b.py", Written("class Csv: ...", "Csv", kind="class"))
    assert counted(asked(charlie, q="csv")) == {Field.KIND: {"class": 1, "function": 1}}
    everywhere = counted(asked(User.objects.create_superuser("root"), q="csv"))
    assert everywhere[Field.REPOSITORY] == {"alice/shop": 3, "charlie/own": 2}


@pytest.mark.django_db
def test_a_value_that_all_results_have_is_no_facet() -> None:
    alike = [Compared(1, "a.py", "python", "function")] * 2
    assert facets.facets_of(Answer("", [], [], compared=alike)) == []
    other = Compared(1, "a.go", "go", "function")
    (facet,) = facets.facets_of(Answer("", [], [], compared=[*alike, other]))
    assert [(each.value, each.count) for each in facet.values] == [("python", 2), ("go", 1)]
