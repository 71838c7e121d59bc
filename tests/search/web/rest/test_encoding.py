"""Vectors and predicted names over REST, by a tiny encoder."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from django.test import Client

from codeindex.models import Space
from tests.search.conftest import ADD, LOAD

JSON = "application/json"


def ask(client: Client, what: str, body: object, status: int = 200) -> Any:
    answer = client.post(f"/api/v1/{what}", body, JSON)
    assert answer.status_code == status, answer.content
    return answer.json()


@pytest.mark.usefixtures("encoded")
class TestEncode:
    def test_vectors_are_those_of_the_index(self, client: Client) -> None:
        definitions = [{"code": ADD}, {"code": LOAD, "lang": "py"}]
        told = ask(client, "encode", {"queries": ["read a file"], "definitions": definitions})
        space = Space.objects.get()
        assert told["fingerprint"] == space.fingerprint
        assert told["dimensions"] == space.dimensions
        vectors = np.array(told["queries"] + told["definitions"])
        assert vectors.shape == (3, space.dimensions)
        assert np.linalg.norm(vectors, axis=1) == pytest.approx(1, abs=1e-3)
        stored = space.embeddings.get(text__body__contains="def load").vector
        assert vectors[2] @ np.array(stored) == pytest.approx(1, abs=1e-2)

    def test_languages_keep_their_order(self, client: Client) -> None:
        go = {"code": "func add(a int) int { return a }", "lang": "go"}
        mixed = ask(client, "encode", {"definitions": [{"code": ADD}, go, {"code": LOAD}]})
        for number, one in enumerate([{"code": ADD}, go, {"code": LOAD}]):
            (alone,) = ask(client, "encode", {"definitions": [one]})["definitions"]
            assert mixed["definitions"][number] == pytest.approx(alone, abs=1e-4)

    @pytest.mark.parametrize(
        ("body", "field"),
        [
            ({}, "non_field_errors"),
            ({"queries": ["a"] * 21}, "queries"),
            ({"queries": ["a"] * 11, "definitions": [{"code": "x"}] * 10}, "non_field_errors"),
            ({"queries": [""]}, "queries.0"),
            ({"queries": ["a\0"]}, "queries.0"),
            ({"queries": ["x" * 2001]}, "queries.0"),
            ({"queries": "a"}, "queries"),
            ({"definitions": [{"code": " "}]}, "code"),
            ({"definitions": [{"code": "x", "lang": "cobol"}]}, "lang"),
            ({"definitions": ["x"]}, "definitions.0.non_field_errors"),
        ],
    )
    def test_what_cannot_be_encoded_is_refused(
        self, client: Client, body: object, field: str
    ) -> None:
        assert list(ask(client, "encode", body, 400)["errors"]) == [field]

    def test_each_text_counts(self, client: Client, settings: Any) -> None:
        settings.CODEINDEX_ENCODE_RATE = "5/hour"
        ask(client, "encode", {"queries": ["a"] * 3})
        ask(client, "encode", {"queries": ["a"] * 3}, 429)


@pytest.mark.usefixtures("encoded")
class TestNames:
    def test_are_predicted(self, client: Client) -> None:
        told = ask(client, "names", {"code": LOAD, "limit": 3})["names"]
        assert 1 <= len(told) <= 3
        assert all(each["name"] and 0 <= each["f1"] <= 1 for each in told)

    def test_what_is_no_code_is_refused(self, client: Client) -> None:
        assert "code" in ask(client, "names", {}, 400)["errors"]
        assert "limit" in ask(client, "names", {"code": "x", "limit": 0}, 400)["errors"]
        assert "lang" in ask(client, "names", {"code": "x", "lang": "cobol"}, 400)["errors"]


def test_without_an_encoder_it_is_unavailable(
    client: Client, db: None, settings: Any, no_encoder_loaded: None
) -> None:
    settings.CODEINDEX_CHECKPOINT = "/none"
    for what, body in (("encode", {"queries": ["a"]}), ("names", {"code": "def f(): ..."})):
        assert ask(client, what, body, 503)["title"] == "Service Unavailable"
