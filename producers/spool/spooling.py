"""A publisher that keeps on local disk what its broker does not take in time, and sends it when the broker is back.

While the disk holds nothing, a call goes straight to the other publisher. One that fails there is written to the spool, and
from then on so is every other: what comes later must not overtake it. A sender takes from the spool in order. Once little is
left, new calls wait a moment for the rest to be sent instead of being written, too: else the spool would never be empty.

Many calls share one write and one sync.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Sequence
from typing import Final

from huoqun import log
from producers.gateway.metrics import SpoolMetrics
from producers.publishing.publisher import MAX_VALUE_BYTES, Overloaded, Publisher, Record, Unacceptable, Unavailable
from producers.spool import frames
from producers.spool.spool import Batch, Spool
from producers.spool.spools import Place, Spools

_WRITE_BYTES: Final = 4 * 1024 * 1024
"""What one write and sync may hold: those who come later wait for it."""

_LITTLE: Final = 5_000
"""So few records are sent within a moment."""

_AGAIN_SECONDS: Final = 0.5
_TROUBLE_SECONDS: Final = 1.0
_ADOPT_SECONDS: Final = 10.0
_LOOK_SECONDS: Final = 0.5
_WAIT_SECONDS: Final = 0.1


class _Call:
    """One call of ``publish`` that is to be on disk."""

    __slots__ = ("future", "records", "size")

    def __init__(self, records: Sequence[Record], size: int, future: asyncio.Future[None]) -> None:
        self.records = records
        self.size = size
        self.future = future


class SpoolingPublisher:
    """See the module, and :class:`producers.publishing.publisher.Publisher` for what is promised.

    A call may also end with all of it on disk.

    ``clock`` tells milliseconds since the epoch. ``patience_seconds`` is how long ``inner`` lets calls wait, and how long they
    wait here for the last of the spool.
    """

    def __init__(
        self,
        inner: Publisher,
        place: Place,
        *,
        clock: Callable[[], int],
        metrics: SpoolMetrics,
        patience_seconds: float,
        timeout_seconds: float,
        max_in_flight: int,
    ) -> None:
        self._inner = inner
        self._limit = place.limit
        self._several = place.processes > 1
        self._spools = Spools(place, lambda: inner.trouble() is not None)
        self._clock = clock
        self._metrics = metrics
        self._patience = patience_seconds
        self._timeout = timeout_seconds
        self._max_in_flight = max_in_flight
        self._direct = True
        self._gate: asyncio.Event | None = None
        self._gate_timer: asyncio.TimerHandle | None = None
        self._parked = 0
        self._calls: list[_Call] = []
        self._unwritten = 0
        self._unwritten_bytes = 0
        self._open_again_at = float("-inf")
        self._refusing: str | None = None
        self._to_write = asyncio.Event()
        self._to_send = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        self._log = log.get("spool")

    async def start(self) -> None:
        """Begin, with what an earlier process has left; returns whether or not the broker can be reached."""
        await self._inner.start()
        with contextlib.suppress(OSError):  # told, and tried again when it is needed
            await self._open()
        await self._spools.adopt()
        await self._spools.look()
        self._go_on()
        self._metrics.watch(self._spools.size, self._waiting, self._age_seconds)
        works = (self._keep_writing, self._keep_sending, self._keep_looking)
        self._tasks = [asyncio.create_task(work()) for work in works]

    async def publish(self, records: Sequence[Record], *, urgent: bool = False) -> None:
        """Return when all are acknowledged or on disk; see :class:`producers.publishing.publisher.Publisher`."""
        why = ""
        if self._gate is not None and not urgent:
            await self._wait_at(self._gate, len(records))
        if self._direct or urgent:
            try:
                return await self._inner.publish(records, urgent=urgent)
            except Unavailable as error:
                if urgent or isinstance(error, Unacceptable):
                    raise
                why = str(error)
        return await self._keep(records, why)

    def partitions(self) -> int:
        """Return the topic's partition count, 0 while it is not known."""
        return self._inner.partitions()

    def in_flight(self) -> int:
        """Return how many records await the broker or the disk."""
        return self._inner.in_flight() + self._unwritten + self._parked

    def trouble(self) -> str | None:
        """Return why events can't be taken: as long as they can be kept on disk, they can."""
        why = self._inner.trouble()
        if why is None or (self._spools.own is not None and self._refusing is None):
            return None
        return f"{why}; {self._refusing or 'the spool is not open'}"

    def remark(self) -> str | None:
        """Return what is not as it should be although events can be taken; ``None`` when nothing is."""
        why, waiting = self._inner.trouble(), self._waiting()
        if waiting:
            return f"{waiting} events wait on disk{f': {why}' if why else ' and are being sent'}"
        return f"events would be kept on disk: {why}" if why else None

    def tick_ms(self) -> int:
        """Return the time that the log may be told: not later than anything that is still to be sent (ms)."""
        return self._spools.time_of(self._clock())

    async def close(self) -> None:
        """Wait for what is in flight, then end. What is on disk stays there for the next start."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + self._timeout
        while self._unwritten and loop.time() < deadline:  # noqa: ASYNC110  # at the end only: not worth an event
            await asyncio.sleep(0.01)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._inner.close()
        await self._spools.close()

    def _waiting(self) -> int:
        return self._spools.records() + self._unwritten

    def _age_seconds(self) -> float:
        since = self._spools.since()
        return 0.0 if since is None else max(0.0, (self._clock() - since) / 1000)

    # Calls, to the disk.

    async def _keep(self, records: Sequence[Record], why: str) -> None:
        if not records:
            return
        size = frames.size_of(records)
        if any(len(record.value) > MAX_VALUE_BYTES for record in records):
            raise Unacceptable(f"{why}; too large to be kept on disk")
        if self._unwritten and self._unwritten + len(records) > self._max_in_flight:
            raise Overloaded
        held = 0 if self._spools.own is None else self._spools.own.size
        if held + self._unwritten_bytes + size > self._limit:
            self._refuse("full", f"the spool is full ({self._limit} bytes)")
            raise self._unavailable(why)
        if self._direct:
            self._direct = False
            self._log.warning("events are kept on disk", why=why)
        call = _Call(records, size, asyncio.get_running_loop().create_future())
        self._calls.append(call)
        self._unwritten += len(records)
        self._unwritten_bytes += size
        self._to_write.set()
        try:
            async with asyncio.timeout(self._timeout):
                await call.future
        except TimeoutError:
            raise Unavailable(f"the disk did not take it within {self._timeout:g} s") from None

    async def _keep_writing(self) -> None:
        while True:
            await self._to_write.wait()
            self._to_write.clear()
            while self._calls:
                await self._write(self._take())
            self._to_send.set()

    def _take(self) -> list[_Call]:
        """Return the calls whose turn it is."""
        size = count = 0
        while count < len(self._calls) and size < _WRITE_BYTES:
            size += self._calls[count].size
            count += 1
        taken, self._calls = self._calls[:count], self._calls[count:]
        return taken

    async def _write(self, calls: list[_Call]) -> None:
        error: Unavailable | None = None
        count = sum(len(call.records) for call in calls)
        try:
            spool = self._spools.own or await self._open()
            await self._spools.on_disk(spool.append, [call.records for call in calls], self._clock())
        except OSError as problem:
            self._refuse("disk", f"the spool can't be written: {problem.strerror or problem}")
            error = self._unavailable("")
        else:
            self._refusing = None
            self._metrics.written.inc(count)
        self._unwritten -= count
        self._unwritten_bytes -= sum(call.size for call in calls)
        for call in calls:
            if call.future.done():
                continue
            if error is None:
                call.future.set_result(None)
            else:
                call.future.set_exception(error)

    async def _open(self) -> Spool:
        """Open the spool, but not again and again. Raises :class:`OSError`."""
        now = asyncio.get_running_loop().time()
        if now < self._open_again_at:
            raise OSError(0, "it could not be opened")
        self._open_again_at = now + _TROUBLE_SECONDS
        try:
            return await self._spools.open()
        except OSError as error:
            self._refuse("disk", f"the spool can't be opened: {error.strerror}")
            raise

    def _refuse(self, kind: str, why: str) -> None:
        self._metrics.errors.labels(kind).inc()
        if why != self._refusing:
            self._log.error("events can't be kept on disk", why=why)
        self._refusing = why

    def _unavailable(self, why: str) -> Unavailable:
        return Unavailable(f"{self._inner.trouble() or why or 'the broker was away'}; {self._refusing}")

    # The disk, to the broker.

    def _go_on(self) -> None:
        """Send what is there first."""
        if self._spools.records():
            self._direct = False
            self._to_send.set()

    async def _keep_sending(self) -> None:
        while True:
            await self._to_send.wait()
            self._to_send.clear()
            try:
                while await self._send_next():
                    pass
            except OSError as error:
                self._metrics.errors.labels("read").inc()
                self._log.error("the spool can't be read", why=error.strerror or str(error))
                self._open_gate()
                await asyncio.sleep(_TROUBLE_SECONDS)
                self._to_send.set()

    async def _send_next(self) -> bool:
        """Send one batch, or find that there is none; return whether there may be more to do."""
        until = self._spools.send_until()
        for spool in self._spools.all()[:1]:
            batch = await self._spools.on_disk(spool.read, until)
            self._report(spool)
            if batch is not None:
                await self._send(spool, batch)
                self._close_gate_near_the_end()
                return True
            if spool.records and until is None:
                return True  # they came this moment
        if self._spools.adopted and not self._spools.adopted[0].records:
            self._spools.adopted.pop(0).close()
            return True
        if self._unwritten:
            return False  # we are woken when it is written
        if self._spools.records() or (until is not None and until < self._clock()):
            await asyncio.sleep(_WAIT_SECONDS)  # other processes have older ones
            return True
        self._direct = True
        self._refusing = None
        self._open_gate()
        self._log.info("the spool is empty")
        return False

    async def _send(self, spool: Spool, batch: Batch) -> None:
        """Return when the batch is acknowledged, however long that takes."""
        while True:
            try:
                await self._inner.publish(batch.records, urgent=True)
                break
            except Unacceptable:
                if await self._send_singly(spool, batch.records):
                    break
            except (Unavailable, Overloaded):
                pass
            self._open_gate()
            await asyncio.sleep(_AGAIN_SECONDS)
        self._metrics.sent.inc(len(batch.records))
        await self._spools.on_disk(spool.done, batch)

    async def _send_singly(self, spool: Spool, records: Sequence[Record]) -> bool:
        """Send what the broker will take, and set aside what it never will: it must not be in the way for ever."""
        for record in records:
            try:
                await self._inner.publish([record], urgent=True)
            except Unacceptable as error:
                await self._spools.on_disk(spool.set_aside, [record], self._clock())
                self._metrics.errors.labels("refused").inc()
                self._log.error("an event is set aside", directory=str(spool.directory), why=str(error))
            except (Unavailable, Overloaded):
                return False
        return True

    def _report(self, spool: Spool) -> None:
        """Tell of what could not be read since the last time."""
        if spool.damaged or spool.lost:
            self._metrics.damaged.inc(spool.damaged)
            self._metrics.lost.inc(spool.lost)
            self._log.error("damage", directory=str(spool.directory), bytes=spool.damaged, events_lost=spool.lost)
            spool.damaged = spool.lost = 0

    # Between writing and going straight to the broker again.

    def _close_gate_near_the_end(self) -> None:
        if self._gate is None and not self._spools.adopted and self._waiting() <= _LITTLE:
            until = self._spools.send_until()
            if until is None or until >= self._clock():
                self._gate = asyncio.Event()
                self._gate_timer = asyncio.get_running_loop().call_later(self._patience, self._open_gate)

    def _open_gate(self) -> None:
        """Let those who wait go on: straight to the broker if the spool is empty by now, else to the disk."""
        if self._gate is not None and self._gate_timer is not None:
            self._gate_timer.cancel()
            self._gate.set()
            self._gate = self._gate_timer = None

    async def _wait_at(self, gate: asyncio.Event, count: int) -> None:
        if self._parked and self._parked + count > self._max_in_flight:
            raise Overloaded
        self._parked += count
        try:
            await gate.wait()
        finally:
            self._parked -= count

    async def _keep_looking(self) -> None:
        """Look at the other processes' spools, and now and then for some that nobody owns."""
        loop = asyncio.get_running_loop()
        adopt_at = loop.time() + _ADOPT_SECONDS
        while True:
            await asyncio.sleep(_LOOK_SECONDS if self._several else _ADOPT_SECONDS)
            await self._spools.look()
            if loop.time() >= adopt_at:
                adopt_at = loop.time() + _ADOPT_SECONDS
                await self._spools.adopt()
                self._go_on()
