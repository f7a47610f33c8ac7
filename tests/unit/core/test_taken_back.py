"""What can still be taken back is taken back whole, and comes again as it was."""

import pytest

from huoqun import codec
from huoqun.config import Config, Worker
from streams.core.history import History
from tests.golden.scenarios.run import community, events_of
from tests.support.core import Machine
from tests.support.scenes import DAY
from tests.unit.core.test_saved_is_all import RICH, everything, plain

ALL = Config(worker=Worker(lateness_seconds=400 * 86_400))


@pytest.mark.parametrize("name", RICH)
def test_all_that_happened_is_taken_back_and_comes_again(name: str) -> None:
    machine = Machine(ALL)
    events = events_of(community(name))
    scene = community(name).events[-1].ts
    log = [codec.encode(event) for event in events if scene - DAY < event.ts < scene + DAY]
    machine.feed(log, 0, len(log))
    (group,) = machine.state.groups.values()
    h = group.group.h
    before = everything(machine.state)
    assert len(h.steps) > len(log)
    h.rewind()
    assert not h.people
    assert not h.open
    for what in ("head", "life", "troubles", "fabric"):
        assert plain(getattr(h, what)) == plain(getattr(History(), what))
    h.forward()
    assert everything(machine.state) == before
