"""Where in the log results may be told, and state saved: at *rests*, to which everybody who reads the log comes.

What is told between two saves is told again by the next holder only if it comes to it again. A late event may take back
what was told; a holder that meets both in one run puts them in order first, never makes what the other one told, and so
never withdraws it. Therefore runs end, and results are asked for, at places that the log itself decides: at each control
record (a tick, twice a second), and at the 1st, 2nd, 4th, 8th … record after one, later at each 1,024th. So a quiet partition
tells at once, and a busy one puts more into the order of time at a time.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from huoqun.control import PREFIX

MOST_APART: Final = 1_024
"""A power of two."""


def is_rest(since: int) -> bool:
    """Whether the record that is the ``since``-th after a control record is a rest; 0: the control record itself."""
    return since & (min(since, MOST_APART) - 1) == 0


def up_to_rest(records: Sequence[tuple[int, bytes | None]], since: int) -> int:
    """Return how many of ``records`` there are up to the last rest in them.

    The record before them was the ``since``-th after a control record.
    """
    count = len(records)
    for place in range(count - 1, -1, -1):
        value = records[place][1]
        if value is not None and value.startswith(PREFIX):
            return place + 1 + _last_rest(count - place - 1)
    return max(0, _last_rest(since + count) - since)


def has_control(records: Sequence[tuple[int, bytes | None]]) -> bool:
    """Whether there is a control record among these."""
    return any(value is not None and value.startswith(PREFIX) for _, value in records)


def _last_rest(since: int) -> int:
    """Return the last rest up to the ``since``-th record: a power of two, then a multiple of the greatest."""
    apart = min(MOST_APART, 1 << max(0, since.bit_length() - 1))
    return since - since % apart
