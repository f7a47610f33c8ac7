"""Does an event cost more where there are many groups, or many members? The machines alone, and through Faust.

For each world a process lives through the whole run: it is first given everybody in the world once (a message of each) and
as much of the workload as it takes until state is saved at the rate at which it changes (the core saves what is 200,000
records older than what can still be taken back); then, in turns with the other worlds, one stretch of the workload after the
other. A figure is events a second of that process's CPU. A row's ratio is that of the slowest world to the quickest: 0.8 means
that costs lie within 25 %.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Final, NamedTuple

from bench import broker
from bench.asked import Asked
from bench.contest import PER_CORE
from bench.drain import DrainError, scratch
from bench.live import World
from bench.load import remove
from bench.population import population
from bench.suites import Say
from bench.table import RATIO, Row, at_least, failed, measured
from bench.workload import Record, Shape, records

ROUNDS: Final = 5
WITHIN: Final = at_least(0.8)
POPULATE_SECONDS: Final = 400.0
DRAIN_SECONDS: Final = 200.0
SETTLE_SECONDS: Final = 1.5
"""For the last checkpoint: one is due a second after what it covers."""


class Plan(NamedTuple):
    """The worlds, and the events of a stretch for the machines alone and through Faust."""

    groups: tuple[Shape, ...]
    members: tuple[Shape, ...]
    alone: int
    through: int
    rounds: int
    warm: int
    """Events before the first stretch."""

    @property
    def worlds(self) -> list[Shape]:
        """All of them, each once."""
        return list(dict.fromkeys([*self.groups, *self.members]))


FULL: Final = Plan(
    groups=(Shape(groups=10), Shape(groups=1_000), Shape(groups=100_000)),
    members=(Shape(), Shape(members=1_000_000)),
    alone=200_000,
    through=300_000,
    rounds=ROUNDS,
    warm=450_000,
)
QUICK: Final = Plan(
    groups=(Shape(groups=10, members=5_000), Shape(groups=5_000, members=5_000)),
    members=(Shape(members=5_000), Shape(members=50_000)),
    alone=15_000,
    through=0,
    rounds=2,
    warm=0,
)

Figures = dict[Shape, list[float]]


def rows(quick: bool, say: Say = lambda _: None) -> list[Row]:
    """Measure the machines alone, then (not in a quick run) through Faust."""
    plan = QUICK if quick else FULL
    found = []
    for how, run, events in (("the core alone", alone, plan.alone), ("through Faust", through_faust, plan.through)):
        if not events:
            continue
        try:
            figures = run(plan, say)
        except DrainError as error:
            found.append(failed(f"{how}: slowest world to quickest", RATIO, str(error), WITHIN))
        else:
            found += table(how, figures, plan, quick)
    return found


def table(how: str, figures: Figures, plan: Plan, quick: bool) -> list[Row]:
    """Return the rows of one way of running."""
    found = []
    for what, worlds in (("groups", plan.groups), ("members", plan.members)):
        names = " / ".join(f"{getattr(world, what):,}" for world in worlds)
        name = f"{how}, {names} {what}: slowest to quickest"
        found.append(measured(name, RATIO, spread([figures[w] for w in worlds]), WITHIN, judge=not quick))
    for world in plan.worlds:
        name = f"{how}, {world.groups:,} groups, {world.members:,} members"
        found.append(measured(name, PER_CORE, figures[world]))
    return found


def spread(figures: Sequence[Sequence[float]]) -> list[float]:
    """Return, for each round, the least figure of it over the greatest."""
    return [min(each) / max(each) for each in zip(*figures, strict=True)]


def alone(plan: Plan, say: Say) -> Figures:
    """Measure the machines alone."""
    figures: Figures = {world: [] for world in plan.worlds}
    with ExitStack() as stack:
        processes = {}
        for world in plan.worlds:
            processes[world] = stack.enter_context(Asked(world, plan.warm))
            say(f"alone: {world.groups:,} groups, {world.members:,} members: built in {processes[world].wait():.0f} s")
        for number in range(plan.rounds):
            for world, process in processes.items():
                figures[world].append(plan.alone / process.ask(plan.alone).machines)
                say(f"alone, round {number + 1}: {world.groups:,}, {world.members:,}: {figures[world][-1]:,.0f} a core")
    return figures


def through_faust(plan: Plan, say: Say) -> Figures:
    """Measure the product's worker, one for each world, on Apache Kafka."""
    figures: Figures = {world: [] for world in plan.worlds}
    directory = scratch()
    with broker.running() as on, ExitStack() as stack:
        stack.callback(shutil.rmtree, directory, ignore_errors=True)
        lives = {}
        for number, shape in enumerate(plan.worlds):
            world = World(on.bootstrap, f"s{number}x{time.monotonic_ns()}", _below(directory, number))
            stack.callback(world.stop)
            world.put(population(shape))
            world.start().wait_ready()
            world.wait_applied(POPULATE_SECONDS)
            load = records(1_000_000_000, shape)
            if plan.warm:
                _stretch(world, load, plan.warm)
            lives[shape] = world, load
            say(f"through Faust: {shape.groups:,} groups, {shape.members:,} members: built")
        for number in range(plan.rounds):
            for shape, (world, load) in lives.items():
                figures[shape].append(_stretch(world, load, plan.through))
                say(
                    f"through Faust, round {number + 1}: {shape.groups:,}, {shape.members:,}: {figures[shape][-1]:,.0f}"
                )
        for world, _ in lives.values():
            world.stop()
            remove(on.bootstrap, world.config.kafka.topic_prefix)
    return figures


def _stretch(world: World, load: Iterator[Record], count: int) -> float:
    """Return events a second of CPU, from nothing to do to all applied and a checkpoint made of it."""
    chunk: list[Record] = []
    left = count
    while left:
        chunk.append(next(load))
        left -= bool(chunk[-1].key)
    worker = world.workers[-1]
    before = worker.cpu()
    world.put(chunk)
    world.wait_applied(DRAIN_SECONDS)
    time.sleep(SETTLE_SECONDS)
    return count / (worker.cpu() - before)


def _below(directory: Path, number: int) -> Path:
    path = directory / str(number)
    path.mkdir()
    return path
