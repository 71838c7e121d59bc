"""Traces by OpenTelemetry: a span for each request and task, and within it one for each SQL
statement, each operation of the engine and each of its stages.

Imported only where CODEINDEX_TRACES is set. Requests and statements have spans of our own, since
those of the instrumentations record URLs with their queries, and secrets in paths."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created
from django.http import HttpRequest, HttpResponse
from opentelemetry import propagate, trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.instrumentation.celery import CeleryInstrumentor
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import SpanKind, Status, StatusCode

from codeindex.observability import stages
from codeindex.observability.paths import route
from codeindex.observability.stages import Operation

LONGEST_STATEMENT = 2_000
"""The most characters of a statement in a span. Parameters are never recorded."""

tracer = trace.get_tracer("codeindex")


def start(service: str) -> None:
    """Makes this process send its spans in the background, as `service` of codeindex. Spans that
    the collector does not accept are dropped: nothing waits for them."""
    resource = Resource.create({"service.name": service, "service.namespace": "codeindex"})
    provider = TracerProvider(resource=resource)
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(settings.CODEINDEX_TRACES)))
    trace.set_tracer_provider(provider)
    CeleryInstrumentor().instrument()  # type: ignore[no-untyped-call]
    connection_created.connect(_trace_statements, weak=False)
    stages.listen("traces", add_spans)


def traced_requests(get_response: Callable[[HttpRequest], HttpResponse]) -> Any:
    """Middleware that makes a span of each request. Behind a proxy it continues the trace."""

    def middleware(request: HttpRequest) -> HttpResponse:
        parent = propagate.extract(request.headers) if settings.CODEINDEX_BEHIND_TLS else None
        with tracer.start_as_current_span("request", parent, SpanKind.SERVER) as span:
            response = get_response(request)
            span.update_name(f"{request.method} {route(request)}")
            span.set_attribute("http.request.method", request.method or "")
            span.set_attribute("http.route", route(request))
            span.set_attribute("http.response.status_code", response.status_code)
            if response.status_code >= 500:
                span.set_status(Status(StatusCode.ERROR))
        return response

    return middleware


def add_spans(operation: Operation) -> None:
    """Makes spans of an operation that has just ended, within the current span."""
    whole = tracer.start_span(operation.name, start_time=operation.began)
    for name, number in operation.counts.items():
        whole.set_attribute(f"codeindex.{name.replace(' ', '_')}", number)
    within = trace.set_span_in_context(whole)
    for each in operation.intervals:
        span = tracer.start_span(each.stage, within, start_time=each.began)
        span.end(each.ended)
    whole.end(operation.ended)


def _trace_statements(connection: BaseDatabaseWrapper, **_: object) -> None:
    if _traced not in connection.execute_wrappers:  # it is already there after a reconnect
        connection.execute_wrappers.append(_traced)


def _traced(execute: Callable[..., Any], statement: Any, *arguments: Any) -> Any:
    if not trace.get_current_span().is_recording():
        return execute(statement, *arguments)
    with tracer.start_as_current_span("SQL", kind=SpanKind.CLIENT) as span:
        span.set_attribute("db.system.name", "postgresql")
        span.set_attribute("db.query.text", str(statement)[:LONGEST_STATEMENT])
        return execute(statement, *arguments)
