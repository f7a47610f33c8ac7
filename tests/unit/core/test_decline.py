"""How much of a group's usual talk is missing: figures that can be worked out by hand."""

from __future__ import annotations

import math
import statistics

import pytest

from streams.core.decline import Decline, decline_in
from streams.core.record import NO_RECORD, with_record

EVER = 1_000


def found(days: list[tuple[int, int]], *, since: int = EVER, share: float = 0.5) -> Decline:
    """Return how a group stands that had these messages and speakers on its days, the earliest first."""
    record = NO_RECORD
    for messages, speakers in days:
        record = with_record(record, 0, [messages, speakers, 0, 0, 0, 0])
    return decline_in(record, since, share)


def test_nothing_is_usual_before_a_week_lies_two_weeks_back() -> None:
    young, old = found([(10, 2)] * 20), found([(10, 2)] * 21)
    assert (young.week, young.usual, young.missing, young.speakers) == (70, 0.0, 0.0, 0.0)
    assert young.lowest == 0
    assert (old.week, old.usual, old.missing, old.speakers, old.usual_speakers) == (70, 70.0, 0.0, 2.0, 2.0)


def test_the_last_two_weeks_do_not_say_what_is_usual() -> None:
    fallen = found([(10, 4)] * 14 + [(2, 1)] * 14)
    assert (fallen.week, fallen.usual, fallen.lowest, fallen.variation) == (14, 70.0, 70, 0.0)
    assert (fallen.speakers, fallen.usual_speakers) == (1.0, 4.0)
    assert fallen.missing == pytest.approx(14 * (0.85 * 10 - 2) / 10)


def test_a_day_is_compared_with_the_median_of_its_weekday() -> None:
    weeks = [[1, 2, 3, 4, 5, 6, 7], [11, 12, 13, 14, 15, 16, 17], [3, 4, 5, 6, 7, 8, 9]]
    three = found([(n, 1) for week in weeks for n in week] + [(0, 0)] * 14)
    assert three.usual == sum(weeks[2])
    assert three.variation == pytest.approx(statistics.pstdev([28, 98, 42]) / 56)
    two = found([(n, 1) for week in weeks[:2] for n in week] + [(0, 0)] * 14)
    assert two.usual == sum(n + 5 for n in weeks[0])
    assert two.lowest == sum(weeks[0])
    assert two.variation == pytest.approx(35 / (28 + 35))


def test_of_five_weeks_the_middle_one_is_usual_and_only_whole_weeks_are_compared() -> None:
    five = found([(n, 1) for n in (3, 90, 1, 2, 80) for _ in range(7)] + [(0, 0)] * 14)
    assert five.usual == 7 * 3
    assert (five.week, five.lowest) == (0, 7)
    assert found([(10, 4)] * 27).lowest == 70


def test_one_word_a_day_is_talk_too() -> None:
    assert found([(1, 1)] * 21 + [(0, 0)] * 3).missing == pytest.approx(3 * 0.85)


def test_a_club_that_talks_once_a_week_misses_one_usual_day_a_week() -> None:
    saturdays = ([(0, 0)] * 6 + [(20, 5)]) * 4
    assert found(saturdays + [(0, 0)] * 14).missing == pytest.approx(2 * 0.85)
    assert found(saturdays + ([(0, 0)] * 6 + [(20, 5)]) * 2).missing == pytest.approx(0.0)
    assert found(saturdays + ([(0, 0)] * 6 + [(13, 5)]) * 2).missing == pytest.approx(2 * (17 - 13) / 20)


def test_what_is_missing_is_made_up_for_and_never_below_nothing() -> None:
    usual = [(10, 2)] * 21
    assert found(usual + [(0, 0)] * 3).missing == pytest.approx(3 * 0.85)
    assert found(usual + [(0, 0)] * 3 + [(10, 2)]).missing == pytest.approx(3 * 0.85 - 0.15)
    assert found(usual + [(90, 2)] + [(0, 0)] * 3).missing == pytest.approx(3 * 0.85)
    assert found(usual + [(0, 0)] * 3, since=2).missing == pytest.approx(2 * 0.85)
    assert found(usual + [(0, 0)] * 3, share=0.9).missing == pytest.approx(3.0), "no more than all is missing"


def test_only_the_last_three_weeks_have_something_missing() -> None:
    long_ago = [(10, 2)] * 28 + [(0, 0)] * 22
    assert found(long_ago).missing == pytest.approx(21 * 0.85)


def test_where_nobody_ever_talked_nothing_is_missing() -> None:
    silent = found([(0, 0)] * 30)
    assert (silent.usual, silent.missing, silent.variation) == (0.0, 0.0, 0.0)
    assert not math.isnan(silent.missing)
