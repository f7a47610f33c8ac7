"""A group that was saved whole, with its records, is saved by offsets later, or whole again: none of those may be committed already."""

import random

import pytest

from huoqun.control import Tick
from huoqun.events import Event
from streams.core.lag import Lag
from tests.support.core import Machine, encoded, view_of

T0 = 1_700_000_000_000
TEXTS = ("早上好", "有人知道番茄叶子发黄怎么回事吗", "浇水太多了", "good morning")


def log_of(chance: random.Random, seconds: int) -> list[bytes]:
    """Two groups that talk by turns, and now and then not at all; a tick each half second."""
    records: list[Event | Tick] = []
    number = 0
    busy = {"1": True, "2": True}
    for half in range(2 * seconds):
        at = T0 + 500 * half
        for group, talks in list(busy.items()):
            busy[group] = talks != (chance.random() < 0.1)
            for _ in range(chance.randrange(4) if talks else 0):
                number += 1
                user = f"u{chance.randrange(9)}"
                records.append(
                    Event(
                        id=f"e{number}", type="message", ts=at, received_at=at, platform="qq", group_id=group,
                        user_id=user, user_name=user, text=chance.choice(TEXTS),
                    )
                )  # fmt: skip
        records.append(Tick(at + 400))
    return encoded(records)


@pytest.mark.parametrize(
    "lag",
    [Lag(silent=3, little=0), Lag(work=60, little=0), Lag(little=300, spare=20)],
    ids=["by turns", "little may be left to do", "whenever little is left"],
)
@pytest.mark.parametrize("seed", range(12))
def test_crashes_lose_nothing_however_saves_by_offset_follow_whole_ones(seed: int, lag: Lag) -> None:
    chance = random.Random(seed)
    log = log_of(chance, 100)
    right = Machine(lag=lag).run(log, batch=7)
    machine = Machine(lag=lag)
    place = 0
    while place < len(log):
        end = place + chance.randrange(1, 12)
        if end < len(log):
            place = machine.feed_to_rest(log, place, end)
        else:
            machine.feed(log, place, len(log))
            place = len(log)
        machine.checkpoint()
        if chance.random() < 0.03:
            place = machine.crash()
    assert view_of(machine.results) == right
