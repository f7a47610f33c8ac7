"""How many events a second a source may send, over all processes of a gateway.

A bucket of tokens is one number: when it will be full again (the "theoretical arrival time" of ATM's cell rate algorithm). So
processes can share it without a lock: two that change it at once admit a little too much, and no more.
"""

from __future__ import annotations

import mmap
import os
from array import array
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final, Protocol

from producers.gateway.admission import TooFast

_ROOM_SECONDS: Final = 1.0
"""What a bucket holds: a platform sends what happened together at once."""

_CELL_BYTES: Final = 8


def admit(full_at: float, now: float, count: int, rate: float) -> tuple[float, float]:
    """Return when the bucket will be full again once ``count`` events are taken, and how long to wait before that (0: now).

    More than a bucket holds is admitted when it is full, and has to be waited for afterwards.
    """
    room = max(_ROOM_SECONDS, 1 / rate)
    begin = max(full_at, now)
    after = begin + count / rate
    wait = min(after - room, begin) - now
    return (after, 0.0) if wait <= 0 else (full_at, wait)


class Cells(Protocol):
    """Numbers in their places."""

    def __getitem__(self, cell: int, /) -> float:
        """Return one."""

    def __setitem__(self, cell: int, value: float, /) -> None:
        """Replace one."""


class Rates:
    """The limits of all sources. ``cells`` holds a number for each, zero at first; ``now`` is any clock that all share."""

    def __init__(self, limits: Mapping[str, float], now: Callable[[], float], cells: Cells) -> None:
        self._limits = {name: (cell, limit) for cell, (name, limit) in enumerate(sorted(limits.items())) if limit}
        self._cells = cells
        self._now = now

    def check(self, source: str) -> None:
        """Raise :class:`TooFast` where not even one event would be taken now: before any work is done for it."""
        self.take(source, 1, only_look=True)

    def take(self, source: str, count: int, *, only_look: bool = False) -> None:
        """Count events that are to be taken. Raises :class:`TooFast`."""
        found = self._limits.get(source)
        if found is None or not count:
            return
        cell, limit = found
        after, wait = admit(self._cells[cell], self._now(), count, limit)
        if wait > 0:
            raise TooFast(f"this source may send {limit:g} events a second; slow down", wait)
        if not only_look:
            self._cells[cell] = after


def private_cells(count: int) -> Cells:
    """Return cells for one process."""
    return array("d", bytes(_CELL_BYTES * count))


def shared_cells(path: Path, count: int) -> Cells:
    """Return cells that all processes share which name this file. Raises :class:`OSError`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        os.ftruncate(descriptor, max(1, count) * _CELL_BYTES)
        memory = mmap.mmap(descriptor, max(1, count) * _CELL_BYTES)
    finally:
        os.close(descriptor)
    return memoryview(memory).cast("d")
