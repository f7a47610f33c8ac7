"""The notifier's metrics, all of them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from prometheus_client import Counter, Gauge, Histogram

NOTICES: Final = Counter(
    "huoqun_notify_notices_total", "Notices whose receiver has them, or will not", ["channel", "step", "outcome"]
)
FAILURES: Final = Counter("huoqun_notify_failures_total", "Tries that failed; each is repeated", ["channel"])
SEND_SECONDS: Final = Histogram(
    "huoqun_notify_send_seconds", "Time of one try", ["channel"], buckets=(0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
)
TOLD_AFTER: Final = Histogram(
    "huoqun_notify_told_after_seconds",
    "From an alert's being raised (event time) to its first notice's being received, digests aside",
    buckets=(1, 5, 10, 15, 30, 60, 120, 300, 600, 1800, 3600, 86_400),
)
WAITING: Final = Gauge("huoqun_notify_waiting", "Alerts and notices that wait for a channel", ["channel"])
FAILING: Final = Gauge(
    "huoqun_notify_failing_seconds", "For how long a channel has taken nothing; 0 while it does", ["channel"]
)
UNUSABLE: Final = Gauge("huoqun_notify_unusable_channels", "Channels that are configured and cannot be opened")
OPEN_ALERTS: Final = Gauge("huoqun_notify_open_alerts", "Alerts that the notifier knows to be open")
SENDS: Final = Gauge("huoqun_notify_sends", "1 while this notifier is the one that sends, 0 while it stands by")
RECORDS: Final = Counter("huoqun_notify_records_total", "Records read, those of the past at a start included")
ERRORS: Final = Counter(
    "huoqun_notify_errors_total", "Trouble with the broker or the store; each is tried again", ["kind"]
)


def prepare(channels: Iterable[str]) -> None:
    """Make every series exist from the start."""
    for channel in channels:
        FAILURES.labels(channel)
        WAITING.labels(channel).set(0)
        FAILING.labels(channel).set(0)
    for kind in ("read", "record", "store"):
        ERRORS.labels(kind)
