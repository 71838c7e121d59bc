"""Source as HTML: escaped, coloured, and with the words of the query standing out."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.test import Client
from hypothesis import given, strategies

from search import highlighting
from search.highlighting import listing
from tests import shelf
from tests.shelf import Written


def html(source: str, *marked: str) -> str:
    return str(listing(source.split("\n"), "python", marked=set(marked)).html).strip()


@pytest.mark.parametrize(
    ("source", "marked", "expected"),
    [
        ("parse_date", {"parse_date"}, "<mark>parse_date</mark>"),
        ("parse_date", {"date"}, "parse_<mark>date</mark>"),
        ("readCSVFile", {"csv", "file"}, "read<mark>CSV</mark><mark>File</mark>"),
        ("updated", {"date"}, "updated"),
        ("data_date_date", {"date"}, "data_<mark>date</mark>_<mark>date</mark>"),
    ],
)
def test_identifiers_and_their_words_stand_out(
    source: str, marked: set[str], expected: str
) -> None:
    assert f'<span class="n">{expected}</span>' in html(source, *marked)


def test_what_is_marked_is_escaped_like_the_rest() -> None:
    shown = html("x = '<b>' & \"<script>\"", "b", "script")
    assert "&lt;<mark>b</mark>&gt;" in shown
    assert "&lt;<mark>script</mark>&gt;" in shown
    assert "<b>" not in shown


def test_very_long_sources_have_marks_without_colours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(highlighting, "COLOURED_CHARACTERS", 3)
    assert html("<a> date", "date") == "&lt;a&gt; <mark>date</mark>"


@given(strategies.text(), strategies.sets(strategies.text(min_size=1), max_size=3))
def test_marks_add_nothing_to_a_source(source: str, marked: set[str]) -> None:
    shown = listing(source.split("\n"), "python", marked=marked).html
    plain = listing(source.split("\n"), "python").html
    assert shown.replace("<mark>", "").replace("</mark>", "") == plain


def test_the_page_marks_what_has_the_stem_of_a_word(client: Client, alice: User) -> None:
    source = "def retry(the_requests):\n    'How often.'\n"
    shelf.put(shelf.repository(alice), "a.py", Written(source, "retry"))
    client.force_login(alice)
    shown = client.get("/", {"q": "how the requested is retried"}).content.decode()
    assert "<mark>retry</mark>" in shown
    assert "the_<mark>requests</mark>" in shown
    assert "<mark>How</mark>" not in shown
