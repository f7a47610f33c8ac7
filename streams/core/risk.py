"""The risk that a member falls silent, computed each midnight; an alert for regulars."""

from __future__ import annotations

import math
from typing import Final

from huoqun.results import AlertState, MemberRisk, alert_id
from streams.core.alerts import close_alert, is_open, raise_alert
from streams.core.daily import pairs
from streams.core.history import History
from streams.core.settings import GroupSettings
from streams.core.state import DAY_MS, LONG_DAYS, Person, shared

REGULAR_DAYS: Final = 5
"""A regular was there on this many of the last 28 days; others come and go, and a word from staff changes little."""
AT_RISK: Final = 0.25
"""A regular at or above this risk is worth an operator's word: three to five times the usual of regulars (0.01 to 0.09 while
they talk, 0.2 to 0.36 after ten days of silence, on the archives that the model was fitted to)."""
SAFE_AGAIN: Final = 0.12
KNOWN_SHORTLY: Final = 15
"""Days for which being new is a reason of its own."""


def on_day(h: History, settings: GroupSettings, place: int, today: int) -> None:
    """Compute the risk of the person at ``place`` as of the beginning of the day ``today``; raise or close the alert."""
    member = h.people[place]
    found = risk_of(member, today)
    if found is None:
        if member.risk >= 0:
            h.set_risk(place, -1.0, (), today * DAY_MS, None)
            _close_risk(
                h, settings, member, today, state="expired", reason="已离开或 28 天没说话 · gone, or silent for 28 d"
            )
    else:
        risk, reasons = found
        h.set_risk(
            place,
            risk,
            reasons,
            today * DAY_MS,
            MemberRisk(
                platform=settings.platform,
                group_id=settings.group_id,
                user_id=member.user,
                as_of=today * DAY_MS,
                risk=risk,
                reasons=list(reasons),
            ),
        )
        if risk >= AT_RISK and len(days_of(member, today)) >= REGULAR_DAYS:
            _raise_risk(h, settings, member, today)
        elif risk < SAFE_AGAIN:
            _close_risk(h, settings, member, today, state="resolved", reason="又活跃了 · active again")


def days_of(member: Person, today: int) -> dict[int, int]:
    """Return the member's messages by day over the 28 days before ``today``."""
    days: dict[int, int] = {}
    numbers = pairs(member.days)
    for i in range(0, len(numbers), 2):
        if today - LONG_DAYS <= numbers[i] < today:
            days[numbers[i]] = numbers[i + 1]
    if member.today_count and today - LONG_DAYS <= member.today < today:
        days[member.today] = member.today_count
    return days


def risk_of(member: Person, today: int) -> tuple[float, tuple[str, ...]] | None:
    """Return the probability that the member writes nothing in the next 30 days, with reasons; ``None`` if undefined.

    As of midnight UTC of the day ``today``. A logistic model of recency, active days, this week's share and time known,
    fitted to public archives of two communities (one of IRC, one of Zulip; about 85,000 member-weeks, both weighted alike).
    """
    days = days_of(member, today)
    if not days or member.is_bot or member.is_staff or member.left_at:
        return None
    silent = max(0.0, (today * DAY_MS - member.last_message_at) / DAY_MS)
    active = len(days)
    this_week = sum(1 for day in days if day >= today - 7)
    known = min(float(LONG_DAYS), today - min(days))
    odds = (
        1.906
        + 0.601 * math.log1p(silent)
        - 1.064 * math.log(active)
        - 0.972 * this_week / 7
        + 0.142 * silent * active / LONG_DAYS
        - 0.849 * math.log1p(known)
    )
    risk = 1 / (1 + math.exp(-odds))
    return round(risk, 4), shared(tuple(_reasons(member, days, silent, today)))


def _reasons(member: Person, days: dict[int, int], silent: float, today: int) -> list[str]:
    reasons: list[tuple[float, str]] = []
    active = len(days)
    rhythm = (max(days) - min(days) + 1) / active
    if silent >= max(2.0, 2 * rhythm):
        text = f"沉默 {silent:.0f} 天，平时每 {rhythm:.1f} 天发言 · silent for {silent:.0f} d, usually every {rhythm:.1f} d"
        reasons.append((silent / rhythm, text))
    week = sum(n for day, n in days.items() if day >= today - 7)
    before = sum(days.values()) - week
    usual = before / 3
    if usual >= 1 and week < usual / 2:
        text = f"本周 {week} 条，平时每周 {usual:.0f} 条 · {week} messages this week, usually {usual:.0f}"
        reasons.append((usual / (week + 1), text))
    if member.messages >= 2 and member.replies == 0:  # noqa: PLR2004  # one message is no pattern
        reasons.append((1.5, "发言从未得到回应 · never got a reply"))
    if active <= 2:  # noqa: PLR2004
        reasons.append((1.0, f"28 天内只活跃 {active} 天 · active on {active} of 28 days only"))
    known = today - min(days)
    if not reasons and known < KNOWN_SHORTLY:
        reasons.append((0.5, f"才认识 {known} 天 · known for {known} d only"))
    if not reasons:
        reasons.append((0.1, f"28 天内活跃 {active} 天 · active on {active} of 28 days"))
    reasons.sort(reverse=True)
    return [text for _, text in reasons[:3]]


def _raise_risk(h: History, settings: GroupSettings, member: Person, today: int) -> None:
    user = member.user
    if is_open(h, alert_id("member_at_risk", settings.platform, settings.group_id, user)):
        return
    who = member.name or user
    raise_alert(
        h,
        settings,
        "member_at_risk",
        user,
        at=today * DAY_MS,
        severity="info",
        user=user,
        title=f"{who} 可能要沉默了 · {who} may be about to fall silent",
        reasons=[f"流失概率 {member.risk:.0%} · risk {member.risk:.0%}", *member.risk_reasons],
        evidence={"risk": member.risk, "as_of": today * DAY_MS, "last_message_at": member.last_message_at},
    )


def _close_risk(
    h: History, settings: GroupSettings, member: Person, today: int, *, state: AlertState, reason: str
) -> None:
    key = alert_id("member_at_risk", settings.platform, settings.group_id, member.user)
    close_alert(h, key, at=today * DAY_MS, state=state, reason=reason)
