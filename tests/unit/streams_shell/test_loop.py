"""The loop around the core, with a world that can be slowed down, broken and taken away."""
# ruff: noqa: ARG002  # the world answers a protocol

import asyncio
import json
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Sequence
from typing import Any

import pytest

from huoqun import codec, topics
from huoqun.control import Tick
from streams.agent import CATCH_UP_SECONDS, Incoming, Limits, Loop, OvertakenError, PoisonedError
from streams.core.interface import Bad, PartitionState
from streams.outbox import Written
from streams.saves import Known, Recovered
from tests.support.toy_worker import ToyPartition

CHANGELOG = topics.state_topic("p")
GROUPS = "p.groups"
ALERTS = "p.alerts"
LAZY_GROUP = "c"
"""The toy state saves it at every third checkpoint only."""


class World:
    """Records what happens in order; acknowledgements to a topic can be held back, refused, or the partition lost."""

    def __init__(self) -> None:
        self.log: list[tuple[str, Any]] = []
        self.held: set[str] = set()
        self.refused: set[str] = set()
        self.waiting: list[tuple[str, asyncio.Future[Written], int]] = []
        self.generation = 1
        self.store: dict[int, dict[bytes, bytes]] = {}
        self.sent = 0
        self.saved: Counter[int] = Counter()
        """Records in each partition of the changelog; the offset of the last one is as many."""
        self.flushed = 0
        self.free = asyncio.Event()
        self.free.set()
        self.recoveries: list[tuple[int, Known | None]] = []
        self.recoverable = asyncio.Event()
        self.recoverable.set()
        self.foreign: set[int] = set()
        """Partitions that others wrote to while we did not hold them."""
        self.ends: dict[int, int] = {}
        """Where logs end, if we know it."""

    def put(
        self, topic: str, partition: int, records: Iterable[tuple[bytes, bytes | None]], *, epoch: int | None = None
    ) -> list[Awaitable[Written]]:
        puts: list[Awaitable[Written]] = []
        for key, value in records:
            self.sent += 1
            self.log.append((f"send {topic}", (partition, key, epoch)))
            if topic == CHANGELOG and topic not in self.refused and value is not None:
                self.store.setdefault(partition, {})[key] = value
            self.saved[partition] += topic == CHANGELOG
            last = self.saved[partition] if topic == CHANGELOG else self.sent
            future: asyncio.Future[Written] = asyncio.get_running_loop().create_future()
            puts.append(future)
            if topic in self.refused:
                future.set_exception(OSError("refused"))
            elif topic in self.held:
                self.waiting.append((topic, future, last))
            else:
                future.set_result(Written(last))
        return puts

    def flush(self) -> None:
        self.flushed = self.sent

    async def room(self) -> None:
        await self.free.wait()

    def acknowledge(self, topic: str) -> None:
        self.held.discard(topic)
        for name, future, last in self.waiting:
            if name == topic and not future.done():
                future.set_result(Written(last))

    def holds(self, partition: int, generation: int) -> bool:
        return generation == self.generation

    def owns(self, partition: int, generation: int) -> bool:
        return generation == self.generation

    def end(self, partition: int) -> int:
        return self.ends.get(partition, 0)

    async def recover(self, partition: int, known: Known | None) -> Recovered:
        self.recoveries.append((partition, known))
        await self.recoverable.wait()
        self.saved[partition] += 1
        if known is not None and partition not in self.foreign:
            return Recovered(Known(70 + self.generation, self.saved[partition]), None)
        return Recovered(
            Known(70 + self.generation, self.saved[partition]), list(self.store.get(partition, {}).items())
        )

    def release(self, partition: int, offset: int, generation: int) -> None:
        self.log.append(("release", (partition, offset, generation)))

    def did(self) -> list[str]:
        return [what for what, _ in self.log]

    def released(self) -> list[int]:
        return [detail[1] for what, detail in self.log if what == "release"]


def record(group: str, number: int | str) -> bytes:
    return json.dumps({"g": group, "n": number}).encode()


def batch(first: int, *values: bytes | None, partition: int = 0, generation: int = 1) -> Incoming:
    records = list(enumerate(values, first))
    return Incoming(partition, generation, records, lambda offset: b"k%d" % offset)


def make(
    world: World, *, seconds: float = 1000.0, events: int = 3, state: Callable[[int], PartitionState] = ToyPartition
) -> Loop:
    return Loop("p", state, world, Limits(seconds, events))


def run(body: Coroutine[Any, Any, None]) -> None:
    asyncio.run(asyncio.wait_for(body, 10))


async def settle() -> None:
    for _ in range(20):
        await asyncio.sleep(0)


def test_results_are_acknowledged_before_saves_are_written_and_saves_before_offsets_are_released() -> None:
    async def body() -> None:
        world = World()
        world.held = {GROUPS, CHANGELOG}
        loop = make(world)
        await loop.take(batch(0, record("a", 1), record("b", 2), record("a", 3)))
        await settle()
        assert f"send {GROUPS}" in world.did()
        assert f"send {CHANGELOG}" not in world.did()
        world.acknowledge(GROUPS)
        await settle()
        assert world.did().count(f"send {CHANGELOG}") == 2
        assert not world.released()
        world.acknowledge(CHANGELOG)
        await settle()
        assert world.log[-1] == ("release", (0, 2, 1))

    run(body())


def test_urgent_results_leave_at_once_and_hold_the_offsets_until_acknowledged() -> None:
    async def body() -> None:
        world = World()
        world.held = {ALERTS}
        loop = make(world, events=2)
        await loop.take(batch(0, record("a", 100)))
        assert world.did() == [f"send {ALERTS}"]
        await loop.take(batch(1, record("a", 1)))
        await settle()
        assert f"send {CHANGELOG}" not in world.did()
        world.acknowledge(ALERTS)
        await settle()
        assert world.released() == [1]

    run(body())


def test_dead_letters_hold_the_offsets_until_acknowledged() -> None:
    async def body() -> None:
        world = World()
        world.held = {"p.deadletter"}
        loop = make(world, events=1)
        await loop.take(batch(5, b"poison"))
        await settle()
        assert world.log[0] == ("send p.deadletter", (0, b"p.events/0/5", None))
        assert not world.released()
        world.acknowledge("p.deadletter")
        await settle()
        assert world.released() == [5]

    run(body())


def test_a_thousand_records_in_a_row_that_nobody_can_read_end_the_process_and_the_last_of_them_are_not_put_aside() -> (
    None
):
    async def body() -> None:
        world = World()
        loop = make(world, events=10_000)
        await loop.take(batch(0, record("a", 1), *[b"poison"] * 900, TICK))
        with pytest.raises(PoisonedError, match=r"p\.events\[0\] at offset 1001: 1,000 records in a row"):
            await loop.take(batch(902, *[b"poison"] * 150))
        assert len([what for what, _ in world.log if what == "send p.deadletter"]) == 900
        assert not world.released()
        with pytest.raises(PoisonedError):
            await loop.finish()
        assert not world.released()

    run(body())


def test_one_good_event_among_a_thousand_bad_records_lets_it_go_on() -> None:
    async def body() -> None:
        world = World()
        loop = make(world, events=10_000)
        for start in range(0, 5_000, 1_000):
            await loop.take(batch(start, *[b"poison"] * 999, record("a", 1)))
        assert loop.applied == {0: 4_999}
        await loop.finish()

    run(body())


def test_batches_are_applied_while_a_checkpoint_waits_and_are_not_released_with_it() -> None:
    async def body() -> None:
        world = World()
        world.held = {GROUPS}
        loop = make(world, events=2)
        await loop.take(batch(0, record("a", 1), record("a", 2)))
        await loop.take(batch(2, record("a", 3)))
        assert loop.applied == {0: 2}
        world.acknowledge(GROUPS)
        await settle()
        assert world.released() == [1]
        await loop.finish()
        assert world.released() == [1, 2]

    run(body())


def test_a_slow_broker_holds_the_loop_before_work_piles_up() -> None:
    async def body() -> None:
        world = World()
        world.held = {GROUPS}
        loop = make(world, events=1)
        await loop.take(batch(0, record("a", 1)))
        await loop.take(batch(1, record("a", 2), record("a", 3)))
        stuck = asyncio.create_task(loop.take(batch(3, record("a", 4))))
        await settle()
        assert not stuck.done()
        assert loop.applied == {0: 2}
        world.acknowledge(GROUPS)
        await stuck
        assert loop.applied == {0: 3}

    run(body())


class Crowding(ToyPartition):
    """Has much to send after each batch."""

    def crowded(self) -> bool:
        return bool(self.dirty)


def test_a_state_with_much_to_send_is_checkpointed_at_once_and_then_held() -> None:
    async def body() -> None:
        world = World()
        world.held = {GROUPS}
        loop = make(world, events=1000, state=Crowding)
        await loop.take(batch(0, record("a", 1)))
        await settle()
        assert "send p.groups" in world.did()
        await loop.take(batch(1, record("a", 2)))
        stuck = asyncio.create_task(loop.take(batch(2, record("a", 3))))
        await settle()
        assert not stuck.done()
        assert loop.applied == {0: 1}
        world.acknowledge(GROUPS)
        await stuck
        assert loop.applied == {0: 2}

    run(body())


class Stopping(Crowding):
    """Stops after each record until its results have been taken."""

    def apply(self, records: Sequence[tuple[int, bytes | None]]) -> list[Bad]:
        return super().apply(records[:1])


def test_a_batch_in_which_the_state_stops_goes_on_after_a_checkpoint_and_no_record_is_left_out() -> None:
    async def body() -> None:
        world = World()
        loop = make(world, events=1000, state=Stopping)
        await loop.take(batch(0, record("a", 1), record("a", 2), b"{", record("b", 3), record("a", 4)))
        await loop.finish()
        assert loop.applied == {0: 4}
        assert world.released()[-1] == 4
        assert world.did().count("send p.deadletter") == 1
        assert world.did().count(f"send {GROUPS}") >= 3

    run(body())


class Resting(ToyPartition):
    """Tells nothing but after a tick."""

    def up_to_rest(self, records: Sequence[tuple[int, bytes | None]]) -> int:
        return max((place + 1 for place, (_, value) in enumerate(records) if value == TICK), default=0)


TICK = codec.encode(Tick(now=1))


def test_records_wait_for_a_place_where_results_may_be_told_and_are_applied_once_and_with_their_keys() -> None:
    async def body() -> None:
        world = World()
        loop = make(world, events=1, state=Resting)
        await loop.take(batch(0, record("a", 100)))
        await loop.take(batch(1, b"poison", record("a", 1)))
        assert not world.log
        await loop.take(batch(3, b"worse", TICK, record("a", 200)))
        await settle()
        assert loop.applied == {0: 4}
        letters = [detail[1] for what, detail in world.log if what == "send p.deadletter"]
        assert letters == [b"p.events/0/1", b"p.events/0/3"]
        assert [detail[1] for what, detail in world.log if what == f"send {ALERTS}"] == [b"a/100"]
        assert world.released() == [4]
        await loop.take(batch(6, TICK))
        await settle()
        assert [detail[1] for what, detail in world.log if what == f"send {ALERTS}"][1:] == [b"a/200"]
        assert world.released() == [4, 6]

    run(body())


def test_records_that_wait_are_left_to_the_next_holder() -> None:
    async def body() -> None:
        world = World()
        loop = make(world, events=1, state=Resting)
        await loop.take(batch(0, record("a", 1), TICK, record("a", 100)))
        await loop.suspend()
        world.generation = 2
        loop.resume([0], 2)
        await settle()
        await loop.take(batch(1, TICK, record("a", 100), TICK, generation=2))
        assert loop.applied == {0: 3}
        assert world.did().count(f"send {ALERTS}") == 1

    run(body())


def test_a_checkpoint_that_lost_its_partition_saves_and_releases_nothing() -> None:
    async def body() -> None:
        for held in (GROUPS, CHANGELOG):
            world = World()
            world.held = {held}
            loop = make(world)
            await loop.take(batch(0, record("a", 1), record("a", 2), record("a", 3)))
            await settle()
            world.generation = 2
            loop.drop()
            world.acknowledge(held)
            await settle()
            assert (f"send {CHANGELOG}" in world.did()) == (held == CHANGELOG)
            assert "release" not in world.did()

    run(body())


def test_saves_with_something_foreign_between_them_release_nothing_and_end_the_worker() -> None:
    """It may be the barrier of a worker that is long dead: it would have the next holder ignore these saves."""

    async def body() -> None:
        world = World()
        loop = make(world, events=1)
        await loop.take(batch(0, record("a", 1)))
        await settle()
        assert world.released() == [0]
        world.saved[0] += 1
        await loop.take(batch(1, record("a", 2)))
        await settle()
        assert world.released() == [0]
        assert isinstance(loop.failure, OvertakenError)

    run(body())


def test_a_new_assignment_starts_from_what_was_saved_in_a_new_epoch() -> None:
    async def body() -> None:
        world = World()
        loop = make(world, events=2)
        await loop.take(batch(0, record("a", 1), record("a", 2)))
        await settle()
        await loop.take(batch(2, record("a", 4)))  # applied, and lost with the assignment
        loop.drop()
        world.generation = 2
        await loop.take(batch(2, record("a", 4), record("a", 8), generation=2))
        await settle()
        assert codec.decode_json(world.store[0][b"0/a"]) == {"count": 4, "total": 15, "fence": 3}
        epochs = [detail[2] for what, detail in world.log if what == f"send {CHANGELOG}"]
        assert epochs == [71, 72]

    run(body())


async def rebalance(world: World, loop: Loop, generation: int, *partitions: int) -> None:
    await loop.suspend()
    world.generation = generation
    loop.resume(partitions, generation)


def test_a_partition_that_nobody_else_had_goes_on_from_memory_past_the_records_it_has_applied() -> None:
    async def body() -> None:
        world, made = World(), [ToyPartition(0), ToyPartition(1)]
        loop = make(world, events=2, state=lambda number: made[number])
        await loop.take(batch(0, record("a", 1), record("a", 2)))
        await loop.take(batch(2, record("a", 4)))  # applied, not saved
        await settle()
        await rebalance(world, loop, 2, 0, 1)
        assert not loop.prepared
        await loop.take(batch(2, record("a", 4), generation=2))
        await loop.take(batch(2, record("a", 4), record("a", 8), generation=2))
        await settle()
        assert loop.prepared
        assert world.recoveries == [(0, None), (0, Known(71, 2)), (1, None)]
        assert made[0].groups["a"].total == 15
        assert world.released() == [1, 3]
        assert codec.decode_json(world.store[0][b"0/a"])["total"] == 15
        epochs = [detail[2] for what, detail in world.log if what == f"send {CHANGELOG}"]
        assert epochs == [71, 72]

    run(body())


def test_what_was_released_and_perhaps_not_committed_is_released_again_in_the_new_assignment() -> None:
    async def body() -> None:
        world = World()
        loop = make(world, events=2)
        await loop.take(batch(0, record("a", 1), record("a", 2)))
        await settle()
        await rebalance(world, loop, 2, 0)
        await settle()
        loop.begin_due(time.monotonic() + 2000)
        await settle()
        assert [detail for what, detail in world.log if what == "release"] == [(0, 1, 1), (0, 1, 2)]

    run(body())


def test_a_partition_that_somebody_else_had_is_built_anew() -> None:
    async def body() -> None:
        world = World()
        loop = make(world, events=2)
        await loop.take(batch(0, record("a", 1), record("a", 2)))
        await settle()
        await loop.take(batch(2, record("a", 4)))
        world.foreign = {0}
        await rebalance(world, loop, 2, 0)
        await loop.take(batch(2, record("a", 4), record("a", 8), generation=2))
        await settle()
        assert codec.decode_json(world.store[0][b"0/a"]) == {"count": 4, "total": 15, "fence": 3}

    run(body())


def test_a_rebalance_waits_a_moment_for_the_checkpoint_under_way() -> None:
    async def body() -> None:
        world = World()
        world.held = {GROUPS}
        loop = make(world, events=1)
        await loop.take(batch(0, record("a", 1)))
        leaving = asyncio.create_task(rebalance(world, loop, 2, 0))
        await settle()
        assert not leaving.done()
        world.acknowledge(GROUPS)
        await leaving
        await settle()
        assert world.released() == [0]
        assert [known for _, known in world.recoveries] == [None, Known(71, 2)]

    run(body())


def test_a_state_whose_saves_were_cut_off_is_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("streams.agent.SUSPEND_SECONDS", 0.02)

    async def body() -> None:
        for held in (GROUPS, CHANGELOG):
            world = World()
            world.held = {held}
            loop = make(world, events=1)
            await loop.take(batch(0, record("a", 1)))
            await rebalance(world, loop, 2, 0)
            await settle()
            assert [known for _, known in world.recoveries] == [None, None]

    run(body())


def test_a_rebalance_during_a_recovery_ends_it_and_keeps_what_was_not_looked_at() -> None:
    async def body() -> None:
        world = World()
        loop = make(world, events=1)
        await loop.take(batch(0, record("a", 1)))
        await settle()
        world.recoverable.clear()
        await rebalance(world, loop, 2, 0)
        taking = asyncio.create_task(loop.take(batch(1, record("a", 2), generation=2)))
        await settle()
        assert not taking.done()
        await rebalance(world, loop, 3, 0)
        await taking
        world.recoverable.set()
        await loop.take(batch(1, record("a", 2), generation=3))
        assert loop.applied == {0: 1}
        assert [known for _, known in world.recoveries] == [None, Known(71, 2), Known(71, 2)]

    run(body())


def test_a_partition_that_went_elsewhere_is_forgotten() -> None:
    async def body() -> None:
        world = World()
        loop = make(world, events=1)
        await loop.take(batch(0, record("a", 1)))
        await settle()
        await rebalance(world, loop, 2, 1)
        await rebalance(world, loop, 3, 0)
        await loop.take(batch(1, record("a", 2), generation=3))
        assert [(p, known) for p, known in world.recoveries if p == 0] == [(0, None), (0, None)]

    run(body())


def test_a_batch_of_an_assignment_that_is_over_is_ignored() -> None:
    async def body() -> None:
        world = World()
        world.generation = 2
        loop = make(world)
        await loop.take(batch(0, record("a", 1), generation=1))
        assert loop.applied == {}

    run(body())


def test_a_checkpoint_is_made_when_nothing_more_comes() -> None:
    async def body() -> None:
        world = World()
        loop = make(world, seconds=0.05, events=1000)
        await loop.take(batch(0, record("a", 1)))
        assert not world.released()
        await asyncio.sleep(0.06)
        loop.begin_due(asyncio.get_running_loop().time())
        await settle()
        assert world.released() == [0]
        loop.begin_due(asyncio.get_running_loop().time() + 100)
        await settle()
        assert world.released() == [0]

    run(body())


@pytest.mark.parametrize("topic", [GROUPS, CHANGELOG])
def test_what_the_broker_refuses_ends_everything(topic: str) -> None:
    async def body() -> None:
        world = World()
        world.refused = {topic}
        loop = make(world)
        await loop.take(batch(0, record("a", 1), record("a", 2), record("a", 3)))
        await settle()
        assert isinstance(loop.failure, OSError)
        assert not world.released()
        with pytest.raises(OSError, match="refused"):
            await loop.take(batch(3, record("a", 4)))
        assert loop.applied == {0: 2}

    run(body())


def test_after_a_defect_in_the_core_nothing_is_applied_or_released_any_more() -> None:
    async def body() -> None:
        world = World()
        loop = make(world, seconds=0.0)
        with pytest.raises(AssertionError, match="a defect"):
            await loop.take(batch(0, record("a", 1), record("a", "boom")))
        with pytest.raises(AssertionError, match="a defect"):
            await loop.take(batch(2, record("a", 2)))
        loop.begin_due(1e12)
        await settle()
        assert not world.log
        with pytest.raises(AssertionError, match="a defect"):
            await loop.finish()
        assert not world.log

    run(body())


def test_batches_are_ignored_once_the_end_has_begun() -> None:
    async def body() -> None:
        world = World()
        loop = make(world)
        await loop.take(batch(0, record("a", 1)))
        await loop.finish()
        await loop.take(batch(1, record("a", 2)))
        assert world.released() == [0]
        assert loop.applied == {0: 0}

    run(body())


def test_a_tick_is_seen_wherever_it_lies_in_a_batch() -> None:
    async def body() -> None:
        loop = make(World())
        await loop.take(batch(0, record("a", 1), partition=1))
        await loop.take(batch(0, record("a", 1), codec.encode(Tick(now=5)), record("a", 2), partition=2))
        assert set(loop.last_tick) == {2}
        assert set(loop.last_batch) == {1, 2}

    run(body())


def test_what_the_state_has_not_saved_yet_is_not_released() -> None:
    async def body() -> None:
        world = World()
        loop = make(world, events=2)
        await loop.take(batch(0, record("a", 1), record(LAZY_GROUP, 2)))
        await settle()
        await loop.take(batch(2, record("a", 3), record("a", 4)))
        await settle()
        assert world.released() == [0]
        await loop.take(batch(4, record("a", 3), record("a", 4)))
        await settle()
        assert world.released() == [0, 5]

    run(body())


def test_one_checkpoint_begins_at_a_time_that_of_the_partition_that_has_waited_longest() -> None:
    async def body() -> None:
        states = {number: ToyPartition(number) for number in range(3)}
        loop = make(World(), seconds=1.0, events=1000, state=states.__getitem__)
        for partition in (1, 0, 2):
            await loop.take(batch(0, record("a", 1), partition=partition))
        begun: list[list[int]] = []
        for _ in range(3):
            loop.begin_due(time.monotonic() + 1.1)
            begun.append([number for number, state in states.items() if state.checkpoints])
        assert begun == [[1], [0, 1], [0, 1, 2]]

    run(body())


def test_a_restored_state_comes_to_the_end_that_its_log_had_before_any_checkpoint_begins() -> None:
    async def body() -> None:
        world = World()
        world.ends = {0: 3, 1: 1}
        loop = make(world, seconds=0.0, events=1000)
        await loop.take(batch(0, record("a", 1), record("a", 100)))
        await loop.take(batch(0, record("b", 1), partition=1))
        await settle()
        assert world.did() == [f"send {ALERTS}"], "what is urgent does not wait, all else does, in every partition"
        world.ends[0] = 1000
        await loop.take(batch(2, record("a", 3)))
        await settle()
        assert world.released()
        assert world.did().count(f"send {GROUPS}") >= 1

    run(body())


def test_records_that_wait_for_a_rest_do_not_hold_up_the_checkpoints() -> None:
    async def body() -> None:
        world = World()
        world.ends = {0: 3}
        loop = make(world, seconds=0.0, events=1000, state=Resting)
        await loop.take(batch(0, record("a", 1), TICK, record("a", 2)))
        await settle()
        assert world.released() == [1]

    run(body())


def test_a_log_with_more_than_a_checkpoint_s_records_is_not_caught_up_with_first() -> None:
    async def body() -> None:
        world = World()
        world.ends = {0: 1001}
        loop = make(world, seconds=0.0, events=1000)
        await loop.take(batch(0, record("a", 1)))
        await settle()
        assert world.released() == [0]

    run(body())


def test_who_never_catches_up_makes_a_checkpoint_all_the_same() -> None:
    async def body() -> None:
        world = World()
        world.ends = {0: 500}
        loop = make(world, seconds=0.0, events=1000)
        await loop.take(batch(0, record("a", 1)))
        await settle()
        assert not world.released()
        loop.begin_due(time.monotonic() + CATCH_UP_SECONDS)
        await settle()
        assert world.released() == [0]

    run(body())


def test_a_state_that_goes_on_from_memory_has_nothing_to_catch_up_with() -> None:
    async def body() -> None:
        world = World()
        loop = make(world, seconds=0.0, events=1000)
        await loop.take(batch(0, record("a", 1)))
        await settle()
        world.ends = {0: 500}
        await rebalance(world, loop, 2, 0)
        await loop.take(batch(1, record("a", 2), generation=2))
        await settle()
        assert world.released() == [0, 1]

    run(body())


def test_checkpoints_go_on_until_all_that_was_applied_is_released() -> None:
    async def body() -> None:
        world, made = World(), ToyPartition(0)
        loop = make(world, seconds=1.0, events=1000, state=lambda _: made)
        await loop.take(batch(0, record(LAZY_GROUP, 1)))
        for _ in range(5):
            loop.begin_due(time.monotonic() + 1.1)
            await settle()
        assert world.released() == [0]
        assert made.checkpoints == 3, "and no longer"

    run(body())


def test_the_last_checkpoint_saves_everything() -> None:
    async def body() -> None:
        world = World()
        loop = make(world, events=1)
        await loop.take(batch(0, record(LAZY_GROUP, 1)))
        await settle()
        assert not world.released()
        await loop.finish()
        assert world.released() == [0]
        assert set(world.store[0]) == {f"0/{LAZY_GROUP}".encode()}

    run(body())


def test_partitions_do_not_wait_for_each_other() -> None:
    async def body() -> None:
        world = World()
        world.held = {GROUPS}
        loop = make(world, events=1)
        await loop.take(batch(0, record("a", 1), partition=0))
        await loop.take(batch(0, record("b", 1), partition=1))
        await settle()
        world.held = set()
        await loop.take(batch(0, record("d", 1), partition=2))
        await settle()
        assert [detail[0] for what, detail in world.log if what == "release"] == [2]

    run(body())
