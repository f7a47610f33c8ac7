"""Unanswered messages: what wants an answer, what answers it, and when silence becomes an alert.

A message wants an answer if a person who isn't staff asks, mentions staff, or is a newcomer speaking for the first time.
It is answered by the first later message of another person that responds to it: a reply or a thread, a mention or the
asker's name; in groups that hardly ever name anybody, by the best judgement from time, distance and words in common.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Iterator
from typing import Final

from huoqun.events import Event
from huoqun.results import QuestionKind, alert_id
from streams.core.alerts import close_alert, minutes_text, raise_alert
from streams.core.history import History
from streams.core.lexicon import ORDINARY_NAMES
from streams.core.settings import GroupSettings, add_awake
from streams.core.state import (
    ASKERS,
    DAY_MS,
    DUE,
    MEMBERS,
    MINUTE_MS,
    NEWCOMER_MS,
    OPEN,
    QUESTIONS,
    Asked,
    Head,
    Member,
)
from streams.core.wording import looks_like_ad, tokens_of, wants_answer, words_of

DUE_NAME: Final = "questions"
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
CONFIDENCE_NAMED: Final = ((60, 0.97, 0.84), (120, 0.93, 0.56), (300, 0.74, 0.29), (600, 0.6, 0.26), (1200, 0.52, 0.26))
"""(seconds waited, confidence, confidence if the asker has addressed somebody since) when another person names the asker:
shares measured on 2,616 annotated IRC questions; the last row holds for longer waits too."""
THRESHOLD: Final = 0.5


def on_message(
    h: History, head: Head, settings: GroupSettings, event: Event, author: Member, *, named: set[str]
) -> None:
    """Let a message of a person answer what it answers, then see whether it wants an answer itself.

    ``named`` are the members it names or mentions, ``author`` its author before this message.
    """
    _answer(h, head, event, author, named)
    if named or event.reply_to:
        for question in h.tables[ASKERS].get(event.user_id, ()):
            if not h.tables[QUESTIONS][question].moved_on:
                asked = copy.copy(h.tables[QUESTIONS][question])
                asked.moved_on = True
                h.put(QUESTIONS, question, asked)
    kind = _kind_of(settings, event, author, h)
    if kind is None:
        return
    _ask(h, head, settings, event, author, kind)


def named_askers(h: History, event: Event) -> set[str]:
    """Return the members with open questions whose name stands in the text."""
    askers = h.tables[ASKERS]
    found: set[str] = set()
    if not askers or not event.text:
        return found
    tokens: set[str] | None = None
    for user in askers:
        if user == event.user_id:
            continue
        member = h.tables[MEMBERS].get(user)
        for name in {user, member.name if member is not None else ""}:
            if len(name) < 2:  # noqa: PLR2004  # one character is no evidence
                continue
            if name.isascii():
                if tokens is None:
                    tokens = tokens_of(event.text)
                hit = name.casefold() in tokens and name.casefold() not in ORDINARY_NAMES
            else:
                hit = name in event.text
            if hit:
                found.add(user)
                break
    return found


def on_time(h: History, settings: GroupSettings, at: int) -> None:
    """Raise, escalate or expire what is due at ``at`` (ms)."""
    for question, due in sorted(h.tables[OPEN].items()):
        if due > at:
            continue
        asked = copy.copy(h.tables[QUESTIONS][question])
        if asked.due_at and asked.raised == 0 and asked.due_at <= at:
            asked.raised = 1
            _alert(h, settings, question, asked, at)
        elif asked.due_at and asked.raised == 1 and asked.escalates_at <= at:
            asked.raised = 2
            _alert(h, settings, question, asked, at)
        if at >= asked.asked_at + EXPIRES_MS:
            _expire(h, settings, question, asked, at)
            continue
        h.put(QUESTIONS, question, asked)
        h.put(OPEN, question, _next_due(asked))
    _schedule(h)


def _kind_of(settings: GroupSettings, event: Event, author: Member, h: History) -> QuestionKind | None:
    if any(m in settings.staff or _is_staff(h, m) for m in event.mentions) and not author.is_staff:
        return "mention"
    if wants_answer(event.text):
        return "question"
    if looks_like_ad(event.text):
        return None
    first = author.messages == 0 and author.joined_at > 0 and event.ts - author.joined_at <= NEWCOMER_MS
    return "newcomer" if first and not author.is_staff else None


def _is_staff(h: History, user: str) -> bool:
    member = h.tables[MEMBERS].get(user)
    return member is not None and member.is_staff and not member.is_bot


def _ask(h: History, head: Head, settings: GroupSettings, event: Event, author: Member, kind: QuestionKind) -> None:
    asked = Asked(
        user=event.user_id,
        asked_at=event.ts,
        kind=kind,
        thread=event.thread_id,
        words=tuple(sorted(words_of(event.text))),
        place=head.messages,
    )
    before = h.tables[ASKERS].get(event.user_id, ())
    for earlier in before:
        other = h.tables[QUESTIONS][earlier]
        if continues(asked, other):
            asked.joined_to = other.joined_to or earlier
    if not author.is_staff and not asked.joined_to:
        wait = _deadline(head, settings, event, author, kind)
        asked.due_at = add_awake(event.ts, wait, settings.quiet)
        asked.escalates_at = add_awake(event.ts, round(wait * settings.deadlines.escalate_factor), settings.quiet)
    h.put(QUESTIONS, event.id, asked)
    h.put(OPEN, event.id, _next_due(asked))
    if len(before) >= MAX_PER_ASKER:
        _expire(h, settings, before[0], copy.copy(h.tables[QUESTIONS][before[0]]), event.ts)
    h.put(ASKERS, event.user_id, (*h.tables[ASKERS].get(event.user_id, ()), event.id))
    if len(h.tables[OPEN]) > MAX_OPEN:
        oldest = min(h.tables[OPEN], key=lambda q: (h.tables[QUESTIONS][q].asked_at, q))
        _expire(h, settings, oldest, copy.copy(h.tables[QUESTIONS][oldest]), event.ts)
    _schedule(h)


def continues(asked: Asked, earlier: Asked) -> bool:
    """Whether a question goes on with an earlier one of the same person: at once, or in nearly the same words."""
    gap = asked.asked_at - earlier.asked_at
    if gap <= JOIN_MS:
        return True
    words, others = set(asked.words), set(earlier.words)
    return gap <= REPEAT_MS and len(words) > 1 and len(words & others) >= REPEAT_SHARE * len(words | others)


def confidence_named(seconds: float, *, moved_on: bool) -> float:
    """Return how likely somebody who names the asker ``seconds`` after the question answers it."""
    row = next((row for row in CONFIDENCE_NAMED if seconds <= row[0]), CONFIDENCE_NAMED[-1])
    return row[2] if moved_on else row[1]


def _deadline(head: Head, settings: GroupSettings, event: Event, author: Member, kind: QuestionKind) -> int:
    """Return how long the message may wait, in ms: the shortest of the deadlines that apply."""
    limits = settings.deadlines
    minutes = [limits.question_minutes]
    if kind == "mention":
        minutes.append(limits.mention_minutes)
    if author.joined_at and event.ts - author.joined_at <= NEWCOMER_MS:
        minutes.append(limits.newcomer_minutes)
    week = [n for day, n in head.days if event.ts // DAY_MS - 7 <= day < event.ts // DAY_MS]
    young = event.ts - head.first_ts < COLD_START_DAYS * DAY_MS
    if young or sum(week) < COLD_START_MESSAGES * 7:
        minutes.append(limits.cold_start_minutes)
    return round(min(minutes) * MINUTE_MS)


def _answer(h: History, head: Head, event: Event, author: Member, named: set[str]) -> None:
    if not h.tables[OPEN]:
        return
    found = dict(_linked(h, event, named))
    addressed = bool(named or event.reply_to or event.mentions)
    if not found and not addressed:
        found = dict(_judged(h, head, event))
    for question, confidence in found.items():
        asked = h.tables[QUESTIONS][question]
        root = asked.joined_to or question
        for other in h.tables[ASKERS].get(asked.user, ()):
            entry = h.tables[QUESTIONS][other]
            if other == question or root in {other, entry.joined_to}:
                _close(h, other, entry, event, author, confidence)
    if found:
        _schedule(h)


def _linked(h: History, event: Event, named: set[str]) -> Iterator[tuple[str, float]]:
    """Yield what the message answers by an explicit link, and how sure that is."""
    for user in sorted(named):
        for question in h.tables[ASKERS].get(user, ())[-1:]:  # the talk is about what they asked last
            asked = h.tables[QUESTIONS][question]
            confidence = confidence_named((event.ts - asked.asked_at) / 1000, moved_on=asked.moved_on)
            if user != event.user_id and confidence >= THRESHOLD:
                yield question, confidence
    if event.thread_id:
        for question in h.tables[OPEN]:
            asked = h.tables[QUESTIONS][question]
            if asked.user != event.user_id and event.thread_id in (asked.thread, question):
                yield question, CONFIDENCE_THREAD
    if event.reply_to:
        question = h.tables[QUESTIONS].get(event.reply_to)
        if question is not None and question.status == "open" and question.user != event.user_id:
            yield event.reply_to, CONFIDENCE_REPLY


def _judged(h: History, head: Head, event: Event) -> Iterator[tuple[str, float]]:
    """Yield the one open question that a message without any link most likely answers, if any is likely enough."""
    words = words_of(event.text)
    asks = wants_answer(event.text)
    best: tuple[float, int, str] | None = None  # likeliest, then latest: the same whatever the order of the table
    for question in h.tables[OPEN]:
        asked = h.tables[QUESTIONS][question]
        waited = event.ts - asked.asked_at
        if asked.user == event.user_id or waited > JUDGED_MS:
            continue
        odds = likelihood(
            seconds=waited / 1000,
            between=head.messages - asked.place - 1,
            shared=len(words.intersection(asked.words)),
            asks=asks,
        )
        candidate = (odds, asked.asked_at, question)
        best = candidate if best is None else max(best, candidate)
    if best is None:
        return
    probability = 1 / (1 + math.exp(NAMING_COST * head.addressed - best[0]))
    if probability >= THRESHOLD:
        yield best[2], round(probability, 3)


def likelihood(*, seconds: float, between: int, shared: int, asks: bool) -> float:
    """Return the log odds that a message without link answers a question ``seconds`` and ``between`` messages before.

    ``shared`` is the number of words in common, ``asks`` whether the message is itself a question. The weights are set by
    hand: adjacency within about a minute, or a word in common within minutes, makes it likely.
    """
    return (
        1.2
        - 0.7 * math.log1p(max(0.0, seconds) / 30)
        - 0.9 * math.log1p(max(0, between))
        + 1.4 * min(shared, 3)
        - (1.2 if asks else 0.0)
    )


def _close(h: History, question: str, entry: Asked, event: Event, author: Member, confidence: float) -> None:
    asked = copy.copy(entry)
    asked.status, asked.answer, asked.answered_by = "answered", event.id, event.user_id
    asked.answered_at, asked.confidence, asked.by_staff = event.ts, confidence, author.is_staff
    h.put(QUESTIONS, question, asked)
    _forget(h, question, asked)
    if asked.raised:
        waited = minutes_text(event.ts - asked.asked_at)
        who = author.name or event.user_id
        close_alert(
            h,
            alert_id("unanswered", event.platform, event.group_id, question),
            at=event.ts,
            state="resolved",
            reason=f"{who} 在 {waited} 后回应 · answered by {who} after {waited}",
        )


def _expire(h: History, settings: GroupSettings, question: str, asked: Asked, at: int) -> None:
    asked.status = "expired"
    h.put(QUESTIONS, question, asked)
    _forget(h, question, asked)
    if asked.raised:
        key = alert_id("unanswered", settings.platform, settings.group_id, question)
        close_alert(h, key, at=at, state="expired", reason="七天无人回应 · nobody answered within 7 days")


def _forget(h: History, question: str, asked: Asked) -> None:
    h.drop(OPEN, question)
    left = tuple(q for q in h.tables[ASKERS].get(asked.user, ()) if q != question)
    if left:
        h.put(ASKERS, asked.user, left)
    else:
        h.drop(ASKERS, asked.user)


def _alert(h: History, settings: GroupSettings, question: str, asked: Asked, at: int) -> None:
    waited = minutes_text(at - asked.asked_at)
    member = h.tables[MEMBERS].get(asked.user)
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
        question,
        at=at,
        severity="critical" if escalated else "warning",
        user=asked.user,
        event=question,
        title=f"{who}{what[0]} {waited} 没人回应 · {who}'s {what[1]} unanswered for {waited}",
        reasons=[
            f"已等待 {waited}，超过期限 · waited {waited}, past the deadline",
            *(_newcomer_reason(member, asked) if member is not None else []),
        ],
        evidence={"asked_at": asked.asked_at, "due_at": asked.due_at, "kind": asked.kind, "escalated": escalated},
    )


def _newcomer_reason(member: Member, asked: Asked) -> list[str]:
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


def _schedule(h: History) -> None:
    due = min(h.tables[OPEN].values(), default=None)
    if due is None:
        h.drop(DUE, DUE_NAME)
    elif h.tables[DUE].get(DUE_NAME) != due:
        h.put(DUE, DUE_NAME, due)
