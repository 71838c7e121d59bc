from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone
from prometheus_client import CollectorRegistry, Histogram

from codeindex.models import GpuState, Upstream
from codeindex.observability import recall, work
from codeindex.templatetags import measures
from codeindex.web.administration import times
from tests import shelf


@pytest.mark.django_db
def test_administrators_see_what_is_ready_waits_and_is_behind(client: Client, alice: User) -> None:
    shop = shelf.repository(alice, "shop")
    moved = timezone.now() - timedelta(hours=7)
    Upstream.objects.create(branch=shop.branches.get(), head="f" * 40, moved=moved)
    work.add("encode", things=300, batches=3, seconds=6)
    GpuState.objects.create(host="node", number=0, name="H200", memory_used=1, memory=2, busy=0.5)
    recall.record(3, 30, 29, index_seconds=0.1, exact_seconds=1)
    client.force_login(User.objects.create_superuser("root"))
    client.get("/?q=load")
    page = client.get("/administration/health/").content.decode()
    for part in ("Database", "alice/shop", "7 h 0 min", "H200", "50%", "encode", "search: scope"):
        assert part in page, part


def test_quantiles_are_those_of_prometheus() -> None:
    registry = CollectorRegistry()
    seconds = Histogram(
        "codeindex_search_seconds", "", ["operation"], buckets=(1, 2, 4), registry=registry
    )
    for value in (0.5, 1.5, 1.6, 3.0):
        seconds.labels("search").observe(value)
    (taken,) = times.read(registry)["codeindex_search_seconds"]
    assert (taken.labels, taken.count) == (("search",), 4)
    assert taken.mean == pytest.approx(1.65)
    assert taken.median == pytest.approx(1.5)
    assert taken.p95 == pytest.approx(2 + 2 * 0.8)


def test_a_quantile_beyond_the_last_bound_is_unknown() -> None:
    assert times.quantile(0.95, {1.0: 1, float("inf"): 2}) is None
    assert times.quantile(0.5, {1.0: 0, float("inf"): 0}) is None
    assert times.quantile(0.5, {}) is None


@pytest.mark.parametrize(
    ("seconds", "read"),
    [(-2, "0 s"), (45, "45 s"), (180, "3 min"), (7500, "2 h 5 min"), (273_600, "3 d 4 h")],
)
def test_durations_as_people_read_them(seconds: float, read: str) -> None:
    assert measures.duration(seconds) == read


@pytest.mark.parametrize(
    ("seconds", "read"), [(None, "–"), (0.0004, "0.4 ms"), (0.012, "12 ms"), (1.204, "1,204 ms")]
)
def test_milliseconds_as_people_read_them(seconds: float | None, read: str) -> None:
    assert measures.milliseconds(seconds) == read
