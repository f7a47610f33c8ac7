"""Rates are made of the middle of a run, whatever came before."""

import pytest

from bench.drain import together
from bench.samples import Sample, Stretch, TooShortError, rates, read

QUICK = [Sample(at, 5 + at, max(0.0, 100 * (at - 3))) for at in range(15)]
"""Starts three seconds late with eight seconds of CPU behind it, then does 100 events a second."""


def test_start_up_costs_nothing() -> None:
    inside = Stretch(first=200, last=900, warm_seconds=99, longest_seconds=99).cut(QUICK)
    assert (inside[0].seen, inside[-1].seen) == (200, 900)
    assert rates(inside)[:3] == (100, 100, 700)


def test_a_slow_one_is_measured_from_the_end_of_its_warm_up_for_so_long() -> None:
    stretch = Stretch(first=100_000, last=900_000, warm_seconds=2, longest_seconds=3)
    inside = stretch.cut(QUICK)
    assert (inside[0].at, inside[-1].at) == (6, 9)
    assert not stretch.over(QUICK[:9])
    assert stretch.over(QUICK[:10])


def test_it_is_over_when_the_load_is() -> None:
    stretch = Stretch(first=100, last=500, warm_seconds=99, longest_seconds=99)
    assert not stretch.over(QUICK[:8])
    assert stretch.over(QUICK[:9])


def test_a_stretch_without_progress_gives_no_rate() -> None:
    assert Stretch(1, 2, 1, 1).cut(QUICK[:3]) == []
    with pytest.raises(TooShortError):
        rates(QUICK[:3])
    with pytest.raises(TooShortError):
        rates(QUICK[5:6])


def test_samples_of_several_are_summed_at_the_times_of_the_first() -> None:
    other = [Sample(at + 0.5, 1.0, 10 * at) for at in range(15)]
    found = together([QUICK, other])
    assert found[0].at == 4, "before that one of them had not begun"
    assert found[6] == Sample(10, 16, 700 + 90)


def test_a_line_that_is_being_written_is_left_out(tmp_path) -> None:
    path = tmp_path / "samples"
    assert read(path) == []
    path.write_text("1.0 2.0 3\n1.5 2.")
    assert read(path) == [Sample(1.0, 2.0, 3.0)]
