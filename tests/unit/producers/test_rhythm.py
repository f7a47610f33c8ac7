"""What pauses are usual, by the hour of the week."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from producers.watch.rhythm import HOUR_MS, HOURS, MINUTE_MS, UNKNOWN_MS, WEEK_MS, WEEKS, Rhythm

MONDAY = 2_800 * WEEK_MS
"""A time at which an hour, a day and a week (as they are counted there) begin."""
NOON = MONDAY + 12 * HOUR_MS


def test_an_hour_is_unknown_until_it_has_been_seen_in_an_earlier_week() -> None:
    rhythm = Rhythm()
    rhythm.learn(NOON, NOON + 7 * MINUTE_MS)
    assert rhythm.usual_ms(NOON) is None
    assert rhythm.usual_ms(NOON + WEEK_MS) == 7 * MINUTE_MS
    assert rhythm.usual_ms(NOON + WEEK_MS + 5 * HOUR_MS) is None


def test_a_pause_counts_in_every_hour_that_it_touches() -> None:
    rhythm = Rhythm()
    rhythm.learn(NOON - 30 * MINUTE_MS, NOON + 90 * MINUTE_MS)
    week = WEEK_MS
    assert [rhythm.usual_ms(NOON + week + h * HOUR_MS) for h in (-2, -1, 0, 1, 2)] == [
        None, 120 * MINUTE_MS, 120 * MINUTE_MS, 120 * MINUTE_MS, None,
    ]  # fmt: skip


def test_the_longest_pause_of_an_hour_counts_and_the_hours_beside_it_do_too() -> None:
    rhythm = Rhythm()
    for minutes in (3, 9, 4):
        rhythm.learn(NOON, NOON + minutes * MINUTE_MS)
    rhythm.learn(NOON + HOUR_MS, NOON + HOUR_MS + MINUTE_MS)
    assert rhythm.usual_ms(NOON + WEEK_MS) == 9 * MINUTE_MS
    assert rhythm.usual_ms(NOON + WEEK_MS + HOUR_MS) == 9 * MINUTE_MS


def test_one_outage_is_not_learned_and_a_new_habit_is() -> None:
    rhythm = Rhythm()
    for week in range(3):
        rhythm.learn(NOON + week * WEEK_MS, NOON + week * WEEK_MS + 5 * MINUTE_MS)
    rhythm.learn(NOON + 3 * WEEK_MS, NOON + 3 * WEEK_MS + 55 * MINUTE_MS)
    assert rhythm.usual_ms(NOON + 4 * WEEK_MS) == 5 * MINUTE_MS
    rhythm.learn(NOON + 4 * WEEK_MS, NOON + 4 * WEEK_MS + 50 * MINUTE_MS)
    assert rhythm.usual_ms(NOON + 5 * WEEK_MS) == 50 * MINUTE_MS


def test_usual_pauses_add_up_over_hours_each_by_its_own() -> None:
    rhythm = Rhythm()
    rhythm.learn(NOON, NOON + 10 * MINUTE_MS)
    start = NOON + WEEK_MS
    assert rhythm.pauses(start, start + 30 * MINUTE_MS) == pytest.approx(3.0)
    assert rhythm.pauses(start, start + 2 * HOUR_MS) == pytest.approx(6.0 + HOUR_MS / UNKNOWN_MS)
    assert rhythm.pauses(start, start) == 0


def test_the_borders_of_a_week_are_no_borders() -> None:
    rhythm = Rhythm()
    rhythm.learn(MONDAY - 10 * MINUTE_MS, MONDAY + 10 * MINUTE_MS)
    assert rhythm.usual_ms(MONDAY + WEEK_MS) == 20 * MINUTE_MS
    assert rhythm.usual_ms(MONDAY + WEEK_MS - 1) == 20 * MINUTE_MS


pauses = st.lists(st.integers(1, 3 * WEEK_MS), max_size=30)


@given(pauses)
def test_what_is_remembered_is_bounded_and_in_order(lengths: list[int]) -> None:
    rhythm, at = Rhythm(), MONDAY
    for length in lengths:
        rhythm.learn(at, at + length)
        at += length
    assert rhythm.known_hours <= HOURS
    for seen in rhythm.weeks.values():
        assert len(seen) <= WEEKS
        assert [week for week, _ in seen] == sorted({week for week, _ in seen})


@given(pauses, st.integers(0, 4 * WEEK_MS), st.integers(0, WEEK_MS), st.integers(0, WEEK_MS))
def test_pauses_add_up_however_the_time_is_cut(lengths: list[int], start: int, first: int, second: int) -> None:
    rhythm, at = Rhythm(), MONDAY
    for length in lengths:
        rhythm.learn(at, at + length)
        at += length
    begin = MONDAY + start
    whole = rhythm.pauses(begin, begin + first + second)
    assert whole == pytest.approx(
        rhythm.pauses(begin, begin + first) + rhythm.pauses(begin + first, begin + first + second)
    )
    assert whole >= 0
