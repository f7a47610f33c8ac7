"""What an event costs is read from where the benchmarks keep it, with the commit that it was measured at."""

from pathlib import Path

import msgspec
from rich.console import Console

from bench.report import Results
from bench.suites import COST
from bench.table import Row, at_most, failed, measured
from evaluation.costs import rows
from evaluation.figures import Figure
from evaluation.running import Bars
from evaluation.task import Task

TASK = Task(Path(), False, Bars(Console()))


def shown(directory: Path, *contest: Row) -> Figure:
    path = directory / "kept.json"
    path.write_bytes(msgspec.json.encode(Results(full={"contest": list(contest)})))
    (figure,) = rows(TASK, path)
    return figure


def test_the_kept_figure_is_shown_with_where_and_when_it_was_measured(tmp_path: Path) -> None:
    row = measured(COST, "times", [1.5, 1.9, 2.3], at_most(2))
    figure = shown(
        tmp_path, measured("another", "x", [9.0]), msgspec.structs.replace(row, commit="abc", date="2026-11-23")
    )
    assert (figure.value, figure.n, figure.asked, figure.met) == (1.9, 3, "≤ 2 times", True)
    assert figure.beside.startswith("1.5 to 2.3 in 3 rounds")
    assert figure.beside.endswith("commit abc on 2026-11-23")


def test_a_figure_that_was_missed_says_so(tmp_path: Path) -> None:
    assert shown(tmp_path, measured(COST, "times", [2.1], at_most(2))).met is False


def test_a_contest_that_failed_or_was_not_run_gives_no_figure(tmp_path: Path) -> None:
    assert shown(tmp_path).absent.startswith("none is kept")
    broken = shown(tmp_path, failed(COST, "times", "no broker"))
    assert broken.failed
    assert "no broker" in broken.absent
