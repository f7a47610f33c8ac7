"""What the collector is told not to look at again must not hold what was dropped before."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Iterator

import pytest

from streams import memory


class Knot:
    """Refers to itself: only the collector can free it."""

    def __init__(self) -> None:
        self.itself = self


@pytest.fixture
def collector() -> Iterator[None]:
    """As it was before, afterwards."""
    before = gc.get_threshold()
    yield
    gc.unfreeze()
    gc.set_threshold(*before)


@pytest.mark.usefixtures("collector")
def test_what_was_dropped_before_state_is_restored_is_freed_though_nobody_looks_at_the_state_again() -> None:
    memory.begin()
    dropped = weakref.ref(Knot())
    assert dropped() is not None
    with memory.filling():
        restored = [object() for _ in range(10)]
    gc.collect()
    assert dropped() is None
    assert len(restored) == 10
