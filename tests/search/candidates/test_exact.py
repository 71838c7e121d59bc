"""What a query says exactly comes first: what it names, what holds its identifier, and what says
its message. All of it within what the user may see."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User

from search.candidates import exact
from search.ranking import scoring
from tests import shelf
from tests.search.asking import find
from tests.shelf import Written

pytestmark = pytest.mark.django_db


def names(user: User, text: str) -> list[str]:
    results = find(user, text).results
    return [result.definition.place.qualified_name for result in results]


def first(user: User, text: str) -> str:
    return next(iter(names(user, text)), "")


def method(name: str, body: str = "") -> Written:
    bare = name.rpartition(".")[2]
    return Written(f"def {bare}(self): return {name!r} {body}", name, kind="method")


class TestNames:
    @pytest.fixture(autouse=True)
    def shelves(self, alice: User) -> None:
        shop = shelf.repository(alice)
        shelf.put(shop, "src/shop/cart.py", method("Cart.addItem"))
        shelf.put(shop, "src/shop/orders/order.py", method("Order.addItem"))
        shelf.put(shop, "src/other/add.py", Written("def addItem(): 'addItem alone'", "addItem"))
        shelf.put(shop, "lib/valid.rb", Written("def valid?; end", "Cart.valid?"))
        shelf.put(shop, "talk.py", Written("def talk(): 'add item shop cart order'", "talk"))

    @pytest.mark.parametrize(
        ("text", "name"),
        [
            ("`Cart.addItem`", "Cart.addItem"),
            ("shop.Cart.addItem(x)", "Cart.addItem"),  # a package that exports it
            ("org.example.shop.orders.Order.addItem(Order.java:7)", "Order.addItem"),
            ("shop.(*Order).addItem", "Order.addItem"),
            ("other.addItem()", "addItem"),
            ("cart.addItem()", "Cart.addItem"),
            ("cart.additem", "Cart.addItem"),
            ("Order::add_item", "Order.addItem"),
            ("where is Order.addItem defined", "Order.addItem"),
            ("Cart#valid?", "Cart.valid?"),
            ("cart.valid?", "Cart.valid?"),
        ],
    )
    def test_what_fits_best_is_first(self, alice: User, text: str, name: str) -> None:
        assert first(alice, text) == name

    @pytest.mark.parametrize("text", ["basket.addItem", "Basket.addItem(x)", "ADD_ITEM"])
    def test_a_receiver_of_another_name_is_left_out(self, alice: User, text: str) -> None:
        assert {*names(alice, text)[:3]} == {"Cart.addItem", "Order.addItem", "addItem"}

    def test_a_plain_word_names_nothing_among_others(self, alice: User) -> None:
        assert find(alice, "talk").results[0].parts.name  # type: ignore[union-attr]
        parts = [result.parts for result in find(alice, "items to talk about").results]
        assert parts
        assert not any(part.name for part in parts if part)

    def test_a_name_of_many_definitions_names_none_among_other_words(self, alice: User) -> None:
        shop = shelf.repository(alice, "many")
        for number in range(exact.FEW_NAMED + 1):
            shelf.put(shop, f"{number}.py", method("Step.runStep", str(number)))
        assert find(alice, "runStep").results[0].parts.name  # type: ignore[union-attr]
        parts = [result.parts for result in find(alice, "where is runStep defined").results]
        assert not any(part.name for part in parts if part)

    def test_a_common_word_names_what_a_qualified_name_says(self, alice: User) -> None:
        shop = shelf.repository(alice, "many")
        for number in range(exact.FEW_HOLDERS + 1):
            shelf.put(shop, f"{number}.py", Written(f"def run(): {number}", f"Step{number}.run"))
        assert first(alice, "what does Step7.run do with an order") == "Step7.run"
        parts = [result.parts for result in find(alice, "what does nothing.run do").results]
        assert not any(part.name for part in parts if part)

    def test_what_is_hidden_is_not_named_and_makes_no_name_common(
        self, alice: User, charlie: User
    ) -> None:
        own = shelf.repository(charlie, "own")
        shelf.put(own, "a.py", method("Cart.addItem"))
        before = [result.score for result in find(charlie, "where is addItem defined").results]
        for number in range(exact.FEW_NAMED + 1):
            shelf.put(
                shelf.repository(alice, f"more{number}"), "a.py", method(f"C{number}.addItem")
            )
        after = find(charlie, "where is addItem defined").results
        assert [result.score for result in after] == before
        assert after[0].definition.place.repository == "own"


@pytest.mark.parametrize(
    ("path", "source", "name"),
    [
        ("lib/plug.ex", "defmodule Plug.Conn do\n  def send(c), do: c\nend\n", "Plug.Conn"),
        ("lib/plug.rb", "class Plug::Conn\n  def send = 1\nend\n", "Plug.Conn"),
        ("src/plug.cpp", "int Plug::Conn() { return 1; }\n", "Plug.Conn"),
        ("lib/Plug.pm", "package Plug::Conn;\nsub send { 1 }\n", "Plug.Conn"),
    ],
)
def test_the_last_part_of_a_path_names_it(alice: User, path: str, source: str, name: str) -> None:
    shop = shelf.repository(alice)
    shelf.put_source(shop, path, source)
    shelf.put(shop, "conn.py", Written("def open(): 'conn of a plug'", "open"))
    for text in ("Conn", "Plug.Conn", "Plug::Conn"):
        assert first(alice, text) == name


def test_one_word_of_a_name_finds_it_before_what_it_encloses(alice: User) -> None:
    shop = shelf.repository(alice)
    shelf.put(shop, "a.py", Written("class GitHubWebhook: ...", "GitHubWebhook", kind="class"))
    shelf.put(shop, "b.py", method("GitHubWebhook.verify", "'github' signed"))
    for number in range(20):
        shelf.put(shop, f"many/{number}.py", Written(f"def f{number}(): 'github'", f"f{number}"))
    assert first(alice, "github") == "GitHubWebhook"
    assert first(alice, "verify") == "GitHubWebhook.verify"


class TestIdentifiers:
    @pytest.fixture(autouse=True)
    def shelves(self, alice: User) -> None:
        shop = shelf.repository(alice)
        long = " ".join(f"SETTING_{number}" for number in range(120))
        shelf.put(shop, "settings.py", Written(f"{long} USE_PROXY_HEADER = 1", "", kind="file"))
        for number in range(60):
            body = f"def f{number}(): use the proxy header {number}"
            shelf.put(shop, f"proxy/header/use{number}.py", Written(body, f"f{number}"))

    @pytest.mark.parametrize(
        "text", ["USE_PROXY_HEADER", "settings.USE_PROXY_HEADER", "what does USE_PROXY_HEADER do"]
    )
    def test_what_holds_it_is_first(self, alice: User, text: str) -> None:
        best, second, *_ = find(alice, text).results
        assert best.definition.place.path == "settings.py"
        assert best.parts
        assert best.parts.literal == scoring.LITERAL
        assert second.parts
        assert second.parts.literal == 0.0


class TestMessages:
    @pytest.fixture(autouse=True)
    def shelves(self, alice: User) -> None:
        shop = shelf.repository(alice)
        source = "def feed(animal): raise ZooError(f'cannot feed {animal!r} in {cage}')"
        shelf.put(shop, "feeding.py", Written(source, "feed"))
        shelf.put(shop, "errors.py", Written("class ZooError: pass", "ZooError", kind="class"))
        for number in range(20):
            body = f"def cannot{number}(): feed the lion in cage error {number}"
            shelf.put(shop, f"zoo/error/{number}.py", Written(body, f"cannot{number}"))

    @pytest.mark.parametrize(
        "text",
        [
            "ZooError: cannot feed 'lion' in cage-7",
            'error: cannot feed "lion" in cage-7',
            'cannot feed "lion" in cage-7',
            'Traceback (most recent call last):\n  File "a.py", line 3, in main\n    go()\n'
            "errors.ZooError: cannot feed 'lion' in cage-7",
        ],
    )
    def test_what_says_it_is_first(self, alice: User, text: str) -> None:
        assert first(alice, text) == "feed"

    def test_a_document_makes_no_message(self, alice: User) -> None:
        text = "`cannot feed` the `lion` `in cage`-7, `ZooError`"
        shelf.put(shelf.repository(alice, "docs"), "a.md", Written(text, "a", kind="section"))
        results = find(alice, "ZooError: cannot feed 'lion' in cage-7").results
        said = [result for result in results if result.parts and result.parts.literal]
        assert [result.definition.place.path for result in said] == ["feeding.py"]

    def test_a_message_of_common_words_is_found(self, alice: User) -> None:
        shop = shelf.repository(alice, "common")
        for number in range(120):
            shelf.put(shop, f"{number}.py", Written(f"animal {number}", f"f{number}"))
        long = " ".join(f"word{number}" for number in range(150))
        shelf.put(shop, "long.py", Written(f"{long} no('no such animal {{}}')", "long"))
        assert first(alice, "Error: no such animal: 'lion'") == "long"

    def test_who_says_the_first_sentence_is_found_beside_who_says_the_second(
        self, alice: User
    ) -> None:
        shop = shelf.repository(alice, "sentences")
        for number in range(120):  # shorter, with the only word of the first that is no stop word
            shelf.put(shop, f"{number}.py", Written(f"animal {number}", f"f{number}"))
        long = " ".join(f"word{number}" for number in range(150))
        shelf.put(shop, "first.py", Written(f"{long} no('no such animal {{}}')", "first"))
        shelf.put(shop, "second.py", Written("hint('did you mean {}?')", "second"))
        found = names(alice, 'Error: no such animal "lion". Did you mean "line"?')
        assert {"first", "second"} <= {*found[:3]}

    def test_the_class_of_an_exception_comes_next(self, alice: User) -> None:
        found = names(alice, "errors.ZooError: cannot feed 'lion' in cage-7")
        assert found[:2] == ["feed", "ZooError"]

    def test_a_hidden_text_says_nothing(self, charlie: User) -> None:
        assert names(charlie, "ZooError: cannot feed 'lion' in cage-7") == []
