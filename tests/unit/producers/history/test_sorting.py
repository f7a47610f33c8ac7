"""Sorting more than fits: the same as sorting in memory, and nothing stays on the disk."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from producers.history.sorting import Kept, Sorter


@given(
    st.lists(st.tuples(st.integers(-5, 5), st.binary(max_size=40)), max_size=60), st.sampled_from([1, 500, 1500, 10**6])
)
def test_events_come_in_the_order_of_time_and_of_equals_in_that_of_arrival(
    tmp_path_factory: pytest.TempPathFactory, events: list[tuple[int, bytes]], piece_bytes: int
) -> None:
    sorter = Sorter(tmp_path_factory.getbasetemp() / "sorting", piece_bytes)
    for number, (ts, data) in enumerate(events):
        sorter.add(ts, number % 3, number, data)
    expected = [Kept(ts, n % 3, n, data) for n, (ts, data) in sorted(enumerate(events), key=lambda e: e[1][0])]
    assert list(sorter.events()) == expected
    assert list(sorter.events()) == expected, "they can be asked for again"
    assert sorter.count == len(events)
    sorter.close()


def test_large_events_go_through_small_pieces(tmp_path: Path) -> None:
    sorter = Sorter(tmp_path, 100_000)
    for number in range(20):
        sorter.add(-number, 0, number, bytes([number]) * 300_000)
    assert [(kept.line, len(kept.data), kept.data[:1]) for kept in sorter.events()] == [
        (n, 300_000, bytes([n])) for n in range(19, -1, -1)
    ]
    assert list(tmp_path.iterdir()) == [], "it has no name"
    sorter.close()
