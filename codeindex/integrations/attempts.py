"""Work that asks a code host and is due again and again: claimed by a lease on its row, which keeps
why it failed and when it is tried again."""

from __future__ import annotations

import logging
import random
import time
import uuid
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TypeVar

from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.db.models.functions import Now
from django.utils import timezone

from codeindex import credentials, leases
from codeindex.integrations.errors import INTERNAL_ERROR
from codeindex.integrations.http import HostError
from codeindex.leases import Lease, LostLease
from codeindex.models import Import, PermissionSync

SOON = timedelta(minutes=5)
"""When the host is asked again, if something may have changed meanwhile."""

FIRST_RETRY = timedelta(minutes=5)
LONGEST_RETRY = timedelta(days=1)

MOST_SECONDS = 1_800.0
"""How long a host may keep a process busy at a time."""

Row = TypeVar("Row", Import, PermissionSync)

logger = logging.getLogger(__name__)


def is_due(due: QuerySet[Row]) -> bool:
    """Whether a row can be claimed."""
    return due.filter(leases.FREE).exists() and not is_busy()


def is_busy() -> bool:
    """Whether such work is in progress. It may wait for a slow host, and must not keep all
    processes from other work."""
    models = (Import, PermissionSync)
    return any(model.objects.exclude(leases.FREE).exists() for model in models)


@transaction.atomic
def claim(due: QuerySet[Row]) -> Row | None:
    """The free row that has waited longest, leased to us; None while another one is worked on."""
    if is_busy():
        return None
    lease = uuid.uuid4()
    first = list(due.filter(leases.FREE).order_by("due").values_list("pk", flat=True)[:1])
    leases.take(due.model.objects.filter(pk__in=first), lease)
    return due.filter(lease=lease).first()


def attempt(row: Row, work: Callable[[Lease], datetime]) -> None:
    """Do the work of a claimed row. It returns when it is due again; if it raises an error, that is
    when the host asked for, or after ever twice as long. The lease ends."""
    held = type(row).objects.filter(pk=row.pk, lease=row.lease)
    try:
        with leases.renewing(held) as lease:
            due = work(lease)
    except LostLease:
        logger.info("%s was removed or taken over", row)
    except HostError as error:
        _fail(held, row, str(error), error.wait)
    except credentials.UnreadableCredential:
        _fail(held, row, "The stored token cannot be decrypted. Give the code host another token.")
    except IntegrityError:  # somebody has just used a name, or removed something
        logger.warning("%s is synchronised again.", row, exc_info=True)
        held.update(due=Now() + SOON)
    except Exception:
        logger.exception("%s could not be synchronised", row)
        _fail(held, row, INTERNAL_ERROR)
    else:
        held.update(due=due, failures=0, error="")
    finally:
        held.update(lease=None, leased_until=None)


def progress(lease: Lease) -> Callable[[], None]:
    """To be called before each request to a host: notes the progress of work that began now. Raises
    `LostLease`, and `HostError` if the work takes too long."""
    end = time.monotonic() + MOST_SECONDS

    def note() -> None:
        lease.progress()
        if time.monotonic() > end:
            raise HostError("The host answers too slowly.", wait=FIRST_RETRY.total_seconds())

    return note


def later(minutes: float) -> datetime:
    """After so many minutes and a little more, so that not everything is due at once."""
    return timezone.now() + _spread(timedelta(minutes=minutes))


def _fail(held: QuerySet[Row], row: Row, error: str, wait: float | None = None) -> None:
    """Record why the host could not be asked, and when it is asked again."""
    pause = min(FIRST_RETRY * (1 << min(row.failures, 16)), LONGEST_RETRY)
    if wait is not None:
        pause = max(timedelta(seconds=wait), timedelta(seconds=1))
    held.update(error=error, failures=row.failures + 1, due=timezone.now() + _spread(pause))


def _spread(pause: timedelta) -> timedelta:
    return pause * random.uniform(1, 1.1)  # noqa: S311
