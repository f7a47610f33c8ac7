"""One batch into the store: table by table, and a row that the store will never take found by halves.

A :class:`Writing` survives failures: what is stored is off its list, so trying again stores only the rest.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Generic

from sinks.batch import Batch, Item, Origin, Partition
from sinks.store import RejectedError, Store
from sinks.tables import TABLES


class Writing(Generic[Origin]):
    """A batch on its way. ``refused`` is told of each row that the store rejected, and why."""

    def __init__(self, batch: Batch[Origin], refused: Callable[[Item[Origin], str], None]) -> None:
        self.batch = batch
        self.attempts = 0
        self.stored: dict[str, int] = {}
        self._left = dict(batch.tables)
        self._refused = refused

    @property
    def offsets(self) -> dict[Partition, int]:
        """What may be committed once :meth:`run` has returned."""
        return self.batch.offsets

    def run(self, store: Store) -> None:
        """Store what is left; :class:`UnavailableError` and :class:`UnusableError` pass through."""
        self.attempts += 1
        for table in list(self._left):
            items = self._left[table]
            while items:
                items = self._left[table] = self._insert(store, table, items)
            del self._left[table]

    def _insert(self, store: Store, table: str, items: Sequence[Item[Origin]]) -> list[Item[Origin]]:
        """Store ``items``, or the first half that can be told apart, and return those that are left."""
        try:
            store.insert(TABLES[table], [item.row.values for item in items])
        except RejectedError as error:
            if len(items) == 1:
                self._refused(items[0], str(error))
                return []
            middle = len(items) // 2
            left = self._insert(store, table, items[:middle])
            return [*left, *items[middle:]]
        self.stored[table] = self.stored.get(table, 0) + len(items)
        return []
