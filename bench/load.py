"""The load, put into topics: events by the hash of their key, as the product's producers do, ticks into every partition."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient, NewTopic
from kafka.partitioner.default import murmur2

from bench.workload import Record


class LoadError(Exception):
    """The broker did not take the load."""


def partition_of(key: str, partitions: int) -> int:
    """Return the partition of a key, as Kafka's own clients compute it."""
    return int((murmur2(key.encode()) & 0x7FFFFFFF) % partitions)


class Filler:
    """A producer into one topic."""

    def __init__(self, bootstrap: str, topic: str, partitions: int) -> None:
        self.topic = topic
        self.partitions = partitions
        self.written = 0
        self._where: dict[str, int] = {}
        self._errors: list[Any] = []
        self._producer = Producer(
            {
                "bootstrap.servers": bootstrap,
                "acks": "all",
                "linger.ms": 5,
                "batch.size": 256 * 1024,
                "queue.buffering.max.messages": 200_000,
                "queue.buffering.max.kbytes": 256 * 1024,
                "delivery.report.only.error": True,
                "log_level": 2,  # it reports the end of the broker, which is ours
            }
        )

    def put(self, record: Record) -> None:
        """Queue an event, or a tick for every partition."""
        key, value = record
        if not key:
            for partition in range(self.partitions):
                self._produce(None, value, partition)
            return
        partition = self._where.get(key, -1)
        if partition < 0:
            partition = self._where[key] = partition_of(key, self.partitions)
        self._produce(key.encode(), value, partition)

    def finish(self) -> int:
        """Wait until all is acknowledged; return how many records were written. Raises :class:`LoadError`."""
        left = self._producer.flush(60)
        if left or self._errors:
            raise LoadError(f"{self.topic}: {left} records not acknowledged; refused: {self._errors[:1]}")
        return self.written

    def _produce(self, key: bytes | None, value: bytes, partition: int) -> None:
        while True:
            try:
                self._producer.produce(self.topic, value, key, partition, on_delivery=self._delivered)
            except BufferError:
                self._producer.poll(0.05)
            else:
                self.written += 1
                return

    def _delivered(self, error: Any, _message: Any) -> None:
        if error is not None:
            self._errors.append(error)


def fill(bootstrap: str, topic: str, partitions: int, records: Iterable[Record]) -> int:
    """Produce records in order; return how many the topic holds more. Raises :class:`LoadError`."""
    filler = Filler(bootstrap, topic, partitions)
    for record in records:
        filler.put(record)
    return filler.finish()


def make(bootstrap: str, topics: Sequence[str], partitions: int) -> None:
    """Create plain topics."""
    admin = AdminClient({"bootstrap.servers": bootstrap, "log_level": 2})
    for done in admin.create_topics([NewTopic(t, partitions, 1) for t in topics]).values():
        done.result(30)


def remove(bootstrap: str, prefix: str) -> None:
    """Delete every topic whose name begins with ``prefix``: the broker's disk is not without end."""
    admin = AdminClient({"bootstrap.servers": bootstrap, "log_level": 2})
    names = [name for name in admin.list_topics(timeout=10).topics if name.startswith(prefix)]
    for done in admin.delete_topics(names).values() if names else ():
        done.result(30)
