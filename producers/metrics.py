"""What the gateway counts. Label values come from fixed words, the configuration and our own routes only: bounded."""

from __future__ import annotations

from collections.abc import Callable

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

_SECONDS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0)


class Metrics:
    """The gateway's metrics in one registry."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.registry = registry
        self.requests = Counter("huoqun_gateway_requests", "Requests answered.", ["route", "status"], registry=registry)
        self.request_seconds = Histogram(
            "huoqun_gateway_request_seconds",
            "From the request's head to its answer.",
            ["route"],
            buckets=_SECONDS,
            registry=registry,
        )
        self.events = Counter(
            "huoqun_gateway_events", "Events acknowledged by the broker.", ["type", "kind"], registry=registry
        )
        self.refused = Counter(
            "huoqun_gateway_refused", "Requests and single events refused.", ["reason"], registry=registry
        )
        self.ignored = Counter(
            "huoqun_gateway_ignored",
            "Authentic notifications that carry no event.",
            ["kind", "what"],
            registry=registry,
        )
        self.publish_seconds = Histogram(
            "huoqun_gateway_publish_seconds",
            "From handing over to the broker's acknowledgement.",
            buckets=_SECONDS,
            registry=registry,
        )
        self.last_event = Gauge(
            "huoqun_gateway_last_event_timestamp_seconds",
            "When a configured source last sent an event.",
            ["source"],
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

    def watch(self, in_flight: Callable[[], float], connections: Callable[[], float]) -> None:
        """Read the gauges from these when scraped."""
        self._in_flight.set_function(in_flight)
        self._connections.set_function(connections)
