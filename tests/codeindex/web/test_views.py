from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django.http import HttpRequest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from codeindex.models import (
    Embedding,
    EmbeddingState,
    IndexRun,
    Repository,
    RunStatus,
    SourceFile,
    Space,
    Visibility,
)
from codeindex.web import errors
from codeindex.web.middleware import POLICY
from tests import shelf
from tests.shelf import Written


@pytest.fixture
def shop(alice: User, team: Group) -> Repository:
    return shelf.repository(alice, "shop", teams=[team])


@pytest.fixture
def space(db: None) -> Space:
    return shelf.space()


@pytest.fixture
def running(shop: Repository) -> IndexRun:
    """A later run of it, in the middle of its definitions."""
    return IndexRun.objects.create(
        branch=shop.branches.get(),
        status=RunStatus.DEFINITIONS,
        started=timezone.now(),
        stage_started=timezone.now() - timezone.timedelta(seconds=10),
        files=2_000,
        files_read=500,
        definitions=1_234,
    )


def page(client: Client, address: str, status: int = 200) -> str:
    response = client.get(address)
    assert response.status_code == status
    return response.content.decode()


class TestRegister:
    def test_asks_to_sign_in(self, client: Client, db: None) -> None:
        response = client.get("/repositories/register")
        assert response.status_code == 302
        assert response["Location"] == "/account/login/?next=/repositories/register"

    def test_registers_and_queues_a_run(self, client: Client, alice: User, team: Group) -> None:
        client.force_login(alice)
        response = client.post(
            "/repositories/register",
            {
                "url": "https://user:secret@example.org/team/shop.git",
                "name": "",
                "branch": "main",
                "visibility": "private",
                "teams": [team.name],
            },
        )
        repository = Repository.objects.get()
        assert response.status_code == 302
        assert response["Location"] == reverse("repository", args=[repository.pk])
        assert (repository.name, repository.owner, list(repository.teams.all())) == (
            "shop",
            alice,
            [team],
        )
        run = IndexRun.objects.get()
        assert (run.status, run.requested_by, run.branch.name) == ("queued", alice, "main")
        assert "secret" not in page(client, response["Location"])

    @pytest.mark.parametrize(
        ("field", "value", "reason"),
        [
            ("url", "", "This field is required."),
            ("url", "ftp://example.org/x", "Only https, http and ssh URLs"),
            ("url", "/etc", "not in a folder from which"),
            ("branch", "a..b", "is not a valid branch name"),
            ("name", "x" * 101, "at most 100 characters"),
            ("visibility", "all", "Select a valid choice."),
        ],
    )
    def test_errors_stand_beside_the_field(
        self, client: Client, alice: User, field: str, value: str, reason: str
    ) -> None:
        client.force_login(alice)
        form = {"url": "https://example.org/x.git", "visibility": "private"} | {field: value}
        response = client.post("/repositories/register", form)
        assert response.status_code == 400
        errors = response.context["form"].errors
        assert list(errors) == [field]
        assert reason in errors[field][0]
        assert not Repository.objects.exists()

    def test_a_name_is_taken_once_by_an_owner(
        self, client: Client, alice: User, shop: Repository
    ) -> None:
        client.force_login(alice)
        form = {"url": "https://example.org/shop.git", "visibility": "private"}
        response = client.post("/repositories/register", form)
        assert response.status_code == 400
        assert "already exists" in response.content.decode()

    def test_a_path_that_is_allowed_is_taken(
        self, client: Client, alice: User, settings: Any, tmp_path: Path
    ) -> None:
        settings.CODEINDEX_LOCAL_ROOTS = [tmp_path]
        client.force_login(alice)
        form = {"url": str(tmp_path / "shop"), "visibility": "private"}
        assert client.post("/repositories/register", form).status_code == 302

    def test_a_team_of_others_cannot_be_chosen(self, client: Client, charlie: User) -> None:
        charlie.groups.add(Group.objects.create(name="own"))
        client.force_login(charlie)
        others = Group.objects.create(name="others")
        form = {"url": "https://example.org/x.git", "visibility": "private", "teams": [others.pk]}
        assert client.post("/repositories/register", form).status_code == 400


class TestRepository:
    def test_shows_runs_skips_and_failures(
        self, client: Client, alice: User, space: Space, shop: Repository
    ) -> None:
        shelf.put(shop, "src/odd.py", Written("def odd(): ...", "odd", (1, 0, 0, 0)))
        Embedding.objects.update(state=EmbeddingState.FAILED, reason="no finite vector")
        IndexRun.objects.update(
            texts_failed=1,
            files_broken=3,
            timings={"checkout": 1.5},
            skips={"generated": {"count": 7, "examples": ["a_pb2.py", "odd\nname.py"]}},
        )
        client.force_login(alice)
        shown = page(client, f"/repositories/{shop.pk}/")
        for part in ("c0ffeec0ffee", "2 s", "checkout 1.5 s", "7 generated", "a_pb2.py",
                     "src/odd.py:1", "no finite vector", "3 files have syntax errors"):  # fmt: skip
            assert part in shown

    def test_shows_why_a_run_failed(self, client: Client, alice: User, running: IndexRun) -> None:
        error = "There is no host <example.org>."
        IndexRun.objects.filter(pk=running.pk).update(
            status=RunStatus.FAILED, error=error, finished=timezone.now()
        )
        client.force_login(alice)
        shown = page(client, f"/repositories/{running.branch.repository_id}/")
        assert "There is no host &lt;example.org&gt;." in shown
        assert "Index again" in shown

    def test_says_that_there_is_nothing_to_index(
        self, client: Client, alice: User, shop: Repository
    ) -> None:
        client.force_login(alice)
        assert "contains nothing to index" in page(client, f"/repositories/{shop.pk}/")

    def test_progress_updates_until_it_is_finished(
        self, client: Client, alice: User, running: IndexRun
    ) -> None:
        client.force_login(alice)
        address = reverse("progress", args=[running.branch.repository_id])
        shown = page(client, address)
        assert f'data-poll="{address}"' in shown
        for part in ("500", "of 2,000", "1,234", "25%", "per second", "Time left"):
            assert part in shown
        IndexRun.objects.filter(pk=running.pk).update(
            status=RunStatus.PUBLISHED, finished=timezone.now()
        )
        shown = page(client, address)
        assert "data-poll" not in shown
        assert "<progress" not in shown

    def test_says_one_state_of_itself_and_of_each_run(
        self, client: Client, alice: User, running: IndexRun
    ) -> None:
        client.force_login(alice)
        address = f"/repositories/{running.branch.repository_id}/"

        def states() -> list[str]:
            return re.findall(r'<span class="status[^"]*">([^<]*)</span>', page(client, address))

        assert states() == ["Extracting definitions, 25%", "extracting definitions", "searchable"]
        Repository.objects.update(paused=True)
        assert states()[0] == "Paused while extracting definitions, 25%"
        assert "data-poll" not in page(client, address)
        Repository.objects.update(paused=False)
        IndexRun.objects.filter(pk=running.pk).update(status=RunStatus.PUBLISHED, texts=4)
        running.branch.live_run = running
        running.branch.save()
        assert states() == [
            "Building the semantic index, 0%",
            "building the semantic index",
            "replaced",
        ]
        IndexRun.objects.filter(pk=running.pk).update(finished=timezone.now())
        assert states() == ["Searchable", "searchable", "replaced"]

    def test_shows_languages_directories_and_the_schedule(
        self, client: Client, alice: User, shop: Repository
    ) -> None:
        for path in ("api/a.py", "api/b.py", "web/c.py", "d.py"):
            shelf.put(shop, path, Written(f"def {path[-4]}(): ...", path[-4]))
        client.force_login(alice)
        shown = page(client, f"/repositories/{shop.pk}/")
        rows = re.findall(
            r'<th scope="row"[^>]*>(?:<a [^>]*>)?([^<]+)(?:</a>)?</th><td class="number">(\d)</td>',
            shown,
        )
        assert rows == [("python", "4"), ("api/", "2"), ("web/", "1")]
        assert "asked for new commits every 60 minutes" in shown
        Repository.objects.update(check_minutes=0)
        assert "not asked for new commits" in page(client, f"/repositories/{shop.pk}/")

    def test_managers_pause_and_resume(
        self, client: Client, alice: User, running: IndexRun
    ) -> None:
        client.force_login(alice)
        address = f"/repositories/{running.branch.repository_id}"
        shown = client.post(f"{address}/pause", follow=True).content.decode()
        assert "Resume" in shown
        assert "Index again" not in shown
        shown = client.post(f"{address}/resume", follow=True).content.decode()
        assert "Pause" in shown

    def test_the_list_shows_what_is_visible(
        self, client: Client, bob: User, charlie: User, running: IndexRun
    ) -> None:
        client.force_login(bob)
        assert "extracting definitions, 25%" in page(client, "/repositories/")
        client.force_login(charlie)
        assert "No repository that you may see" in page(client, "/repositories/")


class TestNothingToSee:
    """Lists and pages of nothing say whose view that is, since hidden code may exist."""

    def test_where_others_have_code(self, client: Client, charlie: User, shop: Repository) -> None:
        assert "Nothing that you may see without signing in" in page(client, "/")
        assert "No repository that you may see without signing in" in page(client, "/repositories/")
        client.force_login(charlie)
        for address in ("/", "/repositories/"):
            shown = page(client, address)
            assert "that you may see" in shown
            assert "yet" not in shown.partition("<main")[2]


class TestWrites:
    def test_the_owner_indexes_again(self, client: Client, alice: User, shop: Repository) -> None:
        client.force_login(alice)
        assert client.post(f"/repositories/{shop.pk}/index").status_code == 302
        assert client.post(f"/repositories/{shop.pk}/index").status_code == 302
        assert IndexRun.objects.filter(status=RunStatus.QUEUED).count() == 1

    def test_the_owner_cancels(self, client: Client, alice: User, running: IndexRun) -> None:
        client.force_login(alice)
        address = f"/repositories/{running.branch.repository_id}/runs/{running.pk}/cancel"
        assert client.post(address).status_code == 302
        running.refresh_from_db()
        assert running.status == RunStatus.CANCELLED
        again = client.post(address, follow=True).content.decode()
        assert "The run could not be cancelled" in again

    def test_the_owner_removes(self, client: Client, alice: User, shop: Repository) -> None:
        shelf.put(shop, "a.py", Written("def a(): ...", "a"))
        client.force_login(alice)
        assert "Remove shop?" in page(client, f"/repositories/{shop.pk}/remove")
        assert Repository.objects.exists()
        assert client.post(f"/repositories/{shop.pk}/remove").status_code == 302
        assert not Repository.objects.exists()
        assert not SourceFile.objects.exists()

    def test_others_may_not(
        self, client: Client, bob: User, charlie: User, running: IndexRun
    ) -> None:
        repository = running.branch.repository_id
        addresses = [
            f"/repositories/{repository}/index",
            f"/repositories/{repository}/remove",
            f"/repositories/{repository}/runs/{running.pk}/cancel",
        ]
        for user, status in ((bob, 403), (charlie, 404)):
            client.force_login(user)
            for address in addresses:
                assert client.post(address).status_code == status
        client.logout()
        assert [client.post(address).status_code for address in addresses] == [302] * 3
        running.refresh_from_db()
        assert running.status == RunStatus.DEFINITIONS

    def test_a_run_of_another_repository_cannot_be_cancelled(
        self, client: Client, charlie: User, running: IndexRun
    ) -> None:
        own = shelf.repository(charlie, "own")
        client.force_login(charlie)
        address = f"/repositories/{own.pk}/runs/{running.pk}/cancel"
        assert client.post(address).status_code == 404

    def test_a_get_changes_nothing(self, client: Client, alice: User, running: IndexRun) -> None:
        client.force_login(alice)
        repository = running.branch.repository_id
        for part in ("index", f"runs/{running.pk}/cancel"):
            assert client.get(f"/repositories/{repository}/{part}").status_code == 405

    def test_a_form_from_elsewhere_changes_nothing(self, alice: User, shop: Repository) -> None:
        client = Client(enforce_csrf_checks=True)
        client.force_login(alice)
        assert client.post(f"/repositories/{shop.pk}/remove").status_code == 403
        assert Repository.objects.exists()


class TestHidden:
    def test_nothing_of_a_hidden_repository_shows(
        self, client: Client, charlie: User, shop: Repository, running: IndexRun
    ) -> None:
        client.force_login(charlie)
        for part in ("", "progress", "remove"):
            page(client, f"/repositories/{shop.pk}/{part}", 404)
        assert "shop" not in page(client, "/repositories/")

    def test_a_public_one_is_shown_to_anyone_without_its_buttons(
        self, client: Client, shop: Repository
    ) -> None:
        Repository.objects.filter(pk=shop.pk).update(visibility=Visibility.PUBLIC)
        shown = page(client, f"/repositories/{shop.pk}/")
        assert "Index again" not in shown
        assert "Remove" not in shown


class TestAccount:
    def test_signs_in_and_out(self, client: Client, alice: User) -> None:
        alice.set_password("a long enough secret")
        alice.save()
        form = {"username": "alice", "password": "a long enough secret"}
        response = client.post("/account/login/?next=/repositories/", form)
        assert (response.status_code, response["Location"]) == (302, "/repositories/")
        assert client.post("/account/logout/").status_code == 302
        assert client.get("/account/").status_code == 302

    def test_does_not_send_people_elsewhere(self, client: Client, alice: User) -> None:
        alice.set_password("a long enough secret")
        alice.save()
        form = {"username": "alice", "password": "a long enough secret"}
        response = client.post("/account/login/?next=https://evil.example/", form)
        assert response["Location"] == "/"

    def test_a_password_is_changed(self, client: Client, alice: User) -> None:
        client.force_login(alice)
        assert "Change your password" in page(client, "/account/password/")


class TestEveryPage:
    def test_runs_no_stranger_s_script(self, client: Client, db: None) -> None:
        response = client.get("/")
        assert response["Content-Security-Policy"] == POLICY
        assert "<script>" not in response.content.decode()
        assert " style=" not in response.content.decode()

    def test_an_unknown_page_says_so(self, client: Client, db: None) -> None:
        assert "Page not found" in page(client, "/none", 404)

    @pytest.mark.parametrize(("address", "status"), [("/?q=%00", 400), ("/none", 404)])
    def test_an_error_page_shows_who_is_signed_in(
        self, client: Client, alice: User, address: str, status: int
    ) -> None:
        client.force_login(alice)
        shown = page(client, address, status)
        assert "Sign out" in shown
        assert "Sign in" not in shown

    def test_a_malformed_cookie_is_rejected_without_looking_up_its_session(
        self, client: Client, alice: User
    ) -> None:
        client.cookies.load('sessionid="a\\000bcdefgh"')
        assert "could not understand" in page(client, "/", 400)

    def test_the_server_s_error_page_needs_neither_request_nor_database(self) -> None:
        assert "Something went wrong" in errors.server_error(HttpRequest()).content.decode()

    def test_the_administration_lists_what_there_is(
        self, client: Client, space: Space, running: IndexRun
    ) -> None:
        client.force_login(User.objects.create_superuser("administrator"))
        for part in ("", "repository/", "indexrun/", "space/", f"indexrun/{running.pk}/change/"):
            page(client, f"/admin/codeindex/{part}")
        page(client, f"/admin/codeindex/repository/{running.branch.repository_id}/change/")
