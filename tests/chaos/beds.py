"""What the services stand on: a broker (embedded, or Apache Kafka), where it is reached, and a receiver of notices."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from tests.chaos.parts import Parts
from tests.chaos.timeline import Timeline
from tests.support import apache_kafka, tansu
from tests.support.brokers import RunningBroker
from tests.support.notifier import Receiver

BROKERS = {"tansu": tansu.start, "apache_kafka": apache_kafka.start}


class Bed(NamedTuple):
    """Everything of one run."""

    parts: Parts
    receiver: Receiver
    broker: RunningBroker
    timeline: Timeline


@contextmanager
def standing(
    directory: Path,
    timeline: Timeline,
    broker: str | RunningBroker,
    *,
    workers: int = 1,
    partitions: int = 4,
    settings: Mapping[str, Mapping[str, Any]] | None = None,
    environ: Mapping[str, Mapping[str, str]] | None = None,
) -> Iterator[Bed]:
    """Start everything, the broker too unless it is given; end all that was started."""
    directory.mkdir(parents=True, exist_ok=True)
    running = BROKERS[broker](directory) if isinstance(broker, str) else broker
    receiver = Receiver()
    try:
        parts = Parts(
            directory, timeline, bootstrap=running.bootstrap, hook=receiver.url, workers=workers, partitions=partitions,
            settings=settings, environ=environ,
        )  # fmt: skip
        with parts:
            timeline.note("standing", broker=running.kind, parts=parts.names, pids=parts.pids)
            yield Bed(parts, receiver, running, timeline)
    finally:
        receiver.close()
        if isinstance(broker, str):
            running.stop()
