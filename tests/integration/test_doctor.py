"""The doctor beside a real broker: each fault is made, named with its mend, and gone when it is mended."""

from collections.abc import Iterable
from pathlib import Path

import msgspec
import pytest
from kafka import KafkaAdminClient

from huoqun import broker as brokers
from huoqun import codec, records, topics
from huoqun.clock import now_ms
from huoqun.config import Config
from huoqun.control import Tick
from huoqun.kafka_config import Kafka
from huoqun.local import doctor, doctor_running
from huoqun.local.findings import Finding
from huoqun.results import DeadLetter
from streams import formats
from streams.core.partition import Partition
from tests.support.brokers import RunningBroker
from tests.support.core import Machine, encoded
from tests.support.sinks import produce
from tests.support.stack import as_events


@pytest.fixture
def config(tmp_path: Path, topic_prefix: str, broker: RunningBroker) -> Config:
    return Config(
        data_dir=str(tmp_path), kafka=Kafka(partitions=2, topic_prefix=topic_prefix, bootstrap=broker.bootstrap)
    )


def wrong(findings: Iterable[Finding]) -> dict[str, str]:
    found = {f.what: f.said for f in findings if f.state == "wrong"}
    assert all(f.mend for f in findings if f.state == "wrong")
    return found


def tick(config: Config, now: int, partitions: Iterable[int] = (0, 1)) -> None:
    topic = topics.full_name(config.kafka.topic_prefix, topics.EVENTS)
    with records.Writer(config.kafka) as writer:
        value = codec.encode(Tick(now=now))
        writer.wait([writer.write(topic, key=None, value=value, partition=part) for part in partitions])


def test_missing_topics_and_a_wrong_partition_count_are_named(config: Config) -> None:
    said = " ".join(f.said + f.mend for f in doctor.brokers(config, embedded=False) if f.state == "wrong")
    assert "events does not exist" in said
    assert "huoqun provision" in said
    brokers.provision(config)
    config.kafka = msgspec.structs.replace(config.kafka, partitions=3)
    found = [f for f in doctor.brokers(config, embedded=False) if f.state == "wrong"]
    assert any("has 2 partitions" in f.said for f in found)


def test_a_topic_that_forgets_too_early_is_named_with_the_command_that_mends_it(config: Config) -> None:
    events = topics.full_name(config.kafka.topic_prefix, topics.EVENTS)
    admin = KafkaAdminClient(bootstrap_servers=config.kafka.bootstrap)
    settings = {"num_partitions": 2, "replication_factor": 1, "configs": {"retention.ms": "3600000"}}
    admin.create_topics({events: settings})
    admin.close()
    brokers.provision(config)
    if not brokers.settings(config.kafka, [events]).get(events, {}).get("retention.ms"):
        pytest.skip("this broker does not tell a topic's settings")
    (finding,) = (f for f in doctor_running.settings(config) if f.state == "wrong")
    assert "retention.ms=3600000" in finding.said
    assert f"--entity-name {events} --add-config retention.ms=2592000000" in finding.mend


def test_that_nobody_is_at_work_and_no_time_comes_is_wrong_until_it_does(config: Config) -> None:
    brokers.provision(config)
    assert set(wrong(list(doctor_running.at_work(config)))) == {"worker", "sink"}
    now = now_ms()
    assert "ever" in wrong(list(doctor_running.ticker(config, now)))["ticker"]
    tick(config, now, [0])
    assert "[1]" in wrong(list(doctor_running.ticker(config, now)))["ticker"]
    tick(config, now, [1])
    assert wrong(list(doctor_running.ticker(config, now))) == {}
    assert "[0, 1]" in wrong(list(doctor_running.ticker(config, now + 31_000)))["ticker"]


def test_a_gateways_clock_that_runs_ahead_is_told_by_its_ticks(config: Config) -> None:
    brokers.provision(config)
    now = now_ms()
    tick(config, now + 60_000)
    assert "60 s ahead" in wrong(list(doctor_running.ticker(config, now)))["clock"]


def test_records_that_nobody_stores_are_a_lag_and_one_that_does_not_shrink_is_wrong(
    config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    brokers.provision(config)
    monkeypatch.setattr(doctor_running, "SINK_BEHIND", 50)
    produce(config, topics.EVENTS, [b"{}"] * 60)
    found = wrong(list(doctor_running.at_work(config, sleep=lambda _: produce(config, topics.EVENTS, [b"{}"] * 7))))
    assert "+7" in found["lag"]


def test_dead_letters_of_the_last_day_are_wrong_and_older_ones_worth_knowing(config: Config) -> None:
    brokers.provision(config)
    assert doctor_running.letters(config).state == "ok"
    letter = DeadLetter(
        topic="t", partition=0, offset=1, reason="malformed", key=None, value=b"{", at=1_000_000, service="streams"
    )
    produce(config, topics.DEADLETTER, [codec.encode(letter)])
    assert doctor_running.letters(config, 1_000_000 + 3_600_000).state == "wrong"
    assert doctor_running.letters(config, 1_000_000 + 90_000_000).state == "note"


def test_a_state_of_another_version_is_wrong_and_says_what_to_run(config: Config) -> None:
    brokers.provision(config)
    assert doctor_running.state(config).state == "ok"
    machine = Machine(config)
    raw = {"id": "1", "type": "message", "ts": 1, "platform": "qq", "group_id": "g", "user_id": "u", "text": "hi"}
    machine.feed(encoded(as_events([raw])), 0, 1)
    saves = dict(machine.state.checkpoint(final=True).saves)
    assert [formats.format_of(key, value) for key, value in saves.items()] == [formats.current()]
    Partition(0, config).restore((key, value) for key, value in saves.items() if value is not None)
    topic = topics.state_topic(config.kafka.topic_prefix)
    with records.Writer(config.kafka) as writer:
        writer.wait([writer.write(topic, key=key, value=value, partition=0) for key, value in saves.items()])
        assert doctor_running.state(config).state == "ok"
        old = msgspec.msgpack.encode((1, msgspec.msgpack.encode([formats.current() - 1, *range(21)])))
        writer.wait([writer.write(topic, key=b"0|1|0|0|qq/other", value=old, partition=0)])
    finding = doctor_running.state(config)
    assert finding.state == "wrong"
    assert "huoqun rebuild" in finding.mend
