"""Code that is pasted, and what is most like it."""

from __future__ import annotations

import pytest
from django.test import Client

pytestmark = pytest.mark.usefixtures("encoded")

PASTED = "    def load(path):\n        with open(path) as file:\n            return file.read()\n"


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
        ({"code": "x\0"}, "Null characters"),
        ({"code": "x", "lang": "cobol"}, "Unknown language “cobol”. Use python, "),
        ({"code": "x", "by": "sound"}, "Use both, meaning or structure."),
        ({"code": "x", "limit": "201"}, "from 1 to 200"),
    ],
)
def test_says_what_is_wrong(client: Client, parameters: dict[str, str], reason: str) -> None:
    shown = client.get("/similar/", parameters)
    assert shown.status_code == 400
    assert reason in shown.content.decode()
    assert client.get("/api/v1/similar", parameters).status_code == 400
