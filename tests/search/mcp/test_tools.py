"""What all tools have in common: whom they answer, lagging indexes, and wrong arguments."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User

from codeindex.models import IndexRun, Repository, RunStatus, Upstream, Visibility
from tests import shelf
from tests.search.mcp.calling import Ask
from tests.shelf import Written


def test_an_index_that_lags_is_marked(ask: Ask, alice: User, shop: Repository) -> None:
    IndexRun.objects.create(branch=shop.branches.get(), status=RunStatus.CHECKOUT)
    for tool, arguments in {
        "search": {"query": "load"},
        "grep": {"pattern": "load"},
        "read": {"id": "shop:src/load.py"},
        "outline": {"repo": "shop"},
        "repositories": {},
    }.items():
        assert "newer code may be missing" in ask(tool, alice, **arguments).text


def test_an_index_that_is_behind_its_host_is_marked(
    ask: Ask, alice: User, shop: Repository
) -> None:
    upstream = Upstream.objects.create(branch=shop.branches.get(), head="c0ffee" * 6)
    assert ";" not in ask("read", alice, id="shop:src/load.py").text
    upstream.head = "facade" * 6
    upstream.save()
    answer = ask("read", alice, id="shop:src/load.py").text
    assert "its host has another commit, facadefaca, that is not indexed yet" in answer


HIDDEN = [
    ("search", {"query": "load", "repo": ["alice/shop"]}),
    ("read", {"id": "alice/shop:src/load.py"}),
    ("similar", {"id": "alice/shop:src/load.py#L1"}),
    ("grep", {"pattern": "load", "repo": ["alice/shop"]}),
    ("outline", {"repo": "alice/shop"}),
]


@pytest.mark.parametrize(("tool", "arguments"), HIDDEN, ids=[tool for tool, _ in HIDDEN])
@pytest.mark.parametrize("who", ["charlie", "nobody"])
def test_a_hidden_repository_is_as_an_unknown_one(
    ask: Ask, charlie: User, shop: Repository, tool: str, arguments: dict[str, str], who: str
) -> None:
    user = charlie if who == "charlie" else None
    hidden = ask(tool, user, **arguments)
    assert hidden.is_error
    Repository.objects.all().delete()
    assert ask(tool, user, **arguments) == hidden


def test_a_stranger_finds_what_is_public_only(
    ask: Ask, alice: User, charlie: User, bob: User, shop: Repository
) -> None:
    public = shelf.repository(alice, "open", visibility=Visibility.PUBLIC)
    shelf.put(public, "open.py", Written("def load(open): ...", "load"))
    for user in (charlie, bob, None):
        for tool, arguments in (("search", {"query": "load"}), ("grep", {"pattern": "load"})):
            answer = ask(tool, user, **arguments).text
            assert "alice/open:open.py" in answer
            assert "shop" not in answer
        assert ask("repositories", user).text.startswith("1 repository, by name.\nalice/open")
    shop.teams.set(alice.groups.all())
    assert "alice/shop" in ask("search", bob, query="load").text


@pytest.mark.parametrize(
    ("tool", "arguments", "reason"),
    [
        ("search", {}, "query: Field required."),
        ("search", {"query": ""}, "The query is empty."),
        ("search", {"query": 5}, "query: Input should be a valid string."),
        ("search", {"query": "x" * 3000}, "The query has 3,000 characters; at most 2,000"),
        ("search", {"query": "a\0b"}, "query: The text contains a NUL character."),
        ("search", {"query": "x", "limit": 51}, "limit: Input should be less than or equal to 50."),
        ("search", {"query": "x", "detail": "all"}, "Input should be 'location', 'signature' or"),
        ("search", {"query": "x", "colour": 1}, "Unknown argument “colour”. Use max_tokens, query"),
        ("search", {"query": "x", "lang": ["klingon"]}, "Unknown language “klingon”."),
        ("search", {"query": "x", "kind": ["functoin"]}, "Did you mean function?"),
        ("search", {"query": "x", "cursor": "WzN"}, "cursor"),
        ("search", {"query": "x", "max_tokens": 1}, "Input should be greater than or equal to 200"),
        ("search", {"query": "x", "repo": [["x"]]}, "repo: Input should be a valid string."),
        ("search", {"query": "x", "repo": ["x"] * 21}, "at most 20 are allowed"),
        ("read", {"id": "load.py"}, "is not a location. Use owner/name:path#L10-L40."),
        ("read", {"id": "alice/shop:src/load.py#L99"}, "The file has 6 lines."),
        (
            "read",
            {"id": "alice/shop:src/lod.py"},
            "There is no file “src/lod.py” in the commit",
        ),
        ("read", {"id": "x" * 500 + ":a.py"}, "A name has at most 200 characters."),
        ("read", {"id": "x" * 20_000}, "id: At most 10,000 characters are allowed."),
        ("similar", {}, "Give either id, a location of an earlier answer, or code."),
        ("similar", {"id": "shop:src/load.py#L900"}, "The file has 6 lines."),
        ("similar", {"code": "x", "by": "colour"}, "Input should be 'both', 'meaning' or"),
        ("grep", {"pattern": "("}, "The regular expression is not one of RE2"),
        ("grep", {"pattern": "x", "cursor": "!"}, "This is not the place where a search for lines"),
        ("outline", {"repo": "shpo"}, "There is no repository shpo. Did you mean shop?"),
        ("outline", {"repo": "shop", "depth": 99}, "depth: Input should be less than or equal to"),
        ("repositories", {"cursor": "x"}, "The cursor is not one that an answer gave."),
    ],
)
def test_wrong_arguments_are_an_error_that_says_what_is_allowed(
    ask: Ask, alice: User, shop: Repository, tool: str, arguments: dict[str, object], reason: str
) -> None:
    answer = ask(tool, alice, **arguments)
    assert answer.is_error
    assert reason in answer.text
    assert len(answer.text) < 1000


def test_a_path_cannot_look_like_a_line_of_an_answer(ask: Ask, alice: User) -> None:
    shop = shelf.repository(alice)
    shelf.put(shop, "a\n2. bob/secret:b.py", Written("def load(): ...", "load"))
    for answer in (ask("search", alice, query="load"), ask("outline", alice, repo="shop")):
        assert "a?2. bob/secret:b.py" in answer.text
