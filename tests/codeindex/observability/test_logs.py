from __future__ import annotations

import json
import logging
import sys
from collections.abc import Callable, Iterator
from io import StringIO
from typing import Any

import pytest
import structlog
from celery import shared_task
from celery.signals import before_task_publish, task_postrun, task_prerun
from django.contrib.auth.models import User
from django.http import HttpRequest
from django.test import Client
from django.utils.functional import SimpleLazyObject

from codeindex.ingestion import pipeline
from codeindex.management.terminal import Formatter
from codeindex.models import IndexRun, Repository
from codeindex.observability import ids, logs
from codeindex.observability.paths import WithoutPaths
from codeindex.settings.logs import LOGGING
from tests import shelf
from tests.git import GitRepository

FORGED = "gone\n2026-12-01 00:00:00 ERROR root: forged\x1b[31m\u2028\x85 end"


@pytest.fixture
def read() -> Iterator[Callable[[], list[dict[str, Any]]]]:
    """The lines that are logged in JSON from now on."""
    logs.configure()
    stream = StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(logs.json_formatter())
    handler.addFilter(WithoutPaths())
    logging.getLogger().addHandler(handler)
    yield lambda: [json.loads(line) for line in stream.getvalue().splitlines()]
    logging.getLogger().removeHandler(handler)


Read = Callable[[], list[dict[str, Any]]]


def test_a_line_is_one_object_whatever_it_says(read: Read) -> None:
    try:
        raise ValueError(FORGED)
    except ValueError:
        logging.getLogger("shop").exception("%s", FORGED)
    (line,) = read()
    assert line["event"] == FORGED
    assert line["level"] == "error"
    assert line["logger"] == "shop"
    assert "ValueError" in line["exception"]
    assert line["timestamp"].endswith("Z")


def test_further_lines_of_a_text_are_indented() -> None:
    formatter = Formatter(LOGGING["formatters"]["text"]["format"])  # type: ignore[index]
    try:
        raise ValueError(FORGED)
    except ValueError:
        record = logging.LogRecord("shop", logging.ERROR, "", 1, FORGED, None, sys.exc_info())
    first, *others = formatter.format(record).split("\n")
    assert "ERROR shop: gone" in first
    assert all(line.startswith("  ") for line in others)
    assert "\x1b" not in "".join(others)


def test_figures_of_a_line_are_text_too() -> None:
    event = {"event": "request_finished", "code": 200, "level": "info", "user_id": 3}
    record = logging.LogRecord("shop", logging.INFO, "", 1, event, None, None)  # type: ignore[arg-type]
    with structlog.contextvars.bound_contextvars(user_id=3):
        assert Formatter("%(message)s").format(record) == "request_finished code=200 [user_id=3]"


def test_a_text_ends_with_the_ids() -> None:
    formatter = Formatter("%(message)s")
    record = logging.LogRecord("shop", logging.INFO, "", 1, "hello", None, None)
    with structlog.contextvars.bound_contextvars(request_id="abc"), ids.of_run(7):
        assert formatter.format(record) == "hello [request_id=abc run_id=7]"
    assert formatter.format(record) == "hello"


@pytest.mark.django_db
def test_a_request_is_logged_with_its_ids_and_without_what_was_asked(
    client: Client, alice: User, read: Read
) -> None:
    shop = shelf.repository(alice, "shop")
    client.force_login(alice)
    response = client.get("/?q=my+secret+query")
    assert response.status_code == 200
    client.get(f"/repositories/{shop.pk}/")
    first, second = (line for line in read() if line["event"] == "request_finished")
    assert first["request"] == "GET search"
    assert first["request_id"] == response["X-Request-ID"]
    assert (first["code"], first["user_id"]) == (200, alice.pk)
    assert first["milliseconds"] >= 0
    assert second["request"] == "GET repository"
    assert second["request_id"] != first["request_id"]
    assert "secret" not in json.dumps(read())


def test_secrets_in_addresses_are_not_logged(client: Client, db: None, read: Read) -> None:
    client.get("/invitations/0123456789abcdef")
    client.delete("/invitations/0123456789abcdef")
    lines = read()
    assert [line["event"] for line in lines if line["logger"] == "django.request"] == [
        "Not Found: join",
        "Method Not Allowed (DELETE): join",
    ]
    assert "0123456789abcdef" not in json.dumps(lines)


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("0f3c-2b.de_ployed", True),
        ("a" * 64, True),
        ("a" * 65, False),
        ("short", False),
        ("two words", False),
        ("a\nforged-line", False),
        ("-begins-wrong", False),
    ],
)
def test_a_proxy_gives_an_id_if_it_is_harmless(
    given: str, kept: bool, client: Client, settings: Any
) -> None:
    settings.CODEINDEX_BEHIND_TLS = True
    response = client.get("/nowhere", headers={"x-request-id": given})
    assert (response["X-Request-ID"] == given) is kept


def test_clients_give_no_ids_where_there_is_no_proxy(client: Client) -> None:
    response = client.get("/nowhere", headers={"x-request-id": "0f3c2bde0f3c2bde"})
    assert response["X-Request-ID"] != "0f3c2bde0f3c2bde"


def test_probes_are_not_logged(client: Client, read: Read) -> None:
    assert "X-Request-ID" not in client.get("/healthz")
    assert read() == []


def test_nobody_is_looked_up_for_a_line() -> None:
    def look_up() -> User:
        raise AssertionError

    request = HttpRequest()
    request.user = SimpleLazyObject(look_up)  # type: ignore[assignment]
    with ids.of_request(request):
        assert ids.known() == {}


@shared_task
def work() -> None:
    logging.getLogger("shop").info("works")


def test_a_task_belongs_to_what_asked_for_it(read: Read) -> None:
    logs.configure()
    headers: dict[str, Any] = {}
    with structlog.contextvars.bound_contextvars(request_id="abc"):
        before_task_publish.send("work", headers=headers, body={}, properties={}, routing_key="")
    work.push_request(id="task-1", **headers)
    task_prerun.send(work, task_id="task-1", task=work)
    work.run()
    following: dict[str, Any] = {}
    with ids.of_run(7):
        before_task_publish.send("work", headers=following, body={}, properties={}, routing_key="")
    assert following["__django_structlog__"] == {"parent_task_id": "task-1"}
    task_postrun.send(work)
    work.pop_request()
    work.run()
    first, second = (line for line in read() if line["logger"] == "shop")
    assert (first["request_id"], first["task_id"]) == ("abc", "task-1")
    assert second.keys().isdisjoint({"request_id", "task_id"})


@pytest.mark.django_db
def test_lines_of_an_index_run_name_it(
    registered: Repository,
    requested: Callable[[Repository], IndexRun],
    source: GitRepository,
    read: Read,
) -> None:
    source.commit({"a.py": "def load(path):\n    return path\n"})
    run = requested(registered)
    pipeline.index(run.pk, lambda: logging.getLogger("shop").info("definitions are stored"))
    lines = [line for line in read() if line["logger"] == "shop"]
    assert lines
    assert {line["run_id"] for line in lines} == {run.pk}
