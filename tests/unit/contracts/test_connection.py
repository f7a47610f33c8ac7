"""Every client of the broker is told the same of it, in its own words."""

from confluent_kafka import Consumer
from kafka import KafkaConsumer, KafkaProducer

from huoqun import connection
from huoqun.kafka_config import Kafka

KAFKA = Kafka(bootstrap="127.0.0.1:1")
PROMISED_MS = 30_000
"""Back within 30 s of the broker's return (RELIABILITY.md): the clients' own pauses would take 10 and 30 s of it."""


def test_no_client_pauses_for_long_before_it_tries_the_broker_again() -> None:
    python, librd = connection.for_kafka_python(KAFKA), connection.for_librdkafka(KAFKA)
    assert python["reconnect_backoff_max_ms"] == librd["reconnect.backoff.max.ms"] < PROMISED_MS / 10


def test_the_clients_know_the_settings_by_these_names() -> None:
    assert (
        connection.for_kafka_python(KAFKA).keys()
        <= KafkaProducer.DEFAULT_CONFIG.keys() & KafkaConsumer.DEFAULT_CONFIG.keys()
    )
    Consumer({**connection.for_librdkafka(KAFKA), "group.id": "any", "log_level": 0}).close()
