"""Fixtures of the tests of code hosts and webhooks."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User

from codeindex.integrations import push_webhooks, signatures
from codeindex.models import HostKind, PushWebhook
from tests.codeindex.integrations import fake_hosts, reading
from tests.codeindex.integrations.fake_hosts import Fake, Repo
from tests.codeindex.integrations.importing import acme


@pytest.fixture(autouse=True)
def home(tmp_path: Path, settings: Any) -> None:
    settings.CODEINDEX_HOME = tmp_path / "home"


@pytest.fixture
def inside_network(settings: Any) -> None:
    """127.0.0.1 stands for a server's own network, the rest of loopback for the internet."""
    settings.CODEINDEX_REFUSED_NETWORKS = [ipaddress.ip_network("127.0.0.1/32")]


@pytest.fixture
def no_refused_networks(settings: Any) -> None:
    settings.CODEINDEX_REFUSED_NETWORKS = []


@pytest.fixture
def fake() -> Iterator[Fake]:
    with fake_hosts.serving(Fake(HostKind.GITHUB, {"acme": acme()})) as serving:
        yield serving


@pytest.fixture
def single_sign_on(settings: Any, bob: User, charlie: User) -> None:
    """Bob's and Charlie's addresses are verified."""
    settings.CODEINDEX_OIDC_URL = reading.PROVIDER
    reading.verified(bob, "bob@example.org")
    reading.verified(charlie, "charlie@example.org")


@pytest.fixture
def read_by_bob(fake: Fake) -> None:
    """Bob may read its only repository."""
    fake.organisations["acme"] = [Repo(1, "acme/r1", readers=[reading.BOB])]


@pytest.fixture
def secret() -> str:
    return signatures.new_secret()


@pytest.fixture
def webhook(alice: User, monkeypatch: pytest.MonkeyPatch, secret: str) -> PushWebhook:
    """Of Alice, for all repositories that she manages."""
    monkeypatch.setattr(signatures, "new_secret", lambda: secret)
    return push_webhooks.create(alice, "everything", None, by=alice).webhook
