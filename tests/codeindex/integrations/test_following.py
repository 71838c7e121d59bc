"""Visibility that follows a code host is switched on and off."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from codeindex import tasks
from codeindex.integrations import imports
from codeindex.models import AuditRecord, Import, Repository, Visibility
from codeindex.web import ids
from tests.codeindex.integrations.fake_hosts import Fake
from tests.codeindex.integrations.importing import importing, sync
from tests.codeindex.integrations.reading import ask, following, seen

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.usefixtures("inside_network", "single_sign_on", "read_by_bob"),
]


def test_following_a_host_on_the_page(client: Client, alice: User, bob: User, fake: Fake) -> None:
    row = sync(importing(fake, alice, visibility=Visibility.INTERNAL))
    client.force_login(alice)
    address = reverse("follow-host", args=[row.pk])
    assert seen(bob) == ["r1"]
    assert client.post(address, {"follow": "on"}).status_code == 302
    assert Repository.objects.get().visibility == Visibility.PRIVATE
    assert seen(bob) == []
    tasks.sweep()
    page = client.get(reverse("import", args=[row.pk])).text
    assert "Visibility follows the code host" in page
    client.post(address)
    assert "Follow the code host" in client.get(reverse("import", args=[row.pk])).text
    told = AuditRecord.objects.filter(action="import_changed").order_by("pk")
    assert [each.details for each in told] == [
        "visibility follows the code host", "visibility is set by hand"
    ]  # fmt: skip


def test_following_a_host_over_rest(client: Client, alice: User, fake: Fake) -> None:
    row = sync(importing(fake, alice))
    client.force_login(alice)
    address = f"/api/v1/imports/{ids.opaque(ids.Row.IMPORT, row.pk)}"
    assert client.get(address).json()["permissions"] is None

    def patch(**changes: object) -> Any:
        return client.patch(address, changes, content_type="application/json").json()

    assert patch(follows_host=True)["follows_host"] is True
    ask(row)
    told = client.get(address).json()["permissions"]
    assert (told["error"], bool(told["synced"])) == ("", True)
    assert patch()["follows_host"] is True
    assert patch(follows_host=False)["permissions"] is None


def test_following_a_host_when_the_import_is_added(
    client: Client, alice: User, settings: Any
) -> None:
    settings.CODEINDEX_IMPORTS_BY = "everyone"
    client.force_login(alice)

    def added(kind: str, send: Callable[..., Any]) -> Any:
        host = imports.add_host(alice, kind=kind, url="https://host.example")
        return send(host)

    def by_form(host: Any) -> Any:
        form = {"namespace": "acme", "visibility": "private", "follows_host": "on"}
        return client.post(reverse("code-host", args=[host.pk]), form)

    assert added("github", by_form).status_code == 302
    assert Import.objects.get().follows_host
    refused = added("bitbucket", by_form)
    assert "Visibility cannot follow Bitbucket Cloud." in refused.text
    assert Import.objects.count() == 1


def test_without_single_sign_on_the_page_says_that_nobody_matches(
    client: Client, alice: User, bob: User, fake: Fake, settings: Any
) -> None:
    settings.CODEINDEX_OIDC_URL = ""
    row = following(fake, alice)
    ask(row)
    client.force_login(alice)
    assert "Nobody can be found among" in client.get(reverse("import", args=[row.pk])).text
    assert seen(bob) == []
