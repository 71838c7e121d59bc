"""What is computed of code and shown to whoever may see it: clones, documentation, names."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from codeindex.ingestion import garbage_collection
from codeindex.models import (
    Definition,
    Documented,
    NearClone,
    Repository,
    SourceFile,
    Text,
    TextShape,
    Visibility,
)
from codeindex.quality import branch_clones, clones, documentation, near_clones, shapes
from tests import shelf
from tests.shelf import Written

pytestmark = pytest.mark.django_db

BODY = """
    total = 0
    for item in items:
        if item.price > limit:
            total += item.price * item.count
        else:
            total -= item.discount
    if total < limit.least or total > limit.most:
        raise ValueError(total, limit, items)
    report(total, limit)
    return total
"""


def function(name: str, *, item: str = "item", doc: str = "") -> str:
    comment = f'    """{doc}"""\n' if doc else ""
    source = f"def {name}(items, limit):\n{comment}{BODY[1:]}"
    return re.sub(r"\bitem\b", item, source)


@pytest.fixture
def shop(alice: User) -> Repository:
    """Public: a function, its copy, and one with other names."""
    shelf.space()
    made = shelf.repository(alice, "shop", visibility=Visibility.PUBLIC)
    put(made, "a.py", function("sum_prices"))
    put(made, "b.py", function("sum_prices"))
    put(made, "c.py", function("add_up", item="entry"))
    return made


@pytest.fixture
def hidden(charlie: User, shop: Repository) -> Repository:
    made = shelf.repository(charlie, "hidden")
    put(made, "secret.py", function("secret_sum", item="thing"))
    put(made, "a.py", function("sum_prices"))
    return made


def put(repository: Repository, path: str, source: str, **more: Any) -> Definition:
    name = source.partition("(")[0].removeprefix("def ")
    return shelf.put(repository, path, Written(source, name, (1, 0, 0, 0), **more))[1]


def shown(client: Client, part: str = "duplicates/", **asked: str) -> Any:
    response = client.get(f"/quality/{part}", asked)
    assert response.status_code == 200
    return response


class TestClones:
    def test_copies_and_renamed_ones_are_one_group(self, client: Client, shop: Repository) -> None:
        assert shapes.compute() == 2
        assert shapes.compute() == 0
        found = shown(client).context["found"]
        (group,) = found.groups
        assert (group.members, group.repositories, group.is_exact) == (3, 1, False)
        assert (group.saving, found.saving, found.lines, found.percent) == (22, 22, 33, 67)
        assert [place.path for place in group.places] == ["a.py", "b.py", "c.py"]
        page = shown(client).content.decode()
        assert "renamed" in page
        assert "alice/shop › c.py:1–11" in page

    def test_copies_alone_are_exact(self, client: Client, shop: Repository) -> None:
        shapes.compute()
        SourceFile.objects.filter(path="c.py").update(live=False)
        (group,) = shown(client).context["found"].groups
        assert (group.members, group.is_exact, group.saving) == (2, True, 11)

    def test_hidden_copies_are_not_counted(
        self, client: Client, shop: Repository, charlie: User, hidden: Repository
    ) -> None:
        shapes.compute()
        (group,) = shown(client).context["found"].groups
        assert (group.members, group.repositories) == (3, 1)
        assert shown(client, across="yes").context["found"].groups == []
        assert "secret" not in shown(client).content.decode()
        assert (
            client.get("/quality/duplicates/", {"repository": "charlie/hidden"}).status_code == 404
        )
        client.force_login(charlie)
        (group,) = shown(client, across="yes").context["found"].groups
        assert (group.members, group.repositories) == (5, 2)
        (group,) = shown(client, repository="charlie/hidden").context["found"].groups
        assert group.members == 2

    def test_small_functions_are_alike_by_chance(self, client: Client, alice: User) -> None:
        shelf.space()
        small = shelf.repository(alice, "small", visibility=Visibility.PUBLIC)
        put(small, "a.py", "def a(self):\n    return self.a\n")
        put(small, "b.py", "def b(self):\n    return self.b\n")
        shapes.compute()
        assert shown(client).context["found"].groups == []

    def test_those_of_a_repository_are_found_in_the_background(
        self, client: Client, shop: Repository, hidden: Repository
    ) -> None:
        assert branch_clones.refresh() == 0  # without shapes
        shapes.compute()
        at_once = shown(client, repository="alice/shop").context["found"]
        assert branch_clones.refresh() == 2
        assert branch_clones.refresh() == 0
        Repository.objects.filter(pk=shop.pk).update(name="store")
        stored = shown(client, repository="alice/store").context["found"]
        assert (stored.count, stored.saving, stored.lines) == (
            at_once.count, at_once.saving, at_once.lines,
        )  # fmt: skip
        (group,) = stored.groups
        assert [place.path for place in group.places] == ["a.py", "b.py", "c.py"]
        assert {place.repository for place in group.places} == {"alice/store"}
        branch = shop.branches.get()
        branch.live_run = None
        branch.save()
        shelf.branch(shop)
        SourceFile.objects.filter(path="c.py").delete()
        (group,) = shown(client, repository="alice/store").context["found"].groups
        assert group.members == 2

    def test_a_repository_that_takes_too_long_keeps_no_other_task_waiting(
        self, client: Client, shop: Repository, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        shapes.compute()
        monkeypatch.setattr(clones, "SECONDS", 1)
        monkeypatch.setattr(clones, "_GROUPS", "SELECT pg_sleep(5)")
        assert branch_clones.refresh() == 0

    def test_near_ones_are_pairs_that_their_reader_may_see(
        self, client: Client, shop: Repository, hidden: Repository, charlie: User, monkeypatch: Any
    ) -> None:
        monkeypatch.setattr(near_clones, "LEAVES", 10)
        longer = function("sum_more") + "    # end\n    # end\n"
        near = put(shop, "d.py", longer.replace("return total", "return total + 1"),
                   structure=(0.9, 0.1, 0, 0))  # fmt: skip
        other = put(hidden, "e.py", function("other").replace("return total", "return total - 2"),
                    structure=(0.9, 0.11, 0, 0))  # fmt: skip
        far = put(shop, "f.py", function("far").replace("return total", "return not total"),
                  structure=(0, 1, 0, 0))  # fmt: skip
        shapes.compute()
        assert near_clones.refresh() == 1
        assert set(NearClone.objects.values_list("first", "second")) <= {
            (near.text_id, other.text_id), (other.text_id, near.text_id),
        }  # fmt: skip
        assert far.text_id not in (near.text_id, other.text_id)
        assert shown(client).context["near"] == []
        client.force_login(charlie)
        (pair,) = shown(client).context["near"]
        assert {pair.first.name, pair.second.name} == {"sum_more", "other"}
        assert pair.similarity > 0.99

    def test_what_is_deleted_takes_its_shape_along(self, shop: Repository) -> None:
        shapes.compute()
        first, second = TextShape.objects.values_list("text", flat=True)
        NearClone.objects.create(first_id=first, second_id=second, similarity=1)
        SourceFile.objects.all().delete()
        Definition.objects.all().delete()
        Text.objects.update(unused_since="2020-01-01T00Z")
        garbage_collection.sweep()
        assert not Text.objects.exists()
        assert not TextShape.objects.exists()


class TestDocumentation:
    def test_is_counted_once_a_commit_and_shown_by_language_and_repository(
        self, client: Client, shop: Repository, hidden: Repository, charlie: User
    ) -> None:
        put(shop, "doc.py", function("explained", doc="Why."), docstring="Why.")
        put(shop, "private.py", "def _helper(): ...")
        put(shop, "tests/test_a.py", "def test_a(): ...")
        assert documentation.count() == 2
        assert documentation.count() == 0
        context = shown(client, "").context
        assert (context["definitions"], context["documented"]) == (4, 1)
        assert [(each.name, each.percent) for each in context["languages"]] == [("python", 25)]
        assert [each.name for each in context["repositories"]] == ["alice/shop"]
        client.force_login(charlie)
        assert shown(client, "").context["definitions"] == 6
        assert shown(client, "", repository="charlie/hidden").context["definitions"] == 2

    def test_another_commit_is_counted_again(self, shop: Repository) -> None:
        documentation.count()
        branch = shop.branches.get()
        old, branch.live_run = branch.live_run, None
        branch.save()
        assert shelf.branch(shop).live_run != old
        assert documentation.count() == 1
        assert Documented.objects.count() == 1

    def test_nothing_is_counted_once_too(self, client: Client, alice: User) -> None:
        shelf.repository(alice, visibility=Visibility.PUBLIC)
        assert documentation.count() == 1
        assert documentation.count() == 0
        assert "Nothing to count" in shown(client, "").content.decode()


@pytest.mark.parametrize("part", ["", "duplicates/", "names/"])
@pytest.mark.parametrize("repository", ["x", "a/b/c", "\x00/\x00", "alice/", "x" * 10_000])
def test_unknown_repositories_are_404(client: Client, db: None, part: str, repository: str) -> None:
    assert client.get(f"/quality/{part}", {"repository": repository}).status_code in (400, 404)


def test_what_takes_too_long_says_so(client: Client, shop: Repository, settings: Any) -> None:
    settings.CODEINDEX_SEARCH_SECONDS = 0.001
    with_limit = client.get("/quality/duplicates/")
    assert with_limit.status_code in (200, 503)
