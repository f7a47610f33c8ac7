"""The dashboards' questions, each timed on a year of simulated communities in the embedded engine.

    python -m bench.queries [--events 1000000] [--repeats 5] [--keep DIRECTORY] [--days 90]

``--events 100000000`` is the figure's own case: a temporary directory is filled (it says how large it got and how long
it took) and removed at the end; ``--keep`` keeps it, and uses it again when it is there. Each question runs on every core,
once to warm up and then ``--repeats`` times; questions about one community ask about the largest. Ranges end with the
data and cover ``--days`` days.

No question reads the events' own table (a test says so). So ``--stored 0`` saves the time and the disk to fill it, and
changes no figure: what the rollups keep of every event is there.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Final, NamedTuple

from bench import cores, table
from bench.made import DAY_MS, PLATFORM, Year, fill
from dashboards.queries import ALL, Query, shipped
from sinks import migrate
from sinks.embedded import EmbeddedStore, Limits

DATABASE: Final = "huoqun"
LIMIT_MS: Final = 300
ASKED_EVENTS: Final = 100_000_000
SMOKE_EVENTS: Final = 1_000_000


class Timed(NamedTuple):
    """A question and how long each run took, and how much CPU on all cores together (ms)."""

    name: str
    ms: list[float]
    cpu_ms: list[float]

    @property
    def median(self) -> float:
        """The middle one."""
        return median(self.ms)

    @property
    def p95(self) -> float:
        """The nearest rank; of five the greatest."""
        return sorted(self.ms)[-(-len(self.ms) * 95 // 100) - 1]


def parameters(year: Year, days: int) -> dict[str, str]:
    """Return what the questions are asked with: the largest community, and the last ``days`` days."""
    until, since = year.until_ms, year.until_ms - days * DAY_MS
    return {
        "platform": PLATFORM, "group_id": "g000000", "zone": "Asia/Shanghai", "since": _text(since), "until": _text(until),
        "platforms": ALL, "kinds": ALL, "groups": ALL,
    }  # fmt: skip


def _text(ms: int) -> str:
    return datetime.fromtimestamp(ms / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S")


def ask(store: EmbeddedStore, query: Query, given: dict[str, str]) -> bytes:
    """Return the answer, as the dashboards get it."""
    params = {name: value for name, value in given.items() if name in query.parameters}
    return store.read(query.sql, format_name="JSONCompact", database=DATABASE, params=params, limits=Limits())


def run(
    events: int,
    repeats: int = 5,
    *,
    days: int = 90,
    keep: Path | None = None,
    stored: int = 10**12,
    only: Sequence[str] = (),
    say: Callable[[str], None] = print,
) -> list[Timed]:
    """Fill, ask and time."""
    cores.everywhere()
    year = Year(events, stored=stored)
    with tempfile.TemporaryDirectory(prefix="huoqun-bench-") as temporary:
        directory = keep or Path(temporary)
        store = EmbeddedStore(directory, DATABASE)
        try:
            migrate.migrate(store, DATABASE)
            if int(store.select(f"SELECT count() FROM {DATABASE}.groups_rows")[0][0]) == 0:
                seconds = fill(store, DATABASE, year, say)
                say(f"filled in {seconds:,.0f} s, {_size(directory) / 1e9:.1f} GB")
            given = parameters(year, days)
            return [
                _time(store, query, given, repeats, say)
                for query in shipped().values()
                if not only or query.name in only
            ]
        finally:
            store.close()


def _time(store: EmbeddedStore, query: Query, given: dict[str, str], repeats: int, say: Callable[[str], None]) -> Timed:
    took, cpu = [], []
    for _ in range(repeats + 1):
        started, used = time.perf_counter(), time.process_time()
        ask(store, query, given)
        took.append((time.perf_counter() - started) * 1000)
        cpu.append((time.process_time() - used) * 1000)
    timed = Timed(query.name, took[1:], cpu[1:])
    say(
        f"{query.name:24} median {timed.median:7.1f} ms, p95 {timed.p95:7.1f} ms, CPU of all cores {median(timed.cpu_ms):7.1f} ms"
    )
    return timed


def _size(directory: Path) -> int:
    return sum(file.stat().st_blocks * 512 for file in directory.rglob("*") if file.is_file())


def rows(quick: bool, say: Callable[[str], None] = print) -> list[table.Row]:
    """Return the figures for the table."""
    timed = run(SMOKE_EVENTS, 2, say=say) if quick else run(ASKED_EVENTS, 5, say=say)
    slowest = max(timed, key=lambda t: t.median)
    note = f"{len(timed)} questions, {SMOKE_EVENTS if quick else ASKED_EVENTS:,} events; slowest: {slowest.name}"
    return [
        table.measured(
            "slowest dashboard question", "ms", slowest.ms, table.at_most(LIMIT_MS), judge=not quick, note=note
        ),
        *(table.measured(f"question {t.name}", "ms", t.ms) for t in timed),
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--events", type=int, default=SMOKE_EVENTS)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--days", type=int, default=90)
    parser.add_argument("--keep", type=Path)
    parser.add_argument(
        "--stored", type=int, default=10**12, help="store only so many of the events as rows (see bench.made)"
    )
    parser.add_argument("--only", action="append", default=[])
    given = parser.parse_args()
    timed = run(given.events, given.repeats, days=given.days, keep=given.keep, stored=given.stored, only=given.only)
    over = [t.name for t in timed if t.median > LIMIT_MS]
    print(f"over {LIMIT_MS} ms: {', '.join(over) or 'none'}")


if __name__ == "__main__":
    main()
