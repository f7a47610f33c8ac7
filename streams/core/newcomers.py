"""Newcomers at risk: nothing said, or nothing answered, within the first week."""

from __future__ import annotations

from typing import Final

from huoqun.results import alert_id
from streams.core.alerts import close_alert, raise_alert
from streams.core.history import History
from streams.core.settings import GroupSettings
from streams.core.state import DAY_MS

NEWCOMER_CHECK_DAYS: Final = 3
"""Silent this many days after joining: still time to greet within the first week."""


def on_day(h: History, settings: GroupSettings, place: int, today: int) -> None:
    """Raise the alert for the person at ``place`` if they joined this week and got nothing."""
    member = h.people[place]
    if not member.joined_at or member.newcomer_flagged or member.is_bot or member.is_staff or member.left_at:
        return
    age = today * DAY_MS - member.joined_at
    if age < NEWCOMER_CHECK_DAYS * DAY_MS or age > 7 * DAY_MS:
        return
    if member.messages and member.replies:
        return
    user, who = member.user, member.name or member.user
    silent = member.messages == 0
    member = h.change_person(place)
    member.newcomer_flagged = True
    what = "还没说过话" if silent else "发言没人回应"
    what_en = "has said nothing yet" if silent else "spoke and nobody responded"
    raise_alert(
        h,
        settings,
        "newcomer_at_risk",
        f"{user}@{member.joined_at}",
        at=today * DAY_MS,
        severity="info",
        user=user,
        title=f"新成员 {who} {what} · newcomer {who} {what_en}",
        reasons=[f"入群 {age // DAY_MS} 天 · joined {age // DAY_MS} d ago", f"{what} · {what_en}"],
        evidence={"joined_at": member.joined_at, "messages": member.messages, "replies": member.replies},
    )


def greet(h: History, settings: GroupSettings, user: str, joined_at: int, *, at: int) -> None:
    """Resolve the newcomer's alert once they have spoken and been answered."""
    key = alert_id("newcomer_at_risk", settings.platform, settings.group_id, f"{user}@{joined_at}")
    close_alert(h, key, at=at, state="resolved", reason="已有人回应 · somebody responded")
