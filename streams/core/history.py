"""A group's state as tables that can go back in time.

Chat events arrive a little out of order, and operators can't wait until the order is certain. So the machines run ahead
on what is known (optimistic execution, Jefferson's Time Warp, 1985): each change (:mod:`streams.core.changes`) is written
down so that it can be undone, an event that belongs earlier takes the later steps back, is applied in its place, and they
are done again. What comes out is the same as if everything had arrived in order, down to the last bit of every sum.
"""

from __future__ import annotations

from typing import Any, Final

from mypy_extensions import mypyc_attr

from streams.core.arrival import Arrival, arrival_from
from streams.core.changes import (
    AskedWas,
    Change,
    Closed,
    DueWas,
    HeadWas,
    LifeWas,
    Opened,
    PersonNew,
    PersonWas,
    Put,
    RecordWas,
    RisksWere,
    Shut,
    TroublesWas,
    Wrote,
    add,
)
from streams.core.fabric import Fabric
from streams.core.record import NO_RECORD
from streams.core.state import (
    MOST_SAID,
    REPLY_MS,
    WINDOWS,
    Asked,
    Head,
    Life,
    Minute,
    Person,
    Said,
    Window,
    tight,
    unpack_minute,
)
from streams.core.tables import ASKERS, PUBLISHED, QUESTIONS, RISKS, TABLES
from streams.core.troubles import Troubles

TIMER: Final = 0
EVENT: Final = 1


@mypyc_attr(acyclic=True)
class Step:
    """One thing that was done: an event applied, or timers fired at a moment."""

    __slots__ = ("event", "id", "kind", "log", "offset", "ts", "value")

    def __init__(self, ts: int, arrival: Arrival | None, log: tuple[Change, ...]) -> None:
        self.ts: int = ts
        self.log: tuple[Change, ...] = log
        """What it changed. A tuple: half a list's size, and the garbage collector lets go of it at once."""
        self.event: Arrival | None = arrival
        """The event, as long as it is likely to be applied again: see :meth:`forget`."""
        if arrival is None:
            self.kind: int = TIMER
            self.id: str = ""
            self.offset: int = -1
            self.value: bytes = b""
        else:
            self.kind = EVENT
            self.id = arrival.id
            self.offset = arrival.offset
            """The event's record in the log; -1: an event that has been saved."""
            self.value = arrival.value
            """The record itself, to apply it again: a third of the size of what is in it."""

    def arrival(self) -> Arrival:
        """Return the event that was applied."""
        event = self.event
        return event if event is not None else arrival_from(self.value, self.offset)

    def forget(self) -> None:
        """Keep of the event no more than its record: a third of the size, and events that come late mostly come soon."""
        self.event = None

    def after(self, ts: int, event_id: str) -> bool:
        """Whether this step comes after an event: by time, then by id; a timer of that very moment counts as after.

        Some are set off by an event of the same moment, others were due before: those fire again before the event is applied.
        Shorter ids come first: those that end in a counter keep their natural order.
        """
        if self.ts != ts:
            return self.ts > ts
        if self.kind == TIMER:
            return True
        mine, other = len(self.id), len(event_id)
        return mine > other if mine != other else self.id > event_id


class History:
    """The tables of one group, and the steps that can still be taken back.

    Anyone may read; what is changed is changed through the methods below, within a step that :meth:`commit_step` ends.
    """

    __slots__ = (
        "askers",
        "changed_people",
        "fabric",
        "fabric_unsaved",
        "first",
        "gone_minutes",
        "gone_said",
        "group_changed",
        "head",
        "index",
        "latest",
        "life",
        "log",
        "minutes",
        "news",
        "now",
        "open",
        "pairs",
        "people",
        "questions",
        "record",
        "record_unsaved",
        "responses",
        "risks",
        "risks_unsaved",
        "said",
        "said_saved",
        "settled_minutes",
        "staff_responses",
        "step",
        "steps",
        "tables",
        "troubles",
        "troubles_unsaved",
        "unsaved",
        "unsaved_minutes",
        "unsaved_pairs",
        "unsaved_people",
        "unsaved_said",
        "windows",
    )

    def __init__(self) -> None:  # noqa: PLR0915  # so many tables there are
        self.step: int = 1
        """The number of the step being made."""
        self.head: Head = Head(0)
        self.life: Life = Life(0)
        self.troubles: Troubles = Troubles(0)
        self.record: bytes = NO_RECORD
        """What each of the last weeks' days was like (see :mod:`streams.core.record`)."""
        self.people: list[Person] = []
        self.index: dict[str, int] = {}
        """User id -> place in ``people``."""
        self.tables: list[dict[Any, Any]] = [{} for _ in range(TABLES)]
        self.questions: dict[str, Asked] = self.tables[QUESTIONS]
        self.askers: dict[str, tuple[Asked, ...]] = self.tables[ASKERS]
        self.said: dict[str, Said] = {}
        """The messages that may still draw a first reply."""
        self.open: list[Asked] = []
        """Open questions in the order in which they were asked."""
        self.now: dict[int, int] = {}
        """Member -> messages in the minute being filled."""
        self.responses: list[int] = []
        """Seconds to the first reply, of those messages of the minute being filled that drew one within it."""
        self.staff_responses: list[int] = []
        """Seconds to the first reply by staff, likewise."""
        self.fabric: Fabric = Fabric(0)
        self.pairs: set[int] = set()
        """Who replied to whom today, as ordered pairs: see :mod:`streams.core.pairs`."""
        self.minutes: list[Minute | bytes] = []
        """Closed minutes that held something, oldest first; those older than an hour are packed."""
        self.first: int = 0
        """The place of ``minutes[0]`` in the chain since the group began."""
        self.windows: list[Window] = [Window(number) for number in range(len(WINDOWS))]
        self.steps: list[Step] = []
        self.latest: list[Step] = []
        """Those of events since somebody last took them from here, to let them forget in time."""
        self.log: list[Change] = []
        self.risks: RisksWere | None = None
        """Those that the step being made has changed."""
        # Results that changed since they were last asked for.
        self.news: list[set[Any]] = [set() for _ in range(PUBLISHED)]
        self.changed_people: set[str] = set()
        self.group_changed: bool = False
        # What has settled since it was last saved.
        self.unsaved: list[set[Any]] = [set(), set()]
        self.unsaved_said: list[str] = []
        self.gone_said: list[str] = []
        """Those that are saved and forgotten since: most are forgotten before a save has ever seen them."""
        self.said_saved: int = 0
        """How many messages by people had settled when the group was last saved."""
        self.unsaved_pairs: list[int] = []
        """Those of today, since the fabric was made or they were last saved."""
        self.fabric_unsaved: bool = False
        self.unsaved_people: set[int] = set()
        """Those of whom more changed than the risk."""
        self.risks_unsaved: bool = False
        self.troubles_unsaved: bool = False
        self.record_unsaved: bool = False
        self.unsaved_minutes: set[int] = set()
        self.settled_minutes: int = 0
        """How many minutes of the chain have settled."""
        self.gone_minutes: int = 0
        """How many of them are in no window any more."""

    def change_head(self) -> Head:
        """Return the head for this step to change."""
        head = self.head
        if head.step != self.step:
            self.log.append(HeadWas(head))
            head = self.head = head.copy(self.step)
        return head

    def wake_activity(self, at: int) -> None:
        """Set when activity wants to be woken next (ms)."""
        head = self.head
        if head.step != self.step:
            self.log.append(DueWas(head.due_activity))
        head.due_activity = at

    def change_life(self) -> Life:
        """Return the slow half of the head for this step to change."""
        life = self.life
        if life.step != self.step:
            self.log.append(LifeWas(life))
            life = self.life = life.copy(self.step)
        return life

    def change_troubles(self) -> Troubles:
        """Return what may drive people away for this step to change."""
        troubles = self.troubles
        if troubles.step != self.step:
            self.log.append(TroublesWas(troubles))
            troubles = self.troubles = troubles.copy(self.step)
        return troubles

    def set_record(self, record: bytes) -> None:
        """Replace the record by day."""
        self.log.append(RecordWas(self.record))
        self.record = record

    def find(self, user: str) -> Person | None:
        """Return a person if they are known."""
        place = self.index.get(user)
        return None if place is None else self.people[place]

    def recent(self, message: str, ts: int) -> Said | None:
        """Return a message if it can still draw a response at ``ts`` (ms).

        An older one may or may not be known any more, depending on what has settled: results must not depend on it.
        """
        said = self.said.get(message)
        if said is None or ts - said.ts > REPLY_MS or self.head.messages - said.place >= MOST_SAID:
            return None
        return said

    def change_person(self, place: int) -> Person:
        """Return the person at ``place`` for this step to change."""
        person = self.people[place]
        if person.step != self.step:
            self.log.append(PersonWas(place, person))
            person = self.people[place] = person.copy(self.step)
            self.changed_people.add(person.user)
        return person

    def set_risk(self, place: int, risk: float, reasons: tuple[str, ...], as_of: int, row: Any) -> None:
        """Set a member's risk as of ``as_of`` (ms); ``row`` is the result that says so, ``None`` if it is undefined now."""
        person, risks = self.people[place], self.risks
        if risks is None:
            risks = self.risks = RisksWere()
            self.log.append(risks)
        risks.keep(place, person)
        person.risk, person.risk_reasons, person.risk_as_of = risk, reasons, as_of
        self.changed_people.add(person.user)
        if row is not None:
            key = (person.user, as_of)
            self.tables[RISKS][key] = row
            self.news[RISKS].add(key)

    def add_person(self, user: str) -> int:
        """Add a person, and return their place."""
        place = len(self.people)
        self.people.append(Person(0, user))
        self.index[user] = place
        self.log.append(PersonNew())
        return place

    def do(self, change: Change) -> None:
        """Do a change that is not done yet."""
        change.swap(self)
        self.log.append(change)

    def minute_at(self, place: int) -> Minute:
        """Return the closed minute at ``place`` of the chain."""
        minute = self.minutes[place - self.first]
        return minute if isinstance(minute, Minute) else unpack_minute(minute)

    def replace_minute(self, place: int, minute: Minute) -> None:
        """Keep what was changed in a minute that :meth:`minute_at` returned."""
        if not isinstance(self.minutes[place - self.first], Minute):
            self.minutes[place - self.first] = tight(minute.numbers())

    def put(self, table: int, key: Any, value: Any) -> None:
        """Set a row (never to ``None``)."""
        rows = self.tables[table]
        self.log.append(Put(table, key, rows.get(key), value))
        rows[key] = value
        if table < PUBLISHED:
            self.news[table].add(key)

    def drop(self, table: int, key: Any) -> None:
        """Remove a row if there is one."""
        old = self.tables[table].pop(key, None)
        if old is not None:
            self.log.append(Put(table, key, old, None))
            if table < PUBLISHED:
                self.news[table].add(key)

    def open_question(self, asked: Asked) -> None:
        """Add a question to the open ones."""
        self.put(QUESTIONS, asked.event, asked)
        self.open.append(asked)
        self.log.append(Opened())

    def shut_question(self, asked: Asked) -> None:
        """Take a question out of the open ones."""
        place = len(self.open) - 1  # the last are answered most; `index` compares by value, at seven times the cost
        while self.open[place] is not asked:
            place -= 1
        del self.open[place]
        self.log.append(Shut(place, asked))

    def change_asked(self, asked: Asked, *, visibly: bool = True) -> None:
        """Let this step change a question; ``visibly`` if its result will show it."""
        if asked.step != self.step:
            self.log.append(AskedWas(asked, asked.copy(), self.step))
            asked.step = self.step
        if visibly:
            self.news[QUESTIONS].add(asked.event)

    def commit_step(self, ts: int, arrival: Arrival | None) -> None:
        """Close the step: what was changed since the last one belongs to it."""
        step = Step(ts, arrival, tuple(self.log))
        self.steps.append(step)
        if arrival is not None:
            self.latest.append(step)
        self.log.clear()
        self.risks = None
        self.step += 1

    def take_back(self, ts: int, event_id: str) -> list[Step]:
        """Undo every step after an event; return those that applied events, earliest first."""
        undone: list[Step] = []
        steps = self.steps
        while steps and steps[-1].after(ts, event_id):
            step = steps.pop()
            log = step.log
            for i in range(len(log) - 1, -1, -1):
                change = log[i]
                change.swap(self)
                change.note(self)
            if step.kind == EVENT:
                undone.append(step)
        undone.reverse()
        if undone:
            self.group_changed = True
        return undone

    def settled_now(self) -> dict[int, int]:
        """Return who spoke in the minute being filled, as it was when the last step settled."""
        now = self.now
        since: list[int] = []
        closed = False
        for step in self.steps:
            for change in step.log:
                if isinstance(change, Wrote):
                    if not change.staff:
                        since.append(change.place)
                elif isinstance(change, Closed) and change.now is not None:
                    now, closed = change.now, True
                    break
            if closed:
                break
        settled = now.copy()
        for place in since:
            add(settled, place, -1)
        return settled

    def rewind(self) -> None:
        """Undo everything that has not settled, as far as it is saved; :meth:`forward` must follow before anything else."""
        steps = self.steps
        for s in range(len(steps) - 1, -1, -1):
            log = steps[s].log
            for i in range(len(log) - 1, -1, -1):
                log[i].swap_saved(self)

    def forward(self) -> None:
        """Do everything again that :meth:`rewind` undid."""
        for step in self.steps:
            for change in step.log:
                change.swap_saved(self)

    def settle(self, before: int, most: int) -> list[Step]:
        """Let the steps before the time ``before`` (ms), and all but the last ``most``, settle; return those of events."""
        steps = self.steps
        settled: list[Step] = []
        count = 0
        surplus = len(steps) - most
        for step in steps:
            if step.ts >= before and count >= surplus:
                break
            for change in step.log:
                change.settle(self)
            count += 1
            if step.kind == EVENT:
                settled.append(step)
        if count:
            del steps[:count]
        gone = self.gone_minutes - self.first
        if gone >= 64 or (gone and gone == len(self.minutes)):  # noqa: PLR2004  # a list is cut rarely: it costs its length
            del self.minutes[:gone]
            self.first += gone
        return settled

    def forget_said(self, before_ms: int, before_place: int) -> None:
        """Forget the messages that are too old, or too far back, to draw a first reply."""
        over: list[str] = []
        for message, entry in self.said.items():
            if entry.ts >= before_ms and entry.place >= before_place:
                break
            over.append(message)
            if entry.place <= self.said_saved:
                self.gone_said.append(message)
        for message in over:
            del self.said[message]


def next_due(head: Head) -> int:
    """Return when the next timer of a group fires (ms)."""
    return min(min(head.due_activity, head.due_questions), min(head.due_days, head.due_troubles))  # noqa: PLW3301  # two at a time are compiled well
