"""Probes and metrics: who learns what, and by which name they may be called."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from codeindex.observability.readiness import Readiness
from codeindex.web.observability import endpoints

REMOTE = "203.0.113.7"


@pytest.fixture
def checks(monkeypatch: pytest.MonkeyPatch) -> dict[str, Callable[[], str]]:
    asked: dict[str, Callable[[], str]] = dict.fromkeys(endpoints.CHECKS, lambda: "")
    monkeypatch.setattr(endpoints, "readiness", Readiness(asked))
    return asked


def get(path: str, remote: str = REMOTE, **named: Any) -> Any:
    return Client().get(path, REMOTE_ADDR=remote, **named)


@pytest.mark.parametrize("path", ["/health", "/healthz", "/readyz", "/metrics"])
def test_a_probe_calls_by_any_name_and_without_tls(path: str, checks: Any, settings: Any) -> None:
    settings.SECURE_SSL_REDIRECT = True
    assert get(path, HTTP_HOST="10.1.2.3:8000").status_code in (200, 403)
    assert get("/account/login/", HTTP_HOST="10.1.2.3:8000").status_code == 400


def test_a_process_lives_without_its_database(checks: Any) -> None:
    response = get("/healthz")  # this test may not use it
    assert (response.status_code, response.content) == (200, b"ok\n")


def test_strangers_learn_whether_it_is_ready_and_no_more(checks: Any) -> None:
    response = get("/readyz")
    assert (response.status_code, response.content) == (200, b"ok\n")


@pytest.fixture
def broken(checks: dict[str, Callable[[], str]]) -> None:
    checks["broker"] = lambda: "cannot be reached"


def test_what_does_not_matter_to_the_caller_is_excluded(broken: None) -> None:
    response = get("/readyz")
    assert (response.status_code, response.content) == (503, b"not ready\n")
    assert get("/readyz?exclude=broker&exclude=nonsense").status_code == 200


DETAILS = {"database": "ok", "migrations": "ok", "broker": "cannot be reached", "model": "ok"}


def test_programs_of_this_machine_learn_why(broken: None) -> None:
    response = get("/readyz", "127.0.0.1")
    assert response.status_code == 503
    assert response.json() == {"ready": False, "checks": DETAILS}


def test_a_proxy_of_this_machine_does_not_make_its_clients_local(broken: None) -> None:
    assert get("/readyz", "127.0.0.1", HTTP_X_FORWARDED_FOR=REMOTE).content == b"not ready\n"


def test_the_token_opens_metrics_and_details(broken: None, db: None, settings: Any) -> None:
    settings.CODEINDEX_METRICS_TOKEN = "s3cret"
    assert get("/metrics").status_code == 403
    for wrong in ("Bearer wrong", "Basic s3cret", "Bearer", "Bearer s3crét"):
        assert get("/metrics", HTTP_AUTHORIZATION=wrong).status_code == 403
    right = {"HTTP_AUTHORIZATION": "Bearer s3cret"}
    assert get("/metrics", **right).status_code == 200
    assert get("/readyz", **right).json()["checks"] == DETAILS


def test_an_empty_token_opens_nothing(settings: Any) -> None:
    settings.CODEINDEX_METRICS_TOKEN = ""
    assert get("/metrics", HTTP_AUTHORIZATION="Bearer ").status_code == 403
    assert get("/metrics", "127.0.0.1").status_code == 403


def test_networks_open_metrics(db: None, settings: Any) -> None:
    settings.CODEINDEX_METRICS_NETWORKS = [
        ipaddress.ip_network("203.0.113.0/24"),
        ipaddress.ip_network("2001:db8::/32"),
    ]
    assert get("/metrics").status_code == 200
    assert get("/metrics", "2001:db8::1").status_code == 200
    assert get("/metrics", "198.51.100.1").status_code == 403
    settings.CODEINDEX_BEHIND_TLS = True  # then the client is the one that the proxy names
    assert get("/metrics", HTTP_X_FORWARDED_FOR="203.0.113.9, 198.51.100.1").status_code == 403


@pytest.mark.parametrize(
    "accept", ["text/plain;version=..", "application/openmetrics-text;version=é"]
)
def test_an_odd_accept_header_gets_the_usual_format(accept: str, db: None, settings: Any) -> None:
    settings.CODEINDEX_METRICS_TOKEN = "s3cret"
    response = get("/metrics", HTTP_AUTHORIZATION="Bearer s3cret", HTTP_ACCEPT=accept)
    assert response.status_code == 200
    assert response["Content-Type"].startswith("text/plain")


def test_administrators_read_metrics(client: Client, db: None) -> None:
    client.force_login(User.objects.create_superuser("root"))
    response = client.get("/metrics", headers={"accept": "application/openmetrics-text"})
    assert response["Content-Type"].startswith("application/openmetrics-text")
    assert response.content.endswith(b"# EOF\n")
