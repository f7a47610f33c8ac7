"""What is kept and what is shown of it."""

import pytest

from bench.machine import Machine, this
from bench.report import Results, keep, line, load, page_of, with_rows
from bench.suites import SUITES, UnknownSuiteError, named
from bench.table import RATIO, at_least, failed, measured

MACHINE = Machine(cpu="a chip", cores=2, memory_gib=4, kernel="k", python="p", versions={"a": "1"}, commit="abc")
ROWS = [measured("speed", RATIO, [3, 4, 5], at_least(20), note="how"), failed("other", RATIO, "it | fell", at_least(1))]


def test_what_was_not_run_says_so_with_its_target() -> None:
    page = page_of(Results())
    assert page.count("Not run. Asked for") == len(SUITES)
    assert "≥ 20 x" in page


def test_the_page_shows_figure_spread_verdict_note_and_where_it_comes_from() -> None:
    page = page_of(with_rows(Results(), "contest", ROWS, MACHINE, "2026-11-22", quick=False))
    assert "| speed <sup>1</sup> | 4 x | 3 to 5 | 3 | ≥ 20 x | **no** |" in page
    assert "1. how" in page
    assert "commit abc on 2026-11-22" in page
    assert "failed: it \\| fell" in page
    assert "a chip, 2 cores" in page


def test_what_limits_a_missed_figure_stands_below_it() -> None:
    limits = next(suite.limits for suite in SUITES if suite.name == "contest")
    assert limits
    assert limits in page_of(with_rows(Results(), "contest", ROWS, MACHINE, "2026-11-22", quick=False))
    met = [measured("speed", RATIO, [30, 40, 50], at_least(20))]
    assert limits not in page_of(with_rows(Results(), "contest", met, MACHINE, "2026-11-22", quick=False))


def test_results_survive_the_file_and_quick_ones_stay_apart(tmp_path) -> None:
    full = with_rows(Results(), "contest", ROWS, MACHINE, "2026-11-22", quick=False)
    both = with_rows(full, "contest", ROWS[:1], MACHINE, "2026-11-23", quick=True)
    keep(both, tmp_path / "r.json", tmp_path / "page.md")
    found = load(tmp_path / "r.json")
    assert found == both
    assert [row.date for row in found.full["contest"]] == ["2026-11-22"] * 2
    assert [row.date for row in found.quick["contest"]] == ["2026-11-23"]
    assert "2026-11-23" not in (tmp_path / "page.md").read_text("utf-8")
    assert load(tmp_path / "none.json") == Results()


def test_a_line_says_whether_it_is_met() -> None:
    assert line(ROWS[0]) == "speed: 4 x (3 to 5, n = 3); asked: ≥ 20 x, NOT MET"
    assert line(ROWS[1]).startswith("other: FAILED (it | fell)")


def test_suites_are_found_by_name_and_a_wrong_name_lists_them() -> None:
    assert [suite.name for suite in named(["sink", "contest"])] == ["sink", "contest"]
    assert len(named([])) == len(SUITES)
    with pytest.raises(UnknownSuiteError, match="contest, parts, embedded, cores"):
        named(["speed"])


def test_this_machine_is_described() -> None:
    found = this()
    assert found.cpu
    assert found.cores >= 1
    assert found.versions["msgspec"]
