"""Batches for the store as a state machine (pure): time is an argument, nothing is written here.

A batch ends by rows, bytes or age. It carries, with its rows, the offsets that may be committed once all of them are
stored. Rows of one key replace each other inside the batch by the same rule as in the store: the greater version
stays, of equals the later one; so what a batch holds never depends on where its borders are.
"""

from __future__ import annotations

from typing import Generic, NamedTuple, TypeVar

from sinks.rows import Row

Origin = TypeVar("Origin")
"""Where a row came from: whatever the shell wants back with a row that the store refuses."""

Partition = tuple[str, int]
"""Topic and partition."""


class Limits(NamedTuple):
    """When a batch ends. ``idle_ms`` is for batches without rows: offsets that passed over control records only."""

    rows: int
    bytes: int
    age_ms: int
    idle_ms: int = 5_000


class Item(NamedTuple, Generic[Origin]):
    """A row and where it came from."""

    row: Row
    origin: Origin


class Batch(NamedTuple, Generic[Origin]):
    """What is to be stored (table -> rows), and the next offsets that are then safe to commit."""

    tables: dict[str, list[Item[Origin]]]
    offsets: dict[Partition, int]
    rows: int
    bytes: int


class Batcher(Generic[Origin]):
    """Collects rows until a limit is reached."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._items: dict[str, dict[tuple[object, ...], Item[Origin]]] = {}
        self._offsets: dict[Partition, int] = {}
        self._rows = 0
        self._bytes = 0
        self._rows_since: int | None = None
        self._since: int | None = None

    def add(self, partition: Partition, offset: int, row: Row | None, origin: Origin, now: int) -> bool:
        """Take in the record at ``offset``; ``row`` is ``None`` where it carries none. True: the batch is full.

        Records of one partition come in offset order. ``now`` is in ms.
        """
        self._offsets[partition] = offset + 1
        if self._since is None:
            self._since = now
        if row is None:
            return False
        if self._rows_since is None:
            self._rows_since = now
        table = self._items.get(row.table)
        if table is None:
            table = self._items[row.table] = {}
        old = table.get(row.key)
        if old is None:
            self._rows += 1
        elif old.row.version > row.version:
            return False
        else:
            self._bytes -= old.row.size
        table[row.key] = Item(row, origin)
        self._bytes += row.size
        return self._rows >= self._limits.rows or self._bytes >= self._limits.bytes

    def due(self, now: int) -> bool:
        """Whether the batch is to be taken now: full, or old enough."""
        if self._rows >= self._limits.rows or self._bytes >= self._limits.bytes:
            return True
        if self._rows_since is not None:
            return now - self._rows_since >= self._limits.age_ms
        return self._since is not None and now - self._since >= self._limits.idle_ms

    def wait_ms(self, now: int) -> int | None:
        """How long until the batch is due by age; ``None`` while it is empty."""
        if self._rows_since is not None:
            return max(0, self._limits.age_ms - (now - self._rows_since))
        return None if self._since is None else max(0, self._limits.idle_ms - (now - self._since))

    def take(self) -> Batch[Origin] | None:
        """Return the batch and start anew; ``None`` when nothing at all came in."""
        if not self._offsets:
            return None
        batch = Batch({t: list(i.values()) for t, i in self._items.items()}, self._offsets, self._rows, self._bytes)
        self._items, self._offsets, self._rows, self._bytes = {}, {}, 0, 0
        self._rows_since = self._since = None
        return batch
