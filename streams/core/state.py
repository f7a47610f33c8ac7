"""The values that a group is remembered by.

Every value has a bound, stated here; nothing grows without limit with the length of the history. Values are changed through
:mod:`streams.core.history` only, which knows how to take each change back.
"""

from __future__ import annotations

from array import array
from typing import Final

from mypy_extensions import i32, mypyc_attr, u8

from huoqun.results import WINDOW_MINUTES, QuestionKind, QuestionStatus, WindowName
from streams.core.daily import NO_DAYS
from streams.core.evidence import NOTHING, Evidence

MINUTE_MS: Final = 60_000
HOUR_MS: Final = 60 * MINUTE_MS
DAY_MS: Final = 24 * HOUR_MS
LONG_DAYS: Final = 28
"""The longest look back of any definition, in days."""
NEWCOMER_MS: Final = 7 * DAY_MS
"""A member is a newcomer for the first week after joining."""
REPLY_MS: Final = 30 * MINUTE_MS
"""A reply later than this does not count towards the reply rate."""
NEVER: Final = 1 << 60
"""A time (ms) that doesn't come."""


@mypyc_attr(acyclic=True)
class Head:
    """What changes with every message of a group. ``known`` counts people who joined or spoke and have not left."""

    __slots__ = (
        "addressed",
        "correction",
        "due_activity",
        "due_days",
        "due_questions",
        "due_troubles",
        "joins",
        "known",
        "last_member_message",
        "last_message",
        "last_ts",
        "leaves",
        "mesh_today",
        "messages",
        "messages_today",
        "minute",
        "minute_messages",
        "peak_today",
        "replies_today",
        "staff_messages",
        "step",
        "valued_today",
    )

    def __init__(self, step: int) -> None:
        self.step: int = step
        """The step in which this copy was made: only that step may change it."""
        self.last_ts: int = 0
        self.last_member_message: int = 0
        self.last_message: str = ""
        """Event id of the last message by a person."""
        self.known: int = 0
        self.correction: int = 0
        """What the platform's own member count adds to ``known``."""
        self.messages: i32 = 0
        """Messages by people, all told."""
        self.messages_today: i32 = 0
        """Members' messages since midnight UTC."""
        self.replies_today: i32 = 0
        """First replies since midnight UTC; the next: those from a member to a member."""
        self.mesh_today: i32 = 0
        self.peak_today: i32 = 0
        """Member messages in the busiest five minutes since midnight UTC, floods left out."""
        self.valued_today: i32 = 0
        """Messages of value since then: see :mod:`streams.core.structure`."""
        self.addressed: float = 0.5
        """Share of recent messages that name or reply to somebody, an exponential mean over about 50 messages."""
        self.minute: int = -1
        """The minute being filled; -1: nothing in it. The next four count what is in it."""
        self.minute_messages: int = 0
        self.staff_messages: int = 0
        self.joins: int = 0
        self.leaves: int = 0
        self.due_activity: int = NEVER
        """When the machine for activity wants to be woken next (ms); likewise the next three."""
        self.due_questions: int = NEVER
        self.due_troubles: int = NEVER
        self.due_days: int = NEVER

    def copy(self, step: int) -> Head:
        """Return a copy for ``step`` to change."""
        new = Head(step)
        new.last_ts = self.last_ts
        new.last_member_message = self.last_member_message
        new.last_message = self.last_message
        new.known = self.known
        new.correction = self.correction
        new.messages = self.messages
        new.messages_today = self.messages_today
        new.replies_today, new.mesh_today, new.peak_today = self.replies_today, self.mesh_today, self.peak_today
        new.valued_today = self.valued_today
        new.addressed = self.addressed
        new.minute = self.minute
        new.minute_messages = self.minute_messages
        new.staff_messages = self.staff_messages
        new.joins = self.joins
        new.leaves = self.leaves
        new.due_activity = self.due_activity
        new.due_questions = self.due_questions
        new.due_troubles = self.due_troubles
        new.due_days = self.due_days
        return new


@mypyc_attr(acyclic=True)
class Crowd:
    """People whom one member brought within a day (see :mod:`streams.core.referral`). Replaced, never changed.

    At most 100 of them are watched; ``joined`` counts the others too.
    """

    __slots__ = ("event", "first_ts", "inviter", "joined", "last_ts", "places", "raised")

    def __init__(self, inviter: str, event: str, first_ts: int, last_ts: int, places: tuple[int, ...]) -> None:
        self.inviter: str = inviter
        self.event: str = event
        """The join that made them a crowd; empty: they are too few as yet."""
        self.first_ts: int = first_ts
        self.last_ts: int = last_ts
        self.places: tuple[int, ...] = places
        """Who they are: places in the table of people, in the order in which they joined."""
        self.joined: int = len(places)
        self.raised: bool = False
        """An alert was raised about them."""


@mypyc_attr(acyclic=True)
class Life:
    """What changes rarely in a group: its name, its stage, its days."""

    __slots__ = (
        "candidate",
        "candidate_since",
        "conversions",
        "coverage",
        "crowds",
        "days",
        "first_ts",
        "full_day",
        "goal_met",
        "health",
        "mentions_day",
        "name",
        "reasons",
        "record_day",
        "stage",
        "stage_since",
        "step",
        "usual_at_end",
        "usual_until",
        "usual_week",
    )

    def __init__(self, step: int) -> None:
        self.step: int = step
        self.name: str = ""
        self.first_ts: int = 0
        self.stage: str = "forming"
        self.stage_since: int = 0
        self.candidate: str = ""
        """The stage that the group seems to enter, and since which day (days since 1970); empty: none."""
        self.candidate_since: int = 0
        self.record_day: int = 0
        """The last day of the record (days since 1970); 0: it has none."""
        self.health: float = 1.0
        self.reasons: tuple[str, ...] = ()
        self.usual_week: float = 0.0
        """Member messages in a usual week, as it was before the group began to fade; 0: it isn't fading."""
        self.days: bytes = NO_DAYS
        """(day, member messages) of the days before, at most 28, empty days left out."""
        self.coverage: int = 0
        """What is seen of the group: see :mod:`streams.core.coverage`."""
        self.full_day: int = -9
        """The last day on which a source that sees everything told of it; likewise the next, of one that sees mentions."""
        self.mentions_day: int = -9
        self.crowds: tuple[Crowd, ...] = ()
        """Crowds that came lately, and what may become one: at most 16."""
        self.conversions: int = 0
        """Since we look."""
        self.goal_met: str = ""
        """The goal that was met."""
        self.usual_until: int = 0
        """The end (ms) that the next is about."""
        self.usual_at_end: float = 0.0
        """Member messages a week in the four weeks before the group's end date."""

    def copy(self, step: int) -> Life:
        """Return a copy for ``step`` to change."""
        new = Life(step)
        new.name = self.name
        new.first_ts = self.first_ts
        new.candidate, new.candidate_since, new.record_day = self.candidate, self.candidate_since, self.record_day
        new.stage = self.stage
        new.stage_since = self.stage_since
        new.health = self.health
        new.reasons = self.reasons
        new.usual_week = self.usual_week
        new.days = self.days
        new.coverage = self.coverage
        new.full_day = self.full_day
        new.mentions_day = self.mentions_day
        new.crowds = self.crowds
        new.conversions = self.conversions
        new.goal_met = self.goal_met
        new.usual_until = self.usual_until
        new.usual_at_end = self.usual_at_end
        return new


@mypyc_attr(acyclic=True)
class Person:
    """One person (or bot) of the group."""

    __slots__ = (
        "called",
        "check_ins",
        "count_1h",
        "count_5m",
        "count_7d",
        "count_24h",
        "days",
        "deeds",
        "first_day",
        "greeted",
        "is_bot",
        "is_staff",
        "joined_at",
        "last_message",
        "last_message_at",
        "layer",
        "left_at",
        "messages",
        "newcomer_flagged",
        "reacted",
        "replies",
        "risk",
        "risk_as_of",
        "risk_reasons",
        "role",
        "step",
        "today",
        "today_count",
        "user",
        "usual",
    )

    def __init__(self, step: int, user: str) -> None:
        # Numbers of one size stand together: a million of these are kept, and between two sizes there would be holes.
        self.step: int = step
        self.user: str = user
        self.called: bytes = b""
        """The name, see :attr:`name`."""
        self.joined_at: int = 0
        """0: was there before we looked."""
        self.left_at: int = 0
        self.last_message_at: int = 0
        self.last_message: str = ""
        self.days: bytes = NO_DAYS
        """Messages by day (see :mod:`streams.core.daily`) before ``today``, at most 28, within 28 days of ``today``."""
        self.deeds: bytes = NO_DAYS
        """What they did for the talk: see :mod:`streams.core.deeds`."""
        self.check_ins: int = 0
        """See :mod:`streams.core.checkins`; 0: none yet."""
        self.usual: float = 0.0
        """Days with a message, older ones weighing less (see :mod:`streams.core.rhythm`), as of ``today``."""
        self.risk: float = -1.0
        """-1: not defined (no message in 28 days, staff, bot)."""
        self.risk_reasons: tuple[str, ...] = ()
        self.risk_as_of: int = 0
        self.messages: i32 = 0
        """Messages since we look."""
        self.replies: i32 = 0
        """Messages of theirs that drew a reply within 30 minutes."""
        self.today: i32 = 0
        self.today_count: i32 = 0
        self.reacted: i32 = 0
        """The last day on which they reacted to a message."""
        self.first_day: i32 = 0
        """The day of the first message (days since 1970); 0: there is none."""
        self.count_5m: i32 = 0
        """Messages (as a member) in the closed minutes of the window; likewise the next three."""
        self.count_1h: i32 = 0
        self.count_24h: i32 = 0
        self.count_7d: i32 = 0
        self.role: u8 = 0
        """Place in :data:`streams.core.roles.ROLES`, as of the last midnight; likewise the next, in ``LAYERS``."""
        self.layer: u8 = 0
        self.is_staff: bool = False
        self.is_bot: bool = False
        self.newcomer_flagged: bool = False
        """An operator has been told of them as a newcomer at risk, and their first week isn't over."""
        self.greeted: bool = False
        """Somebody named them within their first week, or they have been here before."""

    @property
    def name(self) -> str:
        """What they are called. Kept as UTF-8: a short name takes half the room, and is seldom asked for."""
        return self.called.decode("utf-8")

    @name.setter
    def name(self, name: str) -> None:
        self.called = name.encode("utf-8")

    def copy(self, step: int) -> Person:
        """Return a copy for ``step`` to change."""
        new = Person(step, self.user)
        new.called = self.called
        new.joined_at = self.joined_at
        new.left_at = self.left_at
        new.last_message_at = self.last_message_at
        new.last_message = self.last_message
        new.is_staff = self.is_staff
        new.is_bot = self.is_bot
        new.newcomer_flagged = self.newcomer_flagged
        new.greeted = self.greeted
        new.messages = self.messages
        new.replies = self.replies
        new.today = self.today
        new.today_count = self.today_count
        new.days = self.days
        new.deeds = self.deeds
        new.check_ins = self.check_ins
        new.reacted = self.reacted
        new.role = self.role
        new.layer = self.layer
        new.first_day = self.first_day
        new.usual = self.usual
        new.risk = self.risk
        new.risk_reasons = self.risk_reasons
        new.risk_as_of = self.risk_as_of
        new.count_5m = self.count_5m
        new.count_1h = self.count_1h
        new.count_24h = self.count_24h
        new.count_7d = self.count_7d
        return new

    def count_in(self, window: int) -> int:
        """Return the member's messages in a window (its place in :data:`WINDOWS`)."""
        if window == 0:
            return self.count_5m
        if window == 1:
            return self.count_1h
        return self.count_24h if window == 2 else self.count_7d  # noqa: PLR2004

    def set_count(self, window: int, count: int) -> None:
        """Set the member's messages in a window."""
        if window == 0:
            self.count_5m = count
        elif window == 1:
            self.count_1h = count
        elif window == 2:  # noqa: PLR2004
            self.count_24h = count
        else:
            self.count_7d = count


@mypyc_attr(acyclic=True)
class Said:
    """A message of the last half hour (and of the last :data:`MOST_SAID`), as far as replies need it."""

    __slots__ = (
        "answered",
        "counts",
        "critical",
        "person",
        "place",
        "responders",
        "root",
        "staff_answered",
        "to",
        "ts",
    )

    def __init__(self, ts: int, person: int, place: int, answered: bool, counts: bool) -> None:
        self.ts: int = ts
        self.root: str = ""
        """The message with which its conversation began, itself if it is that one; empty: not known."""
        self.responders: tuple[int, ...] = ()
        """The first three people who responded."""
        self.person: i32 = person
        """Who said it: the place in the table of people."""
        self.place: i32 = place
        """How many messages by people the group had seen by then."""
        self.to: i32 = -1
        """Whom it addresses: the place in the table of people; -1: nobody known."""
        self.answered: bool = answered
        self.counts: bool = counts
        """By a member (neither staff nor bot): it counts for the reply rate."""
        self.staff_answered: bool = False
        """Staff has replied to it."""
        self.critical: bool = False
        """It answers with disagreement or a counter-question."""


MOST_SAID: Final = 1_000
"""Messages that can still draw a first reply, a group. More within half an hour is more than a person can read."""


_TIGHT: Final = 5
"""Where the numbers behind the first one begin: behind what size they have, and the first one."""


@mypyc_attr(acyclic=True)
class Minute:
    """One closed minute that held something."""

    __slots__ = ("joins", "leaves", "messages", "number", "responses", "speakers", "staff_messages", "staff_responses")

    def __init__(self, number: int) -> None:
        self.number: int = number
        self.messages: int = 0
        self.staff_messages: int = 0
        self.joins: int = 0
        self.leaves: int = 0
        self.speakers: list[int] = []
        """Member (place in the table of people), messages, member, messages …"""
        self.responses: tuple[int, ...] = ()
        """Seconds to the first reply of those messages that drew one."""
        self.staff_responses: tuple[int, ...] = ()
        """Seconds to the first reply by staff."""

    def numbers(self) -> list[int]:
        """Return all that is in it, its own number first."""
        return [
            self.number,
            self.messages,
            self.staff_messages,
            self.joins,
            self.leaves,
            len(self.responses),
            len(self.staff_responses),
            *self.responses,
            *self.staff_responses,
            *self.speakers,
        ]

    def pack(self) -> bytes:
        """Return the minute as it is saved: numbers of four bytes."""
        return array("I", self.numbers()).tobytes()


def tight(numbers: list[int]) -> bytes:
    """Return a minute's numbers as they are kept for a week: those behind the first in no more bytes than the largest needs.

    In a quiet group a minute is a message or two: 13 bytes, or 36 if each number has four.
    """
    most = max(numbers[1:])
    size = "B" if most <= 0xFF else "H" if most <= 0xFFFF else "I"  # noqa: PLR2004  # what a byte holds, and two
    return size.encode() + numbers[0].to_bytes(4, "little") + array(size, numbers[1:]).tobytes()


def unpack_minute(data: bytes) -> Minute:
    """Return the minute that :func:`tight` packed."""
    numbers = [int.from_bytes(data[1:_TIGHT], "little")]
    numbers += array(chr(data[0]), data[_TIGHT:])
    return minute_from(numbers, 0, len(numbers))


def minute_from(numbers: list[int], at: int, upto: int) -> Minute:
    """Return the minute whose packed numbers are at these places."""
    minute = Minute(numbers[at])
    minute.messages = numbers[at + 1]
    minute.staff_messages = numbers[at + 2]
    minute.joins = numbers[at + 3]
    minute.leaves = numbers[at + 4]
    middle = at + 7 + numbers[at + 5]
    end = middle + numbers[at + 6]
    minute.responses = tuple(numbers[at + 7 : middle])
    minute.staff_responses = tuple(numbers[middle:end])
    minute.speakers = numbers[end:upto]
    return minute


WINDOWS: Final[tuple[WindowName, ...]] = tuple(WINDOW_MINUTES)


@mypyc_attr(acyclic=True)
class Window:
    """The running sums of one window. Follows from the closed minutes, so it is never saved."""

    __slots__ = (
        "joins",
        "leaves",
        "member_messages",
        "messages",
        "minutes",
        "name",
        "number",
        "oldest",
        "replied",
        "responses",
        "shape",
        "speakers",
        "staff_messages",
        "staff_replied",
        "staff_responses",
    )

    def __init__(self, number: int) -> None:
        self.number: int = number
        self.name: WindowName = WINDOWS[number]
        self.minutes: int = WINDOW_MINUTES[self.name]
        self.messages: int = 0
        self.staff_messages: int = 0
        self.joins: int = 0
        self.leaves: int = 0
        self.speakers: int = 0
        self.member_messages: int = 0
        self.replied: int = 0
        self.oldest: int = 0
        """The oldest minute inside: its place in the chain of closed minutes. All later ones are inside too."""
        self.shape: dict[int, int] = {}
        """Messages -> how many members wrote just so many."""
        self.responses: dict[int, int] = {}
        """Seconds -> how many first replies took so long."""
        self.staff_replied: int = 0
        self.staff_responses: dict[int, int] = {}
        """The same for first replies by staff."""


@mypyc_attr(acyclic=True)
class Asked:
    """A message that wants an answer."""

    __slots__ = (
        "answer",
        "answered_at",
        "answered_by",
        "asked_at",
        "asker",
        "by_staff",
        "confidence",
        "doubt",
        "due_at",
        "escalates_at",
        "event",
        "evidence",
        "held",
        "joined_to",
        "kind",
        "length",
        "openings",
        "over",
        "place",
        "raised",
        "scene",
        "spoke_before",
        "status",
        "step",
        "thread",
        "to",
        "until",
        "user",
        "wait",
        "words",
    )

    def __init__(self, step: int, event: str, user: str, asked_at: int, kind: QuestionKind) -> None:
        self.step: int = step
        self.event: str = event
        self.user: str = user
        self.asked_at: int = asked_at
        self.asker: int = -1
        """The place of who asked in the table of people, once it has been looked up. Not saved."""
        self.kind: QuestionKind = kind
        self.status: QuestionStatus = "open"
        self.due_at: int = 0
        """0: counted, never alarmed."""
        self.escalates_at: int = 0
        self.raised: int = 0
        """0 not raised, 1 raised, 2 escalated."""
        self.joined_to: str = ""
        self.answer: str = ""
        self.answered_by: str = ""
        self.answered_at: int = 0
        self.confidence: float = 0.0
        self.by_staff: bool = False
        self.thread: str = ""
        self.words: list[str] = []
        """What it is about, at most 24 words, to recognise an answer by."""
        self.openings: bytes = b""
        """Of each word how it begins and ends: see :func:`streams.core.scanning.openings`. Not saved."""
        self.place: int = 0
        """How many messages by people the group had seen by then."""
        self.length: int = 0
        """Of the text, in bytes of UTF-8."""
        self.spoke_before: int = 0
        """When the asker had last spoken; 0: never."""
        self.to: str = ""
        """Whom it is addressed to, if to anybody."""
        self.wait: int = 0
        """How long it may wait (ms)."""
        self.until: int = 0
        """When it is watched no more, once it has been answered (ms)."""
        self.over: bool = False
        """It is watched no more: nothing changes it."""
        self.evidence: Evidence = NOTHING
        self.doubt: float = 0.0
        """The logarithm of the probability that none of the candidates answers it, were they independent."""
        self.scene: bytes = b""
        """How it came to be asked: see :func:`streams.core.answer_features.scene_places`."""
        self.held: int = 0
        """How often an alert was due and not raised, because it was likely to be wrong: at the deadline, at its escalation."""

    def copy(self) -> Asked:
        """Return a copy, to go back to."""
        new = Asked(self.step, self.event, self.user, self.asked_at, self.kind)
        new.due_at = self.due_at
        new.escalates_at = self.escalates_at
        new.joined_to = self.joined_to
        new.thread = self.thread
        new.words, new.openings = self.words, self.openings
        new.place = self.place
        new.length, new.spoke_before, new.to, new.wait = self.length, self.spoke_before, self.to, self.wait
        new.until, new.scene, new.held = self.until, self.scene, self.held
        new.status, new.raised, new.over = self.status, self.raised, self.over
        new.evidence, new.doubt = self.evidence, self.doubt
        new.answer, new.answered_by, new.answered_at = self.answer, self.answered_by, self.answered_at
        new.confidence, new.by_staff = self.confidence, self.by_staff
        return new

    def exchange(self, other: Asked) -> None:
        """Exchange with another one all that may change once it has been asked, but what ``Weighed`` does."""
        self.status, other.status = other.status, self.status
        self.raised, other.raised = other.raised, self.raised
        self.over, other.over = other.over, self.over
        self.held, other.held = other.held, self.held
        self.until, other.until = other.until, self.until
        self.due_at, other.due_at = other.due_at, self.due_at
        self.escalates_at, other.escalates_at = other.escalates_at, self.escalates_at
        self.answer, other.answer = other.answer, self.answer
        self.answered_by, other.answered_by = other.answered_by, self.answered_by
        self.answered_at, other.answered_at = other.answered_at, self.answered_at
        self.confidence, other.confidence = other.confidence, self.confidence
        self.by_staff, other.by_staff = other.by_staff, self.by_staff
