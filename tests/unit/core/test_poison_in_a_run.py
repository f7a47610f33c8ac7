"""Records that can't be read, in the middle of many that can: each is named, and nothing else is changed."""

from __future__ import annotations

import random

from huoqun import codec
from huoqun.config import Config
from huoqun.events import Event
from streams.core.partition import Partition
from tests.support.core import LAG, view_of

T0 = 1_700_000_000_000
SIZE = 300


def events() -> list[bytes]:
    made = [
        Event(
            id=f"e{n}", type="message", ts=T0 + n * 5_000, platform="qq", group_id=f"g{n % 3}", user_id=f"u{n % 5}",
            text="有人知道吗" if n % 7 == 0 else "早上好", received_at=T0 + n * 5_000,
        )
        for n in range(SIZE)
    ]  # fmt: skip
    return [codec.encode(event) for event in made]


def applied(records: list[tuple[int, bytes | None]]) -> tuple[list[int], object]:
    state = Partition(0, Config(), LAG, None)
    bad = state.apply(records)
    assert state.offset == records[-1][0]
    return [found.offset for found in bad], view_of([*state.urgent(), *state.checkpoint(final=True).results])


def test_each_is_found_and_the_others_are_as_they_would_be_without_it() -> None:
    clean = list(enumerate(events()))
    for number in (0, 1, 3, 40, SIZE):
        places = sorted(random.Random(number).sample(range(SIZE), number))
        poisoned = [(2 * at, value) for at, value in clean]
        poisoned += [(2 * at + 1, b"{" if at % 2 else b"\xff") for at in places]
        bad, view = applied(sorted(poisoned, key=lambda record: record[0]))
        assert bad == [2 * at + 1 for at in places]
        assert view == applied([(2 * at, value) for at, value in clean])[1]
