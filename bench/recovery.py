"""A million members of state: how much memory, how long until a killed worker, or another one, goes on.

One worker of the product, on Apache Kafka, four partitions, 10,000 groups with 1,000,000 members, each of whom has said
something. Its memory is read then, and again after a week of event time in which a million more events came.

Then it is killed (SIGKILL) and started again at once, round by round, each time in the middle of its work: right after it
has applied 180,000 more events (three minutes of 1,000 a second; a quiet time would let it save everything). A question is
asked in a group of each partition at that moment; the time runs until all of them have come out as results: the session of
the dead one has run out, partitions are assigned, state is recovered, whatever was not committed is read again, and the new
events are processed. For the take-over a second worker is running: one of the two is killed, and the time runs until the
other answers for all four partitions; then another joins it, and so on.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Final

from bench import broker, cores
from bench.drain import DrainError, scratch
from bench.live import Live, Results, World
from bench.load import partition_of
from bench.population import WEEK_MS, a_week, population
from bench.suites import Say
from bench.table import Row, Target, at_least, at_most, failed, measured
from bench.workload import PLATFORM, START_MS, Record, Shape, records
from huoqun import codec, topics
from huoqun.events import Event
from huoqun.results import Question

WORLD: Final = Shape(groups=10_000, members=1_000_000)
SMALL_WORLD: Final = Shape(groups=1_000, members=20_000)
WEEK_EVENTS: Final = 1_000_000
SMALL_WEEK_EVENTS: Final = 20_000
ROUNDS: Final = 5
PARTITIONS: Final = 4
AFTER_MS: Final = START_MS + WEEK_MS + 600_000
"""When the rounds' load begins: behind all of the week's last events, or some of it would come too late, and cost nothing."""
LATELY: Final = 180_000
PROBE_SECONDS: Final = 180.0

MEMORY: Final = "memory of a worker"
WEEK: Final = "memory of a worker after a week of event time"
GROWTH: Final = "memory before over after that week"
RESTART: Final = "restart after kill -9 to first event processed, in every partition"
TAKE_OVER: Final = "take-over by a second worker after kill -9, in every partition"

TARGETS: Final[dict[str, tuple[str, Target]]] = {
    MEMORY: ("MiB", at_most(1536)),
    WEEK: ("MiB", at_most(1536)),
    GROWTH: ("x", at_least(0.9)),
    RESTART: ("s", at_most(20)),
    TAKE_OVER: ("s", at_most(15)),
}


def rows(quick: bool, say: Say = lambda _: None) -> list[Row]:
    """Build the world, then measure all."""
    shape, week = (SMALL_WORLD, SMALL_WEEK_EVENTS) if quick else (WORLD, WEEK_EVENTS)
    figures: dict[str, list[float]] = {name: [] for name in TARGETS}
    why = ""
    directory = scratch()
    try:
        with broker.running() as on:
            world = World(on.bootstrap, f"r{time.monotonic_ns()}", directory, PARTITIONS)
            try:
                _measure(world, shape, week, figures, 2 if quick else ROUNDS, say)
            finally:
                world.stop()
    except DrainError as error:
        why = str(error)
        say(f"FAILED: {why}")
    finally:
        shutil.rmtree(directory, ignore_errors=True)
    note = f"{shape.groups:,} groups, {shape.members:,} members, {PARTITIONS} partitions, session timeout 6 s"
    found = []
    for name, (unit, target) in TARGETS.items():
        if figures[name]:
            found.append(measured(name, unit, figures[name], target, judge=not quick, note=note))
        else:
            found.append(failed(name, unit, why, target))
    return found


def _measure(world: World, shape: Shape, week: int, figures: dict[str, list[float]], rounds: int, say: Say) -> None:
    say(f"{world.put(population(shape)):,} members' events are in the topic")
    worker = world.start()
    worker.wait_ready()
    world.wait_applied(900)
    figures[MEMORY].append(_settled_memory(worker))
    say(f"all applied after {time.monotonic() - worker.began:.0f} s: {figures[MEMORY][-1]:,.0f} MiB")
    world.put(a_week(week, shape))
    world.wait_applied(900)
    figures[WEEK].append(_settled_memory(worker))
    figures[GROWTH].append(figures[MEMORY][-1] / figures[WEEK][-1])
    say(f"after a week: {figures[WEEK][-1]:,.0f} MiB, at most {worker.memory('VmHWM'):,.0f}")
    probes = Probes(world, shape)
    load = records(1_000_000_000, shape._replace(seed=7), start_ms=AFTER_MS)
    lately = LATELY if shape == WORLD else LATELY // 20
    try:
        for number in range(rounds):
            _work(world, load, lately)
            began = time.monotonic()
            world.workers[-1].kill()
            worker = world.start()
            figures[RESTART].append(probes.wait() - began)
            say(f"restart {number + 1}: {figures[RESTART][-1]:.1f} s")
        for number in range(rounds):
            _join(world, probes, world.start(cores.BROKER if number % 2 == 0 else cores.MEASURED))
            _work(world, load, lately)
            began = time.monotonic()
            world.workers[-2].kill()
            figures[TAKE_OVER].append(probes.wait() - began)
            say(f"take-over {number + 1}: {figures[TAKE_OVER][-1]:.1f} s")
    finally:
        probes.close()


def _work(world: World, load: Iterator[Record], count: int) -> None:
    """Give the workers something to do, and return as soon as they have done it."""
    world.put(islice(load, count))
    world.wait_caught_up(300)


def _settled_memory(worker: Live) -> float:
    time.sleep(5.0)  # for the checkpoints
    return worker.memory()


def _join(world: World, probes: Probes, worker: Live) -> None:
    """Return when both workers hold their half and answer."""
    worker.wait_ready()
    halves = [w for w in world.workers if w.process.poll() is None]
    worker.wait_for(
        lambda: all(w.metric("huoqun_worker_partitions") == PARTITIONS / 2 for w in halves), 120, "shared evenly"
    )
    probes.wait()


class Probes:
    """Questions, one in each partition, that come out as results as soon as they are processed."""

    def __init__(self, world: World, shape: Shape) -> None:
        self._world = world
        self._results = Results(world.config, topics.QUESTIONS)
        groups = [f"g{n:06d}" for n in range(shape.groups)]
        self._groups = one_of_each(groups, PARTITIONS)
        self._number = 0

    def wait(self) -> float:
        """Ask now; return when (monotonic seconds) all have come."""
        questions = [self._question(group) for group in self._groups]
        self._world.put(record for record, _ in questions)
        return self._results.wait_for({key for _, key in questions}, PROBE_SECONDS)

    def _now(self) -> int:
        """The probes' own event time: a minute later each, in groups that nearly nobody else talks in."""
        return AFTER_MS + 60_000 + self._number * 60_000

    def _question(self, group: str) -> tuple[Record, str]:
        self._number += 1
        event = Event(
            id=f"probe-{self._number}",
            type="message",
            ts=self._now(),
            platform=PLATFORM,
            group_id=group,
            user_id=f"asker{self._number}",
            text="请问优惠券怎么领取？",
            source="bench",
            received_at=self._now() + 35,
        )
        result = Question(
            platform=PLATFORM,
            group_id=group,
            question_id=event.id,
            user_id="",
            asked_at=0,
            kind="question",
            status="open",
        )
        return Record(event.group, codec.encode(event)), result.key()

    def close(self) -> None:
        """Close what reads the results."""
        self._results.close()


def one_of_each(groups: Sequence[str], partitions: int) -> list[str]:
    """Return, for each partition, a group whose events go there: not the largest ones, which come first."""
    found: dict[int, str] = {}
    for group in reversed(groups):
        found.setdefault(partition_of(f"{PLATFORM}/{group}", partitions), group)
    return list(found.values())
