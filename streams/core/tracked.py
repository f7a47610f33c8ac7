"""A group of a partition, and what belongs to its arrival rather than to its time."""

from __future__ import annotations

from streams.core import saved
from streams.core.arrival import Arrival
from streams.core.arrivals import Arrivals
from streams.core.group import Group
from streams.core.state import NEVER


class Tracked:
    """A group and what belongs to its arrival rather than to its time."""

    __slots__ = (
        "arrivals",
        "arrived",
        "chain",
        "changed",
        "erased",
        "fresh",
        "group",
        "held",
        "name",
        "need",
        "pending",
        "replay",
        "since",
        "since_work",
        "touched",
        "wake",
    )

    def __init__(self, name: str, group: Group) -> None:
        self.name: str = name
        self.group: Group = group
        self.arrivals: Arrivals = Arrivals()
        self.arrived: list[Arrival] = []
        """The events of the run at hand that have to be put in their places."""
        self.chain: saved.Chain = saved.Chain()
        self.pending: set[int] = set()
        """Offsets below the chain's fence that have to be read again."""
        self.replay: list[Arrival] = []
        """Those of them that have been."""
        self.need: int = NEVER
        """The first offset that would have to be read again if the state were lost now."""
        self.since: int = -1
        """The checkpoint before which something changed that isn't saved; -1: everything is."""
        self.since_work: int = 0
        """The work that the partition had done by then."""
        self.touched: int = 0
        """The checkpoint before which the last event came."""
        self.changed: bool = False
        """There may be results to send …"""
        self.fresh: bool = False
        """… that nobody has asked for yet."""
        self.held: bool = False
        """Its midnight has come and waits for the next checkpoint."""
        self.erased: bool = False
        """Somebody was taken out of it who still is in what was saved: it is saved next."""
        self.wake: int = NEVER
        """When the ticks wake it: the least entry of the queue that counts."""
