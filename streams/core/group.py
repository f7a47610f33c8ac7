"""One group: events applied in the order of event time, timers fired between them, late arrivals put in their place."""

from __future__ import annotations

import re
from typing import Final

from streams.core import (
    activity,
    checkins,
    coverage,
    flood,
    harms,
    midnight,
    names,
    newcomers,
    questions,
    referral,
    structure,
)
from streams.core.answer_model import AnswerModel
from streams.core.arrival import Arrival
from streams.core.changes import Reply, Wrote
from streams.core.history import History, next_due
from streams.core.settings import GroupSettings
from streams.core.state import NEVER, REPLY_MS, Head, Person, Said

ADJACENT_MS: Final = 2 * 60_000
"""Without a link, the next person's message within this time counts as a reply to the one before."""
ADDRESSED_WEIGHT: Final = 1 / 50
MOST_MEMBERS: Final = 1_000_000_000
"""A platform that counts more has miscounted."""


class Group:
    """The machines of one group over one :class:`History`. Deterministic: the same events and watermark, the same tables."""

    __slots__ = ("answers", "bots", "check_in", "h", "settings", "staff")

    def __init__(self, settings: GroupSettings, answers: AnswerModel) -> None:
        self.answers: AnswerModel = answers
        self.settings: GroupSettings = settings
        self.staff: frozenset[str] = settings.staff
        self.bots: frozenset[str] = settings.bots
        self.check_in: re.Pattern[str] | None = checkins.pattern_of(settings.check_in)
        self.h: History = History()

    def insert(self, events: list[Arrival], watermark: int) -> None:
        """Apply events in their places in time, then fire the timers up to ``watermark`` (ms).

        They are sorted first: one that came later than it belongs then takes back only what earlier calls applied.
        """
        for i in range(1, len(events)):
            if events[i - 1].ts > events[i].ts:
                events.sort(key=_time_of)
                break
        steps = self.h.steps
        for event in events:
            if steps and steps[-1].after(event.ts, event.id):
                later = self.h.take_back(event.ts, event.id)
                self._apply(event)
                for step in later:
                    self._apply(step.arrival())
            else:
                self._apply(event)
        self.advance(watermark)

    def advance(self, until: int) -> None:
        """Fire every timer due at or before ``until`` (ms), each at its own time."""
        while True:
            at = next_due(self.h.head)
            if at > until:
                return
            self._fire(at)

    def next_due(self) -> int:
        """Return when the next timer fires (ms)."""
        return next_due(self.h.head)

    def _fire(self, at: int) -> None:
        h = self.h
        if h.head.due_activity <= at:
            activity.on_time(h, self.settings, at)
            flood.on_minute(h)
        if h.head.due_questions <= at:
            questions.on_time(h, self.settings, self.answers, at)
        if h.head.due_troubles <= at:
            harms.on_time(h, self.settings, at)
        if h.head.due_days <= at:
            midnight.on_time(h, self.settings, at)
        h.commit_step(at, None)

    def _apply(self, event: Arrival) -> None:
        ts = event.ts
        self.advance(ts)
        h = self.h
        if not h.life.first_ts:
            h.change_life().first_ts = ts
        name = event.group_name
        if name and name != h.life.name:
            h.change_life().name = name
        if h.head.due_days == NEVER:
            midnight.start(h.change_head(), ts)
        coverage.on_event(h, event)
        if event.kind == "member_count":
            head = h.change_head()
            head.last_ts = ts
            if event.count is not None and 0 <= event.count <= MOST_MEMBERS:
                head.correction = event.count - head.known
        else:
            self._person(h, event)
            if event.kind == "reaction" and event.reply_to:
                structure.on_reaction(h, event, h.index[event.user_id])
        h.group_changed = True
        h.commit_step(ts, event)

    def _person(self, h: History, event: Arrival) -> None:
        place = h.index.get(event.user_id, -1)
        old = place >= 0
        if not old:
            place = h.add_person(event.user_id)
        person = self._describe(h, event, place)
        gone = person.left_at != 0
        kind = event.kind
        if kind == "message" and not person.is_bot:
            if not old or gone:
                _was_there(h.change_head(), known=old)
                h.change_person(place).left_at = 0
            self._message(h, event, place)
            return
        head = h.change_head()
        head.last_ts = event.ts
        person = h.change_person(place)
        if kind == "join":
            if not old or gone:
                self._join(head, event, person)
                referral.on_join(h, event, place)
            if gone:
                person.greeted = True  # no newcomer
                harms.on_return(h, self.settings, event)
        elif kind == "leave":
            if not gone:
                self._leave(h, head, event, person, known=old)
        else:
            if (not old or gone) and not person.is_bot:
                _was_there(head, known=old)
            person.left_at = 0
            self._else(h, event, person)

    def _else(self, h: History, event: Arrival, person: Person) -> None:
        if event.kind == "message":  # a bot's
            person.last_message_at = event.ts
        elif event.kind == "conversion":
            h.change_life().conversions += 1
        harms.on_event(h, self.settings, event, person)

    def _describe(self, h: History, event: Arrival, place: int) -> Person:
        """Return the person, with what the event says of them."""
        person = h.people[place]
        name, user = event.user_name, event.user_id
        if name and name != person.name:
            names.rename(h, person, name)
            person = h.change_person(place)
            person.name = name
        if not person.is_bot and (event.is_bot or user in self.bots):
            person = h.change_person(place)
            person.is_bot = True
        if not person.is_staff and (event.is_staff or user in self.staff):
            person = h.change_person(place)
            person.is_staff = True
        return person

    def _join(self, head: Head, event: Arrival, person: Person) -> None:
        if not person.is_bot:
            head.known += 1
            activity.begin_minute(head, event.ts)
            head.joins += 1
        person.left_at, person.joined_at = 0, event.ts

    def _leave(self, h: History, head: Head, event: Arrival, person: Person, *, known: bool) -> None:
        if not known:
            head.correction -= head.correction > 0  # one of those that only the platform's own count knew
        elif not person.is_bot:
            head.known -= 1
        person.left_at = event.ts
        newcomers.on_leave(h, self.settings, person, at=event.ts)
        activity.begin_minute(head, event.ts)
        head.leaves += 1
        if not person.is_bot:
            harms.on_leave(h, head, self.settings, event)

    def _message(self, h: History, event: Arrival, place: int) -> None:
        settings = self.settings
        named = names.named(h, event)
        if event.mentions:
            for mentioned in event.mentions:
                if mentioned != event.user_id and mentioned not in named:
                    named = [*named, mentioned]
        if len(named) > 1:
            named = sorted(named)
        linked = bool(named or event.reply_to)
        target = self._replies(h, event, place, named)
        directed = named
        if event.reply_to:
            replied = h.recent(event.reply_to, event.ts)
            if replied is not None and replied.person != place and h.people[replied.person].user not in named:
                directed = [*named, h.people[replied.person].user]
        questions.on_message(h, settings, self.answers, event, place, directed)
        asked = h.questions.get(event.id)
        asks = asked is not None and asked.kind != "newcomer"
        structure.on_message(h, settings, self.check_in, event, place)
        harms.on_message(h, settings, event, place, named)
        midnight.begin_day(h, place, event.ts)
        addressed = 1.0 if linked else 0.0
        head, person = h.head, h.people[place]
        mean = head.addressed + ADDRESSED_WEIGHT * (addressed - head.addressed)
        said = Said(event.ts, place, head.messages + 1, False, not person.is_staff)
        said.root = structure.root_of(event, target, place, linked=linked, asks=asks)
        said.critical = structure.is_critical(event, target, place, linked=linked, asks=asks)
        for user in directed:
            said.to = h.index.get(user, -1)
            if said.to >= 0:
                break
        h.do(Wrote(h, event.id, said, mean))
        h.changed_people.add(person.user)
        harms.on_counted(h, settings, event, place)

    def _replies(self, h: History, event: Arrival, place: int, named: list[str]) -> Said | None:
        """Count the message as a reply to what it replies to: linked, naming, or else next in line. Return the first of that.

        A message next in line of its author's own replies to nothing; it is returned as what the new one goes on with.
        """
        found: Said | None = None
        if event.reply_to:
            found = self._reply(h, event, place, event.reply_to, REPLY_MS)
        for user in named:
            other = h.find(user)
            if other is not None and other.joined_at and not other.greeted:
                newcomers.on_named(h, self.settings, h.index[user], at=event.ts)
            if other is not None and other.last_message and other.last_message != event.reply_to:
                said = self._reply(h, event, place, other.last_message, REPLY_MS)
                found = found or said
        if not named and not event.reply_to and h.head.last_message:
            found = self._reply(h, event, place, h.head.last_message, ADJACENT_MS)
        return found

    def _reply(self, h: History, event: Arrival, place: int, target: str, within: int) -> Said | None:
        said = h.recent(target, event.ts)
        if said is None or event.ts - said.ts > within:
            return None
        if said.person == place:
            return said
        structure.on_reply(h, said, event, target, place, linked=within == REPLY_MS)
        first, by_staff = not said.answered, h.people[place].is_staff
        if not first and (said.staff_answered or not by_staff):
            return said
        h.do(Reply(target, said, activity.minute_for(h, said), (event.ts - said.ts) // 1000, by_staff))
        author = h.people[said.person]
        h.changed_people.add(author.user)
        if first and author.newcomer_flagged:
            newcomers.greet(h, self.settings, author, at=event.ts)
        return said


def _was_there(head: Head, *, known: bool) -> None:
    """Count somebody who turns out to be there: one whom the platform's own count held already, if it held more than we knew."""
    head.known += 1
    if not known and head.correction > 0:
        head.correction -= 1


def _time_of(event: Arrival) -> int:
    return event.ts
