"""Celery's worker, where it stops by an error or by SIGQUIT."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from codeindex.local_services.state import State

PROJECT = Path(__file__).parents[2]

WEDGED = """
import sys, time
import django
django.setup()
from celery.bootsteps import RUN
from celery.worker import state
from codeindex.celery import app

def fail(parent):
    raise AttributeError("the broker went away in between")

worker = app.Worker(concurrency=1, hostname="wedged")
worker.patience = 0.5
worker.blueprint.start = fail
worker.blueprint.state = RUN
worker.signal_consumer_close = lambda: time.sleep(float(sys.argv[1]))
worker.blueprint.stop = worker.blueprint.join = lambda *_, **__: None
if len(sys.argv) > 2:
    state.should_stop = 0
worker.start()
print("it ended in order")
"""


def said(program: str, home: Path, *arguments: str, **variables: str) -> str:
    """What a program prints that has this state folder."""
    own = {"DJANGO_SETTINGS_MODULE": "codeindex.settings", "CODEINDEX_HOME": str(home)}
    return subprocess.run(
        [sys.executable, "-c", program, *arguments],
        cwd=PROJECT,
        env=os.environ | own | variables,
        timeout=60,
        capture_output=True,
        text=True,
    ).stdout


def test_a_worker_that_an_error_stops_ends_although_it_waits_for_the_broker(tmp_path: Path) -> None:
    assert said(WEDGED, tmp_path / "home", "3600") == ""


def test_a_worker_that_was_asked_to_stop_takes_its_time(tmp_path: Path) -> None:
    assert said(WEDGED, tmp_path / "home", "1", "asked") == "it ended in order\n"


STUCK = """
import os, signal, sys, time
import django
django.setup()
from codeindex.celery import app

@app.task(name="stuck")
def stuck():
    for number in (signal.SIGTERM, signal.SIGQUIT):
        signal.signal(number, signal.SIG_IGN)
    print(os.getpid(), flush=True)
    time.sleep(3600)

stuck.apply_async(queue="stuck")
worker = app.Worker(concurrency=1, hostname="stuck", queues=["stuck"])
worker.patience = 0.5
worker.start()
"""


@pytest.mark.parametrize(
    ("remapped", "number"), [("", signal.SIGQUIT), ("SIGQUIT", signal.SIGTERM)]
)
def test_a_worker_that_is_stopped_does_not_wait_for_a_task_that_does_not_end(
    services: State, remapped: str, number: signal.Signals
) -> None:
    own = {
        "DJANGO_SETTINGS_MODULE": "codeindex.settings",
        "CODEINDEX_HOME": str(services.folder),
        "REMAP_SIGTERM": remapped,
    }
    with subprocess.Popen(
        [sys.executable, "-c", STUCK],
        cwd=PROJECT,
        env=os.environ | own,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as worker:
        try:
            assert worker.stdout
            task = psutil.Process(int(next(filter(str.isdigit, map(str.strip, worker.stdout)))))
            worker.send_signal(number)
            worker.wait(20)
            psutil.wait_procs([task], timeout=20)
            assert not task.is_running()
        finally:
            worker.kill()


YIELDING = """
import os
import django
django.setup()
from django.db import connection
from codeindex.celery import yield_to_searches

def niceness():
    connection.ensure_connection()
    found = os.getpriority(os.PRIO_PROCESS, connection.connection.info.backend_pid)
    connection.close()
    return found

before = niceness()
yield_to_searches()
print(niceness() - before)
"""


def test_what_the_database_does_for_a_worker_has_its_priority(services: State) -> None:
    assert said(YIELDING, services.folder, CODEINDEX_NICENESS="7") == "7\n"


IN_SESSIONS = """
from pathlib import Path
import django
django.setup()
from django.db import connection
from codeindex.celery import yield_to_searches

yield_to_searches()
for _ in range(4):
    connection.ensure_connection()
    group = Path("/proc", str(connection.connection.info.backend_pid), "autogroup").read_text()
    print(group.split()[-1])
    connection.close()
"""


@pytest.mark.skipif(
    not Path("/proc/self/autogroup").exists(), reason="Linux does not group processes by sessions"
)
def test_the_priority_counts_between_sessions_too(services: State) -> None:
    assert said(IN_SESSIONS, services.folder, CODEINDEX_NICENESS="7").split() == ["7"] * 4


LISTENING = """
import sys
import django
django.setup()
from codeindex.celery import app

app.Worker(concurrency=1, queues=sys.argv[1].split(","))
print(",".join(sorted(app.amqp.queues.consume_from)))
"""


@pytest.mark.parametrize(
    ("queues", "taken"),
    [("ingest", "ingest,light"), ("light", "light"), ("embed", "embed"),
     ("embed,ingest", "embed,ingest,light")],
)  # fmt: skip
def test_a_worker_of_ingest_takes_light_work_so_that_none_need_be_started_for_it(
    tmp_path: Path, queues: str, taken: str
) -> None:
    assert said(LISTENING, tmp_path / "home", queues).strip() == taken
