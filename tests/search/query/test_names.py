"""Names are copied from code, stack traces, profiles and chats, with what surrounds them there."""

from __future__ import annotations

import time

import pytest

from search.query.names import MAX_NAMES, MAX_PARTS, find_names


def whole(text: str) -> str:
    """The dotted name that a query is; empty if it is none."""
    names = find_names(text)
    return ".".join(names[0].parts) if names and names[0].is_whole else ""


def among_words(text: str) -> list[str]:
    assert not whole(text)
    return [".".join(name.parts) for name in find_names(text)]


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("parse_date", "parse_date"),
        ("Session.request", "Session.request"),
        ("  Widget#draw ", "Widget.draw"),
        ("été.début", "été.début"),
        ("open", "open"),
        ("from", "from"),
        # marks and calls
        ("`parse_date`", "parse_date"),
        ("**Session.request**", "Session.request"),
        ("Session.request()", "Session.request"),
        ("session.request(url, {'a': (1, 2)})", "session.request"),
        ("await self.client.fetchAll(url)", "client.fetchAll"),
        ("$this->send($mail)", "send"),
        ("picker:find()", "picker.find"),
        ("valid?", "valid"),
        ("def parse_date", "parse_date"),
        ("class Session(Base):", "Session"),
        ("from shop import Cart", "shop.Cart"),
        ("raise errors.NotFound()", "errors.NotFound"),
        # separators and type parameters
        ("a::b::c", "a.b.c"),
        ("Mail\\Sender::send", "Mail.Sender.send"),
        ("shop::Cart<T>::add(int) const", "shop.Cart.add"),
        ("void shop::Cart<std::pair<K, V>>::add(int)", "shop.Cart.add"),
        ("<Cart as Add>::add", "Cart.add"),
        ("Plug.Conn.send_resp/3", "Plug.Conn.send_resp"),
        # frames
        ("shop.(*Cart).Add", "shop.Cart.Add"),
        ("example.org/own-er/shop.(*Cart).Add(...)", "shop.Cart.Add"),
        ("main.(*Cart).Add.func1.2", "main.Cart.Add"),
        ("(*example.org/own-er/shop.Cart).Add(0xc0000)", "shop.Cart.Add"),
        ("org.example.shop.Cart.add(Cart.java:932)", "org.example.shop.Cart.add"),
        ("at java.base/java.util.HashMap.get(HashMap.java:12)", "java.util.HashMap.get"),
        ("at shop.Cart$Item.lambda$price$0(Cart.java:7)", "shop.Cart.Item.price"),
        ("at new Cart (cart.js:1:2)", "Cart"),
        ("    at async Cart.add (/x/y/cart.js:1:2)", "Cart.add"),
        ("at Cart.add [as put] (cart.js:10:5)", "Cart.add"),
        ("add@cart.js:1:2", "add"),
        ('File "src/cart.py", line 3, in add_item', "add_item"),
        ("shop/cart.rb:12:in 'Cart#add'", "Cart.add"),
        ("   3: shop::cart::add", "shop.cart.add"),
        ("shop::add::{{closure}}::h0123456789abcdef", "shop.add"),
        ("Cart.<locals>.add", "Cart.add"),
        ("#0  0x00007f in shop::add (argc=1) at add.c:12", "shop.add"),
        ("Shop.Cart.Add(String id) in C:\\src\\Cart.cs:line 42", "Shop.Cart.Add"),
        ("#3 /srv/src/Cart.php(12): Shop\\Cart->add('x')", "Shop.Cart.add"),
        ("a.b.c.d.e.f.g", "c.d.e.f.g"),
    ],
)
def test_a_query_is_a_name_whatever_surrounds_it(text: str, name: str) -> None:
    assert whole(text) == name


@pytest.mark.parametrize(
    "text",
    ["parse the date", "a.b c", "404", "new client", "open a file", "src/shop/cart.py", "a.clj:12",
     "https://example.org/a.b", 'File "a.py", line 3, in <module>', "...", "()", "f():\n  pass"],
)  # fmt: skip
def test_what_is_no_name(text: str) -> None:
    assert not whole(text)


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("where is parseDate defined", ["parseDate"]),
        ("how does make_context() use `open`", ["make_context", "open"]),
        ("the difference of Session.get and Session::post", ["Session.get", "Session.post"]),
        ("what is sha256 here", ["sha256"]),
        ("how does a client open the URL", []),
        ("and/or read/write, e.g. with JSON", []),
        (
            'Traceback:\n  File "a.py", line 3, in load_all\n    read(x)\n'
            '  File "b.py", line 4, in Csv.read_row\n    fail()',
            ["load_all", "Csv.read_row"],
        ),
        ("def load_all(path):\n    return read_rows(path)", []),
    ],
)
def test_among_words_a_name_is_what_only_code_has(text: str, names: list[str]) -> None:
    assert among_words(text) == names


def test_names_are_few_and_short() -> None:
    names = find_names(" ".join(f"a_{number}.b_{number}" for number in range(100)))
    assert len(names) == MAX_NAMES
    assert len(find_names(".".join("abcdefghij"))[0].parts) == MAX_PARTS


@pytest.mark.parametrize(
    "piece",
    ["a.", "(", "<", "a/", "\\", "$a", "a:", 'File "', ".func1", "a->", "[as ", "::", "a<", "#",
     "-/", "`"],
)  # fmt: skip
def test_any_query_is_read_in_no_time(piece: str) -> None:
    started = time.process_time()
    find_names((piece * 2_000)[:2_000])
    assert time.process_time() - started < 2
