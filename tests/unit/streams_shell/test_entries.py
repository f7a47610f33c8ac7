"""The saved entries as the changelog tells them."""

from hypothesis import given
from hypothesis import strategies as st

from streams.recovery import BARRIER_KEY, Entries, epoch_headers


def test_later_entries_replace_and_tombstones_delete() -> None:
    entries = Entries()
    entries.replay(0, 0, BARRIER_KEY, b"", [])
    entries.replay(0, 1, b"a", b"1", epoch_headers(0))
    entries.replay(0, 2, b"b", b"1", epoch_headers(0))
    entries.replay(0, 3, b"a", b"2", epoch_headers(0))
    entries.replay(0, 4, b"b", None, epoch_headers(0))
    assert dict(entries.of(0)) == {b"a": b"2"}


def test_the_barrier_is_no_entry_and_its_offset_is_the_epoch() -> None:
    entries = Entries()
    entries.replay(3, 17, BARRIER_KEY, b"", [])
    assert not dict(entries.of(3))
    assert entries.epoch(3) == 17
    assert entries.epoch(2) == -1


def test_what_an_overtaken_writer_adds_is_ignored() -> None:
    entries = Entries()
    entries.replay(0, 0, BARRIER_KEY, b"", [])
    entries.replay(0, 1, b"a", b"old", epoch_headers(0))
    entries.replay(0, 2, BARRIER_KEY, b"", [])
    entries.replay(0, 3, b"a", b"new", epoch_headers(2))
    entries.replay(0, 4, b"a", b"old again", epoch_headers(0))
    entries.replay(0, 5, b"a", None, epoch_headers(0))
    entries.replay(0, 6, b"a", b"without an epoch", [])
    assert dict(entries.of(0)) == {b"a": b"new"}
    assert entries.ignored == 3


def test_epochs_are_known_from_entries_where_compaction_took_the_barrier() -> None:
    entries = Entries()
    entries.replay(0, 30, b"a", b"new", epoch_headers(20))
    entries.replay(0, 31, b"a", b"old", epoch_headers(10))
    assert dict(entries.of(0)) == {b"a": b"new"}


def test_partitions_are_forgotten_each_by_itself() -> None:
    entries = Entries()
    entries.saved(0, [(b"a", b"1")])
    entries.saved(1, [(b"b", b"1")])
    entries.forget(0)
    assert (dict(entries.of(0)), dict(entries.of(1))) == ({}, {b"b": b"1"})


@given(st.lists(st.tuples(st.sampled_from([b"a", b"b", b"c"]), st.one_of(st.none(), st.binary(max_size=2)))))
def test_replaying_any_part_twice_changes_nothing(log: list[tuple[bytes, bytes | None]]) -> None:
    once, twice = Entries(), Entries()
    for offset, (key, value) in enumerate(log):
        once.replay(0, offset, key, value, epoch_headers(0))
    for offset, (key, value) in [*enumerate(log), *enumerate(log)]:
        twice.replay(0, offset, key, value, epoch_headers(0))
    assert dict(once.of(0)) == dict(twice.of(0))
