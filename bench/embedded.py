"""The contest's main figures on the embedded broker (Tansu, in memory), for orientation.

A smaller load: it keeps everything in memory. State is not yet being saved at its full rate in so short a run; what is
judged is measured on Apache Kafka.
"""

from __future__ import annotations

from bench import broker
from bench.contest import FAUST, FULL, PER_CORE, WHO, Size, hold
from bench.suites import Say
from bench.table import RATIO, Row, failed, measured, ratios

SIZE = Size(400_000, 5, 6.0, 1.5, 0.1, 1.5, 6.0)
QUICK_SIZE = Size(150_000, 1, 4.0, 1.0, 0.1, 1.0, 4.0)
WHERE = "on the embedded broker"


def rows(quick: bool, say: Say = lambda _: None) -> list[Row]:
    """Measure."""
    with broker.running("tansu") as on:
        rates, broken = hold(on, QUICK_SIZE if quick else SIZE, (FULL, FAUST), say)
    figures = {name: [rate.per_core for rate in found] for name, found in rates.items()}
    found = []
    if not {FULL, FAUST} & broken.keys():
        name = f"full pipeline vs idiomatic Faust (minute counts only), {WHERE}"
        found.append(measured(name, RATIO, ratios(figures[FULL], figures[FAUST])))
    for who, each in figures.items():
        name = f"{WHO[who]}, {WHERE}"
        found.append(failed(name, PER_CORE, broken[who]) if who in broken else measured(name, PER_CORE, each))
    return found
