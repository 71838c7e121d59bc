"""Which uses of a name are found for a definition, in which order, and as how likely."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User

from codeindex.cursors import written
from codeindex.models import NamesUsed, Repository
from search.candidates import sql
from search.query.filters import BadQuery
from search.references import finding, users
from tests import shelf
from tests.search.references.asking import find, lines, target
from tests.search.references.conftest import CART, PRICES, TOTALS


def test_a_function_is_found_where_it_is_used(alice: User, shop: Repository) -> None:
    assert lines(alice, target("total", "shop/prices.py")) == [
        ("same_file", "shop/prices.py", 10),
        ("near", "shop/cart.py", 1),
        ("near", "shop/cart.py", 10),
        ("near", "shop/orders.py", 8),
    ]


def test_an_excerpt_shows_the_line_and_what_is_around(alice: User, shop: Repository) -> None:
    found = find(alice, target("total", "shop/prices.py"))
    assert [(each.text.strip(), each.around and each.around.name) for each in found.excerpts] == [
        ("return -total(articles)", "refund"),
        ("from shop.prices import total", None),
        ("return total(self.articles)", "Cart.pay"),
        ("return prices.total(articles)", "order"),
    ]
    assert [kind.name for each in found.excerpts for kind in each.reference.kinds] == [
        "CALL", "IMPORT", "CALL", "CALL",
    ]  # fmt: skip


def test_a_module_is_found_by_the_last_part_of_its_name(alice: User, shop: Repository) -> None:
    shelf.put_source(shop, "lib/conn.ex", "defmodule Plug.Conn do\n  def send(c), do: c\nend\n")
    router = "defmodule Router do\n  alias Plug.Conn\n  def go(c), do: Conn.send(c)\nend\n"
    shelf.put_source(shop, "lib/router.ex", router)
    assert [line[1:] for line in lines(alice, target("Plug.Conn", "lib/conn.ex"))] == [
        ("lib/router.ex", 2),
        ("lib/router.ex", 3),
    ]


def test_the_lines_of_the_definition_itself_are_left_out(alice: User, shop: Repository) -> None:
    shelf.put_source(shop, "tree.py", "def walk(node):\n    for each in node: walk(each)\n")
    assert lines(alice, target("walk", "tree.py")) == []


def test_self_means_the_class_around(alice: User, shop: Repository) -> None:
    assert lines(alice, target("Cart.add", "shop/cart.py")) == [
        ("same_file", "shop/cart.py", 9),
        ("near", "shop/orders.py", 7),
        ("unlikely", "shop/cart.py", 18),
    ]
    first, *_ = lines(alice, target("Basket.add", "shop/cart.py"))
    assert first == ("same_file", "shop/cart.py", 18)


def test_self_elsewhere_means_a_class_that_inherits(alice: User, shop: Repository) -> None:
    inherits = "from shop.cart import Cart\n\nclass Gift(Cart):\n    def wrap(self): self.add(1)\n"
    stranger = "class Sum:\n    def two(self): self.add(2)\n"
    shelf.put_source(shop, "gifts.py", inherits)
    shelf.put_source(shop, "sums.py", stranger)
    found = lines(alice, target("Cart.add", "shop/cart.py"))
    assert ("near", "gifts.py", 4) in found
    assert ("unlikely", "sums.py", 2) in found


def test_a_file_with_its_own_definition_rather_means_that(alice: User, shop: Repository) -> None:
    shelf.put_source(shop, "statistics.py", TOTALS)
    meant = target("total", "shop/prices.py")
    assert lines(alice, meant)[-1] == ("unlikely", "statistics.py", 6)
    found = find(alice, meant)
    assert found.used.definitions == 2
    assert found.used.notices == [
        "2 definitions are called total. References are found by name, so that some may be those"
        " of another one."
    ]


def test_of_several_members_the_object_tells_which_is_near(alice: User, shop: Repository) -> None:
    uses = "from shop.cart import Cart, Basket\n\ndef f(cart, my_bask, x):\n"
    for receiver in ("cart", "my_bask", "x", "x()"):
        uses += f"    {receiver}.add(1)\n"
    shelf.put_source(shop, "uses.py", uses)
    of_cart, of_basket = (
        {line: likelihood for likelihood, path, line in lines(alice, meant) if path == "uses.py"}
        for meant in (target("Cart.add", "shop/cart.py"), target("Basket.add", "shop/cart.py"))
    )
    elsewhere = "same_repository"
    assert of_cart == {4: "near", 5: elsewhere, 6: elsewhere, 7: elsewhere}
    assert of_basket == {4: elsewhere, 5: "near", 6: elsewhere, 7: elsewhere}


def test_a_bare_name_is_no_member_where_members_need_their_object(
    alice: User, shop: Repository
) -> None:
    shelf.put_source(shop, "bare.py", "from shop import Cart\nadd(1)\n")
    shelf.put_source(shop, "Bag.java", "class Bag { void add() {} }")
    shelf.put_source(shop, "Big.java", "class Big extends Bag { void f() { add(); } }")
    assert ("unlikely", "bare.py", 2) in lines(alice, target("Cart.add", "shop/cart.py"))
    assert ("near", "Big.java", 1) in lines(alice, target("Bag.add", "Bag.java"))


def test_other_repositories_come_after(alice: User, shop: Repository) -> None:
    other = shelf.repository(alice, "tills")
    shelf.put_source(other, "till.py", "import prices\nprint(prices.total([]))\n")
    shelf.put_source(other, "else.py", "print(total([]))\n")
    assert lines(alice, target("total", "shop/prices.py"))[-2:] == [
        ("other_repository", "till.py", 2),
        ("unlikely", "else.py", 1),
    ]


def test_what_is_hidden_shows_nowhere(alice: User, charlie: User, shop: Repository) -> None:
    secret = shelf.repository(charlie, "secret")
    alone = find(alice, target("total", "shop/prices.py"))
    shelf.put_source(secret, "a.py", "from shop.prices import total\nprint(total([]))\n")
    shelf.put_source(secret, "b.py", TOTALS)
    beside = find(alice, target("total", "shop/prices.py"))
    assert beside == alone
    assert ("other_repository", "a.py", 2) in lines(charlie, target("total", "shop/prices.py"))


def test_files_that_are_not_live_do_not_count(alice: User, shop: Repository) -> None:
    meant = target("total", "shop/prices.py")
    shop.branches.get().source_files.filter(path="shop/cart.py").update(live=False)
    assert "shop/cart.py" not in {path for _, path, _ in lines(alice, meant)}


def test_a_module_is_used_where_its_name_is(alice: User, shop: Repository) -> None:
    file = shelf.put_source(shop, "shop/gifts.py", '"""Gifts."""\n\n\ndef wrap(): pass\n')
    shelf.put_source(shop, "main.py", "from shop import gifts\ngifts.wrap()\n")
    assert file.blob.definitions.filter(kind="module").exists()
    assert lines(alice, target("", "shop/gifts.py")) == [
        ("near", "main.py", 1),
        ("near", "main.py", 2),
    ]


def test_pages_follow_each_other_without_gaps(alice: User, shop: Repository) -> None:
    meant = target("total", "shop/prices.py")
    whole = find(alice, meant).excerpts
    cursor, pages = "", []
    while True:
        page = find(alice, meant, limit=3, cursor=cursor)
        pages += page.excerpts
        if page.next is None:
            break
        cursor = written(page.next)
    assert pages == [*whole]


def test_a_cursor_stays_valid_when_the_index_changes(alice: User, shop: Repository) -> None:
    meant = target("total", "shop/prices.py")
    first = find(alice, meant, limit=2)
    assert first.next is not None
    shop.branches.get().source_files.filter(path="shop/cart.py").update(live=False)
    rest = find(alice, meant, cursor=written(first.next))
    assert [each.reference.file.path for each in rest.excerpts] == ["shop/orders.py"]


@pytest.mark.parametrize("cursor", ["x", "%%", "W10=", "WzEsMl0=", "bnVsbA==", "é", "a" * 10_001])
def test_a_made_up_cursor_is_refused(alice: User, shop: Repository, cursor: str) -> None:
    with pytest.raises(BadQuery, match="cursor"):
        find(alice, target("total", "shop/prices.py"), cursor=cursor)


def test_of_too_many_files_the_own_repository_comes_first(
    alice: User, shop: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = shelf.repository(alice, "tills")
    for number in range(4):
        shelf.put_source(other, f"till{number}.py", f"import prices\nprices.total({number})\n")
    statement = users.USING.replace(f"LIMIT {users.MOST_FILES + 1}", "LIMIT 5")
    monkeypatch.setattr(users, "USING", statement)
    monkeypatch.setattr(finding, "MOST_FILES", 4)
    found = find(alice, target("total", "shop/prices.py")).used
    assert found.is_cut
    assert {each.file.repository_name for each in found.references[:4]} == {"shop"}
    assert len({each.file.path for each in found.references}) == 4


def test_a_file_whose_names_were_cut_is_told(alice: User, shop: Repository) -> None:
    meant = target("total", "shop/prices.py")
    NamesUsed.objects.filter(blob__content=CART).update(is_cut=True)
    told = "Some files use more names, or this one more often, than is recorded or listed."
    assert find(alice, meant).used.notices == [told]


def test_of_very_many_uses_in_a_file_the_first_are_listed(alice: User, shop: Repository) -> None:
    many = users.MOST_USES + 1
    shelf.put_source(shop, "many.py", "import prices\n" + "prices.total(1)\n" * many)
    found = find(alice, target("total", "shop/prices.py")).used
    of_file = [each.line for each in found.references if each.file.path == "many.py"]
    assert (of_file[0], of_file[-1], len(found.notices)) == (2, many, 1)


def test_the_index_of_names_leads_to_the_files(alice: User, shop: Repository) -> None:
    sql.rows("SELECT set_config('enable_seqscan', 'off', true)", {})
    plan = sql.rows(
        "EXPLAIN SELECT FROM codeindex_namesused WHERE names @> ARRAY[%(name)s]", {"name": "total"}
    )
    assert any("users_of_names" in line for (line,) in plan)


def test_the_same_content_elsewhere_is_another_place(alice: User, shop: Repository) -> None:
    copy = shelf.repository(alice, "copy")
    shelf.put_source(copy, "shop/prices.py", PRICES)
    found = find(alice, target("total", "shop/prices.py"))
    assert [
        (each.file.repository_name, each.likelihood.value) for each in found.used.references
    ] == [
        ("shop", "same_file"),
        ("shop", "near"),
        ("shop", "near"),
        ("shop", "near"),
        ("copy", "unlikely"),
    ]
