"""``make evaluate``: replay, ask the views, print one table, keep it if asked.

    python -m evaluation [DIRECTORY] [--only NAME…] [--quick] [--keep] [--folds N] [--weights DIR]

DIRECTORY (../shared/data) holds annotated chats and archives, or some of them: what is absent is said. --quick takes small
splits and samples, to see that it works; nothing is judged then. --keep keeps the rows in evaluation/results.json and
EVALUATION.md. Status 1 if something that is there could not be measured, 2 for wrong use.
"""

from __future__ import annotations

import argparse
import signal
import sys
import tempfile
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from bench import machine
from bench.machine import Machine
from evaluation import report
from evaluation.figures import Figure
from evaluation.running import Bars
from evaluation.suites import SUITES, UnknownSuiteError, named
from evaluation.task import FOLDS, Task
from huoqun.clock import now_ms


def main() -> int:
    """Run the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m evaluation", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("directory", nargs="?", default="../shared/data", type=Path)
    parser.add_argument("--only", nargs="+", default=[], metavar="NAME", help=", ".join(s.name for s in SUITES))
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--keep", action="store_true")
    parser.add_argument("--folds", type=int, default=FOLDS, metavar="N", help="0: judge train by the shipped weights")
    parser.add_argument(
        "--weights", type=Path, metavar="DIR", help="keep the folds' weights here, and use those that are there already"
    )
    given = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that what was started is ended, too
    try:
        suites = named(given.only)
    except UnknownSuiteError as error:
        parser.error(str(error))
    if given.keep and given.quick:
        parser.error("a quick run is not kept")
    errors = Console(stderr=True)
    about, began = machine.this(), time.monotonic()
    errors.print(
        f"{about.cpu}, {about.cores} cores, {about.python}, streaming core {machine.core_form()}, commit {about.commit}"
    )
    found: dict[str, list[Figure]] = {}
    with tempfile.TemporaryDirectory(prefix="huoqun-folds-") as work:
        task = Task(given.directory, given.quick, Bars(errors), folds=given.folds, work=given.weights or Path(work))
        for suite in suites:
            found[suite.name] = []
            for row in suite.rows(task):
                found[suite.name].append(row)
                errors.print(
                    " · ".join(filter(None, report.cells(row)[:7])), highlight=False, markup=False, soft_wrap=True
                )
            if given.keep:
                report.keep(report.with_rows(report.load(), suite.name, found[suite.name], about, _today()))
    every = [row for rows in found.values() for row in rows]
    show(every, about, time.monotonic() - began, Console(width=None if sys.stdout.isatty() else 220))
    return 1 if any(row.failed for row in every) else 0


def show(rows: Sequence[Figure], about: Machine, seconds: float, console: Console) -> None:
    """Print the table."""
    table = Table(box=None, pad_edge=False)
    for column in report.COLUMNS:
        table.add_column(column, overflow="fold", justify="right" if column in ("n", "s") else "left")
    for row in rows:
        table.add_row(*map(Text, report.cells(row)))
    console.print(table, highlight=False)
    for remark in dict.fromkeys(row.remark for row in rows if row.remark):
        console.print(remark, highlight=False, markup=False)
    missed = sum(row.met is False for row in rows)
    met = sum(row.met is True for row in rows)
    console.print(f"{met} met, {missed} missed; {seconds:.0f} s in all; commit {about.commit}", highlight=False)


def _today() -> str:
    return datetime.fromtimestamp(now_ms() / 1000, UTC).strftime("%Y-%m-%d")


if __name__ == "__main__":
    sys.exit(main())
