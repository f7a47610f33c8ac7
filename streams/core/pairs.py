"""Who replies to whom, packed: three numbers of four bytes for each (who, to whom), the last a bit for each of 28 days.

Bit 0 is the day that ended last. The graph of replies is drawn from it: an edge from who replied to whom they replied to.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable
from typing import Final, NamedTuple

from streams.core.state import LONG_DAYS, Person

MOST_PAIRS: Final = 20_000
"""Ordered pairs that are kept a group, and that are counted a day: 240 kB. Beyond it those that met longest ago go first, and
of a day's those that come last are not counted: what a group of many thousands loses are its loosest ties."""
WEEK_BITS: Final = (1 << 7) - 1
ALL_BITS: Final = (1 << LONG_DAYS) - 1
SHIFT: Final = 32
"""An ordered pair is one number: who, this many bits higher than to whom."""
LOW: Final = (1 << SHIFT) - 1
_LEAST_OF_A_STAR: Final = 3


class Graph(NamedTuple):
    """What the graph of replies says. ``None``: not defined, there is nothing to measure."""

    mesh_index: float | None
    """Of the week's pairs, either way, the share between two members; the others have staff in them."""
    reciprocity: float | None
    """Of the week's ordered pairs, the share whose reverse is there too."""
    centralisation: float | None
    """Freeman's degree centralisation of the week's pairs, either way: 1 a star, 0 all alike."""
    pairs: int
    """Pairs of members who have both replied to each other within 28 days."""
    new_pairs: int
    """Those of them who had not before this week."""


def ordered(who: int, whom: int) -> int:
    """Return the ordered pair of two places in the table of people."""
    return who << SHIFT | whom


def fold(replies: bytes, days: int, today: Iterable[int]) -> bytes:
    """Return what is known ``days`` later, with the ordered pairs of the day that ended last."""
    masks: dict[int, int] = {}
    numbers: list[int] = memoryview(replies).cast("I").tolist() if replies else []
    later = min(days, LONG_DAYS)
    for i in range(0, len(numbers), 3):
        mask = (numbers[i + 2] << later) & ALL_BITS
        if mask:
            masks[numbers[i] << SHIFT | numbers[i + 1]] = mask
    for pair in today:
        masks[pair] = masks.get(pair, 0) | 1
    if len(masks) > MOST_PAIRS:
        masks = _latest(masks)
    packed: list[int] = []
    for pair in sorted(masks):
        packed.append(pair >> SHIFT)
        packed.append(pair & LOW)
        packed.append(masks[pair])
    return array("I", packed).tobytes()


def _latest(masks: dict[int, int]) -> dict[int, int]:
    """Return the pairs that met last, and of those that met on the same day the lower numbers."""
    ranked: list[tuple[int, int]] = []
    for pair, mask in masks.items():
        ranked.append((mask & -mask, pair))
    ranked.sort()
    kept: dict[int, int] = {}
    for _, pair in ranked[:MOST_PAIRS]:
        kept[pair] = masks[pair]
    return kept


def graph_of(replies: bytes, people: list[Person]) -> Graph:
    """Return the figures of the graph; bots are left out."""
    numbers: list[int] = memoryview(replies).cast("I").tolist() if replies else []
    masks: dict[int, int] = {}
    for i in range(0, len(numbers), 3):
        if not people[numbers[i]].is_bot and not people[numbers[i + 1]].is_bot:
            masks[numbers[i] << SHIFT | numbers[i + 1]] = numbers[i + 2]
    degrees: dict[int, int] = {}
    edges = mutual = meshed = met = exchanged = new = 0
    for pair, mask in masks.items():
        who, whom = pair >> SHIFT, pair & LOW
        reverse = masks.get(whom << SHIFT | who, 0)
        if mask & WEEK_BITS:
            edges += 1
            if reverse & WEEK_BITS:
                mutual += 1
        if reverse and who > whom:
            continue  # it is looked at from its other end
        members = not people[who].is_staff and not people[whom].is_staff
        if (mask | reverse) & WEEK_BITS:
            met += 1
            meshed += members
            degrees[who] = degrees.get(who, 0) + 1
            degrees[whom] = degrees.get(whom, 0) + 1
        if members and reverse:
            exchanged += 1
            if not (mask >> 7 and reverse >> 7):
                new += 1
    return Graph(
        meshed / met if met else None,
        mutual / edges if edges else None,
        centralisation(list(degrees.values())),
        exchanged,
        new,
    )


def centralisation(degrees: list[int]) -> float | None:
    """Return Freeman's degree centralisation: the distances to the largest degree, over those of a star of that size.

    ``None`` for fewer than three people, of whom no star can be told from a pair. Freeman, Social Networks 1 (1979).
    """
    count = len(degrees)
    if count < _LEAST_OF_A_STAR:
        return None
    most = max(degrees)
    total = 0
    for degree in degrees:
        total += most - degree
    return total / ((count - 1) * (count - 2))
