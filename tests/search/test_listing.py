"""A query of filters alone lists what they keep."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import AnonymousUser, User
from django.test import Client

from codeindex.models import Repository
from search.candidates import relaxation
from tests import shelf
from tests.search.asking import find
from tests.shelf import Written

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def shop(alice: User) -> Repository:
    shop = shelf.repository(alice, "shop")
    for number in range(12):
        written = Written(f"class C{number}: ...", f"C{number}", kind="class")
        shelf.put(shop, f"{number:02}.py", written)
    shelf.put(shop, "old/03.py", Written("class C3: ...", "C3", kind="class"))
    shelf.put(shop, "load.py", Written("def load(): rows", "load"))
    return shop


def names(user: User | AnonymousUser, text: str, **parameters: object) -> list[str]:
    answer = find(user, text, **parameters)
    return [result.definition.place.qualified_name for result in answer.results]


def test_all_that_the_filters_keep_are_listed_by_path(alice: User) -> None:
    assert names(alice, "kind:class", limit=50) == [f"C{number}" for number in range(12)]
    assert names(alice, "", kind="function") == ["load"]
    assert names(alice, "NOT rows path:0", limit=3) == ["C0", "C1", "C2"]
    assert names(alice, "path:old OR kind:function") == ["load", "C3"]


def test_the_list_has_pages(alice: User) -> None:
    seen, cursor = [], ""
    for size in (5, 5, 2):
        answer = find(alice, "kind:class", limit=5, cursor=cursor)
        assert len(answer.results) == size
        seen += [result.definition.place.qualified_name for result in answer.results]
        cursor = answer.next
    assert seen == [f"C{number}" for number in range(12)]
    assert cursor == ""


def test_nothing_hidden_is_listed(charlie: User) -> None:
    assert names(charlie, "kind:class") == []
    assert names(AnonymousUser(), "kind:class") == []


def test_filters_that_keep_nothing_say_so(alice: User) -> None:
    answer = find(alice, "kind:class AND lang:go")
    assert (list(answer.results), list(answer.notices)) == ([], [relaxation.NOTHING_FITS])


def test_the_page_lists_them_without_scores(alice: User, client: Client) -> None:
    client.force_login(alice)
    page = client.get("/", {"q": "kind:class"})
    assert page.status_code == 200
    assert "C11" not in page.content.decode()  # the eleventh and twelfth come after asking for more
    assert "Score" not in page.content.decode()
    assert "C11" in client.get(f"/?{page.context['more']}").content.decode()
    assert "load.py" in client.get("/", {"q": "", "kind": "function"}).content.decode()


def test_no_query_at_all_is_the_start_page(alice: User, client: Client) -> None:
    client.force_login(alice)
    for address in ("/", "/?q=", "/?q=+&repository=&order=plain"):
        page = client.get(address)
        assert (page.status_code, page.templates[0].name) == (200, "search/home.html")
