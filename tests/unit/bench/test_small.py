"""The machine of the small job counts, saves, restores, and skips what it has."""

import msgspec

from bench.small import SmallPartition
from huoqun.results import GroupSummary


def said(group: str, user: str, ts: int) -> bytes:
    return msgspec.json.encode({"id": f"{group}{ts}", "platform": "p", "group_id": group, "user_id": user, "ts": ts})


LOG = [said("a", "x", 1), b'{"control":"tick","now":1}', said("a", "y", 60_001), said("b", "x", 5), said("a", "x", 60_002)]  # fmt: skip


def test_it_counts_users_minutes_and_last_activity() -> None:
    state = SmallPartition(0)
    assert state.apply(list(enumerate(LOG))) == []
    rows = {r.group_id: r for r in state.checkpoint().results if isinstance(r, GroupSummary)}
    assert (rows["a"].members, rows["a"].last_event_at) == (2, 60_002)
    assert (rows["b"].members, rows["b"].last_event_at) == (1, 5)
    assert state.groups["p", "a"].head.minutes == {0: 1, 1: 2}


def test_what_was_saved_is_restored_and_not_counted_twice() -> None:
    before, store = SmallPartition(0), {}
    for start in (0, 3):
        before.apply(list(enumerate(LOG))[start : start + 3])
        store.update(before.checkpoint().saves)
    after = SmallPartition(0)
    after.restore(store.items())
    after.apply(list(enumerate(LOG)))
    assert {n: (g.users, msgspec.to_builtins(g.head)) for n, g in after.groups.items()} == {
        n: (g.users, msgspec.to_builtins(g.head)) for n, g in before.groups.items()
    }
    assert after.checkpoint().saves == []


def test_poison_is_handed_back() -> None:
    state = SmallPartition(0)
    (bad,) = state.apply([(6, LOG[0]), (7, b"{"), (8, LOG[2])])
    assert bad.offset == 7
    assert state.groups["p", "a"].users == {"x", "y"}
