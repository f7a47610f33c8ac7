"""What could still be taken back when a busy group was saved is read from the log again: nothing is lost, nothing counted twice."""

import random

import pytest

from huoqun.config import Config, Worker
from huoqun.control import Erase, Generation, Tick
from huoqun.events import Event
from streams.core.lag import Lag
from streams.core.tracked import Tracked
from tests.support.core import Machine, encoded, view_of

T0 = 1_700_006_400_000
STEP = 25
"""Milliseconds between two messages: two hundred may still be taken back, more than are saved with their group."""
CONFIG = Config(worker=Worker(lateness_seconds=5))
SOON = Lag(checkpoints=12, little=0)
"""Seven seconds, longer than the lateness bound, as in the field."""
TEXTS = ("早上好", "有人知道番茄叶子发黄怎么回事吗", "浇水太多了", "good morning")


def busy() -> list[bytes]:
    """A lively group, a tick every second."""
    chance = random.Random(1)
    records: list[Event | Tick] = []
    for n in range(480):
        at = T0 + n * STEP
        user = f"u{chance.randrange(9)}"
        records.append(
            Event(
                id=f"e{n}", type="message", ts=at, received_at=at, platform="qq", group_id="1",
                user_id=user, user_name=user, text=chance.choice(TEXTS),
            )
        )  # fmt: skip
        if n % 40 == 39:
            records.append(Tick(at + 10))
    return encoded(records)


def saved_in_talk(log: list[bytes], until: int) -> Machine:
    machine = Machine(CONFIG, SOON)
    for start in range(0, until, 25):
        machine.feed(log, start, start + 25)
        machine.checkpoint()
    return machine


def half_read_again(log: list[bytes]) -> tuple[Machine, int, Tracked]:
    """Return who has died in the middle of it and reads it again, from where, and the group: some of it is still to come."""
    machine = saved_in_talk(log, 400)
    place = machine.crash()
    (group,) = machine.state.groups.values()
    machine.feed(log, place, min(group.pending) + 20)
    return machine, place, group


@pytest.mark.parametrize("until", [350, 400])
def test_who_dies_in_the_middle_of_lively_talk_reads_it_again_and_tells_the_same(until: int) -> None:
    log = busy()
    right = Machine(CONFIG).run(log)
    machine = saved_in_talk(log, until)
    again = machine.crash()
    (group,) = machine.state.groups.values()
    assert group.pending, "there must be something to read again, or this shows nothing"
    assert again <= min(group.pending)
    machine.feed(log, again, until)
    assert not group.pending
    assert not group.replay
    machine.feed(log, until, len(log))
    machine.checkpoint()
    assert view_of(machine.results) == right


def test_what_is_still_being_read_again_is_not_saved_without_it() -> None:
    log = busy()
    machine, place, _ = half_read_again(log)
    assert not machine.state.checkpoint(final=True).saves
    assert machine.crash() == place
    machine.feed(log, place, len(log))
    machine.checkpoint()
    assert view_of(machine.results) == Machine(CONFIG).run(log)


def test_a_log_created_anew_in_the_middle_of_it_goes_on_with_what_was_read() -> None:
    machine, _, group = half_read_again(busy())
    assert group.replay
    machine.state.apply([(0, encoded([Generation(1)])[0])])  # type: ignore[list-item]  # a control record, too
    assert not group.pending
    assert not group.replay
    assert machine.state.generation == 1


@pytest.mark.parametrize("what", ["an event", "a tick", "an erasure"])
def test_where_the_log_has_no_more_of_it_what_was_settled_goes_on_alone(what: str) -> None:
    log = busy()
    machine = saved_in_talk(log, 400)
    machine.crash()
    (group,) = machine.state.groups.values()
    after = group.chain.fence + 1
    before = len(group.group.h.people)
    late = T0 + len(log) * STEP + 120_000
    record: Event | Tick | Erase = {
        "an event": Event(
            id="after", type="message", ts=late, received_at=late, platform="qq", group_id="1", user_id="u1", text="早"
        ),
        "a tick": Tick(late),
        "an erasure": Erase(id="x", at=late, platform="qq", users=("u3",)),
    }[what]
    assert not machine.state.apply([(after, encoded([record])[0])])  # type: ignore[list-item]  # a control record, too
    assert not group.pending
    assert len(group.group.h.people) == before
    assert ("u3" in group.group.h.index) == (what != "an erasure")
