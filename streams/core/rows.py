"""From the tables to the result records: what is published of a changed value."""

from __future__ import annotations

import copy
from typing import Any

from huoqun.results import Activity, Alert, AnyResult, GroupSummary, MemberRisk, Question
from huoqun.results import Member as MemberRow
from streams.core import activity
from streams.core.history import History
from streams.core.settings import GroupSettings
from streams.core.state import (
    ACTIVITY,
    ALERTS,
    DAY_MS,
    GROUP,
    HEAD,
    MEMBERS,
    ONLY,
    QUESTIONS,
    RISKS,
    Asked,
    Head,
    Member,
)


def row_of(
    h: History, settings: GroupSettings, table: int, key: Any, *, version: int, late_events: int
) -> AnyResult | None:
    """Return the result for a changed value, marked deleted if it is gone; ``None`` for a table that isn't published."""
    value = h.tables[table].get(key)
    if table == QUESTIONS:
        row: AnyResult = _question(settings, key, value)
    elif table == ALERTS:
        row = copy.copy(value) or _no_alert(settings, key)
    elif table == ACTIVITY:
        row = copy.copy(value) or Activity(
            platform=settings.platform, group_id=settings.group_id, window=key[0], window_end=key[1]
        )
    elif table == RISKS:
        row = copy.copy(value) or MemberRisk(
            platform=settings.platform, group_id=settings.group_id, user_id=key[0], as_of=key[1], risk=0.0
        )
    elif table == MEMBERS:
        row = _member(settings, key, value, h.tables[HEAD].get(ONLY))
    elif table == GROUP:
        row = _group(settings, h.tables[HEAD].get(ONLY), late_events)
    else:
        return None
    row.version = version
    row.deleted = value is None
    return row


def _question(settings: GroupSettings, key: str, asked: Asked | None) -> Question:
    asked = asked or Asked(user="", asked_at=0, kind="question")
    return Question(
        platform=settings.platform,
        group_id=settings.group_id,
        question_id=key,
        user_id=asked.user,
        asked_at=asked.asked_at,
        kind=asked.kind,
        status=asked.status,
        answer_event_id=asked.answer,
        answered_by=asked.answered_by,
        answered_at=asked.answered_at or None,
        confidence=asked.confidence if asked.answer else None,
        by_staff=asked.by_staff,
        joined_to=asked.joined_to,
        due_at=asked.due_at or None,
    )


def _no_alert(settings: GroupSettings, key: str) -> Alert:
    return Alert(
        platform=settings.platform,
        group_id=settings.group_id,
        alert_id=key,
        kind="unanswered",
        severity="info",
        raised_at=0,
        updated_at=0,
        state="resolved",
        title="",
    )


def _member(settings: GroupSettings, key: str, member: Member | None, head: Head | None) -> MemberRow:
    member = member or Member()
    today = (head.last_ts if head is not None else 0) // DAY_MS
    messages = sum(n for day, n in (*member.days, (member.today, member.today_count)) if day > today - 28)
    return MemberRow(
        platform=settings.platform,
        group_id=settings.group_id,
        user_id=key,
        user_name=member.name,
        joined_at=member.joined_at or None,
        left_at=member.left_at or None,
        last_message_at=member.last_message_at or None,
        messages_28d=messages,
        is_staff=member.is_staff,
        is_bot=member.is_bot,
        risk=member.risk if member.risk >= 0 else None,
        risk_reasons=list(member.risk_reasons),
        as_of=max(member.last_message_at, member.risk_as_of, member.joined_at, member.left_at),
    )


def _group(settings: GroupSettings, head: Head | None, late_events: int) -> GroupSummary:
    head = head or Head()
    return GroupSummary(
        platform=settings.platform,
        group_id=settings.group_id,
        group_name=head.name,
        kind=settings.kind,
        stage=head.stage,
        stage_since=head.stage_since or head.first_ts,
        alive=head.stage not in ("dormant", "dead"),
        members=activity.members_of(head),
        health=head.health,
        reasons=list(head.reasons),
        first_event_at=head.first_ts,
        last_event_at=head.last_ts,
        last_message_at=head.last_member_message or None,
        late_events=late_events,
    )
