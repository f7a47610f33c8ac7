"""What should be seen at the end: the pure pipeline over the accepted events, once each and in the order of their time."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Final

from huoqun import codec
from huoqun.config import Config
from huoqun.control import Erase, Tick
from huoqun.events import Event
from sinks.rows import Read, read_events, read_results
from sinks.tables import EVENTS, GROUPS, TABLES
from streams.core.partition import Partition
from tests.sim.chats import END_MS, LATENESS_MS, TICKS_MS, Item
from tests.sim.erasing import Eraser
from tests.sim.workers import ANSWERS
from tests.sim.world import Row, Store
from tests.unit.core.strategies import T0

CONFIG: Final = Config()

View = dict[tuple[str, Row], Row]


class Chat:
    """What is accepted in a run, in that order, and what should be seen of it: looked at once for many schedules."""

    def __init__(self, items: Sequence[Item]) -> None:
        self.items = items
        self.values = [codec.encode(item) if isinstance(item, Event | Erase) else item for item in items]
        self.events = [item for item in items if isinstance(item, Event)]
        self.until = [0] * (len(items) + 1)
        """How far ticks may come before each item, and in the end: long before somebody is erased, who is next."""
        self.until[-1] = max((event.received_at for event in self.events), default=T0) + TICKS_MS
        for at in reversed(range(len(items))):
            item = items[at]
            self.until[at] = item.at - END_MS if isinstance(item, Erase) else self.until[at + 1]

    @property
    def end(self) -> int:
        """When the last tick is."""
        return self.until[-1] + END_MS

    @cached_property
    def expected(self) -> View:
        """The contents of all views at the end."""
        return _Oracle().view(self.items, self.end)

    @property
    def erased(self) -> list[Erase]:
        """Who is, and nothing comes of them after it."""
        return [item for item in self.items if isinstance(item, Erase)]

    @cached_property
    def stored(self) -> int:
        """How many events are stored: all, once each, but for those of who is erased."""
        return sum(name == EVENTS.name for name, _ in self.expected)

    @cached_property
    def unstored(self) -> int:
        """How many of those that are accepted are not seen in the end: repeats, and those of who is erased."""
        return len(self.events) - self.stored


class _Oracle:
    """The pure pipeline over the accepted events, once each and in the order of their time, up to each who is erased.

    Who comes too late is told here by the rule's own words, from the order of arrival: more than the bound behind the
    greatest time of the group so far. They are stored, and counted, and no signal sees them. In a group that knew somebody who
    was erased all has settled: what comes after from before has no place in it, and is not counted.
    """

    def __init__(self) -> None:
        self.state = Partition(0, CONFIG, answers=ANSWERS)
        self.store = Store()
        self.eraser = Eraser(self.store)
        self.greatest: dict[str, int] = {}
        self.late: dict[str, int] = {}
        self.offset = 0
        self.placed: list[Event] = []
        self.accepted: list[bytes] = []
        """What is not stored yet."""

    def view(self, items: Sequence[Item], end: int) -> View:
        """Return the contents of all views, from what was accepted and the time of the end (ms)."""
        seen: set[tuple[str, str]] = set()
        for item in items:
            if isinstance(item, Erase):
                self._apply(Tick(item.at))
                self.eraser.erase(self.store, item)
                self._apply(item)
            elif isinstance(item, Event) and (item.group_id, item.id) not in seen:
                seen.add((item.group_id, item.id))
                self._accept(item)
        self._apply(Tick(end))
        view = self.store.view()
        at = GROUPS.names.index("late_events")
        for group, count in self.late.items():
            place = (GROUPS.name, ("qq", group))
            row = view[place]
            view[place] = (*row[:at], count, *row[at + 1 :])
        return view

    def _accept(self, event: Event) -> None:
        self.accepted.append(codec.encode(event))
        group = event.group_id
        if event.ts < self.greatest.get(group, 0) - LATENESS_MS:
            if not self._has_closed(event):
                self.late[group] = self.late.get(group, 0) + 1
            return
        self.greatest[group] = max(self.greatest.get(group, 0), min(event.ts, event.received_at + LATENESS_MS))
        if not self._has_closed(event):
            self.placed.append(event)

    def _has_closed(self, event: Event) -> bool:
        group = self.state.groups.get(f"qq/{event.group_id}")
        return group is not None and event.ts < group.arrivals.floor

    def _apply(self, last: Erase | Tick) -> None:
        """Apply what was accepted since, in the order of time, and have what is told of it stored."""
        if self.accepted:
            self._insert(read_events(self.accepted, range(len(self.accepted)), store_text=True))
            self.accepted.clear()
        self.placed.sort(key=lambda event: (event.ts, len(event.id), event.id))
        records = [codec.encode(item) for item in (*self.placed, last)]
        self.placed.clear()
        assert not self.state.apply(list(enumerate(records, self.offset)))
        self.offset += len(records)
        values = [codec.encode(result) for result in self.state.checkpoint(final=True).results]
        self._insert(read_results(values))

    def _insert(self, read: Read) -> None:
        for part in self.eraser.without_erased(read.parts):
            self.store.insert(TABLES[part.table], part.columns)
