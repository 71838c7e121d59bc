"""Several beats, of which each task comes once."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from celery import Celery
from django.db import OperationalError, connection
from django.db.models import F
from kombu import Connection

from codeindex.celery_beat import RETRY_SECONDS, SharedScheduler
from codeindex.models import ScheduledTask

MINUTE = 60.0
Beat = Callable[[], SharedScheduler]

pytestmark = pytest.mark.django_db


@pytest.fixture
def app() -> Celery:
    app = Celery(broker="memory://", set_as_current=False)
    app.conf.task_default_queue = f"beat {uuid4()}"
    app.conf.beat_schedule = {"sweep": {"task": "tasks.sweep", "schedule": MINUTE}}
    return app


@pytest.fixture
def beat(app: Celery) -> Beat:
    return lambda: SharedScheduler(app=app)


def sent(app: Celery) -> int:
    """How many messages have come since the last call."""
    with Connection("memory://") as connection:
        queue = connection.SimpleQueue(app.conf.task_default_queue)
        count = queue.qsize()
        queue.clear()
    return int(count)


def let_time_pass(seconds: float) -> None:
    ScheduledTask.objects.update(sent_at=F("sent_at") - timedelta(seconds=seconds))


def test_a_task_is_sent_by_one_of_several_beats(app: Celery, beat: Beat) -> None:
    first, second = beat(), beat()
    assert first.tick() == pytest.approx(MINUTE, abs=5)
    assert second.tick() == pytest.approx(MINUTE, abs=5)
    assert sent(app) == 0
    let_time_pass(MINUTE + 1)
    first.tick()
    assert second.tick() == pytest.approx(MINUTE, abs=5)
    assert sent(app) == 1


def test_a_beat_that_looked_before_another_sent_it_sends_nothing(app: Celery, beat: Beat) -> None:
    first, second = beat(), beat()
    for each in (first, second):
        each.tick()
    let_time_pass(MINUTE + 1)
    second._adopt_times()
    first.tick()
    second.apply_entry(second.schedule["sweep"], producer=second.producer)
    assert sent(app) == 1


def test_the_other_beat_goes_on_when_one_has_ended(app: Celery, beat: Beat) -> None:
    first, second = beat(), beat()
    first.tick()
    second.tick()
    let_time_pass(MINUTE + 1)
    first.tick()
    del first
    let_time_pass(MINUTE + 1)
    second.tick()
    assert sent(app) == 2


def test_a_beat_that_starts_knows_what_was_sent_before(app: Celery, beat: Beat) -> None:
    beat().tick()
    let_time_pass(MINUTE / 2)
    assert beat().tick() == pytest.approx(MINUTE / 2, abs=5)


def test_a_clock_that_is_ahead_sends_nothing_too_early(app: Celery, beat: Beat) -> None:
    ahead = beat()
    entry = ahead.schedule["sweep"]
    entry.nowfun = lambda: entry.app.now() + timedelta(hours=1)
    assert ahead.tick() == pytest.approx(MINUTE, abs=5)
    assert sent(app) == 0


@pytest.mark.django_db(transaction=True)
def test_a_beat_waits_for_a_database_that_does_not_answer(app: Celery, beat: Beat) -> None:
    waiting = beat()
    waiting.tick()
    let_time_pass(MINUTE + 1)
    with connection.execute_wrapper(fail):
        assert waiting.tick() == RETRY_SECONDS
    assert sent(app) == 0
    waiting.tick()
    assert sent(app) == 1


def fail(*_: Any) -> None:
    raise OperationalError("the server closed the connection unexpectedly")
