"""The names that a source uses: where, how, and which are left out."""

from __future__ import annotations

import pytest

from embeddings.code import uses
from embeddings.code.definitions import extract
from embeddings.code.languages import by_name
from embeddings.types import MOST_LINES, Receiver, Use, UseKind, hints
from tests.embeddings.samples import names_with_uses

CALL, IMPORT, MENTION, TYPE = UseKind.CALL, UseKind.IMPORT, UseKind.MENTION, UseKind.TYPE
NONE, ITSELF, OTHER = Receiver.NONE, Receiver.ITSELF, Receiver.OTHER


def used(source: str, language: str = "python") -> dict[str, list[tuple[int, UseKind, Receiver]]]:
    return {name: [use[:3] for use in uses] for name, uses in uses_in(source, language).items()}


def uses_in(source: str, language: str = "python") -> dict[str, list[Use]]:
    found = extract(source, by_name(language)).uses
    assert found is not None
    return dict(names_with_uses(found))


def test_calls_imports_types_and_mentions_are_told_apart():
    source = """
from shop import total
import shop.prices as prices

@cached
def pay(basket: Basket) -> Money:
    subscribe(total)
    return prices.convert(total(basket))
"""
    found = used(source)
    assert found["total"] == [(2, IMPORT, NONE), (7, MENTION, NONE), (8, CALL, NONE)]
    assert found["shop"] == [(2, IMPORT, NONE), (3, IMPORT, NONE)]
    assert found["cached"] == [(5, CALL, NONE)]
    assert found["Basket"] == found["Money"] == [(6, TYPE, NONE)]
    assert found["convert"] == [(8, CALL, OTHER)]


def test_a_declared_name_is_no_use_of_it():
    found = used("def pay(): pass\nclass Shop:\n    def pay(self): pass\nLIMIT = 3\n")
    assert found.keys().isdisjoint({"pay", "Shop", "LIMIT"})


@pytest.mark.parametrize(
    ("language", "source"),
    [
        ("python", "def f(price):\n    cost = price\n    return lambda: price + cost + TAX\n"),
        ("javascript", "function f(price) { const cost = price; return () => price + cost + TAX }"),
        ("typescript", "const f = (price: N) => { const [cost] = []; return price + cost + TAX }"),
        ("go", "package p\nfunc f(price int) int { cost := price; return price + cost + TAX }"),
        ("java", "class A { int f(int price) { int cost = price; return price + cost + TAX; } }"),
        ("c", "int f(int *price) { int cost = *price; return *price + cost + TAX; }"),
        ("cpp", "int f(int &price) { auto cost = price; return price + cost + TAX; }"),
        ("csharp", "class A { int F(int price) { var cost = price; return price + cost + TAX; } }"),
        ("rust", "fn f(price: u8) -> u8 { let cost = price; price + cost + TAX }"),
        ("ruby", "def f(price)\n  cost = price\n  price + cost + TAX\nend\n"),
        ("kotlin", "fun f(price: Int): Int { val cost = price; return price + cost + TAX }"),
        ("swift", "func f(price: Int) -> Int { let cost = price; return price + cost + TAX }"),
        ("scala", "class A { def f(price: Int): Int = { val cost = price; price + cost + TAX } }"),
        ("dart", "int f(int price) { var cost = price; return price + cost + TAX; }"),
        ("lua", "function f(price) local cost = price; return price + cost + TAX end"),
        ("php", "<?php function f($price) { $cost = $price; return $price + $cost + TAX; }"),
    ],
)  # fmt: skip
def test_parameters_and_local_variables_are_left_out(language: str, source: str):
    found = used(source, language)
    assert "TAX" in found
    assert found.keys().isdisjoint({"price", "cost"})


def test_a_local_name_hides_neither_a_member_nor_what_is_outside():
    source = """
def outer(close):
    close()
    file.close()

def other():
    close()
"""
    assert used(source)["close"] == [(4, CALL, OTHER), (7, CALL, NONE)]


def test_a_function_inside_a_function_is_no_variable_of_it():
    source = "function outer() { const inner = () => 1; return inner() + inner() }"
    assert used(source, "javascript")["inner"] == [(1, CALL, NONE)]


@pytest.mark.parametrize(
    ("language", "source"),
    [
        ("python", "class A:\n    def f(self): self.g()\n"),
        ("javascript", "class A { f() { this.g() } }"),
        ("java", "class A { void f() { this.g(); } }"),
        ("cpp", "struct A { void f() { this->g(); } };"),
        ("php", "<?php class A { function f() { $this->g(); } }"),
        ("rust", "impl A { fn f(&self) { self.g() } }"),
        ("ruby", "class A\n  def f\n    self.g()\n  end\nend\n"),
    ],
)
def test_a_member_of_the_object_itself_is_known_as_one(language: str, source: str):
    ((_, kind, receiver),) = used(source, language)["g"]
    assert (kind, receiver) == (CALL, ITSELF)


@pytest.mark.parametrize(
    ("language", "source"),
    [
        ("javascript", "f(...rows)"),
        ("rust", "fn f() { for i in 0..rows {} }"),
        ("kotlin", "fun f() { for (i in 0..rows) {} }"),
    ],
)
def test_what_follows_a_range_or_a_spread_is_no_member(language: str, source: str):
    ((_, _, receiver),) = used(source, language)["rows"]
    assert receiver == NONE


def test_a_constructor_is_called():
    for language, source in [
        ("java", "class A { Object f() { return new Shop(); } }"),
        ("typescript", "const shop = new Shop()"),
        ("go", "package p\nvar shop = &Shop{}"),
        ("csharp", "class A { object F() => new Shop(); }"),
        ("tsx", "const page = <Shop open />"),
    ]:
        assert [kind for _, kind, _ in used(source, language)["Shop"]] == [CALL], language


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("resp.close()", "response"),
        ("self.http_session.close()", "Session"),
        ("HTTPClient.close()", "client"),
        ("connection_.close()", "Connector"),
        ("stream?.close()", "StreamReader"),
    ],
)
def test_a_hint_tells_what_the_receiver_is_called(source: str, words: str):
    (use,) = uses_in(source, "javascript")["close"]
    assert use.hint == hints(words)[0]


def test_a_receiver_without_a_name_gives_no_hint():
    for source in (
        "open().close()",
        "rows[0].close()",
        "'text'.close()",
        "close()",
        "x = y;close()",
    ):
        assert [use.hint for use in uses_in(source, "javascript")["close"]] == [0], source


def test_of_too_many_names_the_first_are_kept(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(uses, "MOST_USES", 3)
    found = extract("a()\nb()\nc()\nd()\n", by_name("python")).uses
    assert found is not None
    assert (found.names, found.is_cut) == (["a", "b", "c"], True)
    whole = extract("a()\nb()\nc()\n", by_name("python")).uses
    assert whole is not None
    assert not whole.is_cut


def test_names_too_long_to_be_looked_up_are_left_out():
    assert [*used(f"{'x' * 501}()\n{'y' * 500}()\n")] == ["y" * 500]


def test_a_broken_source_tells_what_it_uses():
    assert used("def f(:\n    total()\n\ndef g():\n    close()\n").keys() >= {"total", "close"}


@pytest.mark.parametrize(
    ("language", "source"),
    [
        (
            "vue",
            "<template><p/></template>\n<script>\nimport { pay } from './till'\n\npay()\n</script>",
        ),
        ("html", "<p>pay()</p>\n<script>//\nimport { pay } from './till'\n\npay()</script><br>"),
        ("notebook", "# %% [markdown]\n# %% [python]\nfrom till import pay\n\npay()\n"),
    ],
)
def test_code_in_other_files_uses_names_at_their_lines(language: str, source: str):
    assert used(source, language)["pay"] == [(3, IMPORT, NONE), (5, CALL, NONE)]


def test_uses_on_lines_beyond_counting_are_left_out():
    source = "\n" * MOST_LINES + "pay()\n"
    assert used(source) == {}
    assert used(f"<script>1</script>\n{source[1:]}<script>pay()</script>", "html") == {}


def test_documents_use_no_names():
    assert extract("# Title\n\nText of `total()`.\n", by_name("markdown")).uses is None
