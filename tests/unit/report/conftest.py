"""The sample community, computed by the real core and stored by the real migrations in the embedded engine."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest

from huoqun import codec
from huoqun.config import Config
from huoqun.control import Tick
from huoqun.events import Event, read_event
from huoqun.report import Query
from producers.simulator import sample_community
from sinks import tables
from sinks.rows import by_table, reader
from streams.core.partition import Partition

END = 1_795_262_400_000  # 20:00 in Shanghai


def computed(end_ms: int, after_ms: int = 60_000) -> tuple[list[tuple[str, tuple[Any, ...]]], list[Any]]:
    """Return the rows of every table, and the results, of the sample community that ends at ``end_ms``."""
    partition = Partition(0, Config())
    records: list[bytes] = []
    for raw in sample_community(end_ms):
        event = read_event(raw, received_at=end_ms, source="sample")
        assert isinstance(event, Event)
        records.append(codec.encode(event))
    log = list(enumerate([*records, codec.encode(Tick(end_ms)), codec.encode(Tick(end_ms + after_ms))]))
    assert partition.apply(log) == []
    results = partition.checkpoint().results
    of_events, of_results = reader(events=True, store_text=True), reader(events=False, store_text=True)
    read = [of_events([value for _, value in log], [offset for offset, _ in log])]
    read.append(of_results([codec.encode(result) for result in results], range(len(results))))
    return [(table, row) for found in read for table, rows in by_table(found).items() for row in rows], results


@pytest.fixture(scope="module")  # not the session: a process has one engine, and other suites want theirs
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    pytest.importorskip("chdb", reason="needs the embedded ClickHouse engine (extra `local`)")
    from sinks.embedded import EmbeddedStore  # noqa: PLC0415  # needs chdb, which may be missing
    from sinks.migrate import migrate  # noqa: PLC0415  # as above

    store = EmbeddedStore(tmp_path_factory.mktemp("report"), "huoqun")
    migrate(store, "huoqun")
    migrate(store, "empty")
    by_table: dict[str, list[tuple[Any, ...]]] = defaultdict(list)
    for table, values in computed(END)[0]:
        by_table[table].append(values)
    for table, rows in by_table.items():
        store.insert(tables.TABLES[table], [list(column) for column in zip(*rows, strict=True)])
    yield store
    store.close()


def asking(store: Any, database: str) -> Query:
    from sinks.embedded import Limits  # noqa: PLC0415  # needs chdb, which may be missing

    def query(sql: str) -> list[dict[str, Any]]:
        data = store.read(sql, format_name="JSONCompact", database=database, params={}, limits=Limits())
        answer = msgspec.json.decode(data)
        names = [column["name"] for column in answer["meta"]]
        return [dict(zip(names, row, strict=True)) for row in answer["data"]]

    return query


@pytest.fixture
def query(store: Any) -> Query:
    return asking(store, "huoqun")


@pytest.fixture
def empty(store: Any) -> Query:
    return asking(store, "empty")
