"""What should be seen at the end: the pure pipeline over the accepted events, once each and in the order of their time."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Final

from huoqun import codec
from huoqun.config import Config
from huoqun.control import Tick
from huoqun.events import Event
from sinks.rows import read_events, read_results
from sinks.tables import GROUPS, TABLES
from streams.core.partition import Partition
from tests.sim.chats import LATENESS_MS, Item
from tests.sim.workers import ANSWERS
from tests.sim.world import Row, Store
from tests.unit.core.strategies import T0

CONFIG: Final = Config()
TICKS_MS: Final = 300_000
"""So far ticks go on behind the last event while something may still fail."""
END_MS: Final = 600_000
"""From there to the last tick: more than any delay, so that all clocks come to the same."""

View = dict[tuple[str, Row], Row]


class Chat:
    """What is accepted in a run, in that order, and what should be seen of it: looked at once for many schedules."""

    def __init__(self, items: Sequence[Item]) -> None:
        self.items = items
        self.values = [codec.encode(item) if isinstance(item, Event) else item for item in items]
        self.events = [item for item in items if isinstance(item, Event)]
        self.last_tick = max((event.received_at for event in self.events), default=T0) + TICKS_MS

    @cached_property
    def expected(self) -> View:
        """The contents of all views at the end."""
        return expected(self.events, self.last_tick + END_MS, CONFIG)


def expected(accepted: list[Event], end: int, config: Config) -> View:
    """Return the contents of all views, from what was accepted (repeats included, in that order) and the time of the end (ms).

    Who comes too late is told here by the rule's own words, from the order of arrival: more than the bound behind the
    greatest time of the group so far. They are stored, and counted, and no signal sees them.
    """
    greatest: dict[str, int] = {}
    late: dict[str, int] = {}
    seen: set[tuple[str, str]] = set()
    once: list[Event] = []
    placed: list[Event] = []
    for event in accepted:
        group = event.group_id
        if (group, event.id) in seen:
            continue
        seen.add((group, event.id))
        once.append(event)
        if event.ts < greatest.get(group, 0) - LATENESS_MS:
            late[group] = late.get(group, 0) + 1
            continue
        greatest[group] = max(greatest.get(group, 0), min(event.ts, event.received_at + LATENESS_MS))
        placed.append(event)
    placed.sort(key=lambda event: (event.ts, len(event.id), event.id))
    state = Partition(0, config, answers=ANSWERS)
    records = [codec.encode(event) for event in placed] + [codec.encode(Tick(end))]
    assert not state.apply(list(enumerate(records)))
    store = Store()
    values = [codec.encode(result) for result in state.checkpoint(final=True).results]
    stored = [codec.encode(event) for event in once]
    for read in (read_results(values), read_events(stored, range(len(stored)), store_text=True)):
        for part in read.parts:
            store.insert(TABLES[part.table], part.columns)
    view = store.view()
    at = GROUPS.names.index("late_events")
    for group, count in late.items():
        place = (GROUPS.name, ("qq", group))
        row = view[place]
        view[place] = (*row[:at], count, *row[at + 1 :])
    return view
