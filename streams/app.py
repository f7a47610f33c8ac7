"""The Faust application: every setting that matters, with its reason."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Iterable
from pathlib import Path
from typing import Any, Final

import faust
from faust.transport.drivers.aiokafka import TopicPartition
from faust.types import TP

from huoqun import connection, topics
from huoqun.clock import now_ms
from huoqun.config import Config
from huoqun.kafka_config import Kafka
from streams.changelog import BrokerChangelog
from streams.outbox import Outbox, Written
from streams.recovery import SafeTableManager
from streams.saves import Known, Recovered, epoch_headers, recover
from streams.transport import BatchTransport, ManySchema

QUEUED_BATCHES: Final = 16
LINGER_SECONDS: Final = 0.05
"""Urgent results wait this long for others: some brokers store each batch by itself, and read slower the more there are."""


class StreamsApp(faust.App):  # type: ignore[misc]  # faust is seen as untyped
    """Faust's app with our transport and without a directory of its own."""

    batched_topic: str
    batch_records: int
    agent_error: BaseException | None = None
    """What the agent died of. Faust would start it again, past the batch it died on."""
    leaves: bool = True
    """Whether the consumer group is left at the end; else the broker finds out by the missing heartbeats."""

    async def _on_agent_error(self, agent: Any, exc: BaseException) -> None:
        del agent
        self.agent_error = self.agent_error or exc

    def _new_transport(self) -> Any:
        return BatchTransport(self.conf.broker_consumer, self)

    def _new_producer_transport(self) -> Any:
        return BatchTransport(self.conf.broker_producer, self)

    def _create_directories(self) -> None:
        """Make none: nothing is kept on disk."""

    def held(self) -> set[int]:
        """Return the partitions of the events topic that are assigned to this worker."""
        return {tp.partition for tp in self._assignment or () if tp.topic == self.batched_topic}

    def settled(self) -> bool:
        """Return whether there is an assignment that records flow of."""
        return bool(self._assignment is not None and not self.rebalancing and self.tables.recovery.completed.is_set())

    def progress(self) -> object:
        """Return something that changes while a rebalance moves on."""
        return (self.consumer_generation_id, self.rebalancing_count, self.tables.recovery.completed.is_set())

    def end_offset(self, partition: int) -> int | None:
        """Return the end of a partition of the events topic as the last fetch told it."""
        consumer = self.consumer._thread._consumer  # noqa: SLF001  # Faust has no accessor that asks nothing
        tp = TopicPartition(self.batched_topic, partition)
        if consumer is None or tp not in consumer.assignment():
            return None
        end: int | None = consumer.highwater(tp)
        return end


def _credentials(kafka: Kafka) -> Any:
    """Return how Faust signs in and encrypts, ``None`` if it does neither."""
    context = connection.tls(kafka)
    if kafka.signs_in:
        return faust.SASLCredentials(
            username=kafka.user,
            password=connection.password(kafka),
            mechanism=kafka.sasl_mechanism,
            ssl_context=context,
        )
    return None if context is None else faust.SSLCredentials(context)


def build(config: Config, instance: str | None = None) -> StreamsApp:
    """Return the app, not started, and without agents. ``instance``: see :mod:`streams.instance`."""
    kafka, worker = config.kafka, config.worker
    app = StreamsApp(
        topics.streams_group(kafka.topic_prefix),
        broker=[f"kafka://{address}" for address in connection.addresses(kafka)],
        broker_credentials=_credentials(kafka),
        # A dead worker's partitions stand still for the session timeout (Faust: 60 s), and the embedded broker keeps a
        # new one waiting for half of it; 6 s is the least that brokers allow by default. Heartbeats are three to it.
        broker_session_timeout=6.0,
        broker_heartbeat_interval=2.0,
        broker_rebalance_timeout=30.0,  # how long a rebalance waits for one that is alive and does not answer
        broker_request_timeout=30.0,  # above the session timeout; a step of recovery that takes longer is an error
        broker_max_poll_interval=300.0,  # a batch takes milliseconds; Faust's 1,000 s would hide a stuck fetcher
        broker_commit_interval=0.5,  # committing is cheap, and what is not committed is repeated
        broker_commit_livelock_soft_timeout=300.0,
        broker_check_crcs=True,
        consumer_group_instance_id=instance,
        consumer_auto_offset_reset="earliest",  # a new group reads from the start
        consumer_max_fetch_size=1024 * 1024,  # of a partition, at a time; one larger record comes all the same
        processing_guarantee="at_least_once",  # exactly_once crashes on rebalances; our effects are idempotent
        producer_acks=-1,  # all replicas: what is acknowledged is what we commit after
        producer_linger=0.0,  # only barriers are sent one by one; the outbox lingers by itself
        producer_max_batch_size=256 * 1024,
        producer_max_request_size=1_000_000,  # below the brokers' own default limit for one batch
        producer_request_timeout=30.0,  # then the process ends and is restarted (Faust: 20 minutes)
        producer_threaded=False,
        stream_buffer_maxsize=QUEUED_BATCHES,  # batches, not records
        stream_wait_empty=False,  # commits follow checkpoints, there is nothing to wait for
        stream_recovery_delay=0.0,
        stream_processing_timeout=300.0,
        store="memory://",
        TableManager=SafeTableManager,
        topic_allow_declare=False,  # `huoqun provision` makes the topics; a wrong count would eat every event
        topic_disable_leader=True,  # nothing runs "on the leader": no topic for it
        topic_partitions=kafka.partitions,
        topic_replication_factor=kafka.replication,
        reply_create_topic=False,
        web_enabled=False,  # it would listen on all interfaces and serve the tables
        worker_redirect_stdouts=False,
        autodiscover=False,
        datadir=Path(config.data_dir) / "worker",
        key_serializer="raw",
        value_serializer="raw",  # we decode: an undecodable record would stop Faust's agent for seconds
    )
    app.batched_topic = topics.full_name(kafka.topic_prefix, topics.EVENTS)
    app.batch_records = worker.batch_records
    return app


def events_channel(app: StreamsApp) -> Any:
    """Return the events topic as a channel of batches."""
    return app.topic(app.batched_topic, schema=ManySchema(key_serializer="raw", value_serializer="raw"))


class _Batches:
    """The producer of a Faust app, which is there once the app has started, as far as batches go."""

    def __init__(self, app: StreamsApp) -> None:
        self._app = app

    def create_batch(self) -> Any:
        return self._app.producer.client().create_batch()

    async def send_batch(self, batch: Any, topic: str, *, partition: int) -> Awaitable[Any]:
        sent: Awaitable[Any] = await self._app.producer.client().send_batch(batch, topic, partition=partition)
        return sent


class FaustPorts:
    """``streams.agent.Ports`` over a Faust app."""

    def __init__(self, app: StreamsApp, config: Config) -> None:
        self._app = app
        self._outbox = Outbox(_Batches(app), linger=LINGER_SECONDS, max_record=app.conf.producer_max_request_size)
        self._changelog = BrokerChangelog(
            topics.state_topic(config.kafka.topic_prefix),
            config.kafka,
            self._outbox,
            stall_seconds=app.conf.broker_request_timeout,
        )

    def put(
        self, topic: str, partition: int, records: Iterable[tuple[bytes, bytes | None]], *, epoch: int | None = None
    ) -> Iterable[Awaitable[Written]]:
        """See the protocol."""
        headers = None if epoch is None else epoch_headers(epoch)
        return self._outbox.put(topic, partition, records, headers=headers, at=now_ms())

    def flush(self) -> None:
        """See the protocol."""
        self._outbox.flush()

    async def room(self) -> None:
        """See the protocol."""
        await self._outbox.room()

    def holds(self, partition: int, generation: int) -> bool:
        """See the protocol."""
        return not self._app.rebalancing and self.owns(partition, generation)

    def owns(self, partition: int, generation: int) -> bool:
        """See the protocol."""
        return generation == self._app.consumer_generation_id and partition in self._app.held()

    def end(self, partition: int) -> int:
        """See the protocol."""
        return self._app.end_offset(partition) or 0

    async def recover(self, partition: int, known: Known | None) -> Recovered:
        """See the protocol."""
        return await recover(self._changelog, partition, known)

    @property
    def bytes_recovered(self) -> int:
        """What was read of changelogs since the start."""
        return self._changelog.bytes_read

    def release(self, partition: int, offset: int, generation: int) -> None:
        """See the protocol."""
        self._app.consumer.checkpointed(TP(self._app.batched_topic, partition), offset, generation)


async def stop_consuming(app: StreamsApp) -> None:
    """Let no further batch reach the agent."""
    app.consumer.stop_flow()
    app.flow_control.suspend()
    await asyncio.sleep(0)
