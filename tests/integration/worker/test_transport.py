"""The batch transport on real brokers: holes, transactions, seeks, a slow agent."""

import asyncio
import json
import time
from collections.abc import Iterator

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka import TopicPartition as AioPartition
from kafka import KafkaAdminClient, TopicPartition
from kafka.admin import ConfigResource, ConfigResourceType

from huoqun import codec, topics
from huoqun.config import Config
from huoqun.control import PREFIX
from tests.support.brokers import RunningBroker
from tests.support.long import on_apache_kafka
from tests.support.running import memory_bytes
from tests.support.workers import (
    Feed,
    Workers,
    committed,
    dead_letters,
    ends,
    read_all,
    totals,
    wait_committed,
    wait_until,
)

apache_only = pytest.mark.parametrize("broker", ["apache_kafka"], indirect=True)


@pytest.fixture
def admin(broker: RunningBroker) -> Iterator[KafkaAdminClient]:
    admin = KafkaAdminClient(bootstrap_servers=broker.bootstrap)
    yield admin
    admin.close()


def what_is_there(config: Config) -> tuple[dict[int, list[int]], dict[str, tuple[int, int]]]:
    """Return the offsets that a partition of the events has, and what must come of its records."""
    offsets: dict[int, list[int]] = {}
    sums: dict[str, tuple[int, int]] = {}
    for partition, offset, _, value, _ in read_all(config, topics.EVENTS):
        offsets.setdefault(partition, []).append(offset)
        if value is not None and not value.startswith(PREFIX):
            record = codec.decode_json(value)
            count, total = sums.get(record["g"], (0, 0))
            sums[record["g"]] = (count + 1, total + record["n"])
    return offsets, sums


@apache_only
def test_holes_that_compaction_left_stop_neither_records_nor_commits(
    config: Config, started: Workers, feed: Feed, admin: KafkaAdminClient
) -> None:
    settings = {
        "cleanup.policy": "compact",
        "segment.ms": "100",
        "min.cleanable.dirty.ratio": "0.01",
        "min.compaction.lag.ms": "0",
        "max.compaction.lag.ms": "100",
    }
    admin.alter_configs([ConfigResource(ConfigResourceType.TOPIC, feed.topic, settings)])
    for some in range(3):
        for n in range(some * 200, some * 200 + 200):
            key = b"only-%d" % n if n % 3 == 0 else b"often"  # of each key, the newest of the closed segments stays
            value = json.dumps({"g": f"g{n % 4}", "n": n}).encode()
            feed.producer.send(feed.topic, value, key, partition=n % 4)
        feed.producer.flush(30)
        time.sleep(0.2)

    def holes() -> bool:
        offsets, _ = what_is_there(config)
        return all(offsets[p][-1] - offsets[p][0] + 1 > len(offsets[p]) for p in range(4))

    wait_until(holes, 30, "there are holes in every partition")
    admin.alter_configs([ConfigResource(ConfigResourceType.TOPIC, feed.topic, {"cleanup.policy": "delete"})])
    time.sleep(0.5)  # a compaction under way may end
    _, expected = what_is_there(config)
    assert sum(count for count, _ in expected.values()) < 600
    started.start().wait_ready()
    wait_committed(config)
    assert totals(config) == expected


@apache_only
def test_what_a_transaction_wrote_counts_once_it_is_committed_and_never_if_it_was_aborted(
    config: Config, started: Workers, feed: Feed
) -> None:
    topic = feed.topic

    def value(n: int | str) -> bytes:
        return json.dumps({"g": "g0", "n": n}).encode()

    async def transactions() -> None:
        producer = AIOKafkaProducer(bootstrap_servers=config.kafka.bootstrap, transactional_id=f"{topic}-x")
        await producer.start()
        for number in range(30):
            await producer.begin_transaction()
            for n in (value(1), b"poison" if number % 2 else value(2)):
                await producer.send_and_wait(topic, n, key=b"g0", partition=0)
            await (producer.abort_transaction() if number % 2 else producer.commit_transaction())
        await producer.begin_transaction()
        await producer.send_and_wait(topic, value(1000), key=b"g0", partition=0)
        await asyncio.to_thread(feed.raw, 0, value(5), b"g0")  # behind one that is still open
        await asyncio.sleep(1)
        held_back = totals(config)
        await producer.abort_transaction()
        last = await asyncio.to_thread(feed.raw, 0, value(7), b"g0")
        await producer.stop()
        assert held_back == {"g0": (30, 45)}
        wait_until(lambda: totals(config) == {"g0": (32, 57)}, 20, "what is committed has come through")
        wait_until(lambda: committed(config)[0] == last + 1, 20, "commits are past all markers")

    started.start().wait_ready()
    asyncio.run(transactions())
    assert not dead_letters(config)


@apache_only  # the embedded broker takes commits from members only
def test_a_group_that_is_set_back_reads_again_and_counts_nothing_twice(
    config: Config, started: Workers, feed: Feed, broker: RunningBroker
) -> None:
    first = started.start().wait_ready()
    feed.send(400)
    wait_committed(config)
    assert first.terminate() == 0, first.says()

    async def set_back() -> None:
        consumer = AIOKafkaConsumer(
            bootstrap_servers=broker.bootstrap,
            group_id=topics.streams_group(config.kafka.topic_prefix),
            enable_auto_commit=False,
        )
        await consumer.start()
        parts = [AioPartition(feed.topic, p) for p in range(4)]
        consumer.assign(parts)
        await consumer.commit({tp: 1 + tp.partition * 30 for tp in parts})
        await consumer.stop()

    asyncio.run(set_back())
    assert committed(config)[1] == 31
    second = started.start().wait_ready()
    feed.send(40)
    wait_committed(config)
    assert totals(config) == feed.expected()
    assert second.metrics()["huoqun_worker_events_total"] == sum(ends(config).values()) - (1 + 31 + 61 + 91)


@apache_only
def test_a_group_whose_records_are_gone_begins_with_the_first_that_is_left(
    config: Config, started: Workers, feed: Feed, admin: KafkaAdminClient
) -> None:
    feed.send(400)
    admin.delete_records({TopicPartition(feed.topic, p): 51 for p in range(4)})
    _, expected = what_is_there(config)
    assert expected != feed.expected()
    started.start().wait_ready()
    wait_committed(config)
    assert totals(config) == expected


@on_apache_kafka()
def test_a_slow_agent_keeps_its_partitions_and_does_not_pile_up_what_waits(
    config: Config, started: Workers, feed: Feed
) -> None:
    worker = started.start().wait_ready()
    feed.send(40)
    wait_committed(config)
    before, rebalances = memory_bytes(worker.process.pid) >> 20, worker.metrics()["huoqun_worker_rebalances_total"]
    feed.raw(0, json.dumps({"g": "g0", "n": "nap"}).encode())
    padding = "x" * 20_000
    count = 6000
    for n in range(count):
        value = json.dumps({"g": f"g{n % 4}", "n": 1, "padding": padding}).encode()
        feed.producer.send(feed.topic, value, partition=n % 4)
    feed.producer.flush(30)
    most = before

    def done() -> bool:
        nonlocal most
        most = max(most, memory_bytes(worker.process.pid) >> 20)
        return committed(config) == ends(config)

    wait_until(done, 60, "the backlog is through")
    assert most - before < 50, f"{most - before} MiB more for a backlog of {count * len(padding) >> 20} MiB"
    metrics = worker.metrics()
    assert metrics["huoqun_worker_rebalances_total"] == rebalances, "the broker never thought it dead"
    assert metrics["huoqun_worker_events_total"] == sum(ends(config).values()), "and nothing was read twice"
    assert sum(count for count, _ in totals(config).values()) == 40 + count
