"""Webhooks by which code hosts tell of pushes: created, removed, and received.

A push only makes the branches due that it names: what is indexed is what the host says when it is
asked (`freshness`). A request that is repeated, or that claims something, therefore does no harm.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from django.contrib.auth.models import User
from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.db import transaction
from django.db.models import Q, QuerySet
from django.db.models.functions import Now

from codeindex import audit, credentials, tasks
from codeindex.audit import Change
from codeindex.ingestion.cloning import globs
from codeindex.integrations import freshness, pushes, signatures
from codeindex.integrations.pushes import Push
from codeindex.models import Branch, PushDelivery, PushWebhook, Repository

MOST_PER_USER = 50

REPEATED_WITHIN = timedelta(minutes=5)
"""A request whose body has arrived already asks for nothing for so long: neither a host that tries
again nor somebody who repeats what they saw makes work."""


class WrongSignature(Exception):
    """The request was not signed with the secret of a webhook that there is."""


@dataclass(frozen=True, slots=True)
class NewWebhook:
    """A webhook with its secret, which is shown once."""

    webhook: PushWebhook
    secret: str


def managed_by(user: User) -> QuerySet[PushWebhook]:
    """The webhooks that `user` may see and remove: their own; an administrator's are all."""
    own = PushWebhook.objects.select_related("owner", "repository__owner")
    return own if user.is_superuser else own.filter(owner=user)


@transaction.atomic
def create(owner: User, name: str, repository: Repository | None, *, by: User) -> NewWebhook:
    """A webhook for the repositories that `owner` manages, or for one of them. Raises
    `ValidationError` by field."""
    User.objects.select_for_update(no_key=True).get(pk=owner.pk)
    if owner.push_webhooks.count() >= MOST_PER_USER:
        reason = f"You already have {MOST_PER_USER} webhooks. Remove one of them first."
        raise ValidationError({NON_FIELD_ERRORS: [reason]})
    secret = signatures.new_secret()
    webhook = PushWebhook.objects.create(
        owner=owner, name=name, repository=repository, secret=credentials.encrypt(secret)
    )
    audit.record(Change.WEBHOOK_CREATED, str(webhook), by=by, details=_reach(webhook))
    return NewWebhook(webhook, secret)


@transaction.atomic
def remove(webhook: PushWebhook, *, by: User) -> None:
    audit.record(Change.WEBHOOK_REMOVED, str(webhook), by=by, details=_reach(webhook))
    webhook.delete()


def authenticated(pk: int, headers: Mapping[str, str], body: bytes) -> PushWebhook:
    """The webhook that a request is signed for. Raises `WrongSignature`."""
    active = PushWebhook.objects.filter(owner__is_active=True).select_related("owner")
    webhook = active.filter(pk=pk).first()
    if webhook is None:
        raise WrongSignature
    try:
        secret = credentials.decrypt(webhook.secret)
    except credentials.UnreadableCredential as error:
        raise WrongSignature from error
    if not signatures.is_genuine(headers, body, secret):
        raise WrongSignature
    return webhook


def receive(webhook: PushWebhook, headers: Mapping[str, str], body: bytes) -> None:
    """Have the branches asked for that a signed request names. Raises `pushes.Malformed`."""
    push = pushes.parse(headers, body)
    with transaction.atomic():
        delivery = _first_of_its_kind(webhook, hashlib.sha256(body).hexdigest())
        if delivery is not None:
            delivery.outcome = _act(webhook, push)
            delivery.save(update_fields=["outcome"])
            audit.record(Change.PUSH_RECEIVED, str(webhook), by=None, details=delivery.outcome)


def _first_of_its_kind(webhook: PushWebhook, digest: str) -> PushDelivery | None:
    """The row of a delivery; None if the same arrived a short time ago."""
    same = PushDelivery.objects.filter(webhook=webhook, digest=digest)
    if same.filter(received__lt=Now() - REPEATED_WITHIN).update(received=Now()):
        return same.get()
    delivery, is_new = PushDelivery.objects.get_or_create(webhook=webhook, digest=digest)
    return delivery if is_new else None


def _act(webhook: PushWebhook, push: Push | None) -> str:
    """Ask for the branches of a push; says what came of it, to the webhook's owner."""
    if push is None:
        return "The event is not a push."
    repositories = _repositories(webhook, push)
    if not repositories.exists():
        return "No repository of this webhook is cloned from an address of the push."
    asked = freshness.ask_soon(_branches(repositories, push))
    if not asked:
        return "No branch of the push is indexed."
    transaction.on_commit(tasks.wake_checks)
    return f"Asked the host for {asked} branch{'es' if asked > 1 else ''}."


def _repositories(webhook: PushWebhook, push: Push) -> QuerySet[Repository]:
    managed = Repository.objects.managed_by(webhook.owner)
    if webhook.repository_id:
        managed = managed.filter(pk=webhook.repository_id)
    return managed.filter(host_path__in=push.addresses)


def _branches(repositories: QuerySet[Repository], push: Push) -> QuerySet[Branch]:
    pushed = Q(name__in=push.branches, is_tag=False) | Q(name__in=push.tags, is_tag=True)
    if push.branches and (not push.default or push.default in push.branches):
        pushed |= Q(name="")
    # What is new matches patterns, and is asked for together with a branch.
    with_patterns = repositories.exclude(branch_patterns=[], tag_patterns=[])
    matched = [row.pk for row in with_patterns if _matches(row, push)]
    pushed |= Q(repository__in=matched, by_pattern=False)
    return Branch.objects.filter(pushed, repository__in=repositories)


def _matches(row: Repository, push: Push) -> bool:
    return any(globs.matches(name, row.branch_patterns) for name in push.branches) or any(
        globs.matches(name, row.tag_patterns) for name in push.tags
    )


def _reach(webhook: PushWebhook) -> str:
    return webhook.repository.full_name if webhook.repository else "all of its owner"
