"""The latest events are kept decoded, to be applied again cheaply; no more of them than is said."""

from __future__ import annotations

from unittest.mock import patch

from huoqun.control import Generation
from huoqun.events import Event
from tests.support.core import Machine, encoded

AT = 1_700_000_000_000


def said(count: int) -> list[Event]:
    return [
        Event(
            id=f"m{n}",
            type="message",
            ts=AT + n,
            platform="qq",
            group_id=str(n % 3),
            user_id=f"u{n % 7}",
            text="怎么退款？",
        )
        for n in range(count)
    ]


def kept(machine: Machine) -> int:
    groups = machine.state.groups.values()
    return sum(step.event is not None for tracked in groups for step in tracked.group.h.steps)


def test_few_events_stay_decoded_however_many_come() -> None:
    machine = Machine()
    log = encoded(said(200))
    with patch("streams.core.partition.LATEST", 10):
        for n in range(0, 200, 5):
            machine.feed(log, n, n + 5)
            assert kept(machine) <= 20
    assert kept(machine) >= 10


def test_what_is_decoded_is_not_taken_for_a_record_of_a_new_log() -> None:
    machine = Machine()
    late = said(6)
    machine.feed(encoded([*late[:2], *late[3:], Generation(7), late[2]]), 0, 7)
    steps = [step for tracked in machine.state.groups.values() for step in tracked.group.h.steps]
    again = {step.id: step.offset for step in steps}
    assert again["m5"] == -1, "applied again, and its record is gone"
    assert again["m2"] == 6
