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
_ASKED: Final = f"all, of {LEAST} or more"


class Outcome(NamedTuple):
    """What became of the tests of a run."""

    passed: int
    failed: list[str]
    skipped: int


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
    ran = outcome.passed + len(outcome.failed)
    yield Figure(
        name=NAME,
        on=on,
        value=outcome.passed,
        of=ran,
        n=ran,
        asked=_ASKED,
        met=not outcome.failed and at_least(LEAST).met(ran),
        beside=f"{outcome.skipped} skipped" if outcome.skipped else "",
        remark=f"failed: {', '.join(outcome.failed[:20])}" if outcome.failed else "",
        seconds=time.monotonic() - began,
    )


def outcome_of(report: str) -> Outcome:
    """Read a report of pytest (JUnit's form)."""
    passed, skipped = 0, 0
    failed = []
    for case in ET.fromstring(report).iter("testcase"):
        found = {child.tag for child in case}
        if found & {"failure", "error"}:
            failed.append(case.get("name", ""))
        elif "skipped" in found:
            skipped += 1
        else:
            passed += 1
    return Outcome(passed, failed, skipped)
