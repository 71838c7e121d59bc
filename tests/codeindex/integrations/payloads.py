"""What code hosts send for a push: their documented payloads, without what nobody reads."""

from __future__ import annotations

import hashlib
import hmac
import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from django.test import Client
from django.urls import reverse
from standardwebhooks import Webhook

if TYPE_CHECKING:
    # The fuzzer builds payloads without Django's models.
    from codeindex.models import PushWebhook

Signed = tuple[bytes, dict[str, str]]
"""The body of a delivery, and its headers."""

GITHUB = {
    "ref": "refs/heads/main",
    "before": "6113728f27ae82c7b1a177c8d03f9e96e0adf246",
    "after": "0000000000000000000000000000000000000000",
    "repository": {
        "id": 186853002,
        "name": "shop",
        "full_name": "acme/shop",
        "html_url": "https://github.com/acme/shop",
        "git_url": "git://github.com/acme/shop.git",
        "ssh_url": "git@github.com:acme/shop.git",
        "clone_url": "https://github.com/acme/shop.git",
        "default_branch": "main",
    },
    "commits": [],
}

GITEA = {
    "ref": "refs/heads/develop",
    "before": "28e1879d029cb852e4844d9c718537df08844e03",
    "after": "bffeb74224043ba2feb48d137756c8a9331c449a",
    "repository": {
        "id": 140,
        "name": "shop",
        "full_name": "acme/shop",
        "html_url": "http://gitea.example:3000/acme/shop",
        "ssh_url": "ssh://git@gitea.example:2222/acme/shop.git",
        "clone_url": "http://gitea.example:3000/acme/shop.git",
        "default_branch": "main",
    },
}

GITLAB = {
    "object_kind": "push",
    "event_name": "push",
    "ref": "refs/heads/main",
    "checkout_sha": "da1560886d4f094c3e6c9ef40349f7d38b5d27d7",
    "project_id": 15,
    "project": {
        "id": 15,
        "web_url": "https://gitlab.example/acme/tools/shop",
        "git_ssh_url": "git@gitlab.example:acme/tools/shop.git",
        "git_http_url": "https://gitlab.example/acme/tools/shop.git",
        "path_with_namespace": "acme/tools/shop",
        "default_branch": "main",
    },
    "repository": {"name": "shop", "url": "git@gitlab.example:acme/tools/shop.git"},
}

BITBUCKET = {
    "actor": {"type": "user"},
    "repository": {
        "type": "repository",
        "full_name": "acme/shop",
        "links": {"html": {"href": "https://bitbucket.org/acme/shop"}},
    },
    "push": {
        "changes": [
            {"new": {"type": "branch", "name": "main"}, "old": None},
            {"new": {"type": "tag", "name": "v1"}},
            {"new": None, "old": {"type": "branch", "name": "gone"}},
        ]
    },
}

BITBUCKET_SERVER = {
    "eventKey": "repo:refs_changed",
    "date": "2026-09-19T09:45:32+1000",
    "repository": {
        "slug": "shop",
        "id": 84,
        "project": {"key": "ACME", "id": 84},
        "links": {"self": [{"href": "https://bitbucket.example/projects/ACME/repos/shop/browse"}]},
    },
    "changes": [
        {
            "ref": {"id": "refs/heads/main", "displayId": "main", "type": "BRANCH"},
            "refId": "refs/heads/main",
            "type": "UPDATE",
        }
    ],
}


def deliver(webhook: PushWebhook, signed: Signed, **more: Any) -> Any:
    """The response to a delivery."""
    content, headers = signed
    return Client().post(
        reverse("hook", args=[webhook.pk]),
        content,
        content_type=more.pop("content_type", "application/json"),
        headers=headers,
        **more,
    )


def body(payload: object) -> bytes:
    return json.dumps(payload).encode()


def signature(content: bytes, secret: str) -> str:
    return hmac.new(secret.encode(), content, hashlib.sha256).hexdigest()


def github(payload: object, secret: str, event: str = "push") -> Signed:
    content = body(payload)
    signed = f"sha256={signature(content, secret)}"
    return content, {"X-GitHub-Event": event, "X-Hub-Signature-256": signed}


def gitea(payload: object, secret: str) -> Signed:
    content = body(payload)
    return content, {
        "X-GitHub-Event": "push",
        "X-Gitea-Event": "push",
        "X-Gitea-Signature": signature(content, secret),
    }


def gitlab(payload: object, secret: str) -> Signed:
    return body(payload), {"X-Gitlab-Event": "Push Hook", "X-Gitlab-Token": secret}


def gitlab_signed(payload: object, secret: str, at: datetime | None = None) -> Signed:
    content = body(payload)
    time = at or datetime.now(UTC)
    return content, {
        "X-Gitlab-Event": "Push Hook",
        "webhook-id": "msg_1",
        "webhook-timestamp": str(int(time.timestamp())),
        "webhook-signature": Webhook(secret).sign("msg_1", time, content.decode()),
    }


def bitbucket(payload: Any, secret: str) -> Signed:
    content = body(payload)
    return content, {
        "X-Event-Key": payload.get("eventKey", "repo:push"),
        "X-Hub-Signature": f"sha256={signature(content, secret)}",
    }
