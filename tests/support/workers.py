"""Workers of the streams as child processes, and the topics around them, for tests."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.request import urlopen

import msgspec
from kafka import KafkaConsumer, KafkaProducer, TopicPartition

from huoqun import broker as administration
from huoqun import codec, topics
from huoqun.config import Config, Worker, dump_env
from huoqun.kafka_config import Kafka
from huoqun.results import AnyResult, DeadLetter
from tests.support.brokers import RunningBroker, free_port

REPOSITORY = Path(__file__).resolve().parents[2]


def config_for(broker: RunningBroker, prefix: str, data: Path, **worker: object) -> Config:
    settings = {"batch_records": 50, "checkpoint_seconds": 0.1, "watchdog_seconds": 0.0, **worker}
    return Config(
        data_dir=str(data),
        kafka=Kafka(bootstrap=broker.bootstrap, topic_prefix=prefix, partitions=4),
        worker=msgspec.convert(settings, Worker),
    )


@dataclass
class RunningWorker:
    process: subprocess.Popen[bytes]
    metrics_port: int
    log: Path = field(repr=False)

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(10)

    def terminate(self, seconds: float = 12) -> int:
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(seconds)

    def says(self) -> str:
        return self.log.read_text("utf-8", "replace")

    def metrics(self) -> dict[str, float]:
        with urlopen(f"http://127.0.0.1:{self.metrics_port}/metrics", timeout=5) as answer:
            lines = answer.read().decode().splitlines()
        return {line.rpartition(" ")[0]: float(line.rpartition(" ")[2]) for line in lines if not line.startswith("#")}

    def ready(self) -> bool:
        try:
            with urlopen(f"http://127.0.0.1:{self.metrics_port}/readyz", timeout=5) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False

    def wait_ready(self, seconds: float = 40) -> "RunningWorker":
        wait_until(lambda: self.process.poll() is not None or self.ready(), seconds, "a worker is ready")
        assert self.process.poll() is None, self.says()
        return self


class Workers:
    """Starts workers of one configuration and sees to it that none outlives the test."""

    def __init__(self, config: Config, directory: Path, module: str = "tests.support.toy_worker") -> None:
        self.config = config
        self.directory = directory
        self.module = module
        self.all: list[RunningWorker] = []

    def start(self) -> RunningWorker:
        port = free_port()
        log = self.directory / f"worker-{len(self.all)}.log"
        env = {k: v for k, v in os.environ.items() if not k.startswith("HUOQUN_")}
        env |= dump_env(self.config) | {"HUOQUN_WORKER_METRICS_PORT": str(port), "PYTHONPATH": str(REPOSITORY)}
        with log.open("wb") as output:
            process = subprocess.Popen(
                [sys.executable, "-m", self.module],
                cwd=self.directory,
                env=env,
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        worker = RunningWorker(process, port, log)
        self.all.append(worker)
        return worker

    def stop(self) -> None:
        for worker in self.all:
            if worker.process.poll() is None:
                worker.kill()


@contextmanager
def workers(config: Config, directory: Path) -> Iterator[Workers]:
    started = Workers(config, directory)
    try:
        yield started
    finally:
        started.stop()


def wait_until(true: Callable[[], object], seconds: float, what: str) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, f"not within {seconds:g} s: {what}"
        time.sleep(0.1)


class Feed:
    """Writes toy records and knows what must come of them."""

    def __init__(self, config: Config, groups: int = 20) -> None:
        self.config = config
        self.topic = topics.full_name(config.kafka.topic_prefix, topics.EVENTS)
        self.producer = KafkaProducer(bootstrap_servers=config.kafka.bootstrap, acks="all", linger_ms=5)
        self.groups = groups
        self.count: dict[str, int] = {}
        self.total: dict[str, int] = {}
        self.next = 1

    def send(self, numbers: int) -> None:
        for n in range(self.next, self.next + numbers):
            group = f"g{n % self.groups}"
            partition = n % self.groups % self.config.kafka.partitions
            self.producer.send(
                self.topic, json.dumps({"g": group, "n": n}).encode(), group.encode(), partition=partition
            )
            self.count[group] = self.count.get(group, 0) + 1
            self.total[group] = self.total.get(group, 0) + n
        self.next += numbers
        self.producer.flush(30)

    def raw(self, partition: int, value: bytes | None, key: bytes | None = None) -> int:
        sent = self.producer.send(self.topic, value, key, partition=partition)
        return int(sent.get(30).offset)

    def expected(self) -> dict[str, tuple[int, int]]:
        return {g: (self.count[g], self.total[g]) for g in self.count}

    def close(self) -> None:
        self.producer.close(timeout=5)


@dataclass
class Steady:
    """A worker that goes on from test to test, with its topics and its feeder."""

    config: Config
    worker: RunningWorker
    feed: Feed


def committed(config: Config) -> dict[int, int | None]:
    """Return partition -> the offset committed by the worker's group."""
    topic = topics.full_name(config.kafka.topic_prefix, topics.EVENTS)
    found = administration.committed(config, topics.streams_group(config.kafka.topic_prefix))
    return {partition: found.get((topic, partition)) for partition in range(config.kafka.partitions)}


def ends(config: Config) -> dict[int, int]:
    """Return partition -> the true end of the events topic."""
    return administration.end_offsets(config.kafka, topics.full_name(config.kafka.topic_prefix, topics.EVENTS))


def wait_committed(config: Config, seconds: float = 40) -> None:
    """Wait until everything that is in the events topic is committed."""
    there = ends(config)
    wait_until(lambda: committed(config) == there, seconds, "everything is committed")


def read_all(config: Config, topic: str) -> list[tuple[int, int, bytes | None, bytes | None, dict[str, bytes]]]:
    """Return (partition, offset, key, value, headers) of all records of a topic (name without prefix, or full)."""
    name = topic if topic.startswith(config.kafka.topic_prefix) else topics.full_name(config.kafka.topic_prefix, topic)
    left = {p: e for p, e in administration.end_offsets(config.kafka, name).items() if e}
    if not left:
        return []
    consumer = KafkaConsumer(bootstrap_servers=config.kafka.bootstrap, enable_auto_commit=False, fetch_max_wait_ms=50)
    consumer.assign([TopicPartition(name, p) for p in left])
    consumer.seek_to_beginning()
    found = []
    deadline = time.monotonic() + 30
    while left and time.monotonic() < deadline:
        for tp, records in consumer.poll(timeout_ms=200, max_records=5000).items():
            found += [(tp.partition, r.offset, r.key, r.value, dict(r.headers)) for r in records]
            if records[-1].offset + 1 >= left[tp.partition]:
                del left[tp.partition]
                consumer.pause(tp)
    consumer.close()
    assert not left, f"{name} could not be read to its end: {left}"
    return found


def latest(config: Config, topic: str) -> dict[str, AnyResult]:
    """Return a result topic as a store would show it: key -> the value of the highest version."""
    seen: dict[str, AnyResult] = {}
    for _, _, key, value, _ in read_all(config, topic):
        assert key is not None
        assert value is not None
        result = codec.decode_result(value)
        assert not isinstance(result, codec.Refused)
        if key.decode() not in seen or result.version >= seen[key.decode()].version:
            seen[key.decode()] = result
    return seen


def totals(config: Config) -> dict[str, tuple[int, int]]:
    """Return group -> (count, sum) as the results have it."""
    return {r.group_id: (r.members, r.first_event_at) for r in latest(config, topics.GROUPS).values()}  # type: ignore[union-attr]


def dead_letters(config: Config) -> list[DeadLetter]:
    letters = []
    for _, _, _, value, _ in read_all(config, topics.DEADLETTER):
        assert value is not None
        letter = codec.decode_dead_letter(value)
        assert isinstance(letter, DeadLetter)
        letters.append(letter)
    return letters
