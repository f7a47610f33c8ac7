"""Topics are made, marked and checked the same way on both brokers."""

import threading

import pytest
from click.testing import CliRunner
from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer, TopicPartition
from kafka.partitioner.default import murmur2
from kafka.structs import OffsetAndMetadata

from huoqun import broker as admin
from huoqun import codec, topics
from huoqun.cli import main
from huoqun.config import Config
from huoqun.control import Generation
from huoqun.events import Event
from huoqun.kafka_config import Kafka
from tests.support.brokers import RunningBroker, free_port


@pytest.fixture
def config(broker: RunningBroker, topic_prefix: str) -> Config:
    return Config(kafka=Kafka(bootstrap=broker.bootstrap, topic_prefix=topic_prefix, partitions=3))


def events_of(config: Config) -> str:
    return topics.full_name(config.kafka.topic_prefix, topics.EVENTS)


def all_names(config: Config) -> list[str]:
    return [s.name for s in topics.specs(config.kafka.topic_prefix, config.kafka.partitions)]


def create(config: Config, name: str, partitions: int) -> None:
    client = KafkaAdminClient(bootstrap_servers=config.kafka.bootstrap)
    client.create_topics({name: {"num_partitions": partitions, "replication_factor": 1}})
    client.close()


def records(config: Config, topic: str) -> dict[int, list[bytes]]:
    ends = admin.end_offsets(config.kafka, topic)
    consumer = KafkaConsumer(bootstrap_servers=config.kafka.bootstrap, enable_auto_commit=False, fetch_max_wait_ms=50)
    consumer.assign([TopicPartition(topic, p) for p in ends])
    consumer.seek_to_beginning()
    found: dict[int, list[bytes]] = {p: [] for p in ends}
    while any(len(found[p]) < ends[p] for p in ends):
        for tp, batch in consumer.poll(timeout_ms=200).items():
            found[tp.partition] += [r.value for r in batch]
    consumer.close()
    return found


def generations(config: Config) -> dict[int, list[int]]:
    numbers: dict[int, list[int]] = {}
    for partition, values in records(config, events_of(config)).items():
        decoded = [codec.decode_record(v) for v in values]
        numbers[partition] = [c.number for c in decoded if isinstance(c, Generation)]
    return numbers


def test_provisioning_makes_every_topic_and_then_nothing_is_wrong(config: Config) -> None:
    assert sorted(admin.provision(config)) == sorted(all_names(config))
    assert admin.verify(config) == []


def test_the_first_record_of_every_events_partition_is_the_generation(config: Config) -> None:
    admin.provision(config)
    numbers = generations(config)
    assert set(numbers) == {0, 1, 2}
    assert all(len(n) == 1 for n in numbers.values())
    assert len({n[0] for n in numbers.values()}) == 1, "one log, one generation"


def test_provisioning_again_makes_nothing_and_marks_nothing(config: Config) -> None:
    admin.provision(config)
    before = generations(config)
    assert admin.provision(config) == []
    assert generations(config) == before


def test_a_crash_between_creation_and_marker_is_healed(config: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(admin, "HEAL_AFTER_SECONDS", 0.0)
    create(config, events_of(config), 3)
    assert any("generation" in problem for problem in admin.verify(config))
    admin.provision(config)
    assert all(len(n) == 1 for n in generations(config).values())
    assert admin.verify(config) == []


def test_a_log_that_already_holds_events_is_never_marked_afterwards(
    config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(admin, "HEAL_AFTER_SECONDS", 0.0)
    create(config, events_of(config), 3)
    producer = KafkaProducer(bootstrap_servers=config.kafka.bootstrap)
    producer.send(events_of(config), b"{}", partition=1).get(10)
    producer.close()
    admin.provision(config)
    assert {p: len(n) for p, n in generations(config).items()} == {0: 1, 1: 0, 2: 1}


def test_two_provisioners_at_once_make_each_topic_once_and_mark_it_once(config: Config) -> None:
    made: list[list[str]] = []
    threads = [threading.Thread(target=lambda: made.append(admin.provision(config))) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(made[0] + made[1]) == sorted(all_names(config))
    assert all(len(n) == 1 for n in generations(config).values())


def test_a_missing_topic_and_a_wrong_partition_count_are_named_with_their_mend(config: Config) -> None:
    create(config, events_of(config), 2)
    create(config, topics.full_name(config.kafka.topic_prefix, topics.DEADLETTER), 2)
    problems = "\n".join(admin.verify(config))
    assert f"topic {events_of(config)} has 2 partitions, kafka.partitions says 3" in problems
    assert "deadletter has 2 partitions and needs 1" in problems
    assert f"topic {topics.state_topic(config.kafka.topic_prefix)} does not exist: run `huoqun provision`" in problems


def test_the_end_counts_every_record_of_a_batch_and_lag_is_measured_against_it(config: Config) -> None:
    admin.provision(config)
    topic = events_of(config)
    producer = KafkaProducer(bootstrap_servers=config.kafka.bootstrap, linger_ms=100)
    for number in range(10):
        producer.send(topic, b'{"n":%d}' % number, partition=1)  # one batch: where ListOffsets of Tansu is wrong
    producer.close()
    assert admin.end_offsets(config.kafka, topic) == {0: 1, 1: 11, 2: 1}
    assert admin.depth(config.kafka, topic) == 13
    assert admin.total_lag(config, f"{config.kafka.topic_prefix}-g", [topic]) == 13
    consumer = KafkaConsumer(
        bootstrap_servers=config.kafka.bootstrap, group_id=f"{config.kafka.topic_prefix}-g", enable_auto_commit=False
    )
    consumer.assign([TopicPartition(topic, 1)])
    consumer.commit({TopicPartition(topic, 1): OffsetAndMetadata(4, "", -1)})
    consumer.close()
    lags = {
        entry.partition: (entry.committed, entry.lag)
        for entry in admin.lag(config, f"{config.kafka.topic_prefix}-g", [topic])
    }
    assert lags == {0: (None, 1), 1: (4, 7), 2: (None, 1)}


def test_stored_events_come_back_as_they_were_in_order_and_on_the_partition_of_their_group(config: Config) -> None:
    admin.provision(config)
    stored = [
        Event(
            id=f"{n}",
            type="message",
            ts=n,
            platform="qq",
            group_id=f"g{n % 5}",
            user_id="u",
            text="你好",
            received_at=n,
        )
        for n in range(2500)
    ]
    told: list[int] = []
    assert admin.republish(config, stored, told.append) == 2500
    assert told == [1000, 2000, 2500]
    seen: dict[str, list[str]] = {}
    where: dict[str, set[int]] = {}
    for partition, values in records(config, events_of(config)).items():
        for event in (codec.decode_record(v) for v in values):
            if isinstance(event, Event):
                assert event == stored[int(event.id)]
                seen.setdefault(event.group, []).append(event.id)
                where.setdefault(event.group, set()).add(partition)
    assert {g: len(ids) for g, ids in seen.items()} == {f"qq/g{n}": 500 for n in range(5)}
    assert all(ids == sorted(ids, key=int) for ids in seen.values())
    assert where == {g: {(murmur2(g.encode()) & 0x7FFFFFFF) % 3} for g in seen}


def test_no_broker_is_an_error_that_names_the_address_and_the_setting() -> None:
    address = f"127.0.0.1:{free_port()}"
    with pytest.raises(admin.BrokerError, match=rf"{address}.*kafka\.bootstrap"):
        admin.wait_for_broker(Kafka(bootstrap=address), 0.2)


def test_provision_says_what_it_made_and_that_all_is_well_the_second_time(config: Config) -> None:
    environment = {
        "HUOQUN_KAFKA_BOOTSTRAP": config.kafka.bootstrap,
        "HUOQUN_KAFKA_TOPIC_PREFIX": config.kafka.topic_prefix,
    }
    first = CliRunner().invoke(main, ["provision"], env=environment)
    assert first.exit_code == 0, first.output
    assert f"made {config.kafka.topic_prefix}.events" in first.output
    second = CliRunner().invoke(main, ["provision"], env=environment)
    assert second.exit_code == 0
    assert "nothing to do" in second.output


def test_provision_ends_with_1_when_a_topic_is_cut_differently(config: Config) -> None:
    create(config, events_of(config), 2)
    environment = {
        "HUOQUN_KAFKA_BOOTSTRAP": config.kafka.bootstrap,
        "HUOQUN_KAFKA_TOPIC_PREFIX": config.kafka.topic_prefix,
    }
    result = CliRunner().invoke(main, ["provision"], env=environment)
    assert result.exit_code == 1
    assert "has 2 partitions" in result.output
