"""What one gateway process sees of each source (pure): time is an argument, milliseconds since the epoch.

What several processes see adds up in :mod:`producers.watch.overview`: a platform's deliveries are spread over them.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from statistics import median_low
from typing import Final

import msgspec
from multidict import CIMultiDictProxy, MultiMapping

from huoqun.events import Coverage
from huoqun.sources import Beat, Report, Stepped, Told
from producers.gateway.admission import Sources
from producers.publishing.publisher import Record
from producers.sources.base import Heartbeat, Step
from producers.sources.values import read_epoch

MINUTE_MS: Final = 60_000
RATE_MINUTES: Final = 5
REFUSED_MINUTES: Final = 60
OTHER: Final = "other"
"""What stands for every name that is not configured: labels are bounded."""

_SAMPLES: Final = 101
_SAMPLE_MS: Final = 60 * MINUTE_MS
"""Older samples say nothing of a clock now, and an event that is older than this nothing at all: it may be history."""
_SAMPLE_EVERY_MS: Final = 1_000
_MOST_SIGNS: Final = 100
"""So many heartbeats and steps are told again with each report: one that does not arrive costs nothing."""

_STAMPS: Final = (
    "webhook-timestamp",
    "X-Slack-Request-Timestamp",
    "X-Lark-Request-Timestamp",
    "X-Signature-Timestamp",
    "timestamp",
)
"""Headers with the time at which a platform signed; WeCom and DingTalk write it into the address."""


class _Timed(msgspec.Struct):
    ts: int


_timed: Final = msgspec.json.Decoder(_Timed)


def _ts_of(value: bytes) -> int | None:
    try:
        return _timed.decode(value).ts
    except msgspec.MsgspecError:
        return None


class Rolling:
    """How many in the last so many minutes, the present one included."""

    __slots__ = ("_counts", "_minutes")

    def __init__(self, minutes: int) -> None:
        self._minutes = minutes
        self._counts: deque[list[int]] = deque()

    def add(self, at: int, count: int) -> None:
        """Count ``count`` more."""
        minute = at // MINUTE_MS
        if self._counts and self._counts[-1][0] >= minute:  # a clock that is set back must not put them out of order
            self._counts[-1][1] += count
            return
        self._counts.append([minute, count])
        self._forget(at)

    def total(self, at: int) -> int:
        """Return how many there were."""
        self._forget(at)
        return sum(count for _, count in self._counts)

    def _forget(self, at: int) -> None:
        oldest = at // MINUTE_MS - self._minutes + 1
        while self._counts and self._counts[0][0] < oldest:
            self._counts.popleft()


class _Clock:
    """How far another clock is behind ours, by samples."""

    __slots__ = ("_samples",)

    def __init__(self) -> None:
        self._samples: deque[tuple[int, int]] = deque(maxlen=_SAMPLES)

    def note(self, at: int, theirs: int) -> None:
        if abs(at - theirs) <= _SAMPLE_MS:
            self._samples.append((at, at - theirs))

    def behind(self, at: int) -> int | None:
        found = [behind for when, behind in self._samples if at - when <= _SAMPLE_MS]
        return median_low(found) if found else None


class Watch:
    """One source in this process."""

    def __init__(self, kind: str, coverage: Coverage, started_at: int) -> None:
        self.kind = kind
        self.coverage = coverage
        self.events = 0
        self.beats = 0
        self.refused: dict[str, int] = {}
        """Reason -> how many, ever."""
        self.last_event_at = 0
        self.last_sign_at = 0
        self._first_sign_at = 0
        self._started_at = started_at
        self._rate = Rolling(RATE_MINUTES)
        self._refusals: dict[str, Rolling] = {}
        self._by_events = _Clock()
        self._by_stamps = _Clock()
        self._sampled_at = self._stamped_at = 0
        self._numbers = 0
        self._beats: deque[Beat] = deque(maxlen=_MOST_SIGNS)
        self._steps: deque[Stepped] = deque(maxlen=_MOST_SIGNS)

    def lives(
        self, at: int, headers: CIMultiDictProxy[str] | None = None, query: MultiMapping[str] | None = None
    ) -> None:
        """Note that something authentic came; what came with it may tell the sender's clock."""
        self._note_sign(at)
        if headers is not None and at - self._stamped_at >= _SAMPLE_EVERY_MS:
            self._stamped_at = at
            stamp = stamp_of(headers, query)
            if stamp is not None:
                self._by_stamps.note(at, stamp)

    def sent(self, at: int, records: Sequence[Record]) -> None:
        """Note that events were stored."""
        self.events += len(records)
        self.last_event_at = max(self.last_event_at, at)
        self._note_sign(at)
        self._rate.add(at, len(records))
        if at - self._sampled_at >= _SAMPLE_EVERY_MS:
            self._sampled_at = at
            happened = _ts_of(records[-1].value)
            if happened is not None:
                self._by_events.note(at, happened)

    def refuse(self, at: int, reason: str, count: int = 1) -> None:
        """Note that something was refused; reasons are a few fixed words."""
        self.refused[reason] = self.refused.get(reason, 0) + count
        if reason not in self._refusals:
            self._refusals[reason] = Rolling(REFUSED_MINUTES)
        self._refusals[reason].add(at, count)

    def heard(self, at: int, signs: Iterable[Heartbeat | Step]) -> None:
        """Note what a delivery tells of the source itself."""
        for sign in signs:
            self._numbers += 1
            if isinstance(sign, Heartbeat):
                self.beats += 1
                self._beats.append(Beat(self._numbers, at, sign.interval_ms))
            else:
                self._steps.append(Stepped(self._numbers, at, sign.group, sign.before, sign.after))

    def skew_ms(self, at: int) -> int | None:
        """Return how far the sender's clock is behind ours; ``None`` where nothing tells."""
        signed = self._by_stamps.behind(at)
        return self._by_events.behind(at) if signed is None else signed

    def tell(self, at: int) -> Told:
        """Return what is to be said of it; what comes from now on goes into the next report."""
        first, self._first_sign_at = self._first_sign_at, 0
        minutes = min(RATE_MINUTES, max(1.0, (at - self._started_at) / MINUTE_MS))
        refused = {reason: count for reason, found in self._refusals.items() if (count := found.total(at))}
        return Told(
            kind=self.kind,
            coverage=self.coverage,
            last_event_at=self.last_event_at,
            first_sign_at=first,
            last_sign_at=self.last_sign_at,
            per_minute=round(self._rate.total(at) / minutes, 2),
            refused=refused,
            skew_ms=self.skew_ms(at),
            beats=list(self._beats),
            steps=list(self._steps),
        )

    def _note_sign(self, at: int) -> None:
        self._first_sign_at = self._first_sign_at or at
        self.last_sign_at = max(self.last_sign_at, at)


class Watches:
    """All configured sources, and one for every other name that events come under."""

    def __init__(self, sources: Sources, started_at: int) -> None:
        known = [*sources.canonical, *sources.platforms.values()]
        self.started_at = started_at
        self._by_name = {source.name: Watch(source.kind, source.coverage, started_at) for source in known}
        self._other = self._by_name.get(OTHER) or Watch("canonical", "full", started_at)
        only = sources.canonical[0].name if len(sources.canonical) == 1 else OTHER
        self.unnamed = self.of(only)
        """Who a canonical request is counted for before it is known whose it is: the only canonical source, if one there is."""

    def of(self, name: str) -> Watch:
        """Return the watch of a source."""
        return self._by_name.get(name, self._other)

    def all(self) -> Mapping[str, Watch]:
        """Return every source that is configured, and the rest where there is any."""
        used = self._other.events or self._other.refused
        return self._by_name | {OTHER: self._other} if used else self._by_name

    def report(self, process: str, at: int, *, ended: bool = False, reads: bool = True) -> Report:
        """Return what this process knows of its sources."""
        told = {name: watch.tell(at) for name, watch in self.all().items()}
        return Report(process=process, started_at=self.started_at, at=at, ended=ended, reads=reads, sources=told)


def stamp_of(headers: CIMultiDictProxy[str], query: MultiMapping[str] | None = None) -> int | None:
    """Return when a delivery was signed (ms), by its sender's clock; ``None`` where it does not say."""
    for name in _STAMPS:
        found: Sequence[str] = headers.getall(name, [])
        if found:
            return _ms(found)
    return None if query is None else _ms(query.getall("timestamp", []))


def _ms(found: Sequence[str]) -> int | None:
    at = read_epoch(found[0]) if len(found) == 1 else ""
    return at if isinstance(at, int) else None
