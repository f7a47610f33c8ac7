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
import signal
import sys
import time
from collections.abc import Sequence
from datetime import UTC, datetime

from bench import cores, machine, report
from bench.suites import SUITES, Suite, UnknownSuiteError, named
from bench.table import Fallen, Row, failed, fallen
from huoqun.clock import now_ms
from tests.support.fetch_kafka import UnavailableError

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
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that what was started is ended, too
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
    """Measure, print, keep; return the rows that failed.

    A full run that is kept also keeps the quick form of what the smoke test runs: like is compared with like.
    """
    about = machine.this()
    _print_machine(about)
    plan = [(suite, quick) for suite in suites]
    if keep and not quick:
        plan += [(suite, True) for suite in suites if suite.name in SMOKE]
    broken: list[Row] = []
    for suite, short in plan:
        rows = measure(suite, short)
        broken += [row for row in rows if row.failure]
        if keep and rows:
            report.keep(report.with_rows(report.load(), suite.name, rows, about, _today(), short))
    if keep:
        print(f"\nkept in {report.RESULTS.name} and {report.PAGE.name}")
    if broken:
        print(f"\n{len(broken)} figures failed")
    return broken


def smoke(suites: Sequence[Suite]) -> int:
    """Measure quickly and compare with the quick rows that are kept; 1 if a ratio has fallen, and again in a second run."""
    _print_machine(machine.this())
    kept = report.load().quick
    lost: list[Fallen] = []
    compared = 0
    for suite in suites:
        before = kept.get(suite.name, [])
        if not before:
            print(f"{suite.name}: nothing is kept to compare with (python -m bench run --quick --keep {suite.name})")
            continue
        rows = measure(suite, quick=True)
        compared += len(rows)
        found = fallen(before, rows)
        if found:
            print("\n".join(f"once more, because of {each.text()}" for each in found))
            twice = {each.name for each in found}
            found = [each for each in fallen(before, measure(suite, quick=True)) if each.name in twice]
        lost += found
    for each in lost:
        print(f"FALLEN: {each.text()}")
    fine = "no ratio has fallen by more than a third" if compared else "nothing was compared"
    print("smoke:", "failed" if lost else fine)
    return 1 if lost else 0


def _today() -> str:
    return datetime.fromtimestamp(now_ms() / 1000, UTC).strftime("%Y-%m-%d")


def measure(suite: Suite, quick: bool) -> list[Row]:
    """Run a suite and print its rows; what it raises becomes a row."""
    print(f"\n== {suite.name}: {suite.about}", flush=True)
    if not suite.there():
        print(f"not run: {suite.module} does not exist")
        return []
    began = time.monotonic()
    try:
        rows = suite.run(quick, _say)
    except UnavailableError as error:
        print(f"not run: {error}")
        rows = []
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
