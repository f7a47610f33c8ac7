"""State as bytes: large groups in parts, unfinished saves ignored, a new base replacing its deltas."""

from __future__ import annotations

import msgspec
import pytest

from huoqun.codec import encode
from huoqun.config import Config
from huoqun.control import Erase
from huoqun.events import Event
from streams.core import saved
from streams.core.lag import Lag
from streams.core.partition import Partition

T0 = 1_700_000_000_000


def message(n: int, text: str = "早") -> bytes:
    ts = T0 + n * 1000
    return encode(
        Event(
            id=f"e{n}",
            type="message",
            ts=ts,
            platform="qq",
            group_id="a|b",
            user_id=f"u{n % 50}",
            text=text,
            received_at=ts,
        )
    )


def fed(count: int, text: str = "早", lag: Lag = Lag()) -> Partition:  # noqa: B008  # a tuple
    state = Partition(3, Config(), lag)
    assert not state.apply([(n, message(n, text)) for n in range(count)])
    return state


def everything(state: Partition) -> bytes:
    tracked = state.groups["qq/a|b"]
    kept = [step.value for step in tracked.group.h.steps if step.value]
    return saved.save(tracked.group.h, tracked.arrivals, whole=True, fence=0, pending=[], kept=kept)


def test_a_save_larger_than_a_record_is_cut_into_parts_and_read_back_whole() -> None:
    state = fed(600, text="长" * 3000)  # the last two minutes' events are kept with their text
    saves = state.checkpoint(final=True).saves
    assert len(saves) > 1
    assert all(value is not None and len(value) < 1_000_000 for _, value in saves)
    again = Partition(3, Config())
    again.restore([(k, v) for k, v in saves if v is not None])
    assert everything(again) == everything(state)


def test_a_base_with_a_part_missing_counts_as_absent() -> None:
    saves = [(k, v) for k, v in fed(600, text="长" * 3000).checkpoint(final=True).saves if v is not None]
    chain = saved.chains(saves[:-1])["qq/a|b"]
    assert chain.payloads == []
    assert chain.needs_base(0)


def test_who_finds_no_whole_save_of_a_group_begins_it_as_if_there_were_none() -> None:
    def told(state: Partition) -> list[object]:
        minutes = [(n, message(60 * n)) for n in range(200)]  # longer than an hour: all fall out of its windows again
        assert not state.apply(minutes)
        return [row for row in state.checkpoint().results if type(row).__name__ == "Activity"]

    state = fed(3)
    state.checkpoint(final=True)
    state.apply([(3, message(3))])
    only_what_changed = [(k, v) for k, v in state.checkpoint(final=True).saves if v is not None]
    assert only_what_changed
    again = Partition(3, Config())
    again.restore(only_what_changed)
    rows = told(again)
    assert rows == told(Partition(3, Config()))
    assert len(rows) > 400


def test_deltas_cost_what_happened_and_give_way_to_a_new_base_when_they_outweigh_it() -> None:
    state = fed(5_000, lag=Lag(little=0))
    base = sum(len(v or b"") for _, v in state.checkpoint(final=True).saves)
    sizes: list[int] = []
    for n in range(5_000, 20_000):
        state.apply([(n, message(n))])
        saves = state.checkpoint().saves
        if any(value is None for _, value in saves):
            break
        sizes.append(sum(len(v or b"") for _, v in saves))
    else:
        raise AssertionError("old records are deleted when a new base stands")
    saved_times = sum(size > 0 for size in sizes)
    assert saved_times < len(sizes) / 20, "a group that goes on talking is saved now and then"
    assert sum(sizes) / len(sizes) < base / 1000, "what one event costs is small beside the group"
    assert sum(sizes) > base


@pytest.mark.parametrize(
    ("keys", "generation"),
    [
        ([], 0),
        (["3|generation"], 7),
        (["3|generation", "4|generation"], 7),
        (["3|1|0|0|qq/generation"], 0),
        (["3|1|0|0|qq/a|generation"], 0),
    ],
)
def test_the_logs_generation_is_not_taken_for_a_group_of_such_a_name(keys: list[str], generation: int) -> None:
    """Groups are called what they are called."""
    _, seven = saved.generation_entry(3, 7)
    chunk = msgspec.msgpack.encode((1, b"x"))
    stored = [(key.encode(), seven if key.count("|") == 1 else chunk) for key in keys]
    assert saved.generation_in(stored) == generation
    assert len(saved.chains(stored)) == sum(key.count("|") > 1 for key in keys)
    assert saved.generation_entry(3, 7)[0] == b"3|generation"


def test_a_new_base_has_the_next_number_and_deletes_what_was_stored_before() -> None:
    chain = saved.Chain()
    assert (chain.fence, chain.needs_base(0)) == (-1, True)
    first = chain.write(0, "qq/1", b"a" * (saved.PART_BYTES + 1), whole=True, fence=5)
    delta = chain.write(0, "qq/1", b"b", whole=False, fence=6)
    keys = [key.decode() for key, _ in [*first, *delta]]
    assert keys == ["0|1|0|0|qq/1", "0|1|0|1|qq/1", "0|1|1|0|qq/1"]
    assert chain.fence == 6
    again = saved.chains([(key, value) for key, value in [*first, *delta] if value is not None])["qq/1"]
    assert again.payloads == [b"a" * (saved.PART_BYTES + 1), b"b"]
    assert (again.keys, again.number, again.needs_base(0)) == (chain.keys, 1, True)
    base = chain.write(0, "qq/1", b"c", whole=True, fence=7)
    assert [key.decode() for key, value in base if value is not None] == ["0|2|0|0|qq/1"]
    assert [key.decode() for key, value in base if value is None] == keys
    assert chain.keys == [b"0|2|0|0|qq/1"]


def test_deltas_may_have_eight_kibibytes_or_as_much_as_their_base_before_a_new_base_replaces_them() -> None:
    def outweighed(base: int, delta: int) -> bool:
        chain = saved.Chain()
        chain.write(0, "qq/1", b"b" * base, whole=True, fence=1)
        for part in (delta // 2, delta - delta // 2):
            chain.write(0, "qq/1", b"d" * part, whole=False, fence=2)
        return chain.needs_base(Lag().compaction)

    assert saved.Chain().needs_base(Lag().compaction), "the first save is whole"
    assert [outweighed(10, delta) for delta in (8_192, 8_193)] == [False, True]
    assert [outweighed(9_000, delta) for delta in (9_000, 9_001)] == [False, True]


def test_a_delta_does_not_tell_of_messages_that_came_and_were_forgotten_since_the_last_save() -> None:
    def saved_said(state: Partition) -> list[str]:
        """Return the ids of messages in the next delta."""
        h, arrivals = state.groups["qq/a|b"].group.h, state.groups["qq/a|b"].arrivals
        saves = saved.save(h, arrivals, whole=False, fence=0, pending=[], kept=[])
        return [row[0] for row in msgspec.msgpack.decode(saves)[16]]

    state = fed(1_000, lag=Lag(little=0))
    state.checkpoint()  # lets settle, and forget
    before = saved_said(state)
    for first in range(1_000, 5_000, 500):
        state.apply([(n, message(n)) for n in range(first, first + 500)])
        state.checkpoint()
    after = saved_said(state)
    h = state.groups["qq/a|b"].group.h
    assert before, "those of the first save that had settled"
    assert set(before) <= set(after), "these are taken out"
    assert set(after) - set(before) <= set(h.said), "of the others only those that can still draw a reply"


def test_what_is_left_of_an_older_base_is_deleted_with_the_first_checkpoint_also_in_a_group_that_is_silent() -> None:
    """Who erased somebody saved the group without them, and died before the older save's deletion was sent."""
    state = fed(3)
    first = {k: v for k, v in state.checkpoint(final=True).saves if v is not None}
    state.apply([(3, encode(Erase(id="x", at=T0 + 1_000_000, platform="qq", users=("u1",))))])
    second = {k: v for k, v in state.checkpoint(final=True).saves if v is not None}
    again = Partition(3, Config())
    again.restore([*first.items(), *second.items()])
    assert again.checkpoint().saves == [(key, None) for key in first]
    assert not again.checkpoint().saves, "once"
    assert "u1" not in again.groups["qq/a|b"].group.h.index
