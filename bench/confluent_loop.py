"""The same machines without Faust: a bare confluent-kafka loop that consumes, applies, produces and commits.

    python -m bench.confluent_loop --job full …    every signal of the product
    python -m bench.confluent_loop --job small …   the small job that the peers are compared by

It owes what the product's worker owes, in the same order, as often: urgent results after each batch; at a checkpoint
(by the product's own limits) all results acknowledged, then the saves acknowledged, then the offset committed. It does
not owe what makes a worker: rebalances, recovery, epochs, metrics, supervision.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from confluent_kafka import Consumer, KafkaError, KafkaException, Producer, TopicPartition

from bench.contestant import Seen, arguments
from bench.load import make
from bench.samples import report
from bench.small import SmallPartition
from huoqun import codec, topics
from huoqun.config import Config
from huoqun.results import AnyResult
from streams.core.interface import PartitionState
from streams.service import partition_states

BATCH = 2_000
"""Records that one call takes: the product's 500 for each of four partitions."""


class Held:
    """A partition and what was done of it."""

    __slots__ = ("released", "since", "state", "waiting")

    def __init__(self, state: PartitionState) -> None:
        self.state = state
        self.waiting = 0
        self.since = time.monotonic()
        self.released = -1


class BareLoop:
    """One consumer, one producer, any partitions."""

    def __init__(self, given: Any, make_state: Callable[[int], PartitionState], seen: Seen) -> None:
        self.topic = given.topic
        self.seen = seen
        self.limits = Config().worker
        self.changelog = topics.state_topic(given.name)
        self.topic_of = {tag: topics.full_name(given.name, name) for tag, name in topics.TOPIC_OF_RECORD.items()}
        self.make_state = make_state
        self.held: dict[int, Held] = {}
        self.refused: list[Any] = []
        self.consumer = Consumer(
            {
                "bootstrap.servers": given.bootstrap,
                "group.id": given.name,
                "enable.auto.commit": False,
                "auto.offset.reset": "earliest",
                "check.crcs": True,
            }
        )
        self.producer = Producer(
            {
                "bootstrap.servers": given.bootstrap,
                "acks": "all",
                "enable.idempotence": True,
                "linger.ms": 50,
                "batch.size": 256 * 1024,
                "queue.buffering.max.messages": 1_000_000,
                "delivery.report.only.error": True,  # a call back for each record would cost more than sending it
            }
        )

    def run(self) -> None:
        """Go on for ever."""
        self.consumer.subscribe([self.topic])
        while True:
            for partition, records in self._next().items():
                held = self.held.get(partition)
                if held is None:
                    held = self.held[partition] = Held(self.make_state(partition))
                left = records
                while left:
                    bad = held.state.apply(left)
                    assert not bad, bad[:1]
                    self._send(partition, held.state.urgent())
                    left = [record for record in left if record[0] > held.state.offset]
                    if left:
                        self._checkpoint(partition, held, time.monotonic())
                held.waiting += len(records)
                self.seen.events += len(records)
            now = time.monotonic()
            for partition, held in self.held.items():
                old = held.waiting and now - held.since >= self.limits.checkpoint_seconds
                if old or held.waiting >= self.limits.checkpoint_events:
                    self._checkpoint(partition, held, now)
            self.producer.poll(0)
            if self.refused:
                raise KafkaException(self.refused[0])

    def _next(self) -> dict[int, list[tuple[int, bytes | None]]]:
        found: dict[int, list[tuple[int, bytes | None]]] = {}
        for message in self.consumer.consume(BATCH, 0.05):
            error = message.error()
            if error is not None:
                if error.code() == KafkaError._PARTITION_EOF:  # noqa: SLF001  # confluent's public name for it
                    continue
                raise KafkaException(error)
            found.setdefault(message.partition(), []).append((message.offset(), message.value()))
        return found

    def _checkpoint(self, partition: int, held: Held, now: float) -> None:
        checkpoint = held.state.checkpoint(partitions=len(self.held))
        held.waiting, held.since = 0, now
        self._send(partition, checkpoint.results)
        self.producer.flush()
        self._produce(self.changelog, partition, checkpoint.saves, [("epoch", b"0")])
        self.producer.flush()
        if checkpoint.offset > held.released:
            held.released = checkpoint.offset
            self.consumer.commit(offsets=[TopicPartition(self.topic, partition, held.released + 1)], asynchronous=True)

    def _send(self, partition: int, results: Sequence[AnyResult]) -> None:
        for result in results:
            tag = result.__struct_config__.tag
            assert isinstance(tag, str)
            self._produce(self.topic_of[tag], partition, [(result.key().encode(), codec.encode(result))])

    def _produce(
        self,
        topic: str,
        partition: int,
        pairs: Iterable[tuple[bytes, bytes | None]],
        headers: list[tuple[str, bytes]] | None = None,
    ) -> None:
        for key, value in pairs:
            self.producer.produce(topic, value, key, partition, headers=headers, on_delivery=self._delivered)

    def _delivered(self, error: Any, _message: Any) -> None:
        if error is not None:
            self.refused.append(error)


def main() -> int:
    """Run until killed."""
    parser = arguments(__doc__)
    parser.add_argument("--job", choices=("full", "small"), required=True)
    given = parser.parse_args()
    names = [spec.name for spec in topics.specs(given.name, given.partitions)]
    make(given.bootstrap, names, given.partitions)
    seen = Seen()
    machine = partition_states(Config()) if given.job == "full" else SmallPartition
    report(given.samples, lambda: seen.events)
    BareLoop(given, machine, seen).run()
    return 0


if __name__ == "__main__":
    sys.exit(main())
