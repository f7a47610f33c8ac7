"""The tables of one group: what is remembered of it, value by value.

Every value has a bound, stated here; nothing grows without limit with the length of the history.
"""

from __future__ import annotations

from typing import Any, Final

import msgspec

from huoqun.results import Activity, Alert, MemberRisk, QuestionKind, QuestionStatus, WindowName

MINUTE_MS: Final = 60_000
DAY_MS: Final = 24 * 60 * MINUTE_MS
LONG_DAYS: Final = 28
"""The longest look back of any definition, in days."""
NEWCOMER_MS: Final = 7 * DAY_MS
"""A member is a newcomer for the first week after joining."""
REPLY_MS: Final = 30 * MINUTE_MS
"""A reply later than this does not count towards the reply rate."""


class Head(msgspec.Struct, array_like=True, gc=False):
    """What there is one of in a group. ``known`` counts people who joined or spoke and have not left."""

    name: str = ""
    first_ts: int = 0
    last_ts: int = 0
    last_member_message: int = 0
    known: int = 0
    correction: int = 0
    """What the platform's own member count adds to ``known``."""
    last_minute: int = -1
    """The last closed minute that held something; -1: none yet."""
    minute: int = -1
    """The minute being filled; -1: nothing in it."""
    messages: int = 0
    """Messages by people, all told."""
    addressed: float = 0.5
    """Share of recent messages that name or reply to somebody, an exponential mean over about 50 messages."""
    last_message: str = ""
    """Event id of the last message by a person."""
    last_ad: tuple[int, str, str] | None = None
    """(time, member, event) of the last message that looked like advertising."""
    last_announcement: tuple[int, str, str] | None = None
    burst: str = ""
    """The leave burst that is going on: the event of its first leave."""
    burst_last: int = 0
    stage: str = "forming"
    stage_since: int = 0
    health: float = 1.0
    reasons: tuple[str, ...] = ()
    usual_week: float = 0.0
    """Member messages in a usual week, as it was before the group began to fade; 0: it isn't fading."""
    messages_today: int = 0
    days: tuple[tuple[int, int], ...] = ()
    """(day, member messages) of the days before, at most 28, empty days left out."""


class Member(msgspec.Struct, array_like=True, gc=False):
    """One person (or bot) of the group."""

    name: str = ""
    joined_at: int = 0
    """0: was there before we looked."""
    left_at: int = 0
    last_message_at: int = 0
    last_message: str = ""
    is_staff: bool = False
    is_bot: bool = False
    messages: int = 0
    """Messages since we look."""
    replies: int = 0
    """Messages of theirs that drew a reply within 30 minutes."""
    today: int = 0
    today_count: int = 0
    days: tuple[tuple[int, int], ...] = ()
    """(day, messages) before ``today``, at most 28, within 28 days of ``today``."""
    risk: float = -1.0
    """-1: not defined (no message in 28 days, staff, bot)."""
    risk_reasons: tuple[str, ...] = ()
    risk_as_of: int = 0
    newcomer_flagged: bool = False


class Said(msgspec.Struct, array_like=True, gc=False):
    """A message of the last half hour, as far as replies need it."""

    ts: int
    user: str
    minute: int
    answered: bool = False
    counts: bool = True
    """By a member (neither staff nor bot): it counts for the reply rate."""


class Minute(msgspec.Struct, array_like=True, gc=False):
    """One closed minute that held something; a link in a chain from the oldest to the newest."""

    messages: int
    staff_messages: int
    joins: int
    leaves: int
    speakers: tuple[tuple[str, int], ...]
    replied: int = 0
    responses: tuple[int, ...] = ()
    """Seconds to the first reply of those messages that drew one."""
    next: int = -1


class Sums(msgspec.Struct, array_like=True, gc=False):
    """The running sums of one window."""

    messages: int = 0
    staff_messages: int = 0
    joins: int = 0
    leaves: int = 0
    speakers: int = 0
    member_messages: int = 0
    replied: int = 0
    oldest: int = -1
    """The oldest minute inside; -1: none."""


class Asked(msgspec.Struct, array_like=True, gc=False):
    """A message that wants an answer."""

    user: str
    asked_at: int
    kind: QuestionKind
    status: QuestionStatus = "open"
    due_at: int = 0
    """0: counted, never alarmed."""
    escalates_at: int = 0
    raised: int = 0
    """0 not raised, 1 raised, 2 escalated."""
    joined_to: str = ""
    answer: str = ""
    answered_by: str = ""
    answered_at: int = 0
    confidence: float = 0.0
    by_staff: bool = False
    thread: str = ""
    words: tuple[str, ...] = ()
    """What it is about, at most 24 words, sorted, to recognise an answer by."""
    place: int = 0
    """How many messages by people the group had seen by then."""
    moved_on: bool = False
    """The asker has addressed somebody since: a later mention of them may belong to that talk."""


# Tables. A published table's changed rows are sent as results.
HEAD: Final = 0
MEMBERS: Final = 1
SAID: Final = 2
NOW: Final = 3
"""member -> messages in the minute being filled."""
NOW_SUMS: Final = 4
"""counter -> count in the minute being filled."""
MINUTES: Final = 5
SUMS: Final = 6
"""window -> Sums."""
QUESTIONS: Final = 7
OPEN: Final = 8
"""question -> when its next deadline passes, for the open ones (at most MAX_OPEN)."""
ASKERS: Final = 9
"""member -> their open questions, oldest first."""
DUE: Final = 10
"""machine -> when it wants to be woken next."""
ACTIVITY: Final = 11
ALERTS: Final = 12
RISKS: Final = 13
"""(member, day as ms) -> risk."""
GROUP: Final = 14
"""Present once the group has an event: its changes publish the group's summary, which is read off the head."""
COUNTS: Final[dict[WindowName, int]] = {"5m": 15, "1h": 16, "24h": 17, "7d": 18}
"""For each window: member -> messages in it."""
SHAPES: Final[dict[WindowName, int]] = {"5m": 19, "1h": 20, "24h": 21, "7d": 22}
"""For each window: messages -> how many members wrote just so many."""
RESPONSES: Final[dict[WindowName, int]] = {"5m": 23, "1h": 24, "24h": 25, "7d": 26}
"""For each window: seconds -> how many first replies took so long."""
TABLES: Final = 27

TYPES: Final[dict[int, tuple[Any, Any]]] = {
    HEAD: (int, Head),
    MEMBERS: (str, Member),
    SAID: (str, Said),
    NOW: (str, int),
    NOW_SUMS: (str, int),
    MINUTES: (int, Minute),
    SUMS: (str, Sums),
    QUESTIONS: (str, Asked),
    OPEN: (str, int),
    ASKERS: (str, tuple[str, ...]),
    DUE: (str, int),
    ACTIVITY: (tuple[str, int], Activity),
    ALERTS: (str, Alert),
    RISKS: (tuple[str, int], MemberRisk),
    GROUP: (int, bool),
    **dict.fromkeys(COUNTS.values(), (str, int)),
    **dict.fromkeys((*SHAPES.values(), *RESPONSES.values()), (int, int)),
}
"""Table -> (key type, value type), for saving and restoring."""

URGENT: Final = frozenset({QUESTIONS, ALERTS})
PUBLISHED: Final = frozenset({QUESTIONS, ALERTS, ACTIVITY, MEMBERS, RISKS, GROUP})
TRANSIENT: Final = frozenset({ACTIVITY, RISKS})
"""Rows that are final once their step can't be taken back: then they are forgotten here."""

ONLY: Final = 0
"""The key of a table that has one row."""
