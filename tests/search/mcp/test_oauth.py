"""The official client, which signs in with OAuth against the running server."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import httpx2
import pytest
from django.contrib.auth.models import User
from django.test import Client as Browser
from mcp import Client
from mcp.client.auth import OAuthClientProvider
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.auth import (
    AuthorizationCodeResult,
    OAuthClientInformationFull,
    OAuthClientMetadata,
    OAuthToken,
)

from codeindex.accounts.oauth import grants
from codeindex.models import AuditRecord, Repository, Visibility
from tests import shelf, sign_on_urls
from tests.search.mcp.test_clients import MODES, text_of
from tests.shelf import Written

REDIRECT = "http://127.0.0.1:33418/callback"


class Storage:
    """Keeps what the client has got."""

    tokens: OAuthToken | None = None
    client: OAuthClientInformationFull | None = None

    async def get_tokens(self) -> OAuthToken | None:
        return self.tokens

    async def set_tokens(self, tokens: OAuthToken) -> None:
        self.tokens = tokens

    async def get_client_info(self) -> OAuthClientInformationFull | None:
        return self.client

    async def set_client_info(self, client_info: OAuthClientInformationFull) -> None:
        self.client = client_info


class Person:
    """Whoever uses the agent, and says yes or no in the browser."""

    def __init__(self, user: User, decision: str = "allow") -> None:
        self.session = Browser()
        self.session.force_login(user)
        self.decision = decision
        self.asked = 0
        self.sent: dict[str, list[str]] = {}

    async def open(self, url: str) -> None:
        await asyncio.to_thread(self._decide, url)

    def _decide(self, url: str) -> None:
        self.asked += 1
        cookies = {name: morsel.value for name, morsel in self.session.cookies.items()}
        with httpx.Client(cookies=cookies) as browser:
            page = browser.get(url)
            (token,) = re.findall(
                r'csrfmiddlewaretoken" value="(\w+)"', page.text.partition("<main")[2]
            )
            form = {"csrfmiddlewaretoken": token, "decision": self.decision}
            answer = browser.post(url, data=form)
        assert answer.headers["Location"].startswith(REDIRECT)
        self.sent = parse_qs(urlsplit(answer.headers["Location"]).query)

    async def answer(self) -> AuthorizationCodeResult:
        given = {name: self.sent.get(name, [""])[0] for name in ("code", "state", "iss")}
        return AuthorizationCodeResult(**given)


@pytest.fixture
def private(alice: User) -> Repository:
    made = shelf.repository(alice, visibility=Visibility.PRIVATE)
    shelf.put(made, "a.py", Written("def load(path): ...", "load"))
    return made


@pytest.fixture
def on(settings: Any) -> None:
    settings.ROOT_URLCONF = sign_on_urls.__name__
    settings.CODEINDEX_OAUTH = True


Use = Callable[[Client, OAuthClientProvider], Awaitable[Any]]


def with_oauth(
    address: tuple[str, int], storage: Storage, person: Person, mode: str, use: Use
) -> Any:
    url = f"http://{address[0]}:{address[1]}/mcp"
    metadata = OAuthClientMetadata(client_name="The official client", redirect_uris=[REDIRECT])

    async def run() -> Any:
        provider = OAuthClientProvider(url, metadata, storage, person.open, person.answer)
        async with (
            httpx2.AsyncClient(auth=provider, timeout=30) as http,
            Client(streamable_http_client(url, http_client=http), mode=mode) as client,
        ):
            return await use(client, provider)

    return asyncio.run(run())


@pytest.mark.parametrize("version", MODES)
def test_discovers_registers_asks_calls_refreshes_and_is_revoked(
    address: tuple[str, int], on: None, alice: User, private: Repository, version: str
) -> None:
    storage, person, mode = Storage(), Person(alice), MODES[version]

    async def find(client: Client) -> str:
        return text_of(await client.call_tool("grep", {"pattern": "load"}))

    async def find_and_refresh(client: Client, provider: OAuthClientProvider) -> None:
        assert "alice/shop:a.py" in await find(client)
        assert storage.tokens is not None
        first = storage.tokens.access_token
        provider.context.token_expiry_time = 1.0  # long ago
        assert "alice/shop:a.py" in await find(client)
        assert storage.tokens.access_token != first

    async def find_again(client: Client, provider: OAuthClientProvider) -> None:
        assert "alice/shop:a.py" in await find(client)

    with_oauth(address, storage, person, mode, find_and_refresh)
    with_oauth(address, storage, person, mode, find_again)
    assert person.asked == 1
    (row,) = AuditRecord.objects.filter(action="application_authorized")
    assert (row.user, row.subject) == ("alice", "The official client")
    searched = AuditRecord.objects.filter(action="lines_searched", user="alice")
    assert {row.token for row in searched} == {grants.of_user(alice).get().beginning}

    assert grants.revoke(alice, by=alice) == 1
    person.decision = "deny"
    with pytest.raises(BaseExceptionGroup):
        with_oauth(address, storage, person, mode, find_again)
    assert person.asked == 2
