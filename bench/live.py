"""Workers of the product that stay alive while they are given one load after the other: their CPU time, memory, results."""

from __future__ import annotations

import signal
import subprocess
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Final
from urllib.error import URLError
from urllib.request import urlopen

import msgspec
from confluent_kafka import Consumer, TopicPartition

from bench import cores
from bench.contest import environment, worker_config
from bench.drain import DrainError, module, value
from bench.load import Filler
from bench.workload import Record
from huoqun import broker as administration
from huoqun import topics
from huoqun.config import Config, dump_env
from tests.support import running
from tests.support.brokers import free_port

READY_SECONDS: Final = 120.0
LOOK_SECONDS: Final = 0.25
"""Between two looks at a worker's metrics: answering costs it a millisecond or two."""


class Live:
    """One worker process, on one core."""

    def __init__(self, config: Config, directory: Path, core: int = cores.MEASURED) -> None:
        self.config = msgspec.structs.replace(
            config, worker=msgspec.structs.replace(config.worker, metrics_port=free_port())
        )
        self.began = time.monotonic()
        self.log = directory / f"worker-{self.config.worker.metrics_port}.log"
        with self.log.open("wb") as output:
            self.process = subprocess.Popen(
                cores.on(core, module("huoqun", "worker")),
                env=environment() | dump_env(self.config),
                cwd=directory,
                stdout=output,
                stderr=subprocess.STDOUT,
            )

    def cpu(self) -> float:
        """Return the CPU seconds it has used."""
        return running.cpu_seconds(self.process.pid)

    def memory(self, what: str = "VmRSS") -> float:
        """Return its resident memory in MiB (``VmHWM``: the most there was)."""
        return running.memory_bytes(self.process.pid, what) / 2**20

    def metric(self, name: str) -> float:
        """Return the sum over the labels of one of its metrics, 0 if it does not answer."""
        port = self.config.worker.metrics_port
        try:
            with urlopen(f"http://127.0.0.1:{port}/metrics", timeout=20) as answer:
                return value(answer.read().decode(), name)
        except (OSError, URLError):
            return 0.0

    def wait_ready(self) -> None:
        """Return when it holds partitions and their state. Raises :class:`DrainError`."""
        self.wait_for(lambda: self.metric("huoqun_worker_partitions") > 0, READY_SECONDS, "ready")

    def wait_for(self, true: object, seconds: float, what: str) -> None:
        """Return when ``true()`` is. Raises :class:`DrainError` if the worker ends, or after ``seconds``."""
        assert callable(true)
        deadline = time.monotonic() + seconds
        while not true():
            self.check()
            if time.monotonic() >= deadline:
                raise DrainError(f"not {what} within {seconds:.0f} s: {self.says()}")
            time.sleep(LOOK_SECONDS)

    def check(self) -> None:
        """Raise :class:`DrainError` if it has ended."""
        if self.process.poll() is not None:
            raise DrainError(f"the worker ended: {self.says()}")

    def says(self) -> str:
        """Return the end of its log."""
        return self.log.read_text("utf-8", "replace")[-600:]

    def kill(self) -> None:
        """End it without a chance to do anything."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait(20)


class World:
    """A set of topics, what was put into the events, and the workers on them."""

    def __init__(self, bootstrap: str, prefix: str, directory: Path, partitions: int = 4) -> None:
        config = worker_config(bootstrap, prefix, partitions, directory)
        # No ticks come between two loads, and there may be minutes between them.
        worker = msgspec.structs.replace(config.worker, watchdog_seconds=0.0)
        self.config = msgspec.structs.replace(config, worker=worker)
        self.directory = directory
        self.workers: list[Live] = []
        self.records = partitions  # the records that mark the log's generation
        administration.provision(self.config)
        self.topic = topics.full_name(prefix, topics.EVENTS)
        self._filler = Filler(bootstrap, self.topic, partitions)
        self._tick: Record | None = None

    def start(self, core: int = cores.MEASURED) -> Live:
        """Start a worker; it is not ready yet."""
        worker = Live(self.config, self.directory, core)
        self.workers.append(worker)
        return worker

    def put(self, records: Iterable[Record]) -> int:
        """Produce records, and return how many events are among them.

        Behind them comes the last tick once more: no ticker runs here, and without one the worker keeps what lies behind the
        last rest (see :mod:`streams.core.rests`).
        """
        before, events = self._filler.written, 0
        for record in records:
            self._filler.put(record)
            if record.key:
                events += 1
            else:
                self._tick = record
        if self._tick is not None:
            self._filler.put(self._tick)
        self.records += self._filler.finish() - before
        return events

    def wait_applied(self, seconds: float) -> None:
        """Return when the (one) worker, which has seen all from the beginning, has applied everything."""
        worker = self.workers[-1]

        def applied() -> bool:
            # A rebalance makes it apply some twice: then the lag tells.
            seen = worker.metric("huoqun_worker_events_total") >= self.records
            return seen and worker.metric("huoqun_worker_lag_records") == 0

        worker.wait_for(applied, seconds, "everything applied")

    def wait_caught_up(self, seconds: float) -> None:
        """Return when the workers that live hold all partitions and are at their ends, whatever they had to read again."""
        alive = [worker for worker in self.workers if worker.process.poll() is None]
        partitions = self.config.kafka.partitions
        time.sleep(1.5)  # the lag is measured once a second

        def caught_up() -> bool:
            held = sum(worker.metric("huoqun_worker_partitions") for worker in alive)
            return held == partitions and sum(worker.metric("huoqun_worker_lag_records") for worker in alive) == 0

        alive[-1].wait_for(caught_up, seconds, "caught up")

    def stop(self) -> None:
        """Kill the workers."""
        for worker in self.workers:
            worker.kill()


class Results:
    """Reads a result topic from now on."""

    def __init__(self, config: Config, topic: str) -> None:
        self.topic = topics.full_name(config.kafka.topic_prefix, topic)
        self._consumer = Consumer(
            {
                "bootstrap.servers": config.kafka.bootstrap,
                "group.id": "unused",
                "enable.auto.commit": False,
                "log_level": 2,
            }
        )
        ends = administration.end_offsets(config.kafka, self.topic)
        self._consumer.assign([TopicPartition(self.topic, partition, end) for partition, end in ends.items()])

    def wait_for(self, keys: set[str], seconds: float) -> float:
        """Return when (monotonic seconds) the last of the keys has come. Raises :class:`DrainError`."""
        left, deadline = set(keys), time.monotonic() + seconds
        at = time.monotonic()
        while left:
            if time.monotonic() >= deadline:
                raise DrainError(f"no result within {seconds:.0f} s for {len(left)} of {len(keys)} probes")
            for message in self._consumer.consume(500, 0.05):
                if message.error() is None and message.key().decode() in left:
                    left.discard(message.key().decode())
                    at = time.monotonic()
        return at

    def close(self) -> None:
        """Close the consumer."""
        self._consumer.close()
