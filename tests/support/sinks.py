"""The sink as a child process, and topics filled for it."""

import http.client
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
from kafka import KafkaConsumer, KafkaProducer, TopicPartition

from huoqun import broker, codec, config, topics
from huoqun.config import Config
from huoqun.results import DeadLetter
from sinks import client
from tests.support.brokers import free_port, tail
from tests.support.service_process import ServiceProcess


def produce(cfg: Config, topic: str, values: Iterable[bytes | None], key: bytes = b"qq/g") -> None:
    producer = KafkaProducer(bootstrap_servers=cfg.kafka.bootstrap, linger_ms=5)
    name = topics.full_name(cfg.kafka.topic_prefix, topic)
    for value in values:
        producer.send(name, key=key, value=value)
    producer.flush()
    producer.close()


def dead_letters(cfg: Config) -> list[DeadLetter]:
    name = topics.full_name(cfg.kafka.topic_prefix, topics.DEADLETTER)
    consumer = KafkaConsumer(bootstrap_servers=cfg.kafka.bootstrap, group_id=None, fetch_max_wait_ms=50)
    partition = TopicPartition(name, 0)
    consumer.assign([partition])
    consumer.seek_to_beginning(partition)
    end = broker.end_offsets(cfg.kafka, name)[0]
    letters: list[DeadLetter] = []
    while consumer.position(partition) < end:
        for records in consumer.poll(timeout_ms=200).values():
            for record in records:
                letter = codec.decode_dead_letter(record.value)
                assert isinstance(letter, DeadLetter)
                letters.append(letter)
    consumer.close()
    return letters


def eventually(check: Callable[[], Any], what: str, seconds: float = 60, state: Callable[[], Any] = str) -> None:
    """Wait until ``check`` returns something true; it may raise ``QueryError`` or ``OSError`` until then."""
    deadline = time.monotonic() + seconds
    last: object = None
    while time.monotonic() < deadline:
        try:
            last = check()
        except (client.QueryError, OSError, http.client.HTTPException) as error:
            last = error
        else:
            if last:
                return
        time.sleep(0.1)
    raise AssertionError(f"not within {seconds:.0f} s: {what}; last: {last!r}; {state()}")


@dataclass
class SinkProcess(ServiceProcess):
    """`huoqun sink` with its own directory and ports, started, killed and started again."""

    name = "sink"

    @classmethod
    def prepared(cls, bootstrap: str, prefix: str, directory: Path, **sections: dict[str, Any]) -> "SinkProcess":
        """Make the topics and a configuration; ``sections`` override it."""
        base = config.load(None, {})
        base.data_dir = str(directory / "data")
        base.kafka = msgspec.structs.replace(base.kafka, bootstrap=bootstrap, topic_prefix=prefix, partitions=2)
        base.store = msgspec.structs.replace(base.store, query_port=free_port())
        base.sink = msgspec.structs.replace(base.sink, metrics_port=free_port(), batch_seconds=0.1)
        for name, values in sections.items():
            setattr(base, name, msgspec.structs.replace(getattr(base, name), **values))
        broker.provision(base)
        return cls(base, directory)

    def settings(self) -> dict[str, str]:
        return config.dump_env(self.config)

    @property
    def metrics_port(self) -> int:
        return self.config.sink.metrics_port

    def wait(self, seconds: float = 60) -> int:
        assert self.process is not None
        return self.process.wait(seconds)

    def metric(self, name: str) -> float:
        """The sum of a metric over its labels; ``name`` may hold labels."""
        lines = [line for line in self.get("/metrics")[1].splitlines() if line.startswith(name)]
        return sum(float(line.rpartition(" ")[2]) for line in lines if line[len(name)] in " {")

    def query(self, sql: str) -> list[dict[str, Any]]:
        return client.query(self.config, sql)

    def count(self, table: str) -> int:
        return int(self.query(f"SELECT count() AS n FROM {table}")[0]["n"])

    def state(self) -> str:
        """Everything that tells why it does not go on."""
        kafka = self.config.kafka
        names = [topics.full_name(kafka.topic_prefix, topics.EVENTS)]
        lags = broker.lag(self.config, f"{kafka.topic_prefix}-sink", names)
        metrics = [line for line in self.get("/metrics")[1].splitlines() if line.startswith("huoqun_sink_")]
        seen = [line for line in metrics if "bucket" not in line and not line.endswith(" 0.0")]
        events = self.query("SELECT count() AS n, uniqExact(id) AS ids FROM events")
        return f"{events} {lags} {self.get('/readyz')}\n{chr(10).join(seen)}\n{tail(self.log)}"

    def lag(self) -> int:
        names = [topics.full_name(self.config.kafka.topic_prefix, t) for t in (topics.EVENTS, *topics.RESULT_TOPICS)]
        return broker.total_lag(self.config, f"{self.config.kafka.topic_prefix}-sink", names)
