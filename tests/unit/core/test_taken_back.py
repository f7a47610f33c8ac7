"""What can still be taken back is taken back whole, and comes again as it was."""

import pytest

from huoqun import codec
from huoqun.config import Config, Worker
from streams.core.history import History
from streams.core.tables import RISKS
from tests.golden.scenarios.run import community, events_of
from tests.support.core import Machine, view_of
from tests.support.scenes import DAY
from tests.unit.core.test_saved_is_all import KEPT, RICH, everything, plain

ALL = Config(worker=Worker(lateness_seconds=400 * 86_400))


def scene(name: str) -> list[bytes]:
    """Return what happened in a community about the end of its script."""
    end = community(name).events[-1].ts
    return [codec.encode(event) for event in events_of(community(name)) if end - DAY < event.ts < end + DAY]


@pytest.mark.parametrize("name", RICH)
def test_all_that_happened_is_taken_back_and_comes_again(name: str) -> None:
    machine = Machine(ALL)
    log = scene(name)
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


@pytest.mark.parametrize("name", RICH)
def test_after_whatever_came_late_all_is_as_if_it_had_come_in_time(name: str) -> None:
    log = scene(name)
    late = [0, len(log) // 4, len(log) // 2, len(log) * 3 // 4]
    mixed = [log[place] for place in range(len(log)) if place not in late] + [log[place] for place in reversed(late)]
    in_time, taken_back = Machine(ALL), Machine(ALL)
    in_time.feed(log, 0, len(log))
    for place in range(0, len(log), 50):
        taken_back.feed(mixed, place, min(place + 50, len(log) - len(late)))
    for place in range(len(log) - len(late), len(log)):
        taken_back.feed(mixed, place, place + 1)
    (here,), (there,) = everything(taken_back.state).values(), everything(in_time.state).values()
    assert here[0] == there[0]
    rows = [
        place for place, table in enumerate(KEPT) if table != RISKS
    ]  # those told are let go, till they are taken back
    assert [here[1][place] for place in rows] == [there[1][place] for place in rows]
    in_time.checkpoint()
    taken_back.checkpoint()
    assert view_of(taken_back.results) == view_of(in_time.results)


@pytest.mark.parametrize(("risk", "told"), [(0.0, True), (0.3, True), (-1.0, False)], ids=["none", "some", "undefined"])
def test_a_row_of_a_risk_that_was_told_is_told_to_be_gone_however_small_the_risk(risk: float, told: bool) -> None:
    h = History()
    place = h.add_person("ada")
    h.commit_step(1, None)
    h.set_risk(place, risk, (), 3 * DAY, object() if told else None)
    h.commit_step(3 * DAY, None)
    assert h.news[RISKS] == ({("ada", 3 * DAY)} if told else set())
    h.news[RISKS].clear()
    h.tables[RISKS].clear()  # told
    assert not h.take_back(2 * DAY, "e")
    assert h.news[RISKS] == ({("ada", 3 * DAY)} if told else set())
    assert h.people[place].risk == -1.0
    assert not h.tables[RISKS]
