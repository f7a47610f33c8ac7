"""False activity: a group that looks busy and is not, because a handful fill the screen for many who are silent.

As of midnight UTC, over the last seven days: at least as many member messages a day as on the median of the 28 days before
(quiet days counted), and at least :data:`BUSY` of them; key people <= 5; 50 members or more; and fewer of them speaking than
the group's kind lets pass (10 %, see :mod:`streams.core.kinds`). The definition is the domain's, but for the least number of
messages. Not defined before the group has been watched for :data:`WATCHED` days. What has begun ends at wider bounds.
"""

from __future__ import annotations

from typing import Final

from huoqun.results import alert_id
from streams.core.activity import members_of, shape_of
from streams.core.alerts import close_alert, raise_alert
from streams.core.daily import messages_from, pairs
from streams.core.fabric import FALSE, REAL, UNKNOWN
from streams.core.history import History
from streams.core.kinds import Kind
from streams.core.settings import GroupSettings
from streams.core.state import DAY_MS, LONG_DAYS
from streams.core.tables import WEEK

WATCHED: Final = 14
"""Days without which there is nothing to compare with."""
BUSY: Final = 10.0
"""Member messages a day: with fewer nothing looks busy."""
KEY_PEOPLE: Final = 5
MEMBERS: Final = 50
KEY_PEOPLE_OVER: Final = 7
"""It goes on until there are more key people than this, or …"""
MEMBERS_OVER: Final = 45
"""… fewer members than this, or …"""
RATIO_OVER: Final = 1.2
"""… so many times the share of members speaks, or …"""
VOLUME_OVER: Final = 0.7
"""… messages fall below this share of the median."""


def median_day(days: bytes, since: int, count: int) -> float:
    """Return the median of the messages of ``count`` days from ``since`` on; days that are not in ``days`` had none."""
    numbers = pairs(days)
    found = [numbers[i + 1] for i in range(0, len(numbers), 2) if since <= numbers[i] < since + count]
    found.extend([0] * (count - len(found)))
    found.sort()
    half = count // 2
    return float(found[half]) if count % 2 else (found[half - 1] + found[half]) / 2


def on_day(h: History, settings: GroupSettings, kind: Kind, today: int, before: int) -> int:
    """Decide it for the day ``today``, given how it was the day before; raise the alert, or resolve it."""
    found = _judge(h, settings, kind, today, before)
    if before == FALSE and found != FALSE:
        key = alert_id("false_activity", settings.platform, settings.group_id, "")
        reason = "不再只有几个人在说 · it is no longer a handful that talks, or no longer busy"
        close_alert(h, key, at=today * DAY_MS, state="resolved", reason=reason)
    return found


def _judge(h: History, settings: GroupSettings, kind: Kind, today: int, before: int) -> int:
    watched = min(LONG_DAYS, today - h.life.first_ts // DAY_MS)
    if watched < WATCHED or not kind.active_ratio:
        return UNKNOWN
    goes_on = before == FALSE
    members = members_of(h.head)
    week = h.windows[WEEK]
    if members < (MEMBERS_OVER if goes_on else MEMBERS):
        return REAL
    ratio = min(1.0, week.speakers / members)
    if ratio >= kind.active_ratio * (RATIO_OVER if goes_on else 1.0):
        return REAL
    _, _, key_people = shape_of(week.shape, week.member_messages)
    if key_people > (KEY_PEOPLE_OVER if goes_on else KEY_PEOPLE):
        return REAL
    usual = median_day(h.life.days, today - watched, watched)
    volume = messages_from(h.life.days, today - 7) / 7
    if volume < BUSY or volume < usual * (VOLUME_OVER if goes_on else 1.0):
        return REAL
    if not goes_on:
        raise_alert(
            h,
            settings,
            "false_activity",
            "",
            at=today * DAY_MS,
            severity="warning",
            title=f"看着热闹，其实只有 {key_people} 个人在撑 · looks busy, but {key_people} people carry it",
            reasons=[
                f"每天 {volume:.0f} 条，平时(中位数){usual:.0f} 条 · {volume:.0f} messages a day, usually (median) {usual:.0f}",
                f"{key_people} 个人写了八成 · {key_people} people wrote 80 % of the week's messages",
                _spoke(week.speakers, members, ratio),
            ],
            evidence={
                "messages_a_day": round(volume, 1),
                "usual_a_day": usual,
                "key_people": key_people,
                "speakers": week.speakers,
                "members": members,
                "active_ratio": round(ratio, 4),
            },
        )
    return FALSE


def _spoke(speakers: int, members: int, ratio: float) -> str:
    return (
        f"{members} 人中本周只有 {speakers} 人说过话({ratio:.1%}) · "
        f"only {speakers} of {members} members spoke this week ({ratio:.1%})"
    )
