from __future__ import annotations

import subprocess
import sys
import textwrap
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import OperationalError
from django.test import Client
from django.utils import timezone
from prometheus_client import CollectorRegistry
from prometheus_client.parser import text_string_to_metric_families

from codeindex.models import (
    Embedding,
    EmbeddingState,
    GpuState,
    IndexRun,
    Repository,
    RunStatus,
    Upstream,
    WorkDone,
)
from codeindex.observability import installation, recall, work
from codeindex.observability.collector import InstallationCollector
from codeindex.observability.installation import KEPT_SECONDS
from tests import shelf
from tests.shelf import Written

EAST = (1, 0, 0, 0)


@pytest.fixture
def told() -> Callable[..., float | None]:
    """The value of a metric of the installation, by its labels."""

    def value(metric: str, /, **labels: str) -> float | None:
        registry = CollectorRegistry()
        registry.register(InstallationCollector(installation.read))
        return registry.get_sample_value(f"codeindex_{metric}", labels)

    return value


Told = Callable[..., "float | None"]


@pytest.mark.django_db
def test_what_waits_is_counted(alice: User, told: Told) -> None:
    space = shelf.space()
    shop = shelf.repository(alice, finished=False)
    shelf.put(shop, "a.py", Written("def a(): ...", "a", EAST))
    shelf.put(shop, "b.py", Written("def b(): ...", "b", EAST))
    Embedding.objects.filter(space=space)[:1]
    first = Embedding.objects.filter(space=space).first()
    assert first
    Embedding.objects.filter(pk=first.pk).update(state=EmbeddingState.PENDING)
    ago = timezone.now() - timedelta(hours=1)
    IndexRun.objects.update(created=ago, started=ago, finished=None)
    assert told("installation_readable") == 1
    assert told("broker_up") == 1
    assert told("queue_messages", queue="embed") is not None
    assert told("texts_pending") == 1
    assert told("oldest_pending_text_seconds") == pytest.approx(3600, abs=60)
    Embedding.objects.update(draft=True, state=EmbeddingState.READY)
    assert told("drafts") == 2
    assert told("oldest_pending_text_seconds") == 0


@pytest.mark.django_db
def test_runs_are_counted_by_their_state(alice: User, told: Told) -> None:
    shop, other = shelf.repository(alice, "shop"), shelf.repository(alice, "other")
    IndexRun.objects.update(finished=timezone.now() - timedelta(hours=2))
    IndexRun.objects.create(
        branch=shop.branches.get(), status=RunStatus.FAILED, finished=timezone.now()
    )
    queued = IndexRun.objects.create(branch=shop.branches.get())
    IndexRun.objects.filter(pk=queued.pk).update(created=timezone.now() - timedelta(minutes=5))
    paused = IndexRun.objects.create(branch=other.branches.get())
    IndexRun.objects.filter(pk=paused.pk).update(created=timezone.now() - timedelta(days=5))
    Repository.objects.filter(pk=other.pk).update(paused=True)
    assert told("index_runs_ended_last_hour", status="failed") == 1
    assert told("index_runs_ended_last_hour", status="published") == 0
    assert told("index_runs_unfinished", status="queued") == 1
    assert told("oldest_queued_run_seconds") == pytest.approx(300, abs=60)


@pytest.mark.django_db
def test_repositories_behind_their_branches_are_told_by_number(alice: User, told: Told) -> None:
    behind, current = shelf.repository(alice, "behind"), shelf.repository(alice, "current")
    moved = timezone.now() - timedelta(hours=2)
    for repository, head in ((behind, "f" * 40), (current, "")):
        branch = repository.branches.get()
        commit = branch.live_run.commit if branch.live_run else ""
        Upstream.objects.create(branch=branch, head=head or commit or "", moved=moved)
    assert told("branches") == 2
    assert told("branches_behind", seconds="3600") == 1
    assert told("branches_behind", seconds="21600") == 0
    assert told("repository_lag_seconds", repository=str(behind.pk)) == pytest.approx(7200, abs=60)
    assert told("repository_lag_seconds", repository=str(current.pk)) is None


@pytest.mark.django_db
def test_what_workers_do_adds_up(told: Told) -> None:
    with work.tally(work.Stage.ENCODE) as tally:
        tally.note(10, 0.5)
        tally.note(20, 1.5)
    work.add(work.Stage.ENCODE, things=5, seconds=1)
    work.add("sweep light", batches=1)
    labels = {"stage": "encode", "host": work.host()}
    assert told("work_items_total", **labels) == 35
    assert told("work_batches_total", **labels) == 3
    assert told("work_seconds_total", **labels) == pytest.approx(3)
    assert told("sweep_age_seconds", queue="light") == pytest.approx(0, abs=30)
    assert told("work_items_total", stage="sweep light", host=work.host()) is None


@pytest.mark.django_db
def test_machines_that_are_gone_are_forgotten() -> None:
    work.add(work.Stage.READ, things=1)
    WorkDone.objects.create(host="gone", stage="read", updated=timezone.now() - timedelta(days=8))
    work.forget()
    assert [row.host for row in WorkDone.objects.all()] == [work.host()]


@pytest.mark.django_db
def test_gpus_and_recall_are_told(told: Told) -> None:
    assert told("recall_ratio") is None
    GpuState.objects.create(
        host="node", number=1, name="H200", memory_used=5, memory=100, busy=0.25
    )
    for found in (28, 30):
        recall.record(3, 30, found, index_seconds=0.01, exact_seconds=0.5)
    assert told("gpu_memory_used_bytes", host="node", gpu="1", name="H200") == 5
    assert told("gpu_busy_ratio", host="node", gpu="1", name="H200") == 0.25
    assert told("recall_ratio") == pytest.approx(58 / 60)


def test_a_database_that_does_not_answer_is_told() -> None:
    def fail() -> Any:
        raise OperationalError("gone")

    registry = CollectorRegistry()
    registry.register(InstallationCollector(fail))
    assert registry.get_sample_value("codeindex_installation_readable") == 0
    assert registry.get_sample_value("codeindex_drafts") is None


@pytest.mark.django_db
def test_counting_is_repeated_after_a_while_only(monkeypatch: pytest.MonkeyPatch) -> None:
    reader, now = installation.Reader(), [1000.0]
    monkeypatch.setattr(installation.time, "monotonic", lambda: now[0])
    first = reader()
    now[0] += KEPT_SECONDS - 1
    assert reader() is first
    now[0] += 2
    assert reader() is not first


@pytest.mark.django_db
def test_requests_and_searches_are_counted(client: Client, alice: User) -> None:
    client.force_login(User.objects.create_superuser("root"))
    before = _values(client)
    shelf.put(shelf.repository(alice), "a.py", Written("def load(): ...", "load"))
    client.get("/?q=load")
    client.generic("BREW", "/")
    after = _values(client)

    def more(name: str, *labels: str) -> float:
        key = (f"codeindex_{name}", frozenset(labels))
        return after.get(key, 0) - before.get(key, 0)

    assert more("http_requests_total", "search", "GET", "200") == 1
    assert more("http_requests_total", "search", "other", "405") == 1
    assert more("http_request_seconds_count", "search") == 2
    assert more("search_seconds_count", "search") == 1
    for stage in ("scope", "words", "names", "rank", "show"):
        assert more("search_stage_seconds_count", "search", stage) == 1, stage


def _values(client: Client) -> dict[tuple[str, frozenset[str]], float]:
    text = client.get("/metrics").content.decode()
    return {
        (sample.name, frozenset(sample.labels.values())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def test_the_processes_of_a_server_tell_one_sum(tmp_path: Path) -> None:
    """As gunicorn's: forked after the folder is chosen, one of them gone meanwhile."""
    program = textwrap.dedent(
        """
        import os, sys
        from pathlib import Path
        import django
        from codeindex.observability.shared_values import SharedValues
        values = SharedValues(Path(sys.argv[1]))
        for _ in range(2):
            if not os.fork():
                django.setup()
                from codeindex.observability import metrics
                metrics.observe_request("search", "GET", 200, 0.02)
                metrics.observe_connections({"working": 1})
                os._exit(0)
            os.wait()
        django.setup()
        from codeindex.observability import serving
        serving.observe_web()
        assert "codeindex.observability.traces" not in sys.modules
        from prometheus_client import generate_latest
        from codeindex.observability import metrics
        print(generate_latest(metrics.registry()).decode())
        values.remove()
        """
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path / "metrics")],
        capture_output=True, text=True, timeout=60, check=True,
    )  # fmt: skip
    wanted = 'codeindex_http_requests_total{method="GET",route="search",status="200"} 2.0'
    assert wanted in done.stdout
    assert "codeindex_installation_readable 0.0" in done.stdout
    assert list((tmp_path / "metrics").iterdir()) == []
