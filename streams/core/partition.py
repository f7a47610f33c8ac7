"""One partition of the events log: its groups, their watermarks, what is known twice or comes too late, what to send and save.

A group's watermark is its greatest event time plus the time that has passed, by the ticks, since that event was received.
It never falls. Events up to the lateness bound behind the greatest event time find their place; older ones are stored by
the sink all the same, left out of the signals, and counted in the group's ``late_events``; those so old that nobody can tell
whether they had come before are counted apart, for the worker's metrics.

What the log holds anyway isn't stored a second time: a busy group is saved now and then, and what came since is read again
from the log by the next holder of the partition. So the offset that may be committed lags behind (:mod:`streams.core.lag`),
until the partition falls quiet.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from heapq import heappop, heappush
from typing import Any, Final

from huoqun.codec import decode_events, decode_record
from huoqun.config import Config
from huoqun.control import PREFIX, Erase, Generation, Tick, version_of
from huoqun.events import MAX_TS_MS, Event, Refused
from huoqun.results import AnyResult
from streams.core import erasing, saved
from streams.core.answer_model import AnswerModel
from streams.core.arrival import Arrival, arrival_from
from streams.core.arrivals import Arrivals
from streams.core.group import Group
from streams.core.history import EVENT, History, Step, next_due
from streams.core.interface import Bad, Checkpoint
from streams.core.lag import Horizon, Lag
from streams.core.rests import has_control, is_rest, up_to_rest
from streams.core.rows import group_row, member_row, row_of
from streams.core.settings import resolve
from streams.core.state import DAY_MS, MOST_SAID, NEVER, REPLY_MS
from streams.core.tables import ACTIVITY, ALERTS, PUBLISHED, QUESTIONS, RISKS
from streams.core.tracked import Tracked
from streams.core.weights import shipped

IDLE_MS: Final = 3 * DAY_MS
"""A silent group's clock, moved by ticks alone, can be taken back this far when its next event comes: the slowest platforms
retry for three days, and a replay may be interrupted over a weekend."""
MOST_STEPS: Final = 20_000
"""Steps of a group that can be taken back: beyond that, the lateness bound is shortened for it."""
SOON_MEMBERS: Final = 2_000
"""So many changed members' rows are sent at once; more wait, that one who changes often is sent once …"""
MEMBERS_EVERY: Final = 5
"""… for so many checkpoints …"""
MOST_ROWS: Final = 5_000
"""… and leave at most so many at a time: at midnight all members' risks change at once."""
MOST_WOKEN: Final = 5_000
"""At midnight groups with so many members together are woken between two checkpoints, and more make the next one due: all at
once, their rows would fill the memory before they are sent, and leave holes: a week of 100,000 members left 26 MiB with four
times as many at a time, 15 with these, 13 with 2,000 (``bench.weeks``, core as source)."""
MOST_KEPT: Final = 64
"""A group with at most so many events that can still be taken back is saved with them: it need not be saved again before the
next one is a whole lag old. With more, the log's are read again, for they would be written at each save."""
MOST_RUN: Final = 1_024
"""So many events are put into the order of time at once …"""
LATEST: Final = 1_024
"""So many events, at least, and at most twice as many, are kept decoded: who comes a little late has them applied again."""
LEAST_RUN: Final = 16
"""… and so many where each may end a large group's day."""
FEW: Final = 16
"""Where one of many can't be read, so many are tried together, and only those among which it is are read one by one: at one in a
hundred that is a sixth of all."""


class Partition:
    """All groups of one partition (see :class:`streams.core.interface.PartitionState`)."""

    def __init__(self, number: int, config: Config, lag: Lag = Lag(), answers: AnswerModel | None = None) -> None:  # noqa: B008  # it is immutable
        self.answers: AnswerModel = AnswerModel(shipped("answers")) if answers is None else answers
        self.number: int = number
        self.config: Config = config
        self.groups: dict[str, Tracked] = {}
        self.generation: int = 0
        self.offset: int = -1
        self.lateness: int = round(config.worker.lateness_seconds * 1000)
        self._since: int = 0
        """Records applied since the last control record."""
        self._stopped: bool = False
        """Between two rests: what has not been told may not be, nor anything saved."""
        self._ticks: list[int] = []
        """Where ticks were, from the last one that the log may be read again from."""
        self._safe: int = -1
        """The offset of the last checkpoint."""
        self._begun: bool = False
        """A new generation was met that has not been saved yet."""
        self._stale: list[bytes] = []
        """Keys of what was found saved and nothing is made of any more: deleted with the next checkpoint."""
        self._now: int = 0
        self._unplaced: int = 0
        self._wakes: list[tuple[int, str]] = []
        """(tick time, group), a heap; entries that no longer count are skipped."""
        self._changed: list[Tracked] = []
        self._fresh: list[Tracked] = []
        self._run: int = MOST_RUN
        self._latest: list[Step] = []
        """The last events' steps, which still hold what was decoded."""
        self._arrived: list[Tracked] = []
        """The groups with events in the run at hand."""
        self._unsaved: dict[str, Tracked] = {}
        self._checkpoints: int = 0
        self._spare: int = 0
        """So much may be saved before it must be: see :attr:`Lag.spare`."""
        self._horizon: Horizon = Horizon(lag)
        self._members_sent: int = 0
        self._early: list[AnyResult] = []
        """Questions and alerts of groups that settled before anybody asked for them (forgotten, they can't be told later), and
        risks of days that events ended."""
        self._days_ended: int = 0
        """Members whose day ended, ever."""
        self._woken: int = 0
        """Those since the last checkpoint …"""
        self._behind: bool = False
        """Not all that was due could be saved."""
        self._held: list[Tracked] = []
        """… and the groups that wait for the next one; until then nothing is told of them."""

    def restore(self, entries: Iterable[tuple[bytes, bytes]]) -> None:
        """Take over what earlier checkpoints saved."""
        stored = list(entries)
        self.generation = saved.generation_in(stored)
        for name, chain in saved.chains(stored).items():
            tracked = self._track(name)
            tracked.chain = chain
            self._stale += chain.stale
            pending, kept = saved.load(chain, tracked.group.h, tracked.arrivals)
            tracked.pending = set(pending)
            if pending:
                tracked.need, tracked.since = min(pending), 0
                tracked.since_work = tracked.need  # at least
                self._unsaved[name] = tracked
                self._wake(tracked, 0)
            tracked.replay = [arrival_from(value, -1) for value in kept]
            if not pending:
                self._resume(tracked)

    def apply(self, records: Sequence[tuple[int, bytes | None]]) -> list[Bad]:
        """Apply (offset, value) records, run by run, up to one that ends many members' day.

        A run has no rest within it. Its events are looked at in offset order, for what is late must not depend on how records
        are cut into batches, but then applied group by group in the order of time.
        """
        bad: list[Bad] = []
        self._go(records, bad)
        self._stopped = bool(records) and self.offset < records[-1][0] and not is_rest(self._since)
        return bad

    def up_to_rest(self, records: Sequence[tuple[int, bytes | None]]) -> int:
        """Return how many of the next records should be applied before results are asked for.

        All of them where there are no ticks: nobody would wait for the next.
        """
        if self._now == 0 and not has_control(records):
            return len(records)
        return up_to_rest(records, self._since)

    def _go(self, records: Sequence[tuple[int, bytes | None]], bad: list[Bad]) -> None:
        offsets: list[int] = []
        values: list[bytes] = []
        for offset, value in records:
            if value is None or value.startswith(PREFIX):
                self._events(offsets, values, bad)
                if offsets and self._woken > MOST_WOKEN:
                    return
                offsets, values = [], []
                self._record(offset, value, bad)
                if self._woken > MOST_WOKEN:
                    return
            else:
                offsets.append(offset)
                values.append(value)
                if len(offsets) == self._run or is_rest(self._since + len(offsets)):
                    self._events(offsets, values, bad)
                    if self._woken > MOST_WOKEN:
                        return
                    offsets, values = [], []
        self._events(offsets, values, bad)

    def urgent(self) -> list[AnyResult]:
        """Return questions and alerts that changed since the last call."""
        results, self._early = self._early, []
        if self._stopped:
            return results
        fresh, self._fresh = self._fresh, []
        for tracked in fresh:
            if tracked.held:
                self._fresh.append(tracked)
                continue
            tracked.fresh = False
            self._urgent(results, tracked)
        return results

    def _urgent(self, results: list[AnyResult], tracked: Tracked) -> None:
        version = version_of(self.generation, self.offset)
        for table in (QUESTIONS, ALERTS):
            if tracked.group.h.news[table]:
                self._rows(results, tracked, table, version)

    def crowded(self) -> bool:
        """Whether the day has ended for so many members that their rows should be sent, or saving lags too far behind."""
        return self._woken > MOST_WOKEN or self._behind

    def checkpoint(self, *, final: bool = False, partitions: int = 1) -> Checkpoint:
        """Return the results that changed since the last checkpoint, and the state that is due to be saved.

        Between two rests: what may be told, and nothing to save.
        """
        self._days_ended += self._woken
        self._woken, held, self._held = 0, self._held, []
        if self._stopped:
            self._held = held
            results, self._early = self._early, []
            return Checkpoint(self._safe, results, [])
        self._checkpoints += 1
        members = 0
        for tracked in self.groups.values():
            members += len(tracked.group.h.people)
        whole = final or self._little_is_left()
        self._horizon.move(
            self.offset, self._work(), members, unsettled=self._unsettled(), whole=whole, partitions=partitions
        )
        for tracked in held:
            self._wake(tracked, self._now)
        results, self._early = self._early, []
        version = version_of(self.generation, self.offset)
        due = self._due(whole)
        waiting = self._publish_members(results, self._publish(results, version), version, final)
        saves: list[tuple[bytes, bytes | None]] = []
        if self._begun:
            saves.append(saved.generation_entry(self.number, self.generation))
            self._begun = False
        saves += [(key, None) for key in self._stale]
        self._stale = []
        for tracked in due:
            self._people(results, tracked, version)
            saves += self._save(tracked)
        for tracked in waiting:
            tracked.changed = True
        self._changed = waiting
        self._horizon.mark(self.offset, self._work())
        unplaced, self._unplaced = self._unplaced, 0
        need = min((tracked.need for tracked in self._unsaved.values()), default=NEVER)
        return Checkpoint(self._safe_with(need), results, saves, unplaced)

    def _unsettled(self) -> int:
        """Return how many records ago the first event came that can still be taken back, of the busy groups: of others little."""
        since = self._checkpoints - self._horizon.lag.silent
        first = self.offset
        for tracked in self._unsaved.values():
            if len(tracked.group.h.steps) > MOST_KEPT and tracked.touched >= since:
                event = _first_event(tracked.group.h)
                if event >= 0:  # else it is saved with its records, as before
                    first = min(first, event)
        return self.offset - first

    def _safe_with(self, need: int) -> int:
        """Return the offset that may be committed if the log is needed from ``need`` on: the one before a tick.

        So the next holder begins with a tick, and knows what time it is for every event.
        """
        need = min(need, self.offset + 1)
        place = bisect_right(self._ticks, need) - 1
        if place >= 0:
            self._safe = max(self._safe, self._ticks[place] - 1)
            del self._ticks[:place]
        elif not self._now:
            self._safe = max(self._safe, need - 1)
        return self._safe

    def _events(self, offsets: list[int], values: list[bytes], bad: list[Bad]) -> None:
        if not values:
            return
        events = decode_events(values)
        if events is None and len(values) > FEW:
            for at in range(0, len(values), FEW):
                self._events(offsets[at : at + FEW], values[at : at + FEW], bad)
                if self._woken > MOST_WOKEN:
                    return
            return
        if events is None:
            for i in range(len(values)):
                self._record(offsets[i], values[i], bad)
                if self._woken > MOST_WOKEN:
                    return
            return
        for i in range(len(events)):
            self.offset = offsets[i]
            self._since += 1
            self._event(Arrival(events[i], offsets[i], values[i]))
        self._place()
        self._run = LEAST_RUN if self._woken > MOST_WOKEN else min(2 * self._run, MOST_RUN)

    def _record(self, offset: int, value: bytes | None, bad: list[Bad]) -> None:
        record = decode_record(value)
        self.offset = offset
        self._since += 1
        if isinstance(record, Event):
            assert value is not None
            self._event(Arrival(record, offset, value))
            self._place()
        elif isinstance(record, Tick):
            self._since = 0
            self._ticks.append(offset)
            self._tick(record.now)
        elif isinstance(record, Generation):
            self._since = 0
            self._begin(record.number)
        elif isinstance(record, Erase):
            self._since = 0
            self._erase(record)
        else:
            assert isinstance(record, Refused)
            bad.append(Bad(offset, value, record))

    def _begin(self, generation: int) -> None:
        """The log was created anew: its offsets start over, so no fence of the old one holds any more."""
        if generation > self.generation:
            self.generation, self._begun = generation, True
            for tracked in self.groups.values():
                if tracked.pending or tracked.replay:
                    self._resume(tracked)
                tracked.chain.fence = -1
                for step in tracked.group.h.steps:
                    step.offset = -1
                    step.forget()
                if tracked.since >= 0:
                    tracked.need = -1  # what it has seen can't be read again: it is saved next
            self._horizon.forget()
            self._ticks, self._safe = [], -1

    def _erase(self, erase: Erase) -> None:
        """Take a person out of the groups that know them: where they were before, nothing late can be placed any more.

        What had not settled settles now, so that there is nothing to take back to.
        """
        names: set[str] = set()
        for tracked in self.groups.values():
            settings = tracked.group.settings
            if settings.platform != erase.platform or (erase.groups and settings.group_id not in erase.groups):
                continue
            if self.offset <= tracked.chain.fence:
                continue  # what was saved has it behind it
            if tracked.pending or tracked.replay:
                self._resume(tracked)
            if not erasing.concerns(tracked.group.h, erase):
                continue
            names |= erasing.names_of(tracked.group.h, erase)
            self._tell_all(tracked)
            self._settle_all(tracked, erase.at)
            tracked.group.h, tracked.arrivals = erasing.erased(tracked.group.h, tracked.arrivals, erase)
            tracked.chain.records = 0  # the next save is whole
            tracked.erased = True
            self._touch(tracked, self.offset)
            tracked.wake = NEVER
            self._schedule(tracked)
        self._early = erasing.untold(self._early, erase, names)
        self._forget(len(self._latest))

    def _tell_all(self, tracked: Tracked) -> None:
        h, version = tracked.group.h, version_of(self.generation, self.offset)
        for table in range(PUBLISHED):
            if h.news[table]:
                self._rows(self._early, tracked, table, version)
        self._people(self._early, tracked, version)

    def _settle_all(self, tracked: Tracked, at: int) -> None:
        h, arrivals = tracked.group.h, tracked.arrivals
        self._elapse(arrivals)
        arrivals.floor = max(arrivals.floor, at + 1)
        steps = h.settle(NEVER, 0)
        if steps:
            arrivals.settled(steps)
            arrivals.floor = max(arrivals.floor, steps[-1].ts + 1)

    def _track(self, name: str) -> Tracked:
        tracked = self.groups.get(name)
        if tracked is None:
            platform, _, group_id = name.partition("/")
            tracked = self.groups[name] = Tracked(name, Group(resolve(self.config, platform, group_id), self.answers))
        return tracked

    def _event(self, event: Arrival) -> None:
        offset = event.offset
        name = f"{event.platform}/{event.group_id}"
        tracked = self.groups.get(name)
        if tracked is None:
            tracked = self._track(name)
        if offset <= tracked.chain.fence:
            if offset in tracked.pending:
                self._read_again(tracked, event)
            return
        if tracked.pending or tracked.replay:
            self._resume(tracked)  # some of what it waited for is not in the log any more
        arrivals, ts = tracked.arrivals, event.ts
        if event.id in arrivals.recent:
            return
        if not 0 <= ts <= MAX_TS_MS or not 0 <= event.received_at <= MAX_TS_MS:
            self._unplaced += 1  # the gateway lets no such thing through; the sink says what is wrong with it
            return
        if ts < arrivals.max_ts - self.lateness or ts < arrivals.floor:
            self._late(tracked, event)
            return
        self._touch(tracked, offset)
        received = event.received_at
        arrivals.recent.add(event.id)
        # A clock that runs ahead may put its own events there, but must not make everyone else's late.
        placed = min(event.ts, received + self.lateness) if received else event.ts
        self._elapse(arrivals)
        if placed > arrivals.max_ts:
            arrivals.max_ts, arrivals.received_at = placed, received or self._now or placed
            arrivals.watermark = max(arrivals.watermark, placed)
        self._arrive(tracked, event)

    def _arrive(self, tracked: Tracked, event: Arrival) -> None:
        """Let an event wait for the end of the run; but the first after a midnight is applied by itself.

        So everybody comes to it, and its rows, as many as members, can be told at once.
        """
        if event.ts < tracked.group.h.head.due_days:
            if not tracked.arrived:
                self._arrived.append(tracked)
            tracked.arrived.append(event)
            return
        group = tracked.group
        group.insert(tracked.arrived, 0)
        tracked.arrived = []
        group.insert([event], 0)
        self._arrived.append(tracked)
        self._woken += len(group.h.people)
        if group.h.news[RISKS]:
            self._rows(self._early, tracked, RISKS, version_of(self.generation, self.offset))

    def _place(self) -> None:
        """Apply the events of a run where they belong in time, group by group."""
        for tracked in self._arrived:
            h, day = tracked.group.h, tracked.group.h.head.due_days
            tracked.group.insert(tracked.arrived, tracked.arrivals.watermark)
            tracked.arrived = []
            self._latest += h.latest
            h.latest.clear()
            tracked.held = False
            if day < NEVER and h.head.due_days != day:
                self._woken += len(h.people)
            if len(h.steps) > MOST_STEPS + MOST_STEPS // 4 and is_rest(self._since):
                self._urgent(self._early, tracked)
                self._settle(tracked)
            self._schedule(tracked)
        self._arrived.clear()
        if len(self._latest) >= 2 * LATEST:
            self._forget(len(self._latest) - LATEST)

    def _forget(self, count: int) -> None:
        """Keep no more than the records of the first of the latest events."""
        latest = self._latest
        for i in range(count):
            latest[i].forget()
        del latest[:count]

    def _late(self, tracked: Tracked, event: Arrival) -> None:
        arrivals = tracked.arrivals
        if arrivals.was_settled(event.ts, event.id):
            return
        if event.ts < arrivals.floor:
            self._unplaced += 1
            return
        arrivals.came_late(event.ts, event.id)
        tracked.group.h.group_changed = True
        self._touch(tracked, event.offset)

    def _touch(self, tracked: Tracked, offset: int) -> None:
        tracked.need = min(tracked.need, offset)
        tracked.touched = self._checkpoints
        self._change(tracked)

    def _change(self, tracked: Tracked) -> None:
        if tracked.since < 0:
            self._begin_unsaved(tracked)
        if not tracked.changed:
            tracked.changed = True
            self._changed.append(tracked)
        if not tracked.fresh:
            tracked.fresh = True
            self._fresh.append(tracked)

    def _begin_unsaved(self, tracked: Tracked) -> None:
        tracked.since, tracked.since_work = self._checkpoints, self._work()
        self._unsaved[tracked.name] = tracked

    def _work(self) -> int:
        """Return how much has been done in all, in events."""
        return self.offset + self._days_ended + self._woken

    def _elapse(self, arrivals: Arrivals) -> None:
        """Move the watermark on by the time that has passed."""
        if arrivals.received_at:
            arrivals.watermark = max(arrivals.watermark, arrivals.max_ts + self._now - arrivals.received_at)

    def _schedule(self, tracked: Tracked) -> None:
        """See to it that a tick wakes the group when its next timer is due."""
        due = next_due(tracked.group.h.head)
        arrivals = tracked.arrivals
        wake = due - arrivals.max_ts + arrivals.received_at if due < NEVER else NEVER
        if wake < tracked.wake:
            self._wake(tracked, wake)

    def _wake(self, tracked: Tracked, at: int) -> None:
        tracked.wake = at
        heappush(self._wakes, (at, tracked.name))

    def _tick(self, now: int) -> None:
        self._now = max(self._now, now)
        wakes = self._wakes
        while wakes and wakes[0][0] <= self._now:
            wake, name = heappop(wakes)
            tracked = self.groups[name]
            if wake != tracked.wake:
                continue
            tracked.wake = NEVER
            if tracked.pending or tracked.replay:
                if self.offset <= tracked.chain.fence:
                    self._wake(tracked, self._now + 1_000)  # it is still being read again
                    continue
                self._resume(tracked)
            self._elapse(tracked.arrivals)
            head, watermark = tracked.group.h.head, tracked.arrivals.watermark
            if head.due_days <= watermark:
                if self._woken > MOST_WOKEN and min(head.due_questions, head.due_activity) > watermark:
                    self._held.append(tracked)
                    tracked.held = True
                    continue
                self._change(tracked)  # before it counts as work that is not saved
                self._woken += len(tracked.group.h.people)
            tracked.held = False
            if next_due(head) <= watermark:
                tracked.need = min(
                    tracked.need, self.offset
                )  # told, and maybe taken back: the next holder must come here
                self._change(tracked)
                tracked.group.advance(watermark)
            self._schedule(tracked)

    def _read_again(self, tracked: Tracked, event: Arrival) -> None:
        tracked.pending.discard(event.offset)
        tracked.replay.append(event)
        if not tracked.pending:
            self._resume(tracked)

    def _resume(self, tracked: Tracked) -> None:
        """Go on where the state was saved: with the events that could still be taken back then."""
        tracked.pending.clear()
        arrivals, group = tracked.arrivals, tracked.group
        for event in tracked.replay:
            arrivals.recent.add(event.id)
        if tracked.replay:
            self._change(tracked)
        group.insert(tracked.replay, arrivals.watermark)
        self._latest += group.h.latest
        group.h.latest.clear()
        self._forget(max(0, len(self._latest) - LATEST))
        tracked.replay = []
        self._schedule(tracked)

    def _publish(self, results: list[AnyResult], version: int) -> list[Tracked]:
        """Add the rows that changed but for members'; return the groups whose members changed."""
        waiting: list[Tracked] = []
        for tracked in self._changed:
            if tracked.held:
                waiting.append(tracked)
                continue
            h = tracked.group.h
            for table in range(PUBLISHED):
                if h.news[table]:
                    self._rows(results, tracked, table, version)
            if h.group_changed:
                h.group_changed = False
                results.append(group_row(h, tracked.group.settings, tracked.arrivals.late, version))
            tracked.changed = False
            if h.changed_people:
                waiting.append(tracked)
            self._settle(tracked)
        return waiting

    def _publish_members(
        self, results: list[AnyResult], changed: list[Tracked], version: int, final: bool
    ) -> list[Tracked]:
        """Add members' rows, those that have waited longest first; return the groups that have to wait on."""
        many = 0
        for tracked in changed:
            many += len(tracked.group.h.changed_people)
        if not final and many > SOON_MEMBERS and self._checkpoints - self._members_sent < MEMBERS_EVERY:
            return changed
        sent = 0
        waiting: list[Tracked] = []
        for place, tracked in enumerate(changed):
            if sent > MOST_ROWS and not final:
                return waiting + changed[place:]
            if tracked.held:
                waiting.append(tracked)
                continue
            sent += len(tracked.group.h.changed_people)
            self._people(results, tracked, version)
        self._members_sent = self._checkpoints
        return waiting

    def _rows(self, results: list[AnyResult], tracked: Tracked, table: int, version: int) -> None:
        h, settings = tracked.group.h, tracked.group.settings
        keys: list[Any] = list(h.news[table])
        keys.sort()
        if table == RISKS:
            keys = [key for key in keys if not key[0].startswith(erasing.PREFIX)]
        results += [row_of(h, settings, table, key, version) for key in keys]
        h.news[table].clear()
        if table >= ACTIVITY:
            h.tables[table].clear()  # nothing asks for them again

    def _people(self, results: list[AnyResult], tracked: Tracked, version: int) -> None:
        h = tracked.group.h
        if not h.changed_people:
            return
        settings = tracked.group.settings
        known = [user for user in sorted(h.changed_people) if not user.startswith(erasing.PREFIX)]
        results += [member_row(h, settings, user, version) for user in known]
        h.changed_people.clear()

    def _little_is_left(self) -> bool:
        """Whether so little is unsaved that all of it may be saved now."""
        lag = self._horizon.lag
        self._spare = min(self._spare + lag.spare, lag.little)
        entries = 0
        for tracked in self._unsaved.values():
            entries += 1 + self._entries(tracked)
            if entries > self._spare:
                return False
        self._spare -= entries
        return True

    def _entries(self, tracked: Tracked) -> int:
        """Return what saving a group costs: see :attr:`Lag.entries`."""
        h = tracked.group.h
        people = h.people if tracked.chain.needs_base(self._horizon.lag.compaction) else h.unsaved_people
        return len(h.steps) // 8 + len(people)

    def _due(self, whole: bool) -> list[Tracked]:
        """Return the groups to save now: those that held back the commit too long, and those that have fallen silent."""
        self._behind = False
        if whole:
            return [tracked for tracked in self._unsaved.values() if not tracked.held]
        horizon, lag, now = self._horizon, self._horizon.lag, self._checkpoints
        idle = horizon.begun() and not any(tracked.touched >= now - 2 for tracked in self._changed)
        due: list[Tracked] = []
        steps = entries = 0
        for tracked in self._unsaved.values():
            if tracked.held:
                continue
            late = horizon.is_past(tracked.need, tracked.since_work)
            if entries > lag.entries:
                if late:
                    self._behind = True
                    break
                continue
            if late or tracked.erased or now - tracked.since > lag.checkpoints:
                due.append(tracked)
            elif (idle or now - tracked.touched > lag.silent) and steps < lag.steps:
                steps += len(tracked.group.h.steps)
                due.append(tracked)
            else:
                continue
            entries += self._entries(tracked)
        return due

    def _save(self, tracked: Tracked) -> list[tuple[bytes, bytes | None]]:
        if tracked.pending:
            return []  # not read yet: what is stored still holds
        h, arrivals, chain = tracked.group.h, tracked.arrivals, tracked.chain
        self._elapse(arrivals)
        quiet = self._checkpoints - tracked.touched > 2 or len(h.steps) <= MOST_KEPT  # noqa: PLR2004  # see _due
        # What was saved whole once needs the log no more, and the log may be committed past it by now.
        read_again = max(self._horizon.offset, self._safe)
        # Where some have to be kept all are: of those that come next some would have to be at the next checkpoint, and the next.
        quiet = quiet or _first_event(h) <= max(read_again, self._horizon.soon)
        pending: list[int] = []
        kept: list[bytes] = []
        for step in h.steps:
            if step.kind == EVENT:
                if step.offset > read_again and not quiet:
                    pending.append(step.offset)
                else:
                    kept.append(step.value)
        whole = chain.needs_base(self._horizon.lag.compaction)
        payload = saved.save(h, arrivals, whole=whole, fence=self.offset, pending=pending, kept=kept)
        tracked.need = min(pending, default=NEVER)
        tracked.since, tracked.erased = -1, False
        del self._unsaved[tracked.name]
        if pending:
            # Not to be saved again for their sake before the log would have to be read from too far back.
            self._begin_unsaved(tracked)
        return chain.write(self.number, tracked.name, payload, whole=whole, fence=self.offset)

    def _settle(self, tracked: Tracked) -> None:
        """Forget how to take back what can't be any more, and what nothing will ask for again."""
        h, arrivals = tracked.group.h, tracked.arrivals
        self._elapse(arrivals)
        arrivals.floor = max(arrivals.floor, arrivals.watermark - IDLE_MS)
        before = max(arrivals.max_ts - self.lateness, arrivals.floor)
        steps = h.settle(before, MOST_STEPS)
        if not steps:
            return
        arrivals.settled(steps)
        if steps[-1].ts >= before:
            arrivals.floor = max(arrivals.floor, steps[-1].ts + 1)
        h.forget_said(before - REPLY_MS, h.head.messages - MOST_SAID - len(h.steps))
        arrivals.shorten(self.lateness)


def _first_event(h: History) -> int:
    """Return the offset of the first event that can still be taken back; -1: an event that has been saved."""
    for step in h.steps:
        if step.kind == EVENT:
            return step.offset
    return NEVER
