"""A list of results is the same, whatever pages it is read in."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.contrib.auth.models import User
from django.test import Client

from codeindex.models import Repository, SourceFile, Space
from search.candidates import path_rules, scopes
from search.candidates.path_rules import Order
from search.candidates.retrieval import DEPTHS
from search.candidates.vectors import QueryVector
from search.query import parsing
from search.ranking import paging
from search.ranking.pages import ranked_page
from search.ranking.paging import Key, Position
from search.results import Group
from tests import shelf
from tests.search.asking import find
from tests.shelf import Written

TEXTS = DEPTHS[1] + 100
KEY = Key(0, -3.0, "a", 1, 1)


@pytest.fixture
def shop(space: Space, alice: User) -> Repository:
    """Code at all distances, of which some is tests, and some has words of the query."""
    repository = shelf.repository(alice)
    shelf.put_many(repository, [[1.0, number / TEXTS, 0, 0] for number in range(TEXTS)])
    for number in range(20):
        folder = "tests" if number % 3 else f"v{number % 4}/deep"
        written = Written(f"def at{number}(): rows {number}", f"at{number}", (1, number / 20, 0, 0))
        shelf.put(repository, f"{folder}/rows{number}.py", written)
    return repository


def pages(
    user: User, space: Space, limit: int, group: Group = Group.DEFINITION, text: str = "rows of it"
) -> Iterator[list[str]]:
    """The addresses of results, page by page, until there is no next one."""
    query = parsing.parse_query(text)
    rules = path_rules.active_rules(query, Order.IMPLEMENTATIONS)
    after = None
    while True:
        scope = scopes.scope_for(user, query.filters)
        vector = QueryVector(space, [1.0, 0.0, 0.0, 0.0])
        page = ranked_page(query, vector, scope, limit, rules, group, after)
        yield [result.definition.place.url for result in page.results]
        if page.next is None:
            return
        after = paging.position(page.next.written())


def read(user: User, space: Space, limit: int, group: Group = Group.DEFINITION) -> list[str]:
    return [url for page in pages(user, space, limit, group) for url in page]


@pytest.mark.usefixtures("shop")
@pytest.mark.parametrize(
    ("group", "count", "limit"), [(Group.DEFINITION, TEXTS + 20, 83), (Group.FILE, 21, 4)]
)
def test_pages_of_all_sizes_make_the_same_whole_list(
    alice: User, space: Space, group: Group, count: int, limit: int
) -> None:
    whole = read(alice, space, 200, group)
    assert len(whole) == len(set(whole)) == count
    assert read(alice, space, limit, group) == whole


def test_what_is_added_between_two_pages_moves_nothing(
    alice: User, space: Space, shop: Repository
) -> None:
    before = read(alice, space, 100)
    in_pages = pages(alice, space, 100)
    first = next(in_pages)
    shelf.put(shop, "rows.py", Written("def rows(): rows of it", "rows", (1, 0, 0, 0)))
    assert [*first, *(url for page in in_pages for url in page)] == before


@pytest.mark.usefixtures("shop")
def test_what_is_removed_between_two_pages_moves_nothing(alice: User, space: Space) -> None:
    before = read(alice, space, 100)
    in_pages = pages(alice, space, 100)
    first = next(in_pages)
    SourceFile.objects.filter(path__contains="rows1").delete()
    rest = [url for page in in_pages for url in page]
    assert [*first, *rest] == [url for url in before if url in {*first, *rest}]
    assert len(rest) >= len(before) - 100 - 11


@pytest.mark.usefixtures("shop")
def test_the_next_page_of_rest_goes_on_after_the_one_before(alice: User, client: Client) -> None:
    client.force_login(alice)
    seen: list[str] = []
    cursor = ""
    for _ in range(3):
        parameters = {"q": "rows", "limit": 7, "cursor": cursor}
        answer = client.get("/api/v1/search", parameters).json()
        seen += [result["url"] for result in answer["results"]]
        cursor = answer["next"]
    assert len(set(seen)) == 20
    assert cursor == ""


def test_the_page_leads_to_the_next_one(alice: User, client: Client) -> None:
    repository = shelf.repository(alice)
    for number in range(230):
        shelf.put(repository, f"rows{number}.py", Written(f"def f{number}(): rows {number}", "f"))
    client.force_login(alice)
    first = client.get("/", {"q": "rows", "limit": 200})
    assert "200 results" in first.content.decode()
    second = client.get(f"/?{first.context['more']}")
    assert "Results 201 to 230" in second.content.decode()
    assert 'start="201"' in second.content.decode()
    assert not second.context["more"]


@pytest.mark.parametrize(
    "cursor",
    ["x", "W10", "WzEsMiwzXQ", "é", *(Position(shown, KEY).written() for shown in (-5, 0, 10**30))],
)
@pytest.mark.parametrize("text", ["rows", "kind:class"])
def test_a_cursor_that_no_answer_gave_is_refused(alice: User, cursor: str, text: str) -> None:
    with pytest.raises(parsing.BadQuery, match="not one that an answer gave"):
        find(alice, text, cursor=cursor)


def test_a_cursor_of_anything_is_a_place_in_the_list() -> None:
    keys = [Key(0, -3.0, "a", 1, 1), Key(0, -2.0, "b", 1, 1), Key(1, -5.0, "c", 1, 1)]
    for shown in (-1, 0, 1, 99):
        for last in (*keys, Key(-1, float("nan"), "", 0, 0), Key(9, 0.0, "", 0, 0)):
            assert 0 <= paging.start(keys, Position(shown, last)) <= len(keys)
