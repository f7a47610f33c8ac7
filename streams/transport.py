"""Faust's transport, with one message per (partition, up to so many records).

Faust 0.15.3 spends about 80 µs on each *message*, whatever is in it. So the consumer here hands out messages that carry
many records of one partition (a :class:`Batch`) and bear the offset of the last one; the loop over records is plain
Python in the agent. Records come in chunks from aiokafka's fetcher already (:mod:`streams.chunks`).

What is as in stock Faust: the consumer in its own thread with its heartbeats, group membership and its callbacks in
their order, pauses, resumes and seeks of partitions, fairness between partitions, buffers whose bound (in messages,
``stream_buffer_maxsize``) holds back fetching, generations on messages, and how all of it starts and stops. What an app
must do: consume its topics by agents that expect batches, say up to where work is done by ``consumer.checkpointed``,
and keep its state elsewhere than in Faust's tables, whose changelogs would come in batches, too.

Three things differ from Faust's own consumer, each because records were lost or waited for in vain without it:

* **Offsets are committed as checkpoints say** (:meth:`BatchConsumer.checkpointed`), not as messages are acked: the
  highest checkpointed offset of a partition plus one. Holes in the log (compaction, transactions) can't stop commits,
  and Faust's stream iterator, which acks what it skips and inlines ``Consumer.ack`` in its compiled form, has no say.
* **A fetch that a rebalance overtakes gives its records back.** A fetch runs in the consumer's own thread for up to a
  second. If the flow was stopped or a position set while it ran, what it found belongs to the time before: its
  positions are set back, in that thread, before anything else happens there. (Faust hands it the live set of active
  partitions, which a rebalance empties, and to aiokafka an empty set means *all*: it then takes records before anyone
  wants them and throws them away. Without this, a minute of joins, kills and leaves loses events.)
* **Rewinding is complete.** aiokafka's ``seek_to_committed`` leaves partitions alone that have no commit yet; here they
  go back to their beginning, and a rewind that takes too long is an error, not a shrug.

Besides, partitions are assigned stickily (who had one keeps it, and its state with it), and what an aborted transaction
wrote is not seen.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Iterable, Mapping
from itertools import zip_longest
from typing import Any, Final, NamedTuple

from aiokafka.coordinator.assignors.sticky.sticky_assignor import StickyPartitionAssignor
from aiokafka.errors import UnknownError, UnsupportedVersionError
from faust.serializers.schemas import Schema
from faust.transport.drivers import aiokafka as driver

from huoqun import log
from streams.chunks import Chunk, Shelf

_log = log.get(__name__)

FETCH_WAIT_MS: Final = 50
"""How long the broker may hold an empty fetch. Faust fixes 1,500 ms, of which some brokers sleep half, data or not."""

FETCH_CHUNKS: Final = 8
"""Batches that one fetch may bring, over all partitions."""

NOTHING_ACTIVE_SECONDS: Final = 0.05
"""Pause before looking again when no partition may be fetched (Faust: one second)."""


class Batch(NamedTuple):
    """Records of one partition in offset order, as (offset, value), and as the client decoded them."""

    records: list[tuple[int, bytes | None]]
    raw: list[Any]

    def key_at(self, offset: int) -> bytes | None:
        """Return the key of the record at ``offset``."""
        return next((record.key for record in self.raw if record.offset == offset), None)


class ManySchema(Schema):  # type: ignore[misc]  # faust is seen as untyped
    """Takes the records for the value as they are: they are decoded later, where what is wrong is a value too."""

    def loads_key(self, app: Any, message: Any, **kwargs: Any) -> None:
        """Return nothing: a message has many keys."""

    def loads_value(self, app: Any, message: Any, **kwargs: Any) -> Any:
        """Return the records."""
        del app, kwargs
        return message.value


class BatchConsumerThread(driver.AIOKafkaConsumerThread):  # type: ignore[misc]  # faust is seen as untyped
    """aiokafka's consumer in its own thread; methods with a leading underscore run in that thread."""

    rewinds: int = 0
    """How often positions were set, to tell fetches from before and after."""

    def _create_worker_consumer(self, transport: Any) -> Any:
        consumer = super()._create_worker_consumer(transport)
        # Read when the consumer starts, right after this:
        consumer._fetch_max_wait_ms = FETCH_WAIT_MS  # noqa: SLF001
        consumer._partition_assignment_strategy = [StickyPartitionAssignor]  # noqa: SLF001
        consumer._isolation_level = "read_committed"  # noqa: SLF001
        return consumer

    async def on_start(self) -> None:
        """Start the client, and have it fetch chunks."""
        await super().on_start()
        fetcher = self._ensure_consumer()._fetcher  # noqa: SLF001
        assert not fetcher._records, "nothing is subscribed yet"  # noqa: SLF001
        fetcher._records = Shelf(self.app.batch_records)  # noqa: SLF001

    async def on_thread_stop(self) -> None:
        """Leave the group: whoever stops in peace does not come back at once, so its partitions need not wait for it."""
        if self._consumer is not None and self._consumer._coordinator is not None:  # noqa: SLF001
            place = None if self.app.leaves else "kept"  # aiokafka leaves where there is no name
            self._consumer._coordinator._group_instance_id = place  # noqa: SLF001
        await super().on_thread_stop()

    async def fetch(self, partitions: frozenset[Any], stops: int, timeout: float) -> Mapping[Any, list[Chunk]]:  # noqa: ASYNC109  # passed on
        """Return chunks by partition, none if the flow was stopped since ``stops`` was read."""
        found: Mapping[Any, list[Chunk]] = await self.call_thread(self._fetch, partitions, stops, timeout)
        return found

    async def _fetch(self, partitions: frozenset[Any], stops: int, timeout: float) -> Mapping[Any, list[Chunk]]:  # noqa: ASYNC109
        consumer = self._ensure_consumer()
        if self._overtaken(stops):
            return {}
        rewinds = self.rewinds
        fetcher = consumer._fetcher  # noqa: SLF001  # as Faust's own thread does
        if consumer._closed or fetcher._closed:  # noqa: SLF001
            raise driver.ConsumerStoppedError
        with fetcher._subscriptions.fetch_context():  # noqa: SLF001
            found: Mapping[Any, list[Chunk]] = await fetcher.fetched_records(
                partitions,
                timeout=timeout,
                max_records=FETCH_CHUNKS,
            )
        if self._overtaken(stops) or rewinds != self.rewinds:
            assigned = consumer.assignment()
            for tp, chunks in found.items():
                if tp in assigned:
                    consumer.seek(tp, chunks[0].offset)
            return {}
        return found

    def _overtaken(self, stops: int) -> bool:
        return self.consumer.flow_stops != stops or not self.consumer.flow_active

    async def _seek_wait(self, consumer: Any, partitions: Mapping[Any, int]) -> None:
        self.rewinds += 1
        await super()._seek_wait(consumer, partitions)

    async def rewind(self, partitions: Iterable[Any]) -> Mapping[Any, int | None]:
        """Set the partitions to their committed offsets, or beginnings; return the committed offsets."""
        committed: Mapping[Any, int | None] = await self.call_thread(self._rewind, list(partitions))
        return committed

    async def _rewind(self, partitions: list[Any]) -> Mapping[Any, int | None]:
        consumer = self._ensure_consumer()
        tps = [driver.TopicPartition(tp.topic, tp.partition) for tp in partitions]
        committed = {tp: await consumer.committed(tp) for tp in tps}
        fresh = [tp for tp, offset in committed.items() if offset is None]
        begins = await consumer.beginning_offsets(fresh) if fresh else {}
        self.rewinds += 1
        for tp, offset in committed.items():
            consumer.seek(tp, begins[tp] if offset is None else offset)
        return committed


class BatchConsumer(driver.Consumer):  # type: ignore[misc]  # faust is seen as untyped
    """See the module. The app names the most records of a batch (``batch_records``)."""

    flow_stops: int = 0
    """How often the flow was stopped: a rebalance, or a stop, lies between two readings that differ."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self._checkpointed: dict[Any, int] = {}
        super().__init__(*args, **kwargs)

    def _new_consumer_thread(self) -> BatchConsumerThread:
        return BatchConsumerThread(self, loop=self.loop, beacon=self.beacon)

    def stop_flow(self) -> None:
        """Block consumption; whatever is being fetched will not be delivered."""
        self.flow_stops += 1
        super().stop_flow()

    async def perform_seek(self) -> None:
        """Go back to the committed offsets (or beginnings) of all partitions but the changelogs'."""
        tps = [tp for tp in self.assignment() if not self._is_changelog_tp(tp)]
        async with asyncio.timeout(self.app.conf.broker_request_timeout * 0.9):
            committed = await self._thread.rewind(tps)
        for found, offset in committed.items():
            tp = driver.ensure_TPset([found]).pop()
            self._read_offset[tp] = offset or None
            self._committed_offset[tp] = offset or None

    async def getmany(self, timeout: float) -> AsyncIterator[tuple[Any, Any]]:  # noqa: ASYNC109  # Faust's signature
        """Yield what one fetch brings as (partition, message), fairly between partitions, until the flow is stopped."""
        if not self.flow_active:
            await self.wait(self.can_resume_flow)
        active = frozenset(self._get_active_partitions())
        if not active:
            await self.sleep(NOTHING_ACTIVE_SECONDS)
            return
        stops, generation = self.flow_stops, self.app.consumer_generation_id
        found = await self._thread.fetch(active, stops, timeout)
        for tp, message in self._messages(found):
            if self.should_stop or self.flow_stops != stops or self.app.consumer_generation_id != generation:
                return  # every partition will be assigned, or rewound, anew
            if tp in self._active_partitions or tp in self._buffered_partitions:
                yield tp, message

    def _messages(self, found: Mapping[Any, list[Chunk]]) -> Iterable[tuple[Any, Any]]:
        queues = []
        for key, chunks in found.items():
            tp = driver.ensure_TPset([key]).pop()
            queues.append([(tp, self._batch(tp, chunk.records)) for chunk in chunks])
        for turn in zip_longest(*queues):
            yield from (item for item in turn if item is not None)

    def _batch(self, tp: Any, raw: list[Any]) -> Any:
        last = raw[-1]
        return driver.ConsumerMessage(
            tp.topic,
            tp.partition,
            last.offset,
            last.timestamp / 1000.0,
            last.timestamp_type,
            None,
            None,
            Batch([(record.offset, record.value) for record in raw], raw),
            None,
            0,
            0,
            tp,
            generation_id=self.app.consumer_generation_id,
        )

    async def on_partitions_revoked(self, revoked: Iterable[Any]) -> None:
        """Forget what could have been committed: it belongs to the assignment that ends."""
        self._checkpointed.clear()
        await super().on_partitions_revoked(revoked)

    def checkpointed(self, tp: Any, offset: int, generation: int) -> None:
        """Let offsets up to and including ``offset`` be committed, if ``generation`` still holds."""
        if generation == self.app.consumer_generation_id and not self.app.rebalancing:
            self._checkpointed[tp] = offset

    def _filter_tps_with_pending_acks(self, topics: Any = None) -> Iterable[Any]:
        del topics  # everything that may be committed is
        return list(self._checkpointed)

    def _new_offset(self, tp: Any) -> int | None:
        offset = self._checkpointed.get(tp)
        return None if offset is None else offset + 1

    async def _add_gap(self, tp: Any, offset_from: int, offset_to: int) -> None:
        """Ignore gaps: commits don't count records, they follow checkpoints."""

    async def create_topic(self, topic: str, *args: Any, **kwargs: Any) -> None:
        """Make none: ``huoqun provision`` does, and the start has verified them."""


class SafeProducer(driver.Producer):  # type: ignore[misc]  # faust is seen as untyped
    """Faust's producer, idempotent where the broker can (Faust: never without transactions).

    Then a retry can neither repeat a record nor let an older value land behind a newer one.
    """

    _idempotent: bool = True

    async def on_start(self) -> None:
        """Find out what the broker can, and start."""
        self._idempotent = await self._numbered()
        if not self._idempotent:
            _log.info("the broker does not number producers: a retry after a lost answer may repeat records")
        await super().on_start()

    def _settings_extra(self) -> Mapping[str, Any]:
        return {"acks": "all", "enable_idempotence": self._idempotent}

    def client(self) -> Any:
        """Return aiokafka's producer; raises ``NotReady`` before the start."""
        return self._ensure_producer()

    async def _numbered(self) -> bool:
        chatter = logging.getLogger("aiokafka.producer.sender")
        level, probe = chatter.level, self._new_producer()
        chatter.setLevel(logging.CRITICAL)  # it reports the answer we ask for as an error
        try:
            await probe.start()
        except (UnknownError, UnsupportedVersionError):
            return False  # the embedded broker says it like this
        else:
            return True
        finally:
            await probe.stop()
            chatter.setLevel(level)

    async def create_topic(self, topic: str, *args: Any, **kwargs: Any) -> None:
        """Make none: ``huoqun provision`` does, and the start has verified them."""


class BatchTransport(driver.Transport):  # type: ignore[misc]  # faust is seen as untyped
    """What ``streams.app`` plugs into Faust."""

    Consumer = BatchConsumer
    Producer = SafeProducer
