"""How the search is used is counted from the audit, and shown to administrators alone."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from codeindex.models import AuditRecord, Evaluation, UsageDay
from codeindex.quality import usage
from codeindex.web import plots
from tests import audited

pytestmark = pytest.mark.django_db

NOON = timezone.now().replace(hour=12, minute=0, second=0, microsecond=0) - timedelta(days=1)


def acted(
    user: User | None, action: str, minutes: float, text: str = "", details: str = "3 results",
    door: str = "page", address: str = "",
) -> None:  # fmt: skip
    AuditRecord.objects.create(
        at=NOON + timedelta(minutes=minutes), action=action, text=text, details=details, door=door,
        user_id=user.pk if user else None, user=str(user or ""), address=address,
    )  # fmt: skip


def counted() -> dict[str, tuple[int, int, int]]:
    usage.count()
    rows = UsageDay.objects.filter(day=NOON.date())
    return {row.door: (row.searches, row.followed, row.empty) for row in rows}


def test_a_search_is_followed_if_its_user_reads_next(alice: User, bob: User) -> None:
    acted(alice, "searched", 0, "a")
    acted(bob, "searched", 1, "b")
    acted(alice, "definition_read", 2)
    acted(alice, "searched", 3, "c")
    acted(alice, "searched", 6, "d", "0 results")
    acted(bob, "file_read", 12)  # too late
    assert counted() == {"page": (4, 1, 1)}


def test_anonymous_people_are_told_apart_by_their_addresses() -> None:
    acted(None, "searched", 0, "a", address="192.0.2.1")
    acted(None, "file_read", 1, address="192.0.2.2")
    assert counted() == {"page": (1, 0, 0)}
    acted(None, "file_read", 2, address="192.0.2.1")
    assert counted() == {"page": (1, 1, 0)}


def test_more_results_of_a_search_are_not_another_one(alice: User) -> None:
    for minutes in (0, 0.5, 1):
        acted(alice, "searched", minutes, "retry")
    acted(alice, "file_read", 1.5)
    acted(alice, "searched", 20, "retry")
    assert counted() == {"page": (2, 1, 0)}


def test_doors_and_days_are_counted_apart_and_survive_the_audit(alice: User) -> None:
    acted(alice, "searched", 0, "a", door="agent")
    acted(alice, "lines_searched", -24 * 60, "a", "0 lines")
    acted(alice, "definition_read", 1, door="page")
    assert counted() == {"agent": (1, 0, 0)}
    assert UsageDay.objects.count() == 2
    audited.empty()
    usage.count()
    assert UsageDay.objects.count() == 2


class TestPages:
    @pytest.fixture
    def administrator(self, client: Client) -> Client:
        client.force_login(User.objects.create_superuser("root"))
        return client

    def test_searches_and_what_found_nothing(self, administrator: Client, alice: User) -> None:
        acted(alice, "searched", 0, "frobnicate <b>", "0 results")
        acted(alice, "searched", 5, "frobnicate <b>", "0 results")
        acted(alice, "searched", 9, "", "0 results")  # the audit leaves texts out
        usage.count()
        audited_before = AuditRecord.objects.filter(action="audit_read").count()
        response = administrator.get("/quality/searches/")
        shown = response.content.decode()
        assert [(each.text, each.times) for each in response.context["questions"]] == [
            ("frobnicate <b>", 2)
        ]
        assert "frobnicate &lt;b&gt;" in shown
        assert f"<title>{NOON:%d %b}: 3 not followed</title>" in shown
        assert AuditRecord.objects.filter(action="audit_read").count() == audited_before + 1

    def test_evaluations_over_time(self, administrator: Client) -> None:
        for value in (0.5, 0.75):
            figure = [value, value - 0.1, value + 0.1]
            Evaluation.objects.create(
                file="q.json", file_hash="0", figures=[["all", 9, figure, figure, figure]]
            )
        shown = administrator.get("/quality/evaluations/").content.decode()
        assert shown.count("<polyline") == 3
        assert "nDCG@10 0.750" in shown

    def test_without_anything_they_say_so(self, administrator: Client) -> None:
        assert "No evaluation yet" in administrator.get("/quality/evaluations/").content.decode()
        assert "Nobody has searched" in administrator.get("/quality/searches/").content.decode()


class TestPlots:
    def test_bars_stand_on_each_other_and_reach_what_the_grid_says(self) -> None:
        plot = plots.bars(["a", "b"], [("yes", [3, 0]), ("no", [7, 20])])
        assert [label for _, label in plot.grid] == ["0", "5", "10", "15", "20"]
        yes, no, whole = plot.marks
        assert (no.y + no.height, yes.y + yes.height) == (yes.y, plot.bottom)
        assert whole.y == plot.grid[-1][0]
        assert no.title == "a: 7 no"

    @pytest.mark.parametrize("values", [[], [0], [1], [99_999]])
    def test_any_numbers_have_a_plot(self, values: list[int]) -> None:
        plot = plots.bars([str(each) for each in values], [("n", values)])
        assert all(mark.height > 0 and mark.y > 0 for mark in plot.marks)

    def test_lines_have_a_point_for_each_value(self) -> None:
        plot = plots.lines(["x"] * 30, [("a", [0.5] * 30)])
        assert len(plot.marks) == 30
        assert len(plot.labels) <= plots.LABELS
        assert plot.grid[0] == (plot.bottom, "0.00")
