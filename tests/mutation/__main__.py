"""The mutation score: ``python -m tests.mutation [--seed N] [--most N] [TARGET…]``, or ``make mutation``.

A sample of small faults, drawn by the seed, is put into each target's source, one at a time, in memory, and the target's tests are
run until one fails. A fault that no test notices has *survived*. Ends with 1 if less than 90 % were noticed.
"""

from __future__ import annotations

import argparse
import importlib.abc
import importlib.util
import os
import random
import signal
import sys
import time
from collections.abc import Mapping
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType
from typing import NamedTuple

import hypothesis  # noqa: F401  # before the first fork: importing costs more than most tests
import msgspec  # noqa: F401
import pytest

from tests.mutation.mutants import Mutant, faults, make

ROOT = Path(__file__).parents[2]
WANTED = 0.9
QUICK = ["-x", "-q", "-p", "no:randomly", "-p", "no:cacheprovider", "-p", "no:xdist", "--no-header", "--tb=no"]
LONG = "not (shuffled_and_crashed or two_holders or real_chats or no_insult or more_members)"
"""Left out: they take minutes, and what they find the others mostly find first."""


class Target(NamedTuple):
    """What is made faulty, and which tests should notice: all of them for every source, or those of each."""

    sources: tuple[str, ...]
    tests: tuple[str, ...] = ()
    fitting: Mapping[str, tuple[str, ...]] = {}
    """Source -> its tests, where all would take too long."""


_STATE = ("test_rests", "test_saved", "test_saved_whole_then_not", "test_lag", "test_latest", "test_erasing", "SOME")
"""What a partition's state is good for, and some schedules of the simulator: crashes, repeats, late events."""
_ASKED = ("test_questions", "test_answering", "test_referral", "test_deeds", "SOME")
_COME = ("test_churn", "test_leaving", "SOME")
CORE = {
    "partition": _STATE, "history": _STATE, "saved": _STATE, "lag": _STATE, "rests": _STATE, "arrivals": _STATE, "changes": _STATE,
    "unanswered": _ASKED, "answering": _ASKED, "questions": _ASKED, "leaving": _COME, "newcomers": _COME, "risk": _COME,
    "stages": ("test_stages", "test_stages_by_time", "SOME"), "advertising": ("test_advertising", "SOME"),
    "flood": ("test_flood", "SOME"), "quarrel": ("test_quarrel", "test_hostility", "SOME"),
    "activity": ("test_activity", "test_structure", "test_rhythm", "SOME"),
}  # fmt: skip


def _file(name: str) -> str:
    return "tests/sim/test_some.py" if name == "SOME" else f"tests/unit/core/{name}.py"


TARGETS = {
    "core": Target(
        tuple(f"streams/core/{name}.py" for name in CORE),
        fitting={f"streams/core/{name}.py": tuple(map(_file, tests)) for name, tests in CORE.items()},
    ),
    "verify": Target(("producers/verify.py",), ("tests/unit/producers/test_verify.py", "tests/unit/producers/sources")),
    "batch": Target(("sinks/batch.py",), ("tests/unit/sinks/test_batch.py", "tests/unit/sinks/test_service.py")),
    "decide": Target(("sinks/notify/decide.py",), ("tests/unit/sinks/notify",)),
    "ssrf": Target(("sinks/notify/targets.py",), ("tests/unit/sinks/test_notify_targets.py",)),
}


class _Faulty(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Imports one module from a source in memory."""

    def __init__(self, file: Path, source: str) -> None:
        self._file, self._source = file, source
        self._name = ".".join(file.relative_to(ROOT).with_suffix("").parts)

    def find_spec(self, name: str, *_: object) -> ModuleSpec | None:
        if name != self._name:
            return None
        return importlib.util.spec_from_file_location(name, self._file, loader=self)

    def exec_module(self, module: ModuleType) -> None:
        exec(compile(self._source, str(self._file), "exec"), module.__dict__)  # that is what this is for


def run(tests: tuple[str, ...], file: Path, source: str, seconds: float) -> str:
    """Run tests in a process of their own, with the source of a file: ``noticed``, ``survived`` or ``too long`` (noticed, too)."""
    sys.stdout.flush()
    child = os.fork()
    if child == 0:
        os.setsid()
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        os.dup2(1, 2)
        sys.meta_path.insert(0, _Faulty(file, source))
        os._exit(int(pytest.main([*QUICK, "-k", LONG, *tests])))
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            return "survived" if os.waitstatus_to_exitcode(status) == 0 else "noticed"
        time.sleep(0.05)
    os.killpg(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return "too long"


def drawn(target: Target, seed: int, most: int) -> list[tuple[Path, Mutant]]:
    """Return a sample of the target's faults, the same for the same seed."""
    found = [(ROOT / name, fault) for name in target.sources for fault in faults((ROOT / name).read_text("utf-8"))]
    picked = random.Random(seed).sample(found, min(most, len(found)))
    print(f"  {len(picked)} of {len(found)} faults, seed {seed}")
    return [(file, make(file.read_text("utf-8"), fault)) for file, fault in picked]


def main() -> int:
    """Measure, print, and return the status."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutation", description=__doc__)
    parser.add_argument("targets", nargs="*", choices=[[], *TARGETS], help="default: all")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--most", type=int, default=40, help="faults of each target")
    parser.add_argument("--seconds", type=float, default=600.0, help="how long the tests of one fault may take")
    asked = parser.parse_args()
    os.chdir(ROOT)
    os.environ["PURE_PYTHON"] = "1"
    noticed = tried = 0
    for name in asked.targets or TARGETS:
        target = TARGETS[name]
        print(f"{name}:", flush=True)
        of_this, sound = [], set[tuple[str, ...]]()
        for file, mutant in drawn(target, asked.seed, asked.most):
            tests = target.fitting.get(str(file.relative_to(ROOT)), target.tests)
            if tests not in sound and run(tests, file, file.read_text("utf-8"), asked.seconds) != "survived":
                print(f"  without any fault they fail, or take longer than {asked.seconds:.0f} s: {' '.join(tests)}")
                return 1
            sound.add(tests)
            outcome = run(tests, file, mutant.source, asked.seconds)
            of_this.append(outcome != "survived")
            if outcome != "noticed":
                print(f"  {outcome}: {file.relative_to(ROOT)}:{mutant.line}: {mutant.said[:160]}", flush=True)
        print(f"  noticed {sum(of_this)} of {len(of_this)}", flush=True)
        noticed, tried = noticed + sum(of_this), tried + len(of_this)
    print(f"score: {noticed} of {tried}, {noticed / max(1, tried):.0%}")
    return 0 if noticed >= WANTED * tried else 1


sys.exit(main())
