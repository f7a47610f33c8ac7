"""All that a group is, is there again once it was saved and restored: nothing is forgotten, nothing takes another's place."""

from typing import Any

import pytest

from huoqun import codec
from huoqun.control import Tick
from streams.core.lag import Lag
from streams.core.partition import Partition
from streams.core.state import Person
from streams.core.tables import ACTIVITY, TABLES
from tests.golden.scenarios.run import community, events_of
from tests.support.core import Machine

PASSING = {
    "step", "steps", "latest", "log", "news", "settled_minutes", "gone_minutes", "group_changed", "changed_people", "tables", "seen",
}  # fmt: skip
"""What says how something came about, what has to be told or saved next, and ids that are kept a little longer than they must be:
another after a restart, and rightly."""
KEPT = [table for table in range(TABLES) if table != ACTIVITY]
"""Activity's last rows are made again from the minutes."""
RICH = [
    "an_advertisement_empties_a_neighbourhood_group",
    "a_member_brings_twelve_colleagues_who_talk",
    "the_same_question_three_times_is_one_alert",
]


def plain(value: object) -> Any:
    """Return what an object is made of, as tuples that can be compared and read."""
    slots = getattr(type(value), "__slots__", None)
    if slots:
        passing = PASSING | (
            {"last_message"} if isinstance(value, Person) else set()
        )  # at midnight it is let go, and not for good
        names = [name for name in sorted(slots) if name not in passing and "unsaved" not in name]
        return type(value).__name__, [(name, plain(getattr(value, name))) for name in names if hasattr(value, name)]
    if isinstance(value, dict):
        return sorted((repr(key), plain(each)) for key, each in value.items())
    if isinstance(value, set):
        return sorted(value)
    if isinstance(value, list | tuple):
        return [plain(each) for each in value]
    return value


def everything(state: Partition) -> dict[str, Any]:
    """Return group -> its history and its arrivals."""
    return {
        name: (
            plain(tracked.group.h),
            [plain(tracked.group.h.tables[table]) for table in KEPT],
            plain(tracked.arrivals),
        )
        for name, tracked in state.groups.items()
    }


@pytest.mark.parametrize("name", RICH)
@pytest.mark.parametrize("often", [1, 7], ids=["saved once", "saved piece by piece"])
def test_a_group_is_the_same_after_a_restart(name: str, often: int) -> None:
    told = community(name)
    log = [codec.encode(event) for event in events_of(told)]
    log.append(codec.encode(Tick(told.events[-1].ts + 1_000)))
    machine = Machine(told.config(), Lag(checkpoints=1, work=10, little=0))
    for part in range(often):
        machine.feed(log, len(log) * part // often, len(log) * (part + 1) // often)
        machine.checkpoint()
    before = everything(machine.state)
    machine.crash()
    assert everything(machine.state) == before
