"""What every store must do, on the embedded engine and on a real server."""

import threading
from typing import Any

import pytest

from huoqun import codec
from huoqun.events import Event
from huoqun.results import Activity, Alert, GroupSummary, Member, MemberRisk, Question
from sinks import migrate, rows, tables
from sinks.rows import Part, Read
from sinks.store import RejectedError, UnusableError
from tests.support.engines import Engine

HOSTILE = [
    "'; DROP TABLE events_rows; --", "\\", "\\N", "\\'", '"', "`", "a\tb\nc\rd", "\0null\0", "{x:String}", "%(x)s %s", "NULL",
    "你好，吗？", "🀄️👩‍👩‍👧", "\u202egnp.exe", "\ufeff", "\u2028", "é" * 1_000, " ", "a/b", "$$x$$", "<script>alert(1)</script>", "{{7*7}}",
]  # fmt: skip


def only(read: Read) -> Part:
    (part,) = read.parts
    assert not read.refused
    return part


def together(*parts: Part) -> list[list[Any]]:
    return [
        [value for column in columns for value in column] for columns in zip(*(p.columns for p in parts), strict=True)
    ]


def event(**fields: Any) -> Part:
    base = {
        "id": "e1", "type": "message", "ts": 1_700_000_000_123, "platform": "qq", "group_id": "g", "user_id": "u",
        "received_at": 1_700_000_000_500,
    }  # fmt: skip
    return only(rows.read_events([codec.encode(Event(**(base | fields)))], [1], store_text=True))


def result(record: Any) -> Part:
    return only(rows.read_results([codec.encode(record)]))


def question(**fields: Any) -> Part:
    base = {
        "platform": "qq", "group_id": "g", "question_id": "e1", "user_id": "u", "asked_at": 1_700_000_000_000,
        "kind": "question", "status": "open", "version": 1,
    }  # fmt: skip
    return result(Question(**(base | fields)))


FULL = [
    Activity(
        platform="qq", group_id="g", window="24h", window_end=1_700_000_040_000, messages=5, speakers=2, staff_messages=1,
        members=9, active_ratio=0.25, joins=1, leaves=2, reply_rate=0.5, first_response_p50=12.5, first_response_p90=99.0,
        top5_share=1.0, effective_speakers=1.9, key_people=2, false_activity=False, same_faces=0.1, mesh_index=0.7, version=3,
    ),
    Activity(platform="qq", group_id="g", window="5m", window_end=1_700_000_040_000, version=3),
    Question(
        platform="qq", group_id="g", question_id="e1", user_id="u", asked_at=1_700_000_000_001, kind="mention",
        status="answered", answer_event_id="e2", answered_by="v", answered_at=1_700_000_000_999, confidence=0.9,
        by_staff=True, joined_to="e0", due_at=1_700_000_600_001, version=3,
    ),
    Question(
        platform="qq", group_id="g", question_id="e3", user_id="u", asked_at=0, kind="newcomer", status="open", version=3
    ),
    Alert(
        platform="qq", group_id="g", alert_id="a", kind="flood", severity="critical", user_id="u", subject_event_id="e",
        raised_at=1, updated_at=2, state="resolved", resolved_at=3, title="太多消息", reasons=["一", "b'c\\"],
        evidence='{"n": [1, "x"]}', version=3,
    ),
    Member(
        platform="qq", group_id="g", user_id="u", user_name="Ann", joined_at=1, left_at=2, last_message_at=3,
        messages_28d=4, role="helper", layer="core", is_staff=True, is_bot=False, risk=0.5, risk_reasons=["quiet"], as_of=5,
        version=3,
    ),
    Member(platform="qq", group_id="g", user_id="v", version=3),
    MemberRisk(platform="qq", group_id="*", user_id="u", as_of=1_699_920_000_000, risk=0.25, reasons=["r"], version=3),
    GroupSummary(
        platform="qq", group_id="g", group_name="群", kind="fan", stage="fading", stage_since=1, alive=False, members=3,
        health=0.5, reasons=["x"], first_event_at=1, last_event_at=2, last_message_at=3, late_events=4, version=3,
    ),
    GroupSummary(platform="qq", group_id="h", version=3),
]  # fmt: skip


@pytest.mark.parametrize("record", FULL, ids=lambda r: type(r).__name__)
def test_a_result_reads_back_as_it_was_written(engine: Engine, record: Any):
    row = result(record)
    engine.insert(row)
    (found,) = engine.view(row.table)
    for name, value in found.items():
        assert value == getattr(record, name), name


def test_an_event_reads_back_as_it_was_written(engine: Engine):
    engine.insert(
        event(
            text="a\n'b' 世界", mentions=["x", "y'"], amount=1.25, reason="banned", count=-3, extra={"k": {"n": [None, 1.5]}},
            is_bot=True, user_name="Ann", coverage="mentions", source="s",
        )
    )  # fmt: skip
    (found,) = engine.view("events")
    assert found["text"] == "a\n'b' 世界"
    assert found["mentions"] == ["x", "y'"]
    assert found["extra"] == '{"k":{"n":[null,1.5]}}'
    assert (found["ts"], found["received_at"]) == (1_700_000_000_123, 1_700_000_000_500)
    assert (found["amount"], found["reason"], found["count"]) == (1.25, "banned", -3)
    assert (found["is_bot"], found["is_staff"], found["coverage"]) == (True, False, "mentions")


def test_what_is_not_known_is_null_and_stays_so_when_the_batch_is_stored_again(engine: Engine):
    row = event()
    for _ in range(2):
        engine.insert(row)
    (found,) = engine.view("events")
    assert (found["amount"], found["reason"], found["count"]) == (None, None, None)


def test_repeats_are_never_seen(engine: Engine):
    batch = together(*(event(id=f"e{n}") for n in range(100)))
    for _ in range(3):
        engine.store.insert(tables.EVENTS, batch)
    assert engine.count("events") == 100


@pytest.mark.parametrize("order", [(1_000, 2_000, 3_000), (3_000, 1_000, 2_000), (2_000, 3_000, 1_000)])
def test_of_several_deliveries_the_first_accepted_is_seen_whenever_it_is_stored(engine: Engine, order: tuple[int, ...]):
    for received in order:
        engine.insert(event(received_at=received, ts=received, text=str(received)))
    (found,) = engine.view("events")
    assert (found["text"], found["ts"]) == ("1000", 1_000)
    assert engine.view("events", where="text = '2000'") == [], "a filter must not bring back what was replaced"


@pytest.mark.parametrize("order", [(1, 2), (2, 1)])
def test_the_greater_version_of_a_result_is_seen_whenever_it_is_stored(engine: Engine, order: tuple[int, ...]):
    for version in order:
        engine.insert(question(version=version, status="open" if version == 1 else "answered"))
    (found,) = engine.view("questions")
    assert found["status"] == "answered"
    assert engine.view("questions", where="status = 'open'") == []


def test_of_versions_in_one_batch_the_greatest_is_seen_and_of_equals_the_last(engine: Engine):
    versions = [question(version=v, user_id=u) for v, u in ((2, "a"), (3, "b"), (3, "c"), (1, "d"))]
    engine.store.insert(tables.QUESTIONS, together(*versions))
    assert [row["user_id"] for row in engine.view("questions")] == ["c"]


def test_what_is_given_to_be_stored_is_left_as_it_is(engine: Engine):
    row, again = event(), event()
    engine.insert(row)
    assert row == again


def test_a_deleted_row_is_hidden_and_an_older_version_does_not_bring_it_back(engine: Engine):
    engine.insert(question(version=1), question(version=3, deleted=True), question(version=2))
    assert engine.view("questions") == []
    engine.insert(question(version=4))
    assert len(engine.view("questions")) == 1


def test_results_of_many_years_go_in_as_one_batch(engine: Engine):
    year = 366 * 86_400_000
    batch = together(
        *(result(Activity(platform="p", group_id="g", window="1h", window_end=n * year, version=1)) for n in range(129))
    )
    engine.store.insert(tables.ACTIVITY, batch)
    assert engine.count("activity") == 129


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_strings_round_trip_in_every_field(engine: Engine, text: str):
    engine.insert(
        event(
            id=text, platform=text, group_id=text, user_id=text, user_name=text, group_name=text, text=text, reply_to=text,
            thread_id=text, mentions=[text, text], inviter_id=text, currency=text, campaign=text, source=text,
            extra={text: text},
        ),
        result(
            Alert(
                platform=text, group_id=text, alert_id=text, kind="flood", severity="info", raised_at=1, updated_at=1,
                state="open", title=text, reasons=[text], evidence=text, version=1,
            )
        ),
    )  # fmt: skip
    (found,) = engine.view("events")
    for name in ("id", "platform", "group_id", "user_name", "text", "reply_to", "inviter_id", "campaign", "source"):
        assert found[name] == text, name
    assert found["mentions"] == [text, text]
    assert codec.decode_json(found["extra"]) == {text: text}
    (alert,) = engine.view("alerts")
    assert (alert["title"], alert["reasons"], alert["evidence"]) == (text, [text], text)


@pytest.mark.parametrize("place", ["id", "mentions", "count", "received_at", "version"])
def test_a_value_that_cannot_be_stored_is_rejected_and_the_store_goes_on(engine: Engine, place: str):
    bad = {"id": 5, "mentions": [5], "count": "many", "received_at": None, "version": -1}[place]
    columns = together(event(id="good"), event())
    columns[tables.EVENTS.names.index(place)][1] = bad
    with pytest.raises(RejectedError):
        engine.store.insert(tables.EVENTS, columns)
    assert engine.count("events_rows") == 0, "a batch is stored whole or not at all"
    engine.insert(event())
    assert engine.count("events") == 1


def test_a_missing_table_is_for_a_person_not_for_the_dead_letters(engine: Engine):
    engine.store.execute(f"DROP TABLE {engine.database}.events_rows")
    with pytest.raises(UnusableError):
        engine.insert(event())


def test_the_columns_that_are_written_are_those_of_the_schema(engine: Engine):
    for table in tables.TABLES.values():
        described = engine.store.select(f"DESCRIBE TABLE {engine.database}.{table.storage}")
        assert [row[0] for row in described] == list(table.names)
        key = engine.store.select(
            "SELECT name FROM system.columns WHERE is_in_sorting_key AND table = "
            f"'{table.storage}' AND database = '{engine.database}'"
        )
        assert {row[0] for row in key} == set(table.key)


def test_migrations_are_applied_once(engine: Engine):
    engine.insert(event())
    assert migrate.migrate(engine.store, engine.database, adapt=engine.adapt) == []
    migrate.check(engine.store, engine.database)
    assert engine.count("events") == 1
    assert sorted(migrate.applied(engine.store, engine.database)) == [m.number for m in migrate.shipped()]


def test_an_edited_migration_is_refused(engine: Engine):
    engine.store.execute(
        f"INSERT INTO {engine.database}.schema_migrations (number, name, checksum, version) "
        f"SELECT 1, 'events', 'another', {2**62}"
    )
    with pytest.raises(UnusableError, match="001_events"):
        migrate.migrate(engine.store, engine.database, adapt=engine.adapt)


def test_a_migration_that_is_overtaken_in_any_step_ends_as_the_overtaking_one(engine: Engine):
    """A step's rows are copied by whoever is first: later steps have made the table wider for the one that is late."""
    copying = {
        step: s for step in migrate.shipped() for s in step.statements(engine.database)[::-1] if s.startswith("INSERT")
    }
    assert len(copying) > 1
    whole = shape(engine)
    for step, statement in copying.items():
        engine.store.execute(f"DROP DATABASE {engine.database}")
        late = Overtaken(engine, before=engine.adapt(statement))
        migrate.migrate(late, engine.database, adapt=engine.adapt)
        assert late.overtaken, step.name
        migrate.check(engine.store, engine.database)
        assert shape(engine) == whole, step.name


class Overtaken:
    """A store as a slow process has it: right before one statement another process migrates from beginning to end."""

    def __init__(self, engine: Engine, before: str) -> None:
        self.engine, self.before, self.overtaken = engine, before, False
        self.select, self.insert, self.close = engine.store.select, engine.store.insert, engine.store.close

    def execute(self, sql: str) -> None:
        if sql == self.before and not self.overtaken:
            self.overtaken = True
            migrate.migrate(self.engine.store, self.engine.database, adapt=self.engine.adapt)
        self.engine.store.execute(sql)


def shape(engine: Engine) -> list[tuple[Any, ...]]:
    """Every table and view with its columns."""
    return engine.store.select(
        f"SELECT table, name, type FROM system.columns WHERE database = '{engine.database}' ORDER BY table, name"
    )


def test_two_migrations_at_once_end_as_one(engine: Engine):
    engine.store.execute(f"DROP DATABASE {engine.database}")
    failed: list[BaseException] = []

    def run() -> None:
        store = engine.another()
        try:
            migrate.migrate(store, engine.database, adapt=engine.adapt)
        except BaseException as error:  # noqa: BLE001  # told by the test
            failed.append(error)
        finally:
            if store is not engine.store:
                store.close()

    threads = [threading.Thread(target=run) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    migrate.check(engine.store, engine.database)
    engine.insert(event())
    assert engine.count("events") == 1
