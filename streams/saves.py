"""Where a partition's state comes from after a start or a rebalance: its changelog.

The changelog is a compacted topic, one partition to each of the events', that we write and read ourselves: Faust's
tables recover record by record (10,000 a second), keep all of it in memory, and lose events when they are done
(https://github.com/faust-streaming/faust/issues/596). Here a partition is read in bulk, by a client of its own, just
before its first batch is applied, one partition after the other; what was read is forgotten once the state is made of it.

* **The end of the changelog can't be asked for on every broker**: the embedded one answers ``ListOffsets(latest)``
  with the *base* of the last batch plus one. We don't ask: each recovery writes a *barrier* record and reads until it
  meets it. What was acknowledged before lies before it, on any broker.
* **A worker that was thought dead may write on** (a stopped machine, a long pause), behind the new owner's entries.
  The offset of a barrier serves as *epoch*: every entry carries the epoch of its writer in a header, and entries of an
  epoch older than the newest seen are ignored. (What this can't mend: compaction that has already removed the entry
  in front.) A late barrier, written by a worker that no longer holds anything, has the new owner's entries ignored; the owner
  notices that something lies between them, releases no offset, and starts again (:mod:`streams.agent`).
* **Who kept a partition through a rebalance keeps its state**: if there is nothing between the last record that it
  wrote and its new barrier, then nobody saved anything meanwhile, and what it holds in memory goes on from there.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from typing import Final, NamedTuple, Protocol

BARRIER_KEY: Final = b"\x00barrier"
EPOCH_HEADER: Final = "epoch"
NO_EPOCH: Final = -1
BARRIER_TRIES: Final = 5


class UnknownOffsetError(Exception):
    """The broker acknowledges records and does not say where they are."""


class Entry(Protocol):
    """A record of the changelog."""

    @property
    def offset(self) -> int:
        """Where it is."""

    @property
    def key(self) -> bytes:
        """What it is about."""

    @property
    def value(self) -> bytes | None:
        """What is saved; ``None``: no longer anything."""

    @property
    def headers(self) -> Iterable[tuple[str, bytes]]:
        """The epoch is among them."""


class Changelog(Protocol):
    """The changelog's topic, as far as recovery needs it."""

    async def barrier(self, partition: int) -> int:
        """Write a barrier and return its offset."""

    def read(self, partition: int, start: int, end: int) -> AsyncIterator[Sequence[Entry]]:
        """Yield the records from the offset ``start`` to ``end`` (inclusive) as they come."""


class Known(NamedTuple):
    """What a holder knows of its changelog: its own epoch, and the last offset that it wrote (its barrier at first)."""

    epoch: int
    last: int


class Recovered(NamedTuple):
    """``known`` is the new barrier. ``entries`` is ``None`` if what the holder has in memory still holds."""

    known: Known
    entries: Iterable[tuple[bytes, bytes]] | None


class Replay:
    """A partition's entries, as its changelog tells them. No I/O."""

    def __init__(self) -> None:
        self.entries: dict[bytes, bytes] = {}
        self.epoch = NO_EPOCH
        self.ignored = 0
        """Entries of overtaken writers seen so far."""

    def feed(self, offset: int, key: bytes, value: bytes | None, headers: Iterable[tuple[str, bytes]]) -> None:
        """Take one record; call in offset order."""
        if key == BARRIER_KEY:
            self.epoch = max(self.epoch, offset)
            return
        epoch = next((int(text) for name, text in headers if name == EPOCH_HEADER), NO_EPOCH)
        if epoch < self.epoch:
            self.ignored += 1
            return
        self.epoch = epoch
        if value is None:
            self.entries.pop(key, None)
        else:
            self.entries[key] = value

    def drain(self) -> Iterator[tuple[bytes, bytes]]:
        """Yield the entries, each for the last time: what is taken is no longer kept here."""
        while self.entries:
            yield self.entries.popitem()


def epoch_headers(epoch: int) -> list[tuple[str, bytes]]:
    """Return the headers of an entry written in ``epoch``."""
    return [(EPOCH_HEADER, b"%d" % epoch)]


async def recover(changelog: Changelog, partition: int, known: Known | None) -> Recovered:
    """Become the partition's holder, and return what is saved of it.

    ``known`` is what the last holder knew, if that was this process and its state is still in memory.
    """
    barrier = await _barrier(changelog, partition)
    now = Known(barrier, barrier)
    if known is not None and known.last < barrier and await _untouched(changelog, partition, known.last + 1, barrier):
        return Recovered(now, None)
    replay = Replay()
    async for entries in changelog.read(partition, 0, barrier):
        for entry in entries:
            replay.feed(entry.offset, entry.key, entry.value, entry.headers)
    return Recovered(now, replay.drain())


async def _barrier(changelog: Changelog, partition: int) -> int:
    for _ in range(BARRIER_TRIES):
        barrier = await changelog.barrier(partition)
        if barrier >= 0:  # after a retry brokers may not say where it is
            return barrier
    raise UnknownOffsetError(f"the broker does not say where records of partition {partition} are")


async def _untouched(changelog: Changelog, partition: int, start: int, barrier: int) -> bool:
    async for entries in changelog.read(partition, start, barrier):
        if any(entry.offset != barrier for entry in entries):
            return False
    return True
