"""The canonical event: what is taken, what is refused, and with which words."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from huoqun import codec
from huoqun.control import Generation, Tick
from huoqun.events import MAX_TEXT_BYTES, Event, Refused, read_event, read_time

NOW = 1_790_000_000_000
GOOD: dict[str, Any] = {"id": "m1", "type": "message", "ts": NOW, "platform": "qq", "group_id": "42", "user_id": "7"}


def read(**changes: Any) -> Event | Refused:
    return read_event({**GOOD, **changes}, received_at=NOW, source="test")


def test_a_good_event_is_taken_and_stamped() -> None:
    event = read(text="早")
    assert isinstance(event, Event)
    assert (event.group, event.received_at, event.source) == ("qq/42", NOW, "test")


def test_unknown_fields_are_kept_in_extra_and_never_refused() -> None:
    event = read(mood="good", extra={"a": 1})
    assert isinstance(event, Event)
    assert event.extra == {"mood": "good", "a": 1}


def test_what_the_gateway_sets_can_not_be_sent() -> None:
    event = read(received_at=1, source="forged", v=9)
    assert isinstance(event, Event)
    assert (event.received_at, event.source, event.v) == (NOW, "test", 1)


@pytest.mark.parametrize("field", ["id", "type", "ts", "platform", "group_id", "user_id"])
@pytest.mark.parametrize("value", [None, ""])
def test_a_missing_field_is_named(field: str, value: object) -> None:
    refused = read(**{field: value})
    assert isinstance(refused, Refused)
    assert refused.where == field
    assert "required" in refused.why


@pytest.mark.parametrize(
    ("changes", "where", "why"),
    [
        ({"type": "shout"}, "type", "allowed values: message, join,"),
        ({"ts": "yesterday"}, "ts", "RFC 3339"),
        ({"ts": "2026-11-21T08:30:00"}, "ts", "time zone"),
        ({"ts": NOW + 3_700_000}, "ts", "ahead"),
        ({"ts": -1}, "ts", "1970"),
        ({"ts": True}, "ts", "boolean"),
        ({"ts": 1.5}, "ts", "whole"),
        ({"id": "x" * 513}, "id", "longer"),
        ({"user_id": "a\nb"}, "user_id", "control"),
        ({"platform": "a/b"}, "platform", "/"),
        ({"mentions": "bob"}, "mentions", "array"),
        ({"mentions": [["bob"]]}, "mentions[0]", "str"),
        ({"is_bot": "yes"}, "is_bot", "bool"),
        ({"text": 7}, "text", "str"),
    ],
)
def test_what_is_wrong_is_named_with_its_place(changes: dict[str, Any], where: str, why: str) -> None:
    refused = read(**changes)
    assert isinstance(refused, Refused)
    assert refused.where == where
    assert why in refused.why


@pytest.mark.parametrize("raw", [None, [], "text", 5, True])
def test_what_is_no_object_is_refused(raw: object) -> None:
    assert isinstance(read_event(raw, received_at=NOW, source="test"), Refused)


def test_numbers_are_taken_for_ids() -> None:
    event = read(group_id=42, user_id=7, mentions=[8])
    assert isinstance(event, Event)
    assert (event.group_id, event.user_id, event.mentions) == ("42", "7", ["8"])


def test_long_text_is_cut_at_a_character_and_marked() -> None:
    event = read(text="群" * MAX_TEXT_BYTES)
    assert isinstance(event, Event)
    assert len(event.text.encode()) <= MAX_TEXT_BYTES
    assert event.extra["text_cut"] is True


def test_archives_are_read_as_they_are() -> None:
    """Their names of the fields, and the session as part of the group."""
    event = read_event(
        {
            "event_id": "f1:3", "file": "f1", "line": 3, "type": "message", "ts": "2007-01-01T00:00:18.500Z",
            "platform": "irc", "group_id": "ubuntu", "user_id": "u1", "nick": "Tweaked", "text": "bob: hi",
            "mentions": ["bob"], "mention_ids": ["u2"],
        },
        received_at=NOW, source="replay",
    )  # fmt: skip
    assert isinstance(event, Event)
    assert (event.id, event.group_id, event.user_name, event.mentions) == ("f1:3", "ubuntu/f1", "Tweaked", ["u2"])
    assert event.ts == 1_167_609_618_500


@given(st.datetimes())
def test_times_keep_their_milliseconds(moment: Any) -> None:
    text = moment.isoformat(timespec="milliseconds") + "Z"
    at = read_time(text)
    if isinstance(at, int):
        assert at % 1000 == moment.microsecond // 1000


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@given(
    st.dictionaries(
        st.sampled_from([*GOOD, "text", "mentions", "reply_to", "extra", "amount", "event_id"]), json_values
    )
)
def test_nothing_raises_and_what_is_taken_survives_the_wire(changes: dict[str, Any]) -> None:
    found = read(**changes)
    if isinstance(found, Event):
        again = codec.decode_record(codec.encode(found))
        assert isinstance(again, Event)
        assert again.id == found.id


@given(st.binary(max_size=60))
def test_any_bytes_on_the_topic_are_an_event_a_control_record_or_refused(value: bytes) -> None:
    assert isinstance(codec.decode_record(value), Event | Tick | Generation | Refused)


def test_control_records_are_told_from_events() -> None:
    for record in (Tick(5), Generation(7)):
        assert codec.decode_record(codec.encode(record)) == record
