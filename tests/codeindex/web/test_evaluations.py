"""Evaluations of the search, and definitions without a vector, over REST."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from codeindex.models import Embedding, EmbeddingState, Evaluation
from tests import shelf
from tests.shelf import Written

EVALUATIONS = "/api/v1/evaluations"


@pytest.fixture
def evaluation(db: None) -> Evaluation:
    return Evaluation.objects.create(
        file="questions.json",
        file_hash="0" * 64,
        commits={"alice/shop": "c0ffee"},
        figures=[["all", 20, [0.8, 0.7, 0.9], [0.6, 0.5, 0.7], [1.0, 0.9, 1.0]]],
    )


def test_administrators_read_them(client: Client, evaluation: Evaluation) -> None:
    client.force_login(User.objects.create_superuser("root"))
    (listed,) = client.get(EVALUATIONS).json()
    assert listed["file"] == "questions.json"
    assert listed["commits"] == {"alice/shop": "c0ffee"}
    (figures,) = listed["figures"]
    assert (figures["group"], figures["questions"]) == ("all", 20)
    assert figures["measures"]["nDCG@10"] == {"value": 0.8, "low": 0.7, "high": 0.9}
    assert client.get(f"{EVALUATIONS}/{listed['id']}").json() == listed
    assert client.get(f"{EVALUATIONS}/{'A' * 22}").status_code == 404


def test_nobody_else_does(client: Client, alice: User, evaluation: Evaluation) -> None:
    assert client.get(EVALUATIONS).status_code == 401
    client.force_login(alice)
    assert client.get(EVALUATIONS).status_code == 403


def test_definitions_without_a_vector_are_listed(
    client: Client, alice: User, charlie: User
) -> None:
    shelf.space()
    shop = shelf.repository(alice)
    shelf.put(shop, "a.py", Written("def f(): ...", "f", vector=(1, 0, 0, 0)))
    Embedding.objects.update(state=EmbeddingState.FAILED, vector=None, reason="too long")
    client.force_login(alice)
    address = f"/api/v1/repositories/{shop.pk}/failures"
    told: Any = client.get(address).json()
    assert told == [{"path": "a.py", "line": 1, "name": "f", "reason": "too long"}]
    client.force_login(charlie)
    assert client.get(address).status_code == 404
