"""Records that nobody can read, one in a hundred: what they cost, and where they end.

Two workers go over two filled topics at the same time, of which one holds poison: whatever else the machine does, it does to both.
"""

from __future__ import annotations

import random
import statistics
import time
import zlib
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import ClassVar

from kafka import KafkaProducer

from huoqun import broker, codec, records, topics
from huoqun.clock import now_ms
from huoqun.config import Config, dump_env
from huoqun.config import Worker as ConfiguredWorker
from huoqun.control import PREFIX
from huoqun.events import Event, Refused, read_event
from huoqun.kafka_config import Kafka
from tests.chaos.chat import Group
from tests.chaos.timeline import Timeline
from tests.chaos.verdict import Verdict
from tests.support import running
from tests.support.brokers import RunningBroker, free_port
from tests.support.service_process import ServiceProcess
from tests.support.workers import dead_letters

SHARE = 0.01
LEAST_SPEED = 0.8
GROUPS = 200
PARTITIONS = 4
APART_MS = 20_000
WAIT_SECONDS = 900.0
SETTLE_SECONDS = 60.0
"""After the last record, for the dead letters to arrive."""
APPLIED = "huoqun_worker_events_total"
DEEP = b"[" * 3000
KINDS: tuple[bytes | None, ...] = (
    None, b"", b"{", b"\xff\xfe\xfa", DEEP, b"x" * 200_000, b"null", b"[]", b'"text"', b'{"id": 1}',
    b'{"id":"a","type":"message","ts":NaN,"platform":"qq","group_id":"g","user_id":"u"}',
    b'{"id":"a","type":"gossip","ts":1700000000000,"platform":"qq","group_id":"g","user_id":"u"}',
    b'{"id":"a","type":"message","ts":1700000000000,"platform":"qq","group_id":["g"],"user_id":"u"}',
)  # fmt: skip
"""Nothing, not JSON, cut short, not UTF-8, nested deeply, large, of another type, without what an event needs, with what none has."""


class Worker(ServiceProcess):
    """``huoqun worker`` over topics of its own."""

    name: ClassVar[str] = "worker"

    def settings(self) -> Mapping[str, str]:
        return dump_env(self.config)

    @property
    def metrics_port(self) -> int:
        return self.config.worker.metrics_port

    def cpu_seconds(self) -> float:
        assert self.process is not None
        return running.cpu_seconds(self.process.pid)

    def applied(self) -> float:
        """How many records it has been through, the poison too; 0 while it starts."""
        try:
            _, text = self.get("/metrics")
        except OSError:
            return 0.0
        return sum(float(line.rpartition(" ")[2]) for line in text.splitlines() if line.startswith(f"{APPLIED} "))


def run(running: RunningBroker, directory: Path, timeline: Timeline, *, seed: int, events: int, runs: int) -> Verdict:
    """``runs`` times both workers over ``events`` records each."""
    found = Verdict()
    tries: list[tuple[float, float]] = []
    for number in range(runs):
        chance = random.Random(f"{seed}/{number}")
        pair = [_worker(running, directory / f"{number}-{name}") for name in ("clean", "poison")]
        bad = sorted(chance.sample(range(events), round(events * SHARE)))
        for worker, places in zip(pair, ([], bad), strict=True):
            fill(worker.config, events, {place: KINDS[place % len(KINDS)] for place in places}, f"{seed}/{number}")
        timeline.note("filled", run=number + 1, events=events, poison=len(bad))
        try:
            tries.append(_raced(pair, events))
            _until_buried(pair[1].config, len(bad))
        finally:
            for worker in pair:
                worker.end()
        timeline.note("ran", run=number + 1, speed=round(tries[-1][0], 3), cpu=round(tries[-1][1], 3))
        found.wrong += _buried(pair[1].config, bad)
        found.wrong += _buried(pair[0].config, [])
    speed, cpu = statistics.median(s for s, _ in tries), statistics.median(c for _, c in tries)
    found.figures |= {
        "events": events, "poison": round(events * SHARE), "runs": [[round(s, 3), round(c, 3)] for s, c in tries],
        "speed": round(speed, 3), "cpu": round(cpu, 3),
    }  # fmt: skip
    if speed < LEAST_SPEED:
        found.wrong.append(f"with poison the worker has {100 * speed:.0f} % of its speed")
    return found


def _worker(running: RunningBroker, directory: Path) -> Worker:
    directory.mkdir()
    kafka = Kafka(bootstrap=running.bootstrap, topic_prefix=directory.name, partitions=PARTITIONS)
    ports = ConfiguredWorker(metrics_port=free_port())
    config = Config(data_dir=str(directory / "own"), kafka=kafka, worker=ports)
    broker.provision(config)
    return Worker(config, directory)


def fill(config: Config, events: int, poison: Mapping[int, bytes | None], seed: str) -> None:
    """Write so many records, those of ``poison`` at their places among them."""
    topic = topics.full_name(config.kafka.topic_prefix, topics.EVENTS)
    producer = KafkaProducer(bootstrap_servers=config.kafka.bootstrap, acks="all", linger_ms=50, batch_size=1 << 18)
    groups = [Group(zlib.crc32(seed.encode()), number) for number in range(GROUPS)]
    start = now_ms() - events // GROUPS * APART_MS
    for number in range(events):
        group = groups[number % GROUPS]
        if number in poison:
            value = poison[number]
        else:
            event = read_event(group.next(start + number // GROUPS * APART_MS), received_at=now_ms(), source="test")
            assert isinstance(event, Event)
            value = codec.encode(event)
        key = f"qq/{group.id}".encode()
        producer.send(topic, value, key, partition=zlib.crc32(key) % PARTITIONS)
    producer.flush()
    producer.close()


def _raced(pair: Sequence[Worker], events: int) -> tuple[float, float]:
    """Start both; return how far the one with poison was when the first had finished, and its work per record: shares of the other's."""
    for worker in pair:
        worker.start()
    deadline = time.monotonic() + WAIT_SECONDS
    done = [0.0, 0.0]
    began: float | None = None
    ahead = [0.0, 0.0]
    cpu_before = [0.0, 0.0]
    while max(done) < events:
        assert time.monotonic() < deadline, f"not within {WAIT_SECONDS:.0f} s: both have {done} of {events}"
        time.sleep(0.1)
        done = [worker.applied() for worker in pair]
        if began is None and min(done) > 0:  # from here on they race
            began, ahead, cpu_before = time.monotonic(), done, [worker.cpu_seconds() for worker in pair]
    assert began is not None, "one had finished before the other began"
    moved = [now - before for now, before in zip(done, ahead, strict=True)]
    cpu = [worker.cpu_seconds() - before for worker, before in zip(pair, cpu_before, strict=True)]
    while min(done) < events:
        assert time.monotonic() < deadline, f"not within {WAIT_SECONDS:.0f} s: both have {done} of {events}"
        time.sleep(0.2)
        done = [worker.applied() for worker in pair]
    return moved[1] / moved[0], (moved[1] / cpu[1]) / (moved[0] / cpu[0])


def _until_buried(config: Config, count: int) -> None:
    deadline = time.monotonic() + SETTLE_SECONDS
    while len(dead_letters(config)) < count and time.monotonic() < deadline:
        time.sleep(0.5)


def _buried(config: Config, bad: Sequence[int]) -> list[str]:
    """Return what is wrong with the dead letters: each poison record is there with its reason, once, and nothing else."""
    topic = topics.full_name(config.kafka.topic_prefix, topics.EVENTS)
    there = Counter(
        (record.partition, record.offset)
        for record in records.read(config.kafka, topic)
        if not (record.value or b"").startswith(PREFIX) and isinstance(codec.decode_record(record.value), Refused)
    )
    letters = dead_letters(config)
    found = Counter((letter.partition, letter.offset) for letter in letters)
    wrong = [f"in no dead letter: {place}" for place in there - found]
    wrong += [f"a dead letter too many: {place}" for place in found - there]
    wrong += [f"no reason: {letter.partition}/{letter.offset}" for letter in letters if not letter.reason]
    if len(there) != len(bad):
        wrong.append(f"{len(bad)} records of poison were written, {len(there)} are in the topic")
    return wrong
