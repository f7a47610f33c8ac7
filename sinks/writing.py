"""One batch into the store: table by table, and a row that the store will never take found by halves.

A :class:`Writing` survives failures: what is stored is off its list, so trying again stores only the rest.
"""

from __future__ import annotations

from sinks.batch import Batch, Origin, Partition, Rows
from sinks.erasing import Eraser
from sinks.store import RejectedError, Store
from sinks.tables import TABLES


class Writing:
    """A batch on its way. ``refused`` lists the rows that the store rejected, and why, in the order they were met."""

    def __init__(self, batch: Batch, most_refused: int = 1_000, eraser: Eraser | None = None) -> None:
        self.batch = batch
        self._eraser = eraser
        self._to_erase = list(batch.erasures)
        self._most_refused = most_refused
        self.attempts = 0
        self.ended = 0
        """When the last try ended (ms), by the clock of whoever runs it."""
        self.stored: dict[str, int] = {}
        self.refused: list[tuple[Origin, str]] = []
        self._left = [(rows, 0, len(rows)) for rows in reversed(batch.tables.values())]  # the next one at the end

    @property
    def offsets(self) -> dict[Partition, int]:
        """What may be committed once :meth:`run` has returned and what was refused is put aside."""
        return self.batch.offsets

    def run(self, store: Store) -> bool:
        """Store what is left; :class:`UnavailableError` and :class:`UnusableError` pass through.

        False: so many rows were refused with nothing stored between them that somebody should look before more are.
        """
        self.attempts += 1
        stored, refused = sum(self.stored.values()), len(self.refused)
        while self._left:
            rows, start, end = self._left[-1]
            halves = self._insert(store, rows, start, end)
            self._left[-1:] = [(rows, a, b) for a, b in halves]
            if sum(self.stored.values()) != stored:
                stored, refused = sum(self.stored.values()), len(self.refused)
            elif len(self.refused) - refused >= self._most_refused:
                return not self._left
        while self._eraser is not None and self._to_erase:
            self._eraser.erase(store, self._to_erase[0])
            del self._to_erase[0]
        return True

    def _insert(self, store: Store, rows: Rows, start: int, end: int) -> list[tuple[int, int]]:
        """Store the rows from ``start`` up to ``end``, or return the halves that are left, the first one last."""
        try:
            store.insert(TABLES[rows.table], rows.slice(start, end))
        except RejectedError as error:
            if end - start == 1:
                self.refused.append((rows.origin(start), str(error)))
                return []
            middle = (start + end) // 2
            return [(middle, end), (start, middle)]
        self.stored[rows.table] = self.stored.get(rows.table, 0) + end - start
        return []
