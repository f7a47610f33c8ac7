"""How far a group's time has come, and what can be taken back no more: to the very step, and to the millisecond."""

from __future__ import annotations

from unittest.mock import patch

from huoqun.control import Tick
from huoqun.events import Event
from tests.support.core import Machine, encoded
from tests.support.scenes import T0


def said(name: str, at: float, received: float | None = None) -> Event:
    """A message ``at`` seconds after the beginning, received then or later."""
    ts, come = T0 + round(at * 1000), T0 + round((at if received is None else received) * 1000)
    return Event(id=name, type="message", ts=ts, platform="qq", group_id="1", user_id=name, text="早", received_at=come)


def ticks(*at: float) -> list[Tick]:
    return [Tick(T0 + round(each * 1000)) for each in at]


def test_a_minute_that_a_slow_platform_tells_of_is_closed_at_once_where_the_clock_is_past_it() -> None:
    """The second tick wakes nobody, for nothing is due: the event that comes finds out by itself how late it is."""
    slow = Machine()
    told = slow.run(encoded([said("a", 0), *ticks(600, 1_200), said("b", 630, received=1_200)]))
    assert ("Activity", f"qq/1/5m/{T0 + 660_000}") in told
    assert told["GroupSummary", "qq/1"]["late_events"] == 0


def placed_among(count: int, late_at: float) -> bool:
    """Whether an event finds its place among ``count``, a second apart, of which none was sent or saved yet."""
    made = [said(f"m{n}", 10 + n) for n in range(count)]
    with patch("streams.core.partition.MOST_STEPS", 8):
        machine = Machine()
        machine.feed(encoded([*made[:-8], *ticks(10), *made[-8:]]), 0, count + 1)
        machine.feed([b""] * (count + 1) + encoded([said("late", late_at)]), count + 1, count + 2)
        unplaced = machine.state.checkpoint().unplaced
    (group,) = machine.state.groups.values()
    assert group.group.h.head.messages + unplaced == count + 1
    return unplaced == 0


def test_between_two_checkpoints_a_quarter_more_steps_are_kept_than_are_left_when_they_are_too_many() -> None:
    assert placed_among(9, 10.5)
    assert placed_among(10, 10.5), "eight and a quarter: none has settled"
    assert not placed_among(11, 10.5)
    assert not placed_among(11, 11.5)
    assert placed_among(11, 12.5), "the last eight are kept"


def test_what_comes_exactly_as_late_as_may_be_finds_its_place_after_a_checkpoint_too() -> None:
    for late_at, late_events in [(0, 0), (-0.001, 1)]:
        log = encoded([said("b", 0), said("c", 120), said("a", late_at)])
        machine = Machine()
        told = machine.run(log, batch=1, checkpoint_every=1)
        assert told["GroupSummary", "qq/1"]["late_events"] == late_events
        (group,) = machine.state.groups.values()
        assert group.group.h.head.messages == 3 - late_events
