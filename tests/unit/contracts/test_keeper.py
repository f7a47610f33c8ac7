"""What is kept one by one is kept again after trouble, and trouble is told as such."""

from __future__ import annotations

from typing import Any

import pytest
from kafka.errors import KafkaTimeoutError

from huoqun import records
from huoqun.broker import BrokerError
from huoqun.kafka_config import Kafka
from huoqun.results import GroupSummary


class Silent:
    """A producer whose broker does not acknowledge."""

    def __init__(self, **_settings: Any) -> None:
        self.closed = False

    def send(self, *_arguments: Any, **_more: Any) -> object:
        return object()

    def flush(self, **_within: float) -> None:
        raise KafkaTimeoutError("Timeout waiting for future")

    def close(self, **_within: float) -> None:
        self.closed = True


def test_a_broker_that_does_not_acknowledge_is_a_broker_error_and_the_next_try_connects_anew(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made: list[Silent] = []

    def make(**settings: Any) -> Silent:
        made.append(Silent())
        return made[-1]

    monkeypatch.setattr(records, "KafkaProducer", make)
    keeper = records.Keeper(Kafka(), "huoqun.deliveries")
    for _ in range(2):
        with pytest.raises(BrokerError, match="KafkaTimeoutError"):
            keeper.keep(GroupSummary(platform="qq", group_id="1"))
    assert [producer.closed for producer in made] == [True, True]
