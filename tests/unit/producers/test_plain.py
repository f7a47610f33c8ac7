"""The fast way to read an event gives what the careful way gives, byte for byte, or nothing."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from huoqun.events import MAX_ID_LENGTH, MAX_MENTIONS, MAX_TEXT_BYTES, Event
from producers.gateway import forms, plain
from producers.publishing.publisher import Record

NOW = 1_790_000_000_000
GOOD: dict[str, Any] = {"id": "m1", "type": "message", "ts": NOW, "platform": "qq", "group_id": "42", "user_id": "7"}


def fast(document: object, coverage: str = "full") -> Record | None:
    event = plain.decode(json.dumps(document, ensure_ascii=False).encode("utf-8", "surrogatepass"))
    return None if event is None else plain.record_of(event, NOW, "test", coverage)  # type: ignore[arg-type]


def careful(document: object, coverage: str = "full") -> Record | None:
    event = forms.read_item(forms.Item(document), received_at=NOW, source="test", coverage=coverage)  # type: ignore[arg-type]
    if not isinstance(event, Event):
        return None
    record = forms.to_record(event)
    return record if isinstance(record, Record) else None


USUAL: list[dict[str, Any]] = [
    {},
    {"ts": "2026-09-21T13:30:00Z"},
    {"ts": "2026-09-21T13:30:00.250+08:00"},
    {"text": "早上好，大家", "user_name": "群主", "group_name": "摄影"},
    {"text": "two\nlines", "mentions": ["a", "b"], "reply_to": "m0", "is_staff": True},
    {"type": "member_count", "user_id": "", "count": 500},
    {"type": "leave", "reason": "kicked"},
    {"type": "conversion", "amount": 12, "currency": "CNY", "campaign": "spring"},
    {"user_name": "👨‍👩‍👧 family"},
    {"coverage": "mentions"},
    {"coverage": "full"},
    {"reason": None, "amount": None},
    {"extra": {}, "source": "", "v": 1, "received_at": 0},
    {"mentions": ["u"] * MAX_MENTIONS},
    {"text": "群" * (MAX_TEXT_BYTES // 4)},
]


@pytest.mark.parametrize("changes", USUAL)
@pytest.mark.parametrize("coverage", ["full", "membership"])
def test_the_usual_is_read_and_written_as_the_careful_way_does(changes: dict[str, Any], coverage: str) -> None:
    document = GOOD | changes
    found = fast(document, coverage)
    assert found is not None
    assert found == careful(document, coverage)


@pytest.mark.parametrize(
    "changes",
    [
        {"mood": "good"},
        {"extra": {"a": 1}},
        {"user_id": 7},
        {"text": None},
        {"user_name": "a\nb"},
        {"id": "x" * MAX_ID_LENGTH},
        {"platform": "a/b"},
        {"user_id": ""},
        {"id": ""},
        {"ts": "yesterday"},
        {"ts": -1},
        {"ts": NOW + 3_700_000},
        {"ts": 1.0e12},
        {"type": "shout"},
        {"mentions": ["u"] * (MAX_MENTIONS + 1)},
        {"text": "x" * (MAX_TEXT_BYTES + 1)},
        {"received_at": 5},
        {"source": "forged"},
        {"v": 2},
        {"event_id": "m2"},
    ],
)
def test_the_unusual_is_left_to_the_careful_way(changes: dict[str, Any]) -> None:
    assert fast(GOOD | changes) is None


values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.sampled_from(
        [NOW, NOW + 3_600_001, 4_102_444_800_001, "2026-09-21T13:30:00Z", "full", "left", "\x7f", "a/b", "‍"]
    )
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
fields = st.sampled_from([*Event.__struct_fields__, "event_id", "file", "nick", "mood"])


@given(st.dictionaries(fields, values, max_size=6), st.sampled_from(["full", "mentions"]))
def test_whatever_is_read_fast_is_what_the_careful_way_reads(changes: dict[str, Any], coverage: str) -> None:
    document = GOOD | changes
    found = fast(document, coverage)
    assert found is None or found == careful(document, coverage)


@given(st.binary(max_size=60) | st.builds(lambda n: b"[" * n, st.integers(1, 100_000)))
def test_nothing_raises(body: bytes) -> None:
    assert plain.decode(body) is None
    assert not plain.decode_many(body)


def read_all(body: bytes, kind: str) -> list[object]:
    return list(forms.read(body, kind, forms.Stamp(NOW, "test", "full")))


def one_by_one(documents: list[object]) -> list[object]:
    found: list[object] = []
    for document in documents:
        item = forms.read_item(forms.Item(document), received_at=NOW, source="test", coverage="full")
        record = forms.to_record(item) if isinstance(item, Event) else item
        found.append(
            forms.Taken(item.type, record) if isinstance(item, Event) and isinstance(record, Record) else record
        )
    return found


@given(
    st.lists(
        st.sampled_from([*USUAL, {"mood": "good"}, {"user_id": 7}, {"platform": "a/b"}, {"id": ""}, {"ts": "later"}])
        | st.dictionaries(fields, values, max_size=3),
        min_size=1,
        max_size=6,
    )
)
def test_a_body_of_many_is_read_as_each_of_it_would_be(changes: list[dict[str, Any]]) -> None:
    """Also where one item spoils the reading of all in one piece, and where one turns out unusual after that."""
    documents: list[object] = [GOOD | each for each in changes]
    lines = [json.dumps(document, ensure_ascii=False).encode("utf-8", "replace") for document in documents]
    documents = [json.loads(line) for line in lines]
    expected = one_by_one(documents)
    assert read_all(b"[" + b", ".join(lines) + b"]", "application/json") == expected
    assert read_all(b"\n".join(lines), "application/x-ndjson") == expected
    for line, each in zip(lines, expected, strict=True):
        assert read_all(b" " + line, "application/json") == [each]
