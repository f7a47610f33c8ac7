"""One group: events applied in the order of event time, timers fired between them, late arrivals put in their place."""

from __future__ import annotations

from typing import Final

from huoqun.events import Event
from streams.core import activity, churn, leaving, names, questions
from streams.core.history import SAID, History, next_due
from streams.core.settings import GroupSettings
from streams.core.state import MOST_SAID, NEVER, REPLY_MS, Head, Person, Said

ADJACENT_MS: Final = 2 * 60_000
"""Without a link, the next person's message within this time counts as a reply to the one before."""
ADDRESSED_WEIGHT: Final = 1 / 50


class Group:
    """The machines of one group over one :class:`History`. Deterministic: the same events and watermark, the same tables."""

    __slots__ = ("h", "settings")

    def __init__(self, settings: GroupSettings) -> None:
        self.settings: GroupSettings = settings
        self.h: History = History()

    def insert(self, event: Event, offset: int, watermark: int) -> None:
        """Apply an event (of the record at ``offset``) in its place in time, then fire the timers up to ``watermark`` (ms)."""
        steps = self.h.steps
        if steps and steps[-1].after(event.ts, event.id):
            later = self.h.take_back(event.ts, event.id)
            self._apply(event, offset)
            for step in later:
                again = step.event
                assert again is not None
                self._apply(again, step.offset)
        else:
            self._apply(event, offset)
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
        if h.head.due_questions <= at:
            questions.on_time(h, self.settings, at)
        if h.head.due_days <= at:
            churn.on_time(h, self.settings, at)
        h.commit_step(at, None, "", -1)

    def _apply(self, event: Event, offset: int) -> None:
        ts = event.ts
        self.advance(ts)
        h = self.h
        head = h.change_head()
        head.last_ts = ts
        if not h.life.first_ts:
            h.change_life().first_ts = ts
        name = event.group_name
        if name and name != h.life.name:
            h.change_life().name = name
        if head.due_days == NEVER:
            churn.start(head, ts)
        if event.type == "member_count":
            if event.count is not None:
                head.correction = event.count - head.known
        else:
            self._person(h, head, event)
        h.group_changed = True
        h.commit_step(ts, event, event.id, offset)

    def _person(self, h: History, head: Head, event: Event) -> None:
        place = h.index.get(event.user_id, -1)
        old = place >= 0
        if not old:
            place = h.add_person(event.user_id)
        person = h.change_person(place)
        gone = old and person.left_at != 0
        self._describe(h, event, person)
        kind = event.type
        if kind == "join":
            if not old or gone:
                self._join(head, event, person)
        elif kind == "leave":
            if not gone:
                self._leave(h, head, event, person, known=old)
        else:
            if (not old or gone) and not person.is_bot:
                head.known += 1
            person.left_at = 0
            if kind == "message":
                self._message(h, head, event, place, person)

    def _describe(self, h: History, event: Event, person: Person) -> None:
        name, user = event.user_name, event.user_id
        if name and name != person.name:
            names.rename(h, person, name)
            person.name = name
        if not person.is_bot and (event.is_bot or user in self.settings.bots):
            person.is_bot = True
        if not person.is_staff and (event.is_staff or user in self.settings.staff):
            person.is_staff = True

    def _join(self, head: Head, event: Event, person: Person) -> None:
        if not person.is_bot:
            head.known += 1
            activity.begin_minute(head, event.ts)
            head.joins += 1
        person.left_at, person.joined_at = 0, event.ts

    def _leave(self, h: History, head: Head, event: Event, person: Person, *, known: bool) -> None:
        if not known:
            head.correction -= head.correction > 0  # one of those that only the platform's own count knew
        elif not person.is_bot:
            head.known -= 1
        person.left_at = event.ts
        activity.begin_minute(head, event.ts)
        head.leaves += 1
        leaving.on_leave(h, head, self.settings, event)

    def _message(self, h: History, head: Head, event: Event, place: int, person: Person) -> None:
        ts = event.ts
        if person.is_bot:
            person.last_message_at = ts
            return
        settings = self.settings
        named = names.named(h, event)
        for mentioned in event.mentions:
            if mentioned != event.user_id and mentioned not in named:
                named = [*named, mentioned]
        if len(named) > 1:
            named = sorted(named)
        self._replies(h, head, event, named)
        questions.on_message(h, head, settings, event, person, named)
        leaving.on_message(h, settings, event, person)
        activity.begin_minute(head, ts)
        head.minute_messages += 1
        if person.is_staff:
            head.staff_messages += 1
        else:
            h.count_speaker(place)
            head.last_member_message = ts
        churn.on_message(head, person, ts)
        addressed = 1.0 if named or event.reply_to else 0.0
        head.addressed += ADDRESSED_WEIGHT * (addressed - head.addressed)
        head.messages += 1
        head.last_message = event.id
        h.put(SAID, event.id, Said(ts, place, head.messages, False, not person.is_staff))
        person.messages += 1
        person.last_message_at, person.last_message = ts, event.id

    def _replies(self, h: History, head: Head, event: Event, named: list[str]) -> None:
        """Count the message as the first reply to what it replies to: linked, naming, or else next in line."""
        if event.reply_to:
            self._reply(h, head, event, event.reply_to, REPLY_MS)
        for user in named:
            other = h.find(user)
            if other is not None and other.last_message and other.last_message != event.reply_to:
                self._reply(h, head, event, other.last_message, REPLY_MS)
        if not named and not event.reply_to and head.last_message:
            self._reply(h, head, event, head.last_message, ADJACENT_MS)

    def _reply(self, h: History, head: Head, event: Event, target: str, within: int) -> None:
        said: Said | None = h.tables[SAID].get(target)
        if said is None or said.answered or event.ts - said.ts > within or head.messages - said.place >= MOST_SAID:
            return
        author = h.people[said.person]
        if author.user == event.user_id:
            return
        h.put(SAID, target, Said(said.ts, said.person, said.place, True, said.counts))
        activity.count_reply(h, head, said, event.ts)
        author = h.change_person(said.person)
        author.replies += 1
        if author.newcomer_flagged:
            churn.greet(h, self.settings, author.user, author.joined_at, at=event.ts)
