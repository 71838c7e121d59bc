"""References on pages and over REST."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from codeindex.models import Repository, SourceFile, Visibility
from codeindex.web.ids import Row, opaque
from search.web.rest.references_serializers import (
    CalleeSerializer,
    CalleesSerializer,
    CallerSerializer,
    CallersSerializer,
    ReferenceSerializer,
    ReferencesSerializer,
)
from tests import shelf
from tests.search.references.conftest import CART, ORDERS, PRICES


@pytest.fixture
def shop(alice: User, client: Client) -> Repository:
    made = shelf.repository(alice)
    for name, source in {"cart": CART, "prices": PRICES, "orders": ORDERS}.items():
        shelf.put_source(made, f"shop/{name}.py", source)
    client.force_login(alice)
    return made


def place(path: str, name: str) -> list[int]:
    file = SourceFile.objects.get(path=path)
    return [file.pk, file.blob.definitions.get(qualified_name=name).pk]


def page(client: Client, path: str, name: str, **parameters: object) -> str:
    response = client.get(reverse("references", args=place(path, name)), parameters)
    assert response.status_code == 200
    return response.content.decode()


def rest(client: Client, what: str, name: str, **parameters: object) -> dict[str, Any]:
    _, definition = place("shop/prices.py" if name == "total" else "shop/orders.py", name)
    response = client.get(reverse(f"api-{what}", args=[definition]), parameters)
    assert response.status_code == 200, response.content
    answer: dict[str, Any] = response.json()
    return answer


def test_the_page_of_a_definition_leads_to_its_references(client: Client, shop: Repository) -> None:
    at = place("shop/prices.py", "total")
    shown = client.get(reverse("definition", args=at)).content.decode()
    assert f'data-poll="{reverse("references", args=at)}"' in shown
    shelf.put_source(shop, "notes.md", "# Notes\n\nOf what is sold.\n")
    notes = client.get(reverse("definition", args=place("notes.md", "Notes"))).content.decode()
    assert "data-poll" not in notes


def test_the_page_shows_lines_by_file_with_the_name_marked(
    client: Client, shop: Repository
) -> None:
    shown = page(client, "shop/prices.py", "total")
    assert shown.index("In the same file (1)") < shown.index("In files that import it")
    assert "return -<mark>total</mark>(articles)" in shown.replace(
        '<span class="keyword">return</span>', "return"
    )
    file = reverse("file", args=[SourceFile.objects.get(path="shop/cart.py").pk])
    assert f"{file}#L10" in shown
    called_by = shown.index("Called by")
    assert shown.index("Cart.pay", called_by) > 0


def test_the_page_shows_what_a_definition_calls(client: Client, shop: Repository) -> None:
    shown = page(client, "shop/orders.py", "order")
    calls = shown[shown.index("<h2>Calls</h2>") :]
    assert reverse("definition", args=place("shop/prices.py", "total")) in calls
    assert "one of 2 definitions" in calls


def test_the_page_leads_to_the_next_one(client: Client, shop: Repository) -> None:
    first = page(client, "shop/prices.py", "total", limit=2)
    cursor = rest(client, "references", "total", limit=2)["next"]
    assert f"cursor={cursor.replace('=', '%3D')}" in first
    second = page(client, "shop/prices.py", "total", cursor=cursor)
    assert "In the same file" not in second
    assert "prices.<mark>total</mark>" in second


def test_a_definition_that_is_not_used_says_so(client: Client, shop: Repository) -> None:
    assert "No uses of this name were found" in page(client, "shop/orders.py", "later")


def test_source_is_escaped(client: Client, alice: User) -> None:
    shelf.put_source(shelf.repository(alice), "a.py", "def f(): pass\n\nf('<script>')\n")
    client.force_login(alice)
    shown = page(client, "a.py", "f")
    assert "&lt;script&gt;" in shown
    assert "<script>&" not in shown


def test_rest_lists_references(client: Client, shop: Repository) -> None:
    answer = rest(client, "references", "total")
    assert (answer["name"], answer["count"], answer["more"], answer["definitions"]) == (
        "total", 4, False, 1,
    )  # fmt: skip
    assert answer["counts"] == {"same_file": 1, "near": 3}
    assert answer["next"] == ""
    assert answer.keys() == ReferencesSerializer().fields.keys()
    first = answer["references"][0]
    assert first.keys() == ReferenceSerializer().fields.keys()
    assert first["kinds"] == ["call"]
    assert first["source"] == "    return -total(articles)"
    assert first["around"]["qualified_name"] == "refund"
    assert client.get(first["url"]).status_code == 200


def test_rest_lists_callers_and_callees(client: Client, shop: Repository) -> None:
    callers = rest(client, "callers", "total")
    assert callers.keys() == CallersSerializer().fields.keys()
    assert callers["callers"][0].keys() == CallerSerializer().fields.keys()
    assert [each["definition"]["qualified_name"] for each in callers["callers"]] == [
        "refund", "Cart.pay", "order",
    ]  # fmt: skip
    callees = rest(client, "callees", "order")
    assert callees.keys() == CalleesSerializer().fields.keys()
    assert callees["callees"][0].keys() == CalleeSerializer().fields.keys()
    assert [each["definition"]["qualified_name"] for each in callees["callees"]] == [
        "Cart", "Cart.add", "total",
    ]  # fmt: skip


@pytest.mark.parametrize(("what", "of"), [("callers", "total"), ("callees", "order")])
def test_rest_pages_callers_and_callees(
    client: Client, shop: Repository, what: str, of: str
) -> None:
    whole = rest(client, what, of)[what]
    cursor, pages = "", []
    while not pages or cursor:
        answer = rest(client, what, of, limit=1, cursor=cursor)
        pages += answer[what]
        cursor = answer["next"]
        assert answer["more"] == bool(cursor)
    assert pages == whole
    _, definition = place("shop/prices.py", "total")
    wrong = client.get(reverse(f"api-{what}", args=[definition]), {"cursor": "x"})
    assert wrong.json()["errors"].keys() == {"cursor"}


def test_a_file_chooses_the_place_that_is_meant(
    client: Client, alice: User, shop: Repository
) -> None:
    copy = shelf.repository(alice, "copy")
    shelf.put_source(copy, "longer/path/to/prices.py", PRICES)
    shelf.put_source(copy, "longer/path/to/use.py", "import prices\nprices.total(7)\n")
    there = SourceFile.objects.get(path="longer/path/to/prices.py").pk
    assert rest(client, "references", "total")["references"][0]["repository"] == "shop"
    chosen = rest(client, "references", "total", file=opaque(Row.FILE, there))
    assert chosen["references"][0]["repository"] == "copy"


@pytest.mark.parametrize("what", ["references", "callers", "callees"])
def test_a_hidden_definition_is_an_unknown_one(
    client: Client, charlie: User, shop: Repository, what: str
) -> None:
    file, definition = place("shop/prices.py", "total")
    address = reverse(f"api-{what}", args=[definition])
    for given in ({"file": "x"}, {"file": opaque(Row.FILE, file + 10**6)}):
        assert client.get(address, given).status_code == 404
    client.force_login(charlie)
    assert client.get(address).status_code == 404
    assert client.get(reverse("references", args=[file, definition])).status_code == 404


def test_a_shared_content_shows_only_visible_places(
    client: Client, charlie: User, shop: Repository
) -> None:
    """The same blob lies in Charlie's repository: he sees that alone."""
    own = shelf.repository(charlie, "own")
    shelf.put_source(own, "prices.py", PRICES)
    client.force_login(charlie)
    answer = rest(client, "references", "total")
    assert {each["repository"] for each in answer["references"]} == {"own"}
    assert answer["count"] == 1


def test_without_an_account_what_is_public_is_found(alice: User, client: Client) -> None:
    public = shelf.repository(alice, visibility=Visibility.PUBLIC)
    shelf.put_source(public, "shop/prices.py", PRICES)
    assert rest(client, "references", "total")["count"] == 1


@pytest.mark.parametrize(
    ("parameters", "field"), [({"limit": "0"}, "limit"), ({"cursor": "made up"}, "cursor")]
)
def test_a_bad_parameter_gets_the_reason(
    client: Client, shop: Repository, parameters: dict[str, str], field: str
) -> None:
    file, definition = place("shop/prices.py", "total")
    response = client.get(reverse("api-references", args=[definition]), parameters)
    assert response.status_code == 400
    assert [*response.json()["errors"]] == [field]
    assert client.get(reverse("references", args=[file, definition]), parameters).status_code == 400


def test_references_that_take_too_long_are_stopped(
    client: Client, shop: Repository, settings: Any
) -> None:
    settings.CODEINDEX_SEARCH_SECONDS = 0
    file, definition = place("shop/prices.py", "total")
    for what in ("references", "callers", "callees"):
        assert client.get(reverse(f"api-{what}", args=[definition])).status_code == 503
    assert client.get(reverse("references", args=[file, definition])).status_code == 503
