"""Chunks give what aiokafka's own iterator gives, and leave the fetcher where it would be."""

from typing import Any

import pytest
from aiokafka.consumer.fetcher import READ_COMMITTED, READ_UNCOMMITTED, FetchResult, PartitionRecords
from aiokafka.errors import CorruptRecordException
from aiokafka.record.default_records import DefaultRecordBatchBuilder
from aiokafka.record.memory_records import MemoryRecords
from aiokafka.structs import TopicPartition
from hypothesis import given
from hypothesis import strategies as st

from streams.chunks import ChunkedRecords, Shelf

TP = TopicPartition("t", 0)
ABORT = b"\x00\x00\x00\x00"
CONTROL_BIT = 0x20


def log_batch(base: int, length: int, holes: set[int], *, producer: int = -1, control: bytes | None = None) -> bytes:
    """A batch of ``length`` offsets from ``base`` on, as the broker keeps it when ``holes`` were compacted away."""
    builder = DefaultRecordBatchBuilder(2, 0, producer >= 0, producer, 0, 0, 1 << 20)
    for at in range(length):
        if at not in holes or at == length - 1:
            key = control if control is not None else b"k%d" % (base + at)
            builder.append(at, 7, key, b"v%d" % (base + at), [])
    raw = bytearray(builder.build())
    raw[:8] = base.to_bytes(8, "big")
    if control is not None:
        raw[22] |= CONTROL_BIT  # the low byte of the attributes
    return bytes(raw)


def iterator(raw: bytes, start: int, *, committed: bool = False, aborted: Any = None, crcs: bool = False) -> Any:
    level = READ_COMMITTED if committed else READ_UNCOMMITTED
    return PartitionRecords(TP, MemoryRecords(raw), aborted, start, None, None, crcs, level)


def seen(records: Any) -> list[tuple[int, bytes, bytes]]:
    return [(r.offset, r.key, r.value) for r in records]


@given(
    st.lists(st.tuples(st.integers(1, 6), st.sets(st.integers(0, 5)), st.integers(0, 2)), min_size=1, max_size=6),
    st.integers(1, 7),
    st.integers(0, 8),
)
def test_chunks_hold_the_same_records_and_end_at_the_same_offset(
    batches: list[tuple[int, set[int], int]], size: int, start: int
) -> None:
    log, base = [], 0
    for length, holes, gap in batches:
        log.append((base + length, log_batch(base, length, holes)))
        base += length + gap

    def fetched(position: int) -> bytes:
        """What a broker sends: whole batches, from the one that holds the position on."""
        return b"".join(raw for end, raw in log if end > position)

    stock = iterator(fetched(start), start)
    expected = seen(stock)
    mine = ChunkedRecords(iterator(fetched(start), start), size)
    found = []
    for chunk in mine:
        assert 1 <= len(chunk.records) <= size
        assert chunk.offset == chunk.records[0].offset
        assert mine.next_fetch_offset > chunk.records[-1].offset
        found += seen(chunk.records)
        rest = iterator(fetched(mine.next_fetch_offset), mine.next_fetch_offset)
        assert found + seen(rest) == expected, "a fetch that starts here misses and repeats nothing"
    assert found == expected
    assert mine.next_fetch_offset == stock.next_fetch_offset


@pytest.mark.parametrize("committed", [True, False])
def test_markers_are_passed_and_aborted_transactions_only_if_asked_to(committed: bool) -> None:
    raw = b"".join(
        [
            log_batch(0, 2, set(), producer=5),
            log_batch(2, 2, set()),
            log_batch(4, 2, set(), producer=6),
            log_batch(6, 1, set(), producer=5, control=ABORT),
            log_batch(7, 1, set(), producer=6, control=b"\x00\x00\x00\x01"),
            log_batch(8, 1, set(), producer=5),
            log_batch(9, 1, set(), producer=5, control=b"\x00\x00\x00\x01"),
        ]
    )
    stock = iterator(raw, 0, committed=committed, aborted=[(5, 0)])
    expected = seen(stock)
    assert [offset for offset, _, _ in expected] == ([2, 3, 4, 5, 8] if committed else [0, 1, 2, 3, 4, 5, 8])
    mine = ChunkedRecords(iterator(raw, 0, committed=committed, aborted=[(5, 0)]), 3)
    assert seen(record for chunk in mine for record in chunk.records) == expected
    assert mine.next_fetch_offset == stock.next_fetch_offset == 10


def test_a_damaged_batch_is_an_error_and_moves_no_position() -> None:
    good, bad = log_batch(0, 2, set()), bytearray(log_batch(2, 2, set()))
    bad[-1] ^= 1
    mine = ChunkedRecords(iterator(good + bytes(bad), 0, crcs=True), 10)
    with pytest.raises(CorruptRecordException):
        next(mine)
    assert mine.next_fetch_offset == 0


def test_the_shelf_exchanges_what_is_put_on_it_and_nothing_else() -> None:
    shelf = Shelf(2)
    result = FetchResult(TP, assignment=None, partition_records=iterator(log_batch(0, 5, set()), 0), backoff=0)
    shelf[TP] = result
    assert shelf[TP] is result
    assert [len(chunk.records) for chunk in result._partition_records] == [2, 2, 1]
    error = object()
    shelf[TP] = error
    assert shelf[TP] is error
