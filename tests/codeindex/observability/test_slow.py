from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User

from codeindex.observability import stages
from codeindex.observability.slow import SECONDS_BETWEEN, SlowOperations
from codeindex.observability.stages import Operation
from search.candidates import sql


def searched() -> Operation:
    """A search for the word `invoices`."""
    heard: list[Operation] = []
    stages.listen("test", heard.append)
    with stages.operation("search"), stages.stage("words"):
        statement = "SELECT id FROM codeindex_text WHERE words @@ %(words)s::tsquery"
        sql.rows(statement, {"words": "'invoices'"}, {"enable_seqscan": "off"})
        stages.count(words=1)
    stages.listen("test", lambda operation: None)
    return heard[0]


@pytest.mark.django_db
@pytest.mark.parametrize("kept", ["keep", "hash", "omit"])
def test_a_slow_search_says_where_its_time_went(
    kept: str, settings: Any, caplog: pytest.LogCaptureFixture
) -> None:
    settings.CODEINDEX_AUDIT_TEXT = kept
    SlowOperations(milliseconds=0)(searched())
    (record,) = caplog.records
    said = record.getMessage()
    assert said.startswith("A slow operation (search) took ")
    for part in ("Stages in ms: words ", "Found: words 1", "Scan on codeindex_text", "cost="):
        assert part in said
    assert ("invoices" in said) is (kept == "keep")


@pytest.mark.django_db
def test_it_says_so_once_a_minute(caplog: pytest.LogCaptureFixture) -> None:
    operation, now = searched(), [1000.0]
    slow = SlowOperations(milliseconds=0, clock=lambda: now[0])
    for _ in range(3):
        slow(operation)
    assert len(caplog.records) == 1
    now[0] += SECONDS_BETWEEN
    slow(operation)
    assert "2 slow operations since the last such line" in caplog.records[1].getMessage()


@pytest.mark.django_db
def test_a_fast_one_says_nothing(caplog: pytest.LogCaptureFixture) -> None:
    SlowOperations(milliseconds=600_000)(searched())
    assert caplog.records == []


@pytest.mark.django_db
def test_a_statement_that_cannot_be_explained(caplog: pytest.LogCaptureFixture) -> None:
    operation = Operation("search", 0, 10**10)
    operation.slowest = stages.Statement("SELECT nothing FROM nowhere", (), {}, 9.0)
    SlowOperations(milliseconds=1)(operation)
    assert '(unknown: relation "nowhere" does not exist)' in caplog.records[0].getMessage()
    assert not User.objects.exists()  # the transaction goes on
