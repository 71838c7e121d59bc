"""The tool `read`, and the forms of locations."""

from __future__ import annotations

import re

import pytest
from django.contrib.auth.models import User
from django.urls import reverse

from codeindex.models import Branch, IndexRun, Repository, RunStatus, Visibility
from search.mcp import tokens
from tests import shelf
from tests.search.mcp.calling import COMMIT, Ask, Called
from tests.shelf import Written


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
