"""The database beside the live one and the exchange, on the embedded engine and on a real server, old ones included."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from huoqun.config import Config
from huoqun.results import Activity, Alert, Question
from huoqun.store_config import Store as StoreConfig
from sinks import migrate, rows, scratch, tables
from sinks.clickhouse import ClickHouseStore
from sinks.store import Store
from tests.support import clickhouse, old_clickhouse

LIVE = "exchange"
FILLED = {"questions_rows": ("questions_by_time_rows",), "activity_rows": ("group_hours_rows",)}
YEAR_MS = 366 * 86_400_000


@pytest.fixture(
    params=[pytest.param("embedded", marks=pytest.mark.chdb), pytest.param("server", marks=pytest.mark.clickhouse)]
)
def opened(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[Store, Store, Callable[[str], str]]]:
    """The store as it is live, and as it is beside."""
    if request.param == "embedded":
        pytest.importorskip("chdb", reason="the embedded engine is not installed (extra `local`)")
        store = scratch.open_beside(Config(data_dir=str(tmp_path), store=StoreConfig(database=LIVE)), {})
        yield store, store, str
        store.close()
        return
    running: clickhouse.RunningClickHouse = request.getfixturevalue("server")
    config = StoreConfig(kind="clickhouse", port=running.port, database=LIVE)
    live, beside = ClickHouseStore(config, ""), scratch.open_beside(Config(store=config), {})
    adapt = old_clickhouse.adapt if running.version < old_clickhouse.OLD else str
    yield live, beside, adapt
    live.execute(f"DROP DATABASE {LIVE}")
    live.close()
    beside.close()


def question(number: int, status: str = "open") -> Question:
    return Question(
        version=number, question_id=f"q{number}", platform="qq", group_id="g", user_id="u", asked_at=number, kind="question",
        status=status, answer_event_id="", answered_by="", answered_at=None, confidence=None, by_staff=False,
    )  # fmt: skip


def put(store: Store, database: str, *found: Question | Activity | Alert) -> None:
    """Rows into the tables of one database, whichever of the two the store is opened for."""
    for part in rows.read_results([rows.codec.encode(row) for row in found]).parts:
        table = tables.TABLES[part.table]
        store.insert(table, part.columns)
        if database == LIVE:
            names = ", ".join(table.names)
            store.execute(f"INSERT INTO {LIVE}.{table.storage} ({names}) SELECT {names} FROM {beside(table)}")
            for filled in (table.storage, *FILLED.get(table.storage, ())):
                store.execute(f"TRUNCATE TABLE IF EXISTS {scratch.name_of(LIVE)}.{filled}")


def beside(table: tables.Table) -> str:
    return f"{scratch.name_of(LIVE)}.{table.storage}"


def window(year: int) -> Activity:
    return Activity(
        version=1, platform="qq", group_id="g", window="1h", window_end=year * YEAR_MS, messages=year, speakers=0,
        staff_messages=0, members=0, active_ratio=None, joins=0, leaves=0, reply_rate=None, first_response_p50=None,
        first_response_p90=None, top5_share=None, effective_speakers=None, key_people=0, false_activity=None,
        same_faces=None, mesh_index=None,
    )  # fmt: skip


def test_what_is_beside_takes_the_place_of_what_is_live_and_nothing_else_is_touched(
    opened: tuple[Store, Store, Callable[[str], str]],
) -> None:
    live, other, adapt = opened
    scratch.begin(other, LIVE, adapt=adapt)
    put(other, LIVE, question(1), question(2), window(30), window(31))
    put(other, "beside", question(2, "answered"), question(3), window(31), window(32))
    if adapt is str:
        live.execute(f"INSERT INTO {LIVE}.campaigns_rows (name) VALUES ('kept')")

    done = scratch.exchange(other, LIVE)

    assert {t.storage for t in scratch.COMPUTED} <= set(done)
    found = live.select(f"SELECT question_id, status FROM {LIVE}.questions ORDER BY question_id")
    assert [tuple(row) for row in found] == [("q2", "answered"), ("q3", "open")]
    windows = live.select(f"SELECT messages FROM {LIVE}.activity ORDER BY messages")
    assert [int(row[0]) for row in windows] == [31, 32], "a year that is not there any more is gone"
    if adapt is str:
        assert "questions_by_time_rows" in done, "what is filled from them goes with them"
        hours = live.select(f"SELECT messages FROM {LIVE}.group_hours ORDER BY messages")
        assert [int(row[0]) for row in hours] == [31, 32]
        assert live.select(f"SELECT count() FROM {LIVE}.campaigns_rows")[0][0] in (1, "1")
    scratch.exchange(other, LIVE)
    scratch.end(other, LIVE)
    assert len(live.select(f"SELECT question_id FROM {LIVE}.questions")) == 2, (
        "again, and without its source, it is the same"
    )


def test_what_an_earlier_try_has_left_is_thrown_away(opened: tuple[Store, Store, Callable[[str], str]]) -> None:
    _, other, adapt = opened
    scratch.begin(other, LIVE, adapt=adapt)
    put(other, "beside", question(1))
    scratch.begin(other, LIVE, adapt=adapt)
    assert other.select(f"SELECT question_id FROM {beside(tables.QUESTIONS)}") == []
    assert migrate.applied(other, LIVE)
