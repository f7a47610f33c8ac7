"""The contest: the product's worker, the same machines without Faust, Faust as taught, and the peers, on the same records.

Round by round, each contestant drains the same events (``bench.workload``: 500 groups, 20,000 members, JSON, four
partitions) from Apache Kafka, alone on one core, with the broker on another; its figure is the events of the middle of the
run, divided by the CPU seconds it spent on them. Ratios are made within a round. The topic of our own contestants holds
the ticks too, one a second of event time and partition, which the peers are spared.

What the signals cost is told against the first version: how often its ratio to idiomatic Faust is that of now.

The full pipeline is measured late in the load, and over a long stretch: the core saves a busy group each 200,000 records, the
first time when it is up to 400,000 records old, so before that, or between two times, it would be measured without its saves.
A run that is too slow, or too short, to get there is not judged.
"""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final, NamedTuple

from bench import broker, cores
from bench.drain import DrainError, Program, Scrape, drain, module, samples_of, scratch
from bench.load import LoadError, fill, make, remove
from bench.samples import Rates, Stretch
from bench.suites import COST
from bench.table import RATIO, Row, Target, at_least, at_most, failed, measured, ratios
from bench.workload import Record, records
from huoqun import broker as administration
from huoqun import topics
from huoqun.config import Config, Worker, dump_env
from huoqun.kafka_config import Kafka
from tests.support.brokers import RunningBroker, free_port

PARTITIONS: Final = 4
PER_CORE: Final = "events/s a core"
ROOT: Final = Path(__file__).resolve().parents[1]

FULL, FULL_BARE, FAUST = "full", "full-bare", "faust"
SMALL, SMALL_BARE, QUIX, BYTEWAX, BYTEWAX_GUIDE = "small", "small-bare", "quixstreams", "bytewax", "bytewax-guide"

WHO: Final = {
    FULL: "full pipeline, the product's worker",
    FULL_BARE: "full pipeline, bare confluent-kafka loop",
    FAUST: "idiomatic Faust, minute counts only",
    SMALL: "small job, our shell",
    SMALL_BARE: "small job, bare confluent-kafka loop",
    QUIX: "small job, quixstreams",
    BYTEWAX: "small job, bytewax (batched by hand)",
    BYTEWAX_GUIDE: "small job, bytewax (event by event, as its guide teaches)",
}

OWES: Final = {
    FULL: "every signal; all results acknowledged, state saved, offsets committed; defaults of the product",
    FULL_BARE: "the same machines, results, saves and commits; no rebalances, recovery or metrics",
    FAUST: "Record + tumbling Table with its changelog; no other state, no results",
    SMALL: "a result for each changed group and checkpoint, state saved, offsets committed",
    SMALL_BARE: "the same machine, results, saves and commits",
    QUIX: "state in RocksDB with its changelog; no results",
    BYTEWAX: "batches through every step; snapshots of changed groups each 10 s on local disk; no results",
    BYTEWAX_GUIDE: "map, key_on, stateful_map; snapshots of changed groups each 10 s on local disk; no results",
}

QUICK: Final = (FULL, FULL_BARE, FAUST, SMALL, BYTEWAX)


class Size(NamedTuple):
    """How much of it: events in the topic, rounds, and the longest stretch measured (seconds)."""

    events: int
    rounds: int
    longest: float
    warm: float
    deep: float
    """Where the stretch of the full pipeline begins, as a share of the load."""
    patience: float
    """… and the longest that it takes to get there (seconds); it is measured from where it is then …"""
    deep_longest: float
    """… for so long at most."""

    def stretch(self, who: str) -> Stretch:
        """Return what is measured of a contestant."""
        if who in (FULL, FULL_BARE):
            return Stretch(self.deep * self.events, 0.95 * self.events, self.patience, self.deep_longest)
        return Stretch(0.1 * self.events, 0.9 * self.events, self.warm, self.longest)


FULL_SIZE: Final = Size(1_600_000, 5, 10.0, 2.0, 0.6, 120.0, 40.0)
QUICK_SIZE: Final = Size(600_000, 2, 6.0, 1.5, 0.1, 1.5, 6.0)


class Pair(NamedTuple):
    """A ratio that is asked for, or told beside one.

    Of bytewax what its guide teaches is what ours is held to, as of quixstreams and Faust; the flow that hands whole batches
    through every step, which its users would have to come upon by themselves, is told as well.
    """

    name: str
    of: str
    to: str
    target: Target | None


PAIRS: Final = (
    Pair("full pipeline vs idiomatic Faust (minute counts only)", FULL, FAUST, at_least(20)),
    Pair("full pipeline vs the same machines in a bare confluent-kafka loop", FULL, FULL_BARE, at_least(0.7)),
    Pair("small job vs quixstreams", SMALL, QUIX, at_least(6)),
    Pair("small job vs bytewax as its guide teaches", SMALL, BYTEWAX_GUIDE, at_least(2.5)),
    Pair("small job vs bytewax", SMALL, BYTEWAX, None),
    Pair("full pipeline vs quixstreams doing the small job", FULL, QUIX, at_least(2.5)),
    Pair("full pipeline vs bytewax as its guide teaches, doing the small job", FULL, BYTEWAX_GUIDE, at_least(1)),
    Pair("full pipeline vs bytewax doing the small job", FULL, BYTEWAX, None),
)


FIRST_VERSION: Final = 11.9
"""Full pipeline vs idiomatic Faust when questions and answers were judged by rules, and the later signals were not there yet:
this contest at c2ae44e, n = 5."""


class Contest:
    """The load in memory, and a broker to put it into."""

    def __init__(self, on: RunningBroker, size: Size, load: Sequence[Record]) -> None:
        self.bootstrap = on.bootstrap
        self.removes = on.kind == "apache_kafka"
        self.size = size
        self.load = load
        self.plain = [record for record in load if record.key]
        self.name = f"b{os.getpid()}x{time.monotonic_ns() % 1_000_000}"
        self._filled: set[str] = set()

    def run(self, who: str, number: int) -> Rates:
        """Let one contestant drain the load, for the ``number``-th time. Raises :class:`DrainError` or ``LoadError``."""
        directory = scratch()
        try:
            return drain([self._program(who, number, directory)], self.size.stretch(who))
        finally:
            shutil.rmtree(directory, ignore_errors=True)
            if self.removes:
                remove(self.bootstrap, f"{self.name}-{number}-{who}-")

    def _program(self, who: str, number: int, directory: Path) -> Program:
        if who in (FULL, SMALL):
            return self._worker(who, number, directory)
        name = f"{self.name}-{number}-{who}-"
        topic = self._with_ticks() if who in (FULL_BARE, SMALL_BARE) else self._without_ticks()
        out = directory / "samples"
        given = ["--bootstrap", self.bootstrap, "--topic", topic, "--name", name, "--samples", str(out)]
        given += ["--directory", str(directory), "--partitions", str(PARTITIONS)]
        command = {
            FULL_BARE: module("bench.confluent_loop", "--job", "full", *given),
            SMALL_BARE: module("bench.confluent_loop", "--job", "small", *given),
            FAUST: module("bench.faust_idiomatic", *given),
            QUIX: module("bench.quix", *given),
            BYTEWAX: module("bench.bytewax_flow", *given),
            BYTEWAX_GUIDE: module("bench.bytewax_flow", "--guide", *given),
        }[who]
        return Program(command, environment(), cores.MEASURED, samples_of(out), directory / "log", directory)

    def _worker(self, who: str, number: int, directory: Path) -> Program:
        prefix = f"{self.name}-{number}-{who}-"
        config = worker_config(self.bootstrap, prefix, PARTITIONS, directory)
        administration.provision(config)
        topic = topics.full_name(prefix, topics.EVENTS)
        share = len(self.plain) / fill(self.bootstrap, topic, PARTITIONS, self.load)
        return worker_program(config, directory, share, who == SMALL)

    def _with_ticks(self) -> str:
        """Return the topic for loops that bring no topics of their own."""
        return self._once(f"{self.name}-ticked", self.load)

    def _without_ticks(self) -> str:
        """Return the topic for the peers."""
        return self._once(f"{self.name}-plain", self.plain)

    def _once(self, topic: str, load: Sequence[Record]) -> str:
        if topic not in self._filled:
            make(self.bootstrap, [topic], PARTITIONS)
            fill(self.bootstrap, topic, PARTITIONS, load)
            self._filled.add(topic)
        return topic


def worker_config(bootstrap: str, prefix: str, partitions: int, directory: Path) -> Config:
    """Return the product's defaults on this broker."""
    return Config(
        data_dir=str(directory),
        kafka=Kafka(bootstrap=bootstrap, topic_prefix=prefix, partitions=partitions),
        worker=Worker(metrics_port=free_port()),
    )


def worker_program(
    config: Config, directory: Path, share: float, small: bool = False, core: int = cores.MEASURED
) -> Program:
    """Return the product's worker (with the machine of the small job, if ``small``)."""
    command = module("bench.small") if small else module("huoqun", "worker")
    env = environment() | dump_env(config)
    look = Scrape(config.worker.metrics_port, share)
    return Program(command, env, core, look, directory / f"worker-{config.worker.metrics_port}.log", directory)


def environment() -> dict[str, str]:
    """Return the environment of what is measured: this one without the product's settings, and with this checkout."""
    env = {name: value for name, value in os.environ.items() if not name.startswith("HUOQUN_")}
    return env | {"PYTHONPATH": str(ROOT)}


def rows(quick: bool, only: Sequence[str] = (), say: Callable[[str], None] = lambda _: None) -> list[Row]:
    """Hold the contest. Raises ``UnavailableError`` where Apache Kafka can't be had."""
    with broker.running() as on:
        rates, broken = hold(
            on, QUICK_SIZE if quick else FULL_SIZE, list(only) or (QUICK if quick else tuple(WHO)), say
        )
    return table(rates, broken, quick)


def hold(
    on: RunningBroker, size: Size, who: Sequence[str], say: Callable[[str], None]
) -> tuple[dict[str, list[Rates]], dict[str, str]]:
    """Let everyone drain the load in turns; return their rates, and why some could not go on."""
    rates: dict[str, list[Rates]] = {name: [] for name in who}
    broken: dict[str, str] = {}
    contest = Contest(on, size, list(records(size.events)))
    for number in range(size.rounds):
        for name in who:
            if name in broken:
                continue
            try:
                rate = contest.run(name, number)
            except (DrainError, LoadError, administration.BrokerError) as error:
                broken[name] = str(error)
                say(f"round {number + 1}: {WHO[name]}: FAILED: {error}")
            else:
                rates[name].append(rate)
                say(f"round {number + 1}: {WHO[name]}: {rate.per_core:,.0f} a core, {rate.per_second:,.0f}/s")
    return rates, broken


def settled(rates: Sequence[Rates]) -> bool:
    """Return whether the full pipeline was measured where it saves state as fast as state changes."""
    return all(rate.saves and rate.before >= FULL_SIZE.deep * FULL_SIZE.events for rate in rates)


def table(rates: dict[str, list[Rates]], broken: dict[str, str], quick: bool) -> list[Row]:
    """Return the rows of what was found: the ratios that are asked for, and each contestant's own figure."""
    figures = {name: [rate.per_core for rate in found] for name, found in rates.items()}
    early = not settled(rates.get(FULL, ()))
    found = []
    for pair in PAIRS:
        if pair.of not in figures or pair.to not in figures:
            continue
        why = broken.get(pair.of) or broken.get(pair.to)
        if why is not None:
            found.append(failed(pair.name, RATIO, why, pair.target))
        else:
            judge = not quick and not (pair.of == FULL and early)
            note = f"{OWES[pair.of]} — against: {OWES[pair.to]}"
            shares = ratios(figures[pair.of], figures[pair.to])
            found.append(measured(pair.name, RATIO, shares, pair.target, judge=judge, note=note))
    if {FULL, FAUST} <= figures.keys() - broken.keys():
        costs = [FIRST_VERSION / ratio for ratio in ratios(figures[FULL], figures[FAUST])]
        note = f"each as a multiple of idiomatic Faust in its own run; the first version's was {FIRST_VERSION} x"
        judge = not quick and not early
        found.append(measured(COST, "times", costs, at_most(2), judge=judge, note=note))
    for name, each in figures.items():
        target = at_least(80_000) if name == FULL else None
        if name in broken:
            found.append(failed(WHO[name], PER_CORE, broken[name], target))
        else:
            judge = not quick and not (name == FULL and early)
            note = OWES[name] + produced(rates[name])
            if name == FULL and early:
                note += "; not judged: the stretch lies before state is saved as fast as it changes"
            found.append(measured(WHO[name], PER_CORE, each, target, judge=judge, note=note))
    return found


def produced(rates: Sequence[Rates]) -> str:
    """Return what was produced within the stretches, of a contestant that tells; empty for the others."""
    if not any(rate.results for rate in rates):
        return ""
    events = sum(rate.events for rate in rates) / 1000
    results, saves = sum(rate.results for rate in rates) / events, sum(rate.saves for rate in rates) / events
    return f"; within the stretch {results:,.0f} results and {saves:,.1f} saves a thousand events"
