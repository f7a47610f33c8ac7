"""Check-ins (打卡): on which days of 28 somebody checked in, and for how many days in a row.

A message checks in if it matches the group's pattern (``check_in`` in the configuration, a regular expression), or, where
there is none, what :func:`streams.core.reactions.checks_in` takes for one. Days are those of the group's time zone, for a
check-in at seven in the morning belongs to that day wherever UTC is; the week is its last seven whole days.

All of it is one number of a member: the last day, the days in a row up to it, and a bit for each of 28 days, bit 0 the last.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Final
from zoneinfo import ZoneInfo

from mypy_extensions import i64

from streams.core.history import History
from streams.core.reactions import checks_in
from streams.core.scanning import SMALL_BIT, is_ascii
from streams.core.state import LONG_DAYS

_DAYS_MASK: Final = (1 << LONG_DAYS) - 1
_STREAK_BITS: Final = 12
LONGEST: Final = (1 << _STREAK_BITS) - 1
"""Days in a row are counted up to eleven years."""
_DAY_SHIFT: Final = LONG_DAYS + _STREAK_BITS
_WEEK: Final = 7
_WEEK_MASK: Final = (1 << _WEEK) - 1
LOOKED_AT: Final = 200
"""Characters of a message that a pattern is looked for in: a check-in says so at once."""
_OPENING: Final = 12
_CHECK: Final = ord("打")
_IN: Final = ord("卡")
_SIGN: Final = ord("签")
_UP: Final = ord("到")
_NUMBERED: Final = ord("第")
_DAY: Final = ord("d")
_SECOND_TO_LAST: Final = ord("c")
_LAST_OF_CHECK: Final = ord("k")
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC).date().toordinal()


def pattern_of(text: str) -> re.Pattern[str] | None:
    """Return the configured pattern, ready for use; ``None`` where there is none."""
    return re.compile(text, re.IGNORECASE) if text else None


def local_day(ts: int, time_zone: str) -> int:
    """Return the day (since 1970) that a clock in ``time_zone`` shows at ``ts`` (ms)."""
    return datetime.fromtimestamp(ts // 1000, tz=ZoneInfo(time_zone)).date().toordinal() - _EPOCH


def is_check_in(text: str, pattern: re.Pattern[str] | None) -> bool:
    """Whether a message checks in."""
    if pattern is not None:
        return pattern.search(text[:LOOKED_AT]) is not None
    if _says_so(text):
        return checks_in(text[:LOOKED_AT])
    return _opens_with_a_day(text) and checks_in(text[:_OPENING].lower())


def _says_so(text: str) -> bool:
    """Whether "check", 打卡 or 签到 stands anywhere in a text."""
    if is_ascii(text):
        return "heck" in text or "HECK" in text
    before: i64 = 0
    at: i64 = 0
    end: i64 = len(text)
    while at < end:
        code: i64 = ord(text[at])
        at += 1
        if (before == _CHECK and code == _IN) or (before == _SIGN and code == _UP):
            return True
        if (
            (code | SMALL_BIT) == _LAST_OF_CHECK
            and (before | SMALL_BIT) == _SECOND_TO_LAST
            and ("heck" in text or "HECK" in text)
        ):
            return True
        before = code
    return False


def _opens_with_a_day(text: str) -> bool:
    """Whether "day" or 第 stands at the beginning of a text."""
    end: i64 = min(len(text), _OPENING)
    at: i64 = 0
    while at < end:
        code: i64 = ord(text[at])
        if code == _NUMBERED or ((code | SMALL_BIT) == _DAY and text[at : at + 3].lower() == "day" and at + 3 <= end):
            return True
        at += 1
    return False


def on_check_in(h: History, place: int, day: int) -> None:
    """Count the check-in of the person at ``place`` on a (local) day; a second one that day changes nothing."""
    before = h.people[place].check_ins
    gap = day - (before >> _DAY_SHIFT)
    if gap <= 0:
        return
    mask = ((before & _DAYS_MASK) << min(gap, LONG_DAYS)) & _DAYS_MASK
    streak = min(LONGEST, (before >> LONG_DAYS & LONGEST) + 1) if gap == 1 else 1
    h.change_person(place).check_ins = day << _DAY_SHIFT | streak << LONG_DAYS | mask | 1


def streak_of(check_ins: int, day: int) -> int:
    """Return how many days in a row somebody has checked in, up to the (local) day before ``day`` or to ``day`` itself."""
    return check_ins >> LONG_DAYS & LONGEST if day - (check_ins >> _DAY_SHIFT) <= 1 else 0


def weeks_of(check_ins: int, day: int) -> tuple[bool, bool]:
    """Return whether somebody checked in in the seven days before the (local) ``day``, and in the seven before those."""
    gap = day - 1 - (check_ins >> _DAY_SHIFT)
    if gap >= LONG_DAYS:
        return False, False
    mask = check_ins & _DAYS_MASK
    mask = mask << gap if gap >= 0 else mask >> -gap
    return mask & _WEEK_MASK != 0, mask >> _WEEK & _WEEK_MASK != 0


def lately(check_ins: int, day: int) -> bool:
    """Whether somebody checked in in the 28 days before the (local) ``day``, or on it."""
    return day - (check_ins >> _DAY_SHIFT) <= LONG_DAYS
