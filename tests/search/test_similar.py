from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from django.contrib.auth.models import Group, User
from django.test import Client
from django.urls import reverse

from codeindex.models import Embedding, EmbeddingState, Space
from search import similar
from search.request import SimilarRequest
from tests import shelf
from tests.shelf import Written

EAST, NORTH, BETWEEN = (1, 0, 0, 0), (0, 1, 0, 0), (0.8, 0.6, 0, 0)
LOAD = Written("def load(csv): ...", "load", EAST)


@pytest.fixture
def address(space: Space, alice: User, team: Group) -> str:
    """Of a definition that Alice and her team may see."""
    shop = shelf.repository(alice, "shop", teams=[team])
    file, definition = shelf.put(shop, "load.py", LOAD)
    shelf.put(shop, "copy.py", LOAD)
    shelf.put(shop, "far.py", Written("def far(): ...", "far", NORTH))
    shelf.put(shop, "near.py", Written("def near(): ...", "near", BETWEEN))
    shelf.put(shop, "pending.py", Written("def pending(): ...", "pending"))
    return reverse("definition", args=[file.pk, definition.pk])


def results(client: Client, address: str, **parameters: object) -> list[tuple[str, float]]:
    answer = client.get(f"/api/v1{address}similar", parameters).json()
    assert set(answer) == {"results", "notices", "exact"}
    return [(result["path"], round(result["score"], 2)) for result in answer["results"]]


def test_the_nearest_come_first_without_itself_and_its_copies(
    client: Client, alice: User, address: str
) -> None:
    client.force_login(alice)
    assert results(client, address) == [("near.py", 0.8), ("far.py", 0.0)]
    assert results(client, address, limit=1) == [("near.py", 0.8)]


def test_everyone_sees_what_they_may(
    client: Client, alice: User, bob: User, charlie: User, address: str
) -> None:
    own = shelf.repository(charlie, "own")
    file, definition = shelf.put(own, "mine.py", LOAD)
    shelf.put(own, "near.py", Written("def mine(): ...", "mine", (0.6, 0.8, 0, 0)))
    client.force_login(bob)
    assert results(client, address) == [("near.py", 0.8), ("far.py", 0.0)]
    client.force_login(charlie)
    for hidden in (f"/api/v1{address}similar", f"{address}similar/"):
        assert client.get(hidden).status_code == 404
    assert results(client, reverse("definition", args=[file.pk, definition.pk])) == [
        ("near.py", 0.6)
    ]
    client.logout()
    assert client.get(f"/api/v1{address}similar").status_code == 404


def test_what_has_no_vector_says_so(client: Client, alice: User, address: str) -> None:
    client.force_login(alice)
    Embedding.objects.update(state=EmbeddingState.FAILED, vector=None)
    assert similar.FAILED in client.get(f"{address}similar/").content.decode()
    Embedding.objects.all().delete()
    answer = client.get(f"/api/v1{address}similar").json()
    assert answer == {"results": [], "notices": [similar.PENDING], "exact": None}


@pytest.mark.parametrize("exact_up_to", [1, 1000])
def test_as_many_as_are_asked_for(
    space: Space, alice: User, exact_up_to: int, settings: Any
) -> None:
    settings.CODEINDEX_EXACT_TEXTS = exact_up_to
    shop = shelf.repository(alice)
    _, definition = shelf.put(shop, "load.py", LOAD)
    shelf.put_many(shop, np.random.default_rng(1).standard_normal((60, 4)).tolist())
    scores = [
        result.score for result in similar.find(SimilarRequest(alice, definition, 50)).results
    ]
    assert len(scores) == 50
    assert scores == sorted(scores, reverse=True)


def test_the_page_and_what_leads_to_it(client: Client, alice: User, address: str) -> None:
    client.force_login(alice)
    shown = client.get(f"{address}similar/").content.decode()
    assert shown.index("near.py") < shown.index("far.py")
    assert "copy.py" not in shown
    assert f'href="{address}similar/"' in client.get(address).content.decode()
    assert shown.count('similar/">Similar</a>') == 2
    assert client.get(f"{address}similar/?limit=0").status_code == 400
    assert client.get(f"/api/v1{address}similar?limit=many").status_code == 400


class TestHalves:
    """What the text adds to a vector, and what the code adds, compared alone."""

    @pytest.fixture
    def divided(self, space: Space, alice: User) -> str:
        shop = shelf.repository(alice)
        own = Written("own", "own", (0.8, 0.6, 0, 0), (0, 0.6, 0, 0))
        file, definition = shelf.put(shop, "own.py", own)
        said = Written("said", "said", (0.8, 0, 0.6, 0), (0, 0, 0.6, 0))
        built = Written("built", "built", (0, 0.6, 0, 0.8), (0, 0.6, 0, 0))
        shelf.put(shop, "said.py", said)
        shelf.put(shop, "built.py", built)
        shelf.put(shop, "whole.py", Written("whole", "whole", (0, 0, 0, 1)))
        return reverse("definition", args=[file.pk, definition.pk])

    @pytest.mark.parametrize("exact_up_to", [0, 1000])
    def test_each_is_compared_alone(
        self,
        client: Client,
        alice: User,
        divided: str,
        exact_up_to: int,
        settings: Any,
    ) -> None:
        settings.CODEINDEX_EXACT_TEXTS = exact_up_to
        client.force_login(alice)
        assert results(client, divided, by="meaning")[:2] == [("said.py", 1), ("built.py", 0)]
        assert results(client, divided, by="structure")[:2] == [("built.py", 1), ("said.py", 0)]

    def test_a_whole_vector_cannot_be_divided(
        self, client: Client, alice: User, address: str
    ) -> None:
        client.force_login(alice)
        answer = client.get(f"/api/v1{address}similar", {"by": "structure"}).json()
        assert answer == {"results": [], "notices": [similar.INDIVISIBLE], "exact": None}

    def test_says_what_can_be_compared(self, client: Client, alice: User, address: str) -> None:
        client.force_login(alice)
        assert client.get(f"/api/v1{address}similar", {"by": "sound"}).status_code == 400
        shown = client.get(f"{address}similar/", {"by": "sound"})
        assert shown.status_code == 400
        assert (
            "Unknown comparison “sound”. Use both, meaning or structure." in shown.content.decode()
        )
