"""The topics as the sink reads them, and the dead letters as it writes them. Only this module here knows kafka-python.

Rebalances need no code. A record's row is stored before its offset is committed, records of a partition are read in
order from a committed offset on, and storing a row twice changes nothing: so whatever offset is committed, everything
below it is stored, whoever owns the partition by then. What was read and not committed before a partition moved is
read again by its new owner. (The listener of kafka-python 3 runs on the client's own event loop, where a flush would
stop heartbeats.)
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple, Protocol

from kafka import KafkaConsumer, KafkaProducer, TopicPartition
from kafka.coordinator.assignors.range import RangePartitionAssignor
from kafka.errors import KafkaError
from kafka.structs import OffsetAndMetadata

from huoqun import codec
from huoqun.results import DeadLetter
from sinks.batch import Partition

MAX_POLL_RECORDS: Final = 5_000
FETCH_WAIT_MS: Final = 100
SESSION_MS: Final = 6_000
HEARTBEAT_MS: Final = 2_000
COMMIT_MS: Final = 10_000
DEAD_LETTER_SECONDS: Final = 30.0

logging.getLogger("kafka").setLevel(logging.ERROR)  # it warns of every rebalance and refused connection


class Record(Protocol):
    """What we use of a consumed record."""

    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None


class Lag(NamedTuple):
    """Records that one partition still has for us, as far as the last fetch told."""

    topic: str
    partition: int
    records: int


class SourceError(Exception):
    """The broker could not do it now; nothing is lost by trying again."""


class Source(Protocol):
    """The consumer, as the service sees it."""

    def poll(self, timeout_ms: int) -> Sequence[tuple[Partition, Sequence[Record]]]:
        """Return records by partition, in offset order. This keeps the membership: call it at least once a minute."""

    def pause(self) -> None:
        """Fetch nothing, of any partition, newly assigned ones too, until :meth:`resume`."""

    def resume(self) -> None:
        """Fetch again."""

    def commit(self, offsets: Mapping[Partition, int]) -> None:
        """Commit next offsets; raises :class:`SourceError`."""

    def assigned(self) -> bool:
        """Whether any partition is ours now."""

    def lag(self) -> list[Lag]:
        """How far behind we are in the partitions that are ours."""

    def close(self) -> None:
        """Leave the group. Nothing is committed by it."""


class KafkaSource:
    """A member of the sink's consumer group."""

    def __init__(self, bootstrap: str, topics: Sequence[str], group: str) -> None:
        self._paused = False
        self._consumer: Any = KafkaConsumer(
            *topics,
            bootstrap_servers=bootstrap.split(","),
            client_id="huoqun-sink",
            group_id=group,
            enable_auto_commit=False,  # an offset is committed when its row is stored, and not before
            auto_offset_reset="earliest",
            partition_assignment_strategy=[RangePartitionAssignor],
            max_poll_records=MAX_POLL_RECORDS,
            fetch_max_wait_ms=FETCH_WAIT_MS,  # some brokers sleep it through instead of waking when records come
            max_partition_fetch_bytes=4 * 1024 * 1024,
            session_timeout_ms=SESSION_MS,
            heartbeat_interval_ms=HEARTBEAT_MS,
        )

    def poll(self, timeout_ms: int) -> Sequence[tuple[Partition, Sequence[Record]]]:
        """Return records by partition."""
        try:
            if self._paused:
                self._pause_all()
            found = self._consumer.poll(timeout_ms=timeout_ms)
        except KafkaError as error:
            raise SourceError(_said(error)) from None
        return [((tp.topic, tp.partition), records) for tp, records in found.items()]

    def pause(self) -> None:
        """Pause every partition that is ours, now and after a rebalance."""
        self._paused = True
        self._pause_all()

    def resume(self) -> None:
        """Resume every partition."""
        self._paused = False
        self._consumer.resume(*self._consumer.paused())

    def commit(self, offsets: Mapping[Partition, int]) -> None:
        """Commit for those partitions that are still ours: others are their new owner's to move."""
        try:
            ours = self._consumer.assignment()
            wanted = {
                TopicPartition(topic, partition): OffsetAndMetadata(offset, "", -1)
                for (topic, partition), offset in offsets.items()
                if TopicPartition(topic, partition) in ours
            }
            if wanted:
                self._consumer.commit(wanted, timeout_ms=COMMIT_MS)
        except KafkaError as error:
            raise SourceError(_said(error)) from None

    def assigned(self) -> bool:
        """Whether any partition is ours."""
        return bool(self._consumer.assignment())

    def lag(self) -> list[Lag]:
        """Return the lag by partition; partitions not fetched from yet are left out."""
        found = []
        for tp in self._consumer.assignment():
            high = self._consumer.highwater(tp)
            if high is not None:
                try:
                    position = self._consumer.position(tp, timeout_ms=0)
                except KafkaError:
                    continue
                if position is not None:
                    found.append(Lag(tp.topic, tp.partition, max(0, high - position)))
        return found

    def close(self) -> None:
        """Leave the group."""
        try:
            self._consumer.close(autocommit=False, timeout_ms=5_000)
        except KafkaError:
            return  # the broker finds out by the missing heartbeats

    def _pause_all(self) -> None:
        running = self._consumer.assignment() - self._consumer.paused()
        if running:
            self._consumer.pause(*running)


class DeadLetters(Protocol):
    """Where records go that nobody can use."""

    def send(self, letters: Sequence[DeadLetter]) -> None:
        """Return when the broker has them all; raises :class:`SourceError`."""

    def close(self) -> None:
        """Give the connection back."""


class KafkaDeadLetters:
    """The dead-letter topic. The key is where the record was, so that a repeat can be told from another letter."""

    def __init__(self, bootstrap: str, topic: str) -> None:
        self._bootstrap = bootstrap
        self._topic = topic
        self._producer: Any = None  # most sinks never need one

    def send(self, letters: Sequence[DeadLetter]) -> None:
        """Write the letters and wait for their acknowledgement by all replicas."""
        try:
            if self._producer is None:
                self._producer = KafkaProducer(
                    bootstrap_servers=self._bootstrap.split(","),
                    client_id="huoqun-sink",
                    acks="all",
                    linger_ms=0,
                    max_request_size=64 * 1024 * 1024,  # base64 makes a record that just fitted a third longer
                )
            sent = [
                self._producer.send(
                    self._topic,
                    key=f"{letter.topic}/{letter.partition}/{letter.offset}".encode(),
                    value=codec.encode(letter),
                )
                for letter in letters
            ]
            for future in sent:
                future.get(timeout=DEAD_LETTER_SECONDS)
        except KafkaError as error:
            raise SourceError(_said(error)) from None

    def close(self) -> None:
        """Close the producer; everything sent is acknowledged already."""
        if self._producer is not None:
            self._producer.close(timeout=5)


def _said(error: KafkaError) -> str:
    return f"{type(error).__name__}: {error}"[:300]
