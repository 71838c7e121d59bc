"""Code that is pasted, and what is most like it."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.test import Client

from codeindex import encoders, spaces
from codeindex.encoders import Searcher
from codeindex.ingestion import embedding
from codeindex.models import Embedding
from tests import shelf
from tests.shelf import Written

LOAD = "def load(path):\n    with open(path) as file:\n        return file.read()\n"
PASTED = "    def load(path):\n        with open(path) as file:\n            return file.read()\n"


@pytest.fixture(autouse=True)
def encoded(
    checkpoint: Path, alice: User, client: Client, settings: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two definitions with vectors by a tiny encoder."""
    settings.CODEINDEX_CHECKPOINT = str(checkpoint)
    monkeypatch.setattr(encoders, "searcher", Searcher())
    shop = shelf.repository(alice)
    shelf.put(shop, "load.py", Written(LOAD, "load"))
    shelf.put(shop, "add.py", Written("def add(a, b):\n    return a + b\n", "add"))
    encoder = encoders.searcher.encoder()
    with Embedding.objects.claimed(spaces.of(encoder), limit=10) as batch:
        embedding.encode(encoder, batch)
    client.force_login(alice)


@pytest.mark.parametrize("by", ["both", "meaning", "structure"])
def test_the_same_code_comes_first(client: Client, by: str) -> None:
    parameters = {"code": PASTED, "lang": "py", "by": by, "limit": 2}
    first, second = client.get("/api/v1/similar", parameters).json()["results"]
    assert (first["path"], second["path"]) == ("load.py", "add.py")
    assert first["score"] == pytest.approx(1, abs=0.01)
    assert second["score"] < 0.99
    shown = client.get("/similar/", parameters).content.decode()
    assert shown.index("load.py") < shown.index("add.py")


def test_the_page_starts_empty_and_is_linked(client: Client) -> None:
    assert "<textarea" in client.get("/similar/").content.decode()
    assert 'href="/similar/"' in client.get("/").content.decode()


@pytest.mark.parametrize(
    ("parameters", "reason"),
    [
        ({"code": " "}, "empty"),
        ({"code": "x" * 2001}, "2,001 characters"),
        ({"code": "x\0"}, "NUL"),
        ({"code": "x", "lang": "cobol"}, "Allowed are python"),
        ({"code": "x", "by": "sound"}, "both, meaning, structure"),
        ({"code": "x", "limit": "201"}, "from 1 to 200"),
    ],
)
def test_says_what_is_wrong(client: Client, parameters: dict[str, str], reason: str) -> None:
    shown = client.get("/similar/", parameters)
    assert shown.status_code == 400
    assert reason in shown.content.decode()
    assert client.get("/api/v1/similar", parameters).status_code == 400
