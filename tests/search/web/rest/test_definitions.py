"""A definition, and why it matches, over REST."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import pytest
from django.contrib.auth.models import User
from django.test import Client

from codeindex.models import Definition
from codeindex.web.ids import Row, opaque
from tests import shelf
from tests.search.conftest import LOAD
from tests.shelf import Written


def get(client: Client, address: str, status: int = 200, **parameters: str) -> Any:
    answer = client.get(f"/api/v1/definitions/{address}", parameters)
    assert answer.status_code == status, answer.content
    return answer.json()


class TestDefinition:
    def test_is_shown_whole_with_all_its_places(self, client: Client, alice: User) -> None:
        shop, fork = shelf.repository(alice), shelf.repository(alice, "fork")
        long = Written("def f():\n" + "    x\n" * 150, "f", docstring="Does it.")
        file, definition = shelf.put(shop, "deep/a.py", long)
        shelf.put(fork, "a.py", long)
        client.force_login(alice)
        written = opaque(Row.DEFINITION, definition.pk)
        told = get(client, written, file=opaque(Row.FILE, file.pk))
        assert (told["repository"], told["path"]) == ("shop", "deep/a.py")
        assert told["content"].count("\n") == 150
        assert told["definition"]["qualified_name"] == "f"
        assert told["docstring"] == "Does it."
        assert [each["repository"] for each in told["also"]] == ["fork"]
        assert told["more"] is False
        assert told["permalink"].endswith("/deep/a.py#L1-L151")
        assert client.get(urlsplit(told["permalink"]).path).status_code == 200
        assert get(client, written)["repository"] == "fork"  # the shortest path

    def test_is_hidden_from_a_stranger(self, client: Client, alice: User, charlie: User) -> None:
        _, definition = shelf.put(shelf.repository(alice), "a.py", Written("def f(): ...", "f"))
        client.force_login(charlie)
        for part in ("", "/explanation"):
            hidden = get(client, f"{definition.pk}{part}", 404)
            assert hidden == get(client, f"{definition.pk + 1}{part}", 404)


@pytest.mark.usefixtures("encoded")
class TestExplanation:
    @pytest.fixture
    def load(self) -> str:
        return str(Definition.objects.get(name="load").pk)

    def test_divides_the_similarity(self, client: Client, load: str) -> None:
        told = get(client, f"{load}/explanation", q="read a file")
        shares = told["shares"]
        assert shares["text"] + shares["code"] == pytest.approx(shares["similarity"])
        assert shares["by"] in ("exact", "shapley")
        assert told["unavailable"] == ""

    def test_shows_path_contexts(self, client: Client, load: str) -> None:
        told = get(client, f"{load}/explanation")
        assert told["shares"] is None
        assert 0 < len(told["contexts"]) <= told["total"]
        first = told["contexts"][0]
        assert first["start"]["text"] in LOAD
        assert 1 <= first["start"]["line"] <= 3
        assert "↑" in first["path"] or "↓" in first["path"]

    def test_a_query_that_is_none_is_refused(self, client: Client, load: str) -> None:
        told = get(client, f"{load}/explanation", 400, q="x" * 3000)
        assert list(told["errors"]) == ["q"]
