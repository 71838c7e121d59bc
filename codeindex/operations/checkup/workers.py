"""The workers and beat: whether each queue has some, of which version they are, and what time they
have."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import timedelta

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
"""A difference of clocks beyond which leases, codes and tokens end at the wrong time."""

CONTROL = "codeindex"
"""The command that workers answer with their version and time (`codeindex.celery_worker`)."""

MISSED_SWEEPS = 4


def examine() -> Iterator[Finding]:
    yield from _beat()
    try:
        answers = app.control.inspect(timeout=ANSWER_SECONDS)
        taken = answers.active_queues() or {}
        asked = time.time()
        told = app.control.broadcast(CONTROL, reply=True, timeout=ANSWER_SECONDS)
        answered = time.time()
    except OperationalError:
        return  # which is found with the broker
    served = {queue["name"] for queues in taken.values() for queue in queues}
    for queue in sorted({"embed", "ingest", "light"} - served):
        yield Finding(
            f"No worker takes from the queue {queue}.",
            WITHOUT[queue],
            f"python -m celery --app codeindex worker --queues {queue} --hostname {queue}@%h",
        )
    states = {name: state for reply in told or () for name, state in reply.items()}
    others = sorted(name for name in states if states[name].get("version") != version())
    if others:
        yield advice(
            f"These workers run another version than {version()}: {some(others)}.",
            "What was mended or added since is not in them.",
            "Restart them.",
        )
    here = seconds_ahead()
    told_times = {name: state["time"] for name, state in states.items()}
    ahead = {
        name: here + time - min(max(time, asked), answered) for name, time in told_times.items()
    }
    yield from skewed({"this machine": here, **ahead})


def _beat() -> Iterator[Finding]:
    limit = MISSED_SWEEPS * max(settings.CODEINDEX_SWEEP_SECONDS, 15)
    recent = ScheduledTask.objects.filter(sent_at__gt=Now() - timedelta(seconds=limit))
    if not recent.exists():
        yield Finding(
            f"beat has sent nothing for {limit} seconds.",
            "Work of workers that died is not taken up, hosts are not asked for new commits, and"
            " nothing is cleaned up.",
            "python -m celery --app codeindex beat --pidfile=",
        )


def skewed(ahead: dict[str, float]) -> Iterator[Finding]:
    """Clocks are compared with that of the database, by which leases end."""
    for name, seconds in ahead.items():
        if abs(seconds) > SKEW_SECONDS:
            yield Finding(
                f"The clock of {name} is {seconds:+.0f} s off that of the database.",
                "Sign-on, second factors and signatures of webhooks depend on the time.",
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
    "light": "Pushes are not indexed, and code hosts are not asked.",
}
