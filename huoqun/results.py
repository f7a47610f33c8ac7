"""The result records: what the streams compute and the sinks store.

Each has a deterministic key (``key()``), an absolute value, a ``version`` (see :func:`huoqun.control.version_of`) and a
``deleted`` mark, so that a repeat replaces and never adds. Times are milliseconds since the epoch, UTC; ``None`` is "not
known" or "not defined" (a ratio over nothing).
"""

from __future__ import annotations

import hashlib
from typing import Final, Literal

import msgspec

from huoqun.events import Coverage

WindowName = Literal["5m", "1h", "24h", "7d"]
WINDOW_MINUTES: Final[dict[WindowName, int]] = {"5m": 5, "1h": 60, "24h": 24 * 60, "7d": 7 * 24 * 60}

QuestionKind = Literal["question", "newcomer", "mention"]
QuestionStatus = Literal["open", "answered", "expired"]

AlertKind = Literal[
    "unanswered",
    "leave_burst",
    "newcomer_at_risk",
    "member_at_risk",
    "group_fading",
    "group_dormant",
    "false_activity",
    "advertising",
    "flood",
    "quarrel",
    "silence_after_broadcast",
    "shouting_into_void",
    "source_silent",
    "invited_crowd",
    "purpose_ended",
]
Severity = Literal["info", "warning", "critical"]
AlertState = Literal["open", "acked", "snoozed", "resolved", "expired"]


class Result(msgspec.Struct, kw_only=True, gc=False):
    """What every result record has."""

    platform: str
    group_id: str
    version: int = 0
    deleted: bool = False


class Activity(Result, kw_only=True, tag_field="record", tag="activity", gc=False):
    """One group over one window that ends (exclusively) at ``window_end``, a whole minute."""

    window: WindowName
    window_end: int
    messages: int = 0
    speakers: int = 0
    staff_messages: int = 0
    members: int = 0
    active_ratio: float | None = None
    joins: int = 0
    leaves: int = 0
    reply_rate: float | None = None
    first_response_p50: float | None = None
    first_response_p90: float | None = None
    top5_share: float | None = None
    effective_speakers: float | None = None
    key_people: int = 0
    false_activity: bool | None = None
    same_faces: float | None = None
    mesh_index: float | None = None
    # Below: first replies by staff alone; then what is computed once a day, in the rows of ``7d`` only (docs/activity.md).
    staff_reply_rate: float | None = None
    staff_first_response_p50: float | None = None
    staff_first_response_p90: float | None = None
    new_faces: float | None = None
    reciprocity: float | None = None
    centralisation: float | None = None
    pairs: int | None = None
    new_pairs: int | None = None
    value_cadence: float | None = None
    check_in_people: int | None = None
    check_in_streak: int | None = None
    check_in_same_faces: float | None = None
    coverage: Coverage = "full"
    """What was seen of the group: ratios are ``None`` unless it is everything."""

    def key(self) -> str:
        """Group, window and end."""
        return f"{self.platform}/{self.group_id}/{self.window}/{self.window_end}"


class Question(Result, kw_only=True, tag_field="record", tag="question", gc=False):
    """A message that wants an answer, as far as is known."""

    question_id: str
    user_id: str
    asked_at: int
    kind: QuestionKind
    status: QuestionStatus
    answer_event_id: str = ""
    answered_by: str = ""
    answered_at: int | None = None
    confidence: float | None = None
    by_staff: bool = False
    joined_to: str = ""
    """The earlier open question of the same person that this one repeats or continues; empty: it stands alone."""
    due_at: int | None = None
    """When it counts as unanswered; ``None``: it is counted, never alarmed."""

    def key(self) -> str:
        """The question's event."""
        return f"{self.platform}/{self.group_id}/{self.question_id}"


class Alert(Result, kw_only=True, tag_field="record", tag="alert", gc=False):
    """Something that an operator should know, in its latest state."""

    alert_id: str
    kind: AlertKind
    severity: Severity
    user_id: str = ""
    subject_event_id: str = ""
    raised_at: int
    updated_at: int
    state: AlertState
    resolved_at: int | None = None
    title: str
    reasons: list[str] = msgspec.field(default_factory=list)
    evidence: str = "{}"

    def key(self) -> str:
        """The alert's own id."""
        return self.alert_id


class Member(Result, kw_only=True, tag_field="record", tag="member", gc=False):
    """A member of a group, latest."""

    user_id: str
    user_name: str = ""
    joined_at: int | None = None
    left_at: int | None = None
    last_message_at: int | None = None
    messages_28d: int = 0
    role: str = ""
    layer: str = ""
    is_staff: bool = False
    is_bot: bool = False
    risk: float | None = None
    risk_reasons: list[str] = msgspec.field(default_factory=list)
    as_of: int = 0

    def key(self) -> str:
        """Group and person."""
        return f"{self.platform}/{self.group_id}/{self.user_id}"


class MemberRisk(Result, kw_only=True, tag_field="record", tag="member_risk", gc=False):
    """The risk (0 to 1) that an active member falls silent for 30 days, as of a UTC midnight."""

    user_id: str
    as_of: int
    risk: float
    reasons: list[str] = msgspec.field(default_factory=list)

    def key(self) -> str:
        """Group, person and day."""
        return f"{self.platform}/{self.group_id}/{self.user_id}/{self.as_of}"


class GroupSummary(Result, kw_only=True, tag_field="record", tag="group", gc=False):
    """A group, latest. ``health`` is 0 (dead) to 1; ``reasons`` say why it is not 1."""

    group_name: str = ""
    kind: str = "interest"
    stage: str = "forming"
    stage_since: int | None = None
    alive: bool = True
    members: int = 0
    health: float | None = None
    reasons: list[str] = msgspec.field(default_factory=list)
    first_event_at: int = 0
    last_event_at: int = 0
    last_message_at: int | None = None
    late_events: int = 0
    """Events that came after their windows had settled: stored, and left out of the signals."""
    coverage: Coverage = "full"
    """What is seen of the group; ``stage`` is empty unless it is everything."""
    leaders: int = 0
    """Members of the layer ``leader``, as of the last midnight; likewise the next two."""
    core: int = 0
    ordinary: int = 0
    shape: str = ""
    """``pyramid``, ``no_middle``, ``no_top``; empty: not known, or not asked of this kind."""
    kpis: list[str] = msgspec.field(default_factory=list)
    """The figures to show first for this kind of group."""
    leavers_return: bool = False
    """Most who leave come back, as where each lost connection is a leave."""

    def key(self) -> str:
        """The group."""
        return f"{self.platform}/{self.group_id}"


ActionName = Literal["acknowledge", "snooze", "resolve", "reopen", "assign", "note", "undo"]


class Action(Result, kw_only=True, tag_field="record", tag="action", gc=False):
    """What an operator did about something that wants work: a record like the others, so that nothing but the log holds it."""

    action_id: str
    item: str
    """What it is about: an alert's id, or what :func:`alert_id` makes of a work list's name and its subject."""
    kind: str
    """The kind of the alert, or the name of the work list."""
    action: ActionName
    by: str
    """Who did it, as they signed in."""
    at: int
    until: int | None = None
    """Of ``snooze``: until when."""
    assignee: str = ""
    """Of ``assign``: to whom; empty takes it back."""
    note: str = ""
    undoes: str = ""
    """Of ``undo``: the action that did not happen."""

    def key(self) -> str:
        """The action's own id."""
        return self.action_id


DeliveryStep = Literal["raised", "again", "escalated", "acked", "resolved", "digest", "weekly", "trouble", "test"]


class Delivery(Result, kw_only=True, tag_field="record", tag="delivery", gc=False):
    """A notice that was sent, or that its receiver will never take. Group ``*``: it was about several, or none."""

    delivery_id: str
    route: str
    channel: str
    step: DeliveryStep
    outcome: Literal["sent", "refused"]
    at: int
    attempts: int = 1
    alerts: list[str] = msgspec.field(default_factory=list)
    """The ids of the alerts that were told."""
    marks: str = "[]"
    """The same as JSON with what is needed to tell none twice: id, when it was raised, severity."""
    why: str = ""
    """Of ``refused``."""

    def key(self) -> str:
        """The notice."""
        return self.delivery_id


class DeadLetter(msgspec.Struct, kw_only=True):
    """A record that could not be understood, untouched, with where it was and what is wrong with it."""

    topic: str
    partition: int
    offset: int
    reason: str
    value: bytes
    key: bytes | None = None
    at: int = 0
    service: str = ""
    """Who could not use it: ``worker`` or ``sink``."""
    cut: int = 0
    """How many bytes the value had, where only its beginning is kept; 0: it is whole."""


class Replayed(msgspec.Struct, kw_only=True, tag_field="record", tag="replayed"):
    """Among the dead letters: the one at the offset ``letter`` was sent again, and went to ``partition`` and ``offset``."""

    letter: int
    at: int
    topic: str
    partition: int
    offset: int


AnyResult = Activity | Question | Alert | Member | MemberRisk | GroupSummary | Action | Delivery


def alert_id(kind: AlertKind, platform: str, group_id: str, subject: str) -> str:
    """Return the deterministic id of an alert: the same cause gives the same alert, however often it is computed."""
    text = f"{kind}\x1f{platform}\x1f{group_id}\x1f{subject}"
    return hashlib.blake2b(text.encode(), digest_size=12).hexdigest()
