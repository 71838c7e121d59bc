"""What the tools answer, and to whom."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from django.urls import reverse

from codeindex.models import Branch, IndexRun, Repository, RunStatus, Upstream, Visibility
from search.mcp import tokens
from tests import shelf
from tests.search.mcp.calling import Called
from tests.shelf import Written

Ask = Callable[..., Called]

COMMIT = "alice/shop at commit c0ffeec0ff, indexed just now"
CURSOR = re.compile(r"cursor=(\S+) goes on")


def test_a_search_says_where_code_is_and_of_which_commit(
    ask: Ask, alice: User, shop: Repository
) -> None:
    answer = ask("search", alice, query="read a file")
    assert answer == Called(
        "1 result for “read a file”, best first.\n"
        "1. alice/shop:src/load.py#L1-L6  function load\n"
        f"   ({COMMIT})\n"
        "   def load(path):\n"
        "   — Read a file as text.",
        is_error=False,
    )


def test_as_much_of_a_result_is_shown_as_is_asked_for(
    ask: Ask, alice: User, shop: Repository
) -> None:
    location = ask("search", alice, query="read a file", detail="location").text
    assert "def load" not in location
    assert "load.py#L1-L6" in location
    body = ask("search", alice, query="read a file", detail="body").text
    assert "        return file.read()" in body


def test_a_signature_goes_on_until_its_brackets_close(ask: Ask, alice: User) -> None:
    source = (
        "    @cached\n    def retry(\n        url,\n        times,\n    ):\n        backoff(url)\n"
    )
    shelf.put(shelf.repository(alice), "a.py", Written(source, "retry"))
    shown = ask("search", alice, query="retry").text
    assert shown.endswith("   def retry(\n       url,\n       times,\n   ):")


def test_a_module_is_shown_by_what_it_says_of_itself(ask: Ask, alice: User) -> None:
    source = '"""Carts, and what is in them."""\n\nimport shop\n'
    written = Written(source, "", kind="module", docstring="Carts, and what is in them.")
    shelf.put(shelf.repository(alice), "cart.py", written)
    shown = ask("search", alice, query="carts").text
    assert shown.endswith(f"module cart\n   ({COMMIT})\n   — Carts, and what is in them.")


def test_filters_are_those_of_every_search(ask: Ask, alice: User, shop: Repository) -> None:
    assert "add.py" in ask("search", alice, query="def", path=["src/add*"]).text
    assert "add.py" not in ask("search", alice, query="return", path=["-add"]).text
    assert ask("search", alice, query="x", lang=["go"]).text.startswith("No results")
    assert "load.py" in ask("search", alice, query="load", repo="alice/shop", lang="py").text


def test_a_search_goes_on_where_it_ended(ask: Ask, alice: User) -> None:
    shop = shelf.repository(alice)
    for number in range(25):
        shelf.put(shop, f"{number}.py", Written(f"def csv{number}(): csv", f"csv{number}"))
    seen, cursor = list[str](), ""
    for _ in range(3):
        answer = ask("search", alice, query="csv", cursor=cursor).text
        seen += re.findall(r"shop:(\d+\.py)", answer)
        cursor = CURSOR.search(answer)[1] if CURSOR.search(answer) else ""
    assert len(seen) == len(set(seen)) == 25
    assert not cursor


@pytest.mark.parametrize("detail", ["signature", "body"])
def test_an_answer_keeps_to_its_tokens_and_says_how_to_go_on(
    ask: Ask, alice: User, detail: str
) -> None:
    shop = shelf.repository(alice)
    for number in range(10):
        source = f"def csv{number}():\n" + "    rows = parse(csv, quoted, 1)\n" * 50
        shelf.put(shop, f"{number}.py", Written(source, f"csv{number}"))
    answer = ask("search", alice, query="csv", detail=detail, max_tokens=200).text
    assert tokens.count(answer) <= 200
    left = re.search(r"(\d+) of these results do not fit", answer)
    assert left is not None
    shown = re.findall(r"shop:(\d+)\.py", answer)
    assert len(set(shown)) + int(left[1]) == 10
    cursor = CURSOR.search(answer)
    assert cursor is not None
    further = ask("search", alice, query="csv", detail=detail, cursor=cursor[1]).text
    assert not set(shown) & set(re.findall(r"shop:(\d+)\.py", further))


def test_what_is_left_of_a_long_body_can_be_read(ask: Ask, alice: User) -> None:
    lines = ["def csv():", *(f"    row{number} = csv" for number in range(90))]
    shelf.put(shelf.repository(alice), "a.py", Written("\n".join(lines) + "\n", "csv"))
    answer = ask("search", alice, query="csv", detail="body", max_tokens=300).text
    rest = re.search(r"the rest: read (\S+)", answer)
    assert rest is not None
    assert ask("read", alice, id=rest[1], max_tokens=5000).text.endswith("91\t    row89 = csv")
    last_shown = re.findall(r"row(\d+) = csv", answer)[-1]
    assert f"#L{int(last_shown) + 3}-L91" in rest[1]


def test_reading_goes_on_until_the_end_of_a_file(ask: Ask, alice: User) -> None:
    source = "".join(f"line{number} = {number}\n" for number in range(1, 401))
    shelf.put_source(shelf.repository(alice), "a.py", source)
    seen, location = list[str](), "alice/shop:a.py"
    while location:
        answer = ask("read", alice, id=location, max_tokens=1000).text
        assert tokens.count(answer) <= 1000
        seen += re.findall(r"^(\d+)\tline\1 = \1$", answer, re.MULTILINE)
        rest = re.search(r"lines are left: read (\S+)", answer)
        location = rest[1] if rest else ""
    assert seen == [str(number) for number in range(1, 401)]


def test_a_line_that_does_not_fit_is_cut(ask: Ask, alice: User) -> None:
    shelf.put_source(shelf.repository(alice), "a.js", "a=1;" * 10_000)
    answer = ask("read", alice, id="alice/shop:a.js", max_tokens=200).text
    assert tokens.count(answer) <= 220
    assert "…" in answer


@pytest.mark.parametrize(
    "location",
    [
        "alice/shop:src/load.py#L5-L6",
        "alice/shop:src/load.py#L5-6",
        "shop:src/load.py#L5-L99",
        "alice/shop@c0ffeec0:src/load.py#L5-L6",
        "alice/shop@c0ffeec0/src/load.py#L5-L6",
        "https://code.example.org/r/alice/shop@c0ffeec0ffee/src/load.py#L5-L6",
    ],
)
def test_a_location_has_several_forms(
    ask: Ask, alice: User, shop: Repository, location: str
) -> None:
    assert ask("read", alice, id=location).text == (
        f"alice/shop:src/load.py#L5-L6 of 6 lines ({COMMIT})\n"
        "5\t    with open(path) as file:\n"
        "6\t        return file.read()"
    )


def test_the_address_of_a_definition_is_a_location_for_who_may_see_it(
    ask: Ask, alice: User, charlie: User
) -> None:
    file, definition = shelf.put(shelf.repository(alice), "a.py", Written("def a(): ...", "a"))
    address = f"https://example.org{reverse('definition', args=[file.pk, definition.pk])}"
    assert "1\tdef a(): ..." in ask("read", alice, id=address).text
    hidden, unknown = (
        ask("read", charlie, id=address),
        ask("read", charlie, id="A" * 22 + "/" + "B" * 22),
    )
    assert hidden.is_error
    assert hidden == unknown


def test_other_branches_are_named(ask: Ask, alice: User, shop: Repository) -> None:
    source = shop.branches.get()
    branch = Branch.objects.create(repository=shop, name="dev/next")
    branch.live_run = IndexRun.objects.create(
        branch=branch, status=RunStatus.PUBLISHED, commit="decade" * 6
    )
    branch.save()
    file = source.source_files.get(path="src/add.py")
    branch.source_files.create(path="new.py", blob=file.blob, from_run=branch.live_run, live=True)
    lines = ask("grep", alice, pattern=r"a \+ b", repo=["alice/shop@dev/next"]).text
    assert "alice/shop@dev/next:new.py" in lines
    assert "alice/shop branch dev/next at commit decadedeca" in lines
    assert "2\t" in ask("read", alice, id="alice/shop@dev/next:new.py#L2").text
    for missing in ("alice/shop:new.py", "alice/shop@none:new.py", "alice/shop@c0ffeec0:new.py"):
        assert ask("read", alice, id=missing).is_error


def test_a_name_that_several_have_is_not_guessed(
    ask: Ask, alice: User, bob: User, shop: Repository
) -> None:
    shelf.repository(bob, visibility=Visibility.PUBLIC)
    answer = ask("read", alice, id="shop:src/load.py")
    assert answer == Called(
        "Several repositories are called shop. Name one: alice/shop, bob/shop.", is_error=True
    )


def test_grep_takes_patterns_as_they_are(ask: Ask, alice: User, shop: Repository) -> None:
    assert ask("grep", alice, pattern=r"return \w+\.read").text == (
        "1 line in 1 file with “return \\w+\\.read”.\n"
        f"alice/shop:src/load.py  ({COMMIT})\n"
        "  6:         return file.read()"
    )
    assert ask("grep", alice, pattern=".read(", fixed=True).text.startswith("1 line in 1 file")
    assert ask("grep", alice, pattern="RETURN").text.startswith("0 lines")
    assert ask("grep", alice, pattern="(?i)RETURN").text.startswith("2 lines in 2 files")
    assert ask("grep", alice, pattern="^    return", path="add").text.startswith("1 line in 1 file")
    shelf.put(shop, "b.py", Written("repo:shop lang:python\n", "b"))
    assert "b.py" in ask("grep", alice, pattern="repo:shop", fixed=True).text
    assert "b.py" in ask("grep", alice, pattern="/?lang:py").text


def test_grep_goes_on_where_its_answer_was_cut(ask: Ask, alice: User) -> None:
    shop = shelf.repository(alice)
    for number in range(12):
        shelf.put(shop, f"{number:02}.py", Written(f"# {number}\n" + "csv = row\n" * 9, "csv"))
    seen, cursor = list[str](), ""
    for _ in range(20):
        answer = ask("grep", alice, pattern="csv", max_tokens=250, limit=5, cursor=cursor).text
        assert tokens.count(answer) <= 250
        assert "108 lines in 12 files" in answer
        seen += re.findall(r"shop:(\d+\.py)", answer)
        if not (goes_on := CURSOR.search(answer)):
            break
        cursor = goes_on[1]
    assert seen == [f"{number:02}.py" for number in range(12)]


CART = """class Cart:
    def add(self):
        def inner():
            pass


def pay():
    pass
"""


def test_an_outline_shows_folders_files_and_definitions(
    ask: Ask, alice: User, shop: Repository
) -> None:
    shelf.put(shop, "src/deep/er/x.py", Written("def x(): ...", "x"))
    assert ask("outline", alice, repo="alice/shop").text == (
        f"alice/shop: ({COMMIT})\nsrc/add.py  python\nsrc/deep/  1 file\nsrc/load.py  python"
    )
    assert "src/\t" not in ask("outline", alice, repo="shop", path="src/deep", depth=2).text
    below = ask("outline", alice, repo="shop", path="src/deep", depth=2).text
    assert below.endswith("\ner/x.py  python")
    shelf.put_source(shop, "cart.py", CART)
    file = ask("outline", alice, repo="shop", path="cart.py").text
    assert file == (
        f"alice/shop:cart.py: python, 8 lines, 3 definitions ({COMMIT})\n"
        "L1-L4 class Cart\n"
        "  L2-L4 method Cart.add\n"
        "L7-L8 function pay"
    )
    assert ask("outline", alice, repo="shop", path="none").is_error
    assert ask("outline", alice, repo="none").is_error


def test_an_outline_that_does_not_fit_says_what_is_left(ask: Ask, alice: User) -> None:
    shop = shelf.repository(alice)
    for number in range(100):
        shelf.put(shop, f"folder/{number}.py", Written("def a(): ...", "a"))
    answer = ask("outline", alice, repo="shop", max_tokens=300).text
    assert tokens.count(answer) <= 300
    left = re.search(r"(\d+) more do not fit", answer)
    assert left is not None
    assert answer.count(".py") + int(left[1]) == 100


def test_repositories_say_their_commit_languages_and_state(
    ask: Ask, alice: User, shop: Repository
) -> None:
    growing = shelf.repository(alice, "growing", finished=False)
    waiting = Repository.objects.create(owner=alice, name="waiting", url="/srv/waiting")
    IndexRun.objects.create(branch=waiting.branches.create(), status=RunStatus.QUEUED)
    failed = IndexRun.objects.create(
        branch=shop.branches.get(), status=RunStatus.FAILED, error="/srv/secret"
    )
    answer = ask("repositories", alice).text
    assert answer == (
        "3 repositories, by name.\n"
        f"alice/growing at commit c0ffeec0ff, indexed just now; searchable by words; the semantic"
        " index is still being built\n"
        f"{COMMIT}; the last attempt to index it again failed, so that newer code may be missing;"
        " searchable; files: python 2\n"
        "alice/waiting; not searchable yet: waiting for a worker"
    )
    assert ask("repositories", alice, query="SHOP").text.startswith("1 repository called like")
    assert growing.pk
    assert failed.error not in answer


def test_repositories_come_in_pages(ask: Ask, alice: User) -> None:
    for number in range(45):
        shelf.repository(alice, f"repository{number:02}")
    seen, cursor = list[str](), ""
    for _ in range(5):
        answer = ask("repositories", alice, cursor=cursor).text
        seen += re.findall(r"alice/repository(\d\d)", answer)
        cursor = CURSOR.search(answer)[1] if CURSOR.search(answer) else ""
        if not cursor:
            break
    assert seen == [f"{number:02}" for number in range(45)]


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


def test_what_a_search_relaxed_is_said(ask: Ask, alice: User, shop: Repository) -> None:
    assert "Note: " in ask("search", alice, query='load "no such phrase"').text


def test_a_misspelt_word_is_corrected(ask: Ask, alice: User) -> None:
    shop = shelf.repository(alice)
    for number in range(5):
        shelf.put(shop, f"{number}.py", Written(f"def backoff{number}(): backoff", "backoff"))
    assert "Note: Did you mean “backoff”?" in ask("search", alice, query="bakcoff").text


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
        ("read", {"id": "load.py"}, "is no location. Use owner/name:path#L10-L40."),
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
