"""Signing in, and letting an application in, as a browser does."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value

from tests import sign_on_urls
from tests.browser.conftest import Visitor
from tests.browser.organisation import PASSWORD
from tests.browser.test_accessibility import findings
from tests.codeindex.accounts.oauth.application import Application

pytestmark = pytest.mark.django_db


class Callback(BaseHTTPRequestHandler):
    """What a program on the user's computer answers."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"You can close this window.")

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def callback() -> Iterator[str]:
    """The redirect URI of a program that listens."""
    server = HTTPServer(("127.0.0.1", 0), Callback)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/callback"
    server.shutdown()
    thread.join()


@pytest.mark.parametrize(("button", "answer"), [("Allow", "code"), ("Deny", "error")])
def test_the_answer_reaches_the_application(
    visit: Visitor, server: str, settings: Any, callback: str, button: str, answer: str
) -> None:
    """The policy of the page lets its form lead there."""
    settings.ROOT_URLCONF = sign_on_urls.__name__
    settings.CODEINDEX_OAUTH = True
    page = visit("/account/")
    metadata = {"client_name": "Agent", "redirect_uris": [callback]}
    registered = page.request.post("/oauth/register", data=metadata).json()
    application = Application(registered["client_id"])
    page.goto(application.address(redirect_uri=callback, resource=f"{server}/mcp"))
    assert findings(page) == []
    page.get_by_role("button", name=button).click()
    page.wait_for_url(f"{callback}?{answer}=*")
    page.goto("/account/")
    revoke = page.locator("section", has_text="Authorized applications").get_by_role("button")
    while revoke.count():
        revoke.first.click()


def code(secret: str, step: int) -> str:
    return format_hotp_value(hotp_value(secret, int(time.time()) // 30 + step))


def test_a_second_factor_is_set_up_used_and_removed(visit: Visitor) -> None:
    page = visit("/account/second-factor/")
    secret = page.locator("form.card code").inner_text().replace(" ", "")
    page.get_by_label("Code from your app").fill(code(secret, -1))
    page.get_by_role("button", name="Set up").click()
    assert findings(page) == []
    recovery_code = page.locator("li code").first.inner_text()

    page = visit("/account/login/?next=/teams/", who="")
    page.get_by_label("Username").fill("alice")
    page.get_by_label("Password").fill(PASSWORD)
    page.locator("main").get_by_role("button", name="Sign in").click()
    assert findings(page) == []
    page.get_by_label("Code from your app").fill(code(secret, 0))
    page.locator("main").get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/teams/")

    page.goto("/account/second-factor/")
    assert findings(page) == []
    page.get_by_label("Code from your app").fill(recovery_code)
    page.get_by_role("button", name="Remove").click()
    page.wait_for_url("**/account/")
    page.get_by_role("link", name="Set up a second factor").wait_for()
