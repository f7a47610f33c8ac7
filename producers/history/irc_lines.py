"""One line of an IRC log as irssi, WeeChat, ZNC, mIRC, HexChat and most channel bots write it. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final, Literal, NamedTuple, TypeAlias

from huoqun.events import LeaveReason

Date: TypeAlias = tuple[int, int, int]
"""Year (0: not told), month, day."""


class Clock(NamedTuple):
    """The time at the beginning of a line."""

    date: Date | None
    hour: int
    minute: int
    second: int | None
    offset: int | None = None
    """Minutes east of Greenwich, where the line says so."""


class Day(NamedTuple):
    """A line that says which day it is from here on."""

    date: Date


class Said(NamedTuple):
    """A message, an action (``/me``) or a notice. ``mark`` is what operators and others have before the nick."""

    nick: str
    text: str
    how: Literal["", "action", "notice"] = ""
    mark: str = ""


class Came(NamedTuple):
    """Somebody joined; the channel is empty where the line does not name it."""

    nick: str
    channel: str = ""


class Went(NamedTuple):
    """Somebody left, quit or was kicked."""

    nick: str
    reason: LeaveReason
    text: str = ""
    by: str = ""


class Renamed(NamedTuple):
    """Somebody goes by another nick from here on."""

    nick: str
    new: str


class Other(NamedTuple):
    """A mode, a topic, or the client's own words."""


What: TypeAlias = "Said | Came | Went | Renamed | Other"


class Entry(NamedTuple):
    """A line that tells something; some say no time."""

    clock: Clock | None
    what: What


_MONTHS: Final = dict(
    zip(("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"), range(1, 13), strict=True)
)
_NOON: Final = 12

_ON: Final = r"(?:(?P<year>\d{4})[-/.](?P<month>\d{1,2})[-/.](?P<day>\d{1,2})[ T]+)?"
_AT: Final = r"(?P<hour>\d{1,2}):(?P<minute>\d{2})(?::(?P<second>\d{2}))?(?:\.\d+)?(?: ?(?P<half>[AaPp])\.?[Mm])?"
_ZONE: Final = r"(?: ?(?P<zone>Z|UTC|[+-]\d{2}:?\d{2}))?"
_STAMPS: Final = (
    re.compile(rf"[\[(]{_ON}{_AT}{_ZONE}[\])][ \t](?P<rest>.*)"),
    re.compile(rf"{_ON}{_AT}{_ZONE}(?P<rest>[ \t].*)"),
    re.compile(rf"(?P<name>[A-Z][a-z]{{2}}) (?P<day>[ \d]\d) {_AT}(?P<rest>[ \t].*)"),  # HexChat
)

_LONG_DATE: Final = (
    r"(?:[A-Za-z]{3,9},? +)?(?P<name>[A-Za-z]{3})[a-z]* +(?P<day>\d{1,2}),?(?: +\d\d:\d\d(?::\d\d)?)? +(?P<year>\d{4})"
)
_TURNED: Final = r"(?:[A-Za-z]{3,9},? +)?(?P<day>\d{1,2}) +(?P<name>[A-Za-z]{3})[a-z]*,? +(?P<year>\d{4})"
_SHORT_DATE: Final = r"(?P<year>\d{4})-(?P<month>\d{2})-(?P<day>\d{2})"
_BEGUN: Final = r"\W*(?:log opened|log started|day changed(?: to)?|session start|session time|begin logging at)?:?\s*"
_DAYS: Final = tuple(
    re.compile(rf"{_BEGUN}{date}(?:[ T]\d\d:\d\d(?::\d\d)?)?\W*", re.IGNORECASE)
    for date in (_LONG_DATE, _TURNED, _SHORT_DATE)
)
_CLOSED: Final = re.compile(
    r"\W*(?:log closed|log ended|session close|ending logging at|end(?:ing)? log)", re.IGNORECASE
)

_CODES: Final = re.compile(r"\x03(?:\d{1,2}(?:,\d{1,2})?)?|[\x00-\x08\x0b-\x1f\x7f]")
_MARKS: Final = "~&@%+!"
_SAID: Final = re.compile(rf"<(?P<mark>[ {_MARKS}]*)(?P<nick>[^\s<>]+)>(?:[ \t](?P<text>.*))?")
_NOTICE: Final = re.compile(r"-(?P<nick>[^\s:!-][^\s:!]*)(?:[:!]\S*)?- (?P<text>.*)")
_ACTION: Final = re.compile(rf"\*[ \t]+(?P<mark>[{_MARKS}]*)(?P<nick>[^\s*]+) (?P<text>.*)")
_TOLD: Final = re.compile(r"(?:-!-|\*\*\*|===|=-=|-->\|?|\|?<--|--|\*)[ \t]+(?P<told>\S.*)")

_NICK: Final = rf"[{_MARKS}]?(?P<nick>[^\s{_MARKS}]\S*)"
_HOST: Final = r"(?:[ \t]+[\[(<]\S*[\])>])*"
_CHANNEL: Final = r"(?P<channel>[#&!+][^\s\])]*)"
_WHY: Final = r"(?:[ \t]+[\[(\"](?P<why>.*)[\])\"])?"
_EVENTS: Final[tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], What]], ...]] = (
    (re.compile(rf"{_NICK}{_HOST} has joined {_CHANNEL}.*"), lambda m: Came(m["nick"], m["channel"])),
    (re.compile(rf"Joins: {_NICK}{_HOST}"), lambda m: Came(m["nick"])),
    (re.compile(rf"{_NICK} \(\S+@\S+\) has joined"), lambda m: Came(m["nick"])),  # HexChat
    (re.compile(rf"{_NICK}{_HOST} has left {_CHANNEL}{_WHY}.*"), lambda m: Went(m["nick"], "left", m["why"] or "")),
    (re.compile(rf"{_NICK} \(\S+@\S+\) has left{_WHY}"), lambda m: Went(m["nick"], "left", m["why"] or "")),
    (re.compile(rf"Parts: {_NICK} [(\[]\S*[)\]]{_WHY}"), lambda m: Went(m["nick"], "left", m["why"] or "")),
    (
        re.compile(rf"{_NICK}{_HOST} (?:has quit|Quit)[ \t]+[\[(\"](?P<why>.*)[\])\"]"),
        lambda m: Went(m["nick"], "left", m["why"]),
    ),
    (re.compile(rf"Quits: {_NICK} [(\[]\S*[)\]]{_WHY}"), lambda m: Went(m["nick"], "left", m["why"] or "")),
    (
        re.compile(rf"{_NICK} was kicked (?:from {_CHANNEL} )?by (?P<by>\S+){_WHY}"),
        lambda m: Went(m["nick"], "kicked", m["why"] or "", m["by"]),
    ),
    (
        re.compile(rf"(?P<by>\S+) has kicked {_NICK}(?: from {_CHANNEL})?{_WHY}"),
        lambda m: Went(m["nick"], "kicked", m["why"] or "", m["by"]),
    ),
    (re.compile(rf"{_NICK} is now known as (?P<new>\S+)"), lambda m: Renamed(m["nick"], m["new"])),
)


def read_line(line: str) -> Entry | Day | None:
    """Return what a line says; ``None`` if it is no line of a log."""
    line = _CODES.sub("", line).rstrip()
    if not line or _CLOSED.match(line):
        return Entry(None, Other()) if line else None
    for pattern in _STAMPS:
        if match := pattern.match(line):
            clock = _clock(match)
            return None if clock is None else Entry(clock, _what(match["rest"]))
    for pattern in _DAYS:
        if match := pattern.fullmatch(line):
            date = _date(match.groupdict())
            return Day(date) if date is not None else None
    told = _TOLD.match(line)
    what = _event(told["told"]) if told is not None else None
    return Entry(None, what) if what is not None else None


def _clock(match: re.Match[str]) -> Clock | None:
    found = match.groupdict()
    hour, minute = int(found["hour"]), int(found["minute"])
    if found["half"]:
        hour = hour % _NOON + (_NOON if found["half"] in "pP" else 0)
    if hour > 23 or minute > 59:  # noqa: PLR2004  # a day's last minute
        return None
    date = _date(found) if found.get("day") else None
    return Clock(date, hour, minute, int(found["second"]) if found["second"] else None, _offset(found.get("zone")))


def _offset(zone: str | None) -> int | None:
    if not zone or not zone[1:].replace(":", "").isdecimal():
        return 0 if zone else None
    digits = zone[1:].replace(":", "")
    return (int(digits[:2]) * 60 + int(digits[2:])) * (-1 if zone[0] == "-" else 1)


def _date(found: dict[str, str | None]) -> Date | None:
    name = found.get("name")
    month = _MONTHS.get(name.lower(), 0) if name else int(found.get("month") or 0)
    return (int(found.get("year") or 0), month, int(found["day"] or 0)) if month else None


def _what(rest: str) -> What:
    if rest.startswith("\t"):
        return _of_columns(rest)
    rest = rest.lstrip(" ")
    if match := _SAID.fullmatch(rest):
        return Said(match["nick"], match["text"] or "", "", match["mark"].strip())
    if match := _TOLD.match(rest):
        what = _event(match["told"])
        if what is not None:
            return what
    if match := _ACTION.fullmatch(rest):
        return Said(match["nick"], match["text"], "action", match["mark"])
    if match := _NOTICE.fullmatch(rest):
        return Said(match["nick"], match["text"], "notice")
    return Other()


def _of_columns(rest: str) -> What:
    """Return what WeeChat writes: prefix and text in columns of their own."""
    prefix, _, text = rest[1:].partition("\t")
    prefix = prefix.strip()
    if prefix in ("-->", "<--", "--"):
        what = _event(text)
        return what if what is not None else Other()
    if prefix == "*":
        nick, _, said = text.partition(" ")
        return Said(nick.lstrip(_MARKS), said, "action") if nick else Other()
    nick = prefix.lstrip(_MARKS)
    if not nick or " " in nick or prefix in ("=!=", "---"):
        return Other()
    return Said(nick, text, "", prefix[: len(prefix) - len(nick)])


def _event(told: str) -> What | None:
    for pattern, make in _EVENTS:
        if match := pattern.fullmatch(told):
            return make(match)
    return None
