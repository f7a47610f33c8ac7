"""The stage of a group's life, decided each midnight: forming, blending, acting together; fading, dormant, dead.

Of the living stages the record by day tells: who talks with whom, and how much of it is staff's. A living group moves on only
when it has looked so for a week. It fades when too much of its usual talk is missing (:mod:`streams.core.decline`), and has
recovered when a week is near the usual again. Dormant is silence that the group's own rhythm makes improbable, dead a long
one. Every change says why, with the figures, and an alert names the members who are worth moving to a living group.
"""

from __future__ import annotations

import math
from typing import Final

from huoqun.results import alert_id
from streams.core import kinds, purpose
from streams.core.alerts import close_alert, minutes_text, raise_alert
from streams.core.daily import messages_from
from streams.core.decline import Decline, decline_in
from streams.core.history import History
from streams.core.record import MESH, MESSAGES, REPLIES, SPEAKERS, STAFF, column, days_in, summed
from streams.core.settings import GroupSettings
from streams.core.state import DAY_MS, LONG_DAYS, Life, Person

MISSING: Final = 4.0
"""A group fades when so many usual days' talk is missing …"""
VARIES: Final = 8.0
USUAL_VARIATION: Final = 0.15
"""… and more where its weeks differ: so many days for each time over that their variation exceeds this …"""
STILL_LOW: Final = 0.15
"""… the last week is below the kind's share by no more than this …"""
SPEAKERS_LEFT: Final = 0.75
"""… and fewer than this share of the usual speakers are left: one who wrote much and left is no decline …"""
LEAST: Final = 20.0
"""… of a usual week of at least so many messages."""
BACK: Final = 0.7
"""A fading group has recovered when a week reaches this share of a usual one (above the kind's for fading: hysteresis)."""
NEW_NORMAL_DAYS: Final = 56
"""… or when it has stayed as it is for so long: smaller, and alive."""
IMPROBABLE: Final = 1e-3
"""A group is dormant when chance would make it so silent this rarely, by the share of days on which it used to talk."""
YOUNG_DAYS: Final = 14
"""A group seen for less has not shown its rhythm: it is given a day more."""
MOST_DORMANT_DAYS: Final = 28
DEAD_DAYS: Final = 28
"""Silent for so long after its last message, or twice as long as it takes to be dormant: dead …"""
MOST_DEAD_DAYS: Final = 56
REVIVED_DAYS: Final = 2
"""A dormant group is alive again when members talk on so many days of a week …"""
REVIVED: Final = 3
"""… and write so many messages …"""
REVIVED_SHARE: Final = 0.5
"""… or when so many members write this share of what was said on a day with talk, as in a club that meets now and then."""

LOOKS_DAYS: Final = 7
"""So long a group has to look like the next stage before it is said to have entered it."""
BLENDING_DAYS: Final = 14
"""Forming lasts at least so long: it is judged by as many days."""
BLENDING_STAFF: Final = 0.35
"""Members talk with each other when staff writes less than this share of all messages …"""
BLENDING_MESH: Final = 0.5
"""… and at least this share of replies goes from member to member …"""
BLENDING_SPEAKERS: Final = 2.0
"""… with so many speaking on a day with talk."""
ACTING_DAYS: Final = 28
"""Acting together is judged by so many days, and so long at least a group blends first."""
ACTING_STAFF: Final = 0.05
"""A group acts without staff that writes less than this share …"""
ACTING_MESH: Final = 0.85
"""… where nearly all replies are from member to member …"""
ACTING_REPLIES: Final = 40
"""… and so many …"""
ACTING_SPEAKERS: Final = 3.0
"""… with so many speaking on a day with talk."""
ACTING_OVER: Final = 3.0
"""It acts no more when staff writes this many times the share, or the mesh falls below the share for blending."""

MOVE_MOST: Final = 5
MOVE_DAYS: Final = 14
"""Worth moving is who spoke within so many days."""


def on_day(h: History, settings: GroupSettings, today: int) -> None:
    """Set the life-cycle stage for the day, with the reason for a change."""
    at = today * DAY_MS
    life = h.change_life()
    kind = kinds.of(settings.kind)
    living = life.stage not in ("dormant", "dead")
    age = today - life.first_ts // DAY_MS
    since = today - life.stage_since // DAY_MS if life.stage_since and life.stage != "fading" else LONG_DAYS
    decline = decline_in(h.record, since, kind.fading)
    silent = (at - (h.head.last_member_message or life.first_ts)) // DAY_MS
    stage, why = life.stage, ""
    if silent >= _dormant_after(h, kind.dormant_days, silent):
        stage, why = _silent(h, life, kind.dormant_days, silent)
    elif not living:
        stage, why = _revived(h)
    elif stage == "fading":
        stage, why = _fading_on(h, life, decline, at)
    elif _fades(decline, kind.fading):
        stage, why = "fading", _fading_words(decline)
    else:
        stage, why = _grown(h, settings, life, age, today)
    usual = life.usual_week or decline.usual
    share = decline.week / usual if usual else 1.0
    life.health = round(0.0 if stage == "dead" else 0.1 if stage == "dormant" else min(1.0, share), 3)
    if stage != life.stage:
        _enter(h, settings, (stage, why), decline, at)
    elif stage == "fading":
        life.reasons = (_share_words(decline.week, life.usual_week),)


def _enter(h: History, settings: GroupSettings, entered: tuple[str, str], decline: Decline, at: int) -> None:
    life, (stage, why) = h.change_life(), entered
    before = life.stage
    life.stage, life.stage_since, life.reasons = stage, at, (why,)
    life.candidate, life.candidate_since = "", 0
    if stage == "fading":
        life.usual_week = decline.usual
    elif stage not in ("dormant", "dead"):
        life.usual_week = 0.0
    fading = alert_id("group_fading", settings.platform, settings.group_id, "")
    dormant = alert_id("group_dormant", settings.platform, settings.group_id, "")
    if stage == "fading":
        if not purpose.ended(h, settings, at):
            _alert(h, settings, "fading", at, [why, _missing_words(decline)], decline)
    elif stage == "dormant":
        close_alert(h, fading, at=at, state="expired", reason="已经沉寂 · it has fallen dormant")
        if not purpose.ended(h, settings, at):
            _alert(h, settings, "dormant", at, [why], decline)
    elif stage == "dead":
        close_alert(h, fading, at=at, state="expired", reason="群已死亡 · the group is dead")
    else:
        if before == "fading":
            close_alert(h, fading, at=at, state="resolved", reason=why)
        close_alert(h, dormant, at=at, state="resolved", reason=why)


def _alert(h: History, settings: GroupSettings, what: str, at: int, reasons: list[str], decline: Decline) -> None:
    worth = worth_moving(h, at)
    evidence: dict[str, object] = {
        "week": decline.week,
        "usual_week": round(h.life.usual_week or decline.usual, 1),
        "missing_days": round(decline.missing, 1),
        "silent_days": (at - (h.head.last_member_message or h.life.first_ts)) // DAY_MS,
        "worth_moving": [person.user for person in worth],
    }
    if worth:
        zh = "、".join([f"{person.name or person.user}（{_ago(person, at)} 前）" for person in worth])
        en = ", ".join([f"{person.name or person.user} ({_ago(person, at)} ago)" for person in worth])
        reasons.append(f"趁还活跃可移到活群：{zh} · worth moving to a living group: {en}")
    raise_alert(
        h,
        settings,
        "group_fading" if what == "fading" else "group_dormant",
        "",
        at=at,
        severity="warning",
        title="群在变冷 · the group is fading" if what == "fading" else "群已沉寂 · the group is dormant",
        reasons=reasons,
        evidence=evidence,
    )


def _ago(person: Person, at: int) -> str:
    return minutes_text(at - person.last_message_at)


def worth_moving(h: History, at: int) -> list[Person]:
    """Return up to five members who still talk, or did when the group last did.

    Looked for among those who spoke within a fortnight of the last message by a member: who wrote most in the week before that
    comes first, then who wrote most in the four weeks before it.
    """
    last = min(h.head.last_member_message, at)
    day = last // DAY_MS
    ranked: list[tuple[int, int, int, int]] = []
    for place in range(len(h.people)):
        person = h.people[place]
        if person.is_staff or person.is_bot or person.left_at or person.last_message_at <= last - MOVE_DAYS * DAY_MS:
            continue
        if not person.messages:
            continue
        week = messages_from(person.days, day - 6) + (person.today_count if person.today >= day - 6 else 0)
        month = messages_from(person.days, day - LONG_DAYS + 1) + person.today_count
        ranked.append((-week, -month, -person.last_message_at, place))
    ranked.sort()
    return [h.people[entry[3]] for entry in ranked[:MOVE_MOST]]


def _fades(decline: Decline, share: float) -> bool:
    return (
        decline.usual >= LEAST
        and decline.missing >= MISSING + VARIES * max(0.0, decline.variation - USUAL_VARIATION)
        and decline.week < (share + STILL_LOW) * decline.usual
        and decline.week < decline.lowest
        and decline.speakers < SPEAKERS_LEFT * decline.usual_speakers
    )


def _fading_on(h: History, life: Life, decline: Decline, at: int) -> tuple[str, str]:
    """Return whether a fading group still fades; where it has recovered, the stage that it is in again."""
    days = (at - life.stage_since) // DAY_MS
    if decline.week >= BACK * life.usual_week:
        return "blending", "恢复了：" + _share_zh(decline.week, life.usual_week) + " · it has recovered: " + _share_en(
            decline.week, life.usual_week
        )
    if days >= NEW_NORMAL_DAYS:
        messages = column(h.record, MESSAGES)
        weeks = [summed(messages, number * 7, number * 7 + 7) for number in range(4)]
        if min(weeks) >= LEAST / 2 and min(weeks) >= max(weeks) * 2 // 3:
            low = sum(weeks) // 4
            return "blending", f"稳定在每周 {low} 条 · it has settled at {low} messages a week"
    return "fading", ""


def _fading_words(decline: Decline) -> str:
    return _share_words(decline.week, decline.usual)


def _share_words(week: int, usual: float) -> str:
    return _share_zh(week, usual) + " · " + _share_en(week, usual)


def _share_zh(week: int, usual: float) -> str:
    return f"本周 {week} 条，平时每周 {usual:.0f} 条"


def _share_en(week: int, usual: float) -> str:
    return f"{week} messages this week, usually {usual:.0f}"


def _missing_words(decline: Decline) -> str:
    days, now, usual = f"{decline.missing:.1f}", f"{decline.speakers:.1f}", f"{decline.usual_speakers:.1f}"
    return (
        f"少了相当于平时 {days} 天的发言，每天 {now} 人说话，平时 {usual} 人 · "
        f"the talk of {days} usual days is missing, {now} speakers a day, usually {usual}"
    )


def _dormant_after(h: History, least: int, silent: int) -> int:
    """Return after how many silent days a group is dormant: a longer silence is improbable at its own rhythm.

    With a share p of days on which members talk, k silent days have the probability (1 - p) ** k.
    """
    messages = column(h.record, MESSAGES)
    days = len(messages) - silent
    if days < YOUNG_DAYS:
        least += 1
    talking = 0
    for ago in range(max(0, silent), len(messages)):
        talking += messages[ago] > 0
    if talking >= days:
        return least
    improbable = math.log(IMPROBABLE) / math.log(1.0 - (talking + 0.5) / (days + 0.5))
    return max(least, min(MOST_DORMANT_DAYS, math.ceil(improbable)))


def _silent(h: History, life: Life, least: int, silent: int) -> tuple[str, str]:
    after = _dormant_after(h, least, silent)
    why = f"{silent} 天无人发言 · no member spoke for {silent} d"
    if silent >= max(DEAD_DAYS, min(MOST_DEAD_DAYS, 2 * after)):
        return "dead", why
    return ("dead" if life.stage == "dead" else "dormant"), why


def _revived(h: History) -> tuple[str, str]:
    """Return whether a dormant or dead group is alive again; not for a single word."""
    messages = column(h.record, MESSAGES)
    days = 0
    for ago in range(min(7, len(messages))):
        days += messages[ago] > 0
    week = summed(messages, 0, 7)
    talking = total = 0
    for ago in range(7, len(messages)):
        talking += messages[ago] > 0
        total += messages[ago]
    speakers = max(column(h.record, SPEAKERS)[:7], default=0)
    as_ever = talking > 0 and week * talking >= REVIVED_SHARE * total and speakers >= REVIVED
    if (days >= REVIVED_DAYS and week >= REVIVED) or as_ever:
        return (
            "blending",
            f"又有人说话了：7 天里 {days} 天，{week} 条 · people talk again: on {days} of 7 d, {week} messages",
        )
    return h.life.stage, ""


def _grown(h: History, settings: GroupSettings, life: Life, age: int, today: int) -> tuple[str, str]:
    """Return the stage of a living group: the one it has looked like for a week, else the one it was in."""
    looks, why = _looks(h, settings, life, age, today)
    if looks == life.stage:
        if life.candidate:
            life.candidate, life.candidate_since = "", 0
        return life.stage, ""
    if looks != life.candidate:
        life.candidate, life.candidate_since = looks, today
    if today - life.candidate_since < LOOKS_DAYS:
        return life.stage, ""
    return looks, why


def _looks(h: History, settings: GroupSettings, life: Life, age: int, today: int) -> tuple[str, str]:
    """Return the stage that the group looks like by its last weeks, and why."""
    days = BLENDING_DAYS if life.stage == "forming" else ACTING_DAYS
    messages, staff = column(h.record, MESSAGES), column(h.record, STAFF)
    members, led = summed(messages, 0, days), summed(staff, 0, days)
    replies, mesh = summed(column(h.record, REPLIES), 0, days), summed(column(h.record, MESH), 0, days)
    talking = 0
    for ago in range(min(days, len(messages))):
        talking += messages[ago] > 0
    share = led / (members + led) if members + led else 1.0
    meshed = mesh / replies if replies else 0.0
    a_day = summed(column(h.record, SPEAKERS), 0, days) / talking if talking else 0.0
    why = (
        f"{days} 天里管理员发言占 {100 * share:.0f}%，回应有 {100 * meshed:.0f}% 在成员之间，每天 {a_day:.1f} 人说话 · "
        f"in {days} d staff wrote {100 * share:.0f} %, {100 * meshed:.0f} % of replies were between members, "
        f"{a_day:.1f} spoke on a day with talk"
    )
    if life.stage == "forming":
        blends = (
            age >= BLENDING_DAYS
            and days_in(h.record) >= BLENDING_DAYS
            and share < BLENDING_STAFF
            and meshed >= BLENDING_MESH
            and a_day >= BLENDING_SPEAKERS
        )
        return ("blending", why) if blends else ("forming", "")
    if life.stage == "blending":
        led_by_somebody = bool(settings.staff) or summed(staff, 0, len(staff)) > 0
        acts = (
            led_by_somebody
            and today - life.stage_since // DAY_MS >= ACTING_DAYS
            and share < ACTING_STAFF
            and meshed >= ACTING_MESH
            and mesh >= ACTING_REPLIES
            and a_day >= ACTING_SPEAKERS
        )
        return ("acting_together", why) if acts else ("blending", "")
    falls_back = share > ACTING_OVER * ACTING_STAFF or meshed < BLENDING_MESH
    return ("blending", why) if falls_back else ("acting_together", "")
