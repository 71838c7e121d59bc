"""The workers and beat: whether each queue has a worker, which versions run, and whether the clocks
agree."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterator, Mapping
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db.models.functions import Now
from kombu.exceptions import OperationalError

from codeindex.celery import app
from codeindex.databases.statements import rows
from codeindex.models import ScheduledTask
from codeindex.operations.checkup.findings import Finding, advice, some
from codeindex.operations.versions import version

ANSWER_SECONDS = 2.0
SKEW_SECONDS = 5.0
"""The difference of clocks from which leases, codes and tokens expire at the wrong time."""

CONTROL = "codeindex"
"""The remote-control command that workers answer with their version and time
(`codeindex.celery_worker`)."""

MISSED_SWEEPS = 4


def examine() -> Iterator[Finding]:
    yield from _beat()
    try:
        taken = app.control.inspect(timeout=ANSWER_SECONDS).active_queues() or {}
        asked = time.time()
        replies = app.control.broadcast(CONTROL, reply=True, timeout=ANSWER_SECONDS) or ()
        answered = time.time()
    except OperationalError:
        return  # the check of the broker reports it
    yield from _unserved({queue["name"] for queues in taken.values() for queue in queues})
    states = {name: state for reply in replies for name, state in reply.items()}
    yield from _other_versions(states)
    here = seconds_ahead()
    # A worker that does not know the command, being older, tells no time
    clocks = {name: state["time"] for name, state in states.items() if "time" in state}
    ahead = {
        name: here + clock - min(max(clock, asked), answered) for name, clock in clocks.items()
    }
    yield from skewed({"this machine": here, **ahead})


def _unserved(served: Collection[str]) -> Iterator[Finding]:
    for queue, consequence in WITHOUT.items():
        if queue not in served:
            yield Finding(
                f"No worker takes from the queue {queue}.",
                consequence,
                f"python -m celery --app codeindex worker --queues {queue} --hostname {queue}@%h",
            )


def _other_versions(states: Mapping[str, Mapping[str, Any]]) -> Iterator[Finding]:
    others = sorted(name for name, state in states.items() if state.get("version") != version())
    if others:
        yield advice(
            f"These workers run another version than {version()}: {some(others)}.",
            "What has been fixed or added since is missing in one of them.",
            "Restart them with this version.",
        )


def _beat() -> Iterator[Finding]:
    limit = MISSED_SWEEPS * max(settings.CODEINDEX_SWEEP_SECONDS, 15)
    recent = ScheduledTask.objects.filter(sent_at__gt=Now() - timedelta(seconds=limit))
    if not recent.exists():
        yield Finding(
            f"beat has sent nothing for {limit} seconds.",
            "Work of workers that died is not resumed, hosts are not polled for new commits, and"
            " nothing is cleaned up.",
            "python -m celery --app codeindex beat --pidfile=",
        )


def skewed(ahead: dict[str, float]) -> Iterator[Finding]:
    """Clocks are compared with that of the database, which decides when leases expire."""
    for name, seconds in ahead.items():
        if abs(seconds) > SKEW_SECONDS:
            yield Finding(
                f"The clock of {name} differs from the database's by {seconds:+.0f} s.",
                "Single sign-on, second factors and webhook signatures depend on the time.",
                "Synchronise the clocks of all machines (timedatectl set-ntp true).",
            )


def seconds_ahead() -> float:
    """How far the clock of this machine is ahead of the database's."""
    before = time.time()
    ((there,),) = rows("SELECT extract(epoch FROM clock_timestamp())::float8")
    return (before + time.time()) / 2 - float(there)


WITHOUT = {
    "embed": "No vectors are computed: new code is found by its words alone.",
    "ingest": "No repository is indexed.",
    "light": "Pushes are not indexed, and code hosts are not polled.",
}
