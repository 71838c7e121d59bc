"""Code hosts and imports on the pages and over REST."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.test import Client

from codeindex import tasks
from codeindex.integrations import imports
from codeindex.web import ids
from tests.codeindex.integrations.fake_hosts import Fake
from tests.codeindex.integrations.importing import (
    TOKEN,
    importing,
    names,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("inside_network")]


@pytest.fixture(autouse=True)
def everyone(settings: Any) -> None:
    settings.CODEINDEX_IMPORTS_BY = "everyone"


class TestDoors:
    def test_from_the_page_to_the_repositories(
        self, client: Client, alice: User, fake: Fake
    ) -> None:
        client.force_login(alice)
        wanted = {"kind": "github", "url": fake.base, "token": TOKEN}
        answer = client.post("/code-hosts/", wanted, follow=True)
        assert "A token is stored" in answer.text
        assert TOKEN not in answer.text
        host = answer.redirect_chain[-1][0]
        form = {"namespace": "acme", "patterns": "r*\n!r3", "visibility": "internal"}
        answer = client.post(host, form, follow=True)
        page = answer.redirect_chain[-1][0]
        assert "is being asked" in answer.text
        tasks.sync_imports()
        preview = client.get(page).text
        assert "acme/r2" in preview
        assert "acme/r3" not in preview
        assert "Start import" in preview
        assert names() == []
        client.post(f"{page}start")
        tasks.sync_imports()
        assert names() == ["r1", "r2"]
        assert "2 registered here" in client.get(page).text
        assert "2 repositories" in client.get("/code-hosts/").text
        assert client.post(f"{page}remove").status_code == 302
        assert names() == ["r1", "r2"]

    def test_over_rest(self, client: Client, alice: User, fake: Fake) -> None:
        client.force_login(alice)
        post = partial(client.post, content_type="application/json")
        host = post("/api/v1/code-hosts", {"kind": "github", "url": fake.base, "token": TOKEN})
        assert host.status_code == 201
        assert TOKEN not in host.text
        wanted = {"host": host.json()["id"], "namespace": "acme", "topics": [], "forks": True}
        row = post("/api/v1/imports", wanted)
        assert row.status_code == 201
        address = f"/api/v1/imports/{row.json()['id']}"
        tasks.sync_imports()
        assert client.get(address).json()["names"] == ["acme/r1", "acme/r2", "acme/r3"]
        assert post(f"{address}/start").json()["started"] is True
        tasks.sync_imports()
        assert len(names()) == 3
        assert post(f"{address}/confirm").status_code == 200
        assert post("/api/v1/imports", wanted | {"namespace": "a b"}).status_code == 400
        assert post("/api/v1/imports", wanted | {"host": "x"}).status_code == 400
        assert post("/api/v1/imports", wanted).status_code == 400  # is imported already
        assert client.delete(address).status_code == 204

    def test_others_see_and_change_nothing_of_it(
        self, client: Client, alice: User, bob: User, fake: Fake
    ) -> None:
        row = importing(fake, alice)
        import_id, host_id = (
            ids.opaque(ids.Row.IMPORT, row.pk), ids.opaque(ids.Row.CODE_HOST, row.host_id)
        )  # fmt: skip
        client.force_login(bob)
        assert fake.base not in client.get("/code-hosts/").text
        assert client.get("/api/v1/imports").json() == client.get("/api/v1/code-hosts").json() == []
        wanted = {"host": host_id, "namespace": "other"}
        answer = client.post("/api/v1/imports", wanted, content_type="application/json")
        assert (answer.status_code, list(answer.json()["errors"])) == (400, ["host"])
        for what in ("start", "confirm", "remove"):
            assert client.post(f"/code-hosts/imports/{import_id}/{what}").status_code == 404

    def test_administrators_alone_import_unless_the_settings_say_so(
        self, client: Client, alice: User, settings: Any
    ) -> None:
        settings.CODEINDEX_IMPORTS_BY = "administrators"
        client.force_login(alice)
        wanted = {"kind": "github", "url": "https://github.com"}
        assert client.get("/code-hosts/").status_code == 403
        assert client.post("/code-hosts/", wanted).status_code == 403
        rest = client.post("/api/v1/code-hosts", wanted, content_type="application/json")
        assert rest.status_code == 403
        assert "Code hosts" not in client.get("/repositories/").text
        client.force_login(User.objects.create_superuser("root"))
        assert client.post("/code-hosts/", wanted).status_code == 302

    @pytest.mark.parametrize(
        ("wanted", "field"),
        [
            ({"url": "/etc"}, "url"),
            ({"url": "ssh://git@host/x"}, "url"),
            ({"url": "https://user:pass@host.example"}, "url"),
            ({"url": "https://host.example?token=x"}, "url"),
            ({"url": "gopher://host"}, "url"),
            ({"token": "two words"}, "token"),
            ({"token": "é"}, "token"),
        ],
    )
    def test_what_cannot_be_a_code_host_is_refused(
        self, alice: User, wanted: dict[str, str], field: str
    ) -> None:
        with pytest.raises(ValidationError) as refusal:
            imports.add_host(alice, **({"kind": "github", "url": "https://github.com"} | wanted))
        assert list(refusal.value.message_dict) == [field]
