"""Whatever is typed: an answer, or a clear 400 that says what is wrong."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from hypothesis import HealthCheck, example, given, settings, strategies

from search.query import parsing
from tests import shelf
from tests.search.asking import find
from tests.shelf import Written

PIECES = strategies.sampled_from(
    [
        "the", "of", "how", "kind:", "kind:class", "-path:tests", "path:**/*?", "repo:none",
        "lang:py", '"', "'", '"two words"', "(", "[a-", "\\", ".*", "^$", "(?P<a>", "; DROP TABLE",
        "--", "%s", "%", "<script>", "&amp;", "{{ x }}", "a.b", "::", "#", "()", "\t", "\n", "\r",
        "\u202e", "\u0000", "\ufeff", "日本語", "עברית", "हिन्दी", "𝔘", "🙂", "İ", "ß",
    ]
)  # fmt: skip
QUERIES = strategies.one_of(
    strategies.text(max_size=parsing.MAX_CHARACTERS + 5),
    strategies.lists(PIECES, max_size=40).map(" ".join),
    strategies.lists(PIECES, max_size=40).map("".join),
)


@pytest.fixture(autouse=True)
def searchable(alice: User, client: Client) -> None:
    shelf.put(shelf.repository(alice), "a.py", Written("def the_load(csv): return csv", "load"))
    client.force_login(alice)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=QUERIES)
@example("the of and how is")
@example("kind:class -path:tests")
@example("'; DROP TABLE codeindex_text; -- \\' \" ) (")
@example("<script>alert(1)</script>")
@example("x" * parsing.MAX_CHARACTERS)
@example("漢" * parsing.MAX_CHARACTERS)
@example("csv " * 500)
def test_any_query_has_an_answer_or_a_clear_400(client: Client, text: str) -> None:
    page = client.get("/", {"q": text})
    answer = client.get("/api/v1/search", {"q": text})
    assert answer.status_code in (200, 400, 404)
    # Without a query the page is the start page
    assert page.status_code == (answer.status_code if text.strip() else 200)
    assert "<script>alert" not in page.content.decode()
    if answer.status_code == 400:
        (reason,) = answer.json()["q"]
        assert len(reason) > 10


@pytest.mark.parametrize("wrong", [{"limit": 0}, {"order": "?"}, {"group": "?"}, {"balance": "?"}])
def test_what_is_wrong_is_said_before_anything_is_looked_up(
    alice: User, wrong: dict[str, Any], django_assert_num_queries: Any
) -> None:
    with django_assert_num_queries(0), pytest.raises(parsing.BadQuery):
        find(alice, "csv", **wrong)


def test_a_longer_list_begins_with_the_shorter_one(client: Client, alice: User) -> None:
    shop = shelf.repository(alice, "many")
    for number in range(230):
        words = " ".join(f"word{other}" for other in range(number % 17))
        path = f"retry{number % 5}/{number % 40}/{number}.py"
        shelf.put(shop, path, Written(f"def f{number}(): retry {words}", f"f{number}"))

    def paths(limit: int) -> list[str]:
        parameters = {"q": "retry word3 word7", "limit": limit}
        results = client.get("/api/v1/search", parameters).json()["results"]
        return [result["url"] for result in results]

    longest = paths(200)
    assert len(longest) == 200
    for few in (10, 50, 100):
        assert paths(few) == longest[:few]
