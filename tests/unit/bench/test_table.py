"""The table of figures: judged by medians, compared with a tolerance."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.table import (
    RATIO,
    Row,
    at_least,
    at_most,
    failed,
    fallen,
    measured,
    merged,
    number,
    ratios,
)

POSITIVE = st.floats(min_value=1e-3, max_value=1e9)


def test_the_median_is_what_a_target_judges() -> None:
    row = measured("speed", RATIO, [1, 30, 20, 25, 2], at_least(20))
    assert (row.median, row.low, row.high, row.n) == (20, 1, 30, 5)
    assert row.met is True
    assert row.target == "≥ 20 x"
    assert measured("speed", RATIO, [19, 19, 90], at_least(20)).met is False


def test_a_target_from_above_is_met_below_it() -> None:
    assert measured("wait", "s", [1.5], at_most(1.5)).met is True
    assert measured("wait", "s", [1.6], at_most(1.5)).met is False


def test_what_has_no_target_or_is_another_case_is_not_judged() -> None:
    assert measured("speed", RATIO, [1]).met is None
    row = measured("speed", RATIO, [1], at_least(2), judge=False)
    assert row.met is None
    assert row.target


def test_a_failure_says_why_in_one_line() -> None:
    row = failed("speed", RATIO, "it\nfell\n  over", at_least(2))
    assert row.failure == "it fell over"
    assert row.median is None
    assert row.met is None


def test_ratios_are_made_round_by_round() -> None:
    assert ratios([10, 40], [5, 10]) == [2, 4]
    with pytest.raises(ValueError, match="zip"):
        ratios([1, 2], [1])


@given(was=POSITIVE, share=st.floats(min_value=0.01, max_value=3))
def test_a_ratio_falls_when_it_loses_more_than_a_third(was: float, share: float) -> None:
    found = fallen([measured("speed", RATIO, [was])], [measured("speed", RATIO, [was * share])])
    assert bool(found) == (was * share < was * (1 - 1 / 3))


def test_a_ratio_that_failed_now_has_fallen() -> None:
    (found,) = fallen([measured("speed", RATIO, [3])], [failed("speed", RATIO, "boom")])
    assert found.text() == "speed: nothing, kept is 3 x"


def test_absolute_figures_new_ones_and_those_not_run_are_not_compared() -> None:
    kept = [measured("rate", "events/s", [100]), measured("gone", RATIO, [9]), failed("broken", RATIO, "then")]
    now = [measured("rate", "events/s", [1]), measured("new", RATIO, [0.1]), measured("broken", RATIO, [0.1])]
    assert fallen(kept, now) == []


def test_new_rows_take_the_place_of_kept_ones() -> None:
    kept = [measured("a", RATIO, [1]), measured("b", RATIO, [1])]
    new = [measured("c", RATIO, [2]), measured("a", RATIO, [2])]
    assert [(row.name, row.median) for row in merged(kept, new)] == [("a", 2), ("b", 1), ("c", 2)]


@pytest.mark.parametrize(
    ("figure", "text"),
    [(123456.7, "123,457"), (12.34, "12.3"), (12.0, "12"), (1.234, "1.23"), (0.7, "0.7"), (0.01234, "0.0123"), (0, "0"), (100, "100")],
)  # fmt: skip
def test_figures_are_printed_with_the_digits_that_count(figure: float, text: str) -> None:
    assert number(figure) == text


@given(st.lists(POSITIVE, min_size=1, max_size=9))
def test_rows_survive_being_kept(figures: list[float]) -> None:
    row = measured("speed", RATIO, figures, at_least(1), note="a note")
    assert msgspec.json.decode(msgspec.json.encode(row), type=Row) == row
