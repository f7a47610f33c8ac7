"""Run schedules until one goes wrong, and print it with as little in it as still does: ``python -m tests.sim --schedules 20000``.

Each follows from its number alone: ``--first N --schedules 1`` runs number N again. ``--of notices`` runs those of notifiers.
"""

from __future__ import annotations

import argparse
import gc
import logging
import platform
import resource
import sys
import time
from concurrent.futures import ProcessPoolExecutor, as_completed
from typing import Final

import structlog

import streams
from tests.sim import notices, schedule

AT_ONCE = 25


OF: Final = {"streams": schedule, "notices": notices}


def some(of: str, first: int, end: int) -> list[int]:
    """Return which of these go wrong."""
    return [seed for seed in range(first, end) if OF[of].run(seed).wrong]


def begin() -> None:
    """Begin a process, once: what is frozen is never looked at again, also if nobody needs it."""
    quiet()
    gc.freeze()  # what is imported stays
    gc.set_threshold(20_000, 20, 20)  # a schedule makes little that refers to itself


def quiet() -> None:
    """What workers log of their crashes is not of interest."""
    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL), cache_logger_on_first_use=True
    )
    logging.getLogger("asyncio").setLevel(logging.CRITICAL)


def main() -> int:
    """Run, and say what was run and how fast."""
    parser = argparse.ArgumentParser(prog="python -m tests.sim", description=__doc__)
    parser.add_argument("--of", choices=OF, default="streams")
    parser.add_argument("--schedules", type=int, default=20_000)
    parser.add_argument("--first", type=int, default=0, help="the number of the first one")
    parser.add_argument("--seconds", type=float, default=1e9, help="end after this long")
    parser.add_argument("--jobs", type=int, default=1)
    asked = parser.parse_args()
    quiet()
    began, done, wrong = time.monotonic(), 0, list[int]()
    end = asked.first + asked.schedules
    starts = iter(range(asked.first, end, AT_ONCE))
    with ProcessPoolExecutor(asked.jobs, initializer=begin) as pool:
        running = {}
        while True:
            while len(running) < asked.jobs and not wrong and time.monotonic() - began < asked.seconds:
                start = next(starts, None)
                if start is None:
                    break
                running[pool.submit(some, asked.of, start, min(start + AT_ONCE, end))] = min(AT_ONCE, end - start)
            if not running:
                break
            ready = next(as_completed(running))
            wrong += ready.result()
            done += running.pop(ready)
    took, worked = time.monotonic() - began, sum(resource.getrusage(resource.RUSAGE_CHILDREN)[:2])
    compiled = "compiled" if streams.COMPILED else "as source"
    print(
        f"{done} schedules of {asked.of} from number {asked.first}, {len(wrong)} wrong, {took:.0f} s, {done / took:.0f} a second, "
        f"{done / max(worked, 0.001):.0f} a second of a processor, "
        f"{asked.jobs} processes, the core {compiled}, Python {platform.python_version()}"
    )
    whose = OF[asked.of]
    for seed in wrong[:1]:
        print(f"number {seed}, made smaller:\n{whose.shrunk(whose.run(seed)).told()}")
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main())
