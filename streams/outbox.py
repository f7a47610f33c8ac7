"""What leaves the worker: records packed into the producer's batches by ourselves.

The Kafka client's ``send`` makes a future, a lookup and a wake-up for every record, some 50 µs of them; a worker writes a
result for every second event. Here a record is appended to the open batch of its (topic, partition), which costs less
than a microsecond, and everything else is paid once a batch:

* A batch is sealed when it is full, when :meth:`Outbox.flush` is called, or ``linger`` seconds after its first record.
  One record more than the batch has room for begins the next; a record larger than a whole batch travels alone.
* Sealed batches of one (topic, partition) leave in the order in which they were sealed, one behind the other: the
  client sends the next when the last is acknowledged, also after a retry. So records of one key keep their order.
* What :meth:`Outbox.put` returns is done when all replicas have the records, or raises what became of them. After a
  failure nothing more is sent: a later value must not stand where an earlier one is missing.

Lives on one event loop. ``put`` and ``flush`` only queue, without awaiting; :meth:`Outbox.room` is where a writer that is
faster than the broker waits.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Iterable
from typing import Any, Final, NamedTuple, Protocol

Record = tuple[bytes, bytes | None]
"""Key and value; without a value the key is deleted (where the topic is compacted)."""

Headers = list[tuple[str, bytes]]

MAX_HELD_BYTES: Final = 48 * 1024 * 1024
"""More than this, not yet acknowledged, makes writers wait (see :meth:`Outbox.room`)."""


class RecordTooLargeError(Exception):
    """A record that brokers refuse by default; they would refuse it for ever."""


class Builder(Protocol):
    """A batch that is being filled (aiokafka's ``BatchBuilder``)."""

    def append(self, *, timestamp: int | None, key: bytes | None, value: bytes | None, headers: Headers) -> object:
        """Add a record; return ``None`` if there is no room for it."""

    def close(self) -> None:
        """Let nothing more in."""

    def record_count(self) -> int:
        """Return how many records are in it."""

    def size(self) -> int:
        """Return how large it is, in bytes."""


class Sender(Protocol):
    """Takes batches (aiokafka's producer)."""

    def create_batch(self) -> Builder:
        """Return an empty batch."""

    async def send_batch(self, batch: Builder, topic: str, *, partition: int) -> Awaitable[Any]:
        """Queue a batch, behind those queued before; what is returned is done when it is acknowledged."""


class Written(NamedTuple):
    """What became of some records of one partition: the offset of the last one (-1: the broker did not say)."""

    last: int


class _Parcel:
    __slots__ = ("builder", "done", "size")

    def __init__(self, builder: Builder, done: asyncio.Future[Written]) -> None:
        self.builder = builder
        self.done = done
        self.size = 0


class _Lane:
    """One (topic, partition): the parcel being filled, and those on their way."""

    __slots__ = ("open", "partition", "sealed", "sending", "topic")

    def __init__(self, topic: str, partition: int) -> None:
        self.topic = topic
        self.partition = partition
        self.open: _Parcel | None = None
        self.sealed: deque[_Parcel] = deque()
        self.sending: asyncio.Task[None] | None = None


class Outbox:
    """See the module. ``sender`` is asked for each batch: it may not be there yet when this is made."""

    def __init__(self, sender: Sender, *, linger: float, max_record: int, max_held: int = MAX_HELD_BYTES) -> None:
        self._sender = sender
        self._linger = linger
        self._max_record = max_record
        self._max_held = max_held
        self._lanes: dict[tuple[str, int], _Lane] = {}
        self._timer: asyncio.TimerHandle | None = None
        self._room: asyncio.Future[None] | None = None
        self._failed: BaseException | None = None
        self.held = 0
        """Bytes of sealed batches that are not acknowledged yet."""

    def put(
        self,
        topic: str,
        partition: int,
        records: Iterable[Record],
        *,
        headers: Headers | None = None,
        at: int | None = None,
    ) -> list[Awaitable[Written]]:
        """Queue records in order, stamped with the time ``at`` (ms); return what to wait for.

        Raises :class:`RecordTooLargeError`; then those before it may have been queued.
        """
        lane = self._lanes.get((topic, partition))
        if lane is None:
            lane = self._lanes[topic, partition] = _Lane(topic, partition)
        parcels: list[Awaitable[Written]] = []
        parcel, most = lane.open, self._max_record
        headers = [] if headers is None else headers
        for key, value in records:
            if value is not None and len(value) + len(key) > most:
                raise RecordTooLargeError(f"a record for {topic} has {len(value)} bytes, the most is {most}")
            if parcel is None or parcel.builder.append(timestamp=at, key=key, value=value, headers=headers) is None:
                if parcel is not None:
                    self._seal(lane)
                parcel = lane.open = _Parcel(self._sender.create_batch(), asyncio.get_running_loop().create_future())
                parcel.builder.append(timestamp=at, key=key, value=value, headers=headers)
                parcels.append(parcel.done)
            elif not parcels:
                parcels.append(parcel.done)
        if lane.open is not None and self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(self._linger, self.flush)
        return parcels

    def flush(self) -> None:
        """Let everything that was put leave now."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        for lane in self._lanes.values():
            if lane.open is not None:
                self._seal(lane)

    async def room(self) -> None:
        """Wait until less than the bound is on its way."""
        while self.held > self._max_held:
            if self._room is None or self._room.done():
                self._room = asyncio.get_running_loop().create_future()
            await asyncio.shield(self._room)

    def _seal(self, lane: _Lane) -> None:
        parcel, lane.open = lane.open, None
        assert parcel is not None
        parcel.builder.close()
        parcel.size = parcel.builder.size()
        self.held += parcel.size
        lane.sealed.append(parcel)
        if lane.sending is None:
            lane.sending = asyncio.create_task(self._send(lane), name=f"send to {lane.topic}/{lane.partition}")

    async def _send(self, lane: _Lane) -> None:
        while lane.sealed:
            parcel = lane.sealed.popleft()
            try:
                if self._failed is not None:
                    raise self._failed  # noqa: TRY301  # settled like any other
                sent = await self._sender.send_batch(parcel.builder, lane.topic, partition=lane.partition)
            except BaseException as error:  # it is raised where the parcel is waited for
                self._settle(parcel, error, None)
                if isinstance(error, asyncio.CancelledError):
                    raise
            else:
                sent = asyncio.ensure_future(sent)
                sent.add_done_callback(lambda sent, parcel=parcel: self._acknowledged(parcel, sent))  # type: ignore[misc]  # mypy sees no type in the default
        lane.sending = None

    def _acknowledged(self, parcel: _Parcel, sent: asyncio.Future[Any]) -> None:
        if sent.cancelled():
            self._settle(parcel, asyncio.CancelledError(), None)
        else:
            self._settle(parcel, sent.exception(), sent)

    def _settle(self, parcel: _Parcel, error: BaseException | None, sent: asyncio.Future[Any] | None) -> None:
        self.held -= parcel.size
        if self._room is not None and not self._room.done():
            self._room.set_result(None)
        if error is not None:
            self._failed = self._failed or error  # even if nobody waits for it any more
        if parcel.done.done():
            return
        if error is not None:
            parcel.done.set_exception(error)
            parcel.done.exception()  # whoever waits gets it; it need not be reported if nobody does any more
        elif sent is not None:
            base = getattr(sent.result(), "offset", -1)
            parcel.done.set_result(Written(base + parcel.builder.record_count() - 1 if base >= 0 else -1))
