"""Whether a webhook's request comes from somebody who knows its secret.

GitHub, Gitea, Forgejo, Gogs and Bitbucket sign the body (HMAC-SHA256, in hexadecimal digits).
GitLab sends the secret itself, or signs as Standard Webhooks does, with an id and a time.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from base64 import b64encode
from collections.abc import Mapping

from standardwebhooks import Webhook, WebhookVerificationError

PREFIX = "whsec_"
SECRET_BYTES = 32

SIGNATURES = (
    "x-hub-signature-256", "x-gitea-signature", "x-forgejo-signature", "x-gogs-signature",
    "x-hub-signature",
)  # fmt: skip
"""Headers that hold the signature of a body. The last one is Bitbucket's, and SHA-1 elsewhere."""

TOKEN = "x-gitlab-token"  # noqa: S105  the name of a header
STANDARD = "webhook-signature"


def new_secret() -> str:
    """A secret that every host takes: GitLab and Standard Webhooks want this form."""
    return PREFIX + b64encode(secrets.token_bytes(SECRET_BYTES)).decode()


def is_genuine(headers: Mapping[str, str], body: bytes, secret: str) -> bool:
    """Whether one of the signatures is right. The names of `headers` are in lower case. A signature
    with a time is right for five minutes."""
    expected = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    given = (headers.get(name, "").removeprefix("sha256=") for name in SIGNATURES)
    return (
        any(_equal(signature, expected) for signature in given)
        or _equal(headers.get(TOKEN, ""), secret)
        or (STANDARD in headers and _is_standard(headers, body, secret))
    )


def _equal(given: str, expected: str) -> bool:
    return hmac.compare_digest(given.encode(errors="replace"), expected.encode())


def _is_standard(headers: Mapping[str, str], body: bytes, secret: str) -> bool:
    try:
        Webhook(secret).verify(body, dict(headers), json_parse=False)
    except (WebhookVerificationError, ValueError):  # what cannot be decoded is a ValueError
        return False
    return True
