"""The versions of a definition that index runs have seen."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from codeindex.models import (
    Branch,
    Commit,
    Definition,
    DefinitionChange,
    IndexRun,
    Repository,
    RunStatus,
    SourceFile,
)
from search import history
from search.history import DiffLine, Version
from tests import shelf
from tests.search.addresses.test_reading import publish
from tests.shelf import Written

OLD = "def load(path):\n    return open(path)\n"
NEW = "def load(path):\n    with open(path) as file:\n        return file.read()\n"


@pytest.fixture
def shop(alice: User) -> Repository:
    return shelf.repository(alice)


def commits(found: list[Version]) -> list[str]:
    return [version.commit[:2] for version in found]


def live(path: str = "a.py") -> tuple[SourceFile, Definition]:
    file = SourceFile.objects.get(live=True, path=path)
    return file, Definition.objects.get(blob=file.blob_id)


def versions(path: str = "a.py") -> list[Version]:
    return history.versions_of(*live(path))


def test_each_change_is_a_version_the_newest_first(shop: Repository) -> None:
    shelf.put(shop, "a.py", Written(OLD, "load"))
    publish(shop, "aa" * 20)  # changes nothing
    publish(shop, "bb" * 20, a=Written(NEW, "load"))
    found = versions()
    assert commits(found) == ["bb", "c0"]
    assert [version.lines for version in found] == [NEW.splitlines(), OLD.splitlines()]
    assert all(version.indexed for version in found)


def test_a_commit_that_changes_only_what_is_around_makes_no_version(shop: Repository) -> None:
    shelf.put(shop, "a.py", Written(OLD, "load"))
    first = SourceFile.objects.get()
    run = publish(shop, "aa" * 20, a=Written(NEW, "load"))
    # The file of the second run has another content, in which the definition has the same text.
    _, definition = live()
    Definition.objects.filter(pk=definition.pk).update(
        text=Definition.objects.get(blob=first.blob_id).text
    )
    assert run.commit.startswith("aa")
    assert commits(versions()) == ["c0"]


def test_another_definition_of_the_file_is_no_version(shop: Repository) -> None:
    shelf.put(shop, "a.py", Written("def other(): ...\n", "other"))
    publish(shop, "aa" * 20, a=Written(OLD, "load"))
    assert commits(versions()) == ["aa"]


def test_a_definition_is_followed_into_the_file_that_it_was_in(shop: Repository) -> None:
    shelf.put(shop, "old.py", Written(OLD, "load"))
    publish(shop, "aa" * 20, old=Written(NEW, "load"))
    publish(shop, "bb" * 20, old=None, a=Written(NEW, "load"))
    found = versions()
    assert [version.path for version in found] == ["old.py", "old.py"]
    assert commits(found) == ["aa", "c0"]


def test_what_was_never_published_is_no_version(shop: Repository) -> None:
    shelf.put(shop, "a.py", Written(OLD, "load"))
    branch = shop.branches.get()
    failed = IndexRun.objects.create(branch=branch, status=RunStatus.FAILED, commit="dd" * 20)
    file = SourceFile.objects.get()
    SourceFile.objects.create(branch=branch, path="a.py", blob=file.blob, from_run=failed)
    assert commits(versions()) == ["c0"]


def test_versions_of_another_branch_are_not_its_own(shop: Repository) -> None:
    shelf.put(shop, "a.py", Written(OLD, "load"))
    topic = shelf.branch(shop, "topic")
    _, definition = shelf.put(shop, "a.py", Written(NEW, "load"), branch=topic)
    file = SourceFile.objects.get(branch=topic)
    assert len(history.versions_of(file, definition)) == 1


def test_only_the_newest_versions_are_loaded(
    shop: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(history, "MOST_VERSIONS", 2)
    shelf.put(shop, "a.py", Written(OLD, "load"))
    for number in range(3):
        publish(shop, f"{number}{number}" * 20, a=Written(f"def load(): {number}\n", "load"))
    assert commits(versions()) == ["22", "11"]


def version(source: str) -> Version:
    return Version("c", None, "a.py", 1, 9, source.splitlines(), source)


class TestDiff:
    def test_shows_what_changed(self) -> None:
        assert history.diff(version(OLD), version(NEW)) == [
            DiffLine("kept", "def load(path):"),
            DiffLine("removed", "    return open(path)"),
            DiffLine("added", "    with open(path) as file:"),
            DiffLine("added", "        return file.read()"),
        ]

    def test_lines_that_look_like_heads_are_shown(self) -> None:
        shown = history.diff(version("-- a\n++ b\n"), version("-- c\n++ b\n"))
        assert [line.text for line in shown] == ["-- a", "-- c", "++ b"]

    def test_changes_far_apart_have_a_gap(self) -> None:
        numbers = [str(number) for number in range(30)]
        changed = ["x", *numbers[1:-1], "y"]
        shown = history.diff(version("\n".join(numbers)), version("\n".join(changed)))
        assert [line.kind for line in shown].count("gap") == 1
        assert len(shown) == 11

    def test_a_long_one_is_not_compared(self) -> None:
        assert history.diff(version("a\n" * (history.MOST_LINES + 1)), version("b\n")) == []


class TestPage:
    @pytest.fixture(autouse=True)
    def _tiny_encoder(self, checkpoint: Path, settings: Any, no_encoder_loaded: None) -> None:
        settings.CODEINDEX_CHECKPOINT = str(checkpoint)

    @pytest.fixture
    def address(self, shop: Repository) -> str:
        shelf.put(shop, "a.py", Written(OLD, "load"))
        publish(shop, "bb" * 20, a=Written(NEW.replace("read", "read<b>"), "load"))
        file, definition = live()
        return reverse("history", args=[file.pk, definition.pk])

    def test_shows_versions_with_diffs_and_distances(
        self, client: Client, alice: User, address: str
    ) -> None:
        client.force_login(alice)
        page = client.get(address).content.decode()
        assert "2 versions" in page
        assert '<del class="removed">    return open(path)' in page
        assert '<ins class="added">        return file.read&lt;b&gt;()' in page
        assert "from the current version" in page

    def test_says_who_made_a_version(
        self, client: Client, alice: User, shop: Repository, address: str
    ) -> None:
        made = {"repository": shop, "authored": timezone.now()}
        known = Commit.objects.create(sha="bb" * 20, author="<Ann>", subject="Read", **made)
        file, definition = live()
        DefinitionChange.objects.create(file=file, definition=definition, commit=known)
        client.force_login(alice)
        assert "&lt;Ann&gt;" in client.get(address).content.decode()
        definition_page = client.get(address.removesuffix("history/")).content.decode()
        assert "Last changed by &lt;Ann&gt;" in definition_page

    def test_works_without_an_encoder(
        self, client: Client, alice: User, address: str, settings: Any
    ) -> None:
        settings.CODEINDEX_CHECKPOINT = "/nowhere"
        client.force_login(alice)
        page = client.get(address).content.decode()
        assert "2 versions" in page
        assert "from the current version" not in page

    def test_a_stranger_is_told_nothing(self, client: Client, charlie: User, address: str) -> None:
        client.force_login(charlie)
        assert client.get(address).status_code == 404

    def test_an_old_address_leads_to_the_definition_as_it_is(
        self, client: Client, alice: User, shop: Repository, address: str
    ) -> None:
        client.force_login(alice)
        publish(shop, "cc" * 20, a=Written("def load(): ...\n", "load"))
        answer = client.get(address)
        assert answer.status_code == 302
        assert answer["Location"].endswith("/history/")
        assert Branch.objects.get().live_run.commit.startswith("cc")  # type: ignore[union-attr]
