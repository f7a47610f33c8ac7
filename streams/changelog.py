"""The state's changelog on the broker: barriers written, partitions read in bulk."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Any, Final

from aiokafka import AIOKafkaConsumer, TopicPartition

from huoqun import connection
from huoqun.kafka_config import Kafka
from streams.outbox import Outbox
from streams.recovery import RecoveryStalledError
from streams.saves import BARRIER_KEY, Entry

FETCH_BYTES: Final = 8 * 1024 * 1024
_POLL_SECONDS: Final = 1.0


class BrokerChangelog:
    """``streams.saves.Changelog`` on a broker. ``bytes_read`` moves while something is read."""

    def __init__(self, topic: str, kafka: Kafka, outbox: Outbox, *, stall_seconds: float) -> None:
        self._topic = topic
        self._kafka = kafka
        self._outbox = outbox
        self._stall_seconds = stall_seconds
        self.bytes_read = 0

    async def barrier(self, partition: int) -> int:
        """See the protocol."""
        (written,) = self._outbox.put(self._topic, partition, [(BARRIER_KEY, b"")])
        self._outbox.flush()
        async with asyncio.timeout(self._stall_seconds):
            return (await written).last

    async def read(self, partition: int, start: int, end: int) -> AsyncIterator[Sequence[Entry]]:
        """See the protocol; raises :class:`RecoveryStalledError` when nothing comes for ``stall_seconds``."""
        tp = TopicPartition(self._topic, partition)
        consumer = AIOKafkaConsumer(
            **connection.for_aiokafka(self._kafka),
            group_id=None,
            enable_auto_commit=False,
            auto_offset_reset="earliest",  # compaction may have taken the first ones
            fetch_max_wait_ms=50,
            fetch_max_bytes=FETCH_BYTES,
            max_partition_fetch_bytes=FETCH_BYTES,
            isolation_level="read_committed",
        )
        await consumer.start()
        try:
            consumer.assign([tp])
            consumer.seek(tp, start)
            waited = 0.0
            while True:
                found: Sequence[Any] = (await consumer.getmany(tp, timeout_ms=round(_POLL_SECONDS * 1000))).get(tp, ())
                if not found:
                    waited += _POLL_SECONDS
                    if waited >= self._stall_seconds:
                        raise RecoveryStalledError(f"nothing was read of {tp.topic}/{partition} for {waited:g} s")
                    continue
                waited = 0.0
                self.bytes_read += sum(len(record.value or b"") for record in found)
                yield [record for record in found if start <= record.offset <= end]
                if found[-1].offset >= end:
                    return
        finally:
            await consumer.stop()
