"""An organisation is imported and kept up to date by what `make run` starts, without anybody's
asking for an index run."""

from __future__ import annotations

import re
import time
import urllib.request
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest
from standardwebhooks import Webhook

from codeindex.models import HostKind
from tests import hosts
from tests.codeindex.integrations import fake_hosts, payloads
from tests.codeindex.integrations.fake_hosts import Fake, Repo
from tests.git import GitRepository
from tests.journeys.installation import ONE_OF_EACH, Browser, Installation, until

MINUTE = 60.0


@pytest.fixture
def installation(tmp_path: Path) -> Iterator[Installation]:
    """One that may call loopback, where the code host of the test is."""
    installation = Installation(
        tmp_path / "home", **ONE_OF_EACH, CODEINDEX_REFUSED_NETWORKS="0.0.0.0/32"
    )
    installation.start()
    yield installation
    installation.interrupt()


@pytest.fixture
def told() -> list[tuple[dict[str, str], bytes]]:
    """What an outgoing webhook has received."""
    return []


@pytest.fixture
def code_host(tmp_path: Path, told: list[tuple[dict[str, str], bytes]]) -> Iterator[Fake]:
    """Lists the organisation acme, serves its repositories, takes messages at /told, and has a
    repository whose clone takes longer than the test."""
    fake = Fake(HostKind.GITEA, {"acme": [Repo(1, "acme/shop")]})
    git = hosts.git_repositories(tmp_path / "git")

    def answer(request: BaseHTTPRequestHandler) -> None:
        if request.path.startswith("/api/"):
            return fake.answer(request)
        if request.path.startswith("/slow.git/"):
            return hosts.trickling(request)
        if request.path == "/told":
            told.append(
                (dict(request.headers), request.rfile.read(int(request.headers["Content-Length"])))
            )
            return fake_hosts.send(request, 204, b"")
        return git(request)

    with hosts.serving(answer) as host:
        fake.base = host.url
        yield fake


def finds(browser: Browser, query: str, path: str) -> bool:
    results = browser.get("/api/v1/search", q=query).json["results"]
    return any(result["path"] == path for result in results)


def latest_run(browser: Browser, name: str) -> str:
    """The state of the latest run of a repository."""
    (repository,) = browser.get("/api/v1/repositories", name=name).json
    return str(repository["latest_run"]["status"])


def secret_of(page: str) -> str:
    return re.findall(r"whsec_[\w+/=]+", page)[0]


def test_an_organisation_is_imported_and_a_push_is_found_within_a_minute(
    installation: Installation,
    code_host: Fake,
    tmp_path: Path,
    told: list[tuple[dict[str, str], bytes]],
) -> None:
    source = GitRepository.made(tmp_path / "git/acme/shop")
    (tmp_path / "git/acme/shop.git").symlink_to(source.path / ".git")
    source.commit({"a.py": "def add_article(basket):\n    return basket\n"})
    browser = installation.browser()
    browser.submit("/account/login/", username="admin", password=installation.password)
    outgoing = browser.submit(
        "/webhooks/outgoing/", name="ci", url=f"{code_host.base}/told", events="run.finished"
    )

    host = browser.submit("/code-hosts/", kind="gitea", url=code_host.base)
    preview = browser.submit(
        host.url.removeprefix(browser.root), namespace="acme", visibility="private"
    )
    page = preview.url.removeprefix(browser.root)
    until(lambda: "acme/shop" in browser.get(page).text)
    browser.submit(page, to=f"{page}start")
    until(lambda: finds(browser, "add_article", "a.py"))

    # The only process of the worker that reads whole repositories is busy from now on.
    browser.submit("/repositories/register", url=f"{code_host.base}/slow.git", visibility="private")
    until(lambda: latest_run(browser, "slow") == "checkout")

    webhook = browser.submit("/webhooks/", name="acme").text
    address = re.findall(r"http://[\w.:]+(/api/v1/hooks/[\w-]+)", webhook)[0]
    source.commit({"b.py": "def remove_article(basket):\n    return basket\n"})
    pushed = time.monotonic()
    payload = {
        "ref": "refs/heads/main",
        "repository": {"clone_url": f"{code_host.base}/acme/shop.git"},
    }
    body, headers = payloads.gitea(payload, secret_of(webhook))
    request = urllib.request.Request(
        f"{browser.root}{address}", body, {"Content-Type": "application/json", **headers}
    )
    assert urllib.request.urlopen(request).status == 202
    until(lambda: finds(browser, "remove_article", "b.py"))
    assert time.monotonic() - pushed < MINUTE
    assert latest_run(browser, "slow") == "checkout"

    until(lambda: len(told) == 2)
    for message in told:
        verified = Webhook(secret_of(outgoing.text)).verify(message[1], message[0])
        assert verified["data"]["repository"] == "admin/shop"
