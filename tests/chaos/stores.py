"""ClickHouse is down, or loses its replies after storing."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from huoqun.clock import now_ms
from huoqun.store_config import Store
from sinks import migrate
from sinks.clickhouse import ClickHouseStore
from tests.chaos import verdict
from tests.chaos.beds import Bed, standing
from tests.chaos.kills import SILENCE_SECONDS
from tests.chaos.load import Load
from tests.chaos.network import Line
from tests.chaos.outages import visible
from tests.chaos.parts import NOTIFY, SINK
from tests.chaos.timeline import Timeline
from tests.chaos.verdict import Verdict
from tests.support import clickhouse, old_clickhouse
from tests.support.clickhouse import RunningClickHouse

GROWTH = 64 * 1024 * 1024
DATABASE = "chaos"


@contextmanager
def served(
    directory: Path, timeline: Timeline, broker: str, settings: Mapping[str, Mapping[str, Any]] | None = None
) -> Iterator[tuple[Bed, RunningClickHouse, Line]]:
    """Start everything on a ClickHouse server behind a line."""
    where = directory / "clickhouse"
    where.mkdir(parents=True)
    server = clickhouse.start(where)
    try:
        with Line(server.port) as line:
            schema = ClickHouseStore(Store(kind="clickhouse", port=server.port, database=DATABASE), "")
            migrate.migrate(
                schema, DATABASE, adapt=old_clickhouse.adapt if server.version < old_clickhouse.OLD else str
            )
            schema.close()
            store = {"kind": "clickhouse", "port": line.port, "database": DATABASE}
            with standing(directory, timeline, broker, settings={**(settings or {}), "store": store}) as bed:
                yield bed, server, line
    finally:
        server.kill()


def down(
    bed: Bed, server: RunningClickHouse, *, seed: int, seconds: float, rate: float, settle: float = 180.0
) -> Verdict:
    """Killed, and back after ``seconds``; events come all the while."""
    parts = bed.parts
    load = _loaded(bed, seed, rate)
    time.sleep(10)
    before, most, pid = parts.memory(SINK), 0, parts.pids[SINK]
    server.kill()
    bed.timeline.note("down", accepted=len(load.accepted))
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        time.sleep(1)
        most = max(most, parts.memory(SINK))
    server.start()
    bed.timeline.note("up", accepted=len(load.accepted))
    back = visible(bed, load, "back")
    bed.timeline.note("back", seconds=round(back, 1))
    most = max(most, parts.memory(SINK))
    found = _ended(bed, load, settle)
    found.figures |= {
        "down_seconds": seconds,
        "drained_after_seconds": round(back, 1),
        "growth_mb": round((most - before) / 2**20, 1),
    }
    if parts.pids.get(SINK) != pid:
        found.wrong.append("the sink did not live through it")
    if most - before > GROWTH:
        found.wrong.append(f"the sink grew by {(most - before) >> 20} MB")
    if back > max(10.0, seconds / 5):
        found.wrong.append(f"what had waited was drained after {back:.0f} s: slower than five times as fast as it came")
    return found


def cut(bed: Bed, line: Line, *, seed: int, seconds: float, rate: float, settle: float = 180.0) -> Verdict:
    """Every first try of an insert is stored, and its reply lost."""
    line.cut_replies_to = b"INSERT INTO"
    load = _loaded(bed, seed, rate)
    time.sleep(seconds)
    found = _ended(bed, load, settle)
    found.figures["replies_cut"] = line.cuts
    if not line.cuts:
        found.wrong.append("no reply was cut")
    return found


def _loaded(bed: Bed, seed: int, rate: float) -> Load:
    parts = bed.parts
    load = Load(parts.gateway, parts.directory / "accepted.ndjson", seed=seed, groups=12, rate=rate, time_of=now_ms)
    load.start()
    return load


def _ended(bed: Bed, load: Load, settle: float) -> Verdict:
    load.end()
    time.sleep(SILENCE_SECONDS)
    load.close(60)
    deaths = sum(line.startswith(f"{NOTIFY} ended") for line in bed.parts.ends)
    found = verdict.of(bed.parts, load, bed.receiver, seconds=settle, notify_kills=deaths)
    found.figures["ended_by_themselves"] = bed.parts.ends
    return found
