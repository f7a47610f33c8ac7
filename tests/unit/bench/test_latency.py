"""Percentiles as they are quoted."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.latency import percentile


@pytest.mark.parametrize(("share", "figure"), [(0.5, 50), (0.99, 99), (1.0, 100), (0.001, 1)])
def test_of_a_hundred(share: float, figure: int) -> None:
    assert percentile(list(range(100, 0, -1)), share) == figure


@given(st.lists(st.floats(0, 9), min_size=1), st.floats(0.01, 1))
def test_no_more_than_the_rest_lies_above(figures: list[float], share: float) -> None:
    found = percentile(figures, share)
    assert sum(f <= found for f in figures) >= share * len(figures) - 1e-9
    assert found in figures
