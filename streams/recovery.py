"""The state's table: its recovery from the changelog, made safe.

Three defects are worked around here:

* **Faust loses events at every restart of an app with tables**
  (https://github.com/faust-streaming/faust/issues/596): when recovery ends, the source partitions are resumed while
  the flow is still on, then positions are set back, then ``flow_control.resume()`` empties the queues that were just
  filled. :class:`SafeRecovery` stops the flow first.
* **The end of the changelog can't be asked for on every broker**: the embedded one answers ``ListOffsets(latest)``
  with the *base* of the last batch plus one, so recovery would miss the rest of it. We don't ask: each recovery writes
  a *barrier* record and reads until it meets it. What was acknowledged before lies before it, on any broker.
* **A worker that was thought dead may write on** (a stopped machine, a long pause), behind the new owner's entries.
  The offset of a barrier serves as *epoch*: every entry carries the epoch of its writer in a header, and entries of an
  epoch older than the newest seen are ignored. (What this can't mend: compaction that has already removed the entry
  in front.)
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Iterable
from typing import Any, Final

from faust.tables import TableManager
from faust.tables.recovery import RebalanceAgain, Recovery, ServiceStopped
from faust.tables.table import Table

BARRIER_KEY: Final = b"\x00barrier"
EPOCH_HEADER: Final = "epoch"
NO_EPOCH: Final = -1
_CHANGELOG_QUEUE: Final = 256


class RecoveryStalledError(Exception):
    """A step of recovery took longer than the broker's request timeout."""


class Entries:
    """The saved entries of all partitions held, as the changelog tells them. No I/O."""

    def __init__(self) -> None:
        self._entries: dict[int, dict[bytes, bytes]] = defaultdict(dict)
        self._epochs: dict[int, int] = {}
        self.ignored = 0
        """Entries of overtaken writers seen so far."""

    def replay(
        self, partition: int, offset: int, key: bytes, value: bytes | None, headers: Iterable[tuple[str, bytes]]
    ) -> None:
        """Take one record of the changelog; call in offset order."""
        newest = self._epochs.get(partition, NO_EPOCH)
        if key == BARRIER_KEY:
            self._epochs[partition] = max(newest, offset)
            return
        epoch = next((int(text) for name, text in headers if name == EPOCH_HEADER), NO_EPOCH)
        if epoch < newest:
            self.ignored += 1
            return
        self._epochs[partition] = epoch
        self._put(partition, key, value)

    def saved(self, partition: int, saves: Iterable[tuple[bytes, bytes | None]]) -> None:
        """Take what was just written to the changelog and acknowledged."""
        for key, value in saves:
            self._put(partition, key, value)

    def of(self, partition: int) -> Iterable[tuple[bytes, bytes]]:
        """Return a partition's entries."""
        return self._entries[partition].items()

    def epoch(self, partition: int) -> int:
        """Return the newest epoch of a partition."""
        return self._epochs.get(partition, NO_EPOCH)

    def forget(self, partition: int) -> None:
        """Drop a partition that another worker holds now."""
        self._entries.pop(partition, None)
        self._epochs.pop(partition, None)

    def _put(self, partition: int, key: bytes, value: bytes | None) -> None:
        if value is None:
            self._entries[partition].pop(key, None)
        else:
            self._entries[partition][key] = value


def epoch_headers(epoch: int) -> list[tuple[str, bytes]]:
    """Return the headers of an entry written in ``epoch``."""
    return [(EPOCH_HEADER, b"%d" % epoch)]


class StateTable(Table):  # type: ignore[misc]  # faust is seen as untyped
    """A Faust table as far as the changelog's topic, its assignment and its recovery go; the entries are ours."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self.entries = Entries()
        super().__init__(*args, **kwargs)

    def apply_changelog_batch(self, batch: Iterable[Any]) -> None:
        """Replay changelog messages of partitions held now (Faust may hand over stragglers of others)."""
        held = self.app.tables.recovery.active_tps
        for event in batch:
            if event.message.tp in held:
                for record in event.message.value:
                    self.entries.replay(record.partition, record.offset, record.key, record.value, record.headers)


class SafeRecovery(Recovery):  # type: ignore[misc]  # faust is seen as untyped
    """Faust's recovery with the remedies of this module."""

    async def on_recovery_completed(self, generation_id: int = 0) -> None:
        """Stop the flow, so that nothing is fetched before Faust has set positions back and resumes it."""
        self.app.consumer.stop_flow()
        self.app.flow_control.suspend()
        await super().on_recovery_completed(generation_id)

    async def _wait(self, coro: Any, timeout: Any = None) -> None:  # noqa: ASYNC109  # Faust's signature
        result = await self.wait_first(coro, self.signal_recovery_start, timeout=timeout)
        if self.signal_recovery_start in result.done:
            raise RebalanceAgain
        if result.stopped:
            if self.should_stop:
                raise ServiceStopped
            # Faust takes a timeout for a stop here, and the worker stands still for ever.
            raise RecoveryStalledError(f"a step of recovery took longer than {timeout} s")

    async def _build_highwaters(self, consumer: Any, tps: set[Any], destination: Any, title: str) -> None:
        if title != "active":
            await super()._build_highwaters(consumer, tps, destination, title)
            return
        held = list(tps)
        ends = await asyncio.gather(*(self._write_barrier(tp) for tp in held))
        destination.clear()
        destination.update(dict(zip(held, ends, strict=True)))

    async def _write_barrier(self, tp: Any) -> int:
        sent = await self.app.producer.send_and_wait(tp.topic, BARRIER_KEY, b"", tp.partition, None, None)
        return int(sent.offset)

    def revoke(self, tp: Any) -> None:
        """Forget a partition that went elsewhere, together with how far it was read."""
        table = self.tp_to_table.get(tp)
        if table is not None:
            table.entries.forget(tp.partition)
        super().revoke(tp)

    def saved(self, tp: Any, offset: int) -> None:
        """Note that the changelog is known up to ``offset``: it was read here, or written here and acknowledged."""
        if tp in self.active_tps and (self.active_offsets[tp] or 0) < offset:
            self.active_offsets[tp] = offset


class SafeTableManager(TableManager):  # type: ignore[misc]  # faust is seen as untyped
    """Hooks :class:`SafeRecovery` into Faust (setting ``TableManager``)."""

    _recovery: SafeRecovery | None
    _changelog_queue: Any

    @property
    def recovery(self) -> SafeRecovery:
        """The recovery service."""
        if self._recovery is None:
            self._recovery = SafeRecovery(self.app, self, beacon=self.beacon, loop=self.loop)
        return self._recovery

    @property
    def changelog_queue(self) -> Any:
        """Faust's queue, larger than that of the events."""
        if self._changelog_queue is None:
            self._changelog_queue = self.app.FlowControlQueue(maxsize=_CHANGELOG_QUEUE, clear_on_resume=True)
        return self._changelog_queue
