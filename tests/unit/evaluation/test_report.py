"""Rows as they are shown and kept."""

import io
import math
from pathlib import Path

import pytest
from rich.console import Console

from bench.machine import Machine
from bench.table import at_least, at_most
from evaluation.__main__ import show
from evaluation.figures import absent, failed, figure
from evaluation.report import Results, cells, keep, load, page_of, with_rows
from evaluation.suites import SUITES, UnknownSuiteError, named

MACHINE = Machine(cpu="a chip", cores=2, memory_gib=4, kernel="k", python="p", versions={"a": "1"}, commit="abc")
ROWS = [
    figure(
        "F1", "dev", 0.8684, interval=(0.78, 1), n=79, target=at_least(0.85), beside="P | R", remark="how", seconds=22.4
    ),
    figure("error", "dev", 0.0314, n=1_000, target=at_most(0.03)),
    figure("skill", "quick", 0.5, n=10, target=at_least(0.3), judge=False),
    absent("F1", "train", "not   here", at_least(0.88)),
    failed("F1", "other", "it fell"),
]


def test_a_row_says_value_interval_and_verdict() -> None:
    assert cells(ROWS[0]) == ("F1", "dev", "0.868", "0.780 to 1.000", "79", "≥ 0.85", "yes", "22", "P | R")
    assert cells(ROWS[1])[2:7] == ("0.031", "", "1,000", "≤ 0.03", "no")
    assert cells(ROWS[2])[5:7] == ("≥ 0.3", "")
    assert cells(ROWS[3])[2:7] == ("–: not here", "", "", "≥ 0.88", "")
    assert cells(ROWS[4])[2] == "failed: it fell"


def test_what_is_not_defined_is_absent_and_not_judged() -> None:
    row = figure("AUC", "x", math.nan, n=3, target=at_least(0.9))
    assert (row.value, row.met) == (None, None)
    assert "one kind" in row.absent


def test_the_page_has_every_part_and_survives_the_file(tmp_path: Path) -> None:
    assert page_of(Results()).count("Not run.") == len(SUITES)
    results = with_rows(Results(), "unanswered", ROWS, MACHINE, "2026-11-22")
    results = with_rows(results, "churn", ROWS[:1], MACHINE, "2026-11-23")
    results = with_rows(results, "churn", ROWS[1:2], MACHINE, "2026-11-24")
    keep(results, tmp_path / "r.json", tmp_path / "page.md")
    assert load(tmp_path / "r.json") == results
    assert load(tmp_path / "none.json") == Results()
    page = (tmp_path / "page.md").read_text("utf-8")
    assert "| F1 <sup>1</sup> | dev | 0.868 | 0.780 to 1.000 | 79 | ≥ 0.85 | yes | 22 | P \\| R |" in page
    assert "| **no** |" in page
    assert "1. how" in page
    assert "commit abc on 2026-11-22" in page
    assert "2026-11-23" not in page
    assert "a chip, 2 cores" in page


def test_one_table_with_a_count_of_what_was_met() -> None:
    out = io.StringIO()
    show(ROWS, MACHINE, 61.0, Console(file=out, width=200))
    assert "0.868" in out.getvalue()
    assert "1 met, 1 missed; 61 s in all; commit abc" in out.getvalue()


def test_parts_are_found_by_name_in_their_own_order() -> None:
    assert [suite.name for suite in named(["churn", "unanswered"])] == ["unanswered", "churn"]
    assert len(named([])) == len(SUITES)
    with pytest.raises(UnknownSuiteError, match="unanswered, questions, churn"):
        named(["speed"])
