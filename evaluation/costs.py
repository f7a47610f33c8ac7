"""What an event costs with every signal: a figure of the benchmarks, which take a broker and a core of their own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from bench import report
from bench.suites import CONTEST, COST
from bench.table import number
from evaluation.figures import Figure, absent, failed
from evaluation.task import Task

ON: Final = "`python -m bench run contest`"
NAME: Final = "cost of an event, to the first version's"


def rows(_: Task, kept: Path = report.RESULTS) -> Iterator[Figure]:
    """Show the row that the last whole contest left in ``kept``, and of which commit it is: nothing is measured here."""
    row = next((row for row in report.load(kept).full.get(CONTEST, ()) if row.name == COST), None)
    if row is None:
        yield absent(NAME, ON, "none is kept: `make bench ARGS=contest` measures it")
    elif row.median is None or row.low is None or row.high is None:
        yield failed(NAME, ON, f"{row.failure} (BENCHMARKS.md)")
    else:
        yield Figure(
            name=NAME,
            on=ON,
            value=row.median,
            n=row.n,
            asked=row.target,
            met=row.met,
            beside=f"{number(row.low)} to {number(row.high)} in {row.n} rounds; from BENCHMARKS.md, measured there at "
            f"commit {row.commit} on {row.date}",
        )
