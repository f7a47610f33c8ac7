"""One group: events applied in the order of event time, timers fired between them, late arrivals put in their place."""

from __future__ import annotations

import copy
from typing import Final

from huoqun.events import Event
from streams.core import activity, churn, leaving, questions
from streams.core.history import TIMER, History, Order, order_of
from streams.core.settings import GroupSettings
from streams.core.state import (
    DUE,
    GROUP,
    HEAD,
    MEMBERS,
    MINUTE_MS,
    ONLY,
    REPLY_MS,
    SAID,
    TABLES,
    Head,
    Member,
    Said,
)

ADJACENT_MS: Final = 2 * MINUTE_MS
"""Without a link, the next person's message within this time counts as a reply to the one before."""
ADDRESSED_WEIGHT: Final = 1 / 50


class Group:
    """The machines of one group over one :class:`History`. Deterministic: the same events and watermark, the same tables."""

    __slots__ = ("h", "settings")

    def __init__(self, settings: GroupSettings) -> None:
        self.settings = settings
        self.h = History(TABLES)

    def insert(self, event: Event, watermark: int) -> None:
        """Apply an event in its place in time, and bring everything back up to ``watermark`` (ms)."""
        order = order_of(event)
        steps = self.h.steps
        if steps and steps[-1].order > order:
            later = self.h.take_back(order)
            self._apply(event, order)
            for again in later:
                self._apply(again, order_of(again))
        else:
            self._apply(event, order)
        self.advance(watermark)

    def advance(self, until: int) -> None:
        """Fire every timer due at or before ``until`` (ms), each at its own time."""
        due = self.h.tables[DUE]
        while due:
            at = min(due.values())
            if at > until:
                return
            self._fire(at)

    def next_due(self) -> int | None:
        """Return when the next timer fires (ms), if any is set."""
        return min(self.h.tables[DUE].values(), default=None)

    def _fire(self, at: int) -> None:
        h = self.h
        due = h.tables[DUE]
        head = copy.copy(h.tables[HEAD][ONLY])
        before = copy.copy(head)
        if due.get(activity.DUE_NAME, at + 1) <= at:
            activity.on_time(h, head, self.settings, at)
        if due.get(questions.DUE_NAME, at + 1) <= at:
            questions.on_time(h, self.settings, at)
        if due.get(churn.DUE_NAME, at + 1) <= at:
            churn.on_time(h, head, self.settings, at)
        if head != before:
            h.put(HEAD, ONLY, head)
        h.commit_step((at, TIMER, 0, ""), None)

    def _apply(self, event: Event, order: Order) -> None:
        self.advance(event.ts)
        h = self.h
        head = copy.copy(h.tables[HEAD].get(ONLY)) or Head(first_ts=event.ts)
        head.last_ts = event.ts
        if event.group_name:
            head.name = event.group_name
        churn.start(h, event.ts)
        if event.type == "member_count":
            if event.count is not None:
                head.correction = event.count - head.known
        else:
            self._person(h, head, event)
        h.put(HEAD, ONLY, head)
        h.put(GROUP, ONLY, True)
        h.commit_step(order, event)

    def _person(self, h: History, head: Head, event: Event) -> None:
        settings, user = self.settings, event.user_id
        old = h.tables[MEMBERS].get(user)
        member = copy.copy(old) if old is not None else Member()
        if event.user_name:
            member.name = event.user_name
        member.is_bot = member.is_bot or event.is_bot or user in settings.bots
        member.is_staff = member.is_staff or event.is_staff or user in settings.staff
        if event.type == "join":
            self._join(h, head, event, member, known=old is not None and not old.left_at)
        elif event.type == "leave":
            if old is None or not old.left_at:
                if old is None:
                    head.correction -= head.correction > 0  # one of those that only the platform's own count knew
                elif not member.is_bot:
                    head.known -= 1
                member.left_at = event.ts
                activity.count(h, head, event.ts, "leaves")
                leaving.on_leave(h, head, settings, event)
        else:
            if (old is None or old.left_at) and not member.is_bot:
                head.known += 1
            member.left_at = 0
            if event.type == "message":
                self._message(h, head, event, member)
        h.put(MEMBERS, user, member)

    def _join(self, h: History, head: Head, event: Event, member: Member, *, known: bool) -> None:
        if known:
            return
        if not member.is_bot:
            head.known += 1
            activity.count(h, head, event.ts, "joins")
        member.left_at, member.joined_at = 0, event.ts

    def _message(self, h: History, head: Head, event: Event, member: Member) -> None:
        if member.is_bot:
            member.last_message_at = event.ts
            return
        settings = self.settings
        named = questions.named_askers(h, event)
        named.update(m for m in event.mentions if m != event.user_id)
        self._replies(h, head, event, named)
        questions.on_message(h, head, settings, event, member, named=named)
        leaving.on_message(h, head, settings, event, member)
        activity.count(h, head, event.ts, "messages")
        if member.is_staff:
            activity.count(h, head, event.ts, "staff_messages")
        else:
            activity.count_speaker(h, event.user_id)
            head.last_member_message = event.ts
        churn.on_message(head, member, event.ts)
        addressed = bool(named or event.reply_to)
        head.addressed += ADDRESSED_WEIGHT * (addressed - head.addressed)
        head.messages += 1
        head.last_message = event.id
        h.put(
            SAID,
            event.id,
            Said(event.ts, event.user_id, event.ts // MINUTE_MS, counts=not member.is_staff),
        )
        member.messages += 1
        member.last_message_at, member.last_message = event.ts, event.id

    def _replies(self, h: History, head: Head, event: Event, named: set[str]) -> None:
        """Count the message as the first reply to what it replies to: linked, naming, or else next in line."""
        targets: list[str] = []
        if event.reply_to:
            targets.append(event.reply_to)
        for user in sorted(named):
            other = h.tables[MEMBERS].get(user)
            if other is not None and other.last_message:
                targets.append(other.last_message)
        adjacent = not targets and not named
        if adjacent and head.last_message:
            targets.append(head.last_message)
        for target in targets:
            said = h.tables[SAID].get(target)
            if said is None or said.answered or said.user == event.user_id or event.ts - said.ts > REPLY_MS:
                continue
            if adjacent and event.ts - said.ts > ADJACENT_MS:
                continue
            said = copy.copy(said)
            said.answered = True
            h.put(SAID, target, said)
            activity.count_reply(h, head, said, event.ts)
            author = h.tables[MEMBERS].get(said.user)
            if author is not None:
                author = copy.copy(author)
                author.replies += 1
                h.put(MEMBERS, said.user, author)
                if author.newcomer_flagged:
                    churn.greet(h, self.settings, said.user, author.joined_at, at=event.ts)
