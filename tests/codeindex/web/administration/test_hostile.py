"""What nobody types is refused, and fails nowhere."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.test import Client

from tests import shelf

pytestmark = pytest.mark.django_db

ODD = ("\x00", "\ud800", "x" * 5_000, "%", "'\"<>", "-1", "９", "/", "a/b", "=1")
GETS = {
    "/administration/": ("name", "page"),
    "/administration/tokens/": ("name", "page"),
    "/repositories/": ("name", "state", "visibility", "sort", "page"),
    "/map/": ("repository",),
    "/map/points": ("repository",),
    "/map/place": ("frame", "x", "y"),
    "/map/hits": ("frame", "q", "repository"),
    "/quality/": ("repository",),
    "/quality/duplicates/": ("repository", "across"),
    "/quality/names/": ("repository",),
}
POSTS = {
    "/administration/": ("new-username", "new-email", "new-password"),
    "/administration/tokens/": ("beginning",),
    "/administration/users/alice/change": ("action",),
    "/administration/users/alice/remove": ("heir", "remove"),
    "/repositories/register-many": ("addresses", "visibility", "teams"),
}


@pytest.mark.parametrize("value", ODD, ids=repr)
def test_odd_values(client: Client, alice: User, value: str, no_encoder_loaded: None) -> None:
    shelf.repository(alice)
    client.force_login(User.objects.create_superuser("root"))
    written = value.encode("utf-8", "surrogatepass").decode("latin-1")
    for address, names in GETS.items():
        for name in names:
            status = client.get(address, {name: written}).status_code
            assert status < 500, (address, name)
    for address, names in POSTS.items():
        for name in names:
            status = client.post(address, {name: written}).status_code
            assert status < 500, (address, name)


@pytest.mark.parametrize("name", ["%00", "%ED%A0%80", "x" * 2_000, "..", "%2F"])
def test_odd_users(client: Client, name: str) -> None:
    client.force_login(User.objects.create_superuser("root"))
    assert client.get(f"/administration/users/{name}/").status_code in (400, 404)
    assert client.post(f"/administration/users/{name}/change").status_code in (400, 404)
