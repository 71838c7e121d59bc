"""Answers say whether all vectors were compared, or those alone that an index took for nearest."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from codeindex.models import Definition, SourceFile, Space
from search.candidates.scopes import Scope
from search.query.lexemes import Corpus

pytestmark = pytest.mark.usefixtures("encoded")

ALL, SOME = "All vectors were compared", "Vectors were found by an approximate index"


def exactness(client: Client) -> list[bool | None]:
    """Of a description's answer, of pasted code's, and of a definition's."""
    file, definition = SourceFile.objects.get(path="load.py"), Definition.objects.get(name="load")
    requests = {
        "search": {"q": "load a path"},
        "similar": {"code": "return a + b"},
        f"files/{file.pk}/{definition.pk}/similar": {},
    }
    answers = (
        client.get(f"/api/v1/{address}", {**parameters, "limit": 1})
        for address, parameters in requests.items()
    )
    return [answer.json()["exact"] for answer in answers]


def page(client: Client) -> str:
    return client.get("/", {"q": "load a path"}).content.decode()


def test_few_vectors_are_all_compared(client: Client) -> None:
    assert exactness(client) == [True] * 3
    assert ALL in page(client)


def test_many_vectors_are_left_to_an_index(client: Client, settings: Any) -> None:
    settings.CODEINDEX_EXACT_TEXTS = 0
    assert exactness(client) == [False] * 3
    assert SOME in page(client)


def test_without_a_space_nothing_is_said_of_vectors(client: Client) -> None:
    Space.objects.all().delete()
    assert exactness(client) == [None] * 3
    shown = page(client)
    assert " ms)</p>" in shown
    assert ALL not in shown
    assert SOME not in shown


def scope(texts: int, *, visible: int, all_texts: int) -> Scope:
    corpus = Corpus("", visible)
    return Scope(
        "", "", {}, texts, corpus, all_texts, has_only_branch_filters=True, has_all_branches=True
    )


def test_more_are_all_compared_where_they_are_few_among_many(settings: Any) -> None:
    texts = settings.CODEINDEX_EXACT_TEXTS + 1
    among = [scope(texts, visible=visible, all_texts=visible) for visible in (texts, 50 * texts)]
    assert [within.is_small for within in among] == [False, True]


def test_how_much_is_hidden_does_not_decide_it(settings: Any) -> None:
    texts = settings.CODEINDEX_EXACT_TEXTS + 1
    assert not scope(texts, visible=texts, all_texts=50 * texts).is_small
