"""Whether a group declines: how much of its usual talk is missing, from its record by day alone.

What is usual is known for each day of the week: the median of that weekday in the weeks before the last two. What is missing
is summed over the last three weeks as a cumulative sum (CUSUM, Page 1954): a day that falls short by more than the usual
wavering adds what it lacks, a good one takes away again. So three nearly silent days weigh as much as a fortnight at half the
usual, and one weak week is not enough. The unit is a usual day on which the group talks: for a club that talks on Saturdays a
week.
"""

from __future__ import annotations

import math
from typing import Final

from mypy_extensions import mypyc_attr

from streams.core.record import MESSAGES, SPEAKERS, column, summed

WEEK_DAYS: Final = 7
LOOK_DAYS: Final = 21
"""A decline is looked for in so many days."""
RECENT_DAYS: Final = 14
"""They don't say what is usual …"""
LEAST_DAYS: Final = 7
"""… and at least so many days before them have to."""
WAVERING: Final = 0.35
"""Above the kind's share for fading, a day that falls short by less than this is only a weaker day: below it, talk is missing."""


@mypyc_attr(acyclic=True)
class Decline:
    """How a group stands against its own past. Messages and speakers are members'."""

    __slots__ = ("lowest", "missing", "speakers", "usual", "usual_speakers", "variation", "week")

    def __init__(self) -> None:
        self.week: int = 0
        """Messages in the last seven days."""
        self.usual: float = 0.0
        """Messages in a usual week; 0: not known."""
        self.missing: float = 0.0
        """Talk that is missing, in usual days."""
        self.lowest: int = 0
        """Messages in the weakest of the weeks that say what is usual."""
        self.variation: float = 0.0
        """How much those weeks differ: their standard deviation as a share of their mean."""
        self.speakers: float = 0.0
        """Members who spoke on a day, on average over the last seven; then the same of the days that say what is usual."""
        self.usual_speakers: float = 0.0


def decline_in(record: bytes, since: int, share: float) -> Decline:
    """Return how a group with this record stands; ``share`` of what is usual is too little for its kind.

    ``since``: only the last so many days may have something missing, those since the group came back to life.
    """
    found = Decline()
    messages, speakers = column(record, MESSAGES), column(record, SPEAKERS)
    found.week = summed(messages, 0, WEEK_DAYS)
    days = len(messages)
    first = RECENT_DAYS
    if days < first + LEAST_DAYS:
        return found
    expected = _weekdays(messages, first)
    total, talking = 0.0, 0
    for value in expected:
        total += value
        talking += value > 0
    weeks = [summed(messages, at, at + WEEK_DAYS) for at in range(first, days - WEEK_DAYS + 1, WEEK_DAYS)]
    found.lowest = min(weeks)
    mean = sum(weeks) / len(weeks)
    square = 0.0
    for week in weeks:
        square += (week - mean) * (week - mean)
    found.variation = math.sqrt(square / len(weeks)) / mean if mean else 0.0
    found.usual = total
    found.speakers = summed(speakers, 0, WEEK_DAYS) / WEEK_DAYS
    found.usual_speakers = summed(speakers, first, days) / (days - first)
    if not talking:
        return found
    day = total / talking
    level = min(1.0, share + WAVERING)
    missing = 0.0
    for ago in range(min(since, LOOK_DAYS, days) - 1, -1, -1):
        missing = max(0.0, missing + (level * expected[ago % WEEK_DAYS] - messages[ago]) / day)
    found.missing = missing
    return found


def _weekdays(messages: list[int], first: int) -> list[float]:
    """Return the median messages of each weekday, by how many days ago modulo seven, from ``first`` days ago on."""
    expected: list[float] = []
    for weekday in range(WEEK_DAYS):
        values = [messages[ago] for ago in range(weekday, len(messages), WEEK_DAYS) if ago >= first]
        values.sort()
        middle = len(values) // 2
        expected.append(float(values[middle]) if len(values) % 2 else (values[middle - 1] + values[middle]) / 2)
    return expected
