"""The page that says why: path-contexts with their attention, and the halves of a similarity."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from search import explanations
from search.explanations import SHOWN_CONTEXTS
from tests import shelf
from tests.shelf import Written

SOURCE = "def load(path):\n    with open(path) as file:\n        return file.read('<b>')\n"


@pytest.fixture(autouse=True)
def _tiny_encoder(checkpoint: Path, settings: Any, no_encoder_loaded: None) -> None:
    settings.CODEINDEX_CHECKPOINT = str(checkpoint)


@pytest.fixture
def address(alice: User, client: Client) -> str:
    client.force_login(alice)
    file, definition = shelf.put(shelf.repository(alice), "load.py", Written(SOURCE, "load"))
    definition.start_line, definition.end_line = 7, 9
    definition.save()
    return reverse("why", args=[file.pk, definition.pk])


def test_the_page_shows_where_the_attention_goes(client: Client, address: str) -> None:
    shown = client.get(address).content.decode()
    assert f"The {SHOWN_CONTEXTS} of " in shown
    assert "↑" in shown
    assert "#L8" in shown
    assert "Similarity to" not in shown
    assert "<b>" not in shown


def test_with_a_query_it_shows_what_each_half_adds(client: Client, address: str) -> None:
    not_compared = {"q": "read a <file>", "kind": "class"}
    shown = client.get(address, not_compared).content.decode()
    assert "read a &lt;file&gt;" in shown
    assert "Similarity of the vectors" in shown
    assert "The shares are exact." in shown


def test_contexts_are_in_order_and_quoted(alice: User) -> None:
    _, definition = shelf.put(shelf.repository(alice), "load.py", Written(SOURCE, "load"))
    why = explanations.explain(definition, "read a file")
    attention = [context.attention for context in why.contexts]
    assert attention == sorted(attention, reverse=True)
    lines = SOURCE.split("\n")
    for context in why.contexts:
        for token in (context.start, context.end):
            assert token.text in lines[token.line - 1]
    assert why.shares is not None


def test_a_composed_text_has_no_lines(alice: User) -> None:
    written = Written("class Shelf:\n    def load(self, path): ...\n", "Shelf", kind="class")
    _, definition = shelf.put(shelf.repository(alice), "shelf.py", written)
    why = explanations.explain(definition)
    assert {token.line for context in why.contexts for token in (context.start, context.end)} == {0}


def test_a_stranger_is_told_nothing(client: Client, address: str, charlie: User) -> None:
    client.force_login(charlie)
    assert client.get(address).status_code == 404


def test_what_is_wrong_is_said(client: Client, address: str, settings: Any) -> None:
    assert "3,000 characters" in client.get(address, {"q": "x" * 3000}).content.decode()
    settings.CODEINDEX_CHECKPOINT = "/nowhere"
    assert "There is no checkpoint" in client.get(address).content.decode()


def test_definitions_and_results_lead_to_it(client: Client, address: str) -> None:
    shown = client.get(address.removesuffix("why/"), {"q": "load a path"}).content.decode()
    assert f"{address}?q=load%20a%20path" in shown
    page = client.get("/", {"q": "load a path"}).content.decode()
    assert f"{address}?q=load+a+path" in page
