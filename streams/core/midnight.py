"""What is computed once a day, at midnight UTC of event time, in one pass over the members."""

from __future__ import annotations

from streams.core import coverage, harms, newcomers, purpose, referral, risk, stages, structure
from streams.core.activity import renew
from streams.core.alerts import expire_old
from streams.core.daily import from_day, shared, with_day
from streams.core.history import History
from streams.core.record import with_record
from streams.core.rhythm import add_day
from streams.core.settings import GroupSettings
from streams.core.state import DAY_MS, LONG_DAYS, NEVER, Head, Life
from streams.core.tables import DAY


def begin_day(h: History, place: int, ts: int) -> None:
    """Make sure that a person's message at ``ts`` (ms) is counted into its day."""
    day = ts // DAY_MS
    if h.people[place].today != day:
        person = h.change_person(place)
        if person.today_count:
            person.days = shared(with_day(person.days, person.today, person.today_count, day - LONG_DAYS))
        if not person.first_day:
            person.first_day = day
        person.usual = add_day(person.usual, day - person.today)
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
    structure.on_day(h, settings, today)
    full = coverage.is_full(h)
    _record(h, head, life, today - 1)
    head.messages_today = head.replies_today = head.mesh_today = head.peak_today = 0
    seen = newcomers.of_value(h.fabric.values, today)
    for place in range(len(h.people)):
        _member(h, settings, place, today, full, seen)
    expire_old(h, at=at)
    harms.on_day(h, settings, today, full=full)
    if full:
        before = (life.stage, life.health, life.reasons)
        stages.on_day(h, settings, today)
        if (life.stage, life.health, life.reasons) != before:
            h.group_changed = True  # time alone changed it: no event comes that would have the row sent
        over = life.stage == "dead"
    else:
        over = at - head.last_ts >= LONG_DAYS * DAY_MS
    purpose.on_day(h, settings, today)
    referral.on_day(h, settings, today)
    head.due_days = NEVER if over else at + DAY_MS
    renew(h, settings, at)


def _record(h: History, head: Head, life: Life, day: int) -> None:
    """Add the day that ends to the group's record; the windows end with it."""
    window = h.windows[DAY]
    gap = day - life.record_day - 1 if life.record_day else 0
    staff = window.messages - window.member_messages
    numbers = [window.member_messages, window.speakers, staff, head.mesh_today, head.replies_today, head.peak_today]
    h.set_record(with_record(h.record, gap, numbers))
    life.record_day = day


def _member(h: History, settings: GroupSettings, place: int, today: int, full: bool, of_value: int) -> None:
    member = h.people[place]
    if member.risk < 0 and not member.last_message_at and not member.joined_at:
        return
    if member.last_message and member.last_message not in h.said:
        member.last_message = ""  # nothing is a reply to it any more, and never will be: no change to take back
    if not full:  # what somebody did not say is not known
        if member.risk >= 0:
            h.set_risk(place, -1.0, (), today * DAY_MS, None)
        return
    risk.on_day(h, settings, place, today)
    newcomers.on_day(h, settings, place, today, of_value)
