from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from django.contrib.auth.models import AnonymousUser, Group, User
from django.db import connection
from django.test.utils import CaptureQueriesContext

from codeindex.models import Repository, Space, Text, Visibility
from codeindex.spaces import lifecycle
from search.candidates import retrieval, scopes, vectors
from search.candidates.branches import UnknownRepository
from search.candidates.retrieval import Candidate
from search.candidates.scopes import Scope
from search.candidates.vectors import QueryVector
from search.query import lexemes, parsing
from search.query.filters import Field, Filter
from tests import shelf
from tests.shelf import Written

RNG = np.random.default_rng(7)


def directions(count: int) -> np.ndarray:
    rows = RNG.standard_normal((count, shelf.DIMENSIONS)).astype(np.float32)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def scope(user: User | AnonymousUser, repository: str = "", *more: Filter) -> Scope:
    own = [Filter(Field.REPOSITORY, repository)] if repository else []
    return scopes.scope_for(user, [*own, *more])


def nearest(user: User, query_vector: QueryVector, limit: int, repository: str = "") -> list[int]:
    return vectors.nearest_texts(query_vector, scope(user, repository), limit)


def candidates_for(
    user: User | AnonymousUser,
    text: str,
    repository: str = "",
    max_matches: int = retrieval.MAX_MATCHES,
) -> dict[str, Candidate]:
    """Candidates of the words and the name alone, by the bodies of their texts."""
    within = scope(user, repository)
    query = parsing.parse_query(text)
    words = lexemes.weighted_lexemes(query.words, within.visible)
    candidates = retrieval.candidates(query, words, None, within, max_matches=max_matches)
    bodies = dict(Text.objects.values_list("pk", "body"))
    return {bodies[candidate.text]: candidate for candidate in candidates}


@pytest.fixture
def indexed(space: Space, settings: Any) -> Space:
    """A space with an HNSW index, in which few texts are many already."""
    settings.CODEINDEX_EXACT_TEXTS = 100
    name = lifecycle.index_name(space)
    with connection.cursor() as cursor:
        cursor.execute(
            f"CREATE INDEX {name} ON codeindex_embedding"
            f" USING hnsw ((vector::halfvec({space.dimensions})) halfvec_cosine_ops)"
            f" WHERE space_id = {space.pk} AND state = 'ready'"
        )
    return space


class TestNearest:
    def test_order_is_by_cosine(self, space: Space, alice: User) -> None:
        texts = shelf.put_many(
            shelf.repository(alice), [[1, 0, 0, 0], [0, 1, 0, 0], [0.9, 0.1, 0, 0], [-1, 0, 0, 0]]
        )
        order = nearest(alice, QueryVector(space, [2.0, 0, 0, 0]), 10)
        assert order == [texts[0], texts[2], texts[1], texts[3]]

    def test_a_repository_keeps_to_itself(self, space: Space, alice: User) -> None:
        shelf.put_many(shelf.repository(alice, "other"), [[1, 0, 0, 0]])
        texts = shelf.put_many(shelf.repository(alice, "shop"), [[0, 1, 0, 0]])
        query_vector = QueryVector(space, [1.0, 0, 0, 0])
        assert nearest(alice, query_vector, 10, "shop") == texts
        assert nearest(alice, query_vector, 10, "alice/shop") == texts

    def test_only_vectors_of_the_space_are_compared(self, space: Space, alice: User) -> None:
        shelf.put_many(shelf.repository(alice), [[1, 0, 0, 0]])
        other = Space.objects.create(name="other", fingerprint="other", dimensions=3)
        assert nearest(alice, QueryVector(other, [1.0, 0, 0]), 10) == []

    @pytest.mark.parametrize("limit", [10, 200])
    def test_the_index_gives_as_many_as_are_asked_for(
        self, indexed: Space, alice: User, bob: User, limit: int
    ) -> None:
        """Also where the user sees only one vector in four, and the nearest are all hidden."""
        query = directions(1)[0]
        hidden = directions(625) * 0.1 + query
        shelf.put_many(shelf.repository(bob, "hidden"), hidden)
        shown = directions(210)
        texts = shelf.put_many(shelf.repository(alice), shown)
        order = nearest(alice, QueryVector(indexed, query), limit)
        exact = [texts[row] for row in np.argsort(-(shown @ query))[:limit]]
        assert len(order) == limit
        assert len(set(order) & set(exact)) >= 0.95 * limit

    def test_what_the_index_leads_to_can_be_enough(
        self, indexed: Space, alice: User, bob: User
    ) -> None:
        query = directions(1)[0]
        shelf.put_many(shelf.repository(bob, "hidden"), directions(625) * 0.1 + query)
        shelf.put_many(shelf.repository(alice), directions(210))
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL hnsw.max_scan_tuples = 400")
        query_vector = QueryVector(indexed, query, ef_search=50)
        few = vectors.nearest_texts(query_vector, scope(alice), 200, minimum=1)
        assert 1 <= len(few) < 200
        assert len(vectors.nearest_texts(query_vector, scope(alice), 200, minimum=150)) == 200

    def test_the_index_is_searched_wider_where_most_is_hidden(
        self, indexed: Space, alice: User, bob: User
    ) -> None:
        shelf.put_many(shelf.repository(alice), directions(300))
        query_vector = QueryVector(indexed, directions(1)[0])

        def width(filters: str = "") -> str:
            within = scopes.scope_for(alice, parsing.parse_query(f"{filters} anything").filters)
            with CaptureQueriesContext(connection) as captured:
                vectors.nearest_texts(query_vector, within, 10)
            (statement,) = [query["sql"] for query in captured if "<=>" in query["sql"]]
            return statement.partition("ef_search = ")[2].partition(";")[0]

        assert width() == str(vectors.EF_SEARCH)
        shelf.put_many(shelf.repository(bob, "hidden"), directions(300) + 0.1)
        assert width() == str(2 * vectors.EF_SEARCH)
        assert width("kind:function") == str(vectors.MAX_EF_SEARCH)

    def test_a_large_index_is_searched_wider(self, alice: User) -> None:
        def width(texts: int) -> int:
            return vectors._ef_search(
                replace(scopes.scope_for(alice), texts=texts, all_texts=texts)
            )

        assert width(1_000) == width(vectors.REFERENCE_TEXTS) == vectors.EF_SEARCH
        assert (
            1.5 * vectors.EF_SEARCH < width(5 * vectors.REFERENCE_TEXTS) < 2.5 * vectors.EF_SEARCH
        )

    def test_few_rows_are_compared_exactly(self, indexed: Space, alice: User, bob: User) -> None:
        query = directions(1)[0]
        shelf.put_many(shelf.repository(bob, "hidden"), directions(500) * 0.1 + query)
        shown = directions(60)
        texts = shelf.put_many(shelf.repository(alice), shown)
        order = nearest(alice, QueryVector(indexed, query), 60)
        assert order == [texts[row] for row in np.argsort(-(shown @ query))]

    def test_many_rows_are_found_by_the_index(self, indexed: Space, alice: User) -> None:
        shelf.put_many(shelf.repository(alice), directions(500))
        query_vector = QueryVector(indexed, directions(1)[0])
        with CaptureQueriesContext(
            connection,
        ) as captured:
            nearest(alice, query_vector, 10)
        statements = [query["sql"] for query in captured if "<=>" in query["sql"]]
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL enable_sort = off")
            cursor.execute(f"EXPLAIN {statements[0].rpartition(';')[2]}")
            plan = "\n".join(line for (line,) in cursor.fetchall())
        assert len(statements) == 1
        assert f"Index Scan using {lifecycle.index_name(indexed)}" in plan
        assert "Sort" not in plan


class TestWords:
    def test_words_find_what_has_no_vector(self, space: Space, alice: User) -> None:
        shop = shelf.repository(alice)
        shelf.put(shop, "a.py", Written("def load(path): return csv.reader(path)", "load"))
        shelf.put(shop, "b.py", Written("def save(path): pass", "save"))
        assert list(candidates_for(alice, "read a CSV")) == [
            "def load(path): return csv.reader(path)"
        ]

    def test_each_word_that_a_text_holds_is_known(self, space: Space, alice: User) -> None:
        shop = shelf.repository(alice)
        shelf.put(shop, "a.py", Written("retry request backoff", "a"))
        shelf.put(shop, "b.py", Written("retry request", "b"))
        shelf.put(shop, "c.py", Written("request", "c"))
        candidates = candidates_for(alice, "retry the request with backoff")
        held = {body: candidate.held.bit_count() for body, candidate in candidates.items()}
        assert held == {"retry request backoff": 3, "retry request": 2, "request": 1}
        rarest = candidates["retry request backoff"].held & ~candidates["retry request"].held
        assert rarest == 1  # The lowest bit is that of the first word

    def test_a_word_that_all_texts_hold_finds_them(self, space: Space, alice: User) -> None:
        shop = shelf.repository(alice)
        for number in range(20):
            shelf.put(shop, f"{number}.py", Written(f"backoff {number}", "f"))
        assert len(candidates_for(alice, "backoff")) == 20

    def test_words_are_found_among_many_texts_too(
        self, space: Space, alice: User, settings: Any
    ) -> None:
        settings.CODEINDEX_EXACT_TEXTS = 1
        shop, hidden = shelf.repository(alice), shelf.repository(alice, "hidden")
        for number in range(5):
            shelf.put(shop, f"{number}.py", Written(f"backoff {number}", "f"))
        for number in range(2 * retrieval.DEPTHS[0]):  # that cover more, and are all in the way
            shelf.put(hidden, f"{number}.py", Written(f"backoff retry {number}", "f"))
        bodies = candidates_for(alice, "retry with backoff", "shop")
        assert sorted(bodies) == [f"backoff {number}" for number in range(5)]

    def test_those_that_hold_all_of_many_common_words_are_found(
        self, space: Space, alice: User, settings: Any
    ) -> None:
        settings.CODEINDEX_EXACT_TEXTS = 1
        shop = shelf.repository(alice)
        for number in range(60):  # more than are looked at
            two = ("retry request", "request backoff", "backoff retry")[number % 3]
            shelf.put(shop, f"{number}.py", Written(f"{two} {number}", "f"))
        shelf.put(shop, "all.py", Written("retry request backoff", "f"))
        bodies = candidates_for(alice, "retry the request with backoff", max_matches=10)
        assert "retry request backoff" in bodies
        assert len(bodies) > 1

    @pytest.mark.parametrize("text", ["the of and", "!!! ???", "'; DROP TABLE x; --", "\\", "日本"])
    def test_any_text_is_a_query(self, space: Space, alice: User, text: str) -> None:
        shelf.put(shelf.repository(alice), "a.py", Written("def f(): pass"))
        assert candidates_for(alice, text) == {}

    def test_quotes_and_backslashes_are_words_of_no_text(self, space: Space, alice: User) -> None:
        shelf.put(shelf.repository(alice), "a.py", Written("O'Reilly", "f"))
        assert list(candidates_for(alice, "O'Reilly \\' | & !('")) == ["O'Reilly"]


class TestNames:
    @pytest.mark.parametrize(
        "name",
        [
            "request",
            "Session.request",
            "sessions.Session.request",
            "requests.sessions.Session.request",
        ],
    )
    def test_a_definition_is_named_by_the_end_of_its_name(
        self, space: Space, alice: User, name: str
    ) -> None:
        shop = shelf.repository(alice)
        method = Written("def request(): ...", "Session.request", kind="method")
        shelf.put(shop, "src/requests/sessions.py", method)
        shelf.put(shop, "a.py", Written("def requests(): ...", "requests"))
        shelf.put(shop, "b.py", Written("def other(): request()", "other"))
        named = [body for body, candidate in candidates_for(alice, name).items() if candidate.named]
        assert named == ["def request(): ..."]

    @pytest.mark.parametrize("name", ["Session.requests", "Session", "request.Session"])
    def test_another_name_does_not_name_it(self, space: Space, alice: User, name: str) -> None:
        method = Written("def request(): ...", "Session.request", kind="method")
        shelf.put(shelf.repository(alice), "src/requests/sessions.py", method)
        assert not any(candidate.named for candidate in candidates_for(alice, name).values())


class TestPermission:
    @pytest.fixture
    def shop(self, space: Space, alice: User, team: Group) -> Repository:
        """Alice's, and her team's."""
        return shelf.repository(alice, "shop", teams=[team])

    def seen(self, user: User | AnonymousUser, space: Space) -> set[str]:
        """By meaning, words and name."""
        within = scope(user)
        query = parsing.parse_query("secret")
        candidates = retrieval.candidates(query, [], QueryVector(space, [1.0, 0, 0, 0]), within)
        bodies = dict(Text.objects.values_list("pk", "body"))
        return {bodies[candidate.text] for candidate in candidates}

    def test_owner_and_team_see_what_a_stranger_does_not(
        self, space: Space, shop: Repository, alice: User, bob: User, charlie: User
    ) -> None:
        shelf.put(shop, "a.py", Written("secret", "secret", (1, 0, 0, 0)))
        assert self.seen(alice, space) == self.seen(bob, space) == {"secret"}
        assert self.seen(charlie, space) == self.seen(AnonymousUser(), space) == set()

    def test_a_text_live_where_it_is_hidden_and_old_where_it_is_visible_stays_hidden(
        self, space: Space, shop: Repository, charlie: User
    ) -> None:
        secret = Written("secret", "secret", (1, 0, 0, 0))
        shelf.put(shop, "a.py", secret)
        shelf.put(shelf.repository(charlie, "own"), "old.py", secret, live=False)
        assert self.seen(charlie, space) == set()

    def test_the_same_text_is_seen_where_it_is_visible(
        self, space: Space, shop: Repository, charlie: User
    ) -> None:
        secret = Written("secret", "secret", (1, 0, 0, 0))
        shelf.put(shop, "a.py", secret)
        shelf.put(shelf.repository(charlie, "own"), "copy.py", secret)
        assert self.seen(charlie, space) == {"secret"}

    @pytest.mark.parametrize(
        ("visibility", "by_charlie", "by_anyone"),
        [
            (Visibility.PRIVATE, False, False),
            (Visibility.INTERNAL, True, False),
            (Visibility.PUBLIC, True, True),
        ],
    )
    def test_visibility(
        self,
        space: Space,
        alice: User,
        charlie: User,
        visibility: str,
        by_charlie: bool,
        by_anyone: bool,
    ) -> None:
        own = shelf.repository(alice, "own", visibility=visibility)
        shelf.put(own, "a.py", Written("secret", "secret", (1, 0, 0, 0)))
        assert bool(self.seen(charlie, space)) is by_charlie
        assert bool(self.seen(AnonymousUser(), space)) is by_anyone

    def test_a_hidden_repository_is_as_unknown_as_one_that_does_not_exist(
        self, shop: Repository, charlie: User
    ) -> None:
        reasons = []
        for name in ("shop", "none"):
            with pytest.raises(UnknownRepository) as raised:
                scope(charlie, name)
            reasons.append(str(raised.value).replace(name, "…"))
        assert reasons[0] == reasons[1]
