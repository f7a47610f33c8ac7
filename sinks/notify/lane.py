"""What waits for one channel, what is on its way, and how the channel does (pure)."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterator
from typing import Final, NamedTuple

import msgspec

from sinks.notify.ledger import Mark
from sinks.notify.notice import Channel, Limit, Notice, Step
from sinks.notify.wanting import Want

FIRST_MS: Final = 1_000
LONGEST_MS: Final = 300_000
LONGEST_ASKED_MS: Final = 3_600_000
"""A receiver that asks for a longer wait is tried after an hour all the same."""
GIVE_WAY_AFTER: Final = 8
"""Tries after which a notice lets others go first: it may be this one that the receiver cannot take."""
FOLD_FROM: Final = 6
"""So many groups' notices at once are one; and when so many were told of within the interval, all others wait for it to pass."""
_PRIORITY: Final[dict[Step, int]] = {"escalated": 0, "raised": 1, "digest": 1, "again": 2, "acked": 3, "resolved": 3}


class Traits(NamedTuple):
    """What a channel is like: see :class:`sinks.notify.notice.Channel`."""

    limit: Limit = Limit(20, 60_000)
    groups_many: bool = True
    most_items: int = 10
    resolves: bool = False
    refresh_ms: int = 0


def traits_of(channel: Channel) -> Traits:
    """Ask a channel."""
    return Traits(channel.limit, channel.groups_many, max(1, channel.most_items), channel.resolves, channel.refresh_ms)


class Place(NamedTuple):
    """What is told together: one route's step about one group; a digest is about all of them (``*``)."""

    route: str
    step: Step
    platform: str
    group_id: str


class Flight(msgspec.Struct):
    """A notice on its way: the same until the receiver has it."""

    notice: Notice
    marks: list[Mark]
    places: tuple[Place, ...] = ()
    refresh: bool = False
    """Only tells again what is open: nothing is noted of it."""
    tries: int = 0


class Lane:
    """One channel's. Times are ms."""

    def __init__(self, name: str, traits: Traits) -> None:
        self.name, self.traits = name, traits
        self.places: dict[Place, dict[str, Want]] = {}
        self.specials: dict[str, Flight] = {}
        """Notices without alerts, by their ids."""
        self.flight: Flight | None = None
        self.busy = False
        """It is being sent, or its being sent recorded."""
        self.again_at = 0
        self.failing_since: int | None = None
        self.why = ""
        self.refused = False
        """The last thing it said is that it will not have it."""
        self.behind: frozenset[Place] = frozenset()
        """What failed so often that others go first."""
        self.refreshed_at = 0
        self.to_refresh: list[str] = []
        self.trouble_told = -(2**62)
        """When another channel was last asked to tell that this one fails."""
        self._failures = 0
        self._tried: deque[int] = deque(maxlen=traits.limit.most)
        self._last: dict[Place, int] = {}

    def put(self, place: Place, alert_id: str, want: Want) -> None:
        """Let an alert wait."""
        self.places.setdefault(place, {})[alert_id] = want

    def drop(self, place: Place, alert_id: str) -> None:
        """Let it not wait any more."""
        found = self.places.get(place, {})
        found.pop(alert_id, None)
        if not found:
            self.places.pop(place, None)

    def flying(self, alert_id: str) -> bool:
        """Tell whether an alert is on its way."""
        return self.flight is not None and any(mark.alert_id == alert_id for mark in self.flight.marks)

    @property
    def waiting(self) -> int:
        """How many alerts and notices wait, the one on its way included."""
        return sum(map(len, self.places.values())) + len(self.specials) + (self.flight is not None)

    def may_send(self, now: int) -> bool:
        """Tell whether the channel is free and its limit allows another try."""
        if self.busy or now < self.again_at:
            return False
        limit = self.traits.limit
        return len(self._tried) < limit.most or now - self._tried[0] >= limit.per_ms

    def send(self, flight: Flight, now: int) -> Notice:
        """Put a notice on its way."""
        self.flight, self.busy = flight, True
        flight.tries += 1
        self.tried(now)
        return flight.notice

    def tried(self, at: int) -> None:
        """Count a try, also one of an earlier life, against the limit."""
        self._tried.append(at)

    def sent(self, now: int) -> None:
        """The receiver has it."""
        flight, self.flight = self.flight, None
        self.failing_since, self.why, self.refused = None, "", False
        self._failures, self.behind = 0, frozenset()
        self._last |= dict.fromkeys(flight.places if flight is not None else (), now)

    def refuses(self, why: str, since: int) -> None:
        """The receiver will not have it: on with the next, and somebody has to look."""
        self.flight, self.refused = None, True
        self.failing_since, self.why = since, why

    def failed(self, after_ms: int, why: str, now: int, chance: float) -> bool:
        """Try again later: growing, jittered (``chance`` in [0, 1)). False when others are let go first instead."""
        self.failing_since = now if self.failing_since is None else self.failing_since
        self.why = why
        self._failures += 1
        bound = min(LONGEST_MS, FIRST_MS * 2 ** min(self._failures - 1, 16))
        self.again_at = now + max(min(after_ms, LONGEST_ASKED_MS), int(bound * (0.5 + 0.5 * chance)))
        flight = self.flight
        if flight is not None and flight.tries >= GIVE_WAY_AFTER and (self.places or self.specials):
            self.behind = frozenset(flight.places)
            self.flight = None
            return False
        return True

    def due(self, now: int, interval: int) -> Iterator[Place]:
        """Yield the places that have waited long enough."""
        for place, wants in self.places.items():
            since = min(want.since + want.wait for want in wants.values())
            last = self._last.get(place)
            if since <= now and (last is None or last + interval <= now):
                yield place

    def storms(self, now: int, interval: int) -> set[tuple[str, Step]]:
        """Return the routes' steps that told of so many groups within the interval that the next notice waits for it to pass."""
        if not self.traits.groups_many:
            return set()
        told = Counter((place.route, place.step) for place, at in self._last.items() if at > now - interval)
        return {which for which, groups in told.items() if groups >= FOLD_FROM}

    def forget(self, before: int) -> None:
        """Let go of what was sent before."""
        self._last = {place: at for place, at in self._last.items() if at >= before}


def urgency(step: Step) -> int:
    """Return how soon a step goes, the smaller the sooner."""
    return _PRIORITY.get(step, 4)
