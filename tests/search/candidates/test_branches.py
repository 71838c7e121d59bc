"""Which branches a search looks into."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser, User
from django.test import Client

from codeindex.models import Branch, Repository
from search.candidates.branches import UnknownRepository
from search.lines import finding
from search.lines.request import parse_lines
from search.suggestions import suggestions
from tests import shelf
from tests.search.asking import find
from tests.shelf import Written

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def shop(alice: User) -> Repository:
    """A repository whose branches have some code in common, and another one."""
    shop = shelf.repository(alice, "shop")
    common = Written("def load(): rows", "load")
    for name, own in {"": "main", "dev": "dev", "release/1": "one", "release/2": "two"}.items():
        branch = shelf.branch(shop, name)
        shelf.put(shop, "load.py", common, branch=branch)
        shelf.put(shop, f"{own}.py", Written(f"def {own}(): rows of {own}", own), branch=branch)
    till = shelf.repository(alice, "till")
    shelf.put(till, "till.py", Written("def till(): rows of till", "till"))
    return shop


def names(user: User | AnonymousUser, text: str, **parameters: object) -> set[str]:
    answer = find(user, text, **parameters)
    return {result.definition.place.qualified_name for result in answer.results}


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("rows", {"load", "main", "till"}),
        ("rows rev:HEAD", {"load", "main", "till"}),
        ("rows rev:dev", {"load", "dev"}),
        ("rows rev:release/*", {"load", "one", "two"}),
        ("rows rev:*", {"load", "main", "dev", "one", "two", "till"}),
        ("rows -rev:release/*", {"load", "main", "dev", "till"}),
        ("rows rev:dev rev:HEAD -repo:till", {"load", "main", "dev"}),
        ("rows (repo:shop rev:dev) OR (repo:till rev:HEAD)", {"load", "dev", "till"}),
        ("rows rev:dev OR path:one", {"load", "dev", "one"}),
        ("rows repo:shop@dev", {"load", "dev"}),
        ("rows repo:alice/shop@release/* repo:till", {"load", "one", "two", "till"}),
        ("rows repo:shop@HEAD", {"load", "main"}),
        ("rows -repo:shop@HEAD", {"till"}),
        ("rows repo:till OR repo:shop@dev", {"load", "dev", "till"}),
    ],
)
def test_a_search_looks_into_the_branches_that_it_names(
    alice: User, typed: str, found: set[str]
) -> None:
    assert names(alice, typed) == found


def test_a_parameter_names_a_branch_as_a_filter_does(alice: User) -> None:
    assert names(alice, "rows", rev="dev") == {"load", "dev"}
    assert names(alice, "rows", rev="-HEAD", repo="shop") == {"load", "dev", "one", "two"}


def test_code_of_several_branches_is_found_once_with_its_places(alice: User) -> None:
    (load,) = [
        result
        for result in find(alice, "rows rev:*").results
        if result.definition.place.qualified_name == "load"
    ]
    places = [load.definition.place, *load.definition.other_places]
    assert sorted(place.branch for place in places) == ["", "dev", "release/1", "release/2"]


def test_an_unknown_branch_is_an_error_that_tells_of_no_hidden_one(
    alice: User, charlie: User
) -> None:
    meant = r"no indexed branch relase/1\. Did you mean release/1\?"
    with pytest.raises(UnknownRepository, match=meant):
        find(alice, "rows rev:relase/1")
    for name in ("release/1", "relase/1", "none"):
        with pytest.raises(UnknownRepository, match=rf"no indexed branch {name}\.$"):
            find(charlie, f"rows rev:{name}")
        with pytest.raises(UnknownRepository, match=r"no repository shop\.$"):
            find(charlie, f"rows repo:shop@{name}")


def test_lines_are_searched_in_the_same_branches(alice: User) -> None:
    def paths(text: str) -> set[tuple[str, str]]:
        answer = finding.find(parse_lines(alice, {"q": [text]}))
        return {(file.branch, file.path) for file in answer.files}

    assert paths("rows of") == {("", "main.py"), ("", "till.py")}
    assert paths("rows of rev:release/*") == {("release/1", "one.py"), ("release/2", "two.py")}


def test_before_the_first_branch_is_indexed_another_one_is_searched(
    alice: User, shop: Repository
) -> None:
    Branch.objects.filter(repository=shop, name="").update(live_run=None)
    assert names(alice, "rows repo:shop") == {"load", "dev"}


def test_names_of_branches_are_proposed(alice: User, charlie: User) -> None:
    def proposed(user: User, typed: str) -> list[str]:
        return [each.text for each in suggestions(user, typed)]

    assert proposed(alice, "rows rev:re") == ["release/1", "release/2"]
    assert proposed(alice, "rev:h") == ["HEAD"]
    assert proposed(charlie, "rows rev:re") == []


def test_rest_and_page_take_it(alice: User, client: Client) -> None:
    client.force_login(alice)
    answer: Any = client.get("/api/v1/search", {"q": "rows", "rev": "dev"}).json()
    assert {result["qualified_name"] for result in answer["results"]} == {"load", "dev"}
    page = client.get("/", {"q": "rows rev:dev"}).content.decode()
    assert '<span class="branch">dev</span>' in page
