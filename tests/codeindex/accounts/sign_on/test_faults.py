from __future__ import annotations

import socket
import time
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.contrib.auth.models import User

from codeindex.models import AuditRecord
from tests import oidc_provider
from tests.codeindex.accounts.sign_on.browsing import Browser, Provider, free_port


class TestWhatGoesWrong:
    def refused(self, browser: Browser, status: int = 403) -> str:
        arrived = browser.sign_in("erin")
        assert arrived.status_code == status, arrived.text
        assert "You were not signed in" in arrived.text
        assert browser.user() == ""
        assert not User.objects.exists()
        failures = AuditRecord.objects.filter(action="sign_in_failed", subject="Example ID")
        assert failures.exists()
        return arrived.text

    @pytest.mark.parametrize(
        "answers",
        [
            {"id_token": {"aud": "another client"}},
            {"id_token": {"iss": "https://evil.example"}},
            {"expired_for": 60},
            {"userinfo": {"sub": "4711"}},
        ],
        ids=["another audience", "another issuer", "expired", "userinfo of another user"],
    )
    def test_a_wrong_id_token(self, browser: Browser, provider: Provider, answers: Any) -> None:
        provider.says(**answers)
        assert "could not be verified" in self.refused(browser)

    @pytest.mark.parametrize(
        "claims",
        [{"name": "nul\x00"}, {"groups": ["nul\x00"]}, {"sub": "x" * 192}, {"sub": None}],
        ids=["NUL", "NUL within", "long", "none"],
    )
    def test_claims_that_cannot_be_stored(
        self, browser: Browser, provider: Provider, claims: Any
    ) -> None:
        provider.says_of("erin", **claims)
        arrived = browser.sign_in("erin")
        assert arrived.status_code in (403, 503)
        assert not User.objects.exists()

    def test_long_and_odd_claims(self, browser: Browser, provider: Provider) -> None:
        odd = {"preferred_username": "<b>" + "x" * 500, "name": "y" * 500, "email": "no address"}
        provider.says_of("erin", **odd)
        assert browser.sign_in("erin").status_code == 200
        assert browser.user()

    def test_a_wrong_secret_of_the_client(self, browser: Browser, settings: Any) -> None:
        settings.CODEINDEX_OIDC_CLIENT_SECRET = "wrong"
        self.refused(browser)

    def test_a_state_of_another_browser(self, browser: Browser, another_browser: Browser) -> None:
        asked = another_browser.to_provider()
        form = {"username": "erin", "password": oidc_provider.PASSWORD}
        another_browser.client.follow_redirects = False
        response = another_browser.client.post(asked.url, data=form)
        while "/account/sign-on/callback" not in response.headers["Location"]:
            response = another_browser.client.get(response.next_request.url)
        stolen = response.headers["Location"]
        arrived = browser.get(stolen)
        assert arrived.status_code == 403
        assert browser.user() == ""
        guessed = stolen.replace(parse_qs(urlsplit(stolen).query)["state"][0], "guessed")
        assert another_browser.get(guessed).status_code == 403
        assert another_browser.get(stolen).status_code == 302
        assert another_browser.get(stolen).status_code == 403  # a state is used once

    @pytest.mark.parametrize("query", ["", "?code=x", "?state=x", "?error=access_denied&state=x"])
    def test_a_callback_that_nobody_asked_for(self, browser: Browser, query: str) -> None:
        assert browser.get(f"/account/sign-on/callback{query}").status_code == 403

    def test_the_user_cancels(self, browser: Browser) -> None:
        browser.client.follow_redirects = False
        sent = browser.get("/account/sign-on/")
        state = parse_qs(urlsplit(sent.headers["Location"]).query)["state"][0]
        answer = browser.get(f"/account/sign-on/callback?error=access_denied&state={state}")
        assert (answer.status_code, "cancelled" in answer.text) == (403, True)

    def test_the_provider_is_down(self, browser: Browser, settings: Any) -> None:
        settings.CODEINDEX_OIDC_URL = f"http://127.0.0.1:{free_port()}"
        assert "Example ID does not respond" in self.refused(browser, 503)

    def test_the_provider_goes_down_on_the_way(
        self, browser: Browser, provider: Provider, settings: Any
    ) -> None:
        asked = browser.to_provider()
        settings.CODEINDEX_OIDC_URL = f"http://127.0.0.1:{free_port()}"
        form = {"username": "erin", "password": oidc_provider.PASSWORD}
        assert browser.client.post(asked.url, data=form).status_code == 503

    def test_the_provider_does_not_answer_in_time(self, browser: Browser, settings: Any) -> None:
        settings.SOCIALACCOUNT_REQUESTS_TIMEOUT = 1
        with socket.create_server(("127.0.0.1", 0)) as silent:
            settings.CODEINDEX_OIDC_URL = f"http://127.0.0.1:{silent.getsockname()[1]}"
            began = time.monotonic()
            self.refused(browser, 503)
            assert time.monotonic() - began < 10

    @pytest.mark.parametrize("path", ["/login?", "/.well-known/jwks.json?"])
    def test_the_provider_answers_with_something_else(
        self, browser: Browser, provider: Provider, settings: Any, path: str
    ) -> None:
        settings.CODEINDEX_OIDC_URL = f"{provider.url}{path}"
        self.refused(browser, 503)

    def test_attempts_are_counted(self, browser: Browser, settings: Any) -> None:
        settings.CODEINDEX_ADDRESS_LOGIN_RATE = "2/hour"
        browser.client.follow_redirects = False
        statuses = [browser.get("/account/sign-on/").status_code for _ in range(3)]
        assert statuses == [302, 302, 429]
