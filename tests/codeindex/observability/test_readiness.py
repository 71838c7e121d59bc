from __future__ import annotations

import re
import time
from threading import Event

import pytest
from django.db.migrations.recorder import MigrationRecorder
from kombu import Connection

import embeddings
from codeindex.observability import queues, readiness
from codeindex.observability.readiness import SILENT, Migrations, Readiness, State
from codeindex.spaces import encoders


def test_each_is_named_with_what_is_wrong() -> None:
    ready = Readiness({"database": lambda: "", "broker": lambda: "cannot be reached"})
    assert ready.states() == [State("database", ""), State("broker", "cannot be reached")]
    assert ready.states(excluded=["broker"]) == [State("database", "")]


def test_one_that_hangs_delays_no_probe_and_is_asked_once() -> None:
    goes_on, asked = Event(), []

    def hang() -> str:
        asked.append(1)
        goes_on.wait(10)
        return ""

    ready = Readiness({"database": hang, "broker": lambda: ""}, seconds=0.05)
    began = time.monotonic()
    for _ in range(3):
        assert ready.states() == [State("database", SILENT), State("broker", "")]
    assert time.monotonic() - began < 2
    assert asked == [1]
    goes_on.set()
    ready._asked["database"][1].result(5)
    assert ready.states()[0].is_ready


def test_answers_are_kept_for_a_moment() -> None:
    asked = []
    ready = Readiness({"model": lambda: str(asked.append(1) or "")})
    ready.states()
    ready.states()
    assert asked == [1]


def test_an_error_of_a_check_is_what_is_wrong() -> None:
    def fail() -> str:
        raise RuntimeError("no such thing\nand more")

    (state,) = Readiness({"model": fail}).states()
    assert state.problem == "RuntimeError: no such thing"


@pytest.mark.django_db(transaction=True)
def test_a_database_with_all_migrations_is_ready() -> None:
    assert readiness.database() == ""
    assert Migrations()() == ""


@pytest.mark.django_db
def test_missing_migrations_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(MigrationRecorder, "applied_migrations", lambda self: {})
    monkeypatch.setattr(readiness.connection, "close", lambda: None)
    assert re.fullmatch(
        r"are not all applied \(\d+ missing\): run `manage.py migrate`", Migrations()()
    )


def test_a_broker_that_is_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    gone = Connection("redis://127.0.0.1:1/0")
    monkeypatch.setattr(queues.app, "connection_for_read", lambda: gone)
    assert readiness.broker() == "cannot be reached"


def test_a_model_that_cannot_be_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(spaces: object) -> None:
        raise embeddings.EncoderUnavailable("There is no such checkpoint.")

    monkeypatch.setattr(encoders.searcher, "encoder", fail)
    monkeypatch.setattr(readiness.connection, "close", lambda: None)
    assert readiness.model() == "cannot be loaded: There is no such checkpoint."
