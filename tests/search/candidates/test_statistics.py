"""Words are weighed by what their reader may see: by the texts of visible branches, and exactly."""

from __future__ import annotations

import json
import re

import pytest
from django.contrib.auth.models import AnonymousUser, Group, User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from codeindex import repositories
from codeindex.models import Repository, Text, Visibility
from search.candidates import scopes
from search.query import lexemes
from search.query.filters import Field, Filter
from tests import shelf
from tests.search.asking import find
from tests.shelf import Written

QUERY = "retry a request with backoff"


@pytest.fixture
def public(alice: User) -> Repository:
    made = shelf.repository(alice, "public", visibility=Visibility.PUBLIC)
    shelf.put(made, "a.py", Written("def fetch(): retry request", "fetch"))
    shelf.put(made, "b.py", Written("def wait(): backoff request", "wait"))
    shelf.put(made, "c.py", Written("def send(): request", "send"))
    return made


def hide(owner: User, team: Group) -> Repository:
    made = shelf.repository(owner, "hidden", teams=[team])
    for number in range(20):
        shelf.put(made, f"{number}.py", Written(f"def g{number}(): backoff retry", f"g{number}"))
    return made


def share(user: User | AnonymousUser, word: str, *kept_to: Filter) -> float:
    (lexeme,) = lexemes.weighted_lexemes([word], scopes.scope_for(user, kept_to).visible)
    return lexeme.share


VARIES = re.compile(rb'name="csrfmiddlewaretoken" value="\w+"|\d+ ms|>(now|[^<>]+ ago)<')
"""What is another in each page: a token, how long the search took, and the age of the index."""


def answers(client: Client) -> list[bytes]:
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE codeindex_text")  # what Postgres knows of all texts is not asked
    told = client.get("/api/v1/search", {"q": QUERY}).content
    shown = client.get("/", {"q": QUERY}).content
    assert json.loads(told)["results"][0]["score_parts"]["words"] > 0
    assert shown.count(b'<article class="card result">') == 3
    return [told, VARIES.sub(b"", shown)]


@pytest.mark.django_db(transaction=True)
def test_what_is_hidden_changes_nothing_of_a_strangers_answer(
    client: Client, public: Repository, alice: User, team: Group, charlie: User
) -> None:
    stranger = Client()
    stranger.force_login(charlie)
    before = answers(client), answers(stranger)
    hidden = hide(alice, team)
    assert (answers(client), answers(stranger)) == before
    repositories.remove(hidden, by=None)
    assert (answers(client), answers(stranger)) == before


def test_each_has_the_statistics_of_what_they_may_see(
    public: Repository, alice: User, bob: User, charlie: User, team: Group
) -> None:
    hidden = hide(alice, team)
    assert share(bob, "backoff") == 21 / 23
    assert share(charlie, "backoff") == share(AnonymousUser(), "backoff") == 1 / 3
    repositories.remove(hidden, by=None)
    assert share(bob, "backoff") == 1 / 3


def test_filters_leave_them_alone(public: Repository, alice: User, bob: User, team: Group) -> None:
    hide(alice, team)
    only = Filter(Field.REPOSITORY, "public")
    assert share(bob, "backoff", only) == share(bob, "backoff")


def test_a_rare_word_says_more_and_an_unknown_one_comes_last(
    public: Repository, alice: User
) -> None:
    weighted = lexemes.weighted_lexemes(
        ["request", "retry", "frobnicate"], scopes.scope_for(alice).visible
    )
    assert [lexeme.word for lexeme in weighted] == ["retri", "request", "frobnic"]
    assert weighted[2].weight > weighted[0].weight > weighted[1].weight > 0


def test_pasted_code_is_compared_by_words_that_there_are(public: Repository, alice: User) -> None:
    unknown = [f"unknown{number}" for number in range(2 * lexemes.MAX_LEXEMES)]
    weighted = lexemes.weighted_lexemes([*unknown, "backoff"], scopes.scope_for(alice).visible)
    assert (len(weighted), weighted[0].word) == (lexemes.MAX_LEXEMES, "backoff")


def test_words_and_their_counts_come_in_one_statement(public: Repository, alice: User) -> None:
    corpus = scopes.scope_for(alice).visible
    with CaptureQueriesContext(
        connection,
    ) as captured:
        lexemes.weighted_lexemes(["retry", "request"], corpus)
    assert len(captured) == 1


def test_equals_come_in_the_same_order_whoever_held_their_text_before(
    alice: User, charlie: User
) -> None:
    """Ids of texts grow, so that one which was there before would come first."""
    sources = [f"def {name}(): backoff" for name in ("one", "two")]
    shelf.put(shelf.repository(alice, "hidden"), "x.py", Written(sources[1], "f"))
    own = shelf.repository(charlie, "own")
    for path, source in zip(("a.py", "b.py"), sources, strict=True):
        shelf.put(own, path, Written(source, "f"))
    assert list(Text.objects.order_by("pk").values_list("body", flat=True)) == sources[::-1]
    for query in ("backoff", "f"):
        results = find(charlie, query).results
        assert [result.definition.place.path for result in results] == ["a.py", "b.py"]
