"""The sink as a process: its parts put together from the configuration."""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from http.server import ThreadingHTTPServer
from typing import Final

from huoqun import broker, health, log, topics
from huoqun.clock import now_ms
from huoqun.config import Config
from huoqun.deadletter_limit import DeadLetterLimit
from sinks import campaigns, metrics, migrate, retention, rows
from sinks.batch import Limits
from sinks.clickhouse import ClickHouseStore
from sinks.consumer import KafkaDeadLetters, KafkaSource
from sinks.erasing import Eraser
from sinks.rows import Reader
from sinks.service import Sink
from sinks.store import Store, UnusableError

BATCH_ROWS: Final = {"embedded": 50_000, "clickhouse": 20_000}
"""What a batch ends at where the configuration leaves it to the store.

Measured: rows of 300-byte events cost chDB a quarter less in batches of 50,000 than of 20,000, and a server the same.
"""

OWNER_SECONDS: Final = 5.0
"""How long a starting sink waits for the store's owner: one that is being stopped, or a query made before we came."""


def readers(config: Config) -> dict[str, Reader]:
    """Return topic -> how its records are read, for every topic that the sink consumes."""
    prefix = config.kafka.topic_prefix
    events = rows.reader(events=True, store_text=config.privacy.store_text)
    results = rows.reader(events=False, store_text=config.privacy.store_text)
    return {
        topics.full_name(prefix, topics.EVENTS): events,
        **{topics.full_name(prefix, name): results for name in topics.RESULT_TOPICS},
    }


def limits_of(config: Config) -> Limits:
    """Return when a batch ends."""
    rows_most = config.sink.batch_rows or BATCH_ROWS[config.store.kind]
    return Limits(rows_most, config.sink.batch_bytes, int(config.sink.batch_seconds * 1000))


def open_embedded(config: Config, wait_seconds: float = 0.0) -> Store:
    """Open the embedded store as it is; :class:`UnusableError` when another process has it for longer than that."""
    from sinks.embedded import EmbeddedStore  # noqa: PLC0415  # the engine is an extra, and slow to load

    return EmbeddedStore(config.data_dir, config.store.database, wait_seconds=wait_seconds)


def open_store(config: Config, environ: Mapping[str, str]) -> Store:
    """Open the store that is configured, with its schema (made where it is embedded, checked on a server) and campaigns."""
    if config.store.kind == "embedded":
        embedded = open_embedded(config, OWNER_SECONDS)
        try:
            migrate.migrate(embedded, config.store.database)
            campaigns.register(embedded, config)
        except BaseException:
            embedded.close()
            raise
        return embedded
    server = ClickHouseStore(config.store, environ.get(config.store.password_env, ""))
    migrate.check(server, config.store.database)
    campaigns.register(server, config)
    return server


def run(config: Config, environ: Mapping[str, str] = os.environ) -> None:
    """Run until SIGTERM or SIGINT. Raises ``StoreError``, ``BrokerError`` or ``OSError``, with what to do."""
    logger = log.get("sink")
    problems = broker.verify(config)
    if problems:
        raise broker.BrokerError("\n".join(problems))
    with contextlib.ExitStack() as stack:
        store = open_store(config, environ)
        stack.callback(store.close)
        reading = readers(config)
        metrics.prepare(list(reading))
        prefix, kafka = config.kafka.topic_prefix, config.kafka
        dead = KafkaDeadLetters(kafka, topics.full_name(prefix, topics.DEADLETTER))
        stack.callback(dead.close)
        source = KafkaSource(kafka, list(reading), topics.sink_group(prefix))
        stack.callback(source.close)
        writer = stack.enter_context(ThreadPoolExecutor(1, "writer"))
        retention.apply(store, config.store.database, config.retention)
        eraser = Eraser(config.store.database)
        eraser.begin(store)
        sink = Sink(
            source, store, dead, reading, limits=limits_of(config), clock=now_ms, submit=writer.submit, eraser=eraser,
            dead_letter_limit=DeadLetterLimit(kafka.bad_in_a_row),
        )  # fmt: skip
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: sink.stop())
        checks = health.serve(config.sink.metrics_host, config.sink.metrics_port, sink.why_not_ready)
        stack.callback(checks.shutdown)
        queries = _serve_queries(config, store, stack)
        logger.info(
            "storing", kind=config.store.kind, database=config.store.database,
            metrics=health.address(checks), queries=health.address(queries) if queries is not None else None,
        )  # fmt: skip
        sink.run()
    logger.info("ended: everything read is stored or will be read again")


def _serve_queries(config: Config, store: Store, stack: contextlib.ExitStack) -> ThreadingHTTPServer | None:
    if config.store.kind != "embedded":
        return None
    from sinks import http  # noqa: PLC0415  # needs the engine, which is an extra
    from sinks.embedded import EmbeddedStore  # noqa: PLC0415  # the same

    if not isinstance(store, EmbeddedStore):
        raise UnusableError("only the embedded store answers queries by itself")
    queries = http.Queries(store, config.store.database)
    server = http.serve(queries, config.store.query_host, config.store.query_port)
    stack.callback(queries.drain)
    stack.callback(server.shutdown)
    return server
