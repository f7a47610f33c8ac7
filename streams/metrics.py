"""What the worker reports to Prometheus."""

from __future__ import annotations

from typing import Final

from prometheus_client import Counter, Gauge, Histogram

EVENTS: Final = Counter("huoqun_worker_events_total", "Records of the events topic applied, repeats included.")
BATCHES: Final = Counter("huoqun_worker_batches_total", "Batches applied.")
DEAD_LETTERS: Final = Counter("huoqun_worker_dead_letters_total", "Records sent to the dead letters.", ["reason"])
UNPLACED: Final = Counter(
    "huoqun_worker_unplaced_events_total",
    "Events that came too late to be placed or recognised: stored, and left out of the signals.",
)
RESULTS: Final = Counter("huoqun_worker_results_total", "Result records sent.", ["topic"])
SAVES: Final = Counter("huoqun_worker_saves_total", "State entries written to the changelog.")
CHECKPOINTS: Final = Counter("huoqun_worker_checkpoints_total", "Checkpoints by what became of them.", ["outcome"])
REBALANCES: Final = Counter("huoqun_worker_rebalances_total", "Rebalances seen by this worker.")
BATCH_SECONDS: Final = Histogram(
    "huoqun_worker_batch_seconds",
    "Time to apply one batch.",
    buckets=(0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5),
)
CHECKPOINT_SECONDS: Final = Histogram(
    "huoqun_worker_checkpoint_seconds",
    "Time from the snapshot to the acknowledged save.",
    buckets=(0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30),
)
RESTORE_SECONDS: Final = Histogram(
    "huoqun_worker_restore_seconds",
    "Time to rebuild one partition's state from its entries.",
    buckets=(0.001, 0.01, 0.1, 0.5, 1, 2.5, 5, 10, 30, 60),
)
RESTORES: Final = Counter(
    "huoqun_worker_restores_total", "Partitions' states taken up after a rebalance, by where from.", ["source"]
)
LAST_TICK: Final = Gauge(
    "huoqun_worker_last_tick_timestamp_seconds", "When the last tick was seen, by this worker's clock.", ["partition"]
)
LAG: Final = Gauge("huoqun_worker_lag_records", "Records behind the end of the partition.", ["partition"])
APPLIED: Final = Gauge(
    "huoqun_worker_applied_offset",
    "The last offset applied; -1 while the state only holds what was saved. Commits lie far behind it.",
    ["partition"],
)
PARTITIONS: Final = Gauge("huoqun_worker_partitions", "Partitions of the events topic held.")
