"""What one event takes, in bytes: in Kafka, in the store, in the workers' state. ``python -m bench.sizes [--events N]``.

No clock is involved, so it says the same on a busy machine. Kafka's figure is before its own compression and replicas.
"""

from __future__ import annotations

import argparse
import tempfile

from bench.population import a_week
from bench.workload import Shape
from huoqun import codec
from huoqun.config import Config
from huoqun.results import AnyResult
from sinks import migrate, rows, tables
from sinks.embedded import EmbeddedStore
from streams.core.partition import Partition

BATCH = 5_000
_SIZES = """
    SELECT table, sum(rows), sum(bytes_on_disk) FROM system.parts
    WHERE active AND database = 'huoqun' GROUP BY table HAVING sum(rows) > 0 ORDER BY sum(bytes_on_disk) DESC
"""


class Sizes:
    """What has gone by."""

    def __init__(self, store: EmbeddedStore) -> None:
        self.store = store
        self.events = self.event_bytes = self.results = self.result_bytes = 0
        self.saves: dict[bytes, bytes] = {}
        self.saved_bytes = 0

    def took(self, values: list[bytes], first: int) -> None:
        """Store a batch of the events topic."""
        for part in rows.read_events(values, range(first, first + len(values)), store_text=True).parts:
            self.store.insert(tables.TABLES[part.table], part.columns)
            self.events += len(part.at)
        self.event_bytes += sum(map(len, values))

    def told(self, results: list[AnyResult]) -> None:
        """Store what came of it."""
        values = [codec.encode(result) for result in results]
        for part in rows.read_results(values).parts if values else ():
            self.store.insert(tables.TABLES[part.table], part.columns)
        self.results += len(values)
        self.result_bytes += sum(map(len, values))

    def saved(self, saves: list[tuple[bytes, bytes | None]]) -> None:
        """Keep what the state topic would hold."""
        for key, value in saves:
            self.saved_bytes += len(key) + len(value or b"")
            if value is None:
                self.saves.pop(key, None)
            else:
                self.saves[key] = value


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m bench.sizes", description=__doc__)
    parser.add_argument("--events", type=int, default=100_000)
    parser.add_argument("--groups", type=int, default=100)
    parser.add_argument("--members", type=int, default=10_000)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as directory:
        store = EmbeddedStore(directory, "huoqun")
        migrate.migrate(store, "huoqun")
        sizes, state = Sizes(store), Partition(0, Config())
        log = [record.value for record in a_week(asked.events, Shape(groups=asked.groups, members=asked.members))]
        for first in range(0, len(log), BATCH):
            values = log[first : first + BATCH]
            sizes.took(values, first)
            at = first
            while at < first + len(values):
                state.apply([(offset, log[offset]) for offset in range(at, first + len(values))])
                at = state.offset + 1
                sizes.told(state.urgent())
                made = state.checkpoint(final=at >= len(log))
                sizes.told(made.results)
                sizes.saved(made.saves)
        members = sum(len(tracked.group.h.people) for tracked in state.groups.values())
        print(f"{sizes.events:,} events of a week, {len(state.groups):,} groups, {members:,} members seen")
        print(f"topic events: {sizes.event_bytes / sizes.events:.0f} bytes an event (ticks included)")
        print(
            f"results: {sizes.results / sizes.events:.1f} records, {sizes.result_bytes / sizes.events:.0f} bytes an event"
        )
        print(
            f"topic of state: {sizes.saved_bytes / sizes.events:.0f} bytes an event written; compacted "
            f"{sum(map(len, sizes.saves.values())) / max(1, members):.0f} bytes a member"
        )
        for table in ("events", "activity", "members", "questions", "alerts", "groups", "member_risk"):
            store.execute(f"OPTIMIZE TABLE huoqun.{table}_rows FINAL")
        total = 0
        for name, count, size in store.select(_SIZES):
            total += int(size)
            if int(size) > sizes.events:
                print(
                    f"store {name}: {int(count) / sizes.events:.2f} rows, {int(size) / sizes.events:.0f} bytes an event"
                )
        print(f"store, all tables: {total / sizes.events:.0f} bytes an event")
        store.close()


main()
