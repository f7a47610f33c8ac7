"""The loop around the core: batches in, results out, state saved, offsets released; no Faust in here.

What makes it safe, in the order in which it happens:

1. A batch is applied to the partition's in-memory state, up to the last place in it where results may be told (see
   :mod:`streams.core.rests`); the rest waits for what comes. Dead letters and urgent results go out within the outbox's linger.
2. A checkpoint takes, in one step without awaiting, everything that changed since the last one, and goes on in the
   background: its results, and everything sent before, must be acknowledged; then its saves are written, each with
   the epoch of this holder; when they are acknowledged too, the offsets that are safe with them may be committed
   (the state says which: it saves busy groups rarely, so they may lie far behind what was applied).
3. Saves must lie one behind the other in the changelog. A barrier between them, even that of a worker that is long dead,
   would have the next holder ignore them (see :mod:`streams.saves`).
4. Whatever fails ends the process: nothing was committed that is not saved, and the next holder repeats the rest.
   Results are absolute and saves are fenced by offset, so the repetition changes nothing.

A partition is held in one assignment (its *generation*) at a time. When a rebalance begins, checkpoints under way get a
moment to end (:meth:`Loop.suspend`); after it, the state of a partition that is ours again is kept if its changelog shows
that nobody wrote meanwhile, and built anew from what was saved otherwise. Records that a kept state has applied come
again, from the committed offset on, and are passed over. A checkpoint that finds its partition gone gives up without
releasing offsets.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from typing import Final, NamedTuple, Protocol, TypeVar, get_args

import msgspec
from prometheus_client import Counter

from huoqun import codec, log, topics
from huoqun.clock import now_ms
from huoqun.control import ERASE_KEY, PREFIX, Erase, Tick
from huoqun.deadletter_limit import DeadLetterLimit
from huoqun.results import Alert, AnyResult, Member, Question
from streams import memory, metrics
from streams.core.interface import Bad, Checkpoint, PartitionState
from streams.deadletters import letter, letter_key, reason_kind
from streams.saves import Known, Recovered

_log = log.get(__name__)

_T = TypeVar("_T")
Records = Sequence[tuple[int, bytes | None]]
"""(offset, value), in the order of offsets."""

TICK_PREFIX: Final = codec.encode(Tick(now=0)).partition(b'"now"')[0]
"""How the value of every tick begins: looked for without decoding."""

ERASE_PREFIX: Final = codec.encode(Erase(id="", at=0, platform="", users=())).partition(b'"id"')[0]
"""Likewise of every erasure."""

_TICK_MOST: Final = 128
"""A tick is shorter than this; most events are not."""

DEADLETTER_PARTITION: Final = 0
"""Dead letters are few: their topic has one partition."""

SUSPEND_SECONDS: Final = 3.0
"""What a rebalance gives the checkpoints under way; less than a session."""

CATCH_UP_SECONDS: Final = 15.0
"""How long a checkpoint may wait while restored states catch up (see :attr:`Slot.until`)."""

_RESULTS_AT_ONCE: Final = 1000
"""Results that are queued before others get the event loop: some two milliseconds' work."""
_SAVES_AT_ONCE: Final = 50


class Written(Protocol):
    """What the broker says of acknowledged records."""

    @property
    def last(self) -> int:
        """Where the last of them is in its partition; -1: not known."""


class OvertakenError(Exception):
    """Saves do not lie behind those before: somebody else wrote between them, or the broker does not say where they are.

    If that was a barrier, nobody will ever read them, and no offset may be released with them.
    """


class PoisonedError(Exception):
    """Nothing in the log can be read any more: a person has to act before all of it is put aside."""


class Ports(Protocol):
    """What the loop needs of the world."""

    def put(
        self, topic: str, partition: int, records: Iterable[tuple[bytes, bytes | None]], *, epoch: int | None = None
    ) -> Iterable[Awaitable[Written]]:
        """Queue records in order; what is returned is done when all replicas have them, or raises. Never waits.

        ``topic`` is its full name. Without :meth:`flush` they leave after a short while.
        """

    def flush(self) -> None:
        """Let what was put leave now."""

    async def room(self) -> None:
        """Wait while too much is on its way."""

    def holds(self, partition: int, generation: int) -> bool:
        """Return whether the partition is still held in the assignment ``generation``."""

    def owns(self, partition: int, generation: int) -> bool:
        """Return whether it is, or was until the rebalance under way, and nobody else can hold it yet."""

    def end(self, partition: int) -> int:
        """Return the end of the partition's log, as the last fetch told it; 0: not known."""

    async def recover(self, partition: int, known: Known | None) -> Recovered:
        """Become the holder of what is saved of a partition, and return it (see :func:`streams.saves.recover`)."""

    def release(self, partition: int, offset: int, generation: int) -> None:
        """Let offsets up to ``offset`` be committed."""


class Incoming(NamedTuple):
    """One batch as it came from the transport."""

    partition: int
    generation: int
    records: Records
    key_at: Callable[[int], bytes | None]


class Limits(NamedTuple):
    """When a checkpoint is due: this long after the first record it covers or the last one, or after so many records.

    After ``bad`` records in a row that nobody can use the process ends; 0: never.
    """

    seconds: float
    events: int
    bad: int = 1_000


class Slot:
    """One partition in one assignment."""

    def __init__(
        self, partition: int, generation: int, known: Known, state: PartitionState, limit: int, applied: int = -1
    ) -> None:
        self.partition = partition
        self.generation = generation
        self.known: Known | None = known
        """What it has written to its changelog; ``None`` once that is not certain any more."""
        self.epoch = known.epoch
        self.state = state
        self.applied = applied
        self.released = -1
        """The last offset that may be committed."""
        self.waiting = 0
        """Records applied since the last checkpoint began."""
        self.since = 0.0
        """When the first of them was applied, or the last checkpoint began that left some unsaved (monotonic seconds)."""
        self.sends: dict[Awaitable[Written], None] = {}
        """What was put since the last checkpoint began, once each."""
        self.queued: asyncio.Event = asyncio.Event()
        """The results of the last checkpoint are put, all: nothing newer may overtake them."""
        self.queued.set()
        self.waits: list[Incoming] = []
        """Records that were taken, and will be applied when a place follows where results may be told."""
        self.busy = False
        """Between applying a batch and having queued what it sent: no checkpoint may begin."""
        self.checkpoint: asyncio.Task[None] | None = None
        self.limit = DeadLetterLimit(limit)
        self.until: int | None = -1
        """The last offset of the log when the state had been restored; ``None``: nothing has come since.

        Up to there another holder was, or could have been: what is urgent goes first, and results and saves that the next
        event replaces are not made. With more than a checkpoint's records to go it is -1: nobody waits for so many.
        """

    @property
    def catching_up(self) -> bool:
        """Whether what the log held when the state was restored is still coming."""
        taken = self.waits[-1].records[-1][0] if self.waits else self.applied
        return self.until is not None and taken < self.until

    @property
    def whole(self) -> bool:
        """Whether the state and its changelog agree: what one counts as saved is in the other."""
        return self.known is not None and self.checkpoint is None and not self.busy

    def due(self, now: float, limits: Limits) -> bool:
        """Return whether a checkpoint should begin."""
        if self.busy or self.checkpoint is not None or self.applied == self.released:
            return False
        return self.waiting >= limits.events or now - self.since >= limits.seconds or self.state.crowded()

    def meet(self, first: int, end: int, limits: Limits) -> None:
        """Note how far there is to go from the ``first`` record after a restore to the log's ``end``."""
        if self.until is None:
            self.until = end - 1 if end - first <= limits.events else -1


class Loop:
    """All partitions of this worker. Lives on one event loop; state is only touched between awaits."""

    def __init__(self, prefix: str, make_state: Callable[[int], PartitionState], ports: Ports, limits: Limits) -> None:
        self._events = topics.full_name(prefix, topics.EVENTS)
        self._deadletter = topics.full_name(prefix, topics.DEADLETTER)
        self._changelog = topics.state_topic(prefix)
        self._routes = {kind: _route(prefix, kind) for kind in get_args(AnyResult)}
        self._make_state = make_state
        self._ports = ports
        self._limits = limits
        self._patient = limits._replace(seconds=max(limits.seconds, CATCH_UP_SECONDS))
        self._slots: dict[int, Slot] = {}
        self._kept: dict[int, Slot] = {}
        """Those of the assignment before, whose state may still hold."""
        self._restoring = asyncio.Lock()
        self._preparing: asyncio.Task[None] | None = None
        self._restored: dict[int, asyncio.Event] = {}
        self._wanted = -1
        """The partition whose state is waited for: it is restored next."""
        self._tasks: set[asyncio.Task[None]] = set()
        self._taking = asyncio.Lock()
        self._closing = False
        self.failure: BaseException | None = None
        """Why the process must end. Once it is set no batch is applied and no checkpoint begins: Faust starts an agent
        that failed anew, behind the batch it failed on."""
        self.last_tick: dict[int, float] = {}
        """Partition -> monotonic seconds when a tick was last seen."""
        self.last_batch: dict[int, float] = {}
        """Partition -> monotonic seconds when records were last applied."""

    @property
    def applied(self) -> dict[int, int]:
        """Partition -> the last offset applied."""
        return {partition: slot.applied for partition, slot in self._slots.items()}

    async def take(self, batch: Incoming) -> None:
        """Apply one batch; raises whatever must end the process."""
        self.raise_failure()
        try:
            if await self._held(batch.partition, batch.generation):
                async with self._taking:
                    await self._take(batch)
        except BaseException as error:
            self.failure = self.failure or error
            raise

    async def _held(self, partition: int, generation: int) -> bool:
        """Wait for the partition's state; return whether the partition is (still) held."""
        if partition not in self._slots and self._preparing is not None:
            self._wanted = partition
            restored = asyncio.ensure_future(self._restored.setdefault(partition, asyncio.Event()).wait())
            await asyncio.wait([self._preparing, restored], return_when=asyncio.FIRST_COMPLETED)
            restored.cancel()
            self.raise_failure()
        if not self._ports.holds(partition, generation):
            return False
        await self._slot(partition, generation)
        return True

    async def _take(self, batch: Incoming) -> None:
        if not batch.records or not self._ports.holds(batch.partition, batch.generation):
            return
        slot = self._slots.get(batch.partition)
        if slot is None or slot.generation != batch.generation:
            return
        slot.meet(batch.records[0][0], self._ports.end(batch.partition), self._limits)
        if batch.records[0][0] <= slot.applied:  # a kept state has them already
            batch = batch._replace(records=[record for record in batch.records if record[0] > slot.applied])
        batches = [*slot.waits, batch] if slot.waits else [batch]
        records, key_at = _joined(batches)
        count = slot.state.up_to_rest(records)
        slot.waits = _after(batches, count)
        if count < len(records):
            records = records[:count]
        while records:
            if slot.checkpoint is not None and (slot.waiting >= 2 * self._limits.events or slot.state.crowded()):
                await slot.checkpoint  # the broker is slower than we are: don't pile up
                self.raise_failure()
                self.begin_due(time.monotonic())
            if self._closing or not self._ports.holds(slot.partition, slot.generation) or not self._current(slot):
                return
            if records[0][0] <= slot.applied:  # the state stopped between them
                records = [record for record in records if record[0] > slot.applied]
            await self._apply(slot, records, key_at)
            self.begin_due(time.monotonic())
            if slot.applied >= records[-1][0]:
                return

    async def _apply(self, slot: Slot, records: Records, key_at: Callable[[int], bytes | None]) -> None:
        began = time.monotonic()
        slot.busy = True
        try:
            bad = slot.state.apply(records)
            if slot.applied == slot.released:
                slot.since = began
            slot.applied = slot.state.offset
            if slot.applied < records[-1][0]:
                records = [record for record in records if record[0] <= slot.applied]
            slot.waiting += len(records)
            self._judge(slot, records, bad)
            urgent = slot.state.urgent()
            controls = [value for _, value in records if value is not None and value.startswith(PREFIX)]
            self._note(slot.partition, len(records), controls, began)
            for found in bad:
                self._bury(slot, found, key_at(found.offset))
            if urgent:
                await slot.queued.wait()
                self._put_results(slot, slot.sends, urgent)
            erasures = [value for value in controls if value.startswith(ERASE_PREFIX)]
            if erasures:
                await slot.queued.wait()
                self._pass_on(slot, erasures)
            await self._ports.room()
        finally:
            slot.busy = False

    def begin_due(self, now: float) -> None:
        """Begin the checkpoint that has been due for longest; call often, also when nothing comes in.

        One at a time: each takes its state in one step, and several in a row would keep everybody else from the event loop.
        While states are restored and catch up, all wait: with more partitions than before each may lag less, and what that has
        saved at once, of all of them, would stand between the dead one's partitions and their next event.
        """
        if self.failure is not None:
            return
        catching_up = not self.prepared or any(slot.catching_up for slot in self._slots.values())
        limits = self._patient if catching_up else self._limits
        due = [slot for slot in self._slots.values() if slot.due(now, limits) and self._current(slot)]
        if due:
            self._begin(min(due, key=lambda slot: slot.since))

    async def finish(self) -> None:
        """Checkpoint everything and wait for it: the end of a worker that stops in peace. Batches are ignored now."""
        self._closing = True
        self._unprepare()
        async with self._taking:
            await self._settle()
            self.raise_failure()
            for slot in self._slots.values():
                if slot.applied > slot.released and self._current(slot):
                    self._begin(slot, final=True)
            await self._settle()
            self.raise_failure()

    async def suspend(self) -> None:
        """The assignment ends: let checkpoints under way end, for a moment, and keep the states that are whole then."""
        self._unprepare()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(SUSPEND_SECONDS), self._taking:
                await self._settle()
        kept = dict(self._kept)  # those that were not looked at again since the rebalance before
        if self.failure is None:
            kept |= {p: slot for p, slot in self._slots.items() if slot.whole}
        self.drop()
        self._kept = kept

    def resume(self, partitions: Iterable[int], generation: int) -> None:
        """A new assignment: restore the states of its partitions, one after the other, in the background."""
        mine = sorted(partitions, key=lambda partition: (partition not in self._kept, partition))  # those go on at once
        gone = [p for p in self._kept if p not in mine]
        for partition in gone:
            del self._kept[partition]
        if gone:
            memory.forget()
        self._unprepare()
        self._preparing = asyncio.create_task(self._prepare(mine, generation), name="restore")

    @property
    def prepared(self) -> bool:
        """Whether all states of the assignment are restored."""
        return self._preparing is None or self._preparing.done()

    def drop(self) -> None:
        """Forget all states: the assignment is over. Running checkpoints notice it by themselves."""
        self._slots.clear()
        self._kept.clear()
        self.last_tick.clear()
        self.last_batch.clear()

    def raise_failure(self) -> None:
        """Raise what a checkpoint in the background failed with."""
        if self.failure is not None:
            raise self.failure

    async def _prepare(self, partitions: Sequence[int], generation: int) -> None:
        try:
            left = list(partitions)
            while left:
                partition = self._wanted if self._wanted in left else left[0]
                left.remove(partition)
                if self._ports.owns(partition, generation):
                    await self._slot(partition, generation)
                if partition in self._restored:
                    self._restored.pop(partition).set()
        except Exception as error:  # noqa: BLE001  # it ends the process, where failures are looked at
            self.failure = self.failure or error

    def _unprepare(self) -> None:
        if self._preparing is not None:
            self._preparing.cancel()
            self._preparing = None

    async def _slot(self, partition: int, generation: int) -> Slot:
        slot = self._slots.get(partition)
        if slot is not None and slot.generation == generation:
            return slot
        async with self._restoring:
            slot = self._slots.get(partition)
            if slot is not None and slot.generation == generation:
                return slot
            began = time.monotonic()
            kept = self._kept.get(partition)
            known, entries = await self._ports.recover(partition, kept.known if kept is not None else None)
            self._kept.pop(partition, None)
            if kept is not None and entries is None:
                slot = Slot(partition, generation, known, kept.state, self._limits.bad, kept.applied)
                slot.sends, slot.waiting, slot.since = kept.sends, kept.waiting, began
            else:
                kept = None  # its memory is needed
                state = self._make_state(partition)
                with memory.filling():
                    state.restore(entries or ())
                slot = Slot(partition, generation, known, state, self._limits.bad)
                slot.until = None
            source, seconds = "changelog" if kept is None else "memory", time.monotonic() - began
            metrics.RESTORES.labels(source).inc()
            metrics.RESTORE_SECONDS.observe(seconds)
            _log.info("state restored", partition=partition, source=source, seconds=round(seconds, 2))
            if self._ports.owns(partition, generation):
                self._slots[partition] = slot
            return slot

    def _note(self, partition: int, count: int, controls: Sequence[bytes], began: float) -> None:
        now = time.monotonic()
        metrics.EVENTS.inc(count)
        metrics.BATCHES.inc()
        metrics.BATCH_SECONDS.observe(now - began)
        self.last_batch[partition] = now
        if any(map(_is_tick, controls)):
            self.last_tick[partition] = now
            metrics.LAST_TICK.labels(partition).set(now_ms() / 1000)

    def _judge(self, slot: Slot, records: Records, bad: Sequence[Bad]) -> None:
        """Raise :class:`PoisonedError` when nothing but bad records has come for long; ticks say nothing of who writes events."""
        if not bad:
            if not all(_is_tick(value) for _, value in records):  # ends with the first that is none
                slot.limit.good()
            return
        refused = {found.offset: found.refused for found in bad}
        for offset, value in records:
            if offset not in refused:
                if not _is_tick(value):
                    slot.limit.good()
            elif slot.limit.bad():
                why = refused[offset]
                raise PoisonedError(
                    f"{self._events}[{slot.partition}] at offset {offset}: {self._limits.bad:,} records in a row can't be used, "
                    f"the last because {why.where}: {why.why}. This batch is not committed. Who writes them? "
                    "huoqun dlq list --summary; to let them through: kafka.bad_in_a_row = 0"
                )

    def _bury(self, slot: Slot, bad: Bad, key: bytes | None) -> None:
        dead = letter(bad, topic=self._events, partition=slot.partition, key=key, at=now_ms())
        slot.sends.update(
            dict.fromkeys(
                self._ports.put(self._deadletter, DEADLETTER_PARTITION, [(letter_key(dead), codec.encode(dead))])
            )
        )
        metrics.DEAD_LETTERS.labels(reason_kind(bad)).inc()

    def _pass_on(self, slot: Slot, erasures: Sequence[bytes]) -> None:
        """Let erasures follow what was told before them, to where people are in it."""
        for topic in dict.fromkeys(self._routes[kind].topic for kind in (Question, Alert, Member)):
            slot.sends.update(
                dict.fromkeys(self._ports.put(topic, slot.partition, [(ERASE_KEY, value) for value in erasures]))
            )

    def _put_results(self, slot: Slot, sends: dict[Awaitable[Written], None], results: Sequence[AnyResult]) -> None:
        by_kind: dict[type, list[AnyResult]] = {}
        for result in results:
            by_kind.setdefault(type(result), []).append(result)
        encode = codec.encode
        for kind, found in by_kind.items():
            route = self._routes[kind]
            records = [(result.key().encode(), encode(result)) for result in found]
            sends.update(dict.fromkeys(self._ports.put(route.topic, slot.partition, records)))
            route.sent.inc(len(found))

    def _begin(self, slot: Slot, *, final: bool = False) -> None:
        checkpoint = slot.state.checkpoint(final=final, partitions=len(self._slots))
        metrics.UNPLACED.inc(checkpoint.unplaced)
        sends, slot.sends = slot.sends, {}
        slot.queued.clear()
        slot.waiting, slot.since = 0, time.monotonic()
        task = asyncio.create_task(self._complete(slot, checkpoint, sends), name="checkpoint")
        slot.checkpoint = task
        self._tasks.add(task)

        def done(task: asyncio.Task[None]) -> None:
            self._tasks.discard(task)
            slot.checkpoint = None
            error = None if task.cancelled() else task.exception()
            if error is not None and self.failure is None:
                self.failure = error

        task.add_done_callback(done)

    async def _complete(self, slot: Slot, checkpoint: Checkpoint, sends: dict[Awaitable[Written], None]) -> None:
        began = time.monotonic()
        try:
            for some in _chunks(checkpoint.results, _RESULTS_AT_ONCE):
                self._put_results(slot, sends, some)
                await self._others()
        finally:
            slot.queued.set()
        checkpoint.results.clear()
        self._ports.flush()
        for sent in sends:
            await sent
        known, slot.known = slot.known, None  # until all of them are acknowledged
        writes: dict[Awaitable[Written], None] = {}
        for saves in _chunks(checkpoint.saves, _SAVES_AT_ONCE):
            if not self._current(slot):
                break
            writes.update(dict.fromkeys(self._ports.put(self._changelog, slot.partition, saves, epoch=slot.epoch)))
            await self._others()
        self._ports.flush()
        written = [(await write).last for write in writes]
        if not self._current(slot):
            metrics.CHECKPOINTS.labels("abandoned").inc()
            return
        if known is None or (written and max(written) != known.last + len(checkpoint.saves)):
            raise OvertakenError(f"somebody else may have written to the state of partition {slot.partition}")
        slot.known = known._replace(last=max(written, default=known.last))
        if checkpoint.offset > slot.released:
            slot.released = checkpoint.offset
            self._ports.release(slot.partition, checkpoint.offset, slot.generation)
        metrics.SAVES.inc(len(checkpoint.saves))
        metrics.CHECKPOINTS.labels("saved").inc()
        metrics.CHECKPOINT_SECONDS.observe(time.monotonic() - began)

    async def _others(self) -> None:
        """Give others the event loop, and the broker time."""
        await asyncio.sleep(0)
        await self._ports.room()

    def _current(self, slot: Slot) -> bool:
        return self._slots.get(slot.partition) is slot and self._ports.owns(slot.partition, slot.generation)

    async def _settle(self) -> None:
        while self._tasks:
            await asyncio.wait(set(self._tasks))


def _is_tick(value: bytes | None) -> bool:
    return value is not None and len(value) < _TICK_MOST and value.startswith(TICK_PREFIX)


def _joined(batches: Sequence[Incoming]) -> tuple[Records, Callable[[int], bytes | None]]:
    """Return the records of batches that follow each other, and what finds their keys."""
    if len(batches) == 1:
        return batches[0].records, batches[0].key_at

    def key_at(offset: int) -> bytes | None:
        holder = next(batch for batch in reversed(batches) if batch.records and batch.records[0][0] <= offset)
        return holder.key_at(offset)

    return [record for batch in batches for record in batch.records], key_at


def _after(batches: Iterable[Incoming], count: int) -> list[Incoming]:
    """Return what is left of batches without their first ``count`` records."""
    left: list[Incoming] = []
    for batch in batches:
        if count < len(batch.records):
            left.append(batch._replace(records=batch.records[count:]) if count else batch)
        count = max(0, count - len(batch.records))
    return left


class _Route(NamedTuple):
    topic: str
    sent: Counter


def _route(prefix: str, kind: type[msgspec.Struct]) -> _Route:
    tag = kind.__struct_config__.tag
    assert isinstance(tag, str)
    name = topics.TOPIC_OF_RECORD[tag]
    return _Route(topics.full_name(prefix, name), metrics.RESULTS.labels(name))


def _chunks(items: Sequence[_T], size: int) -> Iterator[Sequence[_T]]:
    for at in range(0, len(items), size):
        yield items[at : at + size]
