"""What is older than the settings say is deleted; the rest stays."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.utils import timezone

from codeindex import tasks
from codeindex.ingestion import pipeline, publishing
from codeindex.models import (
    Alert,
    AwaitedComparison,
    Embedding,
    EmbeddingState,
    IndexRun,
    Invitation,
    RecentSearch,
    Repository,
    SavedSearch,
    SourceFile,
    Space,
    Token,
)
from codeindex.operations import retention
from tests import shelf
from tests.git import GitRepository

pytestmark = pytest.mark.django_db

NOW = timezone.now()
YEAR = timedelta(days=365)


def test_sessions_tokens_and_invitations_go_after_their_end(alice: User) -> None:
    for number, days in enumerate((-1, 1, 31)):
        end = NOW - timedelta(days=days)
        Session.objects.create(session_key=str(number), expire_date=end)
        Token.objects.create(user=alice, digest=number, expires=end, name=f"{days}", scopes=[])
        Invitation.objects.create(
            digest=number, invited_by=alice, expires=NOW + YEAR, accepted=end, note=f"{days}"
        )
    Token.objects.create(user=alice, digest="for ever", name="for ever", scopes=[])
    retention.forget()
    assert [each.session_key for each in Session.objects.all()] == ["0"]
    assert {each.name for each in Token.objects.all()} == {"-1", "1", "for ever"}
    assert {each.note for each in Invitation.objects.all()} == {"-1", "1"}


def test_recent_searches_are_kept_for_ever_unless_told_otherwise(
    alice: User, settings: Any
) -> None:
    for days in (1, 100):
        at = NOW - timedelta(days=days)
        RecentSearch.objects.create(user=alice, digest=days, asked="q=", text=f"{days}", at=at)
    retention.forget()
    assert RecentSearch.objects.count() == 2
    settings.CODEINDEX_RECENT_DAYS = 30
    retention.forget()
    assert [each.text for each in RecentSearch.objects.all()] == ["1"]


def test_old_alerts_go_with_the_hourly_cleanup(alice: User) -> None:
    search = SavedSearch.objects.create(owner=alice, name="x", asked="q=x")
    old = Alert.objects.create(search=search, matches=[])
    Alert.objects.filter(pk=old.pk).update(created=NOW - timedelta(days=31))
    new = Alert.objects.create(search=search, matches=[])
    tasks.forget()
    assert [*Alert.objects.all()] == [new]
    assert not AwaitedComparison.objects.exists()


class TestHistory:
    @pytest.fixture
    def runs(
        self,
        registered: Repository,
        source: GitRepository,
        requested: Callable[[Repository], IndexRun],
    ) -> list[IndexRun]:
        """Three commits: a file is changed, then another one is added."""
        runs = []
        for files in ({"a.py": "x = 1\n"}, {"a.py": "x = 2\n"}, {"b.py": "y = 1\n"}):
            source.commit({**files})
            run = requested(registered)
            published(run)
            runs.append(run)
        return runs

    def test_is_kept_for_ever_unless_told_otherwise(self, runs: list[IndexRun]) -> None:
        grow_old(runs)
        retention.forget()
        assert (SourceFile.objects.count(), IndexRun.objects.count()) == (3, 3)

    def test_only_what_is_not_searched_goes(self, runs: list[IndexRun], settings: Any) -> None:
        settings.CODEINDEX_HISTORY_DAYS = 365
        retention.forget()
        assert SourceFile.objects.count() == 3

        grow_old(runs)
        live = set(SourceFile.objects.live().values_list("path", "blob"))
        retention.forget()
        assert set(SourceFile.objects.values_list("path", "blob")) == live
        assert {path for path, _ in live} == {"a.py", "b.py"}
        # The first run has no files any more; the others' files are live
        assert [*IndexRun.objects.order_by("pk")] == runs[1:]

    def test_the_live_run_stays_even_if_it_changed_nothing(
        self, runs: list[IndexRun], settings: Any, source: GitRepository,
        registered: Repository, requested: Callable[[Repository], IndexRun],
    ) -> None:  # fmt: skip
        settings.CODEINDEX_HISTORY_DAYS = 365
        source.git("commit", "--quiet", "--allow-empty", "--message", "nothing")
        last = requested(registered)
        published(last)
        grow_old([*runs, last])
        retention.forget()
        assert registered.branches.get().live_run == last


def test_each_batch_is_a_transaction_and_their_number_is_bounded(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(retention, "BATCH", 2)
    monkeypatch.setattr(retention, "MOST_BATCHES", 2)
    for number in range(7):
        Session.objects.create(session_key=str(number), expire_date=NOW - YEAR)
    counts = [retention.delete_in_batches(Session.objects.all()) for _ in range(3)]
    assert counts == [4, 3, 0]


def published(run: IndexRun) -> None:
    """As if every text had a vector that failed."""
    if not Space.objects.exists():
        shelf.space()
    pipeline.index(run.pk)
    Embedding.objects.update(state=EmbeddingState.FAILED)
    publishing.settle_all()
    run.refresh_from_db()
    assert run.published


def grow_old(runs: list[IndexRun]) -> None:
    then = NOW - 2 * YEAR
    pks = [run.pk for run in runs]
    IndexRun.objects.filter(pk__in=pks).update(created=then, published=then, finished=then)
