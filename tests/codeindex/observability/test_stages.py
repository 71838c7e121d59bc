from __future__ import annotations

import pytest

from codeindex.observability import stages
from codeindex.observability.stages import Operation, stage


@pytest.fixture
def heard(monkeypatch: pytest.MonkeyPatch) -> list[Operation]:
    monkeypatch.setattr(stages, "_listeners", {})
    operations: list[Operation] = []
    stages.listen("test", operations.append)
    return operations


def test_an_operation_knows_its_stages_counts_and_slowest_statement(heard: list[Operation]) -> None:
    with stages.operation("search"):
        with stage("words"), stage("weigh"):
            stages.note_statement("SELECT 1", (), {}, 0.1)
            stages.note_statement("SELECT 2", (), {}, 0.3)
        stages.note_statement("SELECT 3", (), {}, 0.2)
        with stage("words"):
            stages.count(words=2)
        stages.count(words=3, vectors=1)
    (operation,) = heard
    assert [each.stage for each in operation.intervals] == ["weigh", "words", "words"]
    assert operation.seconds_by_stage().keys() == {"weigh", "words"}
    assert sum(operation.seconds_by_stage().values()) <= 2 * operation.seconds
    assert operation.counts == {"words": 5, "vectors": 1}
    assert operation.slowest
    assert operation.slowest.sql == "SELECT 2"


def test_one_within_another_belongs_to_it(heard: list[Operation]) -> None:
    with stages.operation("references"), stages.operation("search"), stage("words"):
        pass
    assert [each.name for each in heard] == ["references"]


def test_an_operation_that_fails_is_told_too(heard: list[Operation]) -> None:
    with pytest.raises(ZeroDivisionError), stages.operation("search"), stage("words"):
        1 / 0  # noqa: B018
    assert [each.stage for each in heard[0].intervals] == ["words"]


def test_a_listener_that_fails_fails_nothing_else(
    heard: list[Operation], caplog: pytest.LogCaptureFixture
) -> None:
    stages.listen("broken", lambda operation: 1 / 0)
    with stages.operation("search"):
        pass
    assert len(heard) == 1
    assert "The listener broken failed." in caplog.text


def test_nothing_is_measured_where_nobody_listens(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stages, "_listeners", {})
    with stages.operation("search"), stage("words"):
        stages.count(words=1)
        stages.note_statement("SELECT 1", (), {}, 0.1)
        assert stages._current.get() is None
