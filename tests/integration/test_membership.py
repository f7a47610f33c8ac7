"""Who stops lets go of its consumer group, so that the next one gets the partitions, whatever the group is doing."""

import threading
import time

import pytest

from huoqun import broker as brokers
from huoqun import topics
from huoqun.config import Config
from huoqun.kafka_config import Kafka
from sinks.consumer import KafkaSource
from tests.support.brokers import RunningBroker
from tests.support.sinks import eventually


@pytest.fixture
def config(broker: RunningBroker, topic_prefix: str) -> Config:
    config = Config(kafka=Kafka(bootstrap=broker.bootstrap, topic_prefix=topic_prefix, partitions=1))
    brokers.provision(config)
    return config


class Member:
    """A sink's place in its group, polled as the sink does."""

    def __init__(self, config: Config) -> None:
        prefix = config.kafka.topic_prefix
        self.source = KafkaSource(config.kafka, [topics.full_name(prefix, topics.EVENTS)], topics.sink_group(prefix))
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        while not self._stop.is_set():
            self.source.poll(50)
        self.source.close()

    def end(self) -> None:
        self._stop.set()
        self._thread.join()


@pytest.mark.parametrize("joined", [0.3, 2.5], ids=["just asked to join", "soon to be answered"])
def test_who_stops_while_it_joins_leaves_the_partitions_to_the_next(config: Config, joined: float):
    first = Member(config)
    time.sleep(joined)
    first.end()
    second = Member(config)
    try:
        eventually(second.source.assigned, "the second one has the partitions", 40)
    finally:
        second.end()


@pytest.mark.parametrize("since", [0.2, 1.0], ids=["at once", "a second later"])
def test_who_stops_while_another_joins_leaves_the_partitions_to_it(config: Config, since: float):
    first = Member(config)
    eventually(first.source.assigned, "the first one has the partitions", 40)
    second = Member(config)
    time.sleep(since)
    first.end()
    try:
        eventually(second.source.assigned, "the second one has the partitions", 40)
    finally:
        second.end()


def test_members_may_have_names_on_apache_kafka_and_not_on_the_embedded_broker(broker: RunningBroker, config: Config):
    membership = brokers.membership(config.kafka, topics.sink_group(config.kafka.topic_prefix))
    assert membership.named is (broker.kind == "apache_kafka")
