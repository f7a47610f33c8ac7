"""Two workers on two cores against one worker on one, four partitions for each worker.

The broker needs a core, too, and on a machine with two it takes its share from a worker. So what is compared is events a
second of the workers' own CPU, summed over the workers: what sharing the work costs them. The note has the events a second
of time, in which the broker's share is missing. (So early in the load neither saves state at its full rate.)
"""

from __future__ import annotations

import shutil
import time
from math import inf
from statistics import median

from bench import broker, cores
from bench.contest import worker_config, worker_program
from bench.drain import drain, scratch
from bench.load import fill, remove
from bench.samples import Rates, Stretch
from bench.suites import Say
from bench.table import RATIO, Row, at_least, measured, ratios
from bench.workload import Record, records
from huoqun import broker as administration
from huoqun import topics

ROUNDS = 5
EVENTS = 1_200_000
QUICK_EVENTS = 300_000


def rows(quick: bool, say: Say = lambda _: None) -> list[Row]:
    """Measure one and two in turns."""
    events, rounds = (QUICK_EVENTS, 1) if quick else (EVENTS, ROUNDS)
    load = list(records(events))
    one: list[Rates] = []
    two: list[Rates] = []
    with broker.running() as on:
        for number in range(rounds):
            for workers, found in ((1, one), (2, two)):
                rate = run(on.bootstrap, f"w{workers}r{number}x{time.monotonic_ns()}", workers, load, events)
                found.append(rate)
                say(f"round {number + 1}: {workers}: {rate.per_core:,.0f} a core summed, {rate.per_second:,.0f}/s")
    shares = ratios([r.per_core for r in two], [r.per_core for r in one])
    times = median(ratios([r.per_second for r in two], [r.per_second for r in one]))
    note = (
        f"events a second of the workers' CPU, summed; by the clock {times:.2f} x, where the broker and two workers "
        f"share {len(cores.ALL)} cores (one worker: {median(r.per_second for r in one):,.0f}/s)"
    )
    return [measured("two workers on two cores vs one", RATIO, shares, at_least(1.8), judge=not quick, note=note)]


def run(bootstrap: str, prefix: str, workers: int, load: list[Record], events: int) -> Rates:
    """Let so many workers drain the load, four partitions each."""
    directory = scratch()
    try:
        partitions = 4 * workers
        config = worker_config(bootstrap, prefix, partitions, directory)
        administration.provision(config)
        share = events / fill(bootstrap, topics.full_name(prefix, topics.EVENTS), partitions, load)
        programs = []
        for core in [cores.MEASURED, cores.BROKER][:workers]:
            own = worker_config(bootstrap, prefix, partitions, directory)
            programs.append(worker_program(own, directory, share, core=core))
        return drain(programs, Stretch(inf, 0.95 * events, 2.0, 8.0))
    finally:
        shutil.rmtree(directory, ignore_errors=True)
        remove(bootstrap, prefix)
