"""The storage tables as the writers see them: columns in order, what each holds, and the key of a row.

The DDL (``schema/``) says the same in SQL; a test holds the two together.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final, Literal, NamedTuple

Kind = Literal["text", "texts", "time", "int", "uint", "float", "bool"]
"""What a column holds in Python: ``time`` is integer ms since the epoch, ``texts`` a list of str, the rest as named."""


class Column(NamedTuple):
    """One column of a storage table."""

    name: str
    kind: Kind
    nullable: bool = False


@dataclass(frozen=True, eq=False)
class Table:
    """A storage table and its view: ``name`` is the view's, the table adds ``_rows``."""

    name: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]

    @property
    def storage(self) -> str:
        """The name of the table that holds the rows, all versions of them."""
        return f"{self.name}_rows"

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The names of the columns, in the order of a row's values."""
        return tuple(column.name for column in self.columns)


Columns = list[list[Any]]
"""Rows as the values of each column, in the order of the table's columns."""

_HIDDEN: Final = (Column("version", "uint"), Column("deleted", "uint"))


def _columns(spec: str) -> tuple[Column, ...]:
    columns = []
    for word in spec.split():
        name, _, kind = word.partition(":")
        columns.append(Column(name, kind.rstrip("?") or "text", kind.endswith("?")))  # type: ignore[arg-type]  # ours
    return (*columns, *_HIDDEN)


EVENTS: Final = Table(
    "events",
    _columns(
        "id type ts:time platform group_id user_id user_name group_name text reply_to thread_id mentions:texts "
        "is_bot:bool is_staff:bool inviter_id reason:text? amount:float? currency campaign count:int? coverage "
        "received_at:time source v:uint extra position:int"
    ),
    ("platform", "group_id", "id"),
)
ACTIVITY: Final = Table(
    "activity",
    _columns(
        "platform group_id window window_end:time messages:int speakers:int staff_messages:int members:int "
        "active_ratio:float? joins:int leaves:int reply_rate:float? first_response_p50:float? "
        "first_response_p90:float? top5_share:float? effective_speakers:float? key_people:int false_activity:bool? "
        "same_faces:float? mesh_index:float? staff_reply_rate:float? staff_first_response_p50:float? "
        "staff_first_response_p90:float? new_faces:float? reciprocity:float? centralisation:float? pairs:int? new_pairs:int? "
        "value_cadence:float? check_in_people:int? check_in_streak:int? check_in_same_faces:float? coverage"
    ),
    ("window", "platform", "group_id", "window_end"),
)
QUESTIONS: Final = Table(
    "questions",
    _columns(
        "question_id platform group_id user_id asked_at:time kind status answer_event_id answered_by answered_at:time? "
        "confidence:float? by_staff:bool joined_to due_at:time?"
    ),
    ("platform", "group_id", "question_id"),
)
ALERTS: Final = Table(
    "alerts",
    _columns(
        "alert_id kind severity platform group_id user_id subject_event_id raised_at:time updated_at:time state "
        "resolved_at:time? title reasons:texts evidence"
    ),
    ("platform", "group_id", "alert_id"),
)
MEMBERS: Final = Table(
    "members",
    _columns(
        "platform group_id user_id user_name joined_at:time? left_at:time? last_message_at:time? messages_28d:int "
        "role layer is_staff:bool is_bot:bool risk:float? risk_reasons:texts as_of:time"
    ),
    ("platform", "group_id", "user_id"),
)
MEMBER_RISK: Final = Table(
    "member_risk",
    _columns("platform group_id user_id as_of:time risk:float reasons:texts"),
    ("platform", "group_id", "user_id", "as_of"),
)
GROUPS: Final = Table(
    "groups",
    _columns(
        "platform group_id group_name kind stage stage_since:time? alive:bool members:int health:float? reasons:texts "
        "first_event_at:time last_event_at:time last_message_at:time? late_events:int coverage leaders:int core:int "
        "ordinary:int shape kpis:texts leavers_return:bool"
    ),
    ("platform", "group_id"),
)

ACTIONS: Final = Table(
    "actions",
    _columns("action_id item kind action platform group_id by at:time until:time? assignee note undoes"),
    ("platform", "group_id", "item", "at", "action_id"),
)

DELIVERIES: Final = Table(
    "deliveries",
    _columns("delivery_id platform group_id route channel step outcome at:time attempts:int alerts:texts marks why"),
    ("platform", "group_id", "delivery_id"),
)

TABLES: Final = {
    t.name: t for t in (EVENTS, ACTIVITY, QUESTIONS, ALERTS, MEMBERS, MEMBER_RISK, GROUPS, ACTIONS, DELIVERIES)
}
CAMPAIGNS: Final = Table(
    "campaigns",
    _columns("platform group_id name starts_at:time ends_at:time"),
    ("platform", "group_id", "name", "starts_at"),
)
"""Written from the configuration, not from records."""
ERASURES: Final = Table(
    "erasures",
    _columns("erasure_id platform at:time done_at:time rows:int tables:texts groups:int salt marks:texts"),
    ("erasure_id",),
)
"""Who was erased is not in it: ``marks`` are salted hashes, kept as long as what is erased may come again."""
VIEWS: Final = (*TABLES, CAMPAIGNS.name, ERASURES.name, "conversions", "funnel", "invites")
"""The names that people read."""
