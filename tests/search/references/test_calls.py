"""What calls a definition, and what it calls."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User

from codeindex.models import Repository
from search.references import callees, callers
from search.references.callees import CalleesRequest
from search.references.finding import ReferencesRequest
from tests import shelf
from tests.search.references.asking import called, calling, target
from tests.search.references.conftest import TOTALS


def test_callers_are_what_the_uses_stand_in(alice: User, shop: Repository) -> None:
    assert calling(alice, target("total", "shop/prices.py")) == [
        ("same_file", "refund", [10]),
        ("near", "Cart.pay", [10]),
        ("near", "order", [8]),
    ]


def test_code_outside_of_all_definitions_is_its_file(alice: User, shop: Repository) -> None:
    assert calling(alice, target("order", "shop/orders.py")) == [
        ("same_file", "later", [12]),
        ("same_file", "shop/orders.py", [15]),
    ]


def test_several_uses_are_one_caller(alice: User, shop: Repository) -> None:
    twice = "import prices\n\ndef twice():\n    prices.total(1)\n    prices.total(2)\n"
    shelf.put_source(shop, "twice.py", twice)
    assert ("near", "twice", [4, 5]) in calling(alice, target("total", "shop/prices.py"))


def test_callees_are_what_has_the_names_that_are_called(alice: User, shop: Repository) -> None:
    assert called(alice, target("order", "shop/orders.py")) == [
        ("same_repository", "Cart", [6], 1),
        ("same_repository", "Cart.add", [7], 2),
        ("same_repository", "total", [8], 1),
    ]
    assert called(alice, target("Cart.pay", "shop/cart.py")) == [
        ("same_file", "Cart.add", [9], 2),
        ("same_repository", "total", [10], 1),
    ]
    assert called(alice, target("Basket.fill", "shop/cart.py")) == [
        ("same_file", "Basket.add", [18], 2)
    ]


def test_other_repositories_are_asked_for_what_the_own_one_lacks(
    alice: User, shop: Repository
) -> None:
    tills = shelf.repository(alice, "tills")
    ring = "import prices\ndef ring():\n    prices.total()\n    bell()\n"
    shelf.put_source(tills, "till.py", ring)
    shelf.put_source(tills, "other.py", "def ring():\n    total()\n")
    shelf.put_source(tills, "bells.py", "def bell(): pass\n")
    assert called(alice, target("ring", "till.py", "tills")) == [
        ("other_repository", "total", [3], 1),
        ("same_repository", "bell", [4], 1),
    ]
    assert called(alice, target("ring", "other.py", "tills")) == []


def test_hidden_callers_and_callees_show_nowhere(
    alice: User, charlie: User, shop: Repository
) -> None:
    secret = shelf.repository(charlie, "secret")
    meant = target("order", "shop/orders.py")
    before = calling(alice, meant), called(alice, meant)
    shelf.put_source(secret, "a.py", "from shop.orders import order\n\ndef f(): order(append())\n")
    shelf.put_source(secret, "b.py", TOTALS + "\ndef sum(): pass\n\n\ndef append(): pass\n")
    assert (calling(alice, meant), called(alice, meant)) == before
    assert called(alice, target("refund", "shop/prices.py")) == [("same_file", "total", [10], 1)]


def test_many_callees_are_bounded(alice: User, shop: Repository) -> None:
    body = "".join(f"    f{number}()\n" for number in range(callees.MOST_NAMES + 1))
    functions = "".join(f"def f{number}(): pass\n" for number in range(callees.MOST_NAMES + 1))
    shelf.put_source(shop, "many.py", f"def many():\n{body}\n{functions}")
    meant = target("many", "many.py")
    found = callees.find(CalleesRequest(alice, meant))
    assert len(found.callees) == callees.MOST_NAMES
    assert [each.place.name for each in found.callees[:2]] == ["f0", "f1"]
    rest = callees.find(CalleesRequest(alice, meant, after=found.next))
    assert [each.place.name for each in rest.callees] == [f"f{callees.MOST_NAMES}"]
    assert rest.next is None


NESTED = """import prices


def outer():
    prices.total(1)

    def inner():
        prices.total(2)
    prices.total(3)
    return inner


prices.total(4)
"""


@pytest.mark.parametrize("limit", [1, 2, 3])
def test_pages_of_callers_hold_each_once(alice: User, shop: Repository, limit: int) -> None:
    shelf.put_source(shop, "nested.py", NESTED)
    meant = target("total", "shop/prices.py")
    whole = callers.find(ReferencesRequest(alice, meant, callers.MOST_LINES))
    assert whole.next is None
    assert [
        each.place and each.place.name
        for each in whole.callers
        if each.reference.file.path == "nested.py"
    ] == ["outer", "outer.inner", None]
    pages, after = [], None
    while not pages or after:
        page = callers.find(ReferencesRequest(alice, meant, limit, after))
        assert 1 <= len(page.callers) <= limit
        pages += page.callers
        after = page.next
    assert pages == [*whole.callers]


def test_callers_beyond_what_is_looked_up_are_on_further_pages(
    alice: User, shop: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    meant = target("total", "shop/prices.py")
    whole = callers.find(ReferencesRequest(alice, meant, callers.MOST_LINES)).callers
    monkeypatch.setattr(callers, "MOST_LINES", 2)
    first = callers.find(ReferencesRequest(alice, meant, 1_000))
    assert first.is_cut
    second = callers.find(ReferencesRequest(alice, meant, 1_000, first.next))
    assert [*first.callers, *second.callers] == [*whole]
