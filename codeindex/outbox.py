"""The outbox of outgoing webhooks: what they have to be told is written in the transaction that
makes it true, and sent by `codeindex.integrations.outgoing`."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from django.contrib.auth.models import User
from django.db import connection
from django.db.models import Q

from codeindex.models import (
    Alert,
    IndexRun,
    OutgoingDelivery,
    OutgoingEvent,
    OutgoingWebhook,
    Repository,
)


def record(event: OutgoingEvent, runs: Collection[IndexRun]) -> None:
    """Write a message about the end of each run for the webhooks that ask for the event, and whose
    owners manage the run's repository."""
    assert connection.in_atomic_block, "a state and what is told of it belong to one transaction"
    repositories = {run.branch.repository_id for run in runs}
    wanting = OutgoingWebhook.objects.filter(
        Q(repository=None) | Q(repository__in=repositories),
        events__contains=event.value,
        owner__is_active=True,
    )
    webhooks = list(wanting.select_related("owner"))
    managed = managed_by_each({webhook.owner for webhook in webhooks}, repositories)
    OutgoingDelivery.objects.bulk_create(
        (
            OutgoingDelivery(webhook=webhook, run=run, event=event)
            for run in runs
            for webhook in webhooks
            if webhook.repository_id in (None, run.branch.repository_id)
            and (webhook.owner_id, run.branch.repository_id) in managed
        ),
        ignore_conflicts=True,
    )


def record_alert(alert: Alert) -> None:
    """Write a message about new code for the webhooks of the search's owner that ask for it."""
    assert connection.in_atomic_block, "a state and what is told of it belong to one transaction"
    repositories = {match["repository_id"] for match in alert.matches}
    webhooks = OutgoingWebhook.objects.filter(
        Q(repository=None) | Q(repository__in=repositories),
        events__contains=OutgoingEvent.MATCHED.value,
        owner=alert.search.owner_id,
    )
    OutgoingDelivery.objects.bulk_create(
        OutgoingDelivery(webhook=webhook, alert=alert, event=OutgoingEvent.MATCHED)
        for webhook in webhooks
    )


def managed_by_each(users: Iterable[User], repositories: Collection[int]) -> set[tuple[int, int]]:
    """Pairs of a user and one of these repositories that they manage, by their ids."""
    return {
        (user.pk, repository)
        for user in users
        for repository in Repository.objects.managed_by(user)
        .filter(pk__in=repositories)
        .values_list("pk", flat=True)
    }
