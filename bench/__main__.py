"""``make bench``: measure, print, keep.

    python -m bench list                      what there is
    python -m bench run [NAME…]               measure (all parts, or those named) and print each row as it comes
    python -m bench run --keep [NAME…]        … and keep the rows in bench/results.json and BENCHMARKS.md
    python -m bench run --quick [NAME…]       shorter runs of smaller worlds: to see that it works, and for the smoke test
    python -m bench smoke [NAME…]             quick; ends with 1 if a ratio has lost more than a third of what is kept
    python -m bench page                      make BENCHMARKS.md of what is kept

A part that fails shows as failed and does not end the run; the status is 1 then.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from datetime import UTC, datetime

from bench import cores, machine, report
from bench.suites import SUITES, Suite, UnknownSuiteError, named
from bench.table import Row, failed, fallen
from huoqun.clock import now_ms

SMOKE = ("contest", "scale")
"""What the smoke test runs: parts with ratios of which both sides are measured side by side, in two minutes."""


def main() -> int:
    """Run the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m bench", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("what", choices=("list", "run", "smoke", "page"))
    parser.add_argument("names", nargs="*", metavar="NAME")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--keep", action="store_true")
    given = parser.parse_intermixed_args()
    try:
        suites = named(given.names or (SMOKE if given.what == "smoke" else ()))
    except UnknownSuiteError as error:
        parser.error(str(error))
    if given.what == "list":
        for suite in SUITES:
            print(f"{suite.name:<10}{suite.about}: {'; '.join(suite.asked)}")
        return 0
    if given.what == "page":
        report.PAGE.write_text(report.page_of(report.load()), "utf-8")
        return 0
    if given.what == "smoke":
        return smoke(suites)
    return 1 if run(suites, given.quick, given.keep) else 0


def run(suites: Sequence[Suite], quick: bool, keep: bool) -> list[Row]:
    """Measure, print, keep; return the rows that failed."""
    about = machine.this()
    date = datetime.fromtimestamp(now_ms() / 1000, UTC).strftime("%Y-%m-%d")
    _print_machine(about)
    broken: list[Row] = []
    for suite in suites:
        rows = measure(suite, quick)
        broken += [row for row in rows if row.failure]
        if keep:
            report.keep(report.with_rows(report.load(), suite.name, rows, about, date, quick))
    if broken:
        print(f"\n{len(broken)} figures failed")
    return broken


def smoke(suites: Sequence[Suite]) -> int:
    """Measure quickly and compare with the quick rows that are kept; 1 if a ratio has fallen."""
    _print_machine(machine.this())
    kept = report.load().quick
    lost = []
    for suite in suites:
        if not kept.get(suite.name):
            print(f"{suite.name}: nothing is kept to compare with (python -m bench run --quick --keep {suite.name})")
        lost += fallen(kept.get(suite.name, []), measure(suite, quick=True))
    for found in lost:
        print(f"FALLEN: {found.text()}")
    print("smoke:", "failed" if lost else "no ratio has fallen by more than a third")
    return 1 if lost else 0


def measure(suite: Suite, quick: bool) -> list[Row]:
    """Run a suite and print its rows; what it raises becomes a row."""
    print(f"\n== {suite.name}: {suite.about}", flush=True)
    if not suite.there():
        print(f"not run: {suite.module} does not exist")
        return []
    began = time.monotonic()
    try:
        rows = suite.run(quick, _say)
    except Exception as error:  # noqa: BLE001  # one that fails must not take the others with it
        rows = [failed(asked, "", f"{type(error).__name__}: {error}") for asked in suite.asked]
    for row in rows:
        print(report.line(row), flush=True)
    print(f"({time.monotonic() - began:.0f} s)", flush=True)
    cores.everywhere()
    return rows


def _say(text: str) -> None:
    print(f"   {' '.join(text.split())[:240]}", flush=True)


def _print_machine(about: machine.Machine) -> None:
    print(f"{about.cpu}, {about.cores} cores, {about.memory_gib:g} GiB, {about.kernel}, {about.python}")
    print(", ".join(f"{name} {version}" for name, version in about.versions.items()))
    print(f"commit {about.commit}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
