"""Records read from a topic and written to one, a few at a time; by kafka-python."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from types import TracebackType
from typing import Any, Final, NamedTuple, Self

from kafka import KafkaConsumer, KafkaProducer, TopicPartition
from kafka.errors import KafkaError

from huoqun import broker, codec, connection
from huoqun.broker import REQUEST_SECONDS, BrokerError
from huoqun.kafka_config import Kafka
from huoqun.results import Result

_CLIENT: Final = "huoqun-cli"
_TIMEOUTS: Final = {"request_timeout_ms": int(REQUEST_SECONDS * 1000), "bootstrap_timeout_ms": 10_000}
_AGAIN_SECONDS: Final = 1.0
_FOLLOW_MS: Final = 1_000
_LARGEST: Final = 64 * 1024 * 1024

Headers = Sequence[tuple[str, bytes]]


class Record(NamedTuple):
    """One record as it stands in a topic. ``at`` is its time (ms), as the broker has it."""

    partition: int
    offset: int
    at: int
    key: bytes | None
    value: bytes | None
    headers: Headers = ()


class Place(NamedTuple):
    """Where a record was written."""

    partition: int
    offset: int


def read(kafka: Kafka, topic: str, *, most: int | None = None) -> Iterator[Record]:
    """Yield every record that is in a topic now, by partition in order; with ``most``, the last so many of each.

    Raises :class:`BrokerError`.
    """
    ends = broker.end_offsets(kafka, topic)
    starts = {part: 0 if most is None else max(0, end - most) for part, end in ends.items()}
    yield from read_between(kafka, topic, starts, ends)


def read_between(
    kafka: Kafka, topic: str, starts: Mapping[int, int], ends: Mapping[int, int], *, batch: int = 500
) -> Iterator[Record]:
    """Yield what is still there from offset ``starts`` up to ``ends``, not included, of each partition."""
    with broker.errors(kafka):
        consumer = _consumer(kafka, batch)
        try:
            waiting = {TopicPartition(topic, p): end for p, end in ends.items() if starts.get(p, 0) < end}
            consumer.assign(sorted(waiting))
            for tp in waiting:
                consumer.seek(tp, starts.get(tp.partition, 0))
            deadline = time.monotonic() + REQUEST_SECONDS
            while waiting:
                for tp, records in consumer.poll(timeout_ms=500).items():
                    deadline = time.monotonic() + REQUEST_SECONDS
                    for r in records:
                        if r.offset < waiting.get(tp, 0):
                            yield _record(tp.partition, r)
                for tp in [tp for tp, end in waiting.items() if consumer.position(tp) >= end]:
                    del waiting[tp]
                    consumer.pause(tp)
                if time.monotonic() >= deadline:
                    raise BrokerError(f"the broker at {kafka.bootstrap} stopped answering in the middle of {topic}")
        finally:
            consumer.close(autocommit=False)


def read_one(kafka: Kafka, topic: str, partition: int, offset: int) -> Record | None:
    """Return the record at an offset, ``None`` when it is not there (any more). Raises :class:`BrokerError`."""
    end = broker.end_offsets(kafka, topic).get(partition, 0)
    if not 0 <= offset < end:
        return None
    for record in read_between(kafka, topic, {partition: offset}, {partition: offset + 1}, batch=1):
        if record.offset == offset:
            return record
    return None


def partitions(kafka: Kafka, topic: str) -> int:
    """Return how many partitions a topic has. Raises :class:`BrokerError` if it is missing."""
    return len(broker.end_offsets(kafka, topic))


class Follower:
    """Reads one partition in a thread of its own: the last ``most`` records that are there, then whatever comes.

    ``take`` is called in that thread; the first time with all that was there, which may be nothing. Trouble with the broker is
    waited out; a record may come twice after it.
    """

    def __init__(self, kafka: Kafka, topic: str, *, most: int, take: Callable[[list[Record]], None]) -> None:
        self._kafka = kafka
        self._topic = topic
        self._most = most
        self._take = take
        self._next: int | None = None
        self._stopping = threading.Event()

    def start(self) -> None:
        """Begin. The thread does not keep the process from ending."""
        threading.Thread(target=self._run, name=f"read {self._topic}", daemon=True).start()

    def stop(self) -> None:
        """End soon."""
        self._stopping.set()

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                if self._next is None:
                    self._read_what_is_there()
                self._follow()
            except (BrokerError, KafkaError):
                self._stopping.wait(_AGAIN_SECONDS)

    def _read_what_is_there(self) -> None:
        end = broker.end_offsets(self._kafka, self._topic)[0]
        start = max(0, end - self._most)
        self._take(list(read_between(self._kafka, self._topic, {0: start}, {0: end})))
        self._next = end

    def _follow(self) -> None:
        partition = TopicPartition(self._topic, 0)
        consumer = _consumer(self._kafka, 500, wait_ms=_FOLLOW_MS)
        try:
            consumer.assign([partition])
            consumer.seek(partition, self._next)
            while not self._stopping.is_set():
                for found in consumer.poll(timeout_ms=_FOLLOW_MS).values():
                    self._take([_record(partition.partition, r) for r in found])
                    self._next = found[-1].offset + 1
        finally:
            consumer.close(autocommit=False)


class Writer:
    """Writes records that all replicas have to acknowledge; use it in a ``with`` block."""

    def __init__(self, kafka: Kafka) -> None:
        self._kafka = kafka
        self._producer: Any = None

    def __enter__(self) -> Self:
        """Connect. Raises :class:`BrokerError`."""
        with broker.errors(self._kafka):
            self._producer = KafkaProducer(
                **connection.for_kafka_python(self._kafka),
                **_TIMEOUTS,
                client_id=_CLIENT,
                acks="all",
                linger_ms=5,
                max_request_size=_LARGEST,
            )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Let go of the connection; what was waited for is written."""
        self._producer.close(timeout=REQUEST_SECONDS)

    def write(
        self, topic: str, *, key: bytes | None, value: bytes | None, partition: int | None = None, headers: Headers = ()
    ) -> Any:
        """Send one record; what is returned is for :meth:`wait`. Without a partition the key's hash chooses it."""
        try:
            return self._producer.send(topic, key=key, value=value, partition=partition, headers=list(headers))
        except (KafkaError, AssertionError) as error:
            return error

    def wait(self, sent: Sequence[Any]) -> list[Place | str]:
        """Return where each record went, or why the broker did not take it.

        Raises :class:`BrokerError` if it does not say in time.
        """
        with broker.errors(self._kafka):
            self._producer.flush(timeout=REQUEST_SECONDS)
        return [_outcome(each) for each in sent]


class Keeper:
    """Writes results to one topic, one by one; one thread uses it. It connects with the first, and again after trouble."""

    def __init__(self, kafka: Kafka, topic: str) -> None:
        self._kafka, self._topic = kafka, topic
        self._writer: Writer | None = None

    def keep(self, result: Result) -> Place | str:
        """Return where it is when all replicas have it, or why the broker did not take it. Raises :class:`BrokerError`."""
        try:
            if self._writer is None:
                self._writer = Writer(self._kafka).__enter__()
            key = f"{result.platform}/{result.group_id}".encode()
            (done,) = self._writer.wait([self._writer.write(self._topic, key=key, value=codec.encode(result))])
        except BrokerError:
            self.close()
            raise
        if not isinstance(done, Place):
            self.close()
        return done

    def close(self) -> None:
        """Let go of the connection."""
        writer, self._writer = self._writer, None
        if writer is not None:
            writer.__exit__(None, None, None)


def _record(partition: int, r: Any) -> Record:
    return Record(partition, r.offset, r.timestamp, r.key, r.value, tuple(r.headers))


def _outcome(sent: Any) -> Place | str:
    if isinstance(sent, Exception):
        return f"{type(sent).__name__}: {sent}"
    try:
        done = sent.get(timeout=REQUEST_SECONDS)
    except KafkaError as error:
        return f"{type(error).__name__}: {error}"
    return Place(done.partition, done.offset)


def _consumer(kafka: Kafka, batch: int, *, wait_ms: int = 50) -> Any:
    return KafkaConsumer(
        **connection.for_kafka_python(kafka),
        **_TIMEOUTS,
        client_id=_CLIENT,
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        fetch_max_wait_ms=wait_ms,
        max_poll_records=batch,
    )
