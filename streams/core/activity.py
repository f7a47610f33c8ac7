"""Rolling activity: what happens in a group over 5 minutes, an hour, a day and a week, sliding by the minute.

A window that ends at M holds the minutes before M that began at or after M minus its size. Rows are made when a minute
that held something closes, and when something leaves a window: between two rows nothing changed.
"""

from __future__ import annotations

import math
from typing import Final

from huoqun.results import Activity
from streams.core import coverage
from streams.core.changes import FILLING, NOWHERE, Closed
from streams.core.fabric import FALSE, UNKNOWN, Fabric
from streams.core.history import History
from streams.core.settings import GroupSettings
from streams.core.state import MINUTE_MS, NEVER, WINDOWS, Head, Minute, Said, Window
from streams.core.tables import ACTIVITY, WEEK

KEY_PEOPLE_SHARE: Final = 0.8
"""Key people: the fewest who wrote this share of the member messages (domain definition)."""
BUSIEST: Final = 5


def members_of(head: Head) -> int:
    """Return how many people the group has: those known, corrected by the platform's own count."""
    return max(0, head.known + head.correction)


def begin_minute(head: Head, ts: int) -> None:
    """Make sure that what happens at ``ts`` (ms) is counted into its minute."""
    minute = ts // MINUTE_MS
    if head.minute != minute:
        head.minute = minute
        head.due_activity = (minute + 1) * MINUTE_MS


def minute_for(h: History, said: Said) -> int:
    """Return where the first reply to a message counts: see :class:`streams.core.changes.Reply`."""
    if not said.counts:
        return NOWHERE
    number = said.ts // MINUTE_MS
    if number == h.head.minute:
        return FILLING
    for place in range(h.first + len(h.minutes) - 1, h.first - 1, -1):  # it is one of the last
        if h.minute_at(place).number == number:
            return place
    return NOWHERE  # time had gone on by a week, for thousands of events of a clock that is as much ahead


def on_time(h: History, settings: GroupSettings, at: int) -> None:
    """Close the minutes that end at or before ``at`` (ms, a whole minute) and make the rows that changed."""
    end = at // MINUTE_MS
    entered = None
    if h.head.minute >= 0:
        entered = _minute_of(h, h.change_head())
    closed = Closed(end, entered)
    h.do(closed)
    for window in h.windows:
        if entered is not None or closed.left(window.number):
            h.put(ACTIVITY, (window.name, at), _row(h, h.head, settings, window, at))
    _schedule(h)


def renew(h: History, settings: GroupSettings, at: int) -> None:
    """Make the row of the week as of the midnight ``at`` (ms): it carries what is computed once a day."""
    if coverage.is_full(h):
        h.put(ACTIVITY, (WINDOWS[WEEK], at), _row(h, h.head, settings, h.windows[WEEK], at))


def _minute_of(h: History, head: Head) -> Minute:
    """Return the minute being filled as a closed one, and begin to fill another."""
    minute = Minute(head.minute)
    minute.messages, minute.staff_messages = head.minute_messages, head.staff_messages
    minute.joins, minute.leaves = head.joins, head.leaves
    minute.responses = tuple(h.responses)
    minute.staff_responses = tuple(h.staff_responses)
    speakers: list[int] = []
    for person, n in h.now.items():
        speakers.append(person)
        speakers.append(n)
    minute.speakers = speakers
    head.minute = -1
    head.minute_messages = head.staff_messages = head.joins = head.leaves = 0
    return minute


def _schedule(h: History) -> None:
    """Wake up when the next minute leaves a window: none is being filled now."""
    due = NEVER
    end = h.first + len(h.minutes)
    for window in h.windows:
        if window.oldest < end:
            due = min(due, (h.minute_at(window.oldest).number + window.minutes + 1) * MINUTE_MS)
    h.wake_activity(due)


def _row(h: History, head: Head, settings: GroupSettings, window: Window, at: int) -> Activity:
    members = members_of(head)
    if not coverage.is_full(h):  # ratios of what was seen would lie
        return Activity(
            platform=settings.platform,
            group_id=settings.group_id,
            window=window.name,
            window_end=at,
            messages=window.messages,
            speakers=window.speakers,
            staff_messages=window.staff_messages,
            members=members,
            joins=window.joins,
            leaves=window.leaves,
            coverage=coverage.name_of(h),
        )
    top5, effective, key_people = shape_of(window.shape, window.member_messages)
    p50, p90 = percentiles(window.responses, window.replied)
    staff_p50, staff_p90 = percentiles(window.staff_responses, window.staff_replied)
    row = Activity(
        platform=settings.platform,
        group_id=settings.group_id,
        window=window.name,
        window_end=at,
        messages=window.messages,
        speakers=window.speakers,
        staff_messages=window.staff_messages,
        members=members,
        active_ratio=min(1.0, window.speakers / members) if members else None,
        joins=window.joins,
        leaves=window.leaves,
        reply_rate=window.replied / window.member_messages if window.member_messages else None,
        first_response_p50=p50,
        first_response_p90=p90,
        top5_share=top5,
        effective_speakers=effective,
        key_people=key_people,
        staff_reply_rate=window.staff_replied / window.member_messages if window.member_messages else None,
        staff_first_response_p50=staff_p50,
        staff_first_response_p90=staff_p90,
    )
    if window.number == WEEK:
        _add_structure(row, h.fabric)
    return row


def _add_structure(row: Activity, fabric: Fabric) -> None:
    """Add what is computed once a day, as of the last midnight: see :mod:`streams.core.structure`."""
    row.false_activity = None if fabric.false_activity == UNKNOWN else fabric.false_activity == FALSE
    row.same_faces, row.new_faces = fabric.same_faces, fabric.new_faces
    row.mesh_index, row.reciprocity, row.centralisation = fabric.mesh_index, fabric.reciprocity, fabric.centralisation
    row.pairs, row.new_pairs, row.value_cadence = fabric.pairs, fabric.new_pairs, fabric.value_cadence
    row.check_in_people, row.check_in_streak = fabric.check_in_people, fabric.check_in_streak
    row.check_in_same_faces = fabric.check_in_same_faces


def shape_of(shape: dict[int, int], total: int) -> tuple[float | None, float | None, int]:
    """Return (share of the five busiest, effective speakers, key people) of a distribution of messages over people.

    ``shape`` tells for a number of messages how many people wrote just so many, ``total`` is the sum of their messages.
    Effective speakers are exp of the Shannon entropy (Hill number of order 1): as many equal speakers would be as diverse.
    ``None`` without messages.
    """
    if not total:
        return None, None, 0
    busiest_left, busiest, entropy = BUSIEST, 0, 0.0
    key_people, key_left = 0, math.ceil(KEY_PEOPLE_SHARE * total)
    for messages in sorted(shape, reverse=True):
        people = shape[messages]
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


def percentiles(counts: dict[int, int], total: int) -> tuple[float | None, float | None]:
    """Return the median and the 90th percentile (nearest rank) of values given as value -> count; ``None`` if empty."""
    if not total:
        return None, None
    half, most = math.ceil(total * 0.5), math.ceil(total * 0.9)
    median = -1
    seen = 0
    for value in sorted(counts):
        seen += counts[value]
        if median < 0 and seen >= half:
            median = value
        if seen >= most:
            break
    return float(median), float(value)
