"""Traces, sent to a receiver on loopback that stands for a collector."""

from __future__ import annotations

import gzip
import os
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from django.conf import settings
from django.db import connection

pytest.importorskip("opentelemetry.sdk", reason="the extra `traces` is not installed")
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
)

PROGRAM = textwrap.dedent(
    """
    from codeindex.wsgi import application
    from celery import shared_task
    from codeindex.celery import app
    from django.test import Client
    from opentelemetry import trace

    @shared_task
    def work(secret):
        return None

    response = Client(raise_request_exception=False).get(
        "/api/v1/search?q=secret+words", headers={"traceparent": f"00-{'a' * 32}-{'b' * 16}-01"}
    )
    assert response.status_code == 200, response.status_code
    work.apply(["secret"])
    trace.get_tracer_provider().shutdown()
    """
)


@pytest.fixture
def collector() -> Iterator[tuple[str, list[Any]]]:
    """Its address, and the spans that it gets."""
    spans: list[Any] = []

    class Receiver(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if self.headers.get("Content-Encoding") == "gzip":
                body = gzip.decompress(body)
            for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
                for scope in resource.scope_spans:
                    spans.extend(scope.spans)
            self.send_response(200)
            self.end_headers()

        def log_message(self, *arguments: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Receiver)
    Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/v1/traces", spans
    server.shutdown()
    server.server_close()


@pytest.mark.django_db
def test_a_search_is_traced_down_to_its_statements(
    collector: tuple[str, list[Any]], tmp_path: Path
) -> None:
    address, spans = collector
    run(address, tmp_path)
    by_name = {span.name: span for span in spans}
    request, search, scope = by_name["GET api-search"], by_name["search"], by_name["scope"]
    assert request.trace_id == search.trace_id == scope.trace_id
    assert request.trace_id != bytes.fromhex("a" * 32)  # no proxy has given it
    assert search.parent_span_id == request.span_id
    assert scope.parent_span_id == search.span_id
    assert search.start_time_unix_nano <= scope.start_time_unix_nano
    assert attributes(request)["http.response.status_code"] == "200"
    statements = [attributes(span)["db.query.text"] for span in spans if span.name == "SQL"]
    assert any("codeindex_branch" in statement for statement in statements)
    assert any(span.name.endswith("work") for span in spans)
    # Neither queries nor arguments are told
    assert not [span for span in spans if "secret" in str(span)]


def attributes(span: Any) -> dict[str, str]:
    return {
        each.key: each.value.string_value or str(each.value.int_value) for each in span.attributes
    }


def run(address: str, home: Path) -> None:
    """A process that serves one search and does one task."""
    given = connection.settings_dict
    host = str(given["HOST"]).replace("/", "%2F")
    database = (
        f"postgres://{given['USER']}:{given['PASSWORD']}@{host}:{given['PORT']}/{given['NAME']}"
    )
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "codeindex.settings",
        "DATABASE_URL": database,
        "BROKER_URL": str(settings.CELERY_BROKER_URL),
        "CODEINDEX_HOME": str(home / "home"),
        "CODEINDEX_TRACES": address,
        "ALLOWED_HOSTS": "testserver",
    }
    subprocess.run([sys.executable, "-c", PROGRAM], env=environment, timeout=120, check=True)
