"""Local times of day: quiet hours, and when a digest or a weekly report is due (pure). Instants are ms since the epoch."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

_HOUR: Final = 60
_LOOK_DAYS: Final = 8
"""Far enough to find any weekday from any day, also across a clock change."""


class Hours(NamedTuple):
    """Quiet hours: minutes after local midnight. An end at or before the start is on the next day; equal ones are none."""

    zone: ZoneInfo
    start: int
    end: int


class Moment(NamedTuple):
    """A time of day in a zone, on every day or on one weekday (0 = Monday)."""

    zone: ZoneInfo
    minutes: int
    weekday: int | None = None


def is_quiet(at: int, hours: Hours) -> bool:
    """Tell whether an instant lies in the quiet hours: their start is in, their end is not."""
    now = _local(at, hours.zone)
    minute = now.hour * _HOUR + now.minute
    if hours.start <= hours.end:
        return hours.start <= minute < hours.end
    return minute >= hours.start or minute < hours.end


def quiet_ends(at: int, hours: Hours) -> int:
    """Return the first end of quiet hours after ``at``."""
    return next_time(at + 1, Moment(hours.zone, hours.end))


def next_time(at: int, moment: Moment) -> int:
    """Return when the moment comes next, ``at`` itself included."""
    return next(found for found in _around(at, moment, 1) if found >= at)


def last_time(at: int, moment: Moment) -> int:
    """Return when the moment was last, ``at`` itself included."""
    return next(found for found in _around(at, moment, -1) if found <= at)


def _around(at: int, moment: Moment, step: int) -> list[int]:
    """Return the moments of the days around ``at``, from the far side of it on, in the direction of ``step``."""
    today = _local(at, moment.zone).date()
    days = [today + timedelta(days=step * n) for n in range(-1, _LOOK_DAYS + 1)]
    clock = time(moment.minutes // _HOUR, moment.minutes % _HOUR)
    return [
        round(datetime.combine(day, clock, moment.zone).timestamp() * 1000)
        for day in days
        if moment.weekday is None or day.weekday() == moment.weekday
    ]


def _local(at: int, zone: ZoneInfo) -> datetime:
    return datetime.fromtimestamp(at // 1000, zone)
