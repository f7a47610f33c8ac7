"""What every reader of exported history offers and yields. All of it is pure but for the files it is given."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, tzinfo
from typing import Any, Final, NamedTuple, TypeAlias
from zoneinfo import ZoneInfo

from huoqun.events import Event
from producers.history.files import DamagedError, Files
from producers.sources.base import Stamp

CHINA: Final = ZoneInfo("Asia/Shanghai")
"""Where the times of exports from Chinese clients are read, unless something else is asked for."""


class Place(NamedTuple):
    """Where something stands: a file as it is to be shown, and the line in it."""

    file: str
    line: int


class Found(NamedTuple):
    """One canonical event: checked, or its fields, to be checked yet."""

    place: Place
    event: Event | dict[str, Any]


class Left(NamedTuple):
    """Something that is understood and is no event; ``what`` is one of a few fixed phrases, to be counted."""

    what: str
    many: int = 1


class Wrong(NamedTuple):
    """Something that should have been an event and is none."""

    place: Place
    why: str


Item: TypeAlias = "Found | Left | Wrong"


class Groups:
    """The groups asked for, each ``ID`` or ``NAME=ID``; none: all of them, called what the export calls them."""

    def __init__(self, wanted: Sequence[str] = ()) -> None:
        self._wanted = tuple(wanted)
        self._given_to: str | None = None

    def pick(self, group_id: str, name: str) -> str | None:
        """Return what a group is to be called, ``None`` if it is not wanted. ``group_id`` is empty where the export has none.

        A single ``ID`` is that of the one group without any. Raises :class:`DamagedError` when there are several.
        """
        if not self._wanted:
            return group_id or name
        for each in self._wanted:
            called, equals, given = each.partition("=")
            if equals and given and called in (group_id, name):
                return given
            if each in (group_id, name):
                return group_id or name
        if group_id or len(self._wanted) > 1 or "=" in self._wanted[0]:
            return None
        if self._given_to is None:
            self._given_to = name
        if self._given_to != name:
            raise DamagedError(
                f"--group {self._wanted[0]} could be {self._given_to!r} or {name!r}; write --group NAME=ID for each"
            )
        return self._wanted[0]


class Asked(NamedTuple):
    """What the reader is told. ``now`` is this machine's clock (ms)."""

    now: int
    groups: Groups
    zone: tzinfo = UTC
    by_channel: bool = False
    """On Discord, a group is a channel and not a server."""


Read: TypeAlias = Callable[[Files, Sequence[str], Asked], Iterator[Item]]
"""(all files, the names of those to read, what was asked) -> what they hold. It may look names up in the other files.

Never raises, and goes on with the next file after a damaged one: see :func:`guarded`."""


class Format(NamedTuple):
    """One kind of export."""

    platform: str
    recognise: Callable[[Files, str], bool]
    """(files, name of one): whether this is the file that shows the format. Looks at no more than its head."""
    read: Read
    endings: tuple[str, ...]
    """How the names of its files end: what is read of a directory when the format is given."""
    whole: bool = False
    """Several files make one export: all that lie beside the recognised one or below it are read together."""
    zone: tzinfo = UTC
    """Where its times are read when they have no zone."""


def guarded(items: Iterator[Item], files: Files, name: str) -> Iterator[Item]:
    """Return the items of one file; damage ends it and is one of them."""
    try:
        yield from items
    except DamagedError as error:
        yield Wrong(Place(files.shown(name), error.line), error.why)


def stamp(asked: Asked) -> Stamp:
    """Return the stamp with which a webhook's own reader reads exported messages, too."""
    return Stamp(asked.now, "", "full")


def service(what: str) -> Left:
    """Return what a message by the platform itself is counted as."""
    return Left(f"service message ({what.replace('_', ' ')})")


PRIVATE: Final = Left("message of a private conversation")
CHANNEL: Final = Left("post in a broadcast channel")
NOT_WANTED: Final = Left("message of another group than asked for")
UNTIMED_REACTION: Final = "reaction (the export has no time for it)"
EMPTY: Final = Left("message without anything in it")
