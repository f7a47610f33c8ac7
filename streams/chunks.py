"""Fetched bytes to chunks of records, without an object per record that nobody needs.

aiokafka makes a ``ConsumerRecord`` of every record, one ``next()`` at a time: 1.3 µs of the 2 that fetching one costs.
Here the place where its fetcher keeps what it has fetched (:class:`Shelf`) exchanges the iterator over records for one
over *chunks*: lists of up to ``size`` of the decoder's own records, across the borders of the log's batches. Everything
else is the fetcher's, as it was: positions, pauses, backpressure, checks of the assignment, isolation levels.

What counts as a record for the fetcher is a chunk now, so ``max_records`` of ``fetched_records`` is a number of chunks.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator
from typing import Any, NamedTuple

from aiokafka.consumer.fetcher import READ_COMMITTED, FetchResult, PartitionRecords
from aiokafka.errors import CorruptRecordException


class Chunk(NamedTuple):
    """Records of one partition in offset order; each has ``offset``, ``key``, ``value``, ``headers``, ``timestamp``."""

    records: list[Any]

    @property
    def offset(self) -> int:
        """The offset of the first one (the fetcher's records have one, too)."""
        first: int = self.records[0].offset
        return first


class ChunkedRecords(PartitionRecords):  # type: ignore[misc]  # aiokafka is seen as untyped
    """aiokafka's iterator over what one fetch brought of a partition, in chunks."""

    next_fetch_offset: int

    def __init__(self, stock: Any, size: int) -> None:
        self._size = size
        super().__init__(
            stock._tp,  # noqa: SLF001  # taken over whole
            stock._records,  # noqa: SLF001
            stock._aborted_transactions,  # noqa: SLF001
            stock.next_fetch_offset,
            None,
            None,
            stock._check_crcs,  # noqa: SLF001
            stock._isolation_level,  # noqa: SLF001
        )

        # It and its iterator refer to each other: the bytes would be kept until the garbage collector comes.
        stock._records_iterator = None  # noqa: SLF001

    def _unpack_records(self) -> Iterator[Chunk]:
        """Yield chunks; whenever one is out, ``next_fetch_offset`` is where to fetch if nothing more is taken."""
        size, memory = self._size, self._records
        waiting: list[Any] = []
        end = self.next_fetch_offset
        while memory.has_next():
            batch = memory.next_batch()
            if self._check_crcs and not batch.validate_crc():
                # What was found before it is fetched again, too: no position was moved.
                raise CorruptRecordException(f"Invalid CRC - {self._tp}")
            if self._of_no_use(batch):
                end = batch.next_offset
                continue
            records = list(batch)
            if records and records[0].offset < self.next_fetch_offset:
                # The position lies inside the batch: the broker sends it whole.
                records = [record for record in records if record.offset >= self.next_fetch_offset]
            waiting = waiting + records if waiting else records
            while len(waiting) >= size:
                chunk, waiting = waiting[:size], waiting[size:]
                self.next_fetch_offset = chunk[-1].offset + 1
                yield Chunk(chunk)
            # The last offset of a batch stays known when compaction has taken the last record.
            end = batch.next_offset
        # Control batches, aborted ones and holes behind the last record are passed, too, once it is taken.
        self.next_fetch_offset = end
        if waiting:
            yield Chunk(waiting)

    def _of_no_use(self, batch: Any) -> bool:
        """Whether to pass a batch over: a transaction's marker, or (if asked to) what an aborted one wrote."""
        if self._isolation_level == READ_COMMITTED and batch.producer_id is not None:
            self._consume_aborted_up_to(batch.base_offset)
            if batch.is_control_batch and self._contains_abort_marker(batch):
                self._aborted_producers.discard(batch.producer_id)
            if batch.is_transactional and batch.producer_id in self._aborted_producers:
                return True
        return bool(batch.is_control_batch)


class Shelf(OrderedDict[Any, Any]):
    """Where the fetcher keeps what it has fetched: partition to result or error."""

    def __init__(self, size: int) -> None:
        super().__init__()
        self._size = size

    def __setitem__(self, tp: Any, found: Any) -> None:
        """Keep what was found, in chunks."""
        if type(found) is FetchResult and not isinstance(found._partition_records, ChunkedRecords):  # noqa: SLF001
            found._partition_records = ChunkedRecords(found._partition_records, self._size)  # noqa: SLF001
        super().__setitem__(tp, found)
