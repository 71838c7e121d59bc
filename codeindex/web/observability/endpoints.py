"""The addresses for probes and for Prometheus. They accept any host name, since probes call this
machine by its IP address, and are not rate-limited, logged or audited."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_safe
from prometheus_client import CollectorRegistry
from prometheus_client.exposition import choose_encoder

from codeindex.observability import metrics
from codeindex.observability.readiness import CHECKS, readiness
from codeindex.web.observability import readers

PATHS = frozenset({"/health", "/healthz", "/readyz", "/metrics"})

CLOSED = (
    "Metrics are only for administrators, and for clients that CODEINDEX_METRICS_TOKEN or"
    " CODEINDEX_METRICS_NETWORKS allows.\n"
)


@require_safe
def healthz(request: HttpRequest) -> HttpResponse:
    """Whether this process serves requests. Checks nothing else, so that no failure elsewhere makes
    it restart."""
    return HttpResponse("ok\n", content_type="text/plain")


@require_safe
def readyz(request: HttpRequest) -> HttpResponse:
    """Whether this process can answer searches, and index: 503 if not. `exclude`, which may be
    repeated, names checks that do not matter to the caller. Strangers learn nothing else."""
    excluded = [name for name in request.GET.getlist("exclude") if name in CHECKS]
    states = readiness.states(excluded)
    is_ready = all(state.is_ready for state in states)
    status = 200 if is_ready else 503
    if not readers.may_read_details(request):
        said = "ok\n" if is_ready else "not ready\n"
        return HttpResponse(said, content_type="text/plain", status=status)
    checks = {state.name: state.problem or "ok" for state in states}
    return JsonResponse({"ready": is_ready, "checks": checks}, status=status)


@require_safe
def prometheus(request: HttpRequest) -> HttpResponse:
    """The metrics in the format of Prometheus or OpenMetrics, whichever is requested."""
    if not readers.may_read(request):
        return HttpResponse(CLOSED, content_type="text/plain", status=403)
    encode, content_type = _encoder(request.headers.get("Accept", "")[:1000])
    return HttpResponse(encode(metrics.registry()), content_type=content_type)


def _encoder(accept: str) -> tuple[Callable[[CollectorRegistry], bytes], str]:
    """That of Prometheus' own format where the header cannot be read."""
    try:
        return choose_encoder(accept)
    except (TypeError, ValueError):  # from a version that is not a number
        return choose_encoder("")
