"""Without a running sink: the directory opened for one query, and the stored events given back as events."""

from pathlib import Path

import msgspec
import pytest

pytest.importorskip("chdb", reason="the embedded engine is not installed (extra `local`)")

from huoqun.config import Config
from huoqun.events import Event
from huoqun.store_config import Store as StoreConfig
from sinks import http as served
from sinks import migrate, restore
from sinks.embedded import EmbeddedStore
from tests.support.stores import huoqun, insert

pytestmark = pytest.mark.chdb


def test_without_a_sink_the_directory_is_opened_for_the_query(tmp_path: Path):
    store = EmbeddedStore(tmp_path, "huoqun")
    migrate.migrate(store, "huoqun")
    store.close()
    config = Config(data_dir=str(tmp_path), store=StoreConfig(query_port=1))
    assert huoqun(config, "query", "SELECT count() AS n FROM events").stdout == "n\n0\n"
    assert huoqun(config, "query", "DROP TABLE events_rows").returncode == 1
    assert "nothing to do" in huoqun(config, "migrate").stdout
    empty = huoqun(Config(data_dir=str(tmp_path / "none"), store=config.store), "query", "SELECT 1")
    assert empty.returncode == 1
    assert "huoqun up" in empty.stderr


def history(count: int) -> list[Event]:
    """Many events of one moment, in several groups, that must come back in the order of their arrival."""
    return [
        Event(
            id=f"{(n * 7919) % count:05}", type="message", ts=1_000 + n // 50 * 60_000, platform="qq", group_id=f"g{n % 3}",
            user_id="u", text=f"t{n}", mentions=["m"], received_at=5_000 + n // 100, source="s", amount=n / 2,
            extra={"n": n, "deep": [{"世": None}]}, is_staff=n % 2 == 0, reason="left" if n % 5 == 0 else None, coverage="mentions",
        )
        for n in range(count)
    ]  # fmt: skip


@pytest.mark.parametrize("page", [7, 1_000])
def test_stored_events_come_back_whole_once_and_in_order(tmp_path: Path, page: int):
    store = EmbeddedStore(tmp_path, "huoqun")
    migrate.migrate(store, "huoqun")
    events = history(500)
    insert(store, events)
    insert(store, [msgspec.structs.replace(events[7], received_at=9_999_999, text="redelivered", ts=9)])
    insert(store, events[:100])
    store.close()
    config = Config(data_dir=str(tmp_path), store=StoreConfig(query_port=1))
    restored = list(restore.stored_events(config, page_rows=page)) if page > 100 else list(over_http(tmp_path, page))
    assert restored == events


def over_http(directory: Path, page: int) -> list[Event]:
    store = EmbeddedStore(directory, "huoqun")
    queries = served.Queries(store, "huoqun")
    server = served.serve(queries, "127.0.0.1", 0)
    config = Config(data_dir=str(directory), store=StoreConfig(query_port=server.server_address[1]))
    try:
        return list(restore.stored_events(config, page_rows=page))
    finally:
        server.shutdown()
        queries.drain()
        store.close()


def test_events_stored_without_text_come_back_without(tmp_path: Path):
    store = EmbeddedStore(tmp_path, "huoqun")
    migrate.migrate(store, "huoqun")
    events = history(20)
    insert(store, events, store_text=False)
    store.close()
    config = Config(data_dir=str(tmp_path), store=StoreConfig(query_port=1))
    restored = list(restore.stored_events(config))
    assert [e.id for e in restored] == [e.id for e in events]
    assert {e.text for e in restored} == {""}
