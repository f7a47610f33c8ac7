"""What somebody did for the talk, by day, packed like :mod:`streams.core.daily`: a day, and three counts of ten bits in one.

Most members have none, and all of those share one empty value. At most 28 days, 224 bytes.
"""

from __future__ import annotations

from typing import Final

from streams.core.daily import NO_DAYS, from_day, pairs

START: Final = 0
"""Began a conversation that several people joined."""
CRITIQUE: Final = 1
"""Answered with disagreement or a counter-question, and was replied to."""
ANSWER: Final = 2
"""Answered a question."""
BITS: Final = 10
MOST: Final = (1 << BITS) - 1
"""More of a kind a day are not counted."""
_PAIR: Final = 8


def with_deed(deeds: bytes, day: int, kind: int, since: int) -> bytes:
    """Return ``deeds`` with one more of a kind on ``day``, or on the last day if that is later, without days before ``since``."""
    counts = 0
    kept = deeds
    if deeds:
        last = int.from_bytes(deeds[-_PAIR : -_PAIR // 2], "little")
        if last >= day:
            day = last
            counts = int.from_bytes(deeds[-_PAIR // 2 :], "little")
            kept = deeds[:-_PAIR]
    if counts >> (kind * BITS) & MOST < MOST:
        counts += 1 << (kind * BITS)
    return from_day(kept + day.to_bytes(4, "little") + counts.to_bytes(4, "little"), since)


def totals(deeds: bytes, since: int) -> tuple[int, int, int]:
    """Return how many of each kind there were from the day ``since`` on."""
    starts = critiques = answers = 0
    if deeds is not NO_DAYS and deeds:
        numbers = pairs(deeds)
        for i in range(0, len(numbers), 2):
            if numbers[i] >= since:
                counts = numbers[i + 1]
                starts += counts & MOST
                critiques += counts >> BITS & MOST
                answers += counts >> (2 * BITS)
    return starts, critiques, answers
