"""A publisher on kafka-python: one producer behind one thread.

Slower than :mod:`producers.publishing.aio`, and independent of it: the one to fall back to.
"""

from __future__ import annotations

import asyncio
import logging
import queue
import threading
import time
from collections import deque
from collections.abc import Sequence
from typing import Any, Final

from kafka import KafkaProducer
from kafka.errors import KafkaError, KafkaTimeoutError, MessageSizeTooLargeError, RecordListTooLargeError

from huoqun import connection
from huoqun.kafka_config import Kafka
from producers.publishing.publisher import Overloaded, Record, Unacceptable, Unavailable, partition_of
from producers.publishing.trouble import Trouble

_LINGER_MS: Final = 2
_BATCH_BYTES: Final = 256 * 1024
_CONNECT_MS: Final = 2_000
_RENEW_SECONDS: Final = 1.0
_POLL_SECONDS: Final = 0.5

logging.getLogger("kafka").setLevel(logging.CRITICAL)  # it tells of every lost connection; we say once what it means


class _Batch:
    """One call of ``publish`` on its way: settled when every record is acknowledged or has failed."""

    __slots__ = ("abandoned", "began", "error", "future", "left", "records")

    def __init__(self, records: Sequence[Record], future: asyncio.Future[None], began: float) -> None:
        self.records = records
        self.future = future
        self.began = began
        self.left = len(records)
        self.error: Exception | None = None
        self.abandoned = False


class KafkaPythonPublisher:
    """A Kafka producer behind one thread.

    kafka-python's ``send`` may block for seconds on metadata, so it never runs on the event loop. What the loop
    collects in one iteration is handed over in one piece: there is no thread hop per event.
    """

    def __init__(
        self,
        *,
        kafka: Kafka,
        topic: str,
        timeout_seconds: float,
        max_in_flight: int,
        patience_seconds: float | None = None,
    ) -> None:
        """``patience_seconds`` is how long a call waits that is not urgent; without it as long as any, ``timeout_seconds``."""
        self._kafka = kafka
        self._topic = topic
        self._timeout = timeout_seconds
        self._patience = timeout_seconds if patience_seconds is None else min(patience_seconds, timeout_seconds)
        self._max_in_flight = max_in_flight
        self._in_flight = 0
        self._partitions = 0
        self._trouble = Trouble()
        self._unsettled: dict[_Batch, None] = {}
        self._handing_over: list[_Batch] = []
        self._queue: queue.SimpleQueue[list[_Batch] | None] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._settled: deque[_Batch] = deque()
        self._sent: dict[_Batch, None] = {}
        self._waking = False
        self._renew = False
        self._renewed_at = 0.0
        self._producer: Any = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread = threading.Thread(target=self._run, name="publisher", daemon=True)

    async def start(self) -> None:
        """Begin; returns at once, whether or not the broker can be reached."""
        self._loop = asyncio.get_running_loop()
        self._thread.start()

    def partitions(self) -> int:
        """Return the topic's partition count, 0 while it is not known."""
        return self._partitions

    def in_flight(self) -> int:
        """Return how many records await the broker."""
        return self._in_flight

    def trouble(self) -> str | None:
        """Return ``None`` when publishing works as far as is known, else why not."""
        oldest = next(iter(self._unsettled), None)
        return self._trouble.of(None if oldest is None else oldest.began, time.monotonic())

    async def publish(self, records: Sequence[Record], *, urgent: bool = False) -> None:
        """Return when all are acknowledged; see :class:`producers.publishing.publisher.Publisher`."""
        if not records:
            return
        if not urgent and self._in_flight and self._in_flight + len(records) > self._max_in_flight:
            raise Overloaded
        assert self._loop is not None
        batch = _Batch(records, self._loop.create_future(), time.monotonic())
        self._in_flight += len(records)
        self._unsettled[batch] = None
        if not self._handing_over:
            self._loop.call_soon(self._hand_over)
        self._handing_over.append(batch)
        patience = self._timeout if urgent else self._patience
        try:
            async with asyncio.timeout(patience):
                await batch.future
        except TimeoutError:
            raise Unavailable(f"the broker did not acknowledge within {patience:g} s") from None
        finally:
            batch.abandoned = True  # nobody waits any more: what is not sent yet need not be

    async def close(self) -> None:
        """Wait for what is in flight (as long as a publish may take), then end."""
        if not self._thread.is_alive():
            return
        deadline = time.monotonic() + self._timeout
        while self._unsettled and time.monotonic() < deadline:  # noqa: ASYNC110  # at the end only: not worth an event
            await asyncio.sleep(0.01)
        self._queue.put(None)
        await asyncio.to_thread(self._thread.join, self._timeout)

    # On the event loop.

    def _hand_over(self) -> None:
        batches, self._handing_over = self._handing_over, []
        self._queue.put(batches)

    def _take_settled(self) -> None:
        with self._lock:
            self._waking = False
            settled = list(self._settled)
            self._settled.clear()
        for batch in settled:
            self._unsettled.pop(batch, None)
            self._in_flight -= len(batch.records)
            self._trouble.text = None if batch.error is None else str(batch.error)
            if not batch.future.done():
                if batch.error is None:
                    batch.future.set_result(None)
                else:
                    batch.future.set_exception(batch.error)

    # On the publisher's thread, and on the producer's own for acknowledgements.

    def _settle(self, batch: _Batch, count: int, error: Exception | None = None) -> None:
        with self._lock:
            if batch.left <= 0:
                return  # given up before: the outcome comes too late
            batch.left -= count
            if error is not None:
                batch.error = error
            if batch.left > 0:
                return
            self._sent.pop(batch, None)
            self._settled.append(batch)
            if self._waking:
                return
            self._waking = True
        assert self._loop is not None
        try:
            self._loop.call_soon_threadsafe(self._take_settled)
        except RuntimeError:
            return  # the loop is closed: nobody is left to tell

    def _run(self) -> None:
        while True:
            try:
                batches = self._queue.get(timeout=_POLL_SECONDS)
            except queue.Empty:
                batches = []
            if batches is None:
                break
            self._notice_wedged()
            self._ensure_producer()
            for batch in batches:
                self._send(batch)
        self._drop_producer(timeout=1.0)

    def _notice_wedged(self) -> None:
        with self._lock:
            oldest = next(iter(self._sent), None)
        if oldest is not None and time.monotonic() - oldest.began > self._timeout * 1.25 + _POLL_SECONDS:
            self._renew = True  # past its own delivery timeout: this producer will not come back

    def _ensure_producer(self) -> None:
        if self._renew:
            self._renew = False
            self._drop_producer(timeout=0.0)
        if self._producer is None:
            if time.monotonic() - self._renewed_at < _RENEW_SECONDS:
                return
            self._renewed_at = time.monotonic()
            self._producer = self._connect()
        if self._producer is not None and not self._partitions:
            self._learn_partitions()

    def _connect(self) -> Any:
        timeout_ms = max(1_000, int(self._timeout * 1000))
        try:
            return KafkaProducer(
                **connection.for_kafka_python(self._kafka),
                client_id="huoqun-gateway",
                acks="all",
                enable_idempotence=True,
                allow_auto_create_topics=False,  # an auto-created topic has the wrong number of partitions
                linger_ms=_LINGER_MS,
                batch_size=_BATCH_BYTES,
                delivery_timeout_ms=timeout_ms,
                request_timeout_ms=timeout_ms * 8 // 10,
                max_block_ms=min(_CONNECT_MS, timeout_ms),
                bootstrap_timeout_ms=min(_CONNECT_MS, timeout_ms),
                metadata_max_age_ms=30_000,
                metrics_enabled=False,
            )
        except (KafkaError, OSError, ValueError) as error:
            self._trouble.note(f"no Kafka broker at {self._kafka.bootstrap}: {type(error).__name__}", time.monotonic())
            return None

    def _learn_partitions(self) -> None:
        try:
            self._partitions = len(self._producer.partitions_for(self._topic) or ())
        except KafkaError:
            self._trouble.note(
                f"topic {self._topic} is not there (run: huoqun provision), or the broker does not answer",
                time.monotonic(),
            )
            return
        if self._partitions:
            self._trouble.note(None, time.monotonic())

    def _drop_producer(self, timeout: float) -> None:
        producer, self._producer = self._producer, None
        if producer is not None:
            try:
                producer.close(timeout=timeout)
            except KafkaError:
                # It waits for what is left before it forces anything; and a sender thread whose request for a producer id
                # was lost with its connection waits for ever (kafka-python 3.0.12). So force it, and close no second time.
                producer._sender.force_close()  # noqa: SLF001  # there is no public way
                producer._closed = True  # noqa: SLF001  # else its finaliser waits again
        with self._lock:
            abandoned = list(self._sent)
        for batch in abandoned:
            self._settle(batch, batch.left, Unavailable("the connection to the broker was given up"))

    def _send(self, batch: _Batch) -> None:
        if batch.abandoned:
            self._settle(batch, len(batch.records), Unavailable("nobody waits for it any more"))
            return
        if self._producer is None or not self._partitions:
            self._settle(batch, len(batch.records), Unavailable(self._trouble.text or "not connected to the broker"))
            return
        with self._lock:
            self._sent[batch] = None
        send, topic, partitions = self._producer.send, self._topic, self._partitions
        sent: dict[int, list[Any]] = {}
        for count, (key, value, partition) in enumerate(batch.records):
            if partition is None:
                partition = 0 if key is None else partition_of(key, partitions)  # noqa: PLW2901  # one name for one thing
            try:
                future = send(topic, value=value, key=key, partition=partition)
            except (KafkaError, ValueError) as error:
                self._failed(batch, error, len(batch.records) - count)
                break
            sent.setdefault(partition, []).append(future)
        for futures in sent.values():
            self._watch(batch, futures)

    def _watch(self, batch: _Batch, futures: list[Any]) -> None:
        """Have the futures of one partition counted when the last of them is done.

        A partition's records are acknowledged in order, so then all are; where not, the rest is watched on. This saves a
        callback per record, a third of the cost of sending it.
        """

        def done(_outcome: Any) -> None:
            pending = [future for future in futures if not future.is_done]
            error = next((future.exception for future in futures if future.is_done and future.exception), None)
            count = len(futures) - len(pending)
            if error is None:
                self._settle(batch, count)
            else:
                self._failed(batch, error, count)
            if pending:
                self._watch(batch, pending)

        futures[-1].add_callback(done)
        futures[-1].add_errback(done)

    def _failed(self, batch: _Batch, error: Exception, count: int) -> None:
        if isinstance(error, KafkaTimeoutError):
            why = f"the broker did not acknowledge within {self._timeout:g} s"
            self._partitions = 0  # ask again: the topic may have been removed or cut anew
        else:
            why = f"the broker refused: {type(error).__name__}"
        if isinstance(error, MessageSizeTooLargeError | RecordListTooLargeError):
            self._settle(batch, count, Unacceptable(why))
            return
        self._renew = True  # timed out, fenced, out of sequence, closed: a new producer starts a new sequence
        self._settle(batch, count, Unavailable(why))
