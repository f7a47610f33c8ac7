import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from huoqun import codec
from huoqun.control import Generation, Tick
from huoqun.events import MAX_TS_MS, Event, Refused
from huoqun.results import Activity, Alert, GroupSummary, Member, MemberRisk, Question
from sinks import rows, tables
from sinks.rows import Row

RESULTS = {
    "activity": Activity(platform="qq", group_id="g", window="1h", window_end=60_000, version=7),
    "questions": Question(
        platform="qq", group_id="g", question_id="e1", user_id="u", asked_at=5, kind="question", status="open", version=7
    ),
    "alerts": Alert(
        platform="qq", group_id="g", alert_id="a1", kind="flood", severity="info", raised_at=1, updated_at=2, state="open",
        title="t", version=7,
    ),
    "members": Member(platform="qq", group_id="g", user_id="u", version=7),
    "member_risk": MemberRisk(platform="qq", group_id="*", user_id="u", as_of=86_400_000, risk=0.5, version=7),
    "groups": GroupSummary(platform="qq", group_id="g", version=7),
}  # fmt: skip


def event(**fields: object) -> Event:
    base: dict[str, object] = {
        "id": "e1", "type": "message", "ts": 1_700_000_000_000, "platform": "qq", "group_id": "g", "user_id": "u",
        "received_at": 1_700_000_000_500,
    }  # fmt: skip
    return Event(**(base | fields))  # type: ignore[arg-type]  # as given


def named(row: Row) -> dict[str, object]:
    return dict(zip(tables.TABLES[row.table].names, row.values, strict=True))


def read_event(record: object, **options: bool) -> Row | Refused | None:
    return rows.event_row(codec.encode(record), 42, **({"store_text": True} | options))  # type: ignore[arg-type]


def test_an_event_keeps_every_field_it_has():
    given_event = event(text="你好?", mentions=["a", "b"], extra={"k": [1, "世"]}, amount=1.5, reason="kicked", count=3)
    row = read_event(given_event)
    assert isinstance(row, Row)
    values = named(row)
    for name in Event.__struct_fields__:
        expected = '{"k":[1,"世"]}' if name == "extra" else getattr(given_event, name)
        assert values[name] == expected, name
    assert (row.key, values["position"], values["deleted"]) == (("qq", "g", "e1"), 42, 0)


def test_the_first_accepted_of_two_deliveries_has_the_greater_version():
    first, later = read_event(event(received_at=1_000)), read_event(event(received_at=2_000))
    assert isinstance(first, Row)
    assert isinstance(later, Row)
    assert first.key == later.key
    assert first.version > later.version


def test_text_stays_out_where_it_is_not_to_be_stored():
    row = read_event(event(text="secret"), store_text=False)
    assert isinstance(row, Row)
    assert "secret" not in repr(row.values)
    assert named(row)["ts"] == 1_700_000_000_000, "only the text is missing"


@pytest.mark.parametrize("control", [Tick(now=1), Generation(number=5)])
def test_control_records_are_no_rows(control: msgspec.Struct):
    assert read_event(control) is None


@pytest.mark.parametrize(
    "value", [None, b"", b"{", b"[]", b"\xff\xfe", b"{}", b'{"id":1}', b"[" * 100_000, b'{"control":"never"}']
)
def test_what_cannot_be_read_never_raises(value: bytes | None):
    """Among the events it is left to the streams, which put it into the dead letters; among the results it is refused."""
    assert rows.event_row(value, 0, store_text=True) is None
    assert isinstance(rows.result_row(value), Refused)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("count", 2**63), ("count", -(2**63) - 1), ("ts", -1), ("ts", MAX_TS_MS + 1), ("received_at", 2**70),
        ("received_at", -1), ("v", -1), ("v", 2**32),
    ],
)  # fmt: skip
def test_numbers_that_the_engine_would_wrap_around_are_refused_by_name(field: str, value: int):
    refused = read_event(event(**{field: value}))
    assert isinstance(refused, Refused)
    assert refused.where == field


@pytest.mark.parametrize("table", RESULTS)
def test_a_result_goes_to_its_own_table_with_its_key_and_version(table: str):
    result = RESULTS[table]
    row = rows.result_row(codec.encode(result))
    assert isinstance(row, Row)
    values = named(row)
    assert (row.table, row.version, values["deleted"]) == (table, 7, 0)
    assert row.key == tuple(values[name] for name in tables.TABLES[table].key)
    for name in type(result).__struct_fields__:
        assert values[name] == getattr(result, name), name


def test_no_field_of_a_result_is_left_out():
    for table, result in RESULTS.items():
        assert set(type(result).__struct_fields__) == set(tables.TABLES[table].names), table


def test_a_deleted_result_is_a_row_that_says_so():
    row = rows.result_row(codec.encode(Question(**{**msgspec.structs.asdict(RESULTS["questions"]), "deleted": True})))
    assert isinstance(row, Row)
    assert named(row)["deleted"] == 1


@given(st.binary(max_size=200))
def test_no_bytes_raise(value: bytes):
    assert isinstance(rows.event_row(value, 0, store_text=True), Row | Refused | None)
    assert isinstance(rows.result_row(value), Row | Refused)
