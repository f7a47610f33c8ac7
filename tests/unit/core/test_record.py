"""The record by day: eight weeks without gaps, the last day first, and sums over any stretch of it."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from streams.core.record import FIELDS, MESSAGES, NO_RECORD, PEAK, RECORD_DAYS, column, days_in, summed, with_record

NUMBER = st.integers(0, 0xFFFF)
DAYS = st.lists(st.tuples(st.integers(0, 60), st.lists(NUMBER, min_size=FIELDS, max_size=FIELDS)), max_size=30)


@given(DAYS, st.integers(0, FIELDS - 1))
def test_it_is_the_last_eight_weeks_with_zeros_for_days_of_silence(
    days: list[tuple[int, list[int]]], field: int
) -> None:
    record, plain = NO_RECORD, []
    for gap, numbers in days:
        record = with_record(record, gap, numbers)
        plain += [0] * gap + [numbers[field]]
    assert column(record, field) == plain[::-1][:RECORD_DAYS]
    assert days_in(record) == min(len(plain), RECORD_DAYS)


def test_a_number_beyond_two_bytes_is_the_largest_and_one_below_zero_is_none() -> None:
    record = with_record(NO_RECORD, 0, [70_000, 65_535, 65_536, -1, 0, 1])
    assert [column(record, field)[0] for field in range(FIELDS)] == [65_535, 65_535, 65_535, 0, 0, 1]


def test_a_full_record_has_672_bytes_and_stays_so() -> None:
    record = with_record(NO_RECORD, RECORD_DAYS - 1, [1] * FIELDS)
    assert len(record) == 672
    assert column(record, MESSAGES)[-1] == 0
    assert len(with_record(record, 0, [2] * FIELDS)) == 672
    assert column(with_record(record, 0, [2] * FIELDS), PEAK)[:2] == [2, 1]


@given(st.lists(NUMBER, max_size=60), st.integers(0, 60), st.integers(0, 70))
def test_a_sum_is_of_the_days_from_the_first_to_before_the_last_as_far_as_there_are_any(
    days: list[int], first: int, end: int
) -> None:
    assert summed(days, first, end) == sum(days[first:end])
