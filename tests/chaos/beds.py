"""What the services stand on: a broker (embedded, or Apache Kafka), where it is reached, and a receiver of notices."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple
from unittest.mock import patch

from huoqun.broker import wait_for_broker
from huoqun.local import processes
from tests.chaos.network import Line
from tests.chaos.parts import Parts
from tests.chaos.timeline import Timeline
from tests.support import apache_kafka, tansu
from tests.support.brokers import OwnBroker, RunningBroker
from tests.support.notifier import Receiver

BROKERS = {"tansu": tansu.start, "apache_kafka": apache_kafka.start}


class NotHereError(Exception):
    """This machine cannot run the scenario; the message says what is missing."""


class Bed(NamedTuple):
    """Everything of one run."""

    parts: Parts
    receiver: Receiver
    broker: RunningBroker
    timeline: Timeline


def kill(broker: OwnBroker, timeline: Timeline) -> None:
    """Kill -9 the broker; what it has on disk stays."""
    timeline.note("signal", part=broker.kind, pid=broker.process.pid, signal="SIGKILL")
    broker.process.kill()
    broker.process.wait()


def start_again(broker: OwnBroker, timeline: Timeline) -> None:
    """Start a broker that was killed on its disk, and return when it answers."""
    with broker.log.open("ab") as output:
        broker.process = subprocess.Popen(
            broker.process.args, stdout=output, stderr=subprocess.STDOUT, start_new_session=True
        )
    wait_for_broker(broker.kafka, 150)
    timeline.note("answers", part=broker.kind, pid=broker.process.pid)


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
    line: Line | None = None,
) -> Iterator[Bed]:
    """Start everything, the broker too unless it is given; end all that was started.

    By ``line`` alone the services (and we) are told to reach the broker.
    """
    directory.mkdir(parents=True, exist_ok=True)
    running = BROKERS[broker](directory, line) if isinstance(broker, str) else broker
    bootstrap = running.bootstrap if line is None else f"127.0.0.1:{line.port}"
    receiver = Receiver()
    try:
        parts = Parts(
            directory, timeline, bootstrap=bootstrap, hook=receiver.url, workers=workers, partitions=partitions,
            settings=settings, environ=environ,
        )  # fmt: skip
        at_once = patch.object(
            processes, "LONGEST_DELAY", processes.FIRST_DELAY
        )  # they die often, and nothing is wrong with them
        with at_once, parts:
            timeline.note("standing", broker=running.kind, parts=parts.names, pids=parts.pids)
            yield Bed(parts, receiver, running, timeline)
    finally:
        receiver.close()
        if isinstance(broker, str):
            running.stop()
