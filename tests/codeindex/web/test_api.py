from __future__ import annotations

import re

import pytest
from django.contrib.auth.models import Group, User
from django.test import Client
from drf_spectacular.generators import SchemaGenerator

from codeindex.accounts import tokens
from codeindex.models import IndexRun, Repository, RunStatus, Visibility
from codeindex.web import ids
from tests import shelf

REPOSITORIES = "/api/v1/repositories"


@pytest.fixture
def shop(alice: User, team: Group) -> Repository:
    return shelf.repository(alice, "shop", teams=[team])


@pytest.fixture
def queued(shop: Repository) -> IndexRun:
    return IndexRun.objects.create(branch=shop.branches.get())


@pytest.fixture
def signed(alice: User) -> dict[str, str]:
    return {"Authorization": f"Token {tokens.issue(alice, by=alice)}"}


def names(client: Client) -> list[str]:
    return [row["name"] for row in client.get(REPOSITORIES).json()]


class TestRepositories:
    def test_lists_what_is_visible(
        self, client: Client, alice: User, bob: User, charlie: User, shop: Repository
    ) -> None:
        shelf.repository(charlie, "open", visibility=Visibility.PUBLIC)
        assert names(client) == ["open"]
        for user, seen in ((alice, ["open", "shop"]), (bob, ["open", "shop"]), (charlie, ["open"])):
            client.force_login(user)
            assert names(client) == seen

    def test_registers_with_a_token(self, client: Client, signed: dict[str, str]) -> None:
        wanted = {"url": "https://token@example.org/team/shop.git", "visibility": "internal"}
        response = client.post(
            REPOSITORIES, wanted, content_type="application/json", headers=signed
        )
        assert response.status_code == 201
        told = response.json()
        run = told.pop("latest_run")
        repository = Repository.objects.get()
        own_id = ids.opaque(ids.Row.REPOSITORY, repository.pk)
        assert (told["id"], told["name"], told["owner"]) == (own_id, "shop", "alice")
        assert told["url"] == "https://example.org/team/shop.git"
        assert (told["visibility"], told["definitions"]) == ("internal", 0)
        assert (run["status"], run["progress"]["percent"]) == ("queued", None)

    @pytest.mark.parametrize(
        ("wanted", "field", "reason"),
        [
            ({}, "url", "This field is required."),
            ({"url": ""}, "url", "This field may not be blank."),
            ({"url": "/etc"}, "url", "This path is not in a folder"),
            (
                {"url": "https://example.org/x", "branch": "-x"},
                "branch",
                "is not a valid branch name",
            ),
            ({"url": "https://example.org/x", "visibility": "all"}, "visibility", "not a valid"),
            ({"url": "https://example.org/shop"}, "non_field_errors", "already exists"),
        ],
    )
    def test_says_what_is_wrong_by_field(
        self,
        client: Client,
        signed: dict[str, str],
        shop: Repository,
        wanted: dict[str, str],
        field: str,
        reason: str,
    ) -> None:
        response = client.post(
            REPOSITORIES, wanted, content_type="application/json", headers=signed
        )
        assert response.status_code == 400
        assert list(response.json()["errors"]) == [field]
        assert reason in response.json()[field][0]

    def test_what_is_no_json_is_refused(self, client: Client, signed: dict[str, str]) -> None:
        response = client.post(REPOSITORIES, "{", content_type="application/json", headers=signed)
        assert response.status_code == 400
        assert "JSON parse error" in response.json()["detail"]

    def test_registering_needs_an_account(self, client: Client, db: None) -> None:
        assert client.post(REPOSITORIES, {"url": "https://example.org/x"}).status_code == 401

    def test_tells_of_one(self, client: Client, alice: User, shop: Repository) -> None:
        client.force_login(alice)
        told = client.get(f"{REPOSITORIES}/{shop.pk}").json()
        assert told["name"] == "shop"
        assert told["latest_run"]["status"] == "published"

    def test_removes(self, client: Client, signed: dict[str, str], shop: Repository) -> None:
        response = client.delete(f"{REPOSITORIES}/{shop.pk}", headers=signed)
        assert response.status_code == 204
        assert not Repository.objects.exists()


class TestRuns:
    def test_lists_the_newest_first(
        self, client: Client, alice: User, shop: Repository, queued: IndexRun
    ) -> None:
        client.force_login(alice)
        runs = client.get(f"{REPOSITORIES}/{shop.pk}/runs").json()
        assert [run["status"] for run in runs] == ["queued", "published"]
        assert runs[0]["id"] == ids.opaque(ids.Row.RUN, queued.pk)

    def test_indexes_again(self, client: Client, signed: dict[str, str], shop: Repository) -> None:
        address = f"{REPOSITORIES}/{shop.pk}/runs"
        first, second = (client.post(address, headers=signed) for _ in range(2))
        assert (first.status_code, second.status_code) == (201, 201)
        assert first.json()["id"] == second.json()["id"]

    def test_cancels_once(
        self, client: Client, signed: dict[str, str], shop: Repository, queued: IndexRun
    ) -> None:
        address = f"{REPOSITORIES}/{shop.pk}/runs/{queued.pk}/cancel"
        first, second = (client.post(address, headers=signed) for _ in range(2))
        assert (first.status_code, first.json()["status"]) == (200, "cancelled")
        assert second.status_code == 409


class TestHidden:
    def test_a_stranger_finds_none_of_it(
        self, client: Client, charlie: User, shop: Repository, queued: IndexRun
    ) -> None:
        client.force_login(charlie)
        of_it, unknown = f"{REPOSITORIES}/{shop.pk}", f"{REPOSITORIES}/999999"
        for part in ("", "/runs"):
            hidden = client.get(of_it + part)
            assert hidden.status_code == 404
            assert hidden.json() == client.get(unknown + part).json()
        assert client.delete(of_it).status_code == 404
        assert client.post(f"{of_it}/runs").status_code == 404
        assert client.post(f"{of_it}/runs/{queued.pk}/cancel").status_code == 404
        assert IndexRun.objects.get(pk=queued.pk).status == RunStatus.QUEUED

    def test_the_team_sees_but_does_not_change(
        self, client: Client, bob: User, shop: Repository, queued: IndexRun
    ) -> None:
        client.force_login(bob)
        of_it = f"{REPOSITORIES}/{shop.pk}"
        assert client.get(f"{of_it}/runs").status_code == 200
        assert client.delete(of_it).status_code == 403
        assert client.post(f"{of_it}/runs").status_code == 403
        assert client.post(f"{of_it}/runs/{queued.pk}/cancel").status_code == 403


class TestDescription:
    def test_the_schema_is_complete(self, client: Client, db: None) -> None:
        schema = client.get("/api/v1/schema", headers={"Accept": "application/json"}).json()
        assert set(schema["paths"]) == {
            "/api/v1/search",
            "/api/v1/lines",
            "/api/v1/similar",
            "/api/v1/files",
            "/api/v1/search/batch",
            "/api/v1/encode",
            "/api/v1/names",
            "/api/v1/names/check",
            "/api/v1/repositories/{id}/dismissed-names",
            "/api/v1/repositories/{id}/dismissed-names/{dismissal}",
            "/api/v1/repositories/{id}/doubtful-names",
            "/api/v1/repositories/{id}/doubtful-names/export",
            "/api/v1/definitions/{definition_id}",
            "/api/v1/definitions/{definition_id}/explanation",
            "/api/v1/evaluations",
            "/api/v1/evaluations/{id}",
            "/api/v1/repositories/{id}/failures",
            "/api/v1/suggestions",
            "/api/v1/files/{file_id}/{definition_id}/similar",
            "/api/v1/definitions/{definition_id}/references",
            "/api/v1/definitions/{definition_id}/callers",
            "/api/v1/definitions/{definition_id}/callees",
            "/api/v1/repositories",
            "/api/v1/repositories/{id}",
            "/api/v1/repositories/{id}/rules",
            "/api/v1/repositories/{id}/settings",
            "/api/v1/repositories/{id}/runs",
            "/api/v1/repositories/{id}/runs/{run}/cancel",
            "/api/v1/repositories/{id}/pause",
            "/api/v1/repositories/{id}/resume",
            "/api/v1/outgoing-webhooks",
            "/api/v1/outgoing-webhooks/{webhook}",
            "/api/v1/code-hosts",
            "/api/v1/code-hosts/{host}",
            "/api/v1/imports",
            "/api/v1/imports/{source}",
            "/api/v1/imports/{source}/start",
            "/api/v1/imports/{source}/confirm",
            "/api/v1/recent-searches",
            "/api/v1/saved-searches",
            "/api/v1/saved-searches/{id}",
            "/api/v1/saved-searches/{id}/alerts",
            "/api/v1/webhooks",
            "/api/v1/webhooks/{webhook}",
            "/api/v1/applications",
            "/api/v1/applications/{beginning}",
            "/api/v1/audit",
            "/api/v1/audit/export",
            "/api/v1/tokens",
            "/api/v1/tokens/{beginning}",
            "/api/v1/invitations",
            "/api/v1/invitations/{id}",
            "/api/v1/teams",
            "/api/v1/teams/{id}",
            "/api/v1/teams/{id}/members",
            "/api/v1/teams/{id}/members/{user}",
        }

    def test_the_page_describes_every_operation_and_every_object(
        self, client: Client, db: None
    ) -> None:
        page = client.get("/api/v1/docs").content.decode()
        schema = SchemaGenerator().get_schema(public=True)
        for path, methods in schema["paths"].items():
            for method, operation in methods.items():
                assert f'id="{operation["operationId"]}"' in page
                assert f"{method.upper()} {path}" in page or f"<code>{path}</code>" in page
        for link in re.findall(r'href="#(object-\w+)"', page):
            assert f'id="{link}"' in page

    def test_the_page_says_what_a_parameter_takes(self, client: Client, db: None) -> None:
        page = client.get("/api/v1/docs").content.decode()
        limit = page.partition('id="search"')[2].partition("<code>limit</code>")[2]
        assert limit.partition("</tr>")[0].count("at least 1, at most 200, default 10") == 1
        order = page.partition('id="search"')[2].partition("<code>order</code>")[2]
        assert "implementations | plain" in order.partition("</tr>")[0]
