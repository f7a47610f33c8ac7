"""The broker that the figures are measured on: Apache Kafka, one node, on the core that nothing measured runs on."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench import cores
from tests.support import apache_kafka, tansu
from tests.support.brokers import RunningBroker


@contextmanager
def running(kind: str = "apache_kafka", *, pinned: bool = True) -> Iterator[RunningBroker]:
    """Run a broker (``apache_kafka`` or ``tansu``) as long as the block does.

    ``pinned``: on a core of its own, and this process, with whatever it starts from now on, beside it.

    Raises ``tests.support.fetch_kafka.UnavailableError`` where Java or Kafka's artifacts can't be had.
    """
    if pinned:
        cores.stay_away()
    with tempfile.TemporaryDirectory(prefix="huoqun-bench-") as directory:
        broker = (apache_kafka if kind == "apache_kafka" else tansu).start(Path(directory))
        try:
            yield broker
        finally:
            broker.stop()
