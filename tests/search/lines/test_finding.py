"""Lines are found in every live file that the user may see, all of them, and page by page."""

from __future__ import annotations

from itertools import pairwise

import pytest
from django.contrib.auth.models import User

from codeindex.ingestion.lexical import grams
from codeindex.models import Blob, GramBlock, Repository
from search.candidates.branches import UnknownRepository
from search.lines import candidates, finding
from search.query.filters import BadQuery
from tests import shelf
from tests.search.lines.asking import find, places, put

pytestmark = pytest.mark.django_db

CART = """\
import json

TIMEOUT = 30

def load(path):
    # retries: 3
    return json.loads(path.read_text())
"""
HTTP = """\
def fetch(url, timeout=30):
    if timeout > 0:
        return open_url(url, timeout)
    raise ValueError("timeout")
"""


@pytest.fixture(params=["indexed", "in pieces", "not indexed yet"])
def shop(
    request: pytest.FixtureRequest, alice: User, monkeypatch: pytest.MonkeyPatch
) -> Repository:
    if request.param == "in pieces":
        monkeypatch.setattr("embeddings.files.grams.PIECE", 1)
    made = shelf.repository(alice)
    put(made, {"src/cart.py": CART, "src/http.py": HTTP, "notes/notes.md": "No time\nout here.\n"})
    if request.param != "not indexed yet":
        grams.renew()
    return made


@pytest.fixture
def no_file_is_few(monkeypatch: pytest.MonkeyPatch) -> None:
    """The grams are asked however few files there are."""
    monkeypatch.setattr(candidates, "FEW", 0)


@pytest.mark.parametrize(
    ("query", "parameters", "found"),
    [
        ("timeout", {}, [("src/cart.py", 3), ("src/http.py", 1), ("src/http.py", 2),
                         ("src/http.py", 3), ("src/http.py", 4)]),
        ("timeout", {"case": "match"}, [("src/http.py", line) for line in (1, 2, 3, 4)]),
        ("TIME", {"word": "whole"}, [("notes/notes.md", 1)]),
        ("json.loads(path", {}, [("src/cart.py", 7)]),
        ('"  return json"', {}, [("src/cart.py", 7)]),
        ('ValueError("timeout")', {}, [("src/http.py", 4)]),
        ("/retries: \\d+/", {}, [("src/cart.py", 6)]),
        ("/^def \\w+\\(/", {}, [("src/cart.py", 5), ("src/http.py", 1)]),
        ("/^(import|raise) /", {}, [("src/cart.py", 1)]),
        ("/^$/", {}, [("src/cart.py", 2), ("src/cart.py", 4)]),
        ("/time\\nout/", {}, [("notes/notes.md", 1), ("notes/notes.md", 2)]),
        ("/No time\\nout here/", {}, [("notes/notes.md", 1), ("notes/notes.md", 2)]),
        ("/(?s)retries.*read_text/", {}, [("src/cart.py", 6), ("src/cart.py", 7)]),
        ("/(?s:loads.*)$/", {"case": "match"}, [("src/cart.py", 7)]),
        ("/open|json/ path:http", {}, [("src/http.py", 3)]),
        ("path:src -path:http /TIMEOUT/", {"case": "match"}, [("src/cart.py", 3)]),
        ("timeout lang:markdown", {}, []),
        ("timeout", {"path": "cart"}, [("src/cart.py", 3)]),
        ("re", {}, [("notes/notes.md", 2), ("src/cart.py", 6), ("src/cart.py", 7),
                    ("src/http.py", 3)]),
        ("^def", {"mode": "regex"}, [("src/cart.py", 5), ("src/http.py", 1)]),
        ("/time/", {"mode": "exact"}, []),
        ("nowhere at all", {}, []),
    ],
)  # fmt: skip
@pytest.mark.usefixtures("shop", "no_file_is_few")
def test_all_matching_lines_are_found(
    alice: User, query: str, parameters: dict[str, str], found: list[tuple[str, int]]
) -> None:
    answer = find(alice, query, **parameters)
    assert places(answer) == found
    assert answer.line_count == len(found)
    assert answer.file_count == len({path for path, _ in found})
    assert answer.exact
    assert answer.next is None


def test_a_language_is_a_filter(alice: User, shop: Repository) -> None:
    Blob.objects.filter(source_files__path="notes/notes.md").update(language="markdown")
    assert places(find(alice, "time", lang="md")) == [("notes/notes.md", 1)]
    assert "notes/notes.md" not in dict(places(find(alice, "time -lang:markdown")))


@pytest.mark.usefixtures("no_file_is_few")
def test_only_visible_live_files_are_searched(
    alice: User, bob: User, charlie: User, shop: Repository
) -> None:
    secret = shelf.repository(bob, "secret")
    put(secret, {"a.py": "timeout = 1\n", "copy.py": HTTP})
    shelf.put(shop, "gone.py", shelf.Written("timeout = 2\n"), live=False)
    grams.renew()
    answer = find(alice, "timeout")
    assert {file.repository for file in answer.files} == {"shop"}
    assert (answer.file_count, answer.line_count) == (2, 5)
    assert [file.path for file in find(bob, "timeout").files] == ["a.py", "copy.py"]
    nothing = find(charlie, "timeout")
    assert (nothing.files, nothing.file_count, nothing.exact, nothing.next) == ([], 0, True, None)
    with pytest.raises(UnknownRepository):
        find(alice, "timeout repo:secret")


def test_what_is_read_does_not_depend_on_what_hidden_files_contain(
    alice: User, bob: User, shop: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(candidates, "FEW", 0)
    hidden = {f"{number}.py": f"timeout = {number}\n" for number in range(30)}
    put(shelf.repository(bob, "secret"), hidden)
    grams.renew()
    asked = list[object]()
    rows = candidates.sql.rows
    monkeypatch.setattr(
        candidates.sql, "rows", lambda sql, given: asked.append(given) or rows(sql, given)
    )
    find(alice, "timeout")
    blobs = Blob.objects.filter(source_files__branch__repository=shop).values_list("pk", flat=True)
    (named,) = [given["blobs"] for given in asked if "place" in given]
    assert set(map(int, named.strip("{}").split(","))) <= set(blobs)


def test_pages_follow_each_other_without_gaps(alice: User, bob: User) -> None:
    bob_shop = shelf.repository(bob, "shop", visibility="internal")
    for repository in (shelf.repository(alice), shelf.repository(alice, "a"), bob_shop):
        put(repository, {f"{path}.py": f"x{path}\nfound{path}\n" for path in range(4)})
    every = find(alice, "found")
    assert every.file_count == 12
    paged, after, counts = [], "", set()
    while True:
        page = find(alice, "found", limit=5, after=after)
        paged += page.files
        counts.add((page.file_count, page.line_count, page.exact))
        if page.next is None:
            break
        after = page.next.written()
    assert paged == every.files
    assert counts == {(12, 12, True)}
    order = [(file.repository, file.path) for file in paged]
    assert all(first <= second for first, second in pairwise(order[:4]))
    assert [file.repository for file in paged] == ["a"] * 4 + ["shop"] * 8


def test_a_page_goes_on_after_its_repository_was_removed(alice: User) -> None:
    for name in ("a", "b", "c"):
        put(shelf.repository(alice, name), {"one.py": "found\n", "two.py": "found\n"})
    page = find(alice, "found", limit=3)
    assert page.next is not None
    Repository.objects.get(name="b").delete()
    assert [file.repository for file in find(alice, "found", after=page.next.written()).files] == [
        "c"
    ] * 2


def test_a_file_shows_its_first_lines_and_counts_the_others(alice: User) -> None:
    put(shelf.repository(alice), {"long.py": "found\n" * 25})
    (file,) = find(alice, "found").files
    assert [line.number for line in file.lines] == list(range(1, 11))
    assert (file.count, file.further) == (25, 15)


def test_a_search_that_looks_at_too_many_files_says_where_to_go_on(
    alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(shelf.repository(alice), {f"{number}.py": f"a{number}\n" for number in range(10, 20)})
    monkeypatch.setattr(candidates, "MAX_SEARCHED", 4)
    paths, counts, after = [], [], ""
    while True:
        page = find(alice, "/a1[3579]/", after=after)
        paths += [file.path for file in page.files]
        counts.append((page.file_count, page.exact))
        if page.next is None:
            break
        after = page.next.written()
    assert paths == ["13.py", "15.py", "17.py", "19.py"]
    assert counts == [(1, False), (3, False), (4, True)]


@pytest.mark.usefixtures("shop")
def test_without_time_the_numbers_are_lower_bounds(
    alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(finding, "ANSWER_SECONDS", -1.0)
    page = find(alice, "timeout")
    assert (page.file_count, page.line_count, page.exact) == (1, 1, False)
    assert [file.path for file in page.files] == ["src/cart.py"]
    assert page.next is not None
    rest = find(alice, "timeout", limit=20, after=page.next.written())
    assert (rest.file_count, rest.line_count, rest.exact) == (2, 5, True)


@pytest.mark.parametrize(
    ("query", "parameters", "reason"),
    [
        ("", {}, "empty"),
        ("repo:shop", {}, "beside its filters"),
        ("/a(/", {}, "missing )"),
        ("/(?=a)/", {}, "no lookaround"),
        (r"/(a)\1/", {}, "no backreferences"),
        ("/(a{1000}){1000}/", {}, "repeats at most 1,000"),
        (r"/(?i)\pL{300}/", {}, "too large"),
        ("/a)(b/", {"word": "whole"}, "unexpected )"),
        ("x", {"kind": "class"}, "kind"),
        ("x", {"mode": "glob"}, "Unknown mode"),
        ("x", {"case": "upper"}, "Unknown case"),
        ("x", {"word": "half"}, "Unknown word"),
        ("x", {"limit": "101"}, "from 1 to 100"),
        ("x", {"after": "é"}, "not the place"),
        ("x", {"after": "WzEsMl0"}, "not the place"),
        ("x", {"after": "[" * 3000}, "not the place"),
        ("x" * 2001, {}, "2,001 characters"),
        ("a\0b", {}, "NUL"),
        ("a\ud800", {}, "UTF-8"),
    ],
)
def test_a_bad_request_says_why(
    alice: User, query: str, parameters: dict[str, str], reason: str
) -> None:
    with pytest.raises(BadQuery, match=reason.replace("(", r"\(").replace(")", r"\)")):
        find(alice, query, **parameters)


def test_blocks_hold_what_renewal_and_reading_write(shop: Repository) -> None:
    grams.renew()
    held = [blob for block in GramBlock.objects.all() for blob in block.blobs]
    assert set(held) == set(Blob.objects.values_list("pk", flat=True))
    assert not Blob.objects.filter(grams=0).exists()
