"""IRC logs, one file a channel or one a channel and day. What a line means is read in :mod:`producers.history.irc_lines`.

People are their nicks, followed through renames within a file. The day comes from the lines, from marks between them or from
the file's name; a clock that goes back by half a day has passed midnight.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import date, timedelta, timezone
from typing import Any, Final, NamedTuple

from producers.history.base import NOT_WANTED, PRIVATE, Asked, Format, Found, Item, Left, Place, Wrong, guarded
from producers.history.files import Files
from producers.history.irc_lines import Came, Clock, Date, Day, Entry, Other, Renamed, Said, Went, What, read_line
from producers.history.text import WESTERN, head_lines, lines
from producers.history.times import MINUTE, SECOND, Series, to_ms
from producers.sources.values import made_id, read_name

PLATFORM: Final = "irc"

_LINES_LOOKED_AT: Final = 200
_DAY: Final = 24 * 60
_HALF_A_DAY: Final = 12 * 60
_DATE: Final = re.compile(r"(?<!\d)(\d{4})[-_.]?(\d{2})[-_.]?(\d{2})(?!\d)")
_CHANNEL: Final = re.compile(r"(?P<before>[^/]*)(?P<channel>[#&][^\s/]*)")
_ENDING: Final = re.compile(r"(?:\.(?:log|txt|weechatlog|gz))+$", re.IGNORECASE)
_DATED: Final = re.compile(r"[-_. ]*(?<!\d)\d{4}[-_.]?\d{2}[-_.]?\d{2}$")
_STAFF_MARKS: Final = frozenset("~&@%")
_NO_DAY: Final = (
    "no line says which day it is; name the file after its day (2024-01-02.log) "
    "or put '--- Day changed 2024-01-02' before this line"
)
_NO_CHANNEL: Final = "neither its name nor its lines say which channel it is of; use --group"


class _Where(NamedTuple):
    channel: str
    network: str = ""


class _Told(NamedTuple):
    """The time of a line: as used, as it is written, and the unit that it is written in."""

    at: int
    local: str
    unit: int


def recognise(files: Files, name: str) -> bool:
    """Return whether most of its first lines are those of a log, and some of them say at what time something was said."""
    found = [read_line(line) for line in head_lines(files, name, WESTERN)[:_LINES_LOOKED_AT] if line.strip()]
    known = [f for f in found if f is not None and not (isinstance(f, Entry) and isinstance(f.what, Other))]
    return 2 * len(known) > len(found) and any(isinstance(f, Entry) and f.clock for f in known)


def read(files: Files, names: Sequence[str], asked: Asked) -> Iterator[Item]:
    """Return what happened in the channels. Among logs named after channels, others are private conversations."""
    places = {name: where_from(files.path(name)) for name in names}
    networks: defaultdict[str, set[str]] = defaultdict(set)
    for place in places.values():
        networks[place.channel].add(place.network)
    some_named = any(place.channel for place in places.values())
    for name, place in places.items():
        if some_named and not place.channel:
            yield PRIVATE
        else:
            network = place.network if place.channel and len(networks[place.channel]) > 1 else ""
            yield from guarded(_file(files, name, place.channel, network, asked), files, name)


def _file(files: Files, name: str, channel: str, network: str, asked: Asked) -> Iterator[Item]:
    channel = channel or _named_within(files, name) or _plain(name)
    if not channel:
        yield Wrong(Place(files.shown(name), 1), _NO_CHANNEL)
        return
    group = asked.groups.pick("", f"{network}/{channel}" if network else channel)
    if group is None:
        yield NOT_WANTED
        return
    yield from _Log(files, name, asked, group, channel).read()


def where_from(path: str) -> _Where:
    """Return the channel and the network that a path names: ``libera/#chan/2024-01-02.log``, ``irc.libera.#chan.weechatlog``."""
    matches = list(_CHANNEL.finditer(path))
    if not matches:
        return _Where("")
    match = matches[-1]
    channel = _DATED.sub("", _ENDING.sub("", match["channel"])).lower()
    folders = path[: match.start()].rstrip("/").split("/")
    network = match["before"].strip("-_. ").removeprefix("irc.") or folders[-1]
    return _Where(channel, network.lower())


def _named_within(files: Files, name: str) -> str:
    for text in head_lines(files, name, WESTERN):
        found = read_line(text)
        if isinstance(found, Entry) and isinstance(found.what, Came) and found.what.channel:
            return found.what.channel.lower()
    return ""


def _plain(name: str) -> str:
    return _DATED.sub("", _ENDING.sub("", name.rpartition("/")[2])).strip("-_. ").lower()


def _date_of(path: str) -> Date | None:
    found = [tuple(map(int, match)) for match in _DATE.findall(path)]
    return next(((y, m, d) for y, m, d in reversed(found) if _is_day(y, m, d)), None)


def _is_day(year: int, month: int, day: int) -> bool:
    try:
        date(year, month, day)
    except ValueError:
        return False
    return 1980 < year < 2100  # noqa: PLR2004  # else the digits mean something else


class _Log:
    """One file on its way from the first line to the last."""

    def __init__(self, files: Files, name: str, asked: Asked, group: str, channel: str) -> None:
        self._files = files
        self._name = name
        self._zone = asked.zone
        self._group = group
        self._channel = channel
        self._date = _date_of(files.path(name))
        self._year = self._date[0] if self._date else 0
        self._minutes = 0
        """How far the day had come at the line before."""
        self._told: _Told | None = None
        self._series = {MINUTE: Series(MINUTE), SECOND: Series(SECOND)}
        self._people: dict[str, str] = {}
        """Nick in small letters -> whose it is."""

    def read(self) -> Iterator[Item]:
        said_so = False
        for line in lines(self._files, self._name, WESTERN):
            found = read_line(line.text)
            if isinstance(found, Day):
                self._turn(found.date)
            elif found is None:
                yield Left("line that is none of a log" if line.text.strip() else "empty line")
            elif isinstance(found.what, Other):
                yield Left("other line of a log")
            else:
                self._told = self._told if found.clock is None else self._time(found.clock)
                place = Place(self._files.shown(self._name), line.number)
                if self._told is not None:
                    yield Found(place, self._event(found.what, self._told))
                elif said_so:
                    yield Left("line without a day")
                else:
                    said_so = True
                    yield Wrong(place, _NO_DAY)

    def _turn(self, day: Date) -> None:
        self._year = day[0] or self._year
        self._date = (self._year, *day[1:])
        self._minutes = 0

    def _time(self, clock: Clock) -> _Told | None:
        minutes = clock.hour * 60 + clock.minute
        if clock.date is not None:
            self._turn(clock.date)
        elif minutes + _HALF_A_DAY < self._minutes and self._date is not None and _is_day(*self._date):
            after = date(*self._date) + timedelta(days=1)
            self._turn((after.year, after.month, after.day))
        if self._date is None or not _is_day(*self._date):
            return None
        self._minutes = minutes
        zone = self._zone
        if clock.offset is not None and abs(clock.offset) < _DAY:
            zone = timezone(timedelta(minutes=clock.offset))
        at = to_ms(zone, self._date, clock.hour, clock.minute, clock.second or 0)
        local = f"{self._date} {clock.hour}:{clock.minute}:{clock.second}"
        return None if at is None else _Told(at, local, MINUTE if clock.second is None else SECOND)

    def _event(self, what: What, told: _Told) -> dict[str, Any]:
        ts, before = self._series[told.unit].place(told.at, what)
        event: dict[str, Any] = {
            "id": made_id(self._group, (told.local, type(what).__name__, *what, before)),
            "ts": ts,
            "platform": PLATFORM,
            "group_id": self._group,
            "group_name": self._channel,
        }
        if isinstance(what, Said):
            event |= {"type": "message", "text": what.text, "is_staff": bool(_STAFF_MARKS & set(what.mark))}
            if what.how:
                event |= {what.how: True, "is_bot": what.how == "notice"}
            return event | self._person(what.nick)
        if isinstance(what, Came):
            return event | {"type": "join"} | self._person(what.nick)
        if isinstance(what, Went):
            event |= {"type": "leave", "reason": what.reason, "leave_message": what.text} | self._person(what.nick)
            return event | ({"operator_id": self._whose(what.by)} if what.by else {})
        assert isinstance(what, Renamed), "other lines are left out before"
        event |= {"type": "rename"} | self._person(what.nick) | {"user_name": read_name(what.new)}
        # Whoever takes the nick of somebody known is back under it; else the nick is theirs from here on.
        self._people.setdefault(what.new.lower(), self._whose(what.nick))
        return event

    def _person(self, nick: str) -> dict[str, Any]:
        return {"user_id": self._whose(nick), "user_name": read_name(nick)}

    def _whose(self, nick: str) -> str:
        return self._people.setdefault(nick.lower(), read_name(nick).lower())


FORMAT: Final = Format(PLATFORM, recognise, read, (".log", ".txt", ".weechatlog"))
