"""What a partition's changelog tells, and who may go on from what is in memory."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.saves import BARRIER_KEY, Entry, Known, Recovered, Replay, UnknownOffsetError, epoch_headers, recover


class Line(NamedTuple):
    offset: int
    key: bytes
    value: bytes | None
    headers: list[tuple[str, bytes]]


class Log:
    """A changelog of one partition, in memory; read in pieces of two."""

    def __init__(self) -> None:
        self.lines: list[Line] = []
        self.end = 0
        self.reads: list[tuple[int, int]] = []

    def write(self, key: bytes, value: bytes | None, epoch: int) -> int:
        return self._add(key, value, epoch_headers(epoch))

    def _add(self, key: bytes, value: bytes | None, headers: list[tuple[str, bytes]]) -> int:
        self.lines.append(Line(self.end, key, value, headers))
        self.end += 1
        return self.end - 1

    def compact(self) -> None:
        """Keep the newest of each key; holes are left."""
        newest = {line.key: line.offset for line in self.lines}
        self.lines = [line for line in self.lines if newest[line.key] == line.offset]

    async def barrier(self, partition: int) -> int:
        assert partition == 3
        return self._add(BARRIER_KEY, b"", [])

    async def read(self, partition: int, start: int, end: int) -> AsyncIterator[Sequence[Entry]]:
        assert partition == 3
        self.reads.append((start, end))
        found = [line for line in self.lines if start <= line.offset <= end]
        for at in range(0, len(found), 2):
            yield found[at : at + 2]


def recovered(log: Log, known: Known | None = None) -> tuple[Known, dict[bytes, bytes] | None]:
    found: Recovered = asyncio.run(recover(log, 3, known))
    return found.known, None if found.entries is None else dict(found.entries)


def replayed(*log: tuple[int, bytes, bytes | None, int | None]) -> Replay:
    replay = Replay()
    for offset, key, value, epoch in log:
        replay.feed(offset, key, value, [] if epoch is None else epoch_headers(epoch))
    return replay


def test_later_entries_replace_and_tombstones_delete() -> None:
    replay = replayed((0, BARRIER_KEY, b"", None), (1, b"a", b"1", 0), (2, b"b", b"1", 0), (3, b"a", b"2", 0))
    replay.feed(4, b"b", None, epoch_headers(0))
    assert replay.entries == {b"a": b"2"}


def test_the_barrier_is_no_entry_and_its_offset_is_the_epoch() -> None:
    replay = replayed((17, BARRIER_KEY, b"", None))
    assert not replay.entries
    assert replay.epoch == 17
    assert Replay().epoch == -1


def test_what_an_overtaken_writer_adds_is_ignored() -> None:
    replay = replayed(
        (0, BARRIER_KEY, b"", None),
        (1, b"a", b"old", 0),
        (2, BARRIER_KEY, b"", None),
        (3, b"a", b"new", 2),
        (4, b"a", b"old again", 0),
        (5, b"a", None, 0),
        (6, b"a", b"without an epoch", None),
    )
    assert replay.entries == {b"a": b"new"}
    assert replay.ignored == 3


def test_epochs_are_known_from_entries_where_compaction_took_the_barrier() -> None:
    assert replayed((30, b"a", b"new", 20), (31, b"a", b"old", 10)).entries == {b"a": b"new"}


def test_drained_entries_are_not_kept() -> None:
    replay = replayed((0, b"a", b"1", 0), (1, b"b", b"2", 0))
    assert sorted(replay.drain()) == [(b"a", b"1"), (b"b", b"2")]
    assert not replay.entries


@given(st.lists(st.tuples(st.sampled_from([b"a", b"b", b"c"]), st.one_of(st.none(), st.binary(max_size=2)))))
def test_replaying_any_part_twice_changes_nothing(log: list[tuple[bytes, bytes | None]]) -> None:
    once = [(offset, key, value, 0) for offset, (key, value) in enumerate(log)]
    assert replayed(*once).entries == replayed(*once, *once).entries


def test_a_new_holder_reads_everything_in_an_epoch_of_its_own() -> None:
    log = Log()
    assert recovered(log) == (Known(0, 0), {})
    log.write(b"a", b"1", 0)
    log.write(b"b", b"2", 0)
    log.write(b"a", b"3", 0)
    log.compact()
    assert recovered(log) == (Known(4, 4), {b"a": b"3", b"b": b"2"})


def test_a_holder_that_nobody_followed_goes_on_from_memory_and_reads_only_the_end() -> None:
    log = Log()
    known, _ = recovered(log)
    last = log.write(b"a", b"1", known.epoch)
    assert recovered(log, Known(known.epoch, last)) == (Known(2, 2), None)
    assert log.reads[-1] == (2, 2)
    assert recovered(log, Known(2, 2)) == (Known(3, 3), None), "also if nothing was written in between"


def test_a_barrier_whose_place_the_broker_does_not_tell_is_followed_by_another() -> None:
    """Taken for an end of -1, it made the state begin empty."""

    class Forgetful(Log):
        tells = False

        async def barrier(self, partition: int) -> int:
            at, told, self.tells = await super().barrier(partition), self.tells, True
            return at if told else -1

    log = Forgetful()
    log.write(b"a", b"1", 0)
    assert recovered(log) == (Known(2, 2), {b"a": b"1"})


def test_a_broker_that_never_tells_where_records_are_is_no_use() -> None:
    class Silent(Log):
        async def barrier(self, partition: int) -> int:
            del partition
            return -1

    with pytest.raises(UnknownOffsetError):
        recovered(Silent())


def test_what_anybody_wrote_since_sends_the_holder_back_to_the_changelog() -> None:
    log = Log()
    known, _ = recovered(log)
    other, _ = recovered(log)
    assert recovered(log, known)[1] == {}, "a barrier is enough"
    log.write(b"a", b"theirs", other.epoch + 5)
    log.compact()
    assert recovered(log, known)[1] == {b"a": b"theirs"}


def test_a_log_that_was_made_anew_sends_the_holder_back_to_it() -> None:
    log = Log()
    log.write(b"a", b"new", -1)
    assert recovered(log, Known(40, 45)) == (Known(1, 1), {b"a": b"new"})
