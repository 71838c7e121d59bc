"""The scheduler of `celery beat`. Any number of them may run: the database knows when each task was
sent last, and the beat that records it first sends it. If the machine of one fails, another one
sends the next task when its time comes."""

from __future__ import annotations

import logging
from datetime import datetime
from typing import Any

from celery.beat import ScheduleEntry, Scheduler
from django.db import InterfaceError, OperationalError, connection
from django.db.models import DurationField, ExpressionWrapper, F
from django.db.models.functions import Now

from codeindex.models import ScheduledTask

RETRY_SECONDS = 5.0
"""How long beat waits for a database that does not answer."""

logger = logging.getLogger(__name__)


class SharedScheduler(Scheduler):
    def __init__(self, *arguments: Any, **named: Any) -> None:
        self._sent: dict[str, datetime] = {}
        super().__init__(*arguments, **named)

    def tick(self, *arguments: Any, **named: Any) -> float:
        """Sends the task whose time has come, if there is one. Returns the seconds to wait."""
        try:
            self._adopt_times()
            return float(super().tick(*arguments, **named))
        except (OperationalError, InterfaceError) as error:
            logger.warning("The database does not answer; beat waits for it: %s", error)
            connection.close()
            return RETRY_SECONDS

    def apply_entry(self, entry: ScheduleEntry, producer: Any = None) -> None:
        """Sends the task unless another beat has sent it since this one has looked."""
        sent_at = self._sent.get(entry.name)
        if sent_at is None:
            return
        if ScheduledTask.objects.filter(name=entry.name, sent_at=sent_at).update(sent_at=Now()):
            super().apply_entry(entry, producer=producer)

    def _adopt_times(self) -> None:
        """Takes what was sent last from the database, by whose clock the time is measured: those of
        the machines differ."""
        age = ExpressionWrapper(Now() - F("sent_at"), output_field=DurationField())
        known = ScheduledTask.objects.filter(name__in=self.schedule)
        self._sent = {}
        for name, sent_at, elapsed in known.values_list("name", "sent_at", age):
            entry = self.schedule[name]
            self._sent[name] = sent_at
            entry.last_run_at = entry.default_now() - elapsed
        if new := self.schedule.keys() - self._sent.keys():
            ScheduledTask.objects.add_missing(sorted(new))
        self._heap = None  # it is ordered by these times
