"""The alert of a message that nobody answers: raised, escalated, resolved by the answer, expired."""

from __future__ import annotations

from typing import Final

from huoqun.results import alert_id
from streams.core import coverage
from streams.core.alerts import close_alert, minutes_text, raise_alert
from streams.core.history import History
from streams.core.settings import GroupSettings
from streams.core.state import NEWCOMER_MS, Asked, Person

A_WEEK: Final = "七天无人回应 · nobody answered within 7 days"


def tell(h: History, settings: GroupSettings, asked: Asked, at: int) -> None:
    """Raise the alert of a question at ``at`` (ms), or escalate it."""
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


def resolve(h: History, settings: GroupSettings, asked: Asked, at: int) -> None:
    """Resolve the alert of a question that has been answered, as is seen at ``at`` (ms): by whom, after how long, how sure."""
    waited = minutes_text(asked.answered_at - asked.asked_at)
    answerer = h.find(asked.answered_by)
    who = (answerer.name if answerer is not None else "") or asked.answered_by
    close_alert(
        h,
        alert_id("unanswered", settings.platform, settings.group_id, asked.event),
        at=at,
        state="resolved",
        reason=f"{who} 在 {waited} 后回应（把握 {asked.confidence:.0%}）"
        f" · answered by {who} after {waited} (confidence {asked.confidence:.0%})",
    )


def expire(h: History, settings: GroupSettings, asked: Asked, at: int, reason: str) -> None:
    """Expire the alert of a question that waits no more, for this ``reason``."""
    key = alert_id("unanswered", settings.platform, settings.group_id, asked.event)
    close_alert(h, key, at=at, state="expired", reason=reason)


def _newcomer_reason(member: Person, asked: Asked) -> list[str]:
    if not member.joined_at or asked.asked_at - member.joined_at > NEWCOMER_MS:
        return []
    since = minutes_text(asked.asked_at - member.joined_at)
    return [f"新成员，入群 {since} · a newcomer, joined {since} before"]
