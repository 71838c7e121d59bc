"""Work is leased while it progresses: a process that stands still is ended, one that is told to
stop hands its work back, and what keeps killing its workers is given up."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.db import connection
from django.utils import timezone

from codeindex import leases, tasks
from codeindex.ingestion import pipeline, runs, scheduling, store
from codeindex.ingestion.selection.sources import Skips
from codeindex.local_services.state import State
from codeindex.models import ATTEMPTS, IndexRun, Repository, RunStatus
from tests.git import GitRepository

PROJECT = Path(__file__).parents[2]

LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)

WORK = """
import re, sys, time
import django
django.setup()
from django.db import connection
from codeindex import leases
from codeindex.models import IndexRun

def stand_still(lease):
    for _ in range(25):
        time.sleep(0.1)
        lease.note()
    print("it went on for longer than the limit", flush=True)
    time.sleep(60)

def hold_the_lock(lease):
    re.match("(a+)+$", "a" * 64 + "b")  # goes back and forth in C, for years

def execute(lease):
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_sleep(5)")
    print("it ended", flush=True)

with leases.renewing(IndexRun.objects.none()) as lease:
    globals()[sys.argv[1]](lease)
"""


@pytest.fixture(autouse=True)
def home(tmp_path: Path, settings: Any) -> None:
    settings.CODEINDEX_HOME = tmp_path / "home"


def worked(how: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", WORK, how],
        cwd=PROJECT, capture_output=True, text=True, timeout=50,
    )  # fmt: skip


@pytest.fixture
def environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CODEINDEX_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("CODEINDEX_STALL_SECONDS", "2")
    monkeypatch.setenv("DJANGO_SETTINGS_MODULE", "codeindex.settings")


@pytest.mark.parametrize(
    ("how", "before", "said"),
    [
        (
            "stand_still",
            "it went on for longer than the limit\n",
            "The work has not progressed for 2 seconds (CODEINDEX_STALL_SECONDS).",
        ),
        ("hold_the_lock", "", "Timeout (0:00:02)!"),
    ],
)
def test_a_process_whose_work_stands_still_is_ended_and_says_where(
    how: str, before: str, said: str, environment: None
) -> None:
    done = worked(how)
    assert (done.returncode, done.stdout) == (1, before)
    assert said in done.stderr
    assert f"in {how}" in done.stderr


@pytest.mark.django_db
def test_a_statement_may_take_longer_than_the_limit(
    environment: None, monkeypatch: pytest.MonkeyPatch, services: State
) -> None:
    monkeypatch.setenv("CODEINDEX_HOME", str(services.folder))
    done = worked("execute")
    assert (done.returncode, done.stdout) == (0, "it ended\n"), done.stderr


@pytest.fixture
def requested(source: GitRepository, registered: Repository) -> IndexRun:
    source.commit({"a.py": "def a(): return 1\n"})
    return tasks.request_index(repository=registered, by=None)


@pytest.mark.django_db
def test_three_orderly_stops_are_no_deaths(requested: IndexRun) -> None:
    """As when a worker is replaced by a new version while it reads a large repository."""

    def stop(execute: Callable[..., Any], statement: str, *arguments: Any) -> Any:
        if 'INSERT INTO "codeindex_sourcefile"' in statement:
            raise SystemExit
        return execute(statement, *arguments)

    for _ in range(ATTEMPTS):
        with pytest.raises(SystemExit), connection.execute_wrapper(stop):
            pipeline.index(requested.pk)
        requested.refresh_from_db()
        assert (requested.attempts, requested.lease) == (0, None)
    assert pipeline.index(requested.pk)
    requested.refresh_from_db()
    assert requested.status == RunStatus.PUBLISHED


@pytest.mark.django_db
def test_a_run_that_killed_three_workers_is_not_taken_up_again(requested: IndexRun) -> None:
    for _ in range(3):
        assert pipeline.claim(requested.pk)
        IndexRun.objects.update(leased_until=LONG_AGO)
    assert pipeline.claim(requested.pk) is None
    runs.fail_interrupted()
    requested.refresh_from_db()
    assert requested.status == RunStatus.FAILED
    assert requested.error.startswith("Indexing was interrupted 3 times")
    assert tasks.request_index(repository=requested.branch.repository, by=None) != requested


@contextmanager
def locked(run: IndexRun) -> Iterator[None]:
    """Another session writes for the run in the block."""
    with psycopg.connect(**connection.get_connection_params()) as session:
        session.execute("SELECT FROM codeindex_indexrun WHERE id = %s FOR UPDATE", [run.pk])
        yield


def leased_until(run: IndexRun) -> datetime | None:
    run.refresh_from_db()
    return run.leased_until


@pytest.mark.django_db(transaction=True)
def test_a_run_that_a_long_transaction_writes_for_is_held_whatever_its_lease_says(
    requested: IndexRun,
) -> None:
    run = pipeline.claim(requested.pk)
    IndexRun.objects.update(leased_until=LONG_AGO, attempts=ATTEMPTS)
    with locked(run), connection.cursor() as cursor:
        cursor.execute("SET statement_timeout = 5000")
        runs.fail_interrupted()
        scheduling.explain_waiting()
        assert pipeline.claim(run.pk) is None
        assert pipeline.claim_next() is None
        cursor.execute("SET statement_timeout = 0")
    assert leased_until(run) == LONG_AGO
    assert (run.status, run.error) == (RunStatus.QUEUED, "")
    runs.fail_interrupted()
    run.refresh_from_db()
    assert run.status == RunStatus.FAILED


@pytest.mark.django_db(transaction=True)
def test_a_lease_is_renewed_again_once_a_transaction_has_released_its_row(
    requested: IndexRun, settings: Any
) -> None:
    settings.CODEINDEX_LEASE_SECONDS = 1
    run = pipeline.claim(requested.pk)
    with leases.renewing(IndexRun.objects.filter(pk=run.pk, lease=run.lease)) as lease:
        with locked(run):
            time.sleep(2)
            lease.check()
            assert leased_until(run) < timezone.now()
        deadline = time.monotonic() + 10
        while leased_until(run) < timezone.now():
            assert time.monotonic() < deadline
            time.sleep(0.05)
        lease.check()


@pytest.mark.django_db
def test_a_transaction_that_writes_for_a_run_renews_its_lease(requested: IndexRun) -> None:
    run = pipeline.claim(requested.pk)
    for write in (
        lambda: store.record_selection(run, [], Skips()),
        lambda: store.save_batch(run, [], []),
        lambda: store.finish_reading(run, Skips(), 0),
    ):
        IndexRun.objects.update(leased_until=LONG_AGO)
        write()
        assert leased_until(run) > timezone.now()
