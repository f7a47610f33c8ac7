"""One partition of the events log: its groups, their watermarks, what is known twice or comes too late, what to send and save.

A group's watermark is its greatest event time plus the time that has passed, by the ticks, since that event was received.
It never falls. Events up to the lateness bound behind the greatest event time find their place; older ones are stored by
the sink all the same, left out of the signals, and counted in the group's ``late_events``; those so old that nobody can tell
whether they had come before are counted apart, for the worker's metrics.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from huoqun.codec import decode_record
from huoqun.config import Config
from huoqun.control import Generation, Tick, version_of
from huoqun.events import Event, Refused
from huoqun.results import AnyResult
from streams.core import saved
from streams.core.group import Group
from streams.core.interface import Bad, Checkpoint
from streams.core.rows import row_of
from streams.core.settings import resolve
from streams.core.state import (
    ALERTS,
    DAY_MS,
    GROUP,
    ONLY,
    PUBLISHED,
    QUESTIONS,
    REPLY_MS,
    SAID,
    TRANSIENT,
    URGENT,
)

IDLE_MS: Final = 3 * DAY_MS
"""A silent group's clock, moved by ticks alone, can be taken back this far when its next event comes: the slowest platforms
retry for three days, and a replay may be interrupted over a weekend."""
SEEN_MS: Final = 7 * DAY_MS
"""Redelivered events are recognised this long (platforms retry for hours, the slowest for three days) …"""
SEEN_MOST: Final = 20_000
"""… or this many events back, whichever is shorter; older arrivals are never placed, so nothing is counted twice."""


class Tracked:
    """A group and what belongs to its arrival rather than to its time."""

    __slots__ = (
        "floor",
        "group",
        "late",
        "max_ts",
        "received_at",
        "save",
        "seen",
        "seen_new",
        "urgent",
        "watermark",
    )

    def __init__(self, group: Group) -> None:
        self.group = group
        self.max_ts = 0
        self.received_at = 0
        self.watermark = 0
        self.floor = 0
        """Before this time (ms) no event can be placed any more, nor recognised if it comes again."""
        self.late = 0
        self.seen: dict[str, int] = {}
        self.seen_new: list[tuple[str, int]] = []
        self.urgent: set[tuple[int, object]] = set()
        self.save = saved.Chain()


class Partition:
    """All groups of one partition (see :class:`streams.core.interface.PartitionState`)."""

    def __init__(self, number: int, config: Config) -> None:
        self.number = number
        self.config = config
        self.groups: dict[str, Tracked] = {}
        self.generation = 0
        self._begun = False
        """A new generation was met that has not been saved yet."""
        self.offset = -1
        self.lateness = round(config.worker.lateness_seconds * 1000)
        self._changed: dict[str, Tracked] = {}
        self._now = 0
        self._unplaced = 0

    def restore(self, entries: Iterable[tuple[bytes, bytes]]) -> None:
        """Take over what earlier checkpoints saved."""
        entries = list(entries)
        self.generation = saved.generation_in(entries)
        for name, chain in saved.chains(entries).items():
            tracked = self._track(name)
            tracked.save = chain
            for delta in saved.load(chain):
                tracked.max_ts, tracked.received_at = delta.max_ts, delta.received_at
                tracked.watermark, tracked.floor, tracked.late = delta.watermark, delta.floor, delta.late
                for key, ts in delta.seen:
                    tracked.seen[key] = ts
                saved.apply(tracked.group.h, delta)
            self._shorten(tracked)

    def apply(self, records: Sequence[tuple[int, bytes | None]]) -> list[Bad]:
        """Apply (offset, value) records in offset order; return those that can't be understood."""
        bad: list[Bad] = []
        for offset, value in records:
            record = decode_record(value)
            self.offset = offset
            if isinstance(record, Event):
                self._event(offset, record)
            elif isinstance(record, Tick):
                self._tick(offset, record.now)
            elif isinstance(record, Generation):
                self._begin(record.number)
            else:
                assert isinstance(record, Refused)
                bad.append(Bad(offset, value, record))
        return bad

    def urgent(self) -> list[AnyResult]:
        """Return questions and alerts that changed since the last call (or the last checkpoint)."""
        results: list[AnyResult] = []
        for tracked in self._changed.values():
            h = tracked.group.h
            news = [k for k in h.dirty if k[0] in URGENT]
            for table, key in sorted(news, key=str):
                row = self._row(tracked, table, key)
                if row is not None:
                    results.append(row)
            tracked.urgent.update(news)
            h.dirty.difference_update(news)
        return results

    def checkpoint(self, *, final: bool = False) -> Checkpoint:
        """Return everything that changed since the last checkpoint: results to send, state to save."""
        del final  # everything is saved each time
        results: list[AnyResult] = self.urgent()
        saves: list[tuple[bytes, bytes | None]] = []
        if self._begun:
            saves.append(saved.generation_entry(self.number, self.generation))
            self._begun = False
        for name, tracked in self._changed.items():
            h = tracked.group.h
            for table, key in sorted(h.dirty, key=str):
                if table in PUBLISHED:
                    row = self._row(tracked, table, key)
                    if row is not None:
                        results.append(row)
            h.dirty |= tracked.urgent
            dropped = self._settle(tracked)
            whole = tracked.save.needs_base()
            delta = saved.delta_of(
                h,
                fence=self.offset,
                max_ts=tracked.max_ts,
                received_at=tracked.received_at,
                watermark=tracked.watermark,
                floor=tracked.floor,
                late=tracked.late,
                seen=list(tracked.seen.items()) if whole else tracked.seen_new,
                whole=whole,
                dropped=dropped,
            )
            saves += tracked.save.write(self.number, name, delta)
            tracked.seen_new = []
            tracked.urgent = set()
        self._changed = {}
        unplaced, self._unplaced = self._unplaced, 0
        return Checkpoint(self.offset, results, saves, unplaced)

    def _begin(self, generation: int) -> None:
        """The log was created anew: its offsets start over, so no fence of the old one holds any more."""
        if generation > self.generation:
            self.generation, self._begun = generation, True
            for tracked in self.groups.values():
                tracked.save.fence = -1

    def _row(self, tracked: Tracked, table: int, key: object) -> AnyResult | None:
        return row_of(
            tracked.group.h,
            tracked.group.settings,
            table,
            key,
            version=version_of(self.generation, self.offset),
            late_events=tracked.late,
        )

    def _track(self, name: str) -> Tracked:
        tracked = self.groups.get(name)
        if tracked is None:
            platform, _, group_id = name.partition("/")
            tracked = self.groups[name] = Tracked(Group(resolve(self.config, platform, group_id)))
        return tracked

    def _event(self, offset: int, event: Event) -> None:
        name = event.group
        tracked = self._track(name)
        if offset <= tracked.save.fence or event.id in tracked.seen:
            return
        if event.ts < tracked.floor:
            self._unplaced += 1
            return
        self._changed[name] = tracked
        self._see(tracked, event)
        if event.ts < tracked.max_ts - self.lateness:
            tracked.late += 1
            tracked.group.h.dirty.add((GROUP, ONLY))
            return
        # A clock that runs ahead may put its own events there, but must not make everyone else's late.
        ts = min(event.ts, event.received_at + self.lateness) if event.received_at else event.ts
        if ts > tracked.max_ts:
            tracked.max_ts, tracked.received_at = ts, event.received_at or self._now or ts
        tracked.watermark = max(tracked.watermark, ts)
        tracked.group.insert(event, tracked.watermark)

    def _see(self, tracked: Tracked, event: Event) -> None:
        tracked.seen[event.id] = event.ts
        tracked.seen_new.append((event.id, event.ts))

    def _tick(self, offset: int, now: int) -> None:
        self._now = max(self._now, now)
        for name, tracked in self.groups.items():
            if offset <= tracked.save.fence:
                continue
            watermark = tracked.max_ts + self._now - tracked.received_at
            if watermark <= tracked.watermark:
                continue
            due = tracked.group.next_due()
            if due is not None and due <= watermark:
                self._changed[name] = tracked
                tracked.watermark = watermark
                tracked.group.advance(watermark)
            else:
                tracked.watermark = watermark

    def _settle(self, tracked: Tracked) -> int:
        """Forget what can't be taken back any more, and what nothing will ask for again; return how many steps settled."""
        h = tracked.group.h
        tracked.floor = max(tracked.floor, tracked.watermark - IDLE_MS)
        before = max(tracked.max_ts - self.lateness, tracked.floor)
        count = 0
        for step in h.settle(before):
            count += 1
            for table, key, _ in step.log:
                if table in TRANSIENT:
                    self._forget(tracked, table, key)
                elif table in (QUESTIONS, ALERTS):
                    value = h.tables[table].get(key)
                    over = value is not None and (value.status if table == QUESTIONS else value.state) != "open"
                    if over:
                        self._forget(tracked, table, key)
        said = h.tables[SAID]
        while said:
            oldest = next(iter(said))
            if said[oldest].ts >= before - REPLY_MS:
                break
            self._forget(tracked, SAID, oldest)
        self._shorten(tracked)
        return count

    def _forget(self, tracked: Tracked, table: int, key: object) -> None:
        if tracked.group.h.tables[table].pop(key, None) is not None:
            tracked.group.h.dirty.add((table, key))

    def _shorten(self, tracked: Tracked) -> None:
        """Keep the ids seen within their bounds; what falls out of them moves the floor."""
        seen = tracked.seen
        while seen:
            oldest = next(iter(seen))
            ts = seen[oldest]
            if ts >= tracked.max_ts - SEEN_MS and len(seen) <= SEEN_MOST:
                break
            del seen[oldest]
            tracked.floor = max(tracked.floor, min(ts + 1, tracked.max_ts - self.lateness))
