"""Each component in turn, at random moments: kill -9, SIGTERM, or frozen and woken again."""

from __future__ import annotations

import random
import signal
import statistics
import time
from collections import defaultdict

from huoqun.clock import now_ms
from tests.chaos import verdict
from tests.chaos.beds import Bed
from tests.chaos.load import Load
from tests.chaos.parts import NOTIFY
from tests.chaos.verdict import Verdict

TERM_SECONDS = 10.0
SILENCE_SECONDS = 21.0
"""Deadlines of the run's configuration pass in it, the threefold one of what is worse included."""


def run(
    bed: Bed,
    *,
    seed: int,
    kills: int,
    rate: float = 40.0,
    groups: int = 12,
    faults: tuple[str, ...] = ("kill",),
    frozen_seconds: float = 8.0,
    silence: float = SILENCE_SECONDS,
    settle: float = 180.0,
    at_once: bool = False,
    among: tuple[str, ...] = (),
) -> Verdict:
    """``faults``: ``kill``, ``term`` and ``stop``, one of them each time, to the parts ``among`` in turn (all of them).

    ``at_once``: the next may come while a part is not back.
    """
    parts, timeline, chance = bed.parts, bed.timeline, random.Random(seed)
    log = parts.directory / "accepted.ndjson"
    load = Load(parts.gateway, log, seed=seed, groups=groups, rate=rate, time_of=now_ms)
    load.start()
    names = list(among) or parts.names
    took: dict[str, list[float]] = defaultdict(list)
    wrong: list[str] = []
    for number in range(kills):
        time.sleep(chance.uniform(0.5, 3.0) if at_once else chance.uniform(0.1, 1.5))
        name, fault = names[number % len(names)], chance.choice(faults)
        timeline.note("fault", number=number + 1, of=kills, fault=fault, part=name, accepted=len(load.accepted))
        if fault == "stop":
            _freeze(bed, name, frozen_seconds)
            took[f"{name} frozen"].append(_until_ready(bed, name))
            continue
        began = time.monotonic()
        parts.wait_running(name)
        old = parts.signal(name, signal.SIGKILL if fault == "kill" else signal.SIGTERM)
        if fault == "term":
            wrong += _ends_well(bed, name, old)
        if at_once:
            continue
        parts.wait_restarted(name, old)
        took[name].append(time.monotonic() - began)
    load.end()
    timeline.note("silence", accepted=len(load.accepted))
    time.sleep(silence)
    load.close(60)
    found = verdict.of(parts, load, bed.receiver, seconds=settle, notify_kills=_deaths(bed, NOTIFY))
    found.wrong += wrong
    found.figures["back_after_seconds"] = {
        name: {"median": round(statistics.median(all_of), 1), "longest": round(max(all_of), 1)}
        for name, all_of in took.items()
    }
    return found


def _freeze(bed: Bed, name: str, seconds: float) -> None:
    """A part that neither works nor dies, as a machine that swaps; then it goes on and does not know."""
    bed.parts.signal(name, signal.SIGSTOP)
    time.sleep(seconds)
    bed.parts.signal(name, signal.SIGCONT)


def _until_ready(bed: Bed, name: str) -> float:
    began = time.monotonic()
    bed.parts.wait_ready(name)
    return time.monotonic() - began


def _ends_well(bed: Bed, name: str, pid: int) -> list[str]:
    began = time.monotonic()
    while bed.parts.pids.get(name) == pid:
        if time.monotonic() > began + 60:
            return [f"{name} did not end within 60 s of SIGTERM"]
        time.sleep(0.02)
    took = time.monotonic() - began
    said = [line for line in bed.parts.ends if line.startswith(f"{name} ended")][-1:]
    wrong = [f"{name} took {took:.1f} s to end on SIGTERM"] if took > TERM_SECONDS else []
    return wrong + ([f"on SIGTERM {said[0].partition(';')[0]}"] if said and "status 0" not in said[0] else [])


def _deaths(bed: Bed, name: str) -> int:
    return sum(line.startswith(f"{name} ended") for line in bed.parts.ends)
