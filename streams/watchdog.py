"""Notices a worker that is up and does nothing (a Faust worker can, after broker trouble or a rebalance). Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

UNSETTLED_FACTOR: Final = 4
"""A rebalance or recovery gets this many times longer, each time it moves on: other workers take part in it."""


class Watchdog:
    """Time is monotonic seconds, and an argument. ``seconds`` of 0 turns it off."""

    def __init__(self, seconds: float, now: float) -> None:
        self._seconds = seconds
        self._armed = False
        self._progress: object = None
        self._moved = now
        self._settled = False

    def check(
        self,
        now: float,
        *,
        held: Iterable[int],
        ticks: Mapping[int, float],
        batches: Mapping[int, float],
        settled: bool,
        progress: object,
    ) -> str | None:
        """Return why the worker should be restarted, ``None`` while all is well.

        ``held`` are its partitions, ``ticks`` and ``batches`` when each last brought a tick, or any records (a backlog
        may hold few ticks, and is no standstill). ``settled`` is false during a rebalance or recovery; then
        ``progress`` has to change from time to time. Ticks are only expected once one was seen: the ticker may not run.
        """
        if not self._seconds:
            return None
        if settled != self._settled or progress != self._progress:
            self._settled, self._progress, self._moved = settled, progress, now
        self._armed = self._armed or bool(ticks)
        if not settled:
            patience = self._seconds * UNSETTLED_FACTOR
            if self._armed and now - self._moved > patience:
                return f"a rebalance or recovery has not moved for {patience:g} s"
            return None
        if not self._armed:
            return None
        for partition in sorted(held):
            seen = max(self._moved, ticks.get(partition, 0.0), batches.get(partition, 0.0))
            if now - seen > self._seconds:
                return f"no tick seen in partition {partition} for {self._seconds:g} s"
        return None
