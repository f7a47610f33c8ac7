"""Both engines behind one face."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from huoqun.config import Store as StoreConfig
from sinks import migrate, tables
from sinks.clickhouse import ClickHouseStore
from sinks.rows import Part
from sinks.store import Store
from tests.support import old_clickhouse

ENGINES = [pytest.param("embedded", marks=pytest.mark.chdb), pytest.param("server", marks=pytest.mark.clickhouse)]


@dataclass
class Engine:
    kind: str
    store: Store
    database: str
    adapt: Callable[[str], str]
    another: Callable[[], Store]

    def view(self, name: str, order: str = "1", where: str = "1 = 1") -> list[dict[str, Any]]:
        names = [n for n in tables.TABLES[name].names if n not in ("version", "deleted", "position")]
        found = self.store.select(
            f"SELECT {', '.join(names)} FROM {self.database}.{name} WHERE {where} ORDER BY {order}"
        )
        return [{n: _plain(n, v) for n, v in zip(names, row, strict=True)} for row in found]

    def insert(self, *found: Part) -> None:
        for row in found:
            self.store.insert(tables.TABLES[row.table], row.columns)

    def count(self, table: str) -> int:
        return self.count_of(f"{self.database}.{table}")

    def count_of(self, table: str) -> int:
        return int(self.store.select(f"SELECT count() FROM {table}")[0][0])


def _plain(name: str, value: Any) -> Any:
    """What the engines return differently (a tuple or list, 1 or true, times as text or integers) as one."""
    if isinstance(value, tuple | list):
        return list(value)
    if isinstance(value, str) and name in TIMES and value:
        return round(datetime.fromisoformat(value + "+00:00").timestamp() * 1000)
    return value


TIMES = {c.name for t in tables.TABLES.values() for c in t.columns if c.kind == "time"}


@contextmanager
def opened(request: pytest.FixtureRequest, directory: Path) -> Iterator[Engine]:
    """A store of the kind that the fixture asks for, with its schema, for whoever asks."""
    database = "d" + str(abs(hash(request.node.name + request.param)))
    if request.param == "embedded":
        pytest.importorskip("chdb", reason="the embedded engine is not installed (extra `local`)")
        from sinks.embedded import EmbeddedStore  # noqa: PLC0415  # an extra

        store: Store = EmbeddedStore(directory, database)
        found = Engine("embedded", store, database, str, lambda: store)
    else:
        running = request.getfixturevalue("clickhouse_server")
        if running.process is None:
            running.start()
        old = running.version < old_clickhouse.OLD

        def connect() -> Store:
            config = StoreConfig(kind="clickhouse", port=running.port, database=database)
            return ClickHouseStore(config, "")

        store = connect()
        found = Engine("server", store, database, old_clickhouse.adapt if old else str, connect)
    migrate.migrate(store, database, adapt=found.adapt)
    try:
        yield found
    finally:
        store.close()
