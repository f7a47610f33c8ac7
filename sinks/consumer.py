"""The topics as the sink reads them, and the dead letters as it writes them. Only this module here knows Kafka's clients.

librdkafka reads (confluent-kafka): a third of kafka-python's time per record, and it keeps the membership from a thread
of its own. kafka-python writes, as everywhere.

Rebalances need no code. A record's row is stored before its offset is committed, records of a partition are read in
order from a committed offset on, and storing a row twice changes nothing: so whatever offset is committed, everything
below it is stored, whoever owns the partition by then. What was read and not committed before a partition moved is
read again by its new owner.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple, Protocol

from confluent_kafka import Consumer, KafkaException, TopicPartition
from confluent_kafka import KafkaError as ConsumerError
from kafka import KafkaProducer
from kafka.errors import KafkaError

from huoqun import broker, codec, connection
from huoqun.kafka_config import Kafka
from huoqun.results import DeadLetter
from sinks.batch import Chunk, Partition

MAX_POLL_RECORDS: Final = 10_000
FETCH_WAIT_MS: Final = 100
SESSION_MS: Final = 6_000
HEARTBEAT_MS: Final = 2_000
ANSWER_MS: Final = 10_000
GATHER_MS: Final = 20
"""How long a poll goes on gathering after the first record: a handful at a time would cost more than it brings."""
QUEUED_KBYTES: Final = 16 * 1024
"""How much the client reads ahead."""
DEAD_LETTER_SECONDS: Final = 30.0

logging.getLogger("kafka").setLevel(logging.ERROR)  # it warns of every rebalance and refused connection


class Lag(NamedTuple):
    """Records that one partition still has for us, as far as the last fetch told."""

    topic: str
    partition: int
    records: int


class SourceError(Exception):
    """The broker could not do it now; nothing is lost by trying again."""


class Source(Protocol):
    """The consumer, as the service sees it."""

    def poll(self, timeout_ms: int) -> Sequence[Chunk]:
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

    def __init__(self, kafka: Kafka, topics: Sequence[str], group: str) -> None:
        """Raises ``BrokerError`` where none answers."""
        self._may_leave = broker.membership(kafka, group).may_leave
        self._paused = self._resuming = False
        self._problem = ""
        self._consumer: Any = Consumer(
            {
                **connection.for_librdkafka(kafka),
                "client.id": "huoqun-sink",
                "group.id": group,
                "enable.auto.commit": False,  # an offset is committed when its row is stored, and not before
                "enable.auto.offset.store": False,
                "auto.offset.reset": "earliest",
                "partition.assignment.strategy": "range",
                "fetch.wait.max.ms": FETCH_WAIT_MS,  # some brokers sleep it through instead of waking when records come
                "max.partition.fetch.bytes": 4 * 1024 * 1024,
                "queued.max.messages.kbytes": QUEUED_KBYTES,
                "session.timeout.ms": SESSION_MS,
                "heartbeat.interval.ms": HEARTBEAT_MS,
                "socket.timeout.ms": ANSWER_MS,
                "check.crcs": True,
                "log_level": 0,  # it tells of every connection; what it means comes by the callback
                "error_cb": self._note,
            }
        )
        self._assigned = False
        self._consumer.subscribe(list(topics), on_assign=self._take, on_revoke=self._give_back, on_lost=self._give_back)

    def _take(self, _: object, partitions: Sequence[object]) -> None:
        self._assigned = bool(partitions)

    def _give_back(self, _: object, __: object) -> None:
        self._assigned = False

    def _note(self, error: ConsumerError) -> None:
        self._problem = error.str()

    def poll(self, timeout_ms: int) -> Sequence[Chunk]:
        """Return records by partition, as soon as there are any."""
        if self._paused or self._resuming:
            self._pause_or_resume()
        try:
            first = self._consumer.poll(timeout_ms / 1000)
            messages = [] if first is None else [first, *self._consumer.consume(MAX_POLL_RECORDS - 1, GATHER_MS / 1000)]
        except KafkaException as error:
            raise SourceError(_told(error)) from None
        by_partition: dict[Partition, list[Any]] = {}
        for message in messages:
            problem = message.error()
            if problem is not None:
                self._problem = problem.str()
                continue
            partition = (message.topic(), message.partition())
            found = by_partition.get(partition)
            if found is None:
                by_partition[partition] = [message]
            else:
                found.append(message)
        if not by_partition and self._problem:
            said, self._problem = self._problem, ""
            raise SourceError(said)
        return [
            Chunk(partition, [m.offset() for m in found], [m.key() for m in found], [m.value() for m in found])
            for partition, found in by_partition.items()
        ]

    def pause(self) -> None:
        """Pause every partition that is ours, now and after a rebalance."""
        self._paused, self._resuming = True, False
        self._pause_or_resume()

    def resume(self) -> None:
        """Resume every partition."""
        self._paused, self._resuming = False, True
        self._pause_or_resume()

    def commit(self, offsets: Mapping[Partition, int]) -> None:
        """Commit for those partitions that are still ours: others are their new owner's to move."""
        try:
            ours = {(tp.topic, tp.partition) for tp in self._consumer.assignment()}
            wanted = [TopicPartition(*partition, offset) for partition, offset in offsets.items() if partition in ours]
            if wanted:
                answers = self._consumer.commit(offsets=wanted, asynchronous=False)
                refused = next((tp.error for tp in answers if tp.error is not None), None)
                if refused is not None:
                    raise SourceError(refused.str())
        except KafkaException as error:
            raise SourceError(_told(error)) from None

    def assigned(self) -> bool:
        """Whether any partition is ours, as of the last poll.

        Any thread may ask: the client itself is asked by the polling thread alone, others were seen to wait for ever.
        """
        return self._assigned

    def lag(self) -> list[Lag]:
        """Return the lag by partition; partitions not fetched from yet are left out."""
        found = []
        try:
            for tp in self._consumer.position(self._consumer.assignment()):
                _, high = self._consumer.get_watermark_offsets(tp, cached=True)
                if tp.offset >= 0 and high >= 0:
                    found.append(Lag(tp.topic, tp.partition, max(0, high - tp.offset)))
        except KafkaException:
            return []  # in the middle of a rebalance: told next time
        return found

    def close(self) -> None:
        """Leave the group, if it may be left now; else the broker finds out by the missing heartbeats."""
        if not self._may_leave():
            self._consumer = None  # without closing it, the client ends and tells nobody
            return
        try:
            self._consumer.close()
        except KafkaException:
            return  # the broker finds out by the missing heartbeats

    def _pause_or_resume(self) -> None:
        """Try it now, and at the next poll again if that fails: in the middle of a rebalance it does."""
        try:
            partitions = self._consumer.assignment()
            if self._paused:
                self._consumer.pause(partitions)
            else:
                self._consumer.resume(partitions)
                self._resuming = False
        except KafkaException as error:
            self._problem = _told(error)


class DeadLetters(Protocol):
    """Where records go that nobody can use."""

    def send(self, letters: Sequence[DeadLetter]) -> None:
        """Return when the broker has them all; raises :class:`SourceError`."""

    def close(self) -> None:
        """Give the connection back."""


class KafkaDeadLetters:
    """The dead-letter topic. The key is where the record was, so that a repeat can be told from another letter."""

    def __init__(self, kafka: Kafka, topic: str) -> None:
        self._kafka = kafka
        self._topic = topic
        self._producer: Any = None  # most sinks never need one

    def send(self, letters: Sequence[DeadLetter]) -> None:
        """Write the letters and wait for their acknowledgement by all replicas."""
        try:
            if self._producer is None:
                self._producer = KafkaProducer(
                    **connection.for_kafka_python(self._kafka),
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


def _told(error: KafkaException) -> str:
    return str(error.args[0].str() if error.args else error)[:300]


def _said(error: KafkaError) -> str:
    return f"{type(error).__name__}: {error}"[:300]
