"""Where the time of an event goes: the machines alone, deep in the load of the contest, by what they do.

The rest of what the contest measures of the worker is Faust's and the transport's: see the row of the small job there, whose
machine does next to nothing. Garbage collection falls on whatever part it happens in.
"""

from __future__ import annotations

from typing import Final

from bench.asked import Asked
from bench.core_alone import Spent
from bench.suites import Say
from bench.table import Row, measured
from bench.workload import Shape

WARM: Final = 960_000
"""Events before it is measured: as in the contest."""
EVENTS: Final = 200_000
ROUNDS: Final = 5


def rows(quick: bool, say: Say = lambda _: None) -> list[Row]:
    """Measure."""
    warm, events, rounds = (60_000, 20_000, 2) if quick else (WARM, EVENTS, ROUNDS)
    spent: list[Spent] = []
    with Asked(Shape(), warm) as process:
        process.wait()
        for number in range(rounds):
            spent.append(process.ask(events))
            say(f"round {number + 1}: {_micro(spent[-1].machines + spent[-1].encode, events):.1f} µs an event")
    parts = {
        "decoding the record": [s.decode for s in spent],
        "the machines, with their urgent results": [s.apply - s.decode for s in spent],
        "checkpoints: results as records, settling, saves": [s.checkpoint for s in spent],
        "encoding all results": [s.encode for s in spent],
        "all of it": [s.machines + s.encode for s in spent],
    }
    note = f"from {warm:,} events on, {events:,} a round, one partition"
    return [measured(name, "µs an event", [_micro(s, events) for s in each], note=note) for name, each in parts.items()]


def _micro(seconds: float, events: int) -> float:
    return seconds / events * 1e6
