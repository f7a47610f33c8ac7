"""A group's state as tables of values that can go back in time.

Chat events arrive a little out of order, and operators can't wait until the order is certain. So the machines run ahead
on what is known (optimistic execution, Jefferson's Time Warp, 1985): each change is written down with the value it
replaced, an event that belongs earlier takes the later steps back, is applied in its place, and they are done again.
What comes out is the same as if everything had arrived in order, down to the last bit of every sum.

Values in the tables are never changed in place: a machine puts a changed copy.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final, NamedTuple

from huoqun.events import Event

Key = str | int | tuple[Any, ...]
Undo = tuple[int, Any, Any]
"""(table, key, the value before; ``None``: there was none)."""

TIMER: Final = 0
EVENT: Final = 1

Order = tuple[int, int, int, str]
"""(time in ms, timer before event, length of the id, id): ids that end in a counter keep their natural order."""


class Step(NamedTuple):
    """One thing that was done: an event applied, or timers fired at a moment."""

    order: Order
    event: Event | None
    log: list[Undo]


def order_of(event: Event) -> Order:
    """Return the place of an event in its group's time."""
    return (event.ts, EVENT, len(event.id), event.id)


class History:
    """Tables of values, and the steps that can still be taken back.

    ``tables[t][key]`` may be read by anyone; it is changed by :meth:`put` and :meth:`drop` within a step only.
    ``dirty`` collects (table, key) of everything changed or taken back since it was last cleared.
    """

    __slots__ = ("dirty", "intact", "log", "steps", "tables")

    def __init__(self, tables: int) -> None:
        self.tables: list[dict[Any, Any]] = [{} for _ in range(tables)]
        self.steps: list[Step] = []
        self.log: list[Undo] = []
        self.dirty: set[tuple[int, Any]] = set()
        self.intact = 0
        """How many of the oldest steps are as they were at the last save."""

    def put(self, table: int, key: Key, value: Any) -> None:
        """Set a value (never ``None``); the one before is kept for as long as the step may be taken back."""
        rows = self.tables[table]
        self.log.append((table, key, rows.get(key)))
        rows[key] = value
        self.dirty.add((table, key))

    def drop(self, table: int, key: Key) -> None:
        """Remove a value if there is one."""
        old = self.tables[table].pop(key, None)
        if old is not None:
            self.log.append((table, key, old))
            self.dirty.add((table, key))

    def commit_step(self, order: Order, event: Event | None) -> None:
        """Close the step: what was put since the last one belongs to ``order``."""
        self.steps.append(Step(order, event, self.log))
        self.log = []

    def take_back(self, order: Order) -> list[Event]:
        """Undo every step after ``order``; return their events, earliest first."""
        events: list[Event] = []
        tables, dirty, steps = self.tables, self.dirty, self.steps
        while steps and steps[-1].order > order:
            step = steps.pop()
            for table, key, old in reversed(step.log):
                if old is None:
                    tables[table].pop(key, None)
                else:
                    tables[table][key] = old
                dirty.add((table, key))
            if step.event is not None:
                events.append(step.event)
        self.intact = min(self.intact, len(steps))
        events.reverse()
        return events

    def settle(self, before: int) -> Iterator[Step]:
        """Forget how to take back the steps before the time ``before`` (ms), and yield them."""
        steps = self.steps
        count = 0
        while count < len(steps) and steps[count].order[0] < before:
            yield steps[count]
            count += 1
        del steps[:count]

    def restore_steps(self, steps: list[Step]) -> None:
        """Set the steps that may still be taken back, when state is restored."""
        self.steps = steps
        self.intact = len(steps)
