"""Records packed into batches: order, sizes, acknowledgements, failures, waiting for room."""

import asyncio
from collections.abc import Awaitable, Coroutine
from types import SimpleNamespace
from typing import Any

import pytest
from aiokafka.producer.message_accumulator import BatchBuilder
from hypothesis import given
from hypothesis import strategies as st

from streams.outbox import Outbox, Record, RecordTooLargeError

BATCH = 1000
MOST = 5000


class Producer:
    """aiokafka's, as far as batches go: its own builder, and acknowledgements that can be held back or refused."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, int, Any]] = []
        self.acknowledgements: list[asyncio.Future[Any]] = []
        self.ends: dict[tuple[str, int], int] = {}
        self.hold = False
        self.refuse: Exception | None = None

    def create_batch(self) -> BatchBuilder:
        return BatchBuilder(BATCH, 0)

    async def send_batch(self, batch: Any, topic: str, *, partition: int) -> Awaitable[Any]:
        if self.refuse is not None:
            raise self.refuse
        assert batch.closed()
        self.sent.append((topic, partition, batch))
        done: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self.acknowledgements.append(done)
        await asyncio.sleep(0)
        if not self.hold:
            self.acknowledge()
        return done

    def acknowledge(self) -> None:
        for (topic, partition, batch), done in zip(self.sent, self.acknowledgements, strict=True):
            if not done.done():
                base = self.ends.get((topic, partition), 0)
                self.ends[topic, partition] = base + batch.record_count()
                done.set_result(SimpleNamespace(offset=base))

    def records(self, topic: str, partition: int) -> list[Record]:
        """What the broker has, read back from the batches' bytes."""
        from aiokafka.record.memory_records import MemoryRecords  # noqa: PLC0415  # only the tests read batches

        found = []
        for name, number, batch in self.sent:
            if (name, number) == (topic, partition):
                memory = MemoryRecords(bytes(batch._build()))
                while memory.has_next():
                    found += [(record.key, record.value) for record in memory.next_batch()]
        return found


def run(body: Coroutine[Any, Any, None]) -> None:
    asyncio.run(asyncio.wait_for(body, 10))


def outbox(producer: Producer, *, linger: float = 60.0, held: int = 1 << 20) -> Outbox:
    return Outbox(producer, linger=linger, max_record=MOST, max_held=held)


async def settle() -> None:
    for _ in range(50):
        await asyncio.sleep(0)


@given(st.lists(st.tuples(st.integers(0, 2), st.lists(st.integers(0, 1500), max_size=6)), max_size=12))
def test_every_record_arrives_once_in_order_and_is_acknowledged_with_its_offset(
    puts: list[tuple[int, list[int]]],
) -> None:
    async def body() -> None:
        producer = Producer()
        box = outbox(producer)
        expected: dict[int, list[Record]] = {0: [], 1: [], 2: []}
        waits = []
        for number, (partition, sizes) in enumerate(puts):
            records: list[Record] = [(b"%d-%d" % (number, i), b"v" * size) for i, size in enumerate(sizes)]
            parcels = box.put("t", partition, records)
            assert bool(parcels) == bool(records)
            waits.append((len(expected[partition]) + len(records), parcels))
            expected[partition] += records
        box.flush()
        for end, parcels in waits:
            written = [await parcel for parcel in parcels]
            assert all(w.last >= end - 1 for w in written[-1:]), "the last one is in what was waited for"
        for partition, records in expected.items():
            assert producer.records("t", partition) == records
        assert box.held == 0

    run(body())


def test_a_batch_takes_what_the_producer_allows_and_a_larger_record_travels_alone() -> None:
    async def body() -> None:
        producer = Producer()
        box = outbox(producer)
        box.put("t", 0, [(b"k", b"v" * 300)] * 5 + [(b"big", b"v" * (MOST - 3))] + [(b"k", b"v")])
        box.flush()
        await settle()
        assert [batch.record_count() for _, _, batch in producer.sent] == [3, 2, 1, 1]

    run(body())


def test_records_wait_for_others_no_longer_than_the_linger() -> None:
    async def body() -> None:
        producer = Producer()
        box = outbox(producer, linger=0.02)
        box.put("t", 0, [(b"a", b"1")])
        box.put("u", 0, [(b"a", b"1")])
        await settle()
        assert not producer.sent
        (parcel,) = box.put("t", 0, [(b"a", b"2")])
        assert (await parcel).last == 1
        assert len(producer.sent) == 2
        (parcel,) = box.put("t", 0, [(b"a", b"3")])
        assert (await parcel).last == 2

    run(body())


def test_nothing_follows_a_refused_batch_that_nobody_waits_for_any_more() -> None:
    async def body() -> None:
        producer = Producer()
        box = outbox(producer)
        (gone,) = box.put("t", 0, [(b"k", b"first")])
        producer.refuse = OSError("refused")
        asyncio.ensure_future(gone).cancel()
        box.flush()
        await settle()
        producer.refuse = None
        (later,) = box.put("t", 0, [(b"k", b"second")])
        box.flush()
        with pytest.raises(OSError, match="refused"):
            await later
        assert not producer.sent

    run(body())


def test_a_refused_batch_fails_those_who_wait_and_nothing_follows_it() -> None:
    async def body() -> None:
        producer = Producer()
        box = outbox(producer)
        producer.refuse = OSError("refused")
        (first,) = box.put("t", 0, [(b"a", b"1")])
        box.flush()
        with pytest.raises(OSError, match="refused"):
            await first
        producer.refuse = None
        (second,) = box.put("t", 0, [(b"a", b"2")])
        box.flush()
        with pytest.raises(OSError, match="refused"):
            await second
        assert not producer.sent
        assert box.held == 0

    run(body())


def test_a_record_that_brokers_refuse_is_refused_at_once() -> None:
    async def body() -> None:
        with pytest.raises(RecordTooLargeError, match="a record for t has 5000 bytes, the most is 5000"):
            outbox(Producer()).put("t", 0, [(b"k", b"v" * MOST)])

    run(body())


def test_writers_wait_while_too_much_is_on_its_way() -> None:
    async def body() -> None:
        producer = Producer()
        producer.hold = True
        box = outbox(producer, held=2000)
        box.put("t", 0, [(b"k", b"v" * 500)] * 6)
        box.flush()
        waiting = asyncio.create_task(box.room())
        await settle()
        assert box.held > 2000
        assert not waiting.done()
        producer.acknowledge()
        await waiting
        assert box.held == 0

    run(body())
