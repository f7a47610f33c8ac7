"""Churn signals: who is about to fall silent, which newcomers got nothing, and whether the whole group fades.

All of it is computed once a day, at midnight UTC of event time, in one pass over the members.
"""

from __future__ import annotations

import math
from typing import Final

from huoqun.results import AlertState, MemberRisk, alert_id
from streams.core.alerts import close_alert, expire_old, is_open, raise_alert
from streams.core.daily import from_day, messages_from, pairs, with_day
from streams.core.history import History
from streams.core.settings import GroupSettings
from streams.core.state import DAY_MS, LONG_DAYS, NEVER, Head, Person, shared

REGULAR_DAYS: Final = 5
"""A regular was there on this many of the last 28 days; others come and go, and a word from staff changes little."""
AT_RISK: Final = 0.25
"""A regular at or above this risk is worth an operator's word: three to five times the usual of regulars (0.01 to 0.09 while
they talk, 0.2 to 0.36 after ten days of silence, on the archives that the model was fitted to)."""
SAFE_AGAIN: Final = 0.12
NEWCOMER_CHECK_DAYS: Final = 3
"""Silent this many days after joining: still time to greet within the first week."""
FADING: Final = 0.5
"""A week below this share of the group's usual week is fading …"""
FADING_OVER: Final = 0.7
"""… until it is above this share again (hysteresis)."""
FADING_LEAST: Final = 20.0
"""Usual weeks below this many messages are too small to fade."""
DORMANT_DAYS: Final = 7
DEAD_DAYS: Final = 28
FORMING_DAYS: Final = 30


def begin_day(h: History, place: int, ts: int) -> None:
    """Make sure that a person's message at ``ts`` (ms) is counted into its day."""
    day = ts // DAY_MS
    if h.people[place].today != day:
        person = h.change_person(place)
        if person.today_count:
            person.days = with_day(person.days, person.today, person.today_count, day - LONG_DAYS)
        person.today, person.today_count = day, 0


def start(head: Head, ts: int) -> None:
    """Begin counting days with the group's first event, and again when a dead group speaks."""
    head.due_days = (ts // DAY_MS + 1) * DAY_MS


def on_time(h: History, settings: GroupSettings, at: int) -> None:
    """Close the day that ends at ``at`` (ms, a midnight UTC)."""
    today = at // DAY_MS
    head, life = h.change_head(), h.change_life()
    if head.messages_today:
        life.days = with_day(life.days, today - 1, head.messages_today, today - LONG_DAYS)
    else:
        life.days = from_day(life.days, today - LONG_DAYS)
    head.messages_today = 0
    for place in range(len(h.people)):
        _member_day(h, settings, place, today)
    expire_old(h, at=at)
    _stage(h, settings, today)
    head.due_days = NEVER if life.stage == "dead" else at + DAY_MS


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
    if not reasons and known < FORMING_DAYS // 2:
        reasons.append((0.5, f"才认识 {known} 天 · known for {known} d only"))
    if not reasons:
        reasons.append((0.1, f"28 天内活跃 {active} 天 · active on {active} of 28 days"))
    reasons.sort(reverse=True)
    return [text for _, text in reasons[:3]]


def _member_day(h: History, settings: GroupSettings, place: int, today: int) -> None:
    member = h.people[place]
    if member.risk < 0 and not member.last_message_at and not member.joined_at:
        return
    if member.last_message and member.last_message not in h.said:
        member.last_message = ""  # nothing is a reply to it any more, and never will be: no change to take back
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
    _newcomer(h, settings, place, today)


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


def _newcomer(h: History, settings: GroupSettings, place: int, today: int) -> None:
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


def _stage(h: History, settings: GroupSettings, today: int) -> None:
    """Set the life-cycle stage for the day, with the reason for a change."""
    at = today * DAY_MS
    head, life = h.head, h.change_life()
    week = messages_from(life.days, today - 7)
    before = messages_from(life.days, today - LONG_DAYS) - week
    first_day = max(life.first_ts // DAY_MS, today - LONG_DAYS)
    weeks = max(0.0, (today - 7 - first_day) / 7)
    usual = life.usual_week or (before / weeks if weeks >= 1 else 0.0)
    silent = (at - (head.last_member_message or life.first_ts)) // DAY_MS
    stage = "blending"
    reasons: tuple[str, ...] = ()
    share = week / usual if usual else 1.0
    limit = FADING_OVER if life.stage in ("fading", "dormant") else FADING
    if silent >= DEAD_DAYS:
        stage, reasons = "dead", (f"{silent} 天无人发言 · no member spoke for {silent} d",)
    elif silent >= DORMANT_DAYS:
        stage, reasons = "dormant", (f"{silent} 天无人发言 · no member spoke for {silent} d",)
    elif usual >= FADING_LEAST and share < limit:
        stage = "fading"
        reasons = (f"本周 {week} 条，平时每周 {usual:.0f} 条 · {week} messages this week, usually {usual:.0f}",)
    elif at - life.first_ts < FORMING_DAYS * DAY_MS:
        stage = "forming"
    life.health = round(0.0 if stage == "dead" else 0.1 if stage == "dormant" else min(1.0, share), 3)
    life.reasons = reasons
    life.usual_week = usual if stage in {"fading", "dormant", "dead"} else 0.0
    if stage == life.stage:
        return
    life.stage, life.stage_since = stage, at
    fading = alert_id("group_fading", settings.platform, settings.group_id, "")
    dormant = alert_id("group_dormant", settings.platform, settings.group_id, "")
    if stage == "fading":
        raise_alert(
            h,
            settings,
            "group_fading",
            "",
            at=at,
            severity="warning",
            title="群在变冷 · the group is fading",
            reasons=list(reasons),
            evidence={"week": week, "usual_week": round(usual, 1)},
        )
    elif stage == "dormant":
        close_alert(h, fading, at=at, state="expired", reason="已经沉寂 · it has fallen dormant")
        raise_alert(
            h,
            settings,
            "group_dormant",
            "",
            at=at,
            severity="warning",
            title="群已沉寂 · the group is dormant",
            reasons=list(reasons),
            evidence={"silent_days": silent},
        )
    elif stage != "dead":
        close_alert(h, fading, at=at, state="resolved", reason="恢复了 · it has recovered")
        close_alert(h, dormant, at=at, state="resolved", reason="又有人说话了 · people talk again")
