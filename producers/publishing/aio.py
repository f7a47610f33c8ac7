"""A publisher on aiokafka with batches of its own: what arrives within a moment leaves as one batch a partition.

aiokafka's ``send`` costs a future, a waiter and a wake-up a record. Here records wait in a lane, one a partition; a lane's
records leave together as one finished batch, one batch of a lane is on its way at a time, and what arrives meanwhile is the
next one. So the order in a lane is kept whatever is sent again, and a busy broker gets larger batches by itself. A caller
waits for one future, whatever number of records and lanes it has.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections import deque
from collections.abc import Sequence
from functools import partial
from typing import Any, Final

from aiokafka import AIOKafkaProducer
from aiokafka.errors import MessageSizeTooLargeError, RecordListTooLargeError, RequestTimedOutError

from huoqun import connection
from huoqun.kafka_config import Kafka
from producers.publishing.publisher import MAX_VALUE_BYTES, Overloaded, Record, Unacceptable, Unavailable, partition_of
from producers.publishing.trouble import Trouble

_LINGER_SECONDS: Final = 0.001
"""How long the first record of a batch waits for others."""

_BATCH_BYTES: Final = MAX_VALUE_BYTES
"""Where a batch is full: below what Kafka takes by default (1 MB), also with one record of the largest size."""

_CONNECT_SECONDS: Final = 2.0
_RENEW_SECONDS: Final = 1.0
_SWEEP_SECONDS: Final = 0.1

logging.getLogger("aiokafka").setLevel(logging.CRITICAL)  # it tells of every lost connection; we say once what it means


class _Call:
    """One call of ``publish``: settled when each of its ``left`` parts, one a lane, is acknowledged or has failed."""

    __slots__ = ("abandoned", "began", "error", "future", "left", "size", "urgent")

    def __init__(self, future: asyncio.Future[None], size: int, began: float, urgent: bool) -> None:
        self.future = future
        self.size = size
        self.began = began
        self.urgent = urgent
        self.left = 0
        self.error: Unavailable | None = None
        self.abandoned = False


class _Lane:
    """One partition: parts of calls that wait in order, and the batch on its way."""

    __slots__ = ("flight", "partition", "waiting")

    def __init__(self, partition: int) -> None:
        self.partition = partition
        self.waiting: deque[tuple[_Call, list[Record]]] = deque()
        self.flight: _Flight | None = None


class _Flight:
    """A batch on its way, with the parts that end with it."""

    __slots__ = ("began", "calls")

    def __init__(self, calls: list[_Call], began: float) -> None:
        self.calls = calls
        self.began = began


class AiokafkaPublisher:
    """See the module, and :class:`producers.publishing.publisher.Publisher` for what is promised.

    Order is kept because a lane has one batch on its way; a batch that is sent again after a lost answer may be stored twice,
    as may an event that its sender repeats: readers count by id. aiokafka's idempotent producer would spare the former and
    is not used: it tries for ever, refuses everything after a hole in its sequence, and asks for its id in a form that the
    embedded broker does not answer. A producer is given up, and a new one made, after a batch that failed and when one is
    overdue.
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
        self._lanes: list[_Lane] = []
        self._early: deque[tuple[_Call, Sequence[Record]]] = deque()
        self._unsettled: dict[_Call, None] = {}
        self._producer: Any = None
        self._connecting = True
        self._renew = asyncio.Event()
        self._scheduled: asyncio.Handle | None = None
        self._trouble = Trouble()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._sending: set[asyncio.Task[None]] = set()
        self._ending: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        """Begin; returns at once, whether or not the broker can be reached."""
        self._loop = asyncio.get_running_loop()
        self._tasks = {asyncio.create_task(self._stay_connected()), asyncio.create_task(self._sweep())}

    def partitions(self) -> int:
        """Return the topic's partition count, 0 while it is not known."""
        return len(self._lanes)

    def in_flight(self) -> int:
        """Return how many records await the broker."""
        return self._in_flight

    def trouble(self) -> str | None:
        """Return ``None`` when publishing works as far as is known, else why not."""
        if self._loop is None:
            return self._trouble.text
        oldest = next(iter(self._unsettled), None)
        return self._trouble.of(None if oldest is None else oldest.began, self._loop.time())

    async def publish(self, records: Sequence[Record], *, urgent: bool = False) -> None:
        """Return when all are acknowledged; see :class:`producers.publishing.publisher.Publisher`."""
        size = len(records)
        if not size:
            return
        if not urgent and self._in_flight and self._in_flight + size > self._max_in_flight:
            raise Overloaded
        if self._producer is None and not self._connecting:
            raise Unavailable(self._trouble.text or "not connected to the broker")
        loop = self._loop
        assert loop is not None
        call = _Call(loop.create_future(), size, loop.time(), urgent)
        self._in_flight += size
        self._unsettled[call] = None
        if self._producer is None:
            self._early.append((call, records))
        else:
            self._enqueue(call, records)
        try:
            await call.future
        finally:
            call.abandoned = True  # nobody waits any more: what is not sent yet need not be

    async def close(self) -> None:
        """Wait for what is in flight (as long as a publish may take), then end."""
        if self._loop is None:
            return
        deadline = self._loop.time() + self._timeout
        while self._unsettled and self._loop.time() < deadline:  # noqa: ASYNC110  # at the end only: not worth an event
            await asyncio.sleep(0.01)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._drop_producer()
        if self._ending:
            await asyncio.wait(self._ending)

    # Records into lanes, lanes into batches.

    def _enqueue(self, call: _Call, records: Sequence[Record]) -> None:
        lanes = self._lanes
        count = len(lanes)
        parts: dict[int, list[Record]] = {}
        for record in records:
            key, _, partition = record
            if partition is None:
                partition = 0 if key is None else partition_of(key, count)
            part = parts.get(partition)
            if part is None:
                parts[partition] = [record]
            else:
                part.append(record)
        call.left = len(parts)
        for partition, part in parts.items():
            if partition < count:
                lanes[partition].waiting.append((call, part))
            else:
                self._settle(call, Unavailable(f"the topic has no partition {partition}"))
        self._schedule(_LINGER_SECONDS)

    def _schedule(self, seconds: float) -> None:
        if self._scheduled is None:
            assert self._loop is not None
            self._scheduled = (
                self._loop.call_later(seconds, self._depart) if seconds else self._loop.call_soon(self._depart)
            )

    def _depart(self) -> None:
        """Send one batch of each lane that has records and none on its way."""
        self._scheduled = None
        producer = self._producer
        if producer is None:
            return  # connecting anew: what waits goes with the next producer
        if not producer.client.cluster.partitions_for_topic(self._topic):
            self._renew.set()  # the topic is gone; the client would ask for it by name, and so make it
            return
        leaving = [
            (lane, batch)
            for lane in self._lanes
            if lane.waiting and lane.flight is None and (batch := self._fill(producer, lane)) is not None
        ]
        if leaving:
            assert self._loop is not None
            task = self._loop.create_task(self._send(producer, leaving))
            self._sending.add(task)
            task.add_done_callback(self._sending.discard)

    def _fill(self, producer: Any, lane: _Lane) -> Any:
        """Return a batch of what waits in a lane, as much as it can hold; ``None`` when nobody waits for any of it."""
        assert self._loop is not None
        waiting = lane.waiting
        batch = producer.create_batch()
        append = batch.append
        calls: list[_Call] = []
        full = False
        while waiting and not full:
            call, part = waiting[0]
            if call.abandoned:
                waiting.popleft()
                self._settle(call, None)
                continue
            for number, (key, value, _) in enumerate(part):
                if append(timestamp=None, key=key, value=value) is None:
                    waiting[0] = (call, part[number:])  # the rest goes with the next batch
                    full = True
                    if number:
                        call.left += 1
                        calls.append(call)
                    break
            else:
                waiting.popleft()
                calls.append(call)
        if not calls:
            return None
        batch.close()
        lane.flight = _Flight(calls, self._loop.time())
        return batch

    async def _send(self, producer: Any, leaving: list[tuple[_Lane, Any]]) -> None:
        """Hand the batches to the client, which puts those for one broker into one request."""
        for lane, batch in leaving:
            flight = lane.flight
            assert flight is not None
            try:
                delivered = await producer.send_batch(batch, self._topic, partition=lane.partition)
            except Exception as error:  # noqa: BLE001  # whatever the client finds wrong, the callers must hear of it
                self._landed(lane, flight, error)
            else:
                delivered.add_done_callback(partial(self._delivered, lane, flight))

    def _delivered(self, lane: _Lane, flight: _Flight, delivered: asyncio.Future[Any]) -> None:
        self._landed(lane, flight, asyncio.CancelledError() if delivered.cancelled() else delivered.exception())

    def _landed(self, lane: _Lane, flight: _Flight, error: BaseException | None) -> None:
        if lane.flight is not flight:
            return  # given up before: the outcome comes too late
        lane.flight = None
        if error is None:
            self._trouble.text = None
            for call in flight.calls:
                self._settle(call, None)
        else:
            late = isinstance(error, RequestTimedOutError)
            why = self._late(self._timeout) if late else f"the broker refused: {type(error).__name__}"
            too_large = isinstance(error, MessageSizeTooLargeError | RecordListTooLargeError)
            self._note_trouble(why)
            if not too_large:
                self._renew.set()
            for call in flight.calls:
                self._settle(call, Unacceptable(why) if too_large else Unavailable(why))
        if lane.waiting:
            self._schedule(0.0)

    def _settle(self, call: _Call, error: Unavailable | None) -> None:
        """Count one part of a call as done; with the last the call is."""
        if error is not None:
            call.error = error
        call.left -= 1
        if call.left > 0:
            return
        if self._unsettled.pop(call, self) is self:
            return
        self._in_flight -= call.size
        if not call.future.done():
            if call.error is None:
                call.future.set_result(None)
            else:
                call.future.set_exception(call.error)

    # What is late, and the producer's life.

    async def _sweep(self) -> None:
        """Tell callers whose time is up, and give up a producer that has let a batch wait for too long."""
        assert self._loop is not None
        while True:
            await asyncio.sleep(min(_SWEEP_SECONDS, self._patience / 10))
            now = self._loop.time()
            for call in self._unsettled:
                waited = now - call.began
                if waited < self._patience:
                    break
                limit = self._timeout if call.urgent else self._patience
                if waited >= limit and not call.future.done():
                    call.future.set_exception(Unavailable(self._late(limit)))
            oldest = min((lane.flight.began for lane in self._lanes if lane.flight is not None), default=now)
            if now - oldest > self._timeout * 1.25:
                self._note_trouble(self._late(self._timeout))
                self._renew.set()

    def _late(self, seconds: float) -> str:
        return f"the broker did not acknowledge within {seconds:g} s"

    async def _stay_connected(self) -> None:
        """Keep a producer, until cancelled."""
        while True:
            self._connecting = True
            self._renew.clear()
            producer = await self._connect()
            if producer is None:
                self._connecting = False
                self._fail_all(self._trouble.text or "not connected to the broker")
                await asyncio.sleep(_RENEW_SECONDS)
                continue
            self._producer = producer
            self._connecting = False
            early, self._early = self._early, deque()
            for call, records in early:
                self._enqueue(call, records)
            self._schedule(0.0)
            await self._renew.wait()
            self._drop_producer()
            await asyncio.sleep(0.05)  # a broker that refuses everything must not make us spin

    async def _connect(self) -> Any:
        timeout_ms = max(1_000, int(self._timeout * 1000))
        producer = None
        try:
            producer = AIOKafkaProducer(
                **connection.for_aiokafka(self._kafka),
                client_id="huoqun-gateway",
                acks="all",
                enable_idempotence=False,  # see the class
                linger_ms=0,
                max_batch_size=_BATCH_BYTES,
                request_timeout_ms=timeout_ms * 8 // 10,
            )
            async with asyncio.timeout(min(_CONNECT_SECONDS, self._timeout)):
                await producer.start()
                # All topics' metadata, never this one's by name: asking for a topic by name creates it where that is allowed,
                # with the wrong number of partitions.
                await producer.client.force_metadata_update()
        except Exception as error:  # noqa: BLE001  # whatever it is, we try again
            self._note_trouble(f"no Kafka broker at {self._kafka.bootstrap}: {type(error).__name__}")
            self._end(producer)
            return None
        except asyncio.CancelledError:
            self._end(producer)
            raise
        found = producer.client.cluster.partitions_for_topic(self._topic)
        if not found:
            self._note_trouble(f"topic {self._topic} is not there (run: huoqun provision)")
            self._end(producer)
            return None
        if len(self._lanes) != len(found):
            self._recut(len(found))
        self._note_trouble(None)
        return producer

    def _recut(self, partitions: int) -> None:
        """Make the lanes; what waits in those of a topic that was cut otherwise is not sent."""
        self._fail_waiting("the topic has another number of partitions now")
        self._lanes = [_Lane(partition) for partition in range(partitions)]

    def _fail_waiting(self, why: str) -> None:
        for lane in self._lanes:
            waiting, lane.waiting = lane.waiting, deque()
            for call, _ in waiting:
                self._settle(call, Unavailable(why))

    def _fail_all(self, why: str) -> None:
        self._fail_waiting(why)
        early, self._early = self._early, deque()
        for call, _ in early:
            self._settle(call, Unavailable(why))

    def _drop_producer(self) -> None:
        producer, self._producer = self._producer, None
        for lane in self._lanes:
            flight, lane.flight = lane.flight, None
            if flight is not None:
                for call in flight.calls:
                    self._settle(call, Unavailable("the connection to the broker was given up"))
        self._end(producer)

    def _end(self, producer: Any) -> None:
        """Close a producer without waiting for what it still wants to send: it would wait for ever."""
        if producer is None:
            return
        task = asyncio.create_task(_close(producer))
        self._ending.add(task)
        task.add_done_callback(self._ending.discard)

    def _note_trouble(self, text: str | None) -> None:
        assert self._loop is not None
        self._trouble.note(text, self._loop.time())


async def _close(producer: Any) -> None:
    """Close connections first, so that nothing more is sent, then stop the sender.

    ``stop`` flushes first, and so waits for what nobody waits for any more.
    """
    producer._closed = True  # noqa: SLF001  # there is no public way to close without a flush
    sender = producer._sender.sender_task  # noqa: SLF001  # the same
    if sender is not None:
        sender.cancel()
    with contextlib.suppress(Exception):
        async with asyncio.timeout(_CONNECT_SECONDS):
            await producer.client.close()
    if sender is not None:
        sender.cancel()
        with contextlib.suppress(Exception, asyncio.CancelledError):
            async with asyncio.timeout(_CONNECT_SECONDS):
                await sender
