"""Times that exports write without a zone, and the order of what happened within one second or minute."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Hashable
from datetime import datetime, tzinfo
from typing import Final

SECOND: Final = 1_000
MINUTE: Final = 60_000

_LOCAL: Final = re.compile(
    r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?[ T]+(\d{1,2}):(\d{2})(?::(\d{2})(?:\.\d+)?)?", re.ASCII
)


def local_ms(text: str, zone: tzinfo) -> int | None:
    """Return ``2024-01-02 3:04:05`` in ``zone`` as milliseconds since the epoch; ``None`` if it is no such time."""
    match = _LOCAL.fullmatch(text.strip())
    if match is None:
        return None
    year, month, day, hour, minute, second = (int(part or 0) for part in match.groups())
    return to_ms(zone, (year, month, day), hour, minute, second)


def to_ms(zone: tzinfo, date: tuple[int, int, int], hour: int, minute: int, second: int = 0) -> int | None:
    """Return a local time as milliseconds since the epoch; ``None`` if there is no such time.

    Of the hour that a clock goes through twice the first is taken.
    """
    try:
        return round(datetime(*date, hour, minute, min(second, 59), tzinfo=zone).timestamp() * 1000)
    except (ValueError, OverflowError):
        return None


def aware_ms(text: object) -> int | None:
    """Return an ISO time with its zone as milliseconds since the epoch."""
    if not isinstance(text, str):
        return None
    try:
        when = datetime.fromisoformat(text)
        return None if when.tzinfo is None else int(when.timestamp() * 1000 + 0.5)
    except (ValueError, OverflowError):
        return None


class Series:
    """What follows within one second (or minute) is put a millisecond later: events of the same time lose their order.

    It also tells the first from the second of equals, so that ids made from what was said differ, and stay the same when
    a later export holds the same again.
    """

    def __init__(self, unit: int) -> None:
        self._unit = unit
        self._at = -1
        self._count = -1
        self._seen: Counter[Hashable] = Counter()

    def place(self, at: int, said: Hashable) -> tuple[int, int]:
        """Return the time to use, and how many equals have come before within the same second or minute."""
        if at != self._at:
            self._at, self._count = at, -1
            self._seen.clear()
        self._count = min(self._count + 1, self._unit - 1)
        self._seen[said] += 1
        return at + self._count, self._seen[said] - 1
