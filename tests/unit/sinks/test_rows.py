import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from huoqun import codec
from huoqun.control import Generation, Tick
from huoqun.events import MAX_TS_MS, Event, Refused
from huoqun.results import Activity, Alert, GroupSummary, Member, MemberRisk, Question
from sinks import rows, tables
from sinks.rows import Part, Read

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


def named(part: Part, row: int = 0) -> dict[str, object]:
    return {n: column[row] for n, column in zip(tables.TABLES[part.table].names, part.columns, strict=True)}


def read_event(record: msgspec.Struct, **options: bool) -> Read:
    return rows.read_events([codec.encode(record)], [42], **({"store_text": True} | options))


def only(read: Read) -> dict[str, object]:
    (part,) = read.parts
    assert (list(part.at), read.refused) == ([0], [])
    return named(part)


def test_an_event_keeps_every_field_it_has():
    given_event = event(text="你好?", mentions=["a", "b"], extra={"k": [1, "世"]}, amount=1.5, reason="kicked", count=3)
    values = only(read_event(given_event))
    for name in Event.__struct_fields__:
        expected = '{"k":[1,"世"]}' if name == "extra" else getattr(given_event, name)
        assert values[name] == expected, name
    assert (values["position"], values["deleted"]) == (42, 0)


def test_the_first_accepted_of_two_deliveries_has_the_greater_version():
    first, later = only(read_event(event(received_at=1_000))), only(read_event(event(received_at=2_000)))
    assert first["version"] > later["version"]  # type: ignore[operator]  # integers


def test_text_stays_out_where_it_is_not_to_be_stored():
    values = only(read_event(event(text="secret"), store_text=False))
    assert "secret" not in repr(values)
    assert values["ts"] == 1_700_000_000_000, "only the text is missing"


@pytest.mark.parametrize("control", [Tick(now=1), Generation(number=5)])
def test_control_records_are_no_rows(control: msgspec.Struct):
    assert read_event(control) == Read([], [])


UNREADABLE = [
    None, b"", b"{", b"[]", b"\xff\xfe", b"{}", b'{"id":1}', b"[" * 100_000, b'{"control":"never"}', b"\n", b" ", b"null",
]  # fmt: skip


@pytest.mark.parametrize("value", UNREADABLE)
def test_what_cannot_be_read_never_raises(value: bytes | None):
    """Among the events it is left to the streams, which put it into the dead letters; among the results it is refused."""
    assert rows.read_events([value], [0], store_text=True) == Read([], [])
    parts, refused, _ = rows.read_results([value])
    assert parts == []
    assert [at for at, _ in refused] == [0]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("count", 2**63), ("count", -(2**63) - 1), ("ts", -1), ("ts", MAX_TS_MS + 1), ("received_at", 2**70),
        ("received_at", -1), ("v", -1), ("v", 2**32),
    ],
)  # fmt: skip
def test_numbers_that_the_engine_would_wrap_around_are_refused_by_name_and_their_neighbours_stay(
    field: str, value: int
):
    records = [event(id="a"), event(id="b", **{field: value}), event(id="c")]
    parts, refused, _ = rows.read_events([codec.encode(r) for r in records], [7, 8, 9], store_text=True)
    assert [(at, why.where) for at, why in refused] == [(1, field)]
    (part,) = parts
    assert (list(part.at), part.columns[0]) == ([0, 2], ["a", "c"])
    assert named(part, 1)["position"] == 9


@pytest.mark.parametrize("table", RESULTS)
def test_a_result_goes_to_its_own_table_with_its_version(table: str):
    result = RESULTS[table]
    read = rows.read_results([codec.encode(result)])
    values = only(read)
    assert (read.parts[0].table, values["deleted"]) == (table, 0)
    for name in type(result).__struct_fields__:
        assert values[name] == getattr(result, name), name


def test_no_field_of_a_result_is_left_out():
    for table, result in RESULTS.items():
        assert set(type(result).__struct_fields__) == set(tables.TABLES[table].names), table


def test_a_deleted_result_is_a_row_that_says_so():
    gone = Question(**{**msgspec.structs.asdict(RESULTS["questions"]), "deleted": True})
    assert only(rows.read_results([codec.encode(gone)]))["deleted"] == 1


@given(st.binary(max_size=200))
def test_no_bytes_raise(value: bytes):
    rows.read_events([value], [0], store_text=True)
    rows.read_results([value])


_GOOD = [codec.encode(event(id=f"e{n}", text="a\nb", ts=n)) for n in range(3)]
_LINES = _GOOD[0].replace(b'","', b'",\n"')  # one event over several lines: JSON allows it
_OTHERS = [
    codec.encode(Tick(now=1)), codec.encode(event(id="x", count=2**70)), _LINES, _GOOD[1] + b" ", _GOOD[1] + _GOOD[2],
    _GOOD[1] + b"\n" + _GOOD[2], *UNREADABLE,
]  # fmt: skip
_RESULTS = [codec.encode(r) for r in RESULTS.values()]


def rowwise(read: Read) -> tuple[list[tuple[int, str, tuple[object, ...]]], list[tuple[int, Refused]]]:
    found = [
        (at, part.table, row)
        for part in read.parts
        for at, row in zip(part.at, zip(*part.columns, strict=True), strict=True)
    ]
    return sorted(found, key=lambda entry: entry[0]), read.refused


@given(st.lists(st.sampled_from([*_GOOD, *_OTHERS, *_RESULTS]), max_size=12))
@example([_GOOD[1] + _GOOD[2], b" "])
@example([b"", _GOOD[1] + _GOOD[2]])
def test_records_read_together_are_as_each_by_itself(values: list[bytes | None]):
    for read in (rows.reader(events=True, store_text=True), rows.reader(events=False, store_text=True)):
        single = [rowwise(read([value], [n])) for n, value in enumerate(values)]
        expected = [(n, table, row) for n, (found, _) in enumerate(single) for _, table, row in found]
        refused = [(n, why) for n, (_, bad) in enumerate(single) for _, why in bad]
        assert rowwise(read(values, range(len(values)))) == (expected, refused)
