"""The smoke test fails on what fell twice, and on nothing else."""

import pytest

import bench.__main__ as program
from bench import report
from bench.machine import this
from bench.suites import named
from bench.table import RATIO, Row, failed, measured


@pytest.fixture
def runs(monkeypatch: pytest.MonkeyPatch) -> list[list[Row]]:
    """What the next runs of the suite will find, with a speed of 3 kept."""
    kept = report.with_rows(
        report.Results(), "contest", [measured("speed", RATIO, [3])], this(), "2026-11-22", quick=True
    )
    coming: list[list[Row]] = []
    monkeypatch.setattr(report, "load", lambda: kept)
    monkeypatch.setattr(program, "measure", lambda *_, **__: coming.pop(0))
    return coming


def test_a_ratio_within_a_third_passes_with_one_run(runs, capsys) -> None:
    runs += [[measured("speed", RATIO, [2.1])]]
    assert program.smoke(named(["contest"])) == 0
    assert "no ratio has fallen" in capsys.readouterr().out


def test_a_ratio_that_fell_twice_fails(runs, capsys) -> None:
    runs += [[measured("speed", RATIO, [1.9])], [measured("speed", RATIO, [1.8])]]
    assert program.smoke(named(["contest"])) == 1
    assert "FALLEN: speed: 1.8 x, kept is 3 x" in capsys.readouterr().out


def test_a_ratio_that_fell_once_was_noise(runs) -> None:
    runs += [[measured("speed", RATIO, [1])], [measured("speed", RATIO, [3])]]
    assert program.smoke(named(["contest"])) == 0


def test_one_that_can_no_longer_be_measured_fails(runs) -> None:
    runs += [[failed("speed", RATIO, "boom")], [failed("speed", RATIO, "boom")]]
    assert program.smoke(named(["contest"])) == 1


def test_where_it_cannot_run_nothing_is_claimed(runs, capsys) -> None:
    runs += [[]]
    assert program.smoke(named(["contest"])) == 0
    assert "nothing was compared" in capsys.readouterr().out
