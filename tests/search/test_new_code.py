"""What a saved search finds in code that index runs have added."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User

from codeindex.models import IndexRun, SavedSearch
from codeindex.searches.alerts import CannotCompare
from codeindex.spaces import encoders
from embeddings import EncoderUnavailable
from search import new_code
from search.ranking import closeness
from tests.search.asking import find

NAMED, DESCRIBED = "load", "wind in the willows"


def saved(owner: User, query: str) -> SavedSearch:
    return SavedSearch(owner=owner, name="csv", asked=f"q={query}")


def test_what_is_weak_is_no_match(
    encoded: None, alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(closeness, "STRONG_SCORE", 50.0)  # all vectors of the tiny model are close
    runs = set(IndexRun.objects.values_list("pk", flat=True))
    assert [each.name for each in new_code.matches(saved(alice, NAMED), runs)] == [NAMED]
    (weak, *_) = find(alice, DESCRIBED).results
    assert weak.closeness == "weak"
    assert new_code.matches(saved(alice, DESCRIBED), runs) == []


def test_nothing_is_compared_without_the_model(
    encoded: None, alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Unavailable(encoders.Searcher):
        def encoder(self, spaces: object = None) -> object:  # type: ignore[override]
            raise EncoderUnavailable("It is being loaded.")

    monkeypatch.setattr(encoders, "searcher", Unavailable())
    with pytest.raises(CannotCompare):
        new_code.matches(saved(alice, NAMED), {1})
    filters_alone = SavedSearch(owner=alice, name="all", asked="kind=function")
    assert new_code.matches(filters_alone, {1}) == []
