"""The mutation score: ``python -m tests.mutation [--seed N] [--most N] [--at FILE:LINE] [TARGET…]``, or ``make mutation``.

A sample of small faults, drawn by the seed, is put into each target's source, one at a time, in memory, and the tests that run the
faulty statement are run until one fails, those about its file first. A fault that no test notices has *survived*, unless
:mod:`tests.mutation.equal` says why it changes nothing. Ends with 1 if less than 90 % were noticed.
"""

from __future__ import annotations

import argparse
import importlib
import os
import random
import sys
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from rich.console import Console

from huoqun.cli.progress import progress_bar
from tests.mutation.covering import Ran
from tests.mutation.equal import reason
from tests.mutation.mutants import Fault, faults, make
from tests.mutation.running import ROOT, end, measured, outcome, try_out

WANTED = 0.9
LEFT_OUT = (
    "shuffled_and_crashed", "two_holders", "real_chats", "no_insult", "more_members", "at_every_rest", "little_happens",  # they take minutes
    "another_order", "usual_talk_falls_out", "good_operator_expects", "table_of_communities",  # rows say all that they see
)  # fmt: skip
WHICH = f"not ({' or '.join(LEFT_OUT)})"


class Target(NamedTuple):
    """What is made faulty, and which tests should notice."""

    sources: tuple[str, ...]
    tests: tuple[str, ...]


TARGETS = {
    "core": Target(
        ("streams/core/*.py",),
        (
            "tests/unit/core",
            "tests/sim/test_some.py",
            "tests/golden/scenarios/test_scenarios.py",
            "tests/golden/scenarios/test_rough_talk.py",
        ),
    ),
    "verify": Target(("producers/verify.py",), ("tests/unit/producers/test_verify.py", "tests/unit/producers/sources")),
    "batch": Target(("sinks/batch.py",), ("tests/unit/sinks/test_batch.py", "tests/unit/sinks/test_service.py")),
    "decide": Target(("sinks/notify/decide.py",), ("tests/unit/sinks/notify",)),
    "ssrf": Target(("sinks/notify/targets.py",), ("tests/unit/sinks/test_notify_targets.py",)),
}


class Tried(NamedTuple):
    """A fault, and what came of it."""

    file: Path
    fault: Fault
    line: int
    outcome: str

    def __str__(self) -> str:
        return f"{self.outcome}: {self.file.relative_to(ROOT)}:{self.line}: {self.fault.said[:160]}"


def drawn(target: Target, seed: int, most: int, at: list[str]) -> list[tuple[Path, Fault]]:
    """Return a sample of the target's faults, the same for the same seed; or all those at these places."""
    files = sorted(file for pattern in target.sources for file in ROOT.glob(pattern))
    found = [(file, fault) for file in files for fault in faults(file.read_text("utf-8"))]
    if at:
        places = [(ROOT / name, int(line)) for name, _, line in (place.rpartition(":") for place in at)]
        return [
            (file, fault) for file, fault in found if any(file == name and line in fault.lines for name, line in places)
        ]
    picked = random.Random(seed).sample(found, min(most, len(found)))
    print(f"  {len(picked)} of {len(found)} faults, seed {seed}")
    return picked


def measure(name: str, picked: list[tuple[Path, Fault]], ran: Ran, jobs: int) -> list[Tried]:
    """Try each fault, so many at a time; show how far it is, and whatever is not noticed."""
    tried: list[Tried] = []
    waiting, running = picked[::-1], dict[int, tuple[Path, Fault, int]]()
    console = Console(soft_wrap=True)
    with progress_bar(console) as bar:
        task = bar.add_task(name, total=len(picked), counts="")
        while waiting or running:
            while waiting and len(running) < jobs:
                file, fault = waiting.pop()
                mutant = make(file.read_text("utf-8"), fault)
                running[try_out(ran.fitting(str(file), fault), file, mutant.source)] = (file, fault, mutant.line)
            child, status = os.wait()
            end(child)
            file, fault, line = running.pop(child)
            came = outcome(status)
            equal = reason(file, line, fault.said) if came == "survived" else ""
            tried.append(Tried(file, fault, line, f"changes nothing ({equal})" if equal else came))
            survived = sum(one.outcome == "survived" for one in tried)
            bar.update(task, advance=1, counts=f"{len(tried)} of {len(picked)}, {survived} survived")
            if not console.is_terminal and len(tried) % 10 == 0:
                console.print(f"  {len(tried)} of {len(picked)} tried, {survived} survived", highlight=False)
            if tried[-1].outcome != "noticed":
                console.print(f"  {tried[-1]}", markup=False, highlight=False)
    return tried


def main() -> int:
    """Measure, print, and return the status."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutation", description=__doc__)
    parser.add_argument("targets", nargs="*", choices=[[], *TARGETS], help="default: all")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--most", type=int, default=40, help="faults of each target")
    parser.add_argument(
        "--at", action="append", default=[], metavar="FILE:LINE", help="every fault of this statement, no sample"
    )
    parser.add_argument("--jobs", type=int, default=1, help="faults at a time")
    asked = parser.parse_args()
    os.chdir(ROOT)
    os.environ["PURE_PYTHON"] = "1"
    tried: list[Tried] = []
    for name in asked.targets or TARGETS:
        target = TARGETS[name]
        print(f"{name}:", flush=True)
        picked = drawn(target, asked.seed, asked.most, asked.at)
        ran, theirs = measured(target.tests, [str(ROOT / source) for source in target.sources], WHICH)
        if ran.failed or not ran.tests:
            print(f"  without any fault these fail: {' '.join(ran.failed) or 'there are none'}")
            return 1
        print(f"  {len(ran.tests)} tests take {sum(test.seconds for test in ran.tests.values()):.0f} s", flush=True)
        for module in theirs:  # before the first fork: importing costs more than most tests
            with suppress(ImportError):
                importlib.import_module(module)
        of_this = measure(name, picked, ran, asked.jobs)
        counted = [one for one in of_this if not one.outcome.startswith("changes nothing")]
        print(
            f"  noticed {sum(one.outcome != 'survived' for one in counted)} of {len(counted)},"
            f" {len(of_this) - len(counted)} more change nothing",
            flush=True,
        )
        tried += counted
    for survivor in sorted(f"  {one}" for one in tried if one.outcome == "survived"):
        print(survivor)
    noticed = sum(one.outcome != "survived" for one in tried)
    print(f"score: {noticed} of {len(tried)}, {noticed / max(1, len(tried)):.0%}")
    return 0 if noticed >= WANTED * len(tried) else 1


if __name__ == "__main__":
    sys.exit(main())
