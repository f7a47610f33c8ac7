"""What is known of a group's events by their arrival: which have come, how far time has come, what comes too late.

An event is recognised when it comes again: by its id as long as it can still be taken back, by its time and (a checksum of)
its id after that, in eight bytes. Platforms repeat a delivery as it was, so both are the same then.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left, insort
from typing import Final
from zlib import crc32

from mypy_extensions import mypyc_attr

from streams.core.history import Step
from streams.core.state import DAY_MS

SEEN_MS: Final = 7 * DAY_MS
"""Redelivered events are recognised this long (platforms retry for hours, the slowest for three days) …"""
SEEN_MOST: Final = 20_000
"""… or this many events back, whichever is shorter; older arrivals are never placed, so nothing is counted twice."""
SPARE: Final = 2_000
"""The list of those seen is cut when it is this much too long: cutting costs its length."""
CHECK_BITS: Final = 20
"""With the time that makes 61 bits: more would not fit into a compiled integer."""
_CHECK: Final = (1 << CHECK_BITS) - 1


@mypyc_attr(acyclic=True)
class Arrivals:
    """Which events of a group have come, and when. Times are ms."""

    __slots__ = ("floor", "late", "max_ts", "received_at", "recent", "seen", "seen_new", "watermark")

    def __init__(self) -> None:
        self.max_ts: int = 0
        """The greatest event time, as far as the sender's clock can be trusted."""
        self.received_at: int = 0
        """When that event was received."""
        self.watermark: int = 0
        self.floor: int = 0
        """Before this time no event can be placed any more, nor recognised if it comes again."""
        self.late: int = 0
        """Events that came after their place in time had settled."""
        self.recent: set[str] = set()
        """Ids of the events that can still be taken back."""
        self.seen: array[int] = array("q")
        """Fingerprints of the events that can't, in ascending order."""
        self.seen_new: list[int] = []
        """Those added since the last save."""

    def was_settled(self, ts: int, event_id: str) -> bool:
        """Whether this event has settled before."""
        mark = fingerprint(ts, event_id)
        place = bisect_left(self.seen, mark)
        return place < len(self.seen) and self.seen[place] == mark

    def settled(self, steps: list[Step]) -> None:
        """Note that the events of ``steps``, in their order, can't be taken back any more."""
        marks: list[int] = []
        for step in steps:
            marks.append(fingerprint(step.ts, step.id))
            self.recent.discard(step.id)
        marks.sort()
        if not self.seen or marks[0] >= self.seen[-1]:
            self.seen.fromlist(marks)
        else:
            for mark in marks:
                insort(self.seen, mark)
        self.seen_new += marks

    def came_late(self, ts: int, event_id: str) -> None:
        """Count an event that comes after its place has settled."""
        mark = fingerprint(ts, event_id)
        insort(self.seen, mark)
        self.seen_new.append(mark)
        self.late += 1

    def shorten(self, lateness: int) -> None:
        """Keep what was seen within its bounds; what falls out of them moves the floor."""
        seen = self.seen
        if not seen:
            return
        over = max(0, len(seen) - SEEN_MOST)
        oldest = self.max_ts - SEEN_MS
        if over < SPARE and seen[0] >> CHECK_BITS >= oldest - DAY_MS:
            return
        over = max(over, bisect_left(seen, oldest << CHECK_BITS))
        if over:
            last = seen[over - 1] >> CHECK_BITS
            del seen[:over]
            self.floor = max(self.floor, min(last + 1, self.max_ts - lateness))


def fingerprint(ts: int, event_id: str) -> int:
    """Return 61 bits that stand for an event: its time, and a checksum of its id."""
    return ts << CHECK_BITS | crc32(event_id.encode()) & _CHECK
