"""Messages by day as packed numbers mean the same as pairs."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from streams.core.daily import NO_DAYS, from_day, messages_from, pairs, shared, with_day

days = st.lists(st.tuples(st.integers(0, 60_000), st.integers(0, 2**33)), max_size=40).map(
    lambda found: sorted(dict(found).items())
)


@given(days, st.integers(0, 60_000))
def test_what_is_packed_day_by_day_is_what_is_unpacked_from_a_day_on(made: list[tuple[int, int]], since: int) -> None:
    packed = NO_DAYS
    for day, messages in made:
        packed = with_day(packed, day, messages, 0)
    numbers = pairs(from_day(packed, since))
    kept = [(day, min(n, 2**32 - 1)) for day, n in made if day >= since]
    assert list(zip(numbers[::2], numbers[1::2], strict=True)) == kept
    assert messages_from(packed, since) == sum(n for _, n in kept)


def test_a_day_that_is_added_lets_go_of_those_that_are_too_old() -> None:
    packed = with_day(with_day(NO_DAYS, 1, 5, 0), 9, 7, 2)
    assert pairs(packed) == [9, 7]


def test_one_and_the_same_day_or_two_of_many_members_are_kept_once_and_longer_pasts_as_they_are() -> None:
    def past(count: int) -> bytes:
        return bytes(bytearray(range(8 * count)))

    assert [shared(past(count)) is shared(past(count)) for count in (1, 2, 3, 4)] == [True, True, False, False]
