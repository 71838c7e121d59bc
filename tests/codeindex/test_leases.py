"""Work is leased while it progresses: a process that stands still is ended, one that is told to
stop hands its work back, and what keeps killing its workers is given up."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from django.db import connection

from codeindex import tasks
from codeindex.ingestion import pipeline, runs
from codeindex.models import ATTEMPTS, IndexRun, RunStatus

PROJECT = Path(__file__).parents[2]

WORK = """
import re, sys, time
import django
django.setup()
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

with leases.kept(IndexRun.objects.none()) as lease:
    globals()[sys.argv[1]](lease)
"""


@pytest.fixture(autouse=True)
def home(tmp_path, settings):
    settings.CODEINDEX_HOME = tmp_path / "home"


def worked(how: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", WORK, how],
        cwd=PROJECT, capture_output=True, text=True, timeout=50,
    )  # fmt: skip


@pytest.fixture
def environment(tmp_path, monkeypatch):
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
def test_a_process_whose_work_stands_still_is_ended_and_says_where(how, before, said, environment):
    done = worked(how)
    assert (done.returncode, done.stdout) == (1, before)
    assert said in done.stderr
    assert f"in {how}" in done.stderr


@pytest.fixture
def requested(source, registered) -> IndexRun:
    source.commit({"a.py": "def a(): return 1\n"})
    return tasks.request_index(repository=registered, by=None)


@pytest.mark.django_db
def test_three_orderly_stops_are_no_deaths(requested):
    """As when a worker is replaced by a new version while it reads a large repository."""

    def stop(execute, statement, *arguments):
        if "INSERT INTO codeindex_blob" in statement:
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
def test_a_run_that_killed_three_workers_is_not_taken_up_again(requested):
    for _ in range(3):
        assert pipeline.claim(requested.pk)
        IndexRun.objects.update(leased_until="2000-01-01T00:00Z")
    assert pipeline.claim(requested.pk) is None
    runs.fail_interrupted()
    requested.refresh_from_db()
    assert requested.status == RunStatus.FAILED
    assert requested.error.startswith("Indexing was interrupted 3 times")
    assert tasks.request_index(repository=requested.branch.repository, by=None) != requested
