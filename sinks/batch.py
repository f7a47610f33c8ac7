"""Batches for the store as a state machine (pure): time is an argument, nothing is written here.

A batch ends by rows, bytes or age, at the border of a chunk (what one poll brought of one partition). It carries, with
its rows, the offsets that may be committed once all of them are stored. Rows of one key stay side by side: which one is
seen the store decides, by version, within a batch as between batches.

Alerts, for which people wait, go ahead of the batch that they came in: see :meth:`Batcher.take_hurried`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

from huoqun.control import Erase
from sinks.rows import Part
from sinks.tables import ALERTS, TABLES, Columns

HURRIED: Final = ALERTS.name
"""The table whose rows go ahead."""

Partition = tuple[str, int]
"""Topic and partition."""


class Limits(NamedTuple):
    """When a batch ends. ``idle_ms`` is for batches without rows: offsets that passed over control records only.

    ``hurried_ms`` is how old an alert's row gets before it goes ahead: from ``age_ms`` on none does.
    """

    rows: int
    bytes: int
    age_ms: int
    idle_ms: int = 5_000
    hurried_ms: int = 100


class Chunk(NamedTuple):
    """Records of one partition, in offset order, at least one."""

    partition: Partition
    offsets: Sequence[int]
    keys: Sequence[bytes | None]
    values: Sequence[bytes | None]


class Origin(NamedTuple):
    """Where a row came from: a record of a chunk, by its place there."""

    chunk: Chunk
    at: int


class Rows:
    """Rows for one table, in columns, and the records that they came from."""

    def __init__(self, table: str) -> None:
        self.table = table
        self.columns: Columns = [[] for _ in TABLES[table].columns]
        self._from: list[tuple[Chunk, Sequence[int]]] = []

    def __len__(self) -> int:
        return len(self.columns[0])

    def add(self, chunk: Chunk, part: Part) -> None:
        """Take in what a chunk had for this table."""
        for mine, more in zip(self.columns, part.columns, strict=True):
            mine.extend(more)
        self._from.append((chunk, part.at))

    def slice(self, start: int, end: int) -> Columns:
        """Return the rows from ``start`` up to ``end``, not included."""
        whole = start == 0 and end >= len(self)
        return self.columns if whole else [column[start:end] for column in self.columns]

    def column(self, name: str) -> list[Any]:
        """Return the values of one column."""
        return self.columns[TABLES[self.table].names.index(name)]

    def origin(self, row: int) -> Origin:
        """Return where a row came from."""
        for chunk, at in self._from:
            if row < len(at):
                return Origin(chunk, at[row])
            row -= len(at)
        raise IndexError(row)


class Batch(NamedTuple):
    """What is to be stored, by table, and the next offsets that are then safe to commit."""

    tables: dict[str, Rows]
    offsets: dict[Partition, int]
    rows: int
    bytes: int
    erasures: Sequence[Erase] = ()
    """What is to be erased once the rows are stored."""


class Batcher:
    """Collects rows until a limit is reached."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._tables: dict[str, Rows] = {}
        self._offsets: dict[Partition, int] = {}
        self._rows = 0
        self._bytes = 0
        self._rows_since: int | None = None
        self._hurried_since: int | None = None
        self._since: int | None = None
        self._erasures: dict[str, Erase] = {}

    def erase(self, erasures: Sequence[Erase]) -> None:
        """Let these follow the rows that were taken in. Call it before :meth:`add` for the chunk that they are in."""
        self._erasures |= {each.id: each for each in erasures}

    def add(self, chunk: Chunk, parts: Sequence[Part], now: int) -> bool:
        """Take in a chunk, whatever rows it had. True: the batch is full.

        Chunks of one partition come in offset order. ``now`` is in ms.
        """
        self._offsets[chunk.partition] = chunk.offsets[-1] + 1
        if self._since is None:
            self._since = now
        if parts:
            if self._rows_since is None:
                self._rows_since = now
            for part in parts:
                table = self._tables.get(part.table)
                if table is None:
                    table = self._tables[part.table] = Rows(part.table)
                table.add(chunk, part)
                self._rows += len(part.at)
                if part.table == HURRIED and self._hurried_since is None:
                    self._hurried_since = now
            self._bytes += sum(map(len, filter(None, chunk.values)))
        return self._full()

    def due(self, now: int) -> bool:
        """Whether the batch is to be taken now: full, or old enough."""
        if self._full():
            return True
        if self._rows_since is not None:
            return now - self._rows_since >= self._limits.age_ms
        return self._since is not None and now - self._since >= self._limits.idle_ms

    def wait_ms(self, now: int) -> int | None:
        """How long until something is due by age; ``None`` while there is nothing."""
        limits, waits = self._limits, []
        if self._hurried_since is not None:
            waits.append(limits.hurried_ms - (now - self._hurried_since))
        if self._rows_since is not None:
            waits.append(limits.age_ms - (now - self._rows_since))
        elif self._since is not None:
            waits.append(limits.idle_ms - (now - self._since))
        return max(0, min(waits)) if waits else None

    def take_hurried(self, now: int) -> Batch | None:
        """Return the alerts alone, once they are old enough; ``None`` when there is nothing to hurry with.

        Their offsets stay with the batch that they leave, for what else it holds is not stored: whoever dies between the
        two reads them again, and the store shows each once, by version.
        """
        if self._hurried_since is None or now - self._hurried_since < self._limits.hurried_ms:
            return None
        self._hurried_since = None
        rows = self._tables.pop(HURRIED)
        self._rows -= len(rows)
        return Batch({HURRIED: rows}, {}, len(rows), 0)

    def take(self) -> Batch | None:
        """Return the batch and start anew; ``None`` when nothing at all came in."""
        if not self._offsets:
            return None
        batch = Batch(self._tables, self._offsets, self._rows, self._bytes, tuple(self._erasures.values()))
        self._erasures = {}
        self._tables, self._offsets, self._rows, self._bytes = {}, {}, 0, 0
        self._rows_since = self._hurried_since = self._since = None
        return batch

    def _full(self) -> bool:
        return self._rows >= self._limits.rows or self._bytes >= self._limits.bytes or bool(self._erasures)
