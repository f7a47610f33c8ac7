"""When a source usually says nothing (pure): its longest pauses, learned for each hour of the week.

A group chat sleeps at night and a work group on Sundays. So what counts is not how long a source has been silent but how many
of the pauses that are usual *at that time of the week* have passed: a night without a word is one pause, and an hour without a
word at noon may be twelve.
"""

from __future__ import annotations

from statistics import median_high
from typing import Final

HOUR_MS: Final = 3_600_000
MINUTE_MS: Final = 60_000
HOURS: Final = 168
WEEK_MS: Final = HOURS * HOUR_MS

WEEKS: Final = 4
"""So many weeks are remembered. What is usual is their median, so one outage is not learned, and a new habit is, by the third."""

SHORTEST_MS: Final = 2 * MINUTE_MS
"""Shorter pauses than that are taken for as long: five of them in a row are ten minutes."""

UNKNOWN_MS: Final = 24 * HOUR_MS
"""What counts as usual in an hour that has not been seen in an earlier week."""


class Rhythm:
    """One source's longest pauses: hour of the week -> (week, minutes) of the last weeks in which it was seen."""

    __slots__ = ("weeks",)

    def __init__(self, weeks: dict[int, list[tuple[int, int]]] | None = None) -> None:
        self.weeks: dict[int, list[tuple[int, int]]] = weeks or {}

    @property
    def known_hours(self) -> int:
        """Return in how many hours of the week the source has been seen."""
        return len(self.weeks)

    def learn(self, start: int, end: int) -> None:
        """Remember that nothing came between two signs of life, in each hour that the pause touches."""
        minutes = max(1, -(-(end - start) // MINUTE_MS))
        first = max(start // HOUR_MS, end // HOUR_MS - HOURS + 1)
        for number in range(first, end // HOUR_MS + 1):
            week, hour = divmod(number, HOURS)
            seen = self.weeks.setdefault(hour, [])
            if seen and seen[-1][0] >= week:
                seen[-1] = (seen[-1][0], max(seen[-1][1], minutes))
            else:
                seen.append((week, minutes))
                del seen[:-WEEKS]

    def usual_ms(self, at: int) -> int | None:
        """Return the longest pause that is usual at a time, by earlier weeks; ``None`` where the hour was not seen in any.

        The hours beside it count, too: a habit is not kept to the minute, and clocks are changed twice a year.
        """
        week, hour = divmod(at // HOUR_MS, HOURS)
        own = self._median(hour, week)
        if own is None:
            return None
        beside = (self._median((hour + step) % HOURS, week + (hour + step) // HOURS) for step in (-1, 1))
        return max(own, *(minutes or 0 for minutes in beside)) * MINUTE_MS

    def pauses(self, start: int, end: int) -> float:
        """Return how many usual pauses fit between two times."""
        found = 0.0
        while start < end:
            until = min(end, (start // HOUR_MS + 1) * HOUR_MS)
            found += (until - start) / max(SHORTEST_MS, self.usual_ms(start) or UNKNOWN_MS)
            start = until
        return found

    def _median(self, hour: int, week: int) -> int | None:
        minutes = [found for when, found in self.weeks.get(hour, ()) if when < week]
        return median_high(minutes) if minutes else None
