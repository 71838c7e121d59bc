"""Source as HTML: escaped, coloured, and with the words of the query standing out."""

from __future__ import annotations

import re
import time
from html import unescape

import pytest
from django.contrib.auth.models import User
from django.test import Client
from hypothesis import given, strategies

from embeddings.code import languages
from search.results import LINE_CHARACTERS
from search.web.highlighting import GAP, excerpt, listing
from tests import shelf
from tests.shelf import Written


def html(source: str, *marked: str, **options: int) -> str:
    return str(listing(source.split("\n"), "python", marked=set(marked), **options).html).strip()


@pytest.mark.parametrize(
    ("source", "marked", "expected"),
    [
        ("parse_date", {"parsedate"}, "<mark>parse_date</mark>"),
        ("parse_date", {"date"}, "parse_<mark>date</mark>"),
        ("readCSVFile", {"csv", "file"}, "read<mark>CSV</mark><mark>File</mark>"),
        ("mergeUserIDs", {"ids", "id"}, "mergeUser<mark>IDs</mark>"),
        ("获取用户名", {"用户"}, "获取<mark>用户</mark>名"),
        ("updated", {"date"}, "updated"),
        ("data_date_date", {"date"}, "data_<mark>date</mark>_<mark>date</mark>"),
    ],
)
def test_identifiers_and_their_words_stand_out(
    source: str, marked: set[str], expected: str
) -> None:
    assert html(source, *marked) == expected


def test_what_is_marked_is_escaped_like_the_rest() -> None:
    shown = html("x = '<b>' & \"<script>\"", "b", "script")
    assert "&lt;<mark>b</mark>&gt;" in shown
    assert "&lt;<mark>script</mark>&gt;" in shown
    assert "<b>" not in shown


def test_very_long_sources_have_marks_without_colours() -> None:
    assert html("'a' date", "date", max_coloured=8).startswith('<span class="string">')
    assert html("<a> date", "date", max_coloured=3) == "&lt;a&gt; <mark>date</mark>"


@given(strategies.text(), strategies.sets(strategies.text(min_size=1), max_size=3))
def test_marks_add_nothing_to_a_source(source: str, marked: set[str]) -> None:
    shown = listing(source.split("\n"), "python", marked=marked).html
    plain = listing(source.split("\n"), "python").html
    assert shown.replace("<mark>", "").replace("</mark>", "") == plain


def kinds(source: str, language: str) -> list[tuple[str, str]]:
    shown = listing(source.split("\n"), language).html
    spans = re.findall(r'<span class="(\w+)">(.*?)</span>', shown, re.DOTALL)
    return [(kind, unescape(text)) for kind, text in spans]


@pytest.mark.parametrize(
    ("language", "source", "expected"),
    [
        ("python", "def load(self): return 1.5e-3  # why", [
            ("keyword", "def"), ("defined", "load"), ("constant", "self"), ("keyword", "return"),
            ("number", "1.5e-3"), ("comment", "# why")]),
        ("python", "x = f\"a\" + 'b\\'c' + '''d\n'e' '''", [
            ("string", 'f"a"'), ("string", "'b\\'c'"), ("string", "'''d\n'e' '''")]),
        ("python", "a // b.type + None", [("constant", "None")]),
        ("java", "/* a\n * b */ class Shop { String s = \"// no\"; }", [
            ("comment", "/* a\n * b */"), ("keyword", "class"), ("defined", "Shop"),
            ("string", '"// no"')]),
        ("javascript", "const f = async () => `a\n${b}`; // c", [
            ("keyword", "const"), ("keyword", "async"), ("string", "`a\n${b}`"),
            ("comment", "// c")]),
        ("typescript", "interface A { b: string }", [
            ("keyword", "interface"), ("defined", "A"), ("keyword", "string")]),
        ("go", "func f() { return 'a' + 0x1F }", [
            ("keyword", "func"), ("defined", "f"), ("keyword", "return"), ("string", "'a'"),
            ("number", "0x1F")]),
        ("of another grammar", "def f(): ...", []),
    ],
)  # fmt: skip
def test_tokens_have_the_class_of_their_kind(
    language: str, source: str, expected: list[tuple[str, str]]
) -> None:
    assert kinds(source, language) == expected


@given(strategies.text(), strategies.sampled_from([entry.name for entry in languages.LANGUAGES]))
def test_colours_add_nothing_to_a_source(source: str, language: str) -> None:
    lines = ["-", *(line if line.strip() else "" for line in source.split("\n"))]
    shown = listing(lines, language).html
    assert unescape(re.sub(r"</?span.*?>", "", shown)) == "\n".join(lines)


HOSTILE = [
    *("A a ", "a.", "a<", "(", "[", "{", "<-", "a=>", "chan ", "async (", "f'{", "`${", "\\", " "),
    *('"', "'", "`", '""" ', "'''a", "/*", "/* *", "//", "#", "0", "1e-", "0x.", "r", "rb", "é"),
    *("def ", "class A ", "aA", "İ", "İ1", "<b>&", '\\"', "\x00", "\t \t"),
]


@pytest.mark.parametrize("language", ["python", "java", "javascript", "go"])
def test_no_source_holds_up_a_page(language: str) -> None:
    size = 4_000
    for begun in HOSTILE:
        line = begun * (size // len(begun))
        for lines in ([line], [line[:200]] * (size // 200)):
            began = time.process_time()
            listing(lines, language, marked={"a", "b", "class"})
            assert time.process_time() - began < 1, (begun, len(lines))


def test_long_lines_of_a_result_are_cut() -> None:
    shown = excerpt(["x" * 5_000, "y"], "javascript", [0, 1])
    assert shown.html == "x" * LINE_CHARACTERS + "…\ny"


def test_an_excerpt_has_the_colours_of_the_whole_and_its_gaps() -> None:
    lines = ["class A:", "    def f(self):", '        """One', "        <two> three", '        """']
    shown = excerpt([*lines, "        return 5"], "python", [1, 3, 5], first=10, marked={"three"})
    assert list(shown.numbers) == [11, GAP, 13, GAP, 15]
    assert str(shown.html).split("\n") == [
        '<span class="keyword">def</span> <span class="defined">f</span>'
        '(<span class="constant">self</span>):',
        "",
        '<span class="string">    &lt;two&gt; <mark>three</mark></span>',
        "",
        '    <span class="keyword">return</span> <span class="number">5</span>',
    ]
    assert shown.hidden_lines == 3


@given(strategies.lists(strategies.text(), min_size=1), strategies.data())
def test_an_excerpt_is_the_lines_that_are_shown(
    lines: list[str], data: strategies.DataObject
) -> None:
    lines = [line.replace("\n", " ").lstrip(" \t") for line in lines]
    lines = [line if line.strip() else "" for line in lines]
    shown = sorted(data.draw(strategies.sets(strategies.integers(0, len(lines) - 1))))
    html = excerpt(lines, "python", shown).html.split("\n")
    numbers = excerpt(lines, "python", shown).numbers
    plain = [unescape(re.sub(r"</?span.*?>", "", line)) for line in html]
    kept = [line for line, number in zip(plain, numbers, strict=False) if number != GAP]
    assert kept == [lines[line] for line in shown]


def test_the_page_marks_what_has_the_stem_of_a_word(client: Client, alice: User) -> None:
    source = "def retry(the_requests):\n    'How often.'\n"
    shelf.put(shelf.repository(alice), "a.py", Written(source, "retry"))
    client.force_login(alice)
    shown = client.get("/", {"q": "how the requested is retried"}).content.decode()
    assert "<mark>retry</mark>" in shown
    assert "the_<mark>requests</mark>" in shown
    assert "<mark>How</mark>" not in shown
