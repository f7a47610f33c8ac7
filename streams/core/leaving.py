"""Leave bursts, and what came before them: advertising, floods, announcements."""

from __future__ import annotations

import math
from typing import Final

from huoqun.results import alert_id
from streams.core.alerts import minutes_text, raise_alert
from streams.core.arrival import Arrival
from streams.core.history import History
from streams.core.settings import GroupSettings
from streams.core.state import MINUTE_MS, Head, Person
from streams.core.tables import ALERTS, DAY, FIVE_MINUTES, WEEK
from streams.core.wording import looks_like_ad

LEAST: Final = 4
"""Fewer leaves than this within the window are never a burst."""
IMPROBABLE: Final = 1e-4
"""A burst is a count that chance would exceed this rarely at the group's own rate."""
BEFORE_MS: Final = 30 * MINUTE_MS
"""How far back a cause is looked for (domain definition)."""
APART_MS: Final = 30 * MINUTE_MS
"""Leaves further apart than this belong to two bursts."""
BASE_RATE: Final = 0.2
"""Leaves in five minutes that are taken as usual in a group without history: a prior, kept small."""
FLOOD: Final = 30
"""Messages in five minutes that are a flood …"""
FLOOD_FACTOR: Final = 5.0
"""… if they are also this many times the last day's average."""
FIVES_A_DAY: Final = 288
STRANGER: Final = 3
"""With fewer messages than this before, a sender is a stranger: the same words from a regular are talk."""
ANNOUNCEMENT_LENGTH: Final = 120


def on_message(h: History, settings: GroupSettings, event: Arrival, author: Person) -> None:
    """Remember what may drive people away; raise an alert for advertising by a stranger."""
    if author.is_staff:
        if len(event.text) >= ANNOUNCEMENT_LENGTH or (not event.mentions and "@all" in event.text):
            h.change_life().last_announcement = (event.ts, event.user_id, event.id)
        return
    if author.messages < STRANGER and looks_like_ad(event.text):
        h.change_life().last_ad = (event.ts, event.user_id, event.id)
        who = author.name or event.user_id
        raise_alert(
            h,
            settings,
            "advertising",
            event.user_id,
            at=event.ts,
            severity="warning",
            user=event.user_id,
            event=event.id,
            title=f"{who} 在发广告 · {who} is advertising",
            reasons=[
                "带链接或联系方式的推销 · a pitch with a link or a contact",
                f"此前只发过 {author.messages} 条 · only {author.messages} messages before",
            ],
            evidence={"messages_before": author.messages},
        )


def on_leave(h: History, head: Head, settings: GroupSettings, event: Arrival) -> None:
    """See whether this leave makes a burst; the leave itself has been counted into its minute already."""
    five, week, life = h.windows[FIVE_MINUTES], h.windows[WEEK], h.life
    recent = head.leaves + five.leaves
    if recent < LEAST:
        return
    observed = max(1.0, min(7 * 24 * 60.0, (event.ts - life.first_ts) / MINUTE_MS) / 5)
    rate = (week.leaves - five.leaves) / observed + BASE_RATE
    if exceeding(recent, rate) > IMPROBABLE:
        return
    life = h.change_life()
    if not life.burst or event.ts - life.burst_last > APART_MS:
        life.burst = event.id
    life.burst_last = event.ts
    key = alert_id("leave_burst", settings.platform, settings.group_id, life.burst)
    before = h.tables[ALERTS].get(key)
    causes, evidence = _before(h, event.ts if before is None else before.raised_at)
    total = recent if before is None else max(recent, _count_in(before.evidence) + 1)
    raise_alert(
        h,
        settings,
        "leave_burst",
        life.burst,
        at=event.ts,
        severity="critical",
        event=event.id,
        title=f"{total} 人接连退群 · {total} people left in a burst",
        reasons=[
            f"5 分钟内 {recent} 人退群，平时 {rate:.1f} 人 · {recent} left within 5 min, usually {rate:.1f}",
            *causes,
        ],
        evidence={"leaves": total, "in_5_min": recent, "usual_in_5_min": round(rate, 3), **evidence},
    )


def exceeding(count: int, rate: float) -> float:
    """Return the probability that a Poisson variable with mean ``rate`` is ``count`` or more."""
    term = math.exp(-rate)
    below = 0.0
    for k in range(count):
        below += term
        term *= rate / (k + 1)
    return max(0.0, 1.0 - below)


def _count_in(evidence: str) -> int:
    digits = evidence.partition('"leaves":')[2]
    number = ""
    for character in digits:
        if not character.isdigit():
            break
        number += character
    return int(number or 0)


def _before(h: History, at: int) -> tuple[list[str], dict[str, object]]:
    """Return what happened in the half hour before ``at``, in words and as evidence."""
    found: list[str] = []
    evidence: dict[str, object] = {}
    for what, zh, en in (
        (h.life.last_ad, "广告", "advertising"),
        (h.life.last_announcement, "管理员公告", "an announcement by staff"),
    ):
        if what is not None and 0 <= at - what[0] <= BEFORE_MS:
            member = h.find(what[1])
            who = (member.name if member is not None else "") or what[1]
            ago = minutes_text(at - what[0])
            found.append(f"{ago} 前有{zh}({who}) · {en} by {who} {ago} before")
            evidence[en.replace(" ", "_")] = what[2]
    five, day = h.windows[FIVE_MINUTES], h.windows[DAY]
    usual = max(1.0, day.messages / FIVES_A_DAY)
    if five.messages >= FLOOD and five.messages > FLOOD_FACTOR * usual:
        found.append(f"刷屏：5 分钟 {five.messages} 条 · a flood: {five.messages} messages in 5 min")
        evidence["flood_messages"] = five.messages
    if not found:
        found.append("之前半小时没有明显原因 · no obvious cause in the half hour before")
    return found, evidence
