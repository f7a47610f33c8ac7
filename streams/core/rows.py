"""From the tables to the result records: what is published of a changed value."""

from __future__ import annotations

import copy
from typing import Any

from huoqun.results import Activity, Alert, AnyResult, GroupSummary, MemberRisk, Question
from huoqun.results import Member as MemberRow
from streams.core import coverage, kinds, roles
from streams.core.activity import members_of
from streams.core.daily import messages_from
from streams.core.history import History
from streams.core.leaving import passing
from streams.core.settings import GroupSettings
from streams.core.state import DAY_MS, LONG_DAYS, Asked, Person
from streams.core.tables import ACTIVITY, ALERTS, QUESTIONS


def row_of(h: History, settings: GroupSettings, table: int, key: Any, version: int) -> AnyResult:
    """Return the result for a changed row of a published table, marked deleted if it is gone.

    Alerts live on, so their rows are copies; activity and risks are given away.
    """
    value = h.tables[table].get(key)
    row: AnyResult
    if table == QUESTIONS:
        row = _question(settings, key, value)
    elif table == ALERTS:
        row = copy.copy(value) or _no_alert(settings.platform, settings.group_id, key)
    elif table == ACTIVITY:
        row = value or Activity(
            platform=settings.platform, group_id=settings.group_id, window=key[0], window_end=key[1]
        )
    else:
        row = value or MemberRisk(
            platform=settings.platform, group_id=settings.group_id, user_id=key[0], as_of=key[1], risk=0.0
        )
    row.version = version
    row.deleted = value is None
    return row


def member_row(h: History, settings: GroupSettings, user: str, version: int) -> MemberRow:
    """Return a member's row, marked deleted if they are not known any more."""
    known = h.find(user)
    member = known if known is not None else Person(0, user)
    as_of = max(member.last_message_at, member.risk_as_of, member.joined_at, member.left_at)
    since = as_of // DAY_MS - LONG_DAYS  # of the member's own time: the group's goes on without a new row
    messages = messages_from(member.days, since + 1) + (member.today_count if member.today > since else 0)
    return MemberRow(
        platform=settings.platform,
        group_id=settings.group_id,
        version=version,
        deleted=known is None,
        user_id=user,
        user_name=member.name,
        joined_at=member.joined_at or None,
        left_at=member.left_at or None,
        last_message_at=member.last_message_at or None,
        messages_28d=messages,
        role=roles.ROLES[member.role],
        layer=roles.LAYERS[member.layer],
        is_staff=member.is_staff,
        is_bot=member.is_bot,
        risk=member.risk if member.risk >= 0 else None,
        risk_reasons=list(member.risk_reasons),
        as_of=as_of,
    )


def group_row(h: History, settings: GroupSettings, late_events: int, version: int) -> GroupSummary:
    """Return the group's summary, marked deleted if all of it was taken back."""
    head, life = h.head, h.life
    full = coverage.is_full(h)
    return GroupSummary(
        platform=settings.platform,
        group_id=settings.group_id,
        version=version,
        deleted=not life.first_ts,
        group_name=life.name,
        kind=settings.kind,
        stage=life.stage if full else "",
        stage_since=(life.stage_since or life.first_ts) if full else None,
        alive=not full or life.stage not in ("dormant", "dead"),
        members=members_of(head),
        health=life.health if full else None,
        reasons=list(life.reasons) if full else [],
        first_event_at=life.first_ts,
        last_event_at=head.last_ts,
        last_message_at=head.last_member_message or None,
        late_events=late_events,
        coverage=coverage.name_of(h),
        leaders=h.fabric.leaders,
        core=h.fabric.core,
        ordinary=h.fabric.ordinary,
        shape=h.fabric.shape,
        kpis=list(kinds.of(settings.kind).kpis),
        leavers_return=passing(h.troubles),
    )


def _question(settings: GroupSettings, key: str, asked: Asked | None) -> Question:
    if asked is None:
        asked = Asked(0, key, "", 0, "question")
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


def no_alert(alert: Alert) -> Alert:
    """Return the row of an alert that is gone."""
    row = _no_alert(alert.platform, alert.group_id, alert.alert_id)
    row.version, row.deleted = alert.version, True
    return row


def _no_alert(platform: str, group_id: str, key: str) -> Alert:
    return Alert(
        platform=platform,
        group_id=group_id,
        alert_id=key,
        kind="unanswered",
        severity="info",
        raised_at=0,
        updated_at=0,
        state="resolved",
        title="",
    )
