from hypothesis import given
from hypothesis import strategies as st

from huoqun.deadletter_limit import DeadLetterLimit
from sinks.policy import LONGEST_MS, backoff_ms


@given(st.integers(1, 10_000), st.floats(0, 1, exclude_max=True))
def test_waits_are_bounded_and_never_nothing(attempt: int, chance: float):
    assert 20 <= backoff_ms(attempt, chance) <= LONGEST_MS


def test_waits_grow_with_the_attempts():
    waits = [backoff_ms(attempt, 0.5) for attempt in range(1, 12)]
    assert waits == sorted(waits)
    assert waits[0] < 200
    assert waits[-1] > 10_000


def test_the_limit_counts_only_dead_letters_in_a_row():
    limit = DeadLetterLimit(3)
    assert [limit.bad(), limit.bad()] == [False, False]
    limit.good()
    assert [limit.bad(), limit.bad(), limit.bad()] == [False, False, True]
