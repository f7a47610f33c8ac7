"""What the sink needs of a store, whichever engine it is, and the three ways in which one fails."""

from __future__ import annotations

from typing import Any, Protocol

from sinks.tables import Columns, Table


class StoreError(Exception):
    """The store did not do it. One of the three below."""


class UnavailableError(StoreError):
    """Not now: the connection, the disk, memory, too many parts, or anything unknown. Try again without end."""


class RejectedError(StoreError):
    """Never: it is the data. Find the row and put it aside."""


class UnusableError(StoreError):
    """Never, and not the data: no such table, wrong password, a directory in use elsewhere. A person has to act."""


class Store(Protocol):
    """One engine. Methods raise :class:`StoreError`; what was inserted is durable when :meth:`insert` returns."""

    def insert(self, table: Table, columns: Columns) -> None:
        """Store rows, given as columns, which are left as they are. Inserting rows again changes no view."""

    def select(self, sql: str) -> list[tuple[Any, ...]]:
        """Return a small result: the schema's own bookkeeping."""

    def execute(self, sql: str) -> None:
        """Run one statement of the schema."""

    def close(self) -> None:
        """Give everything back. Nothing is pending: inserts are not buffered."""
