"""Reading a topic back, whole."""

from kafka import KafkaConsumer, TopicPartition

from huoqun import broker
from huoqun.kafka_config import Kafka


def read_topic(bootstrap: str, topic: str) -> dict[int, list[tuple[bytes | None, bytes]]]:
    """Return partition -> (key, value) of every record that is in the topic now."""
    ends = broker.end_offsets(Kafka(bootstrap=bootstrap), topic)
    found: dict[int, list[tuple[bytes | None, bytes]]] = {partition: [] for partition in ends}
    consumer = KafkaConsumer(bootstrap_servers=bootstrap, fetch_max_wait_ms=50, enable_auto_commit=False)
    try:
        consumer.assign([TopicPartition(topic, partition) for partition in ends])
        for partition in ends:
            consumer.seek(TopicPartition(topic, partition), 0)
        missing = {p for p, end in ends.items() if end}
        while missing:
            for tp, records in consumer.poll(timeout_ms=500).items():
                found[tp.partition] += [(r.key, r.value) for r in records]
                if records and records[-1].offset >= ends[tp.partition] - 1:
                    missing.discard(tp.partition)
    finally:
        consumer.close()
    return found
