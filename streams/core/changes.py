"""The kinds of changes that can be made to a group's tables, each an object that knows how to undo itself.

Four things are known of a change. Undoing it and doing it again are the same call (:meth:`Change.swap`). Which result it
touches is noted when it is made and when it is taken back (:meth:`Change.note`). And once nothing earlier can come any more
it settles, and what it touched has to be saved (:meth:`Change.settle`): only what has settled is ever saved. To that end all
that has not is undone for a moment, as far as saves show it (:meth:`Change.swap_saved`).

This module is on the path of every event, in the way it is written too: it is compiled (see :mod:`streams.compiled`), and a
change is an object of a class of its own, because that costs some 50 ns where a generic entry costs 300. ``acyclic`` tells
the compiler that these objects are never part of a reference cycle, so the garbage collector need not look at them: with
millions of them alive that was a quarter of all time.
"""

from __future__ import annotations

from array import array
from typing import TYPE_CHECKING, Any, Final

from mypy_extensions import i32, mypyc_attr

from streams.core.evidence import Evidence
from streams.core.state import DAY_MS, MINUTE_MS, Asked, Head, Life, Minute, Person, Said, Window, tight
from streams.core.tables import ALERTS, HOUR, PUBLISHED, QUESTIONS, RISKS, WEEK

if TYPE_CHECKING:
    from streams.core.history import History
    from streams.core.troubles import Troubles


@mypyc_attr(acyclic=True)
class Change:
    """One change to the tables."""

    __slots__ = ()

    def swap(self, h: History) -> None:
        """Undo it if it is done, do it again if it is undone."""
        raise NotImplementedError

    def swap_saved(self, h: History) -> None:
        """The same, but only for what is saved: the rest may stay, for nothing is computed before it is done again."""
        self.swap(h)

    def note(self, h: History) -> None:
        """Note the results that it touches."""

    def settle(self, h: History) -> None:
        """Note what has to be saved, now that it can't be taken back any more."""


@mypyc_attr(acyclic=True)
class HeadWas(Change):
    """The head was replaced."""

    __slots__ = ("other",)

    def __init__(self, other: Head) -> None:
        self.other: Head = other

    def swap(self, h: History) -> None:
        """Exchange the two."""
        h.head, self.other = self.other, h.head


@mypyc_attr(acyclic=True)
class LifeWas(Change):
    """The slow half of the head was replaced."""

    __slots__ = ("other",)

    def __init__(self, other: Life) -> None:
        self.other: Life = other

    def swap(self, h: History) -> None:
        """Exchange the two."""
        h.life, self.other = self.other, h.life


@mypyc_attr(acyclic=True)
class TroublesWas(Change):
    """What may drive people away was replaced."""

    __slots__ = ("other",)

    def __init__(self, other: Troubles) -> None:
        self.other: Troubles = other

    def swap(self, h: History) -> None:
        """Exchange the two."""
        h.troubles, self.other = self.other, h.troubles

    def settle(self, h: History) -> None:
        """All of it."""
        h.troubles_unsaved = True


@mypyc_attr(acyclic=True)
class RecordWas(Change):
    """The record by day was replaced."""

    __slots__ = ("other",)

    def __init__(self, other: bytes) -> None:
        self.other: bytes = other

    def swap(self, h: History) -> None:
        """Exchange the two."""
        h.record, self.other = self.other, h.record

    def settle(self, h: History) -> None:
        """All of it."""
        h.record_unsaved = True


@mypyc_attr(acyclic=True)
class PersonWas(Change):
    """A person was replaced."""

    __slots__ = ("other", "place")

    def __init__(self, place: int, other: Person) -> None:
        self.place: int = place
        self.other: Person = other

    def swap(self, h: History) -> None:
        """Exchange the two."""
        now = h.people[self.place]
        h.people[self.place] = self.other
        self.other = now

    def note(self, h: History) -> None:
        """The member's row."""
        h.changed_people.add(self.other.user)

    def settle(self, h: History) -> None:
        """The member's state."""
        h.unsaved_people.add(self.place)


@mypyc_attr(acyclic=True)
class RisksWere(Change):
    """Members' risks were computed anew: at midnight of all of them, so they are one change, in columns of 24 bytes a member.

    A silent group can take back three midnights; as an object a member that was a twentieth of its memory, and left holes.
    """

    __slots__ = ("days", "done", "places", "reasons", "risks")

    def __init__(self) -> None:
        self.places: array[int] = array("I")
        self.risks: array[float] = array("d")
        """On the other side of the change; likewise the next two."""
        self.days: array[int] = array("I")
        """As of the beginning of which day (days since 1970)."""
        self.reasons: list[tuple[str, ...]] = []
        self.done: bool = True

    def keep(self, place: int, person: Person) -> None:
        """Keep the risk of the person at ``place``, which is about to be changed."""
        self.places.append(place)
        self.risks.append(person.risk)
        self.days.append(person.risk_as_of // DAY_MS)
        self.reasons.append(person.risk_reasons)

    def swap(self, h: History) -> None:
        """Undo it; rows that have not been sent yet go with it."""
        self.swap_saved(h)
        rows = h.tables[RISKS]
        for place, day in zip(self.places.tolist(), self.days.tolist(), strict=True):
            rows.pop((h.people[place].user, day * DAY_MS), None)

    def swap_saved(self, h: History) -> None:
        """Exchange the two."""
        places: list[int] = self.places.tolist()
        risks: list[float] = self.risks.tolist()
        days: list[int] = self.days.tolist()
        reasons = self.reasons
        for n in range(len(places)):
            i = len(places) - 1 - n if self.done else n
            person = h.people[places[i]]
            person.risk, risks[i] = risks[i], person.risk
            person.risk_reasons, reasons[i] = reasons[i], person.risk_reasons
            day = person.risk_as_of // DAY_MS
            person.risk_as_of, days[i] = days[i] * DAY_MS, day
        self.risks, self.days = array("d", risks), array("I", days)
        self.done = not self.done

    def note(self, h: History) -> None:
        """The members' rows, and those of their risks."""
        places: list[int] = self.places.tolist()
        risks: list[float] = self.risks.tolist()
        days: list[int] = self.days.tolist()
        for i in range(len(places)):
            user = h.people[places[i]].user
            h.changed_people.add(user)
            if risks[i] >= 0:
                h.news[RISKS].add((user, days[i] * DAY_MS))

    def settle(self, h: History) -> None:
        """The group's risks: all of them, for they change together."""
        h.risks_unsaved = True


@mypyc_attr(acyclic=True)
class DueWas(Change):
    """When activity wants to be woken next was changed, and nothing else of the head, a copy of which takes ten times as much."""

    __slots__ = ("other",)

    def __init__(self, other: int) -> None:
        self.other: int = other

    def swap(self, h: History) -> None:
        """Exchange the two."""
        h.head.due_activity, self.other = self.other, h.head.due_activity


@mypyc_attr(acyclic=True)
class PersonNew(Change):
    """A person was added at the end of the table."""

    __slots__ = ("gone",)

    def __init__(self) -> None:
        self.gone: Person | None = None

    def swap(self, h: History) -> None:
        """Take them away, or put them back."""
        gone = self.gone
        if gone is None:
            gone = h.people.pop()
            del h.index[gone.user]
            self.gone = gone
        else:
            h.index[gone.user] = len(h.people)
            h.people.append(gone)
            self.gone = None

    def note(self, h: History) -> None:
        """The member's row."""
        gone = self.gone
        if gone is not None:
            h.changed_people.add(gone.user)


@mypyc_attr(acyclic=True)
class Wrote(Change):
    """A person's message was counted: into the head, the minute being filled, their day, and what may draw a reply.

    Holds the values of the other side: the new ones before it is done, the old ones after.
    """

    __slots__ = (
        "addressed",
        "done",
        "due_activity",
        "event",
        "last_member_message",
        "last_message",
        "last_ts",
        "minute",
        "place",
        "said",
        "staff",
        "their_last",
        "their_last_at",
    )

    def __init__(self, h: History, event: str, said: Said, addressed: float) -> None:
        head, ts, staff = h.head, said.ts, not said.counts
        minute = ts // MINUTE_MS
        self.event: str = event
        self.said: Said = said
        self.last_ts: int = ts
        self.last_message: str = event
        self.last_member_message: int = head.last_member_message if staff else ts
        self.addressed: float = addressed
        self.minute: int = minute
        self.due_activity: int = head.due_activity if head.minute == minute else (minute + 1) * MINUTE_MS
        self.their_last: str = event
        self.their_last_at: int = ts
        self.place: i32 = said.person
        self.staff: bool = staff
        self.done: bool = False

    def swap(self, h: History) -> None:
        """Count it on, or off."""
        if self.done:
            h.said.pop(self.event, None)
        else:
            h.said[self.event] = self.said
        if not self.staff:
            add(h.now, self.place, -1 if self.done else 1)
        self.swap_saved(h)

    def swap_saved(self, h: History) -> None:
        """The same without two dictionaries, which is half of it: see :meth:`History.settled_now` and ``Said.place``."""
        head, person = h.head, h.people[self.place]
        sign = -1 if self.done else 1
        head.messages += sign
        head.minute_messages += sign
        person.messages += sign
        person.today_count += sign
        if self.staff:
            head.staff_messages += sign
        else:
            head.messages_today += sign
        head.last_ts, self.last_ts = self.last_ts, head.last_ts
        head.last_message, self.last_message = self.last_message, head.last_message
        head.last_member_message, self.last_member_message = self.last_member_message, head.last_member_message
        head.addressed, self.addressed = self.addressed, head.addressed
        head.minute, self.minute = self.minute, head.minute
        head.due_activity, self.due_activity = self.due_activity, head.due_activity
        person.last_message, self.their_last = self.their_last, person.last_message
        person.last_message_at, self.their_last_at = self.their_last_at, person.last_message_at
        self.done = not self.done

    def note(self, h: History) -> None:
        """The member's row."""
        h.changed_people.add(h.people[self.place].user)

    def settle(self, h: History) -> None:
        """The member's state, and the message as one that may draw a reply."""
        h.unsaved_people.add(self.place)
        h.unsaved_said.append(self.event)


@mypyc_attr(acyclic=True)
class Reply(Change):
    """A message drew its first reply, or its first reply by staff, or both in one."""

    __slots__ = ("done", "first", "mesh", "minute", "said", "seconds", "staff", "target")

    def __init__(self, target: str, said: Said, minute: int, seconds: int, by_staff: bool) -> None:
        self.target: str = target
        self.said: Said = said
        self.minute: int = minute
        """Where it counts: a place in the chain of closed minutes, :data:`FILLING` or :data:`NOWHERE`."""
        self.seconds: int = seconds
        self.first: bool = not said.answered
        """The first of all …"""
        self.staff: bool = by_staff and not said.staff_answered
        """… and the first by staff."""
        self.mesh: bool = said.counts and not by_staff
        """From a member to a member."""
        self.done: bool = False

    def swap(self, h: History) -> None:
        """Count it on, or off."""
        if self.minute >= 0:
            sign = -1 if self.done else 1
            for window in h.windows:
                if window.oldest <= self.minute:
                    if self.first:
                        window.replied += sign
                        add(window.responses, self.seconds, sign)
                    if self.staff:
                        window.staff_replied += sign
                        add(window.staff_responses, self.seconds, sign)
        self.swap_saved(h)

    def swap_saved(self, h: History) -> None:
        """Count it on, or off, but in the windows."""
        if self.first:
            self._swap_first(h)
        if self.staff:
            self._swap_staff(h)
        self.done = not self.done

    def _swap_first(self, h: History) -> None:
        done = self.done
        sign = -1 if done else 1
        self.said.answered = not done
        h.people[self.said.person].replies += sign
        h.head.replies_today += sign
        if self.mesh:
            h.head.mesh_today += sign
        if self.minute >= 0:
            minute = h.minute_at(self.minute)
            minute.responses = minute.responses[:-1] if done else (*minute.responses, self.seconds)
            h.replace_minute(self.minute, minute)
        elif self.minute == FILLING:
            if done:
                h.responses.pop()
            else:
                h.responses.append(self.seconds)

    def _swap_staff(self, h: History) -> None:
        done = self.done
        self.said.staff_answered = not done
        if self.minute >= 0:
            minute = h.minute_at(self.minute)
            minute.staff_responses = minute.staff_responses[:-1] if done else (*minute.staff_responses, self.seconds)
            h.replace_minute(self.minute, minute)
        elif self.minute == FILLING:
            if done:
                h.staff_responses.pop()
            else:
                h.staff_responses.append(self.seconds)

    def note(self, h: History) -> None:
        """The row of who is replied to."""
        h.changed_people.add(h.people[self.said.person].user)

    def settle(self, h: History) -> None:
        """Who is replied to, the message, and its minute."""
        h.unsaved_people.add(self.said.person)
        h.unsaved_said.append(self.target)
        if self.minute >= 0:
            h.unsaved_minutes.add(self.minute)


FILLING: Final = -1
"""The minute being filled."""
NOWHERE: Final = -2
"""In none that counts: it is staff's, or its minute is not kept any more."""


@mypyc_attr(acyclic=True)
class AskedWas(Change):
    """A question changed."""

    __slots__ = ("asked", "other", "step")

    def __init__(self, asked: Asked, other: Asked, step: int) -> None:
        self.step: int = step
        self.asked: Asked = asked
        self.other: Asked = other
        """How it is on the other side of the change."""

    def swap(self, h: History) -> None:
        """Exchange the two."""
        self.asked.exchange(self.other)
        h.questions[self.asked.event] = self.asked  # it may have been forgotten

    def note(self, h: History) -> None:
        """The question's row."""
        h.news[QUESTIONS].add(self.asked.event)

    def settle(self, h: History) -> None:
        """The question; if this is what ended it, it is forgotten."""
        event = self.asked.event
        if self.asked.over and self.asked.step == self.step:
            h.questions.pop(event, None)
        h.unsaved[QUESTIONS].add(event)


@mypyc_attr(acyclic=True)
class Weighed(Change):
    """The evidence on a question was replaced, and with it the doubt."""

    __slots__ = ("asked", "doubt", "other")

    def __init__(self, asked: Asked, evidence: Evidence, doubt: float) -> None:
        self.asked: Asked = asked
        self.other: Evidence = evidence
        """That of the other side of the change; likewise the next."""
        self.doubt: float = doubt

    def swap(self, h: History) -> None:  # noqa: ARG002  # as all changes
        """Exchange the two."""
        asked = self.asked
        asked.evidence, self.other = self.other, asked.evidence
        asked.doubt, self.doubt = self.doubt, asked.doubt

    def settle(self, h: History) -> None:
        """The question."""
        h.unsaved[QUESTIONS].add(self.asked.event)


@mypyc_attr(acyclic=True)
class Doubted(Change):
    """There is one more candidate for an answer to a question, which is not the best: of four, three are like that."""

    __slots__ = ("asked", "other")

    def __init__(self, asked: Asked, doubt: float) -> None:
        self.asked: Asked = asked
        self.other: float = doubt
        """The doubt on the other side of the change."""

    def swap(self, h: History) -> None:  # noqa: ARG002  # as all changes
        """Exchange the two."""
        asked = self.asked
        asked.doubt, self.other = self.other, asked.doubt

    def settle(self, h: History) -> None:
        """The question."""
        h.unsaved[QUESTIONS].add(self.asked.event)


@mypyc_attr(acyclic=True)
class Put(Change):
    """A row of a table was set or removed."""

    __slots__ = ("key", "made", "other", "table")

    def __init__(self, table: int, key: Any, other: Any, made: Any) -> None:
        self.table: int = table
        self.key: Any = key
        self.other: Any = other
        """The value before; ``None``: there was none."""
        self.made: Any = made if table == ALERTS else None
        """The alert that was put."""

    def swap(self, h: History) -> None:
        """Exchange the two values."""
        rows = h.tables[self.table]
        now = rows.get(self.key)
        if self.other is None:
            rows.pop(self.key, None)
        else:
            rows[self.key] = self.other
        self.other = now

    def swap_saved(self, h: History) -> None:
        """Exchange the two values, if the table is saved."""
        if self.table <= ALERTS:
            self.swap(h)

    def note(self, h: History) -> None:
        """The row, if its table is published."""
        if self.table < PUBLISHED:
            h.news[self.table].add(self.key)

    def settle(self, h: History) -> None:
        """The row; what nothing will ask for again is forgotten."""
        table = self.table
        if table == QUESTIONS:
            h.unsaved[QUESTIONS].add(self.key)
        elif table == ALERTS:
            rows = h.tables[ALERTS]
            value = rows.get(self.key)
            if value is not None and value is self.made and value.state != "open":
                del rows[self.key]
            h.unsaved[ALERTS].add(self.key)


@mypyc_attr(acyclic=True)
class Opened(Change):
    """A question was added to the end of the open ones."""

    __slots__ = ("gone",)

    def __init__(self) -> None:
        self.gone: Asked | None = None

    def swap(self, h: History) -> None:
        """Take it off, or on."""
        if self.gone is not None:
            h.open.append(self.gone)
            self.gone = None
        else:
            self.gone = h.open.pop()

    def swap_saved(self, h: History) -> None:
        """Nothing: the order follows from the questions."""


@mypyc_attr(acyclic=True)
class Shut(Change):
    """A question was taken out of the open ones."""

    __slots__ = ("asked", "done", "place")

    def __init__(self, place: int, asked: Asked) -> None:
        self.place: int = place
        self.asked: Asked = asked
        self.done: bool = True

    def swap(self, h: History) -> None:
        """Put it back to its place, or out."""
        if self.done:
            h.open.insert(self.place, self.asked)
        else:
            del h.open[self.place]
        self.done = not self.done

    def swap_saved(self, h: History) -> None:
        """Nothing: the order follows from the questions."""


_LEFT_BITS: Final = 14
"""For a number up to the minutes of a week: four of them in one integer, where a list would be a sixth of a silent group."""
_LEFT_MASK: Final = (1 << _LEFT_BITS) - 1


@mypyc_attr(acyclic=True)
class Closed(Change):
    """A minute ended: it was added to the chain and to all windows, and others fell out of them."""

    __slots__ = ("_left", "at", "done", "entered", "now", "responses", "staff_responses")

    def __init__(self, at: int, entered: Minute | None) -> None:
        self.at: int = at
        """The minute that begins."""
        self.entered: Minute | None = entered
        self.now: dict[int, int] | None = None if entered is None else {}
        """Who spoke in the minute being filled, as it is on the other side of the change; likewise the next."""
        self.responses: list[int] | None = None if entered is None else []
        self.staff_responses: list[int] | None = None if entered is None else []
        self._left: int = 0
        self.done: bool = False

    def left(self, window: int) -> int:
        """Return how many minutes fell out of a window (its place)."""
        return self._left >> (window * _LEFT_BITS) & _LEFT_MASK

    def swap(self, h: History) -> None:
        """Move the windows on, or back."""
        if self.done:
            self._back(h)
        else:
            self._on(h)
        self._exchange(h)

    def swap_saved(self, h: History) -> None:
        """Move the windows' ends alone: their sums follow from the minutes, and minutes that have not settled are left out."""
        sign = -1 if self.done else 1
        for window in h.windows:
            window.oldest += sign * self.left(window.number)
        self._exchange(h)

    def _exchange(self, h: History) -> None:
        if self.now is not None and self.responses is not None and self.staff_responses is not None:
            h.now, self.now = self.now, h.now
            h.responses, self.responses = self.responses, h.responses
            h.staff_responses, self.staff_responses = self.staff_responses, h.staff_responses
        self.done = not self.done

    def _on(self, h: History) -> None:
        if self.entered is not None:
            h.minutes.append(self.entered)
        end = h.first + len(h.minutes)
        self._left = 0
        for window in h.windows:
            if self.entered is not None:
                move(h, window, self.entered, 1)
            left = 0
            while window.oldest < end:
                minute = h.minute_at(window.oldest)
                if minute.number >= self.at - window.minutes:
                    break
                move(h, window, minute, -1)
                if window.number == HOUR:
                    h.minutes[window.oldest - h.first] = tight(
                        minute.numbers()
                    )  # nothing changes it, unless it comes back
                window.oldest += 1
                left += 1
            self._left |= left << (window.number * _LEFT_BITS)

    def _back(self, h: History) -> None:
        if self.entered is not None:
            self.entered = h.minute_at(h.first + len(h.minutes) - 1)  # it may have drawn replies, or been packed
        for window in h.windows:
            for _ in range(self.left(window.number)):
                window.oldest -= 1
                minute = h.minute_at(window.oldest)
                move(h, window, minute, 1)
                if window.number == HOUR:
                    h.minutes[window.oldest - h.first] = minute
            if self.entered is not None:
                move(h, window, self.entered, -1)
        if self.entered is not None:
            h.minutes.pop()

    def settle(self, h: History) -> None:
        """The minute that was added; those that fell out of the longest window are forgotten."""
        if self.entered is not None:
            h.unsaved_minutes.add(h.settled_minutes)
            h.settled_minutes += 1
        h.gone_minutes += self.left(WEEK)


def move(h: History, window: Window, minute: Minute, sign: int) -> None:
    """Add (``sign`` 1) or take away (-1) a minute from a window's running sums."""
    window.messages += sign * minute.messages
    window.staff_messages += sign * minute.staff_messages
    window.joins += sign * minute.joins
    window.leaves += sign * minute.leaves
    window.replied += sign * len(minute.responses)
    shape, number, people = window.shape, window.number, h.people
    speakers = minute.speakers
    for i in range(0, len(speakers), 2):
        person, n = people[speakers[i]], sign * speakers[i + 1]
        before = person.count_in(number)
        after = before + n
        person.set_count(number, after)
        window.member_messages += n
        if before:
            add(shape, before, -1)
        else:
            window.speakers += 1
        if after:
            add(shape, after, 1)
        else:
            window.speakers -= 1
    for seconds in minute.responses:
        add(window.responses, seconds, sign)
    if minute.staff_responses:
        window.staff_replied += sign * len(minute.staff_responses)
        for seconds in minute.staff_responses:
            add(window.staff_responses, seconds, sign)


def add(counts: dict[int, int], key: int, by: int) -> None:
    """Count ``by`` more of ``key``; what comes to nothing is removed."""
    value = counts.get(key, 0) + by
    if value:
        counts[key] = value
    else:
        del counts[key]
