"""Push webhooks receive what code hosts send, and refuse what others send."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from django.contrib.auth.models import User
from django.test import Client

from codeindex import repositories, tasks
from codeindex.ingestion import pipeline
from codeindex.integrations import freshness, push_webhooks, pushes, signatures
from codeindex.models import (
    IndexRun,
    PushDelivery,
    PushWebhook,
    Repository,
    RunStatus,
    Upstream,
    host_path,
)
from tests import audited, hosts, shelf
from tests.codeindex.integrations import payloads
from tests.codeindex.integrations.payloads import Signed, deliver
from tests.git import GitRepository

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("no_refused_networks")]


def repository(owner: User, url: str, branch: str = "") -> Repository:
    made = shelf.repository(owner, f"r{Repository.objects.count()}")
    Repository.objects.filter(pk=made.pk).update(url=url)
    made.branches.update(name=branch)
    return made


def asked() -> set[int]:
    """The repositories whose host is asked next."""
    due = freshness._due().values_list("branch__repository", flat=True)
    return set(due)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://GitHub.com/Acme/Shop.git", "github.com/acme/shop"),
        ("https://github.com/acme/shop/", "github.com/acme/shop"),
        ("git@github.com:acme/shop.git", "github.com/acme/shop"),
        ("github.com:/acme/shop", "github.com/acme/shop"),
        ("ssh://git@host.example:2222/acme/shop.git/", "host.example/acme/shop"),
        ("http://host.example:3000/a/b/c", "host.example/a/b/c"),
        ("http://[::1]:3000/a/b", "[::1]/a/b"),
        ("git@host:22/shop", "host/shop"),
        ("/srv/git/shop.git", "/srv/git/shop"),
        ("/srv/shop/.git", "/srv/shop"),
        ("/srv/a@b/shop", "/srv/a@b/shop"),
        ("https://host.example", "https/host.example"),
    ],
)
def test_python_and_postgres_read_an_address_alike(alice: User, url: str, expected: str) -> None:
    assert host_path(url) == expected
    assert Repository.objects.get(pk=repository(alice, url).pk).host_path == expected


@pytest.mark.parametrize(
    ("url", "sign", "payload"),
    [
        ("https://github.com/acme/shop", payloads.github, payloads.GITHUB),
        ("ssh://git@gitea.example:2222/acme/shop.git", payloads.gitea, payloads.GITEA),
        ("https://gitlab.example/acme/tools/shop.git", payloads.gitlab, payloads.GITLAB),
        ("git@gitlab.example:acme/tools/shop.git", payloads.gitlab_signed, payloads.GITLAB),
        ("git@bitbucket.org:acme/shop.git", payloads.bitbucket, payloads.BITBUCKET),
        (
            "https://bitbucket.example/scm/acme/shop.git",
            payloads.bitbucket,
            payloads.BITBUCKET_SERVER,
        ),
        (
            "ssh://git@bitbucket.example:7999/acme/shop.git",
            payloads.bitbucket,
            payloads.BITBUCKET_SERVER,
        ),
    ],
)
def test_each_host_s_push_has_the_branch_asked_for(
    alice: User,
    webhook: PushWebhook,
    secret: str,
    url: str,
    sign: Callable[[object, str], Signed],
    payload: object,
) -> None:
    branch = "develop" if payload is payloads.GITEA else ""
    wanted = repository(alice, url, branch)
    other = repository(alice, f"{url}s", branch)
    assert deliver(webhook, sign(payload, secret)).status_code == 202
    assert asked() == {wanted.pk}
    assert PushDelivery.objects.get().outcome == "Asked the host for 1 branch."
    assert other.pk not in asked()


@pytest.mark.parametrize(
    "sign",
    [
        payloads.github,
        payloads.gitea,
        payloads.gitlab,
        payloads.gitlab_signed,
        payloads.bitbucket,
    ],
)
def test_a_wrong_signature_is_refused(
    alice: User, webhook: PushWebhook, sign: Callable[[object, str], Signed]
) -> None:
    repository(alice, "https://github.com/acme/shop")
    content, headers = sign(payloads.GITHUB, "whsec_" + "A" * 44)
    answer = deliver(webhook, (content, headers))
    assert answer.status_code == 401
    assert answer["Content-Type"] == "application/problem+json"
    assert deliver(webhook, (content, {"X-GitHub-Event": "push"})).status_code == 401
    assert asked() == set()
    assert not PushDelivery.objects.exists()


@pytest.mark.parametrize(
    "headers",
    [
        {"X-Hub-Signature-256": ""},
        {"X-Hub-Signature-256": "sha256="},
        {"X-Hub-Signature": "sha1=da39a3ee5e6b4b0d3255bfef95601890afd80709"},
        {"X-Hub-Signature-256": "sha256=é"},
        {"X-Gitlab-Token": ""},
        {"webhook-signature": "v1,"},
        {"webhook-signature": "v1", "webhook-id": "1", "webhook-timestamp": "1"},
        {"webhook-signature": "v1,?", "webhook-id": "1", "webhook-timestamp": "nan"},
        {"webhook-signature": "v1,%", "webhook-id": "1", "webhook-timestamp": "9" * 40},
    ],
)
def test_signatures_of_no_form_are_refused(
    alice: User, webhook: PushWebhook, headers: dict[str, str]
) -> None:
    for content in (b"", b"{}", b"\xff"):
        assert deliver(webhook, (content, headers)).status_code == 401


def test_a_changed_body_or_an_old_signature_is_refused(webhook: PushWebhook, secret: str) -> None:
    content, headers = payloads.github(payloads.GITHUB, secret)
    assert deliver(webhook, (content + b" ", headers)).status_code == 401
    for minutes, status in ((-6, 401), (6, 401), (-4, 202)):
        at = datetime.now(UTC) + timedelta(minutes=minutes)
        signed = payloads.gitlab_signed(payloads.GITLAB, secret, at)
        assert deliver(webhook, signed).status_code == status


def test_a_replayed_delivery_asks_for_nothing(
    alice: User, webhook: PushWebhook, secret: str
) -> None:
    wanted = repository(alice, "https://github.com/acme/shop")
    content, headers = payloads.github(payloads.GITHUB, secret)
    first = deliver(webhook, (content, headers))
    Upstream.objects.update(due=None)
    replayed = deliver(webhook, (content, headers | {"X-GitHub-Delivery": "another"}))
    assert (first.status_code, first.json()) == (replayed.status_code, replayed.json())
    assert asked() == set()
    PushDelivery.objects.update(received=datetime.now(UTC) - timedelta(minutes=6))
    deliver(webhook, (content, headers))  # an administrator presses "Redeliver"
    assert asked() == {wanted.pk}
    assert PushDelivery.objects.count() == 1


def test_a_push_is_in_the_audit_and_an_unsigned_one_is_not(
    alice: User, webhook: PushWebhook, secret: str
) -> None:
    audited.empty()
    content, headers = payloads.github(payloads.GITHUB, secret)
    assert deliver(webhook, (content, headers)).status_code == 202
    assert deliver(webhook, (content + b" ", headers)).status_code == 401
    assert audited.rows("action", "user", "door", "subject", "address") == [
        ("push_received", "", "webhook", "everything", "127.0.0.1")
    ]


def test_an_unknown_repository_is_answered_as_a_known_one(
    alice: User, webhook: PushWebhook, secret: str
) -> None:
    repository(alice, "https://github.com/acme/shop")
    other = payloads.GITHUB | {"repository": {"clone_url": "https://github.com/acme/other"}}
    known, unknown = (
        deliver(webhook, payloads.github(payload, secret)) for payload in (payloads.GITHUB, other)
    )
    assert (known.status_code, known.json()) == (unknown.status_code, unknown.json())
    assert "No repository of this webhook" in PushDelivery.objects.first().outcome  # type: ignore[union-attr]


def test_a_huge_body_is_refused(webhook: PushWebhook, secret: str) -> None:
    huge = payloads.github(payloads.GITHUB | {"commits": ["x" * 1_100_000]}, secret)
    assert deliver(webhook, huge).status_code == 413
    assert not PushDelivery.objects.exists()


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"[]", b"null", b'"push"', b"\xff\xfe", b"[" * 100_000, b'{"a": ' + b"9" * 5_000],
)
def test_what_is_no_json_object_is_refused(
    webhook: PushWebhook, secret: str, content: bytes
) -> None:
    signed = f"sha256={payloads.signature(content, secret)}"
    headers = {"X-GitHub-Event": "push", "X-Hub-Signature-256": signed}
    answer = deliver(webhook, (content, headers))
    assert answer.status_code == 400
    assert "not" in answer.json()["detail"]


@pytest.mark.parametrize(
    "payload",
    [
        {},
        {"repository": None, "ref": None},
        {"repository": [], "ref": {}},
        {"repository": {"clone_url": 1, "ssh_url": ["x"]}, "ref": "refs/heads/main"},
        {"repository": {"clone_url": "\x00", "html_url": "\ud800"}, "ref": "refs/heads/\x00"},
        {"repository": {"clone_url": "x" * 5_000}, "ref": "refs/heads/" + "x" * 5_000},
        {"project": {"git_http_url": {}}, "ref": 5},
        {"push": {"changes": [None, 1, {"new": {"type": "branch"}}]}},
        {"changes": {"ref": 1}, "repository": {"links": {"self": [{"href": "https://[/projects/a/repos/b"}]}}},
    ],
)  # fmt: skip
@pytest.mark.parametrize("event", ["push", "repo:push", "repo:refs_changed", "Push Hook"])
def test_payloads_of_other_shapes_do_no_harm(
    alice: User, webhook: PushWebhook, secret: str, payload: object, event: str
) -> None:
    repository(alice, "https://github.com/acme/shop")
    content, headers = payloads.gitlab(payload, secret)
    headers = {"X-Gitlab-Token": headers["X-Gitlab-Token"], "X-Event-Key": event}
    assert deliver(webhook, (content, headers)).status_code == 202
    assert asked() == set()


def test_pings_and_other_events_are_received_and_nothing_is_asked(
    alice: User, webhook: PushWebhook, secret: str
) -> None:
    repository(alice, "https://github.com/acme/shop")
    for event in ("ping", "issues", "release", ""):
        signed = payloads.github({"zen": event, "repository": {}}, secret, event)
        assert deliver(webhook, signed).status_code == 202
    content, headers = payloads.bitbucket({"test": True, "eventKey": "diagnostics:ping"}, secret)
    assert deliver(webhook, (content, headers)).status_code == 202
    assert set(PushDelivery.objects.values_list("outcome", flat=True)) == {
        "The event is not a push."
    }
    assert asked() == set()


def test_a_push_of_a_branch_that_is_not_indexed_asks_for_nothing(
    alice: User, webhook: PushWebhook, secret: str
) -> None:
    repository(alice, "https://github.com/acme/shop")
    named = repository(alice, "git@github.com:acme/shop.git", "release")
    for ref, expected in (
        ("refs/heads/feature", set()),
        ("refs/tags/release", set()),
        ("refs/heads/release", {named.pk}),
    ):
        deliver(webhook, payloads.github(payloads.GITHUB | {"ref": ref}, secret))
        assert asked() == expected


def test_a_form_is_read_as_json(alice: User, webhook: PushWebhook, secret: str) -> None:
    wanted = repository(alice, "https://github.com/acme/shop")
    content = urlencode({"payload": json.dumps(payloads.GITHUB)}).encode()
    signed = f"sha256={payloads.signature(content, secret)}"
    headers = {"X-GitHub-Event": "push", "X-Hub-Signature-256": signed}
    answer = deliver(webhook, (content, headers), content_type=pushes.FORM)
    assert answer.status_code == 202
    assert asked() == {wanted.pk}


class TestReach:
    """A webhook reaches what its owner manages."""

    def test_others_repositories_of_the_same_address_are_not_asked_for(
        self, alice: User, charlie: User, webhook: PushWebhook, secret: str
    ) -> None:
        own = repository(alice, "https://github.com/acme/shop")
        repository(charlie, "https://github.com/acme/shop")
        deliver(webhook, payloads.github(payloads.GITHUB, secret))
        assert asked() == {own.pk}

    def test_an_administrator_s_reaches_all(
        self, alice: User, charlie: User, monkeypatch: pytest.MonkeyPatch, secret: str
    ) -> None:
        root = User.objects.create_superuser("root")
        monkeypatch.setattr(signatures, "new_secret", lambda: secret)
        webhook = push_webhooks.create(root, "all", None, by=root).webhook
        both = {repository(owner, "https://github.com/acme/shop").pk for owner in (alice, charlie)}
        deliver(webhook, payloads.github(payloads.GITHUB, secret))
        assert asked() == both

    def test_that_of_a_repository_reaches_it_alone(
        self, alice: User, monkeypatch: pytest.MonkeyPatch, secret: str
    ) -> None:
        one, _ = (repository(alice, "https://github.com/acme/shop") for _ in range(2))
        monkeypatch.setattr(signatures, "new_secret", lambda: secret)
        webhook = push_webhooks.create(alice, "one", one, by=alice).webhook
        deliver(webhook, payloads.github(payloads.GITHUB, secret))
        assert asked() == {one.pk}

    def test_that_of_a_deactivated_user_is_none(
        self, alice: User, webhook: PushWebhook, secret: str
    ) -> None:
        alice.is_active = False
        alice.save()
        signed = payloads.github(payloads.GITHUB, secret)
        answer = deliver(webhook, signed)
        absent = deliver(PushWebhook(pk=10**6), signed)
        assert answer.status_code == absent.status_code == 401
        assert answer.json() == absent.json()
        assert Client().post("/api/v1/hooks/" + "A" * 22).status_code == 404


def test_deliveries_are_limited_by_their_sender(
    alice: User, webhook: PushWebhook, secret: str, settings: Any
) -> None:
    settings.CODEINDEX_WEBHOOK_RATE = "2/minute"
    strangers = [
        deliver(webhook, (b"{}", {}), REMOTE_ADDR="203.0.113.9").status_code for _ in range(3)
    ]
    assert strangers == [401, 401, 429]
    hosts_own = [
        deliver(webhook, payloads.github({"n": n}, secret), REMOTE_ADDR="203.0.113.9").status_code
        for n in range(3)
    ]
    assert hosts_own == [202, 202, 429]


def test_a_push_is_indexed(
    alice: User, webhook: PushWebhook, secret: str, source: GitRepository, tmp_path: Path
) -> None:
    """From the request to the stored commit, by a real host."""
    first = source.commit({"a.py": "def a(): return 1\n"})
    with hosts.serving(hosts.git_repositories(tmp_path)) as host:
        shop = repositories.register(url=f"{host.url}/shop", owner=alice, by=alice)
        assert pipeline.index(tasks.request_index(repository=shop, by=None).pk)
        IndexRun.objects.update(status=RunStatus.PUBLISHED)
        pushed = source.commit({"b.py": "def b(): return 2\n"})
        payload = payloads.GITHUB | {"repository": {"clone_url": f"{host.url}/shop.git"}}
        assert deliver(webhook, payloads.github(payload, secret)).status_code == 202
        tasks.check_branches()
        run = IndexRun.objects.first()
        assert run
        assert pipeline.index(run.pk)
    run.refresh_from_db()
    assert (run.commit, run.requested_by) == (pushed, None)
    assert pushed != first


def test_old_deliveries_are_forgotten(alice: User, webhook: PushWebhook, secret: str) -> None:
    deliver(webhook, payloads.github({}, secret))
    tasks.forget()
    assert PushDelivery.objects.count() == 1
    PushDelivery.objects.update(received=datetime.now(UTC) - timedelta(days=2))
    tasks.forget()
    assert not PushDelivery.objects.exists()
