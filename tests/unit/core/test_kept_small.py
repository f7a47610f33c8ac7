"""What is kept of each member and minute in few bytes is given back as it was."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from streams.core import daily
from streams.core.state import Minute, Person, minute_from, tight, unpack_minute

numbers = st.integers(0, 300) | st.integers(0, 70_000) | st.integers(0, 2**32 - 1)


def minute_of(
    number: int, counts: tuple[int, int, int, int], drew: list[int], staff: list[int], spoke: list[int]
) -> Minute:
    minute = Minute(number)
    minute.messages, minute.staff_messages, minute.joins, minute.leaves = counts
    minute.responses, minute.staff_responses, minute.speakers = tuple(drew), tuple(staff), spoke
    return minute


@given(
    st.integers(0, 2**32 - 1),
    st.tuples(numbers, numbers, numbers, numbers),
    st.lists(numbers, max_size=3),
    st.lists(numbers, max_size=3),
    st.lists(st.tuples(numbers, numbers), max_size=4),
)
@example(29_700_000, (1, 0, 0, 0), [], [], [(255, 1)])
@example(29_700_000, (1, 0, 0, 0), [], [], [(256, 1)])
@example(29_700_000, (1, 0, 0, 0), [65_535], [], [(3, 1)])
@example(29_700_000, (1, 0, 0, 0), [65_536], [], [(3, 1)])
def test_a_minute_is_given_back_as_it_was(
    number: int, counts: tuple[int, int, int, int], drew: list[int], staff: list[int], spoke: list[tuple[int, int]]
):
    minute = minute_of(number, counts, drew, staff, [each for pair in spoke for each in pair])
    whole = minute.numbers()
    kept = unpack_minute(tight(whole))
    assert kept.numbers() == minute_from(whole, 0, len(whole)).numbers() == whole
    assert (kept.number, kept.joins, kept.leaves) == (number, *counts[2:])


@pytest.mark.parametrize(("largest", "size"), [(255, 1), (256, 2), (65_535, 2), (65_536, 4)])
def test_a_minute_takes_no_more_bytes_a_number_than_its_largest_needs(largest: int, size: int):
    minute = minute_of(29_700_000, (1, 0, 0, 0), [], [], [largest, 1])
    assert len(tight(minute.numbers())) == 5 + 8 * size


@given(st.text(max_size=40))
def test_a_name_is_given_back_as_it_was(name: str):
    person = Person(0, "u")
    assert person.name == ""
    person.name = name
    assert person.name == person.copy(1).name == name


def test_equal_days_are_kept_once_where_they_are_few():
    once, again = (daily.with_day(b"", 20_000, 3, 0) for _ in range(2))
    assert once is not again
    assert daily.shared(once) is daily.shared(again)
    busy = b"".join(daily.with_day(b"", 20_000 + n, 1, 0) for n in range(3))
    assert daily.shared(busy) is busy


def test_more_different_days_than_are_shared_are_given_back_as_they_were():
    for day in range(50_000):
        days = daily.with_day(b"", day, 1, 0)
        assert daily.shared(days) == days
