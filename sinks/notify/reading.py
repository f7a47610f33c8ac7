"""The log as the notifier reads it: everything from the beginning, and which of several notifiers may send.

Only this module of the notifier knows the Kafka client. One thread calls all of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaException, TopicPartition
from confluent_kafka import KafkaError as ConsumerError

from huoqun import broker, codec, connection
from huoqun.events import Refused
from huoqun.kafka_config import Kafka
from huoqun.results import Action, Alert, Delivery

MAX_POLL_RECORDS: Final = 5_000
GATHER_SECONDS: Final = 0.02
ANSWER_SECONDS: Final = 10.0

Wanted = Alert | Action | Delivery


class LogError(Exception):
    """The broker could not do it now."""


class Heard(NamedTuple):
    """A record and its time in the log (ms); 0: the log does not say."""

    record: Wanted
    at: int


class Leadership:
    """Whether this notifier is the one that sends: the one whose consumer group gives it the partition of the deliveries.

    Nothing is read here, and nothing committed.
    """

    def __init__(self, kafka: Kafka, topic: str, group: str) -> None:
        """Raises ``BrokerError`` where none answers."""
        self.mine = False
        self._may_leave = broker.membership(kafka, group).may_leave
        self._consumer: Any = Consumer(
            _settings(kafka)
            | {
                "group.id": group,
                "auto.offset.reset": "latest",
                "partition.assignment.strategy": "range",
                "session.timeout.ms": 6_000,
                "heartbeat.interval.ms": 2_000,
            }
        )
        self._consumer.subscribe([topic], on_assign=self._take, on_revoke=self._lose, on_lost=self._lose)

    def look(self) -> bool:
        """Keep the membership, and tell whether we are the one. Call it at least every minute."""
        try:
            message = self._consumer.poll(0)
            while message is not None:
                message = self._consumer.poll(0)  # an error, or a record that was fetched before the pause
        except KafkaException:
            return self.mine  # in the middle of a rebalance, or away: the callbacks tell
        return self.mine

    def close(self) -> None:
        """Leave the group, so that the next one takes over at once; if it may be left now."""
        if self._may_leave():
            _close(self._consumer)
        self._consumer = None  # without closing it, the client ends and tells nobody

    def _take(self, consumer: Any, partitions: Sequence[Any]) -> None:
        self.mine = bool(partitions)
        consumer.assign(partitions)
        consumer.pause(partitions)

    def _lose(self, _: object, __: object) -> None:
        self.mine = False


class Log:
    """All records of some topics, from their beginning on, by partitions in order. Belongs to no group."""

    def __init__(self, kafka: Kafka, topics: Sequence[str]) -> None:
        """Raises :class:`LogError` when the broker does not tell the partitions."""
        self.unreadable = 0
        """Records that could not be read: the sink puts them into the dead letters."""
        self._problem = ""
        self._consumer: Any = Consumer(
            _settings(kafka)
            | {
                "group.id": "huoqun-notify-reading",  # the client wants one; nothing is committed
                "auto.offset.reset": "earliest",
                "enable.partition.eof": True,
                "error_cb": self._note,
            }
        )
        try:
            known = self._consumer.list_topics(timeout=ANSWER_SECONDS).topics
            self._behind = {(name, number) for name in topics for number in known[name].partitions}
            self._consumer.assign([TopicPartition(name, number, OFFSET_BEGINNING) for name, number in self._behind])
        except (KafkaException, KeyError) as error:
            self.close()
            raise LogError(f"the topics cannot be read: {error}") from None
        if len({name for name, _ in self._behind}) < len(set(topics)):
            self.close()
            raise LogError("a topic has no partitions yet")

    @property
    def caught_up(self) -> bool:
        """Whether everything that was there has been returned."""
        return not self._behind

    def poll(self, seconds: float) -> list[Heard]:
        """Return what comes within that time, soon after the first of it. Raises :class:`LogError`."""
        try:
            messages = self._consumer.consume(MAX_POLL_RECORDS, GATHER_SECONDS) if self._behind else []
            if not messages:
                first = self._consumer.poll(seconds)
                messages = [] if first is None else [first, *self._consumer.consume(MAX_POLL_RECORDS, GATHER_SECONDS)]
        except KafkaException as error:
            raise LogError(str(error)) from None
        found = []
        for message in messages:
            problem = message.error()
            if problem is None:
                heard = self._read(message)
                if heard is not None:
                    found.append(heard)
            elif problem.code() == ConsumerError._PARTITION_EOF:  # noqa: SLF001  # the client's own name for it
                self._behind.discard((message.topic(), message.partition()))
            else:
                self._problem = problem.str()
        if not found and self._problem:
            said, self._problem = self._problem, ""
            raise LogError(said)
        return found

    def close(self) -> None:
        """Let go of the connection."""
        _close(self._consumer)

    def _read(self, message: Any) -> Heard | None:
        value = message.value() or b""
        if codec.erasure_in(value) is not None:
            return None  # somebody is erased: the alerts about them are withdrawn one by one
        record = codec.decode_result(value)
        if isinstance(record, Refused):
            self.unreadable += 1
            return None
        if not isinstance(record, (Alert, Action, Delivery)):
            return None
        return Heard(record, max(0, message.timestamp()[1]))

    def _note(self, error: ConsumerError) -> None:
        self._problem = error.str()


def _settings(kafka: Kafka) -> dict[str, Any]:
    return {
        **connection.for_librdkafka(kafka),
        "client.id": "huoqun-notify",
        "enable.auto.commit": False,
        "enable.auto.offset.store": False,
        "fetch.wait.max.ms": 100,
        "socket.timeout.ms": int(ANSWER_SECONDS * 1000),
        "log_level": 0,
    }


def _close(consumer: Any) -> None:
    try:
        consumer.close()
    except KafkaException:
        return  # the broker finds out by the missing heartbeats
