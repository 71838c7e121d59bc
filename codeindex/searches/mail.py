"""Alerts by mail: sent once they are due, and again if the server does not take them."""

from __future__ import annotations

import logging
import uuid
from datetime import timedelta
from smtplib import SMTPException

from django.conf import settings
from django.core.mail import send_mail
from django.db import transaction
from django.db.models import QuerySet
from django.db.models.functions import Now
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone

from codeindex import leases
from codeindex.models import Alert
from codeindex.searches import alerts, saved

BATCH = 20

RETRIES = (timedelta(minutes=5), timedelta(hours=1), timedelta(hours=6), timedelta(days=1))
"""When a mail that was not taken is sent again; after that it is given up."""

logger = logging.getLogger(__name__)


def is_due() -> bool:
    return saved.mail_is_set_up() and _due().exists()


def send_due() -> bool:
    """Send one batch of mails; whether there was any."""
    lease = uuid.uuid4()
    with transaction.atomic():
        chosen = list(_due().order_by("mail_due").values_list("pk", flat=True)[:BATCH])
        leases.take(_due().filter(pk__in=chosen), lease)
    held = Alert.objects.filter(lease=lease)
    claimed = list(held.select_related("search__owner"))
    if claimed:
        with leases.holding(held) as renewed:
            for alert in claimed:
                renewed.progress()
                _record(held.filter(pk=alert.pk), alert, _send(alert))
    return bool(claimed)


def _due() -> QuerySet[Alert]:
    return Alert.objects.filter(leases.FREE, mail_due__lte=Now())


def _send(alert: Alert) -> str:
    """Why the mail was not taken; empty if it was, or if there is nobody to send it to."""
    search, matches = alert.search, alerts.shown(alert)
    owner = search.owner
    if not (matches and owner.is_active and owner.email and search.mail):
        return ""
    context = {
        "search": search,
        "matches": matches,
        "address": settings.CODEINDEX_URL,
        "results": f"{settings.CODEINDEX_URL}{reverse('search')}?{search.asked}",
        "settings": f"{settings.CODEINDEX_URL}{reverse('searches')}",
    }
    subject = render_to_string("searches/alert_subject.txt", context)
    try:
        send_mail(
            " ".join(subject.split()),
            render_to_string("searches/alert.txt", context),
            None,
            [owner.email],
        )
    except (SMTPException, OSError) as error:
        logger.warning("An alert could not be sent by mail: %s", error)
        return f"The mail server did not take it: {error}"
    return ""


def _record(held: QuerySet[Alert], alert: Alert, error: str) -> None:
    attempts = alert.attempts + 1
    again = error and attempts <= len(RETRIES)
    due = timezone.now() + RETRIES[attempts - 1] if again else None
    held.update(attempts=attempts, error=error, mail_due=due)
