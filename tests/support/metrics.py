"""The names of all metrics that our services report."""

from __future__ import annotations

from functools import cache

from prometheus_client import REGISTRY, CollectorRegistry
from prometheus_client.metrics_core import Metric

import dashboards.desk.metrics
import sinks.metrics
import sinks.notify.metrics
import streams.metrics
from producers.gateway.admission import Sources
from producers.gateway.metrics import Metrics, SpoolMetrics
from producers.watch.source_metrics import SourceMetrics
from producers.watch.watching import Watches

REPORTED_BY = (dashboards.desk.metrics, streams.metrics, sinks.metrics, sinks.notify.metrics)


@cache
def metrics_of_ours() -> frozenset[str]:
    """Return the names as Prometheus stores them: ``_total``, ``_bucket``, ``_sum`` and ``_count`` included."""
    registry = CollectorRegistry()
    Metrics(registry)
    SpoolMetrics(registry)
    families: list[Metric] = [
        *registry.collect(),
        *REGISTRY.collect(),
        *SourceMetrics(Watches(Sources((), {}), 0)).collect(),
    ]
    found: set[str] = set()
    for family in families:
        endings = {"counter": ("_total",), "histogram": ("_bucket", "_sum", "_count")}.get(family.type, ("",))
        found |= {family.name + ending for ending in endings}
    return frozenset(name for name in found if name.startswith("huoqun_"))


def series_in(exposition: str) -> int:
    """Return how many series an answer of ``/metrics`` holds."""
    return sum(1 for line in exposition.splitlines() if line and not line.startswith("#"))
