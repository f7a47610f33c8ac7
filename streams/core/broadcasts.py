"""What staff's broadcasts draw: silence where there used to be responses, and shouting into the void.

A broadcast is a message of staff that begins something: to nobody in particular, not in reply, long enough to say something;
what staff adds within ten minutes belongs to it. It draws the members who, within two hours, reply to it, react, or name who
sent it, and those who speak to nobody in particular within half an hour.
"""

from __future__ import annotations

import math
from typing import Final

from huoqun.results import alert_id
from streams.core.alerts import close_alert, is_open, raise_alert
from streams.core.arrival import Arrival
from streams.core.history import History
from streams.core.record import MESSAGES, STAFF, column, summed
from streams.core.settings import GroupSettings, add_awake
from streams.core.state import DAY_MS, MINUTE_MS, NEVER
from streams.core.troubles import Call, Troubles

OPEN_MS: Final = 120 * MINUTE_MS
"""So long a broadcast can draw responses."""
TOGETHER_MS: Final = 10 * MINUTE_MS
"""What staff says within this time of a broadcast belongs to it."""
LEAST_LENGTH: Final = 12
"""Shorter messages of staff are greetings and answers."""
TALK_MS: Final = 3 * MINUTE_MS
"""Right after a member's message, staff joins a talk and begins none, unless the message is long."""
LONG: Final = 40
MOST_OPEN: Final = 4
MOST_RESPONDERS: Final = 20
MOST_DRAWN: Final = 12
"""Broadcasts whose responses are remembered."""
AT_LARGE_MS: Final = 30 * MINUTE_MS
"""Within this time a member who speaks to nobody in particular responds to the broadcast."""
SILENT: Final = 3
"""So many broadcasts in a row that draw nothing are a silence …"""
BEFORE: Final = 5
"""… where at least so many before them …"""
USED: Final = 3.0
"""… drew so many responses, as a median."""
NOTHING: Final = 0.2
"""At most this share of the median, on average, is nothing: one may have drawn somebody who spoke of something else."""
AGAIN: Final = 0.5
"""A broadcast that draws this share of the median ends the silence."""

FORTNIGHT: Final = 14
VOID_LEAST: Final = 14
"""Staff that posts less than once a day doesn't shout."""
VOID_MORE: Final = 1.5
"""Shouting: staff posts this many times as much in a fortnight, and in each week of it, as in usual weeks before …"""
VOID_LESS: Final = 0.7
"""… while members write at most this share of what they wrote …"""
VOID_OVER: Final = 0.85
"""… until they write this share again, or staff posts no more than before."""
VOID_MEMBERS: Final = 20
"""Members who wrote less than this in a fortnight before have nothing to lose."""


def on_staff_message(h: History, settings: GroupSettings, event: Arrival, named: list[str]) -> None:
    """Open a broadcast if this is one."""
    calls = h.troubles.calls
    ts = event.ts
    if calls and ts - calls[-1][0] <= TOGETHER_MS:
        return
    length = len(event.text)
    if length < LEAST_LENGTH or event.reply_to or named:
        return
    if length < LONG and ts - h.head.last_member_message < TALK_MS:
        return
    if settings.quiet is not None and add_awake(ts, MINUTE_MS, settings.quiet) > ts + MINUTE_MS:
        return  # at night nobody need respond
    t = h.change_troubles()
    if len(calls) >= MOST_OPEN:
        _close(t, calls[0])
        calls = calls[1:]
    t.calls = (*calls, (ts, event.id, event.user_id, ()))
    head = h.change_head()
    head.due_troubles = min(head.due_troubles, due(t))


def on_message(h: History, event: Arrival, named: list[str]) -> None:
    """Count a member's message as a response to a broadcast that is open: linked to it, or at large soon after it."""
    calls = h.troubles.calls
    for place in range(len(calls)):
        if calls[place][1] == event.reply_to or calls[place][2] in named:
            _responds(h, place, event.user_id)
            return
    if not event.reply_to and not named and event.ts - calls[-1][0] <= AT_LARGE_MS:
        _responds(h, len(calls) - 1, event.user_id)


def on_reaction(h: History, event: Arrival) -> None:
    """Count a member's reaction to a broadcast that is open."""
    calls = h.troubles.calls
    for place in range(len(calls)):
        if calls[place][1] == event.reply_to:
            _responds(h, place, event.user_id)
            return


def _responds(h: History, place: int, user: str) -> None:
    call = h.troubles.calls[place]
    if len(call[3]) >= MOST_RESPONDERS or user in call[3]:
        return
    t = h.change_troubles()
    new: Call = (call[0], call[1], call[2], (*call[3], user))
    t.calls = (*t.calls[:place], new, *t.calls[place + 1 :])


def due(t: Troubles) -> int:
    """Return when the oldest broadcast that is open is over (ms)."""
    return t.calls[0][0] + OPEN_MS if t.calls else NEVER


def on_time(h: History, settings: GroupSettings, at: int) -> None:
    """Close the broadcasts that are over at ``at`` (ms), and see whether they drew nothing."""
    while due(h.troubles) <= at:
        t = h.change_troubles()
        call = t.calls[0]
        t.calls = t.calls[1:]
        drew = _close(t, call)
        _judge(h, settings, t, call, drew, at)


def drawn_before(drawn: bytes) -> float:
    """Return what broadcasts used to draw (median), the last ones left out; 0 where too little is known."""
    before = list(drawn[:-SILENT])
    if len(before) < BEFORE:
        return 0.0
    before.sort()
    middle = len(before) // 2
    return float(before[middle]) if len(before) % 2 else (before[middle - 1] + before[middle]) / 2


def _close(t: Troubles, call: Call) -> int:
    drew = len(call[3])
    t.drawn = (t.drawn + bytes([drew]))[-MOST_DRAWN:]
    return drew


def _judge(h: History, settings: GroupSettings, t: Troubles, call: Call, drew: int, at: int) -> None:
    usual = t.silence_usual if t.silence else drawn_before(t.drawn)
    if t.silence and drew >= AGAIN * usual:
        key = alert_id("silence_after_broadcast", settings.platform, settings.group_id, t.silence)
        close_alert(
            h, key, at=at, state="resolved", reason=f"又有 {drew} 个回应 · {drew} responses to the last broadcast"
        )
        t.silence, t.silence_usual = "", 0.0
        t.drawn = t.drawn[-1:]
        return
    last = list(t.drawn[-SILENT:])
    if usual < USED or sum(last) > NOTHING * SILENT * usual or max(last) > math.ceil(NOTHING * usual):
        return
    if not t.silence:
        t.silence, t.silence_usual = call[1], usual
    person = h.find(call[2])
    who = (person.name if person is not None else "") or call[2]
    figures = "、".join([str(n) for n in last])
    figures_en = ", ".join([str(n) for n in last])
    raise_alert(
        h,
        settings,
        "silence_after_broadcast",
        t.silence,
        at=at,
        severity="warning",
        user=call[2],
        event=call[1],
        title=f"{who} 的通知没人回应了 · {who}'s broadcasts draw no response any more",
        reasons=[
            (
                f"最近 {SILENT} 条通知各有 {figures} 个回应，以前一般 {usual:.0f} 个 · "
                f"the last {SILENT} broadcasts drew {figures_en} responses, they used to draw {usual:.0f}"
            )
        ],
        evidence={"drew": last, "usual": usual, "within_minutes": OPEN_MS // MINUTE_MS},
    )


def on_day(h: History, settings: GroupSettings, today: int) -> None:
    """See whether staff shouts into the void: two weeks against those before, once the day has been recorded."""
    at = today * DAY_MS
    key = alert_id("shouting_into_void", settings.platform, settings.group_id, "")
    shouting = is_open(h, key)
    members, staff = column(h.record, MESSAGES), column(h.record, STAFF)
    now, now_staff = summed(members, 0, FORTNIGHT), summed(staff, 0, FORTNIGHT)
    before, before_staff = _usual(members), _usual(staff)
    if shouting:
        if now >= VOID_OVER * before or now_staff <= before_staff:
            close_alert(
                h,
                key,
                at=at,
                state="resolved",
                reason=f"管理员 {now_staff} 条，成员 {now} 条，两周内 · staff {now_staff}, members {now} in two weeks",
            )
        return
    if now_staff < VOID_LEAST or now_staff < VOID_MORE * before_staff or before_staff <= 0:
        return
    if before < VOID_MEMBERS or now > VOID_LESS * before:
        return
    for week in (0, 7):
        if summed(staff, week, week + 7) * 2 < VOID_MORE * before_staff:
            return
        if summed(members, week, week + 7) * 2 > VOID_LESS * before:
            return
    raise_alert(
        h,
        settings,
        "shouting_into_void",
        "",
        at=at,
        severity="warning",
        title="管理员越发越多，成员越来越少回应 · staff posts more and members respond less",
        reasons=[
            (
                f"两周内管理员 {now_staff} 条，之前 {before_staff:.0f} 条 · "
                f"staff posted {now_staff} in two weeks, {before_staff:.0f} before"
            ),
            f"成员 {now} 条，之前 {before:.0f} 条 · members wrote {now}, {before:.0f} before",
        ],
        evidence={
            "staff": now_staff,
            "staff_before": before_staff,
            "members": now,
            "members_before": before,
        },
    )


def _usual(days: list[int]) -> float:
    """Return a usual fortnight: twice the median of the whole weeks before the last two."""
    weeks = [summed(days, at, at + 7) for at in range(FORTNIGHT, len(days) - 6, 7)]
    weeks.sort()
    middle = len(weeks) // 2
    if not weeks:
        return 0.0
    return 2.0 * weeks[middle] if len(weeks) % 2 else float(weeks[middle - 1] + weeks[middle])
