"""The sink's metrics, all of them."""

from __future__ import annotations

from typing import Final, Literal

from prometheus_client import Counter, Gauge, Histogram

from sinks.tables import TABLES

ErrorKind = Literal["unavailable", "rejected", "commit", "poll"]

RECORDS: Final = Counter("huoqun_sink_records_total", "Records read, control records included", ["topic"])
ROWS: Final = Counter("huoqun_sink_rows_total", "Rows stored (a repeat counts again)", ["table"])
DEAD_LETTERS: Final = Counter("huoqun_sink_dead_letters_total", "Records put into the dead letters", ["topic"])
ERRORS: Final = Counter("huoqun_sink_errors_total", "Failures by kind; each was or is tried again", ["kind"])
FLUSH_SECONDS: Final = Histogram(
    "huoqun_sink_flush_seconds",
    "Time to store one batch, failed tries left out",
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30),
)
BATCH_ROWS: Final = Histogram(
    "huoqun_sink_batch_rows",
    "Rows in a stored batch",
    buckets=(1, 10, 100, 500, 1_000, 2_500, 5_000, 10_000, 25_000, 100_000),
)
STORED_AFTER: Final = Histogram(
    "huoqun_sink_stored_after_seconds",
    "Oldest event of each batch: from the gateway's receiving it to its being stored",
    buckets=(0.1, 0.25, 0.5, 1, 2, 3, 5, 10, 30, 60, 300, 3600),
)
LAST_FLUSH: Final = Gauge("huoqun_sink_last_flush_timestamp_seconds", "When a batch was last stored (Unix time)")
LAG: Final = Gauge("huoqun_sink_lag_records", "Records not read yet, by the last fetch", ["topic", "partition"])
PAUSED: Final = Gauge("huoqun_sink_paused", "1 while the store is unavailable and a batch is kept")
QUERIES: Final = Counter("huoqun_sink_queries_total", "Reading queries answered over HTTP, by status", ["status"])
QUERY_SECONDS: Final = Histogram(
    "huoqun_sink_query_seconds", "Time to answer a reading query", buckets=(0.005, 0.025, 0.1, 0.5, 1, 5, 10, 30)
)

_ERROR_KINDS: Final[tuple[ErrorKind, ...]] = ("unavailable", "rejected", "commit", "poll")


def prepare(topics: list[str]) -> None:
    """Make every series exist from the start: a rate over a counter that appears with its first error misses it."""
    for table in TABLES:
        ROWS.labels(table)
    for kind in _ERROR_KINDS:
        ERRORS.labels(kind)
    for topic in topics:
        RECORDS.labels(topic)
        DEAD_LETTERS.labels(topic)
