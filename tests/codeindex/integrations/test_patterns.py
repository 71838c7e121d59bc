"""Branches and tags that match patterns are indexed as long as their host has them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.core.management import call_command
from django.test import Client
from django.urls import reverse

from codeindex import repositories, repository_settings, tasks
from codeindex.ingestion import branches, pipeline
from codeindex.ingestion.cloning import globs
from codeindex.ingestion.cloning.heads import Ref
from codeindex.integrations import freshness, push_webhooks
from codeindex.models import (
    AuditRecord,
    Branch,
    HostKind,
    IndexRun,
    PushWebhook,
    Repository,
    RunStatus,
    SourceFile,
    Upstream,
)
from codeindex.web import ids
from tests import shelf
from tests.codeindex.integrations import fake_hosts
from tests.codeindex.integrations.fake_hosts import Fake, Repo
from tests.codeindex.integrations.importing import importing, sync
from tests.codeindex.integrations.payloads import body
from tests.git import GitRepository

pytestmark = pytest.mark.django_db


@pytest.fixture
def source(tmp_path: Path, settings: Any) -> GitRepository:
    """Two release branches, a branch apart, two tags of versions and one of something else."""
    settings.CODEINDEX_LOCAL_ROOTS = [tmp_path]
    made = GitRepository.made(tmp_path / "shop")
    made.commit({"a.py": "def a(): ...\n"})
    made.git("tag", "v1.9")
    made.git("tag", "nightly")
    made.git("branch", "release/1")
    made.git("branch", "wip")
    made.commit({"b.py": "def b(): ...\n"})
    made.git("tag", "--annotate", "--message", "ten", "v1.10")
    made.git("branch", "release/2")
    return made


@pytest.fixture
def shop(alice: User, source: GitRepository) -> Repository:
    return repositories.register(url=str(source.path), owner=alice, by=alice)


def choose(shop: Repository, alice: User, *names: str, **more: Any) -> None:
    repository_settings.change(shop, {"branches": ["", *names], **more}, by=alice)


def ask() -> None:
    """Ask the host, as a push or the schedule does."""
    freshness.ask_soon(Branch.objects.all())
    assert freshness.check_due()


def present(shop: Repository) -> list[str]:
    return sorted(branch.reference for branch in shop.branches.filter(by_pattern=True))


class TestFollowing:
    def test_what_matches_is_indexed_and_kept_up_to_date(
        self, shop: Repository, alice: User, source: GitRepository
    ) -> None:
        choose(shop, alice, "release/*", tags=["v[0-9]*"])
        tasks.check_branches()
        assert present(shop) == [
            "refs/heads/release/1", "refs/heads/release/2", "refs/tags/v1.10", "refs/tags/v1.9"
        ]  # fmt: skip
        assert IndexRun.objects.count() == 5  # with the default branch
        while pipeline.index_next():
            pass
        runs = {run.branch.name: run for run in IndexRun.objects.select_related("branch")}
        assert runs["v1.10"].commit == runs["release/2"].commit == source.git("rev-parse", "main")
        assert runs["v1.9"].files == runs["release/1"].files == 1
        heads = dict(Upstream.objects.values_list("branch__name", "head"))
        assert heads == {name: run.commit for name, run in runs.items()}
        assert set(Upstream.objects.filter(due=None).values_list("branch__by_pattern")) == {(True,)}

    def test_new_ones_come_and_what_only_removed_ones_held_goes(
        self, shop: Repository, alice: User, source: GitRepository
    ) -> None:
        choose(shop, alice, "release/*", tags=["v*"])
        ask()
        old = shop.branches.get(name="release/1")
        old.live_run = IndexRun.objects.create(branch=old, status=RunStatus.PUBLISHED)
        old.save()
        shelf.put(shop, "only.py", shelf.Written("def only(): ..."), branch=old)
        source.git("branch", "--delete", "--force", "release/1")
        source.git("tag", "--delete", "v1.9")
        source.git("branch", "release/3")
        ask()
        assert present(shop) == ["refs/heads/release/2", "refs/heads/release/3", "refs/tags/v1.10"]
        assert not SourceFile.objects.exists()
        told = AuditRecord.objects.filter(action="repository_changed").order_by("pk").last()
        assert told
        assert told.details == "branches: +release/3, −release/1, −v1.9"

    def test_only_the_newest_are_kept(
        self, shop: Repository, alice: User, source: GitRepository
    ) -> None:
        choose(shop, alice, "*", tags=["*"], newest=2)
        source.git("tag", "v1.10-rc1")
        ask()
        assert present(shop) == [
            "refs/heads/release/2", "refs/heads/wip", "refs/tags/v1.10", "refs/tags/v1.10-rc1"
        ]  # fmt: skip
        choose(shop, alice, "*", tags=["v*"], newest=1)
        ask()
        assert present(shop) == ["refs/heads/wip", "refs/tags/v1.10"]

    def test_a_moved_branch_is_indexed_again(
        self, shop: Repository, alice: User, source: GitRepository
    ) -> None:
        choose(shop, alice, "release/*")
        ask()
        tasks._index_what_is_behind()
        IndexRun.objects.update(status=RunStatus.PUBLISHED)
        source.git("branch", "--force", "release/1", "main")
        ask()
        head = Upstream.objects.get(branch__name="release/1")
        assert (head.head, head.runs) == (source.git("rev-parse", "main"), 0)
        assert "release/1" in {branch.name for branch in freshness.branches_to_index()}

    def test_an_answer_to_patterns_that_have_changed_meanwhile(
        self, shop: Repository, alice: User
    ) -> None:
        choose(shop, alice, "release/*")
        branches.follow(shop, [Ref("wip", False, "d" * 40), Ref("release/9", False, "d" * 40)])
        assert present(shop) == ["refs/heads/release/9"]
        repositories.remove(shop, by=None)
        branches.follow(shop, [])

    def test_a_host_that_fails_removes_nothing(
        self, shop: Repository, alice: User, source: GitRepository
    ) -> None:
        choose(shop, alice, "release/*")
        ask()
        source.path.rename(source.path.with_name("gone"))
        ask()
        assert len(present(shop)) == 2


class TestChoosing:
    def test_a_branch_that_is_named_no_longer_stays_if_it_matches(
        self, shop: Repository, alice: User
    ) -> None:
        choose(shop, alice, "release/1", "wip")
        before = shop.branches.get(name="release/1").pk
        choose(shop, alice, "release/*")
        assert present(shop) == ["refs/heads/release/1"]
        assert not shop.branches.filter(name="wip").exists()
        choose(shop, alice, "release/1")
        assert shop.branches.get(name="release/1").pk == before
        assert present(shop) == []

    def test_patterns_that_are_removed_take_their_branches_and_tags_along(
        self, shop: Repository, alice: User
    ) -> None:
        choose(shop, alice, "release/*", tags=["v*"])
        ask()
        choose(shop, alice, "release/2*", tags=[])
        assert present(shop) == ["refs/heads/release/2"]

    def test_without_a_named_branch_there_is_none_to_search(
        self, shop: Repository, alice: User
    ) -> None:
        with pytest.raises(ValidationError, match="besides patterns"):
            repository_settings.change(shop, {"branches": ["*"]}, by=alice)

    @pytest.mark.parametrize(
        "pattern",
        ["-*", "a..*", "a b*", "[", "*[", "refs/heads/*.lock", "x" * 256 + "*", "/*", "[]*"],
    )
    def test_what_can_match_no_name_is_refused(
        self, shop: Repository, alice: User, pattern: str
    ) -> None:
        for field in ("branches", "tags"):
            with pytest.raises(ValidationError) as refusal:
                repository_settings.change(
                    shop, {field: ["", pattern][field == "tags" :]}, by=alice
                )
            assert list(refusal.value.message_dict) == [field]

    @pytest.mark.parametrize(
        ("pattern", "name", "is_match"),
        [
            ("release/*", "release/a/b", True), ("v?", "v1", True), ("v?", "v10", False),
            ("v[0-9]*", "v1.0", True), ("v[!0-9]*", "vx", True), ("v[^0-9]*", "vx", True),
            ("v[^0-9]*", "v1", False), ("v1", "v1", True), ("V1", "v1", False),
            ("v1", "xv1", False),
        ],
    )  # fmt: skip
    def test_patterns_are_those_of_git(self, pattern: str, name: str, is_match: bool) -> None:
        assert globs.matches(name, [pattern]) == is_match

    def test_on_the_page_and_over_rest(self, client: Client, shop: Repository, alice: User) -> None:
        client.force_login(alice)
        form = {
            "name": "shop", "url": shop.url, "branches": "HEAD\nrelease/*", "tags": "v*",
            "newest": "3",
        }  # fmt: skip
        address = reverse("repository-source", args=[shop.pk])
        assert client.post(address, form).status_code == 302
        ask()
        page = client.get(reverse("repository-settings", args=[shop.pk])).text
        assert "HEAD\nrelease/*</textarea>" in page
        rest = reverse("api-settings", args=[shop.pk])
        told = client.get(rest).json()
        assert (told["branches"], told["tags"], told["newest"]) == (["", "release/*"], ["v*"], 3)
        changed = {"branches": ["", "wip"], "tags": [], "newest": 5}
        told = client.patch(rest, changed, content_type="application/json").json()
        assert (told["branches"], told["tags"], told["newest"]) == (["", "wip"], [], 5)
        listed = client.get("/api/v1/repositories").json()[0]["branches"]
        assert [(each["name"], each["is_tag"]) for each in listed] == [("", False), ("wip", False)]
        for wrong in ({"newest": 51}, {"newest": "3"}, {"tags": ["["]}, {"branches": []}):
            answer = client.patch(rest, wrong, content_type="application/json")
            assert answer.status_code == 400

    def test_by_command(self, alice: User, shop: Repository, source: GitRepository) -> None:
        call_command(
            "index", str(source.path), "--owner", "alice", "--detach",
            "--branches", "release/*", "--tags", "v*", "--newest", "4",
        )  # fmt: skip
        shop.refresh_from_db()
        assert (shop.branch_patterns, shop.tag_patterns, shop.newest) == (["release/*"], ["v*"], 4)
        assert shop.branches.get().name == ""

    @pytest.mark.usefixtures("inside_network")
    def test_for_all_repositories_of_an_import(self, client: Client, alice: User) -> None:
        with fake_hosts.serving(Fake(HostKind.GITEA, {"acme": [Repo(1, "acme/r1")]})) as host:
            row = sync(importing(host, alice, branches=["release/*"], tags=["v*"]))
        made = Repository.objects.get()
        assert (made.branch_patterns, made.tag_patterns) == (["release/*"], ["v*"])
        client.force_login(alice)
        told = client.get(f"/api/v1/imports/{ids.opaque(ids.Row.IMPORT, row.pk)}").json()
        assert (told["branches"], told["tags"]) == (["release/*"], ["v*"])
        assert "branches: release/*, tags: v*" in client.get(reverse("import", args=[row.pk])).text


class TestPushes:
    @pytest.mark.parametrize(
        ("reference", "is_asked"),
        [
            ("refs/heads/release/9", True), ("refs/tags/v2", True), ("refs/heads/other", False),
            ("refs/tags/other", False), ("refs/heads/release/1", True),
        ],
    )  # fmt: skip
    def test_of_what_is_new_and_matches_have_the_host_asked(
        self, alice: User, webhook: PushWebhook, reference: str, is_asked: bool
    ) -> None:
        shop = shelf.repository(alice)
        repository_settings.change(
            shop, {"branches": ["main", "release/*"], "tags": ["v*"]}, by=alice
        )
        Branch.objects.create(repository=shop, name="release/1", by_pattern=True)
        Upstream.objects.all().delete()
        payload = {"ref": reference, "repository": {"clone_url": shop.url}}
        push_webhooks.receive(webhook, {"x-github-event": "push"}, body(payload))
        asked = list(Upstream.objects.exclude(due=None).values_list("branch__name", flat=True))
        assert asked == (["main"] if is_asked else [])
