"""The end of what a group is for: its last day has passed, or its goal is met. Close it, or give it a new purpose.

A group that goes on talking after its last day has found a purpose by itself, and is left alone.
"""

from __future__ import annotations

from typing import Final

from huoqun.results import alert_id
from streams.core import coverage
from streams.core.activity import members_of
from streams.core.alerts import close_alert, is_open, raise_alert
from streams.core.daily import messages_from
from streams.core.history import History
from streams.core.settings import GroupSettings
from streams.core.state import DAY_MS, LONG_DAYS
from streams.core.tables import WEEK

FELL: Final = 0.5
"""Talk has fallen when a week is below this share of a usual week before the last day; the same share as for fading …"""
BACK: Final = 0.7
"""… and is back above this one."""
LEAVING: Final = 0.25
"""Or people take their leave: at least this share of the members within a week."""
ADVICE: Final = "关闭群，或给它新的目标 · close the group, or give it a new purpose"


def ended(h: History, settings: GroupSettings, at: int) -> bool:
    """Whether the group's purpose has ended at ``at`` (ms): growing quiet is what is expected then, and no alarm."""
    return 0 < settings.ends_at <= at or h.life.goal_met in _goals(settings)


def on_day(h: History, settings: GroupSettings, today: int) -> None:
    """Raise ``purpose_ended`` when a goal is met, or the last day is over and it disperses; at midnight UTC of ``today``."""
    if not settings.ends_at and not settings.goal_members and not settings.goal_conversions:
        return
    at = today * DAY_MS
    _goal(h, settings, at)
    if 0 < settings.ends_at <= at and coverage.is_full(h):
        _last_day(h, settings, today)
    if ended(h, settings, at):
        for kind in ("group_fading", "group_dormant"):
            key = alert_id(kind, settings.platform, settings.group_id, "")
            close_alert(h, key, at=at, state="expired", reason="群的使命已完成 · the group's purpose has ended")


def _goals(settings: GroupSettings) -> list[str]:
    """Return the group's goals as they are remembered once met: another number is another goal."""
    goals: list[str] = []
    if settings.goal_members:
        goals.append(f"members {settings.goal_members}")
    if settings.goal_conversions:
        goals.append(f"conversions {settings.goal_conversions}")
    return goals


def _goal(h: History, settings: GroupSettings, at: int) -> None:
    """The first goal that is met counts."""
    life = h.life
    if life.goal_met in _goals(settings):
        return
    members, conversions = members_of(h.head), life.conversions
    if 0 < settings.goal_members <= members:
        wanted = settings.goal_members
        goal, zh, en = f"members {wanted}", f"成员 {members} 人，目标 {wanted} 人", f"{members} members"
    elif 0 < settings.goal_conversions <= conversions:
        wanted = settings.goal_conversions
        goal, zh, en = f"conversions {wanted}", f"转化 {conversions} 次，目标 {wanted} 次", f"{conversions} conversions"
    else:
        return
    h.change_life().goal_met = goal
    raise_alert(
        h,
        settings,
        "purpose_ended",
        goal,
        at=at,
        severity="info",
        title="群的目标已达成 · the group's goal is met",
        reasons=[f"{zh} · {en}, the goal was {wanted}", ADVICE],
        evidence={"goal": goal, "members": members, "conversions": conversions},
    )


def _last_day(h: History, settings: GroupSettings, today: int) -> None:
    """Remember what was usual before the last day, and compare each week with it."""
    at, life = today * DAY_MS, h.life
    if life.usual_until != settings.ends_at:
        usual = 0.0
        if life.first_ts < settings.ends_at:
            weeks = min(float(LONG_DAYS), max(7.0, (at - life.first_ts) / DAY_MS)) / 7
            usual = round(messages_from(life.days, today - LONG_DAYS) / weeks, 3)
        life = h.change_life()
        life.usual_until, life.usual_at_end = settings.ends_at, usual
    usual, week = life.usual_at_end, messages_from(life.days, today - 7)
    subject = f"end {settings.ends_on}"
    key = alert_id("purpose_ended", settings.platform, settings.group_id, subject)
    gone, members = h.windows[WEEK].leaves, members_of(h.head)
    leaving = gone >= LEAVING * (members + gone) and gone > 1
    if week == 0 or week < FELL * usual or leaving:
        if not is_open(h, key):
            days = (at - settings.ends_at) // DAY_MS
            raise_alert(
                h,
                settings,
                "purpose_ended",
                subject,
                at=at,
                severity="info",
                title="群的期限已过，正在散去 · past its last day, and dispersing",
                reasons=[
                    f"最后一天是 {settings.ends_on}，已过 {days} 天 · the last day was {settings.ends_on}, {days} d ago",
                    f"本周 {week} 条，结束前每周 {usual:.0f} 条 · {week} messages this week, {usual:.0f} a week before",
                    f"本周 {gone} 人退群，剩 {members} 人 · {gone} left this week, {members} remain",
                    ADVICE,
                ],
                evidence={"ends_on": settings.ends_on, "week": week, "usual_week": usual, "left": gone},
            )
    elif week >= BACK * usual:
        close_alert(h, key, at=at, state="resolved", reason="又有人聊了 · people talk again")
