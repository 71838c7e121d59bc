"""The outbox of outgoing webhooks: what they have to be told is written in the transaction that
makes it true, and sent by `codeindex.integrations.outgoing`."""

from __future__ import annotations

from collections.abc import Iterable

from django.contrib.auth.models import User
from django.db import connection

from codeindex.models import IndexRun, OutgoingDelivery, OutgoingWebhook, Repository, RunEvent


def record(event: RunEvent, runs: Iterable[IndexRun]) -> None:
    """Have the end of the runs told to the webhooks that ask for it. Their owners manage the
    repository."""
    assert connection.in_atomic_block, "a state and what is told of it belong to one transaction"
    wanting = OutgoingWebhook.objects.filter(events__contains=event.value, owner__is_active=True)
    webhooks = list(wanting.select_related("owner"))
    if not webhooks:
        return
    OutgoingDelivery.objects.bulk_create(
        (
            OutgoingDelivery(webhook=webhook, run=run, event=event)
            for run in runs
            for webhook in _reached(webhooks, run.branch.repository_id)
        ),
        ignore_conflicts=True,
    )


def _reached(webhooks: Iterable[OutgoingWebhook], repository: int) -> list[OutgoingWebhook]:
    candidates = [each for each in webhooks if each.repository_id in (None, repository)]
    managers = {user for user in {each.owner for each in candidates} if manages(user, repository)}
    return [each for each in candidates if each.owner in managers]


def manages(user: User, repository: int) -> bool:
    """Whether `user` manages the repository of this id."""
    return Repository.objects.managed_by(user).filter(pk=repository).exists()
