"""The scripted communities: how many of them give what is specified."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
import time
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final, NamedTuple

from bench.table import at_least
from evaluation import figures
from evaluation.figures import Figure, absent
from evaluation.task import ROOT, Task

NAME: Final = "scenarios as specified"
LEAST: Final = 40
MOST_NAMED: Final = 20
_ASKED: Final = f"all, of {LEAST} or more"


class Outcome(NamedTuple):
    """What became of the tests of a run: those of each community, and others."""

    communities: dict[str, list[bool]]
    """Community -> whether each expectation is met. One that is known not to be yet (``xfail``) is not."""
    others: list[bool]
    unmet: list[str]
    skipped: int

    @property
    def whole(self) -> int:
        """How many communities are entirely as specified."""
        return sum(all(met) for met in self.communities.values())

    @property
    def expectations(self) -> list[bool]:
        """Every expectation of every community."""
        return [met for found in self.communities.values() for met in found]


def rows(task: Task) -> Iterator[Figure]:
    """Run them."""
    on = "scripted communities"
    if not list(task.scenarios.rglob("test_*.py")):
        yield absent(NAME, on, f"no tests in {task.scenarios}")
        return
    if importlib.util.find_spec("pytest") is None:
        yield absent(NAME, on, "pytest is not installed (make setup)")
        return
    began = time.monotonic()
    with TemporaryDirectory() as directory:
        report = Path(directory) / "report.xml"
        done = subprocess.run(
            [sys.executable, "-m", "pytest", "-q", f"--junitxml={report}", str(task.scenarios)],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
        )
        if not report.exists():
            yield figures.failed(
                NAME, on, f"pytest ended with status {done.returncode}: {done.stdout[-200:]}{done.stderr[-200:]}"
            )
            return
        outcome = outcome_of(report.read_text("utf-8"))
    seconds = time.monotonic() - began
    count, expected = len(outcome.communities), outcome.expectations
    broken = outcome.others.count(False)
    yield Figure(
        name=NAME,
        on=on,
        value=outcome.whole,
        of=count,
        n=count,
        asked=_ASKED,
        met=outcome.whole == count and not broken and at_least(LEAST).met(count),
        beside="; ".join(filter(None, (f"{broken} other tests failed" if broken else "", _skipped(outcome)))),
        remark=f"not as specified: {', '.join(outcome.unmet[:MOST_NAMED])}" if outcome.unmet else "",
        seconds=seconds,
    )
    yield Figure(
        name="expectations of scenarios met",
        on=on,
        value=expected.count(True),
        of=len(expected),
        n=len(expected),
        seconds=seconds,
    )


def outcome_of(report: str) -> Outcome:
    """Read a report of pytest (JUnit's form). A test's community is what its parameters begin with."""
    found = Outcome({}, [], [], 0)
    skipped = 0
    for case in ET.fromstring(report).iter("testcase"):
        outcomes = {child.tag: child.get("type", "") for child in case}
        if outcomes.get("skipped", "") == "pytest.skip":
            skipped += 1
            continue
        met = not outcomes.keys() & {"failure", "error", "skipped"}
        name, _, parameters = case.get("name", "").partition("[")
        if parameters:
            found.communities.setdefault(parameters.removesuffix("]").partition("-")[0], []).append(met)
        else:
            found.others.append(met)
        if not met:
            found.unmet.append(parameters.removesuffix("]") or name)
    return found._replace(skipped=skipped)


def _skipped(outcome: Outcome) -> str:
    return f"{outcome.skipped} skipped" if outcome.skipped else ""
