"""Rolling activity: what happens in a group over 5 minutes, an hour, a day and a week, sliding by the minute.

A window that ends at M holds the minutes before M that began at or after M minus its size. Rows are made when a minute
that held something closes, and when something leaves a window: between two rows nothing changed.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Iterable
from typing import Final

from huoqun.results import WINDOW_MINUTES, Activity, WindowName
from streams.core.history import History
from streams.core.settings import GroupSettings
from streams.core.state import (
    ACTIVITY,
    COUNTS,
    DUE,
    MINUTE_MS,
    MINUTES,
    NOW,
    NOW_SUMS,
    REPLY_MS,
    RESPONSES,
    SHAPES,
    SUMS,
    Head,
    Minute,
    Said,
    Sums,
)

DUE_NAME: Final = "activity"
KEY_PEOPLE_SHARE: Final = 0.8
"""Key people: the fewest who wrote this share of the member messages (domain definition)."""
BUSIEST: Final = 5

_WINDOWS: Final = tuple(WINDOW_MINUTES.items())
_EMPTY: Final = Sums()


def members_of(head: Head) -> int:
    """Return how many people the group has: those known, corrected by the platform's own count."""
    return max(0, head.known + head.correction)


def count(h: History, head: Head, ts: int, what: str) -> None:
    """Count one ``what`` (messages, staff_messages, joins, leaves) into the minute of ``ts``."""
    minute = ts // MINUTE_MS
    if head.minute != minute:
        head.minute = minute
        h.put(DUE, DUE_NAME, (minute + 1) * MINUTE_MS)
    h.put(NOW_SUMS, what, h.tables[NOW_SUMS].get(what, 0) + 1)


def count_speaker(h: History, user: str) -> None:
    """Count one message of a member into the minute being filled."""
    h.put(NOW, user, h.tables[NOW].get(user, 0) + 1)


def count_reply(h: History, head: Head, said: Said, ts: int) -> None:
    """Count the first reply, at ``ts``, to a member's message of at most half an hour ago."""
    if not said.counts or ts - said.ts > REPLY_MS:
        return
    seconds = (ts - said.ts) // 1000
    if said.minute == head.minute:
        key = f"{_RESPONSE}{seconds}"
        h.put(NOW_SUMS, key, h.tables[NOW_SUMS].get(key, 0) + 1)
        return
    minute = h.tables[MINUTES].get(said.minute)
    if minute is None:
        return
    minute = copy.copy(minute)
    minute.replied += 1
    minute.responses = (*minute.responses, seconds)
    h.put(MINUTES, said.minute, minute)
    for name, _ in _WINDOWS:
        sums = h.tables[SUMS].get(name)
        if sums is not None and 0 <= sums.oldest <= said.minute:
            sums = copy.copy(sums)
            sums.replied += 1
            h.put(SUMS, name, sums)
            _add(h, RESPONSES[name], seconds, 1)


def on_time(h: History, head: Head, settings: GroupSettings, at: int) -> None:
    """Close the minutes that end at or before ``at`` (ms, a whole minute) and make the rows that changed."""
    end = at // MINUTE_MS
    entered = None
    if 0 <= head.minute < end:
        entered = head.minute
        _pack(h, head)
    for name, size in _WINDOWS:
        sums = copy.copy(h.tables[SUMS].get(name, _EMPTY))
        changed = False
        if entered is not None and entered >= end - size:
            _move(h, name, sums, h.tables[MINUTES][entered], 1)
            if sums.oldest < 0:
                sums.oldest = entered
            changed = True
        while 0 <= sums.oldest < end - size:
            minute = h.tables[MINUTES][sums.oldest]
            _move(h, name, sums, minute, -1)
            left, sums.oldest = sums.oldest, minute.next
            changed = True
            if name == "7d":
                h.drop(MINUTES, left)
                if left == head.last_minute:
                    head.last_minute = -1
        if changed:
            h.put(SUMS, name, sums)
            h.put(ACTIVITY, (name, at), _row(h, head, settings, name, sums, at))
    _schedule(h, head)


_RESPONSE: Final = "response:"


def _pack(h: History, head: Head) -> None:
    """Turn what was counted in the minute being filled into a closed minute at the end of the chain."""
    now, sums = h.tables[NOW], h.tables[NOW_SUMS]
    responses = tuple(
        int(key.removeprefix(_RESPONSE)) for key, n in sums.items() if key.startswith(_RESPONSE) for _ in range(n)
    )
    h.put(
        MINUTES,
        head.minute,
        Minute(
            messages=sums.get("messages", 0),
            staff_messages=sums.get("staff_messages", 0),
            joins=sums.get("joins", 0),
            leaves=sums.get("leaves", 0),
            speakers=tuple(now.items()),
            replied=len(responses),
            responses=responses,
        ),
    )
    if head.last_minute >= 0:
        last = copy.copy(h.tables[MINUTES][head.last_minute])
        last.next = head.minute
        h.put(MINUTES, head.last_minute, last)
    head.last_minute, head.minute = head.minute, -1
    for table in (NOW, NOW_SUMS):
        for key in list(h.tables[table]):
            h.drop(table, key)


def _move(h: History, name: WindowName, sums: Sums, minute: Minute, sign: int) -> None:
    """Add (``sign`` 1) or take away (-1) a minute from a window's running sums."""
    sums.messages += sign * minute.messages
    sums.staff_messages += sign * minute.staff_messages
    sums.joins += sign * minute.joins
    sums.leaves += sign * minute.leaves
    sums.replied += sign * minute.replied
    counts, shapes = COUNTS[name], SHAPES[name]
    for user, n in minute.speakers:
        before = h.tables[counts].get(user, 0)
        after = before + sign * n
        sums.member_messages += sign * n
        sums.speakers += (after > 0) - (before > 0)
        _set(h, counts, user, after)
        if before:
            _add(h, shapes, before, -1)
        if after:
            _add(h, shapes, after, 1)
    for seconds in minute.responses:
        _add(h, RESPONSES[name], seconds, sign)


def _add(h: History, table: int, key: int, by: int) -> None:
    _set(h, table, key, h.tables[table].get(key, 0) + by)


def _set(h: History, table: int, key: str | int, value: int) -> None:
    if value:
        h.put(table, key, value)
    else:
        h.drop(table, key)


def _schedule(h: History, head: Head) -> None:
    """Wake up when the minute being filled ends, or when the next minute leaves a window."""
    due = [(head.minute + 1) * MINUTE_MS] if head.minute >= 0 else []
    for name, size in _WINDOWS:
        sums = h.tables[SUMS].get(name)
        if sums is not None and sums.oldest >= 0:
            due.append((sums.oldest + size + 1) * MINUTE_MS)
    if due:
        h.put(DUE, DUE_NAME, min(due))
    else:
        h.drop(DUE, DUE_NAME)


def _row(h: History, head: Head, settings: GroupSettings, name: WindowName, sums: Sums, at: int) -> Activity:
    members = members_of(head)
    top5, effective, key_people = shape_of(h.tables[SHAPES[name]].items(), sums.member_messages)
    p50, p90 = percentiles(h.tables[RESPONSES[name]].items(), sums.replied)
    return Activity(
        platform=settings.platform,
        group_id=settings.group_id,
        window=name,
        window_end=at,
        messages=sums.messages,
        speakers=sums.speakers,
        staff_messages=sums.staff_messages,
        members=members,
        active_ratio=min(1.0, sums.speakers / members) if members else None,
        joins=sums.joins,
        leaves=sums.leaves,
        reply_rate=sums.replied / sums.member_messages if sums.member_messages else None,
        first_response_p50=p50,
        first_response_p90=p90,
        top5_share=top5,
        effective_speakers=effective,
        key_people=key_people,
    )


def shape_of(shape: Iterable[tuple[int, int]], total: int) -> tuple[float | None, float | None, int]:
    """Return (share of the five busiest, effective speakers, key people) of a distribution of messages over people.

    ``shape`` holds (messages, people who wrote just so many), ``total`` the sum of their messages. Effective speakers are
    exp of the Shannon entropy (Hill number of order 1): as many equal speakers would be as diverse. ``None`` without
    messages.
    """
    if not total:
        return None, None, 0
    busiest_left, busiest, entropy = BUSIEST, 0, 0.0
    key_people, key_left = 0, math.ceil(KEY_PEOPLE_SHARE * total)
    for messages, people in sorted(shape, reverse=True):
        taken = min(busiest_left, people)
        busiest += taken * messages
        busiest_left -= taken
        share = messages / total
        entropy -= people * share * math.log(share)
        if key_left > 0:
            needed = min(people, -(-key_left // messages))
            key_people += needed
            key_left -= needed * messages
    return busiest / total, math.exp(entropy), key_people


def percentiles(counts: Iterable[tuple[int, int]], total: int) -> tuple[float | None, float | None]:
    """Return the median and the 90th percentile (nearest rank) of values given as (value, count); ``None`` if empty."""
    if not total:
        return None, None
    found: list[float] = []
    ranks = [math.ceil(total * 0.5), math.ceil(total * 0.9)]
    seen = 0
    for value, n in sorted(counts):
        seen += n
        while len(found) < len(ranks) and seen >= ranks[len(found)]:
            found.append(float(value))
    return found[0], found[1]
