"""Branches that move on at their hosts are noticed and indexed."""

from __future__ import annotations

import ipaddress
import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from codeindex import repositories, repository_settings, tasks
from codeindex.ingestion import pipeline, runs
from codeindex.ingestion.cloning.errors import CheckoutError
from codeindex.ingestion.cloning.heads import Heads
from codeindex.integrations import freshness
from codeindex.integrations.freshness import Answer
from codeindex.leases import Lease
from codeindex.models import Branch, IndexRun, Repository, RunStatus, Upstream
from codeindex.web import ids
from tests import hosts, shelf
from tests.git import GitRepository

pytestmark = pytest.mark.django_db

LIVE = "c0ffee" * 6
NEW = "d" * 40


@pytest.fixture
def shop(alice: User) -> Repository:
    return shelf.repository(alice)


def says(head: str = "", error: str = "") -> Callable[[Branch, Lease, float], Heads]:
    def ask(branch: Branch, lease: Lease, seconds: float) -> Heads:
        if error:
            raise CheckoutError(error)
        return Heads(head)

    return ask


def check(head: str = "", error: str = "") -> Upstream:
    freshness.ask_soon(Branch.objects.all())
    assert freshness.check_due(says(head, error))
    return Upstream.objects.get()


def minutes_left(upstream: Upstream) -> float:
    assert upstream.due
    return (upstream.due - timezone.now()).total_seconds() / 60


def later(**delta: float) -> None:
    """Let time pass for the rows."""
    for row in Upstream.objects.all():
        for name in ("due", "run_due", "moved"):
            if time := getattr(row, name):
                setattr(row, name, time - timedelta(**delta))
        row.save()


def behind() -> list[Branch]:
    return freshness.branches_to_index()


class TestSchedule:
    def test_first_questions_are_spread_over_the_interval(self, alice: User) -> None:
        for number in range(40):
            repositories.register(url=f"https://example.org/{number}", owner=alice, by=alice)
        freshness.enroll()
        left = sorted(map(minutes_left, Upstream.objects.all()))
        assert len(left) == 40
        assert -0.1 < left[0] < 20
        assert 40 < left[-1] <= 60

    def test_the_repository_decides_before_the_settings(
        self, shop: Repository, alice: User, settings: Any
    ) -> None:
        assert 53 < minutes_left(check(LIVE)) < 67
        repository_settings.change_rules(shop, {"check_minutes": 5}, by=alice)
        assert freshness.is_due()
        assert 4 < minutes_left(check(LIVE)) < 6
        repository_settings.change_rules(shop, {"check_minutes": 0}, by=alice)
        later(minutes=7)
        assert check(LIVE).due is None
        repository_settings.change_rules(shop, {"check_minutes": None}, by=alice)
        settings.CODEINDEX_CHECK_MINUTES = 0
        freshness.enroll()
        assert Upstream.objects.get().due is None
        settings.CODEINDEX_CHECK_MINUTES = 30
        freshness.enroll()
        assert minutes_left(Upstream.objects.get()) <= 30

    def test_a_host_that_fails_is_asked_ever_less_often(self, shop: Repository) -> None:
        left = [minutes_left(check(error="The host is down.")) for _ in range(8)]
        assert [round(minutes / 60) for minutes in left[:3]] in ([2, 4, 8], [2, 4, 7], [2, 4, 9])
        assert 21 * 60 < left[-1] < 27 * 60
        failed = Upstream.objects.get()
        assert (failed.error, failed.head, failed.asked) == ("The host is down.", "", None)
        answered = check(LIVE)
        assert (answered.error, answered.failures, answered.head) == ("", 0, LIVE)
        assert 53 < minutes_left(answered) < 67

    def test_what_a_push_asked_for_is_repeated_though_the_schedule_is_off(
        self, shop: Repository, settings: Any
    ) -> None:
        settings.CODEINDEX_CHECK_MINUTES = 0
        assert minutes_left(check(error="down")) < 3
        for _ in range(5):
            upstream = check(error="down")
        assert upstream.due is None

    def test_a_push_during_a_question_is_not_lost(self, shop: Repository) -> None:
        freshness.ask_soon(Branch.objects.all())

        lease = uuid.uuid4()
        (claimed,) = freshness._claim(lease)
        freshness.ask_soon(Branch.objects.all())
        freshness._record(Upstream.objects.filter(lease=lease), [Answer(claimed, head=LIVE)])
        upstream = Upstream.objects.get()
        assert upstream.head == LIVE
        assert minutes_left(upstream) < 0


class TestIndexing:
    def test_a_commit_that_is_new_at_the_host_is_indexed(self, shop: Repository) -> None:
        check(LIVE)
        assert behind() == []
        check(NEW)
        assert behind() == [shop.branches.get()]

    def test_a_run_in_progress_is_waited_for(self, shop: Repository) -> None:
        check(NEW)
        run = IndexRun.objects.create(branch=shop.branches.get())
        assert behind() == []
        runs.fail(run, "Too large.")
        assert behind() == shop_branches(shop)

    def test_a_commit_that_fails_is_tried_ever_less_often_and_at_last_not_at_all(
        self, shop: Repository
    ) -> None:
        check(NEW)
        tried = []
        for quarter in range(4 * 24 * 3):
            if behind():
                tried.append(quarter)
            check(NEW)
            later(minutes=15)
        assert tried == [0, 1, 3, 7, 15, 31]
        check("e" * 40)
        assert behind()

    def test_what_a_user_cancelled_is_not_begun_again(self, shop: Repository, alice: User) -> None:
        check(NEW)
        run = IndexRun.objects.create(branch=shop.branches.get(), commit=NEW)
        runs.cancel(run, by=alice)
        later(seconds=-1)
        Upstream.objects.update(moved=run.created)
        assert behind() == []
        check("e" * 40)
        assert behind() == shop_branches(shop)

    def test_a_push_is_indexed_by_itself(
        self, source: GitRepository, registered: Repository
    ) -> None:
        source.commit({"a.py": "def a(): return 1\n"})
        assert pipeline.index(tasks.request_index(repository=registered, by=None).pk)
        first = IndexRun.objects.get()
        assert not freshness.is_due()
        pushed = source.commit({"a.py": "def b(): return 2\n"})
        freshness.ask_soon(registered.branches.all())
        tasks.check_branches()
        IndexRun.objects.filter(pk=first.pk).update(status=RunStatus.PUBLISHED)
        tasks.sweep()
        run = IndexRun.objects.first()
        assert run
        assert run != first
        assert run.requested_by is None
        assert pipeline.index(run.pk)
        run.refresh_from_db()
        assert run.commit == pushed
        assert Upstream.objects.get().head == pushed

    def test_many_are_requested_in_few_statements(
        self, alice: User, django_assert_max_num_queries: Any
    ) -> None:
        for number in range(60):
            shelf.repository(alice, f"r{number}")
        freshness.ask_soon(Branch.objects.all())
        with django_assert_max_num_queries(80):
            while freshness.check_due(says(NEW)):
                tasks._index_what_is_behind()
        assert IndexRun.objects.filter(status=RunStatus.QUEUED).count() == 60


def shop_branches(shop: Repository) -> list[Branch]:
    return list(shop.branches.all())


class TestBatches:
    def test_one_host_does_not_take_a_whole_batch(self, alice: User) -> None:
        waiting = [(number, f"https://slow.example/{number}") for number in range(100)]
        waiting += [(200, "https://other.example/a"), (201, "/srv/a"), (202, "::")]
        chosen = list(freshness._shared(waiting))
        assert len(chosen) == freshness.OF_ONE_HOST + 3
        assert chosen[-3:] == [200, 201, 202]

    def test_a_removed_repository_disturbs_no_other(self, alice: User) -> None:
        first, second = shelf.repository(alice, "one"), shelf.repository(alice, "two")
        freshness.ask_soon(Branch.objects.all())

        def ask(branch: Branch, lease: Lease, seconds: float) -> Heads:
            if branch.repository_id == first.pk:
                raise ValueError("something unforeseen")
            return Heads(NEW)

        assert freshness.check_due(ask)
        told = {row.branch.repository_id: row for row in Upstream.objects.select_related("branch")}
        assert "internal error" in told[first.pk].error
        assert told[second.pk].head == NEW
        assert not freshness.check_due(ask)

    def test_a_refused_address_is_said_on_the_page(
        self, alice: User, client: Client, settings: Any
    ) -> None:
        settings.CODEINDEX_REFUSED_NETWORKS = [ipaddress.ip_network("127.0.0.0/8")]
        with hosts.serving(hosts.trickling) as host:
            repository = repositories.register(url=f"{host.url}/x", owner=alice, by=alice)
            freshness.ask_soon(repository.branches.all())
            assert freshness.check_due()
            assert host.seen == []
        client.force_login(alice)
        page = client.get(f"/repositories/{ids.opaque(ids.Row.REPOSITORY, repository.pk)}/")
        assert "is in a network from which this installation does not clone" in page.text


class TestPages:
    def test_say_commit_and_age_and_what_is_behind(
        self, client: Client, alice: User, shop: Repository
    ) -> None:
        client.force_login(alice)
        own = f"/repositories/{ids.opaque(ids.Row.REPOSITORY, shop.pk)}/"
        check(LIVE)
        for page in (own, "/repositories/"):
            text = client.get(page).text
            assert LIVE[:8] in text
            assert "ago" in text or "now" in text
            assert "status-behind" not in text
        check(NEW)
        text = client.get(own).text
        assert "status-behind" in text
        assert NEW[:12] in text
        assert "status-behind" in client.get("/repositories/").text

    def test_rest_says_the_same(self, client: Client, alice: User, shop: Repository) -> None:
        client.force_login(alice)
        check(NEW)
        (branch,) = client.get("/api/v1/repositories").json()[0]["branches"]
        assert (branch["commit"], branch["head"], branch["behind"]) == (LIVE, NEW, True)
        assert branch["asked"]

    def test_the_schedule_is_set_on_the_page_and_over_rest(
        self, client: Client, alice: User, shop: Repository
    ) -> None:
        client.force_login(alice)
        key = ids.opaque(ids.Row.REPOSITORY, shop.pk)
        rules = f"/api/v1/repositories/{key}/rules"
        assert client.get(rules).json()["check_minutes"] is None
        for minutes, status in ((15, 200), (-1, 400), ("15", 400), (10**9, 400), (True, 400)):
            answer = client.patch(
                rules, {"check_minutes": minutes}, content_type="application/json"
            )
            assert answer.status_code == status
        shop.refresh_from_db()
        assert shop.check_minutes == 15
        client.post(f"/repositories/{key}/rules", {"check_minutes": "0"})
        shop.refresh_from_db()
        assert shop.check_minutes == 0
        client.post(f"/repositories/{key}/rules", {"check_minutes": ""})
        shop.refresh_from_db()
        assert shop.check_minutes is None
