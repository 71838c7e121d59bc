from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.test import Client

from codeindex.accounts.sign_on import backend, links
from tests.codeindex.accounts.sign_on.browsing import Browser, Provider


class TestPasswords:
    def test_stay_beside_it(self, browser: Browser) -> None:
        page = browser.get("/account/login/").text
        assert "Sign in with Example ID" in page
        assert 'name="password"' in page

    def test_can_be_switched_off(self, provider: Provider, client: Client, settings: Any) -> None:
        settings.CODEINDEX_PASSWORDS = False
        User.objects.create_user("frank", password="secret")
        client.force_login(User.objects.get())
        settings.AUTHENTICATION_BACKENDS = [backend.PATH]
        assert client.get("/account/").status_code == 302  # the session was opened by a password
        page = client.get("/account/login/").content.decode()
        assert "Sign in with Example ID" in page
        assert 'name="password"' not in page
        form = {"username": "frank", "password": "secret"}
        assert client.post("/account/login/", form).status_code == 403
        assert not client.login(**form)

    def test_the_admin_site_has_no_form_of_its_own(
        self, provider: Provider, client: Client, charlie: User
    ) -> None:
        sent = client.get("/admin/", follow=True)
        assert sent.redirect_chain[-1][0] == "/account/login/?next=%2Fadmin%2F"
        client.force_login(charlie)
        assert client.get("/admin/", follow=True).status_code == 403

    def test_a_link_of_the_command_line_signs_in_once(
        self, provider: Provider, client: Client, alice: User, settings: Any, capsys: Any
    ) -> None:
        settings.CODEINDEX_PASSWORDS = False
        settings.AUTHENTICATION_BACKENDS = [backend.PATH]
        call_command("sign-in-link", "alice")
        path = capsys.readouterr().out.splitlines()[-1]
        assert "Sign in as alice?" in client.get(path).content.decode()
        assert client.get("/account/").status_code == 302
        assert client.post(path).status_code == 302
        assert client.get("/account/").status_code == 200
        assert Client().post(path).status_code == 404

    def test_a_link_ends(self, client: Client, alice: User, settings: Any) -> None:
        signed = links.sign(alice)
        assert links.user_of(signed) == alice
        assert links.user_of(f"{signed}x") is None
        User.objects.update(is_active=False)
        assert links.user_of(signed) is None
        with pytest.raises(CommandError, match="no active user"):
            call_command("sign-in-link", "alice")
