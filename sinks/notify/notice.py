"""What is told, and how telling it ended: the border between the decisions and the channels (pure).

The decisions make a :class:`Notice` for one channel, the channel words and sends it and says what came of it. Times are ms since
the epoch, UTC.
"""

from __future__ import annotations

from typing import Final, Literal, NamedTuple, Protocol

import msgspec

from huoqun.results import AlertKind, Severity

Step = Literal["raised", "again", "escalated", "acked", "resolved", "digest", "weekly", "trouble", "test"]
STEPS: Final[tuple[Step, ...]] = (
    "raised",
    "again",
    "escalated",
    "acked",
    "resolved",
    "digest",
    "weekly",
    "trouble",
    "test",
)
"""Told for the first time; still open (repeated, or a snooze is over); nobody took it on, or it became worse; somebody has
taken it on (only to who :attr:`Channel.resolves`); it is over; what the quiet hours held back; the week's figures; a channel
that does not work; a try."""
Language = Literal["zh", "en", "both"]
Ending = Literal["", "resolved", "expired"]


class Item(msgspec.Struct, frozen=True, kw_only=True):
    """One alert in a notice."""

    alert_id: str
    kind: AlertKind
    severity: Severity
    platform: str
    group_id: str
    group_name: str = ""
    """Empty: not known, the id stands for it."""
    user_id: str = ""
    event_id: str = ""
    """The message it is about."""
    raised_at: int
    ended: Ending = ""
    """Empty: it is open."""
    ended_at: int | None = None
    ended_by: str = ""
    """Of ``resolved``: the operator who said so on the desk; empty: the streams saw it."""
    assigned_to: str = ""
    title: str
    reasons: tuple[str, ...] = ()
    link: str = ""
    """The desk's page about it; empty where no desk is configured. Likewise :attr:`Notice.link`."""


class Night(msgspec.Struct, frozen=True, kw_only=True):
    """What a digest is about: everything held back from ``since`` to ``until``."""

    since: int
    until: int
    raised: int
    closed: int
    """Of those raised, how many are over by themselves: they are not among the items."""


class Week(msgspec.Struct, frozen=True, kw_only=True):
    """A group's week. ``None``: not known; ``…_before``: the same in the week before."""

    platform: str
    group_id: str
    group_name: str = ""
    since: int
    until: int
    stage: str = ""
    health: float | None = None
    members: int = 0
    messages: int = 0
    messages_before: int | None = None
    speakers: int = 0
    speakers_before: int | None = None
    joins: int = 0
    leaves: int = 0
    questions: int = 0
    answered: int = 0
    first_answer_seconds: float | None = None
    """The median time from question to answer."""
    at_risk: int = 0
    """Members who may fall silent, by the report's bound."""
    alerts: tuple[tuple[str, int], ...] = ()
    """Kind of alert and how many were raised, most first."""
    link: str = ""


class Trouble(msgspec.Struct, frozen=True, kw_only=True):
    """A channel that has not taken anything since ``since``."""

    channel: str
    why: str
    since: int
    waiting: int
    """Notices that wait for it."""


class Notice(msgspec.Struct, frozen=True, kw_only=True):
    """One thing to send to one channel. Sent again after a failure it is the same, ``delivery_id`` included."""

    delivery_id: str
    """Deterministic; receivers may tell repeats by it."""
    route: str
    channel: str
    language: Language
    step: Step
    at: int
    items: tuple[Item, ...] = ()
    """Most severe first, then oldest first."""
    more: int = 0
    """Further alerts that the notice counts but does not show, and :attr:`counts` has by kind."""
    counts: tuple[tuple[str, int], ...] = ()
    """Kind of alert and how many, most first: of all alerts, shown or not. Filled where there is more than one alert."""
    night: Night | None = None
    weeks: tuple[Week, ...] = ()
    more_weeks: int = 0
    """Further groups that a weekly report leaves out."""
    trouble: Trouble | None = None
    link: str = ""


class Sent(msgspec.Struct, frozen=True):
    """The receiver has it."""


class Again(msgspec.Struct, frozen=True):
    """Not now: try again, after ``after_ms`` at the earliest (0: whenever suits)."""

    after_ms: int
    why: str


class Refused(msgspec.Struct, frozen=True):
    """The receiver will never take it: trying again would not help. ``why`` names the mend and no secret."""

    why: str


Outcome = Sent | Again | Refused


class Limit(NamedTuple):
    """So many notices in any ``per_ms``."""

    most: int
    per_ms: int


class Channel(Protocol):
    """Where notices go. One notice is on its way at a time."""

    @property
    def limit(self) -> Limit:
        """How much the receiver takes."""

    @property
    def groups_many(self) -> bool:
        """Whether one notice may hold several alerts; else each has its own."""

    @property
    def most_items(self) -> int:
        """How many alerts a notice shows at most; further ones are counted (``more``)."""

    @property
    def resolves(self) -> bool:
        """Whether the receiver keeps alerts by their ids (PagerDuty, Alertmanager).

        Then every alert is an item and none is counted only, what the quiet hours held comes as ``raised``, and an end is
        always told, ``expired`` too; it gets no digest, weekly report or trouble.
        """

    @property
    def refresh_ms(self) -> int:
        """How often open alerts must be sent again to stay open there (Alertmanager), as ``again``; 0: never."""

    async def send(self, notice: Notice) -> Outcome:
        """Send it. Bounded in time; failures are outcomes, nothing is raised."""

    async def close(self) -> None:
        """Let go of connections."""
