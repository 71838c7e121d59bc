"""What a search finds under `AND`, `OR`, `NOT` and brackets, beside an evaluation in Python."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from django.contrib.auth.models import AnonymousUser, User
from hypothesis import HealthCheck, given, settings, strategies

from codeindex.models import Visibility
from search.candidates import relaxation
from search.candidates.branches import UnknownRepository
from tests import shelf
from tests.search.asking import find
from tests.shelf import Written

pytestmark = pytest.mark.django_db


@dataclass(frozen=True)
class Shelved:
    repository: str
    path: str
    words: frozenset[str]

    def fits(self, leaf: str) -> bool:
        field, _, value = leaf.rpartition(":")
        if field == "repo":
            return self.repository == value
        if field == "path":
            return value in self.path
        return value.strip('"') in self.words


SHELVED = {
    f"f{number}": Shelved(repository, path, frozenset(words.split()))
    for number, (repository, path, words) in enumerate(
        [
            ("shop", "src/load.py", "load csv"),
            ("shop", "src/both.py", "load csv json"),
            ("shop", "tests/load.py", "load json"),
            ("till", "src/load.py", "load"),
            ("till", "tests/till.py", "load csv"),
            ("till", "tests/rows.py", "load json rows"),
        ]
    )
}
LEAVES = ["repo:shop", "repo:till", "path:src", "path:tests", "csv", "json", '"rows"']


@pytest.fixture(autouse=True)
def shelves(alice: User) -> None:
    repositories = {name: shelf.repository(alice, name) for name in ("shop", "till")}
    for name, each in SHELVED.items():
        body = f"def {name}(): {' '.join(sorted(each.words))}"
        shelf.put(repositories[each.repository], each.path, Written(body, name))


def names(user: User | AnonymousUser, text: str) -> set[str]:
    answer = find(user, text, limit=50)
    return {result.definition.place.qualified_name for result in answer.results}


@dataclass(frozen=True)
class Condition:
    """An expression as it is typed, with what it keeps."""

    typed: str
    kept: frozenset[str]


def leaf(typed: str) -> Condition:
    return Condition(typed, frozenset(name for name, each in SHELVED.items() if each.fits(typed)))


def negation(operand: Condition) -> Condition:
    return Condition(f"NOT ({operand.typed})", frozenset(SHELVED) - operand.kept)


def combination(operands: tuple[Condition, str, Condition]) -> Condition:
    first, operator, second = operands
    kept = first.kept | second.kept if operator == "OR" else first.kept & second.kept
    return Condition(f"({first.typed}) {operator} ({second.typed})", kept)


CONDITIONS = strategies.recursive(
    strategies.sampled_from(LEAVES).map(leaf),
    lambda inner: (
        inner.map(negation)
        | strategies.tuples(inner, strategies.sampled_from(["AND", "OR"]), inner).map(combination)
    ),
    max_leaves=8,
)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(CONDITIONS, CONDITIONS)
def test_what_is_found_is_what_the_conditions_keep(
    alice: User, first: Condition, second: Condition
) -> None:
    typed = f'load ({first.typed}) OR "no such thing" ({second.typed}) AND "load"'
    assert names(alice, typed) == first.kept & second.kept


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("load NOT path:tests", {"f0", "f1", "f3"}),
        ("(repo:shop OR repo:till) load NOT csv", {"f2", "f3", "f5"}),
        ("load csv AND json", {"f1"}),
        ("load (csv OR rows) repo:till", {"f4", "f5"}),
        ("load (repo:shop path:src) OR repo:till NOT json", {"f0", "f3", "f4"}),
        ("kind:function load lang:python AND (csv OR lang:go)", {"f0", "f1", "f4"}),
    ],
)
def test_words_and_filters_are_combined(alice: User, typed: str, kept: set[str]) -> None:
    assert names(alice, typed) == kept


def test_words_that_no_text_fits_are_searched_for(alice: User) -> None:
    answer = find(alice, "load AND backoff")
    assert len(answer.results) == len(SHELVED)
    assert relaxation.OPERATORS_AS_WORDS in answer.notices


def test_filters_that_no_text_fits_are_kept(alice: User) -> None:
    answer = find(alice, "load csv AND path:nowhere")
    assert not answer.results
    assert relaxation.NOTHING_FITS in answer.notices


def test_an_expression_opens_no_hidden_repository(alice: User, charlie: User) -> None:
    own = shelf.repository(charlie, "own")
    shelf.put(own, "load.py", Written("def own(): load csv", "own"))
    assert names(charlie, "load NOT path:nowhere") == {"own"}
    assert names(charlie, "load csv OR json") == {"own"}
    assert names(AnonymousUser(), "load csv OR json") == set()
    for typed in ("load repo:shop OR repo:own", "load NOT (repo:shop OR csv)"):
        with pytest.raises(UnknownRepository, match=r"There is no repository shop\.$"):
            find(charlie, typed)


def test_repositories_alone_narrow_the_search_before_it(alice: User) -> None:
    public = shelf.repository(alice, "open", visibility=Visibility.PUBLIC)
    shelf.put(public, "load.py", Written("def open(): load", "open"))
    assert names(alice, "load repo:open OR repo:till") == {"open", "f3", "f4", "f5"}
    assert names(alice, "load NOT (repo:shop OR repo:till)") == {"open"}
