"""Deeds by day as packed numbers."""

from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from streams.core.deeds import ANSWER, CRITIQUE, MOST, START, totals, with_deed

KINDS = st.sampled_from([START, CRITIQUE, ANSWER])


@given(st.lists(st.tuples(st.integers(0, 3), KINDS), max_size=80))
def test_what_is_counted_deed_by_deed_is_what_a_recount_finds(made: list[tuple[int, int]]) -> None:
    deeds, day = b"", 20_000
    everything: list[tuple[int, int]] = []
    for later, kind in made:
        day += later
        deeds = with_deed(deeds, day, kind, day - 28)
        everything.append((day, kind))
    for since in (day - 28, day - 7):
        counts = Counter(kind for when, kind in everything if when >= since)
        assert totals(deeds, since) == (counts[START], counts[CRITIQUE], counts[ANSWER])
    assert len(deeds) <= 29 * 8


def test_more_than_a_thousand_a_day_are_not_told_apart_and_spill_into_no_other_kind() -> None:
    deeds = b""
    for _ in range(MOST + 5):
        deeds = with_deed(deeds, 7, START, 0)
    assert totals(deeds, 0) == (MOST, 0, 0)


def test_what_is_settled_after_the_day_is_over_counts_for_the_last_day() -> None:
    deeds = with_deed(with_deed(b"", 9, START, 0), 8, ANSWER, 0)
    assert totals(deeds, 9) == (1, 0, 1)
