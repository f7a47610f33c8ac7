"""Records of the topics as rows of the store (pure): what fits becomes a row, what does not says why."""

from __future__ import annotations

from collections.abc import Callable
from operator import attrgetter
from typing import Any, Final, NamedTuple

import msgspec

from huoqun import codec
from huoqun.events import MAX_TS_MS, Event, Refused
from huoqun.results import Activity, Alert, AnyResult, GroupSummary, Member, MemberRisk, Question
from sinks import tables
from sinks.tables import Table, Values

MAX_VERSION: Final = 2**63
"""Versions of events count down from here: the first accepted one has the greatest."""

_INT_RANGE: Final = (-(2**63), 2**63 - 1)
_UINT_RANGE: Final = (0, 2**63)
_TIME_RANGE: Final = (0, MAX_TS_MS)
_V_RANGE: Final = (0, 2**32 - 1)


class Row(NamedTuple):
    """One row for one table. ``version`` decides between rows of one ``key``; ``size`` is about its bytes."""

    table: str
    key: tuple[Any, ...]
    version: int
    values: Values
    size: int


_json: Final = msgspec.json.Encoder()
_EVENT_HIDDEN: Final = ("text", "extra", "position", "version", "deleted")
_event_values: Final = attrgetter(*(n for n in tables.EVENTS.names if n not in _EVENT_HIDDEN))
_TEXT_AT: Final = tables.EVENTS.names.index("text")
_RESULT_TABLES: Final[dict[type, Table]] = {
    Activity: tables.ACTIVITY,
    Question: tables.QUESTIONS,
    Alert: tables.ALERTS,
    Member: tables.MEMBERS,
    MemberRisk: tables.MEMBER_RISK,
    GroupSummary: tables.GROUPS,
}
_result_values: Final = {t.name: attrgetter(*t.names[:-1]) for t in _RESULT_TABLES.values()}
_keys: Final = {t.name: attrgetter(*t.key) for t in (tables.EVENTS, *_RESULT_TABLES.values())}


def _ranges(table: Table) -> tuple[tuple[int, str, int, int], ...]:
    limits = {"int": _INT_RANGE, "uint": _UINT_RANGE, "time": _TIME_RANGE}
    found = []
    for at, column in enumerate(table.columns):
        if column.kind in limits:
            low, high = _V_RANGE if column.name == "v" else limits[column.kind]
            found.append((at, column.name, low, high))
    return tuple(found)


_checked: Final = {t.name: _ranges(t) for t in tables.TABLES.values()}


def event_row(value: bytes | None, offset: int, *, store_text: bool) -> Row | Refused | None:
    """Read one record of the events topic; ``None`` for what is no event.

    That is a control record, or one that can't be read: the streams read every record, and put those into the dead
    letters; once is enough.

    ``offset`` is the record's own: the order of arrival. Without ``store_text`` the row has everything but the text.
    """
    record = codec.decode_record(value)
    if isinstance(record, Event):
        head = _event_values(record)
        text = record.text if store_text else ""
        extra = _json.encode(record.extra).decode() if record.extra else "{}"
        version = MAX_VERSION - record.received_at
        values = (*head[:_TEXT_AT], text, *head[_TEXT_AT:], extra, offset, version, 0)
        return _fitting(tables.EVENTS.name, record, version, values, len(value or b""))
    return None


def result_row(value: bytes | None) -> Row | Refused:
    """Read one record of a result topic."""
    if value is None:
        return Refused("", "the record has no value")
    record = codec.decode_result(value)
    if isinstance(record, Refused):
        return record
    table = _RESULT_TABLES[type(record)].name
    values = (*_result_values[table](record), int(record.deleted))
    return _fitting(table, record, record.version, values, len(value))


def reader(*, events: bool, store_text: bool) -> Callable[[bytes | None, int], Row | Refused | None]:
    """Return how to read the records of one topic: (value, offset) to row."""
    if events:
        return lambda value, offset: event_row(value, offset, store_text=store_text)
    return lambda value, _offset: result_row(value)


def _fitting(table: str, record: Event | AnyResult, version: int, values: Values, size: int) -> Row | Refused:
    """Check what the engines would wrap around silently or refuse: integers and times out of their range."""
    for at, name, low, high in _checked[table]:
        number = values[at]
        if number is not None and not low <= number <= high:
            return Refused(name, f"{number} lies outside {low} to {high}")
    return Row(table, _keys[table](record), version, values, size)
