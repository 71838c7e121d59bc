"""Push webhooks on the pages and over REST."""

from __future__ import annotations

import re

import pytest
from django.contrib.auth.models import Group, User
from django.test import Client
from django.urls import reverse

from codeindex.integrations import push_webhooks
from codeindex.models import Branch, PushWebhook
from codeindex.web import ids
from tests import shelf
from tests.codeindex.integrations import payloads
from tests.codeindex.integrations.payloads import deliver

pytestmark = pytest.mark.django_db


class TestDoors:
    def test_the_secret_is_shown_once_and_stored_encrypted(
        self, client: Client, alice: User
    ) -> None:
        client.force_login(alice)
        page = client.post("/webhooks/", {"name": "github.com/acme"})
        webhook = PushWebhook.objects.get()
        (secret,) = set(re.findall(r"whsec_[\w+/=]+", page.text))
        address = reverse("hook", args=[webhook.pk])
        assert f"http://testserver{address}" in page.text
        assert secret not in webhook.secret
        listed = client.get("/webhooks/").text
        assert "github.com/acme" in listed
        assert "whsec_" not in listed
        assert deliver(webhook, payloads.github({}, secret, "ping")).status_code == 202
        assert "The event is not a push." in client.get("/webhooks/").text

    def test_each_user_sees_and_removes_their_own(
        self, client: Client, alice: User, bob: User, webhook: PushWebhook
    ) -> None:
        removal = reverse("remove-webhook", args=[webhook.pk])
        rest = f"/api/v1/webhooks/{ids.opaque(ids.Row.PUSH_WEBHOOK, webhook.pk)}"
        client.force_login(bob)
        assert "everything" not in client.get("/webhooks/").text
        assert client.get("/api/v1/webhooks").json() == []
        assert client.post(removal).status_code == client.delete(rest).status_code == 404
        client.logout()
        assert client.get("/webhooks/").status_code == client.post(removal).status_code == 302
        assert client.delete(rest).status_code == client.get("/api/v1/webhooks").status_code == 401
        client.force_login(alice)
        assert client.get("/api/v1/webhooks").json()[0]["name"] == "everything"
        assert client.post(removal).status_code == 302
        assert not PushWebhook.objects.exists()

    def test_only_a_managed_repository_can_be_named(
        self, client: Client, alice: User, bob: User, team: Group
    ) -> None:
        shelf.repository(alice, "shop", teams=[team])
        client.force_login(bob)
        for name in ("alice/shop", "alice/none", "shop"):
            page = client.post("/webhooks/", {"name": "x", "repository": name})
            assert page.status_code == 400
            assert "You manage no repository" in page.text
        client.force_login(alice)
        wanted = {"name": "x", "repository": "alice/shop"}
        answer = client.post("/api/v1/webhooks", wanted, content_type="application/json")
        assert answer.status_code == 201
        told = answer.json()
        assert told["webhook"]["repository"] == "alice/shop"
        assert told["secret"].startswith("whsec_")
        assert told["webhook"]["url"].startswith("http://testserver/api/v1/hooks/")

    def test_a_user_has_a_limited_number(
        self, client: Client, alice: User, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(push_webhooks, "MOST_PER_USER", 1)
        client.force_login(alice)
        assert client.post("/webhooks/", {"name": "a"}).status_code == 200
        assert client.post("/webhooks/", {"name": "b"}).status_code == 400
        rest = client.post("/api/v1/webhooks", {"name": "b"}, content_type="application/json")
        assert rest.status_code == 400
        assert Branch.objects.count() == 0
