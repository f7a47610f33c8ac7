"""Knowing that everything sent so far has been computed and stored: a barrier, not a guess from a quiet moment."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Final

from huoqun import broker, topics
from huoqun.config import Config

_EVERY_SECONDS: Final = 0.2

Targets = Mapping[tuple[str, int], int]
"""(topic, partition) -> the offset that must have been passed."""


def behind(targets: Targets, committed: Mapping[tuple[str, int], int]) -> dict[tuple[str, int], int]:
    """Return how many records are missing, for the partitions where any are."""
    return {place: end - committed.get(place, 0) for place, end in targets.items() if committed.get(place, 0) < end}


def ends_now(config: Config, names: tuple[str, ...]) -> dict[tuple[str, int], int]:
    """Return the present ends of the topics ``names`` (without prefix)."""
    full = [topics.full_name(config.kafka.topic_prefix, name) for name in names]
    return {(topic, part): end for topic in full for part, end in broker.end_offsets(config.kafka, topic).items()}


def wait_stored(
    config: Config, names: tuple[str, ...], seconds: float, give_up: Callable[[], bool] = lambda: False
) -> bool:
    """Wait until the sink has stored all that is in the topics ``names`` now; tell whether it has in time."""
    return _wait(config, topics.sink_group(config.kafka.topic_prefix), ends_now(config, names), seconds, give_up)


def wait_processed(config: Config, seconds: float) -> bool:
    """Wait until all events sent so far are stored and all that the streams make of them is; tell whether it is so."""
    deadline = time.monotonic() + seconds
    prefix = config.kafka.topic_prefix
    events = ends_now(config, (topics.EVENTS,))
    if not _wait(config, topics.streams_group(prefix), events, seconds):
        return False
    # The streams send results before they commit the events: what came of them lies before the present ends.
    everything = events | ends_now(config, topics.RESULT_TOPICS)
    return _wait(config, topics.sink_group(prefix), everything, deadline - time.monotonic())


def _wait(
    config: Config, group: str, targets: Targets, seconds: float, give_up: Callable[[], bool] = lambda: False
) -> bool:
    deadline = time.monotonic() + seconds
    while behind(targets, broker.committed(config, group)):
        if time.monotonic() >= deadline or give_up():
            return False
        time.sleep(_EVERY_SECONDS)
    return True
