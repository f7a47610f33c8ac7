"""Unanswered messages: what wants an answer, what answers it, and when silence becomes an alert.

A message wants an answer if a person who isn't staff asks, mentions staff, or is a newcomer speaking for the first time.
It is answered by the first later message of another person that responds to it: a reply or a thread, a mention or the
asker's name; in groups that hardly ever name anybody, by the best judgement from time, distance and words in common.
"""

from __future__ import annotations

import math
from typing import Final

from huoqun.results import QuestionKind, alert_id
from streams.core import coverage, names, structure
from streams.core.alerts import close_alert, minutes_text, raise_alert
from streams.core.arrival import Arrival
from streams.core.daily import messages_from
from streams.core.history import History
from streams.core.settings import GroupSettings, add_awake
from streams.core.state import DAY_MS, MINUTE_MS, NEVER, NEWCOMER_MS, Asked, Person
from streams.core.tables import ASKERS
from streams.core.wording import looks_like_ad, wants_answer, words_of

EXPIRES_MS: Final = 7 * DAY_MS
"""An open question older than this is nobody's work any more."""
MAX_OPEN: Final = 256
"""Open questions a group may have; the oldest expire beyond it."""
MAX_PER_ASKER: Final = 8
COLD_START_MESSAGES: Final = 20
"""Fewer member messages a day than this is cold start (domain definition)."""
COLD_START_DAYS: Final = 30
JOIN_MS: Final = 2 * MINUTE_MS
"""A further question of the same person within this time of an open one continues it …"""
REPEAT_MS: Final = 24 * 60 * MINUTE_MS
REPEAT_SHARE: Final = 0.6
"""… and so does one within a day that shares this much of its words (Jaccard index) with it."""
NAMING_COST: Final = 7.0
"""What it costs a message that names nobody, in log odds, that everybody else here names whom they talk to."""
JUDGED_MS: Final = 30 * MINUTE_MS
"""Later than this, only an explicit link answers."""

CONFIDENCE_REPLY: Final = 0.98
CONFIDENCE_THREAD: Final = 0.9
CONFIDENCE_NAMED: Final[tuple[tuple[int, float, float], ...]] = (
    (60, 0.97, 0.84),
    (120, 0.93, 0.56),
    (300, 0.74, 0.29),
    (600, 0.6, 0.26),
    (1200, 0.52, 0.26),
)
"""(seconds waited, confidence, confidence if the asker has addressed somebody since) when another person names the asker:
shares measured on 2,616 annotated IRC questions; the last row holds for longer waits too."""
THRESHOLD: Final = 0.5
WORD_ODDS: Final = 1.4
MOST_SHARED: Final = 3
"""A word in common makes an answer likelier by so much, in log odds, up to this many."""


NONE: Final[tuple[Asked, ...]] = ()


def on_message(h: History, settings: GroupSettings, event: Arrival, place: int, named: list[str]) -> None:
    """Let a message of the person at ``place`` answer what it answers, then see whether it wants an answer itself.

    Called before the message is counted. ``named`` are the members it names or mentions, sorted.
    """
    if event.asks < 0:
        event.asks = int(wants_answer(event.text))
    asks = event.asks > 0
    author = h.people[place]
    if h.open:
        _answer(h, event, author, named, asks)
        if named or event.reply_to:
            for asked in h.askers.get(event.user_id, NONE):
                if not asked.moved_on:
                    h.change_asked(asked, visibly=False)
                    asked.moved_on = True
    kind = _kind_of(h, settings, event, author, asks)
    if kind is not None:
        _ask(h, settings, event, author, kind)


def on_time(h: History, settings: GroupSettings, at: int) -> None:
    """Raise, escalate or expire what is due at ``at`` (ms)."""
    due = NEVER
    for asked in list(h.open):
        if _next_due(asked) <= at:
            h.change_asked(asked)
            if asked.due_at and asked.raised == 0 and asked.due_at <= at:
                asked.raised = 1
                _alert(h, settings, asked, at)
            elif asked.due_at and asked.raised == 1 and asked.escalates_at <= at:
                asked.raised = 2
                _alert(h, settings, asked, at)
            if at >= asked.asked_at + EXPIRES_MS:
                _expire(h, settings, asked, at)
                continue
        due = min(due, _next_due(asked))
    h.change_head().due_questions = due


def _kind_of(h: History, settings: GroupSettings, event: Arrival, author: Person, asks: bool) -> QuestionKind | None:
    if event.mentions and not author.is_staff:
        for mentioned in event.mentions:
            if mentioned in settings.staff:
                return "mention"
            person = h.find(mentioned)
            if person is not None and person.is_staff and not person.is_bot:
                return "mention"
    if asks:
        return "question"
    first = author.messages == 0 and author.joined_at > 0 and event.ts - author.joined_at <= NEWCOMER_MS
    return "newcomer" if first and not author.is_staff and not looks_like_ad(event.text) else None


def _ask(h: History, settings: GroupSettings, event: Arrival, author: Person, kind: QuestionKind) -> None:
    asked = Asked(h.step, event.id, event.user_id, event.ts, kind)
    asked.thread = event.thread_id
    asked.words = list(words_of(event.text))
    asked.place = h.head.messages
    before = h.askers.get(event.user_id, NONE)
    for earlier in before:
        if continues(asked, earlier):
            asked.joined_to = earlier.joined_to or earlier.event
    if not author.is_staff and not asked.joined_to and coverage.alarms(h, kind):
        wait = _deadline(h, settings, event, author, kind)
        asked.due_at = add_awake(event.ts, wait, settings.quiet)
        asked.escalates_at = add_awake(event.ts, round(wait * settings.deadlines.escalate_factor), settings.quiet)
    if len(before) >= MAX_PER_ASKER:
        h.change_asked(before[0])
        _expire(h, settings, before[0], event.ts)
        before = h.askers.get(event.user_id, NONE)
    h.open_question(asked)
    h.put(ASKERS, event.user_id, (*before, asked))
    if not before:
        names.add(h, author)
    if len(h.open) > MAX_OPEN:
        h.change_asked(h.open[0])
        _expire(h, settings, h.open[0], event.ts)
    due = _next_due(asked)
    if due < h.head.due_questions:
        h.change_head().due_questions = due


def continues(asked: Asked, earlier: Asked) -> bool:
    """Whether a question goes on with an earlier one of the same person: at once, or in nearly the same words."""
    gap = asked.asked_at - earlier.asked_at
    if gap <= JOIN_MS:
        return True
    words, others = set(asked.words), set(earlier.words)
    return gap <= REPEAT_MS and len(words) > 1 and len(words & others) >= REPEAT_SHARE * len(words | others)


def confidence_named(seconds: float, *, moved_on: bool) -> float:
    """Return how likely somebody who names the asker ``seconds`` after the question answers it."""
    for limit, sure, unsure in CONFIDENCE_NAMED:
        if seconds <= limit:
            return unsure if moved_on else sure
    return CONFIDENCE_NAMED[-1][2] if moved_on else CONFIDENCE_NAMED[-1][1]


def _deadline(h: History, settings: GroupSettings, event: Arrival, author: Person, kind: QuestionKind) -> int:
    """Return how long the message may wait, in ms: the shortest of the deadlines that apply."""
    limits = settings.deadlines
    minutes: float = limits.question_minutes
    if kind == "mention":
        minutes = min(minutes, limits.mention_minutes)
    if author.joined_at and event.ts - author.joined_at <= NEWCOMER_MS:
        minutes = min(minutes, limits.newcomer_minutes)
    life = h.life
    week = messages_from(life.days, event.ts // DAY_MS - 7)
    if event.ts - life.first_ts < COLD_START_DAYS * DAY_MS or week < COLD_START_MESSAGES * 7:
        minutes = min(minutes, limits.cold_start_minutes)
    return round(minutes * MINUTE_MS)


def _answer(h: History, event: Arrival, author: Person, named: list[str], asks: bool) -> None:
    found = _linked(h, event, named)
    if not found and not named and not event.reply_to and not event.mentions:
        found = _judged(h, event, asks)
    for question, confidence in found.items():
        asked = h.questions[question]
        root = asked.joined_to or question
        for other in h.askers.get(asked.user, NONE):
            if other.event in (question, root) or other.joined_to == root:
                h.change_asked(other)
                _close(h, other, event, author, confidence)


def _linked(h: History, event: Arrival, named: list[str]) -> dict[str, float]:
    """Return what the message answers by an explicit link, and how sure that is."""
    found: dict[str, float] = {}
    for user in named:
        theirs = h.askers.get(user, NONE)
        if not theirs or user == event.user_id:
            continue
        asked = theirs[-1]  # the talk is about what they asked last
        confidence = confidence_named((event.ts - asked.asked_at) / 1000, moved_on=asked.moved_on)
        if confidence >= THRESHOLD:
            found[asked.event] = confidence
    if event.thread_id:
        for asked in h.open:
            if asked.user != event.user_id and event.thread_id in (asked.thread, asked.event):
                found[asked.event] = CONFIDENCE_THREAD
    if event.reply_to:
        target = h.questions.get(event.reply_to)
        if target is not None and target.status == "open" and target.user != event.user_id:
            found[event.reply_to] = CONFIDENCE_REPLY
    return found


def _judged(h: History, event: Arrival, asks: bool) -> dict[str, float]:
    """Return the one open question that a message without any link most likely answers, if any is likely enough.

    Looks back from the latest: what time and distance allow only falls, so the search ends where even words in common
    could not make it likely enough.
    """
    head = h.head
    cost = NAMING_COST * head.addressed
    lowered = ""
    words: frozenset[str] | None = None
    best, found = cost, ""
    place = len(h.open) - 1
    while place >= 0:
        asked = h.open[place]
        place -= 1
        waited = event.ts - asked.asked_at
        if waited > JUDGED_MS:
            break
        odds = likelihood(seconds=waited / 1000, between=head.messages - asked.place - 1, shared=0, asks=asks)
        if odds + WORD_ODDS * MOST_SHARED < best:
            break
        if asked.user == event.user_id:
            continue
        if not lowered:
            lowered = event.text.lower()
        hits = _found(asked.words, lowered)
        if odds + WORD_ODDS * min(hits, MOST_SHARED) < best:
            continue
        if hits:
            if words is None:
                words = words_of(event.text)
            odds += WORD_ODDS * min(_shared(asked.words, words), MOST_SHARED)
        if odds > best or (odds == best and not found):
            best, found = odds, asked.event
    return {found: round(1 / (1 + math.exp(cost - best)), 3)} if found else {}


def _found(words: list[str], text: str) -> int:
    """Return how many words stand in a text: a fifth of the cost of taking the text apart, and there rarely are any."""
    found = 0
    for word in words:
        if word in text:
            found += 1
    return found


def _shared(words: list[str], others: frozenset[str]) -> int:
    shared = 0
    for word in words:
        if word in others:
            shared += 1
    return shared


def likelihood(*, seconds: float, between: int, shared: int, asks: bool) -> float:
    """Return the log odds that a message without link answers a question ``seconds`` and ``between`` messages before.

    ``shared`` is the number of words in common, ``asks`` whether the message is itself a question. The weights are set by
    hand: adjacency within about a minute, or a word in common within minutes, makes it likely.
    """
    odds = 1.2 - 0.7 * math.log(1 + max(0.0, seconds) / 30) - 0.9 * math.log(1.0 + max(0, between))
    if shared:
        odds += WORD_ODDS * min(shared, MOST_SHARED)
    return odds - 1.2 if asks else odds


def _close(h: History, asked: Asked, event: Arrival, author: Person, confidence: float) -> None:
    asked.status, asked.answer, asked.answered_by = "answered", event.id, event.user_id
    asked.answered_at, asked.confidence, asked.by_staff = event.ts, confidence, author.is_staff
    _forget(h, asked)
    if asked.raised:
        waited = minutes_text(event.ts - asked.asked_at)
        who = author.name or event.user_id
        close_alert(
            h,
            alert_id("unanswered", event.platform, event.group_id, asked.event),
            at=event.ts,
            state="resolved",
            reason=f"{who} 在 {waited} 后回应 · answered by {who} after {waited}",
        )


def _expire(h: History, settings: GroupSettings, asked: Asked, at: int) -> None:
    asked.status = "expired"
    _forget(h, asked)
    if asked.raised:
        key = alert_id("unanswered", settings.platform, settings.group_id, asked.event)
        close_alert(h, key, at=at, state="expired", reason="七天无人回应 · nobody answered within 7 days")


def withdraw(h: History, settings: GroupSettings, user: str, *, at: int, reason: str) -> None:
    """Expire a person's open questions: nobody owes them an answer, for this ``reason``."""
    for asked in h.askers.get(user, NONE):
        h.change_asked(asked)
        asked.status = "expired"
        _forget(h, asked)
        if asked.raised:
            key = alert_id("unanswered", settings.platform, settings.group_id, asked.event)
            close_alert(h, key, at=at, state="expired", reason=reason)


def _forget(h: History, asked: Asked) -> None:
    h.shut_question(asked)
    structure.helped(h, asked)
    left = [other for other in h.askers.get(asked.user, NONE) if other is not asked]
    if left:
        h.put(ASKERS, asked.user, tuple(left))
    else:
        h.drop(ASKERS, asked.user)
        person = h.find(asked.user)
        if person is not None:
            names.remove(h, person)
    if h.head.due_questions == _next_due(asked):
        due = NEVER
        for other in h.open:
            due = min(due, _next_due(other))
        h.change_head().due_questions = due


def _alert(h: History, settings: GroupSettings, asked: Asked, at: int) -> None:
    if not coverage.alarms(h, asked.kind):
        return
    waited = minutes_text(at - asked.asked_at)
    member = h.find(asked.user)
    who = (member.name if member is not None else "") or asked.user
    what = {
        "question": ("的提问", "question"),
        "newcomer": ("的第一次发言", "first message"),
        "mention": ("找管理员的消息", "message to staff"),
    }[asked.kind]
    escalated = asked.raised > 1
    raise_alert(
        h,
        settings,
        "unanswered",
        asked.event,
        at=at,
        severity="critical" if escalated else "warning",
        user=asked.user,
        event=asked.event,
        title=f"{who}{what[0]} {waited} 没人回应 · {who}'s {what[1]} unanswered for {waited}",
        reasons=[
            f"已等待 {waited}，超过期限 · waited {waited}, past the deadline",
            *(_newcomer_reason(member, asked) if member is not None else []),
        ],
        evidence={"asked_at": asked.asked_at, "due_at": asked.due_at, "kind": asked.kind, "escalated": escalated},
    )


def _newcomer_reason(member: Person, asked: Asked) -> list[str]:
    if not member.joined_at or asked.asked_at - member.joined_at > NEWCOMER_MS:
        return []
    since = minutes_text(asked.asked_at - member.joined_at)
    return [f"新成员，入群 {since} · a newcomer, joined {since} before"]


def _next_due(asked: Asked) -> int:
    if asked.due_at and asked.raised == 0:
        return asked.due_at
    if asked.due_at and asked.raised == 1:
        return asked.escalates_at
    return asked.asked_at + EXPIRES_MS
