"""The page that draws what the model looks at."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from search.attention import SHOWN_PATHS, attention_in
from search.web.highlighting import Annotation, annotated
from tests import shelf
from tests.shelf import Written

SOURCE = "def load(path):\n    with open(path) as file:\n        return file.read('<b>é')\n"


@pytest.fixture(autouse=True)
def _tiny_encoder(checkpoint: Path, settings: Any, no_encoder_loaded: None) -> None:
    settings.CODEINDEX_CHECKPOINT = str(checkpoint)


@pytest.fixture
def address(alice: User, client: Client) -> str:
    client.force_login(alice)
    file, definition = shelf.put(shelf.repository(alice), "load.py", Written(SOURCE, "load"))
    definition.start_line, definition.end_line = 7, 9
    definition.save()
    return reverse("attention", args=[file.pk, definition.pk])


def test_paths_leaves_and_tree_carry_the_same_numbers(client: Client, address: str) -> None:
    page = client.get(address).content.decode()
    assert "<b>é" not in page
    assert "7\n8\n9\n" in page
    for number in range(1, SHOWN_PATHS + 1):
        assert f'<li class="on-{number}"' in page
        own = re.findall(rf'class="(leaf|node)[^"]* path-{number}[ "]', page)
        assert own.count("leaf") == 2
        assert own.count("node") >= 3


def test_leaves_stand_where_the_text_has_them(alice: User) -> None:
    _, definition = shelf.put(shelf.repository(alice), "load.py", Written(SOURCE, "load"))
    drawn = attention_in(definition)
    spans = {number: [] for number in range(1, SHOWN_PATHS + 1)}  # type: dict[int, list[str]]
    for leaf in drawn.leaves:
        for number in leaf.paths:
            spans[number].append(drawn.text[leaf.start : leaf.stop])
    for path in drawn.paths:
        assert spans[path.number] == [path.start, path.end]
    assert [path.attention for path in drawn.paths] == sorted(
        (path.attention for path in drawn.paths), reverse=True
    )


def test_a_composed_text_has_no_lines_of_the_file(alice: User) -> None:
    written = Written("class Shelf:\n    def load(self, path): ...\n", "Shelf", kind="class")
    _, definition = shelf.put(shelf.repository(alice), "shelf.py", written)
    assert attention_in(definition).first_line == 0


def test_text_without_paths_says_so(client: Client, alice: User) -> None:
    client.force_login(alice)
    file, definition = shelf.put(shelf.repository(alice), "a.py", Written("# nothing\n", "a"))
    page = client.get(reverse("attention", args=[file.pk, definition.pk])).content.decode()
    assert "No path of the syntax tree is in this vector" in page


def test_a_stranger_is_told_nothing(client: Client, address: str, charlie: User) -> None:
    client.force_login(charlie)
    assert client.get(address).status_code == 404


def test_what_is_wrong_is_said(client: Client, address: str, settings: Any) -> None:
    settings.CODEINDEX_CHECKPOINT = "/nowhere"
    assert "There is no checkpoint" in client.get(address).content.decode()


def test_annotations_and_colours_cross() -> None:
    html = annotated(
        "x = 'a<b' # y", "python", [Annotation(0, 1, "[", "]"), Annotation(5, 8, "(", ")")]
    )
    assert html == (
        '[x] = <span class="string">&#x27;</span>(<span class="string">a&lt;b</span>)'
        '<span class="string">&#x27;</span> <span class="comment"># y</span>'
    )
