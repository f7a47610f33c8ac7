"""What is told of each source to Prometheus. Names are those of the configuration, and one for the rest: bounded."""

from __future__ import annotations

from collections.abc import Iterable

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from producers.watch.watching import Watches


class SourceMetrics(Collector):
    """The metrics of one process: counters add up over processes. What was lost, and who is silent, one process tells for all."""

    def __init__(self, watches: Watches) -> None:
        self._watches = watches
        self._lost: dict[tuple[str, str], int] = {}
        self.silent: dict[str, bool] = {}

    def lose(self, source: str, kind: str, count: int) -> None:
        """Count what was lost on the way."""
        self._lost[source, kind] = self._lost.get((source, kind), 0) + count

    def collect(self) -> Iterable[Metric]:
        """Return the metrics as they stand."""
        watches = self._watches.all()
        events = CounterMetricFamily("huoqun_gateway_source_events", "Events stored, by source.", labels=["source"])
        refused = CounterMetricFamily(
            "huoqun_gateway_source_refused",
            "Requests and single events refused, by source.",
            labels=["source", "reason"],
        )
        beats = CounterMetricFamily("huoqun_gateway_source_heartbeats", "Heartbeats of a source.", labels=["source"])
        last = GaugeMetricFamily(
            "huoqun_gateway_source_last_sign_timestamp_seconds",
            "When a source last sent anything authentic, an event or not.",
            labels=["source"],
        )
        skew = GaugeMetricFamily(
            "huoqun_gateway_source_skew_seconds",
            "How far a source's clock is behind ours (median of the last hour).",
            labels=["source"],
        )
        now = max((watch.last_sign_at for watch in watches.values()), default=0)
        for name, watch in watches.items():
            events.add_metric([name], watch.events)
            beats.add_metric([name], watch.beats)
            for reason, count in watch.refused.items():
                refused.add_metric([name, reason], count)
            if watch.last_sign_at:
                last.add_metric([name], watch.last_sign_at / 1000)
            behind = watch.skew_ms(now)
            if behind is not None:
                skew.add_metric([name], behind / 1000)
        yield from (events, refused, beats, last, skew)
        lost = CounterMetricFamily(
            "huoqun_gateway_source_lost",
            "Steps of a platform's counter and heartbeats that were lost on the way.",
            labels=["source", "kind"],
        )
        for (name, kind), count in self._lost.items():
            lost.add_metric([name, kind], count)
        yield lost
        silent = GaugeMetricFamily(
            "huoqun_gateway_source_silent", "1 while a source's silence is an open alert.", labels=["source"]
        )
        for name, is_silent in self.silent.items():
            silent.add_metric([name], float(is_silent))
        yield silent
