"""Nothing goes wrong, for long: what a process holds must stay as it is.

State truly grows until the longest look back of any definition is full: 56 days (:data:`streams.core.record.RECORD_DAYS`). So event
time passes :data:`SPEED` times as fast as ours, the same people talk in the same groups for ever, and within :data:`WARM_SECONDS` there
is as much to remember as there ever will be. What still grows by right is what time of ours ends, in days: the store's rows, on disk,
and what the notifier has told. It reads what alerts there are; at that speed all are over before anybody could be told.
"""

from __future__ import annotations

import json
import statistics
import time
from collections.abc import Sequence
from typing import Any

import msgspec

from huoqun.clock import now_ms
from tests.chaos import verdict
from tests.chaos.beds import Bed
from tests.chaos.chat import Settled
from tests.chaos.load import Load
from tests.chaos.verdict import Verdict

SPEED = 20_000
WARM_SECONDS = 1_500.0
"""A year of event time. State is full after 56 days, 280 s; what Python's allocator holds of it still crept by 1 MB until then."""
SPARE_SECONDS = 900
SAMPLE_SECONDS = 5.0
WINDOWS = 12
SLOPE_MB_PER_HOUR = 1.0
SETTINGS: dict[str, dict[str, Any]] = {
    "worker": {"checkpoint_seconds": 1.0, "watchdog_seconds": 60.0},
    "deadlines": {"question_minutes": 10.0, "newcomer_minutes": 5.0, "cold_start_minutes": 5.0, "mention_minutes": 3.0},
}
COMPARED = 2
"""Groups whose views are compared with the oracle's: of all there would be millions of rows."""


class Sample(msgspec.Struct):
    """What one process held at a moment: seconds since the measurement began, bytes, bytes, count."""

    part: str
    at: float
    resident: int
    written: int
    descriptors: int


def slope(values: Sequence[tuple[float, float]]) -> float:
    """Return the median of the slopes between all pairs (Theil and Sen): a third of them may be anything."""
    return statistics.median(
        (later - before) / (until - since)
        for number, (since, before) in enumerate(values)
        for until, later in values[number + 1 :]
    )


def windows(values: Sequence[tuple[float, float]], count: int) -> list[tuple[float, float]]:
    """Return the middle and the median of ``count`` equal spans of time: a burst or a collection moves none of them."""
    first, last = values[0][0], values[-1][0]
    width = (last - first) / count
    spans: list[list[float]] = [[] for _ in range(count)]
    for at, value in values:
        spans[min(count - 1, int((at - first) / width))].append(value)
    return [(first + (n + 0.5) * width, statistics.median(span)) for n, span in enumerate(spans) if span]


def judged(samples: Sequence[Sample]) -> tuple[dict[str, dict[str, Any]], list[str]]:
    """Return each part's figures, and what is wrong with them."""
    figures: dict[str, dict[str, Any]] = {}
    wrong: list[str] = []
    for part in dict.fromkeys(sample.part for sample in samples):
        own = [sample for sample in samples if sample.part == part]
        resident = windows([(s.at, s.resident / 2**20) for s in own], WINDOWS)
        written = windows([(s.at, s.written / 2**20) for s in own], WINDOWS)
        descriptors = [n for _, n in windows([(s.at, s.descriptors) for s in own], WINDOWS)]
        per_hour = slope(resident) * 3600
        figures[part] = {
            "mb_per_hour": round(per_hour, 2), "written_mb_per_hour": round(slope(written) * 3600, 2),
            "mb": [round(mb, 1) for _, mb in resident], "descriptors": descriptors,
        }  # fmt: skip
        if per_hour >= SLOPE_MB_PER_HOUR:
            wrong.append(f"{part} grows by {per_hour:.1f} MB an hour")
        third = len(descriptors) // 3
        before, after = statistics.median(descriptors[:third]), statistics.median(descriptors[-third:])
        if after > before + 1:
            wrong.append(f"{part} had {before:.0f} descriptors, and {after:.0f} in the end")
    return figures, wrong


def run(
    bed: Bed, *, seed: int, rate: float, seconds: float, warm: float = WARM_SECONDS, settle: float = 240.0
) -> Verdict:
    """``rate`` events a second, four of a group a post; measured for ``seconds`` after a warm-up."""
    parts, began = bed.parts, time.monotonic()
    start = now_ms() - round((warm + seconds + SPARE_SECONDS) * 1000 * SPEED)
    load = Load(
        parts.gateway, parts.directory / "accepted.ndjson", seed=seed, groups=12, rate=rate, batch=4, chat=Settled,
        time_of=lambda: start + round((time.monotonic() - began) * 1000 * SPEED),
    )  # fmt: skip
    load.start()
    pids = parts.pids
    samples: list[Sample] = []
    with (parts.directory / "samples.ndjson").open("w", encoding="utf-8") as out:
        while (at := time.monotonic() - began - warm) < seconds:
            for name in parts.names:
                sample = Sample(
                    name, round(at, 1), parts.memory(name), parts.written_memory(name), parts.descriptors(name)
                )
                out.write(json.dumps(msgspec.to_builtins(sample)) + "\n")
                samples += [sample] if at >= 0 else []
            out.flush()
            time.sleep(SAMPLE_SECONDS)
    bed.timeline.note("measured", accepted=len(load.accepted))
    load.end()
    load.close(60)
    groups = {group.id for group in load.groups[:COMPARED]}
    found = verdict.of(parts, load, None, seconds=settle, groups=groups)
    parts_figures, wrong = judged(samples)
    found.wrong += wrong
    found.wrong += [f"ended by itself: {line}" for line in parts.ends]
    found.wrong += [
        f"{name} is another process than before" for name, pid in pids.items() if parts.pids.get(name) != pid
    ]
    found.figures |= {"processes": parts_figures, "measured_seconds": seconds}
    return found
