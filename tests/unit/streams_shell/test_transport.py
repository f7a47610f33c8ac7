"""The batch transport's parts, without a broker (its whole is proved in ``tests/integration/worker/test_safety.py``)."""
# ruff: noqa: ARG002, ARG005  # stand-ins answer a protocol

import asyncio
from collections import defaultdict
from collections.abc import Callable
from contextlib import nullcontext
from types import SimpleNamespace
from typing import Any

import pytest
from aiokafka import TopicPartition
from faust.types import TP

from streams.chunks import Chunk
from streams.transport import Batch, BatchConsumer, BatchConsumerThread

EVENTS = "p.events"


def chunk(*offsets: int) -> Chunk:
    return Chunk(
        [
            SimpleNamespace(offset=o, key=b"k%d" % o, value=b"v%d" % o, headers=(), timestamp=5000, timestamp_type=0)
            for o in offsets
        ]
    )


def consumer(**state: Any) -> Any:
    """A consumer as far as these tests look at it."""
    made = BatchConsumer.__new__(BatchConsumer)
    made.app = SimpleNamespace(batched_topic=EVENTS, batch_records=2, consumer_generation_id=5, rebalancing=False)
    made._checkpointed, made._acked = {}, defaultdict(list)
    for name, value in state.items():
        setattr(made, name, value)
    return made


def test_a_batch_knows_the_key_of_each_record() -> None:
    batch = Batch([(3, b"v3"), (7, b"v7")], chunk(3, 7).records)
    assert (batch.key_at(3), batch.key_at(7), batch.key_at(5)) == (b"k3", b"k7", None)


def test_a_message_carries_a_chunk_and_bears_its_last_offset_fairly_between_partitions() -> None:
    found = {
        TopicPartition(EVENTS, 0): [chunk(0, 1), chunk(2, 5), chunk(9)],
        TopicPartition(EVENTS, 1): [chunk(4)],
    }
    messages = list(consumer()._messages(found))
    assert [(tp, m.offset, m.generation_id, m.timestamp) for tp, m in messages] == [
        (TP(EVENTS, 0), 1, 5, 5.0),
        (TP(EVENTS, 1), 4, 5, 5.0),
        (TP(EVENTS, 0), 5, 5, 5.0),
        (TP(EVENTS, 0), 9, 5, 5.0),
    ]
    assert messages[2][1].value.records == [(2, b"v2"), (5, b"v5")]


def test_what_is_committed_is_what_was_checkpointed_whatever_was_acked() -> None:
    made, tp = consumer(), TP(EVENTS, 0)
    made._acked[tp].append(99)  # as Faust's compiled stream iterator does it, past Consumer.ack
    assert not list(made._filter_tps_with_pending_acks())
    assert made._new_offset(tp) is None
    made.checkpointed(tp, 41, 5)
    assert made._new_offset(tp) == 42
    made.checkpointed(tp, 50, 4)
    assert made._new_offset(tp) == 42, "a checkpoint of an earlier assignment"
    made.app.rebalancing = True
    made.checkpointed(tp, 60, 5)
    assert made._new_offset(tp) == 42, "a checkpoint that a rebalance has overtaken"


class Client:
    """aiokafka's consumer: what a fetch brings, what happens meanwhile, and where positions are set."""

    def __init__(self, found: dict[Any, list[Chunk]], meanwhile: Callable[[], object], assigned: set[Any]) -> None:
        self._fetcher = self
        self._subscriptions = SimpleNamespace(fetch_context=nullcontext)
        self._closed = False
        self.found, self.meanwhile, self.assigned = found, meanwhile, assigned
        self.positions: dict[Any, int] = {}

    async def fetched_records(self, partitions: frozenset[Any], **limits: Any) -> dict[Any, list[Any]]:
        assert partitions, "to aiokafka an empty set means all partitions"
        self.meanwhile()
        return self.found

    def assignment(self) -> set[Any]:
        return self.assigned

    def seek(self, tp: Any, offset: int) -> None:
        self.positions[tp] = offset


def fetch(meanwhile: Callable[[Any], object]) -> tuple[dict[Any, list[Any]], dict[Any, int]]:
    here, gone = TopicPartition(EVENTS, 0), TopicPartition(EVENTS, 1)
    thread = BatchConsumerThread.__new__(BatchConsumerThread)
    thread.consumer = SimpleNamespace(flow_stops=0, flow_active=True)
    found = {here: [chunk(7, 8)], gone: [chunk(3)]}
    client = Client(found, lambda: meanwhile(thread), {here})
    thread._consumer = client
    return dict(asyncio.run(thread._fetch(frozenset({here, gone}), 0, 1.0))), client.positions


def test_an_undisturbed_fetch_is_delivered() -> None:
    found, positions = fetch(lambda thread: None)
    assert sum(len(c.records) for chunks in found.values() for c in chunks) == 3
    assert not positions


@pytest.mark.parametrize(
    "meanwhile",
    [
        lambda thread: setattr(thread.consumer, "flow_stops", 1),
        lambda thread: setattr(thread.consumer, "flow_active", False),
        lambda thread: setattr(thread, "rewinds", 1),
    ],
    ids=["the flow was stopped and resumed", "the flow is stopped", "positions were set"],
)
def test_a_fetch_that_was_overtaken_gives_its_records_back(meanwhile: Callable[[Any], object]) -> None:
    found, positions = fetch(meanwhile)
    assert not found
    assert positions == {TopicPartition(EVENTS, 0): 7}, "and leaves partitions alone that are not assigned any more"
