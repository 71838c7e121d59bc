"""Webhooks by which others learn how index runs end: created, removed, and sent from the outbox.

A message is signed as Standard Webhooks says: HMAC-SHA256 of its id, the time and the body.
"""

from __future__ import annotations

import json
import logging
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any
from urllib.parse import urlsplit

from django.contrib.auth.models import User
from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.db import transaction
from django.db.models import QuerySet
from django.db.models.functions import Now
from django.utils import timezone
from standardwebhooks import Webhook

from codeindex import audit, credentials, leases, outbox
from codeindex.audit import Change
from codeindex.integrations import http, signatures
from codeindex.integrations.errors import INTERNAL_ERROR
from codeindex.integrations.http import HostError
from codeindex.models import (
    Alert,
    IndexRun,
    OutgoingDelivery,
    OutgoingEvent,
    OutgoingWebhook,
    Repository,
)
from codeindex.searches import alerts
from codeindex.web import ids

MOST_PER_USER = 20

BATCH = 32
AT_ONCE = 8

RETRIES = (
    timedelta(seconds=5),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=5),
    timedelta(hours=10),
    timedelta(hours=14),
    timedelta(hours=20),
    timedelta(hours=24),
)
"""When a message that was not taken is sent again; after that it is given up."""

GONE = 410
"""The status by which a receiver asks not to be called again."""

KEPT = timedelta(days=7)
"""How long messages are kept that were delivered or given up."""

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class NewOutgoingWebhook:
    """A webhook with its secret, which is shown once."""

    webhook: OutgoingWebhook
    secret: str


@dataclass(frozen=True, slots=True)
class Message:
    """What is sent: no database is needed for it."""

    uid: str
    url: str
    secret: str
    body: bytes


@dataclass(frozen=True, slots=True)
class Outcome:
    """Why a message was not delivered ("" if it was), and whether it is given up at once."""

    error: str = ""
    is_final: bool = False


def managed_by(user: User) -> QuerySet[OutgoingWebhook]:
    """The webhooks that `user` may see and remove: their own; an administrator's are all."""
    own = OutgoingWebhook.objects.select_related("owner", "repository__owner")
    return own if user.is_superuser else own.filter(owner=user)


@transaction.atomic
def create(
    owner: User,
    name: str,
    url: str,
    events: Iterable[str],
    repository: Repository | None,
    *,
    by: User,
) -> NewOutgoingWebhook:
    """A webhook for the repositories that `owner` manages, or for one of them. Raises
    `ValidationError` by field."""
    User.objects.select_for_update(no_key=True).get(pk=owner.pk)
    if OutgoingWebhook.objects.filter(owner=owner).count() >= MOST_PER_USER:
        reason = f"You already have {MOST_PER_USER} outgoing webhooks. Remove one of them first."
        raise ValidationError({NON_FIELD_ERRORS: [reason]})
    address = _checked_url(url)
    secret = signatures.new_secret()
    webhook = OutgoingWebhook.objects.create(
        owner=owner,
        name=name,
        url=credentials.encrypt(address),
        origin="{0.scheme}://{0.netloc}".format(urlsplit(address)),
        secret=credentials.encrypt(secret),
        events=sorted(OutgoingEvent(event).value for event in events),
        repository=repository,
    )
    audit.record(Change.OUTGOING_WEBHOOK_CREATED, str(webhook), by=by, details=webhook.origin)
    return NewOutgoingWebhook(webhook, secret)


@transaction.atomic
def remove(webhook: OutgoingWebhook, *, by: User) -> None:
    audit.record(Change.OUTGOING_WEBHOOK_REMOVED, str(webhook), by=by, details=webhook.origin)
    webhook.delete()


def is_due() -> bool:
    return _due().exists() and not _is_busy()


def send_due() -> bool:
    """Send one batch of the outbox; whether there was any. There is one at a time, which may wait
    for slow receivers."""
    lease = uuid.uuid4()
    claimed = _claim(lease)
    if claimed:
        held = OutgoingDelivery.objects.filter(lease=lease)
        with leases.holding(held) as renewed:
            outcomes = {}
            for delivery, outcome in _outcomes(claimed):
                renewed.note()
                outcomes[delivery] = outcome
            _record(held, outcomes)
    return bool(claimed)


def outdated() -> QuerySet[OutgoingDelivery]:
    """What was delivered or given up long ago."""
    return OutgoingDelivery.objects.filter(due=None, created__lt=Now() - KEPT)


def _due() -> QuerySet[OutgoingDelivery]:
    return OutgoingDelivery.objects.filter(leases.FREE, due__lte=Now())


def _is_busy() -> bool:
    return OutgoingDelivery.objects.exclude(leases.FREE).exists()


@transaction.atomic
def _claim(lease: uuid.UUID) -> list[OutgoingDelivery]:
    if _is_busy():
        return []
    chosen = list(_due().order_by("due").values_list("pk", flat=True)[:BATCH])
    leases.take(_due().filter(pk__in=chosen), lease)
    claimed = OutgoingDelivery.objects.filter(lease=lease)
    rows = list(
        claimed.select_related(
            "webhook__owner", "run__branch__repository__owner", "alert__search__owner"
        )
    )
    allowed = _allowed(rows)
    claimed.exclude(pk__in=[row.pk for row in allowed]).delete()
    return allowed


def _allowed(rows: Iterable[OutgoingDelivery]) -> list[OutgoingDelivery]:
    """The rows of active users who still manage the run's repository, or still see what an alert
    has found."""
    active = [row for row in rows if row.webhook.owner.is_active]
    repositories = {row.run.branch.repository_id for row in active if row.run}
    managed = outbox.managed_by_each({row.webhook.owner for row in active}, repositories)
    return [
        row
        for row in active
        if (row.run and (row.webhook.owner_id, row.run.branch.repository_id) in managed)
        or (row.alert and _matches(row.webhook, row.alert))
    ]


def _matches(webhook: OutgoingWebhook, alert: Alert) -> list[dict[str, Any]]:
    """Those of an alert that the webhook is told."""
    return [
        match
        for match in alerts.shown(alert)
        if webhook.repository_id in (None, match["repository_id"])
    ]


def _outcomes(claimed: Iterable[OutgoingDelivery]) -> Iterator[tuple[int, Outcome]]:
    """The outcome of each delivery, by the id of its row."""
    sending: dict[int, Callable[[], Outcome]] = {}
    for delivery in claimed:
        try:
            sending[delivery.pk] = partial(_send, _message(delivery))
        except credentials.UnreadableCredential:
            yield (
                delivery.pk,
                Outcome("The stored address cannot be decrypted. Create the webhook again."),
            )
    with ThreadPoolExecutor(AT_ONCE) as pool:
        sent = {pool.submit(send): pk for pk, send in sending.items()}
        for done in as_completed(sent):
            yield sent[done], done.result()


def _message(delivery: OutgoingDelivery) -> Message:
    webhook = delivery.webhook
    payload = {
        "type": delivery.event,
        "timestamp": delivery.created.isoformat(),
        "data": _data(delivery),
    }
    return Message(
        str(delivery.uid),
        credentials.decrypt(webhook.url),
        credentials.decrypt(webhook.secret),
        json.dumps(payload).encode(),
    )


def _data(delivery: OutgoingDelivery) -> dict[str, object]:
    if delivery.run is not None:
        return _about_run(delivery.run)
    assert delivery.alert is not None, "a delivery is about a run or an alert"
    return _about_alert(delivery.webhook, delivery.alert)


def _about_run(run: IndexRun) -> dict[str, object]:
    repository = run.branch.repository
    return {
        "repository": repository.full_name,
        "repository_id": ids.opaque(ids.Row.REPOSITORY, repository.pk),
        "run_id": ids.opaque(ids.Row.RUN, run.pk),
        "branch": run.branch.name,
        "commit": run.commit,
        "status": run.status,
        "error": run.error,
        "definitions": run.definitions,
    }


def _about_alert(webhook: OutgoingWebhook, alert: Alert) -> dict[str, object]:
    return {
        "search": alert.search.name,
        "search_id": ids.opaque(ids.Row.SAVED_SEARCH, alert.search_id),
        "matches": [
            match | {"repository_id": ids.opaque(ids.Row.REPOSITORY, match["repository_id"])}
            for match in _matches(webhook, alert)
        ],
    }


def _send(message: Message) -> Outcome:
    now = datetime.now(UTC)
    headers = {
        "Content-Type": "application/json",
        "webhook-id": message.uid,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": Webhook(message.secret).sign(message.uid, now, message.body.decode()),
    }
    try:
        with http.connected(message.url) as client:
            status = client.post(message.url, message.body, headers)
    except HostError as error:
        return Outcome(str(error))
    except Exception:
        logger.exception("A webhook could not be called.")
        return Outcome(INTERNAL_ERROR)
    if 200 <= status < 300:
        return Outcome()
    return Outcome(f"The receiver answered with {status}.", is_final=status == GONE)


@transaction.atomic
def _record(held: QuerySet[OutgoingDelivery], outcomes: Mapping[int, Outcome]) -> None:
    now = timezone.now()
    rows = list(held.select_for_update().filter(pk__in=outcomes).order_by("pk"))
    for row in rows:
        outcome = outcomes[row.pk]
        row.error = outcome.error
        row.attempts += 1
        if not outcome.error:
            row.delivered, row.due = now, None
        elif not outcome.is_final and row.attempts <= len(RETRIES):
            row.due = now + RETRIES[row.attempts - 1]
        else:
            row.due = None
    OutgoingDelivery.objects.bulk_update(rows, ["error", "attempts", "delivered", "due"])


def _checked_url(url: str) -> str:
    url = url.strip()
    try:
        parts = urlsplit(url)
        is_address = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_address = False
    if not (is_address and url.isascii() and url.isprintable() and " " not in url):
        raise ValidationError({"url": ["Enter an http or https address."]})
    if "@" in parts.netloc or len(url) > 2_048 or len(parts.netloc) > 280:
        raise ValidationError(
            {"url": ["The address has a user or password, or more than 2,048 characters."]}
        )
    return url
