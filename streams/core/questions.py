"""What wants an answer, and by when.

A message wants an answer if a person who isn't staff asks, mentions staff, or is a newcomer speaking for the first time; that it
is addressed to one named person changes nothing. What answers it says :mod:`streams.core.answering`, and what operators are
told :mod:`streams.core.unanswered`.
"""

from __future__ import annotations

from typing import Final

from huoqun.results import QuestionKind
from streams.core import answering, coverage, names, unanswered
from streams.core.answer_features import scene_places
from streams.core.answer_model import AnswerModel
from streams.core.arrival import NOT_LOOKED, Arrival
from streams.core.daily import messages_from
from streams.core.history import History
from streams.core.reactions import settled
from streams.core.scanning import openings
from streams.core.settings import GroupSettings, add_awake
from streams.core.state import DAY_MS, MINUTE_MS, NEVER, NEWCOMER_MS, Asked, Person
from streams.core.tables import ASKERS, QUESTIONS
from streams.core.wording import asking, looks_like_ad, marked, words_of

EXPIRES_MS: Final = 7 * DAY_MS
"""An open question older than this is nobody's work any more."""
MAX_OPEN: Final = 256
"""Questions that a group may watch; the oldest expire beyond it."""
MAX_PER_ASKER: Final = 8
COLD_START_MESSAGES: Final = 20
"""Fewer member messages a day than this is cold start (domain definition)."""
COLD_START_DAYS: Final = 30
JOIN_MS: Final = 2 * MINUTE_MS
"""A further question of the same person within this time of an open one continues it …"""
REPEAT_MS: Final = 24 * 60 * MINUTE_MS
REPEAT_SHARE: Final = 0.6
"""… and so does one within a day that shares this much of its words (Jaccard index) with it."""
LATER: Final = 1
NO_MORE: Final = 2
SOLVED: Final = "提问者说已解决 · the asker says it is solved"
TALKING_MS: Final = MINUTE_MS
"""Who has spoken within this time, or addresses somebody, is in talk: …"""
LEAST_TALKING: Final = 30
"""… their message asks without a question mark only if it weighs more than this …"""
LEAST_MARKED: Final = -150
"""… and with one, not in talk, if it weighs more than this: see DECISIONS.md 43."""
NONE: Final[tuple[Asked, ...]] = ()


def on_message(
    h: History, settings: GroupSettings, model: AnswerModel, event: Arrival, place: int, named: list[str]
) -> None:
    """Let a message of the person at ``place`` answer what it answers, then see whether it wants an answer itself.

    Called before the message is counted. ``named`` are the members it addresses.
    """
    author = h.people[place]
    asks = _asks(h, event, author, named)
    if h.open:
        answering.on_message(h, settings, model, event, author, named, asks)
        if not asks and event.user_id in h.askers and settled(event.text):
            _settle(h, settings, event)
    kind = _kind_of(h, settings, event, author, asks)
    if kind is not None:
        _ask(h, settings, event, author, kind, named)


def _asks(h: History, event: Arrival, author: Person, named: list[str]) -> bool:
    """Whether a message asks: by its words, and, where they leave it in doubt, by its mark and whether its author is in talk.

    In talk, most of what looks a little like a question is none; out of it a question mark means what it says. Before anybody
    has spoken nothing is known of talk.
    """
    if event.asking == NOT_LOOKED:
        event.asking = asking(event.text)
    weight = event.asking
    if weight > LEAST_TALKING or weight <= LEAST_MARKED or h.head.messages == 0:
        return weight > 0
    talking = bool(named) or event.ts - author.last_message_at <= TALKING_MS
    if weight > 0:
        return not talking or marked(event.text)
    return not talking and marked(event.text)


def on_time(h: History, settings: GroupSettings, model: AnswerModel, at: int) -> None:
    """Raise, escalate or expire what is due at ``at`` (ms).

    An alert that is likely to be wrong is held back at the deadline, and judged once more when it would escalate.
    """
    due = NEVER
    for asked in list(h.open):
        if _next_due(asked) <= at:
            if asked.status != "open" or at >= asked.asked_at + EXPIRES_MS:
                _expire(h, settings, asked, at)
                continue
            h.change_asked(asked, visibly=False)
            if asked.due_at and asked.raised == 0 and asked.due_at <= at:
                if answering.doubtful(model, asked, at):
                    asked.held = LATER if at < asked.escalates_at else NO_MORE
                    due = min(due, _next_due(asked))
                    continue
                asked.raised = 1 if at < asked.escalates_at else 2
                unanswered.tell(h, settings, asked, at)
            elif asked.due_at and asked.raised == 1 and asked.escalates_at <= at:
                asked.raised = 2
                unanswered.tell(h, settings, asked, at)
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


def _ask(
    h: History,
    settings: GroupSettings,
    event: Arrival,
    author: Person,
    kind: QuestionKind,
    named: list[str],
) -> None:
    asked = Asked(h.step, event.id, event.user_id, event.ts, kind)
    asked.thread = event.thread_id
    asked.words = list(words_of(event.text))
    asked.openings = openings(asked.words)
    asked.place = h.head.messages
    asked.length = len(event.text.encode())
    asked.spoke_before = author.last_message_at
    asked.to = named[0] if named else ""
    asked.scene = scene_places(h, author, event.ts, kind)
    before = h.askers.get(event.user_id, NONE)
    for earlier in before:
        if earlier.status == "open" and continues(asked, earlier):
            asked.joined_to = earlier.joined_to or earlier.event
    if not author.is_staff and not asked.joined_to and coverage.alarms(h, kind):
        wait = _deadline(h, settings, event, author, kind)
        asked.wait = wait
        asked.due_at = add_awake(event.ts, wait, settings.quiet)
        asked.escalates_at = add_awake(event.ts, round(wait * settings.deadlines.escalate_factor), settings.quiet)
    if len(before) >= MAX_PER_ASKER:
        _expire(h, settings, before[0], event.ts)
        before = h.askers.get(event.user_id, NONE)
    h.open_question(asked)
    h.put(ASKERS, event.user_id, (*before, asked))
    if not before:
        names.add(h, author)
    if len(h.open) > MAX_OPEN:
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


def withdraw(
    h: History, settings: GroupSettings, user: str, *, at: int, reason: str, message: str, earlier: bool
) -> None:
    """Nobody owes a person an answer, for this ``reason``: what the ``message`` of this very step asks was no question.

    Their open questions of before expire, if ``earlier``.
    """
    for asked in h.askers.get(user, NONE):
        if asked.event == message:
            answering.forget(h, asked)
            h.drop(QUESTIONS, message)
        elif earlier:
            _expire(h, settings, asked, at, reason)


def _settle(h: History, settings: GroupSettings, event: Arrival) -> None:
    """The asker says that what they asked last is solved: nobody need act. However else they put it goes with it."""
    own = h.askers.get(event.user_id, NONE)
    root = own[-1].joined_to or own[-1].event
    for asked in own:
        if asked.status == "open" and root in (asked.event, asked.joined_to):
            _expire(h, settings, asked, event.ts, SOLVED)


def _expire(h: History, settings: GroupSettings, asked: Asked, at: int, reason: str = unanswered.A_WEEK) -> None:
    """Watch a question no more: nobody has answered it, or it has been answered for a while."""
    h.change_asked(asked, visibly=asked.status == "open")
    asked.over = True
    if asked.status == "open":
        asked.status = "expired"
        if asked.raised:
            unanswered.expire(h, settings, asked, at, reason)
    answering.forget(h, asked)


def _next_due(asked: Asked) -> int:
    if asked.status != "open":
        return asked.until
    if asked.due_at and asked.raised == 0 and asked.held < NO_MORE:
        return asked.escalates_at if asked.held else asked.due_at
    if asked.due_at and asked.raised == 1:
        return asked.escalates_at
    return asked.asked_at + EXPIRES_MS
