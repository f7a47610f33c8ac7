"""From what a reader yields to events that can be sent: checked, counted, in the order of time. Time is an argument."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final

import msgspec

from huoqun.events import Event, Refused, read_event
from producers.history.base import Found, Item, Left, Place, Wrong
from producers.history.sorting import Sorter
from producers.replay import Line

MOST_SHOWN: Final = 20
"""Places of what could not be read that are kept to be shown."""

_encoder: Final = msgspec.json.Encoder()


class GroupTally:
    """What there is of one group."""

    __slots__ = ("events", "first", "last", "late", "name", "people")

    def __init__(self) -> None:
        self.name = ""
        self.events = 0
        self.people: set[str] = set()
        self.first = 0
        self.last = 0
        self.late = 0
        """Events older than what is known of the group already."""

    def add(self, event: Event) -> None:
        """Count one event."""
        self.first = min(self.first, event.ts) if self.events else event.ts
        self.last = max(self.last, event.ts)
        self.events += 1
        self.people.add(event.user_id)
        self.name = event.group_name or self.name


class Tally:
    """What has been found, and what has not."""

    def __init__(self) -> None:
        self.formats: Counter[str] = Counter()
        """Format -> files."""
        self.groups: dict[str, GroupTally] = {}
        self.types: Counter[str] = Counter()
        self.left: Counter[str] = Counter()
        self.wrong = 0
        self.shown: list[Wrong] = []

    @property
    def events(self) -> int:
        """Return how many events there are."""
        return self.types.total()

    def begin(self, kind: str, files: int) -> None:
        """Note that files of a format are read."""
        self.formats[kind] += files

    def refuse(self, wrong: Wrong) -> None:
        """Count something that can't be read, and keep it if it is one of the first."""
        self.wrong += 1
        if len(self.shown) < MOST_SHOWN:
            self.shown.append(wrong)


class Gatherer:
    """Takes items; what are events of them is in ``sorter`` afterwards, what they were in ``tally``.

    ``newest`` is the newest event known of each group (ms); what is older by more than ``lateness`` (ms) will not be in its
    signals any more.
    """

    def __init__(
        self,
        sorter: Sorter,
        *,
        now: int,
        platform: str = "",
        newest: Mapping[str, int] | None = None,
        lateness: int = 0,
    ) -> None:
        self.tally = Tally()
        self.sorter = sorter
        self.files: list[str] = []
        self._numbers: dict[str, int] = {}
        self._digest = hashlib.sha256()
        self._now = now
        self._platform = platform
        self._newest = newest or {}
        self._lateness = lateness

    def gather(self, items: Iterable[Item], advanced: Callable[[], None]) -> None:
        """Take all items; ``advanced`` is called now and then. Raises :class:`OSError` when the disk is full."""
        for number, item in enumerate(items):
            if number % 1000 == 0:
                advanced()
            if isinstance(item, Found):
                self._take(item)
            elif isinstance(item, Left):
                self.tally.left[item.what] += item.many
            else:
                self.tally.refuse(item)

    def _take(self, found: Found) -> None:
        event = self._checked(found.event)
        if isinstance(event, Refused):
            self.tally.refuse(Wrong(found.place, f"{event.where}: {event.why}".lstrip(": ")))
            return
        # Set by the gateway: what is sent does not depend on when it was read.
        event.received_at, event.source = 0, ""
        data = _encoder.encode(event)
        self._digest.update(data)
        self.sorter.add(event.ts, self._number(found.place), found.place.line, data)
        self.tally.types[event.type] += 1
        group = self.tally.groups.setdefault(event.group, GroupTally())
        group.add(event)
        if event.ts < self._newest.get(event.group, 0) - self._lateness:
            group.late += 1

    def _checked(self, found: Event | dict[str, Any]) -> Event | Refused:
        event = found if isinstance(found, Event) else read_event(found, received_at=self._now, source="")
        if isinstance(event, Refused):
            return event
        if "ts_claimed" in event.extra:
            return Refused("", "its time lies ahead of this machine's clock")
        if self._platform:
            event.platform = self._platform
        return event

    def _number(self, place: Place) -> int:
        number = self._numbers.get(place.file)
        if number is None:
            number = self._numbers[place.file] = len(self.files)
            self.files.append(place.file)
        return number

    def digest(self) -> str:
        """Return a name for these events: the same export read in the same way has the same."""
        return self._digest.hexdigest()

    def lines(self) -> Iterator[Line]:
        """Return the events in the order of time, ready to be posted."""
        for kept in self.sorter.events():
            yield Line(kept.data, self.files[kept.file], kept.line)
