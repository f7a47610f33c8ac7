"""Where results may be told is decided by the log alone, however it comes in pieces."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from huoqun.codec import encode
from huoqun.config import Config
from huoqun.control import Erase, Generation, Tick
from huoqun.events import Event
from streams.core.partition import Partition
from streams.core.rests import MOST_APART, is_rest, up_to_rest

TICK = encode(Tick(1))
MESSAGES = [encode(Event(id=f"e{n}", type="message", ts=n, platform="qq", group_id="1", user_id="u")) for n in range(3)]
logs = st.lists(st.sampled_from([TICK, b"{}", b"{}", b"{}", None]), max_size=60)


def test_a_tick_is_a_rest_and_so_are_the_first_second_fourth_record_after_it_and_later_each_1024th() -> None:
    assert [since for since in range(40) if is_rest(since)] == [0, 1, 2, 4, 8, 16, 32]
    assert [since for since in range(600, 5_000) if is_rest(since)] == [1_024, 2_048, 3_072, 4_096]


@given(logs, st.sampled_from([0, 1, 3, 30, 1_000, MOST_APART, 5_000]))
def test_the_last_rest_of_a_piece_is_found_from_its_end(log: list[bytes | None], since: int) -> None:
    rest, count = 0, since
    for place, value in enumerate(log):
        count = 0 if value == TICK else count + 1
        if is_rest(count):
            rest = place + 1
    assert up_to_rest(list(enumerate(log)), since) == rest


@pytest.mark.parametrize(
    ("since", "rest"), [(0, 0), (1, 1), (3, 2), (1_023, 512), (1_024, 1_024), (2_047, 1_024), (5_000, 4_096)]
)
def test_without_a_tick_the_last_rest_is_a_power_of_two_and_later_each_1024th(since: int, rest: int) -> None:
    log = list(enumerate([TICK, *[b"{}"] * since]))
    assert up_to_rest(log, 0) == 1 + rest


@pytest.mark.parametrize(
    ("before", "records", "count"),
    [
        ([], [b"{}"] * 3, 3),
        ([], [b"{}", None, b"{}"], 3),
        ([], [b"{}", TICK, b"{}", b"{}", b"{}"], 4),
        ([TICK], [b"{}"] * 3, 2),
        ([b"{}"], [b"{}"] * 4, 4),
        ([TICK, *[b"{}"] * 3], [b"{}"] * 2, 1),
        ([TICK, *MESSAGES], [b"{}"] * 2, 1),
        ([TICK, *MESSAGES, encode(Generation(1))], [b"{}"] * 2, 2),
        ([TICK, *MESSAGES, encode(Erase(id="x", at=1, platform="qq", users=("u",)))], [b"{}"] * 2, 2),
        ([TICK, *MESSAGES, TICK], [b"{}"] * 2, 2),
    ],
)
def test_the_next_rest_is_counted_from_the_last_control_record_and_without_any_nobody_waits(
    before: list[bytes], records: list[bytes | None], count: int
) -> None:
    state = Partition(0, Config())
    state.apply(list(enumerate(before)))
    assert state.up_to_rest([(len(before) + n, record) for n, record in enumerate(records)]) == count
