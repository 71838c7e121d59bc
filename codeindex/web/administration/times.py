"""How often something happened on this web server and how long it took, from the histograms of its
metrics."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import pairwise

from prometheus_client import CollectorRegistry
from prometheus_client.core import Metric

LABELS_OF = {
    "codeindex_http_request_seconds": ("route",),
    "codeindex_search_seconds": ("operation",),
    "codeindex_search_stage_seconds": ("operation", "stage"),
}


@dataclass(frozen=True, slots=True)
class Times:
    """How long something took, in seconds, of which there were `count` since the server started.
    Quantiles are estimated as in Prometheus; None if they lie beyond the last bound."""

    labels: tuple[str, ...]
    count: int
    total: float
    median: float | None
    p95: float | None

    @property
    def mean(self) -> float:
        return self.total / max(self.count, 1)


@dataclass(slots=True)
class _Histogram:
    total: float = 0.0
    buckets: dict[float, float] = field(default_factory=dict)


def read(registry: CollectorRegistry) -> Mapping[str, list[Times]]:
    """By the name of each histogram in LABELS_OF, the largest total first."""
    families = {family.name: family for family in registry.collect()}
    return {
        name: sorted(_times(families.get(name), labels), key=lambda each: -each.total)
        for name, labels in LABELS_OF.items()
    }


def _times(family: Metric | None, labels: tuple[str, ...]) -> Iterable[Times]:
    histograms: dict[tuple[str, ...], _Histogram] = {}
    for sample in family.samples if family else ():
        own = histograms.setdefault(tuple(sample.labels[name] for name in labels), _Histogram())
        if sample.name.endswith("_sum"):
            own.total = sample.value
        elif sample.name.endswith("_bucket"):
            own.buckets[float(sample.labels["le"])] = sample.value
    for key, histogram in histograms.items():
        count = max(histogram.buckets.values(), default=0)
        median, p95 = (quantile(share, histogram.buckets) for share in (0.5, 0.95))
        yield Times(key, int(count), histogram.total, median, p95)


def quantile(share: float, buckets: Mapping[float, float]) -> float | None:
    """The value below which a share of all observations lies, interpolated linearly within a
    bucket. `buckets` has the cumulative count up to each bound; the last bound is infinite."""
    bounds = sorted(buckets.items())
    wanted = share * bounds[-1][1] if bounds else 0
    if not wanted:
        return None
    for (low, below), (high, count) in pairwise([(0.0, 0.0), *bounds]):
        if count >= wanted:
            is_open = high == float("inf")
            return None if is_open else low + (high - low) * (wanted - below) / (count - below)
    return None
