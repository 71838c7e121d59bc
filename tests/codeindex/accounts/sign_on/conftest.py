from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from django.core.signals import request_finished, request_started
from django.db import close_old_connections

from tests import oidc_provider
from tests.codeindex.accounts.sign_on.browsing import ADDRESS, PROJECT, Browser, Provider, free_port

START_SECONDS = 60


@pytest.fixture(scope="session")
def running_provider(tmp_path_factory: Any) -> Iterator[Provider]:
    folder, port = tmp_path_factory.mktemp("provider"), free_port()
    provider = Provider(f"http://127.0.0.1:{port}", folder)
    callback = f"{ADDRESS}/account/sign-on/callback"
    command = [sys.executable, "-m", "tests.oidc_provider", str(port), str(folder), callback]
    with (folder / "log").open("w") as log:
        process = subprocess.Popen(command, cwd=PROJECT, stdout=log, stderr=log)
    try:
        deadline = time.monotonic() + START_SECONDS
        while not _responds(provider.url):
            assert process.poll() is None, (folder / "log").read_text()
            assert time.monotonic() < deadline
            time.sleep(0.1)
        yield provider
    finally:
        process.kill()
        process.wait()


def _responds(url: str) -> bool:
    try:
        return httpx.get(f"{url}/.well-known/openid-configuration").is_success
    except httpx.TransportError:
        return False


@pytest.fixture
def provider(running_provider: Provider, db: None, settings: Any) -> Provider:
    """The settings name it; it says nothing in particular."""
    running_provider.says()
    settings.ROOT_URLCONF = "tests.sign_on_urls"
    settings.CODEINDEX_OIDC_URL = running_provider.url
    settings.CODEINDEX_ADDRESS_LOGIN_RATE = "100000/minute"
    settings.CODEINDEX_OIDC_NAME = "Example ID"
    settings.CODEINDEX_OIDC_CLIENT_ID = oidc_provider.CLIENT
    settings.CODEINDEX_OIDC_CLIENT_SECRET = oidc_provider.SECRET
    return running_provider


@pytest.fixture
def one_connection(db: None) -> Iterator[None]:
    """Requests use the connection of the test, and do not close it, as Django's own client does."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


@pytest.fixture
def browser(provider: Provider, one_connection: None) -> Iterator[Browser]:
    made = Browser()
    yield made
    made.client.close()


@pytest.fixture
def another_browser(provider: Provider, one_connection: None) -> Iterator[Browser]:
    made = Browser()
    yield made
    made.client.close()
