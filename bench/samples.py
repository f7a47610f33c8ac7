"""How far a measured process is: events seen and CPU seconds used, sampled together, by itself.

The process writes a line ``monotonic cpu seen`` every so often (:func:`report`); the other side reads the lines and makes
a rate of the stretch between two of them (:func:`rates`). Start-up, imports and the first joins are outside of it.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

EVERY_SECONDS = 0.1


class Sample(NamedTuple):
    """At ``at`` (monotonic seconds) the process had used ``cpu`` seconds, all threads together, and seen so many events.

    ``results`` and ``saves`` are the records it had produced by then, of programs that tell.
    """

    at: float
    cpu: float
    seen: float
    results: float = 0.0
    saves: float = 0.0


class Rates(NamedTuple):
    """Events a second of CPU, and of time, over ``events`` of them."""

    per_core: float
    per_second: float
    events: float
    results: float = 0.0
    saves: float = 0.0
    before: float = 0.0
    """Events seen before."""


def report(path: Path, seen: Callable[[], float]) -> None:
    """Write samples of this process to ``path`` until it ends, in a thread of its own."""

    def loop() -> None:
        with path.open("w", encoding="ascii", buffering=1) as lines:
            while True:
                lines.write(f"{time.monotonic():.6f} {time.process_time():.6f} {seen():.0f}\n")
                time.sleep(EVERY_SECONDS)

    threading.Thread(target=loop, name="samples", daemon=True).start()


def read(path: Path) -> list[Sample]:
    """Return the samples written so far; a line that is being written is left out."""
    if not path.exists():
        return []
    whole = path.read_text("ascii").rpartition("\n")[0]
    return [Sample(*map(float, line.split())) for line in whole.splitlines()]


class Stretch(NamedTuple):
    """What is measured of a run: from ``first`` events seen, or ``warm_seconds`` after the first one, to ``last`` events.

    Quick programs are measured over the middle of the load; slow ones, which would never get there, for ``longest_seconds``.
    """

    first: float
    last: float
    warm_seconds: float
    longest_seconds: float

    def cut(self, samples: Sequence[Sample]) -> list[Sample]:
        """Return the samples that belong to it."""
        moving = next((s.at for s in samples if s.seen > 0), None)
        if moving is None:
            return []
        begun = [s for s in samples if s.seen >= self.first or s.at >= moving + self.warm_seconds]
        return [s for s in begun if s.at <= begun[0].at + self.longest_seconds and s.seen <= self.last]

    def over(self, samples: Sequence[Sample]) -> bool:
        """Return whether the last sample lies behind it."""
        inside = self.cut(samples)
        if samples and samples[-1].seen >= self.last:
            return True
        return bool(inside) and samples[-1].at >= inside[0].at + self.longest_seconds


class TooShortError(Exception):
    """There are not two samples to make a rate of."""


def rates(samples: Sequence[Sample]) -> Rates:
    """Return the rates from the first sample to the last. Raises :class:`TooShortError`."""
    if len(samples) < 2 or samples[-1].seen <= samples[0].seen or samples[-1].cpu <= samples[0].cpu:
        raise TooShortError(f"{len(samples)} samples, no progress between them")
    first, last = samples[0], samples[-1]
    events = last.seen - first.seen
    return Rates(
        events / (last.cpu - first.cpu),
        events / (last.at - first.at),
        events,
        last.results - first.results,
        last.saves - first.saves,
        first.seen,
    )
