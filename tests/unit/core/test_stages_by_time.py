"""A stage that time alone brings about reaches the store, though no event comes any more."""

from __future__ import annotations

from huoqun.config import Config
from huoqun.control import Tick
from huoqun.events import Event
from huoqun.results import GroupSummary
from tests.support.core import Machine, encoded
from tests.support.scenes import DAY, T0


def test_a_group_that_falls_silent_is_dormant_in_the_store_without_another_event() -> None:
    machine = Machine(Config())
    hello = Event(id="1", type="message", ts=T0, platform="qq", group_id="1", user_id="a", text="早", received_at=T0)
    log = encoded([hello, Tick(T0 + 8 * DAY), Tick(T0 + 40 * DAY)])
    seen = []
    for place in range(len(log)):
        machine.feed(log, place, place + 1)
        machine.checkpoint()
        seen.append([row.stage for row in machine.results if isinstance(row, GroupSummary)][-1])
    assert seen == ["forming", "dormant", "dead"]
