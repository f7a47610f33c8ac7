"""What is remembered of a group's troubles before there are any."""

from __future__ import annotations

from streams.core.troubles import Troubles, troubles_from


def test_a_group_begins_without_troubles() -> None:
    new = Troubles(3)
    found = {name: getattr(new, name) for name in Troubles.__slots__}
    none = dict.fromkeys(("ad", "announcement", "flood_cause", "quarrel_cause"), None)
    texts = dict.fromkeys(("burst", "flood", "quarrel", "silence"), "")
    rows = dict.fromkeys(("left", "gone", "burst_from", "pasted", "insults", "quarrel_people", "calls"), ())
    unknown = dict.fromkeys(("hour", "flood_alone", "bot_minute"), -1)
    assert found == dict.fromkeys(found, 0) | none | texts | rows | unknown | {"drawn": b"", "step": 3}
    assert troubles_from(new.row()).row() == new.row()
    assert troubles_from(new.row()).step == 0, "what is read was changed by no step"
