"""What the gateway counts. Label values come from fixed words, the configuration and our own routes only: bounded.

What is counted with every request is kept in plain numbers and made into metrics when somebody asks (:class:`_Hot`): the
client library's locks and labels would take a tenth of a request's time. All of it is used from the event loop only.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable
from itertools import accumulate
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

_SECONDS: Final = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0)


class Metrics:
    """The gateway's metrics in one registry."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.registry = registry
        self._hot = _Hot()
        registry.register(self._hot)
        self.refused = Counter(
            "huoqun_gateway_refused", "Requests and single events refused.", ["reason"], registry=registry
        )
        self.ignored = Counter(
            "huoqun_gateway_ignored",
            "Authentic notifications that carry no event.",
            ["kind", "what"],
            registry=registry,
        )
        self.closed = Counter(
            "huoqun_gateway_connections_closed", "Connections that the gateway ended.", ["why"], registry=registry
        )
        self.ticks = Counter("huoqun_gateway_ticks", "Ticks written, one a partition.", registry=registry)
        self.tick_errors = Counter(
            "huoqun_gateway_tick_errors", "Rounds of ticks that failed.", ["kind"], registry=registry
        )
        self._in_flight = Gauge("huoqun_gateway_in_flight_events", "Events awaiting the broker.", registry=registry)
        self._connections = Gauge("huoqun_gateway_connections", "Open connections.", registry=registry)

    def request(self, route: str, status: int, seconds: float) -> None:
        """Count a request, ``seconds`` from its head to its answer."""
        requests, key = self._hot.requests, (route, status)
        requests[key] = requests.get(key, 0) + 1
        times = self._hot.request_seconds.get(route)
        if times is None:
            times = self._hot.request_seconds[route] = _Times()
        times.note(seconds)

    def published(self, seconds: float) -> None:
        """Count one acknowledged (or failed) publishing."""
        self._hot.publish_seconds.note(seconds)

    def accepted(self, kind: str, types: Iterable[tuple[str, int]]) -> None:
        """Count events acknowledged by the broker, by type, from a source of one kind."""
        events = self._hot.events
        for name, count in types:
            key = (name, kind)
            events[key] = events.get(key, 0) + count

    def seen(self, source: str, at: float) -> None:
        """Note that a source has sent an event, in seconds since the epoch."""
        self._hot.last_event[source] = at

    def watch(self, in_flight: Callable[[], float], connections: Callable[[], float]) -> None:
        """Read the gauges from these when scraped."""
        self._in_flight.set_function(in_flight)
        self._connections.set_function(connections)


class _Times:
    """A histogram of seconds."""

    __slots__ = ("counts", "total")

    def __init__(self) -> None:
        self.counts = [0] * (len(_SECONDS) + 1)
        self.total = 0.0

    def note(self, seconds: float) -> None:
        self.counts[bisect_left(_SECONDS, seconds)] += 1
        self.total += seconds

    def buckets(self) -> list[tuple[str, float]]:
        bounds = [*map(str, _SECONDS), "+Inf"]
        return list(zip(bounds, map(float, accumulate(self.counts)), strict=True))


class _Hot(Collector):
    """What is counted with every request."""

    def __init__(self) -> None:
        self.requests: dict[tuple[str, int], int] = {}
        self.request_seconds: dict[str, _Times] = {}
        self.publish_seconds = _Times()
        self.events: dict[tuple[str, str], int] = {}
        self.last_event: dict[str, float] = {}

    def collect(self) -> Iterable[Metric]:
        """Return the metrics as they stand."""
        requests = CounterMetricFamily("huoqun_gateway_requests", "Requests answered.", labels=["route", "status"])
        for (route, status), count in self.requests.items():
            requests.add_metric([route, str(status)], count)
        yield requests
        taken = HistogramMetricFamily(
            "huoqun_gateway_request_seconds", "From the request's head to its answer.", labels=["route"]
        )
        for route, times in self.request_seconds.items():
            taken.add_metric([route], times.buckets(), times.total)
        yield taken
        events = CounterMetricFamily(
            "huoqun_gateway_events", "Events acknowledged by the broker.", labels=["type", "kind"]
        )
        for (name, kind), count in self.events.items():
            events.add_metric([name, kind], count)
        yield events
        publishing = HistogramMetricFamily(
            "huoqun_gateway_publish_seconds", "From handing over to the broker's acknowledgement."
        )
        publishing.add_metric([], self.publish_seconds.buckets(), self.publish_seconds.total)
        yield publishing
        last = GaugeMetricFamily(
            "huoqun_gateway_last_event_timestamp_seconds",
            "When a configured source last sent an event.",
            labels=["source"],
        )
        for source, at in self.last_event.items():
            last.add_metric([source], at)
        yield last


class SpoolMetrics:
    """What is told of the spool on disk."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.written = Counter(
            "huoqun_gateway_spool_written_events", "Events kept on disk for the broker.", registry=registry
        )
        self.sent = Counter(
            "huoqun_gateway_spool_sent_events", "Events sent from disk to the broker.", registry=registry
        )
        self.errors = Counter(
            "huoqun_gateway_spool_errors",
            "What went wrong with the spool: full, disk, read, refused (an event that the broker never takes).",
            ["kind"],
            registry=registry,
        )
        self.damaged = Counter("huoqun_gateway_spool_damaged_bytes", "Bytes that could not be read.", registry=registry)
        self.lost = Counter("huoqun_gateway_spool_lost_events", "Events known to be in those.", registry=registry)
        self.cut = Counter(
            "huoqun_gateway_spool_cut_bytes", "Bytes of what was not finished when a process died.", registry=registry
        )
        self._bytes = Gauge("huoqun_gateway_spool_bytes", "Bytes on disk.", registry=registry)
        self._records = Gauge(
            "huoqun_gateway_spool_records", "Events on disk that wait for the broker.", registry=registry
        )
        self._oldest = Gauge(
            "huoqun_gateway_spool_oldest_seconds", "How long the oldest of them has waited.", registry=registry
        )

    def watch(self, held: Callable[[], float], records: Callable[[], float], oldest: Callable[[], float]) -> None:
        """Read the gauges from these when scraped."""
        self._bytes.set_function(held)
        self._records.set_function(records)
        self._oldest.set_function(oldest)
