"""A running provider, and a browser that goes between it and this server."""

from __future__ import annotations

import json
import re
import socket
from pathlib import Path
from typing import Any

import httpx
from django.core.wsgi import get_wsgi_application

from tests import oidc_provider

ADDRESS = "http://localhost"
"""Of this server. The provider has another host, so that it gets none of its cookies."""

PROJECT = Path(__file__).parents[4]


class Provider:
    """A running provider, and what it says."""

    def __init__(self, url: str, folder: Path) -> None:
        self.url = url
        self._answers = folder / "answers.json"
        self.says()

    def says(self, **answers: Any) -> None:
        """What it says from now on, as `tests.oidc_provider.answers` has it."""
        self._answers.write_text(json.dumps(answers))

    def says_of(self, user: str, **claims: Any) -> None:
        self.says(claims={user: claims})


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Browser:
    """Keeps cookies, and follows redirects from this server to the provider and back. This server
    answers within the test, and so within its transaction."""

    def __init__(self) -> None:
        own = httpx.WSGITransport(app=get_wsgi_application())
        self.client = httpx.Client(
            base_url=ADDRESS,
            mounts={ADDRESS: own},
            follow_redirects=True,
            timeout=30,
            verify=False,  # nothing here uses TLS, and its certificates take long to load
        )

    def get(self, address: str, **named: Any) -> httpx.Response:
        return self.client.get(address, **named)

    def to_provider(self, page: str = "") -> httpx.Response:
        """The provider's page, by the button of the page for signing in."""
        shown = self.get("/account/login/", params={"next": page} if page else {})
        (button,) = re.findall(
            r'href="(/account/sign-on/[^"]*)">Sign in with Example ID', shown.text
        )
        return self.get(button)

    def sign_in(self, name: str, page: str = "") -> httpx.Response:
        asked = self.to_provider(page)
        if asked.status_code != 200 or "/login?" not in str(asked.url):
            return asked  # the provider still knows the user, or something went wrong
        form = {"username": name, "password": oidc_provider.PASSWORD}
        return self.client.post(asked.url, data=form)

    def user(self) -> str:
        """The name that the pages show, "" for nobody."""
        (menu,) = re.findall(r"<summary><span>([^<]*)</span>", self.get("/account/").text)
        return "" if menu == "Menu" else menu
