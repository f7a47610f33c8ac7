"""Floods: more messages than a group's members usually stay for, by one who pastes, by a few, by strangers or by bots.

What is usual is the group's own: the median, over its last days, of the busiest five minutes of each. Many people who are
known here and speak at once are no flood, however fast: that is joy, or news. A flood is looked for with each message and
ends when it has ebbed for two minutes.
"""

from __future__ import annotations

import math
from typing import Final

from huoqun.results import alert_id
from streams.core.alerts import close_alert, minutes_text, raise_alert
from streams.core.arrival import Arrival
from streams.core.history import History
from streams.core.record import PEAK, column
from streams.core.settings import GroupSettings
from streams.core.state import DAY_MS, MINUTE_MS, NEVER, Minute
from streams.core.tables import FIVE_MINUTES, HOUR, WEEK
from streams.core.troubles import Troubles

ALONE: Final = 15
"""Messages by one person within this minute and the one before that may be a flood. Of 200,000 IRC messages 8 people ever
wrote so many within one minute, each time pasting."""
ALONE_SHARE: Final = 0.6
"""… if they are also this share of all messages then, and the group is above its usual peak …"""
ALONE_ANYWHERE: Final = 25
"""… or there are so many of them, however lively the group is."""
FEW: Final = 60
"""Member messages within five minutes that may be a flood by several …"""
FEW_FACTOR: Final = 3
"""… if they are also this many times the usual peak. A quick talk of two reaches 40."""
RAID: Final = 30
"""So many are enough where most come from strangers."""
FEW_UNKNOWN: Final = 90
"""While nothing is known of what is usual, so many are needed: in 193,000 IRC messages talks reached 60 eight times."""
MANY_SPEAKERS: Final = 4.0
"""Above so many effective speakers (exp of the entropy) who are known here it is joy, and no flood."""
CERTAINLY_MANY: Final = MANY_SPEAKERS * 1.01
"""There are certainly more where the sum of the squares of all shares is less than one by this: see :func:`_certainly_many`."""
STRANGER_MS: Final = 3 * DAY_MS
"""Who joined within this time is a stranger (a silent member who cheers for once isn't) …"""
STRANGERS_SHARE: Final = 0.6
"""… and a crowd of them is a raid if they write this share …"""
RAIDERS: Final = 3
"""… and are at least so many."""
KNOWN_MS: Final = 7 * DAY_MS
"""In the first days of a group everybody is a stranger."""
BOTS_MS: Final = 10 * MINUTE_MS
BOTS: Final = 30
"""Messages by bots within this stretch of ten minutes and the one before that may be a flood, if members wrote fewer in the
last hour …"""
BOTS_FACTOR: Final = 3
"""… if they are also this many times the most of a usual day."""
BOTS_ALONE: Final = -2
"""In the place of who floods alone: bots."""
EVERY: Final = 4
"""With several speakers it is looked at with every fourth message, or every fourth part of as many as there are speakers: a
look costs as much as there are."""
EBB: Final = 4
"""A flood is over when a quarter of its rate, at most, is left in two minutes."""


def on_message(h: History, settings: GroupSettings, event: Arrival, place: int) -> None:
    """See whether a person's message, which has been counted, makes a flood."""
    head = h.head
    members = head.minute_messages - head.staff_messages
    five = members + h.windows[FIVE_MINUTES].member_messages
    if five < ALONE or h.troubles.flood:
        return
    alone = h.now.get(place, 0)
    if alone >= ALONE // 3 and _alone(h, settings, event, place, alone, five):
        return
    if five >= RAID and head.messages % max(EVERY, h.windows[FIVE_MINUTES].speakers // EVERY) == 0:
        _several(h, settings, event, five)


def on_bot(h: History, settings: GroupSettings, event: Arrival) -> None:
    """Count a bot's message and see whether bots flood the group."""
    t = h.change_troubles()
    minute = event.ts // BOTS_MS
    if minute != t.bot_minute:
        t.bot_before = t.bot_count if minute == t.bot_minute + 1 else 0
        t.bot_minute, t.bot_count = minute, 0
    t.bot_count += 1
    now = t.bot_before + t.bot_count
    if t.flood_alone == BOTS_ALONE:
        t.flood_from += 1
    if now < BOTS or now < BOTS_FACTOR * t.bot_usual or now < h.windows[HOUR].member_messages:
        if not t.flood:
            t.bot_peak = max(t.bot_peak, now)
        return
    if not t.flood:
        who = _name(h, event.user_id)
        within = (event.ts % BOTS_MS + (BOTS_MS if t.bot_before else 0)) // MINUTE_MS + 1
        _raise(
            h,
            settings,
            event,
            t,
            user=event.user_id,
            alone=BOTS_ALONE,
            rate=now,
            title=f"机器人刷屏：{within} 分钟 {now} 条 · bots flood the group: {now} messages in {within} min",
            reasons=[
                (
                    f"机器人 {who} 等 {within} 分钟内 {now} 条，平时最多 {t.bot_usual} 条 · "
                    f"{now} messages by {who} and other bots within {within} min, usually {t.bot_usual} at most"
                )
            ],
            evidence={"messages": now, "minutes": within, "usual": t.bot_usual, "bots": True},
        )


def on_minute(h: History) -> None:
    """Note the busiest five minutes of the day, when a minute has been closed; within the step that closes it."""
    five = h.windows[FIVE_MINUTES].member_messages
    if five > h.head.peak_today and not h.troubles.flood:
        h.change_head().peak_today = five


def on_day(h: History) -> None:
    """Say anew what is usual; within the step that ends the day, which has been recorded."""
    t = h.troubles
    usual = usual_peak(column(h.record, PEAK))
    bots = max(t.bot_peak, t.bot_usual * 9 // 10)
    if usual != t.usual_peak or bots != t.bot_usual or t.bot_peak:
        t = h.change_troubles()
        t.usual_peak, t.bot_usual, t.bot_peak = usual, bots, 0


def usual_peak(peaks: list[int]) -> int:
    """Return the median of the days' peaks, days without a message left out; 0: nothing is known."""
    some = [peak for peak in peaks if peak]
    if not some:
        return 0
    some.sort()
    return some[len(some) // 2]


def due(t: Troubles, at: int) -> int:
    """Return when to look whether the flood is over (ms)."""
    return (at // MINUTE_MS + 1) * MINUTE_MS if t.flood else NEVER


def on_time(h: History, settings: GroupSettings, at: int) -> None:
    """Resolve the flood if it has ebbed by ``at`` (ms, a whole minute; the minutes before have been closed)."""
    t = h.troubles
    if not t.flood:
        return
    last = at // MINUTE_MS - 2
    alone = t.flood_alone
    if alone == BOTS_ALONE:
        ago = at // BOTS_MS - t.bot_minute
        left = t.bot_count + t.bot_before if ago == 0 else t.bot_count if ago == 1 else 0
    elif alone >= 0:
        left = _by(h, alone, last) + h.now.get(alone, 0)
    else:
        left = _members_since(h, last) + h.head.minute_messages - h.head.staff_messages
    if left * EBB > t.flood_limit:
        return
    key = alert_id("flood", settings.platform, settings.group_id, t.flood)
    t = h.change_troubles()
    cause = t.flood_cause
    since = at if cause is None else cause[0]
    many = t.flood_from if alone == BOTS_ALONE else h.head.messages - t.flood_from
    lasted = minutes_text(at - since)
    close_alert(
        h,
        key,
        at=at,
        state="resolved",
        reason=f"{lasted} 后平息，期间共 {many} 条 · over after {lasted}, {many} messages in all",
    )
    if cause is not None:
        t.flood_cause = (cause[0], cause[1], cause[2], max(cause[3], many), at)
    t.flood, t.flood_alone, t.flood_from, t.flood_limit = "", -1, 0, 0


def _alone(h: History, settings: GroupSettings, event: Arrival, place: int, now: int, five: int) -> bool:
    minute = h.head.minute
    most: int = now + h.people[place].count_5m  # the minute before is one of the five
    if most < ALONE:
        return False
    total = h.head.minute_messages - h.head.staff_messages + _members_since(h, minute - 1)
    if most < ALONE_SHARE * total:
        return False
    mine = now + _by(h, place, minute - 1)
    if mine < ALONE:
        return False
    usual = h.troubles.usual_peak
    if mine < ALONE_SHARE * total or (five <= usual and mine < ALONE_ANYWHERE):
        return False
    who = _name(h, event.user_id)
    _raise(
        h,
        settings,
        event,
        h.change_troubles(),
        user=event.user_id,
        alone=place,
        rate=mine,
        title=f"{who} 在刷屏：2 分钟 {mine} 条 · {who} floods the group: {mine} messages in 2 min",
        reasons=[
            (
                f"{who} 2 分钟内发了 {mine} 条，占全部的 {100 * mine // total}% · "
                f"{who} wrote {mine} of the {total} messages within 2 min"
            ),
            _usual(five, usual),
        ],
        evidence={"messages": mine, "minutes": 2, "of": total, "in_5_min": five, "usual_peak_5_min": usual},
    )
    return True


def _several(h: History, settings: GroupSettings, event: Arrival, five: int) -> None:
    usual = h.troubles.usual_peak
    known = event.ts - h.life.first_ts >= KNOWN_MS
    may_be_raid = known and h.windows[WEEK].joins + h.head.joins >= RAIDERS
    if five < FEW_FACTOR * usual:
        return
    raid = False
    if may_be_raid:
        strangers, theirs, total = _strangers(h, event.ts)
        raid = strangers >= RAIDERS and theirs >= STRANGERS_SHARE * total
    if not raid and (five < (FEW if usual else FEW_UNKNOWN) or _certainly_many(h, five)):
        return
    counts = _speakers(h)
    if not raid and _effective(counts) > MANY_SPEAKERS:
        return
    strangers, theirs, _ = _strangers(h, event.ts)
    ranked = [(-count, place) for place, count in counts.items()]
    ranked.sort()
    places = [place for _, place in ranked[:3]]
    names = "、".join([_name(h, h.people[place].user) for place in places])
    who = (
        f"其中 {theirs} 条来自 {strangers} 个陌生人 · {theirs} of them by {strangers} strangers"
        if raid
        else f"主要是 {names} · mostly by {names}"
    )
    _raise(
        h,
        settings,
        event,
        h.change_troubles(),
        user="",
        alone=-1,
        rate=max(1, five * 2 // 5),
        title=f"群里刷屏：5 分钟 {five} 条 · a flood: {five} messages in 5 min",
        reasons=[_usual(five, usual), who],
        evidence={
            "messages": five,
            "minutes": 5,
            "usual_peak_5_min": usual,
            "speakers": len(counts),
            "strangers": strangers,
            "by": [h.people[place].user for place in places],
        },
    )


def _usual(five: int, usual: int) -> str:
    return f"5 分钟共 {five} 条，平时最多 {usual} 条 · {five} messages within 5 min, usually {usual} at most"


def _raise(
    h: History,
    settings: GroupSettings,
    event: Arrival,
    t: Troubles,
    *,
    user: str,
    alone: int,
    rate: int,
    title: str,
    reasons: list[str],
    evidence: dict[str, object],
) -> None:
    t.flood, t.flood_alone, t.flood_limit = event.id, alone, rate
    t.flood_from = rate if alone == BOTS_ALONE else h.head.messages - rate
    t.flood_cause = (event.ts, user, event.id, rate, event.ts)
    head = h.change_head()
    head.due_troubles = min(head.due_troubles, due(t, event.ts))
    raise_alert(
        h,
        settings,
        "flood",
        event.id,
        at=event.ts,
        severity="warning",
        user=user,
        event=event.id,
        title=title,
        reasons=reasons,
        evidence=evidence,
    )


def _name(h: History, user: str) -> str:
    person = h.find(user)
    return (person.name if person is not None else "") or user


def _closed_since(h: History, number: int) -> list[Minute]:
    """Return the closed minutes from the minute ``number`` on, latest first; at most an hour back."""
    found: list[Minute] = []
    for place in range(len(h.minutes) - 1, -1, -1):
        minute = h.minutes[place]
        if not isinstance(minute, Minute) or minute.number < number:
            break
        found.append(minute)
    return found


def _by(h: History, person: int, since: int) -> int:
    """Return how many messages a member wrote in the closed minutes from ``since`` on."""
    total = 0
    for minute in _closed_since(h, since):
        speakers = minute.speakers
        for i in range(0, len(speakers), 2):
            if speakers[i] == person:
                total += speakers[i + 1]
    return total


def _certainly_many(h: History, total: int) -> bool:
    """Whether more than :data:`MANY_SPEAKERS` people certainly wrote these messages of five minutes and the one being filled.

    One over the sum of the squares of all shares is never above the effective speakers (Hill's numbers of order 2 and 1). Who
    wrote in both, so that their counts would have to be added up first, can't matter more than Minkowski's inequality says.
    """
    now = before = 0
    for count in h.now.values():
        now += count * count
    for count, people in h.windows[FIVE_MINUTES].shape.items():
        before += people * count * count
    return CERTAINLY_MANY * (math.sqrt(now) + math.sqrt(before)) ** 2 < total * total


def _members_since(h: History, since: int) -> int:
    total = 0
    for minute in _closed_since(h, since):
        total += minute.messages - minute.staff_messages
    return total


def _strangers(h: History, ts: int) -> tuple[int, int, int]:
    """Return how many strangers wrote in the five minutes before and in the minute being filled, how much, and how much all did.

    What each of them wrote is not summed up, as in :func:`_speakers`: a lively group has many.
    """
    people, since = h.people, ts - STRANGER_MS
    total = theirs = 0
    strangers: set[int] = set()
    for place, count in h.now.items():
        total += count
        joined = people[place].joined_at
        if joined and joined > since:
            strangers.add(place)
            theirs += count
    for minute in _closed_since(h, h.head.minute - 5):
        speakers = minute.speakers
        for i in range(0, len(speakers), 2):
            place, count = speakers[i], speakers[i + 1]
            total += count
            joined = people[place].joined_at
            if joined and joined > since:
                strangers.add(place)
                theirs += count
    return len(strangers), theirs, total


def _effective(counts: dict[int, int]) -> float:
    """Return the effective number of speakers (exp of the entropy)."""
    total = sum(counts.values())
    entropy = 0.0
    for count in sorted(counts.values()):
        entropy -= count / total * math.log(count / total)
    return math.exp(entropy)


def _speakers(h: History) -> dict[int, int]:
    """Return who wrote how much within the five minutes before, and in the minute being filled."""
    counts = h.now.copy()
    for minute in _closed_since(h, h.head.minute - 5):
        speakers = minute.speakers
        for i in range(0, len(speakers), 2):
            counts[speakers[i]] = counts.get(speakers[i], 0) + speakers[i + 1]
    return counts
