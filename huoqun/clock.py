"""The only place that reads the wall clock; everything else is handed the time."""

import time


def now_ms() -> int:
    """Return the wall-clock time in milliseconds since the epoch, UTC."""
    return time.time_ns() // 1_000_000
