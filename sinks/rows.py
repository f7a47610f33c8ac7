"""Records of the topics as rows of the store (pure): what fits becomes rows, what does not says why.

Records come in chunks and go on in columns, as the store takes them: nothing is made per row but its values. What a
chunk cannot be read as is found record by record; the rest of it stays on the fast way.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from operator import attrgetter
from typing import Any, Final, NamedTuple

import msgspec

from huoqun import codec
from huoqun.control import PREFIX, Erase
from huoqun.events import MAX_TS_MS, Event, Refused
from huoqun.results import Action, Activity, Alert, AnyResult, Delivery, GroupSummary, Member, MemberRisk, Question
from sinks import tables
from sinks.tables import Columns, Table

MAX_VERSION: Final = 2**63
"""Versions of events count down from here: the first accepted one has the greatest."""

_INT_RANGE: Final = (-(2**63), 2**63 - 1)
_UINT_RANGE: Final = (0, 2**63)
_TIME_RANGE: Final = (0, MAX_TS_MS)
_V_RANGE: Final = (0, 2**32 - 1)


class Part(NamedTuple):
    """Rows for one table. ``at`` says for each row which record of the chunk it came from."""

    table: str
    columns: Columns
    at: Sequence[int]


class Read(NamedTuple):
    """What a chunk holds: rows by table, and the records (by their place in the chunk) that nobody can use."""

    parts: list[Part]
    refused: list[tuple[int, Refused]]
    erasures: Sequence[Erase] = ()
    """What the chunk asks to be erased."""


Reader = Callable[[Sequence[bytes | None], Sequence[int]], Read]
"""Reads the values of a chunk of records, whose offsets are given beside them. Never raises."""

_NOTHING: Final = Read([], [])
_json: Final = msgspec.json.Encoder()
_RESULT_TABLES: Final[dict[type, Table]] = {
    Activity: tables.ACTIVITY,
    Question: tables.QUESTIONS,
    Alert: tables.ALERTS,
    Member: tables.MEMBERS,
    MemberRisk: tables.MEMBER_RISK,
    GroupSummary: tables.GROUPS,
    Action: tables.ACTIONS,
    Delivery: tables.DELIVERIES,
}
_OURS: Final = ("extra", "position", "version", "deleted")
"""Columns that are no fields of a record."""
_fields: Final = {t.name: tuple(n for n in t.names if n not in _OURS) for t in tables.TABLES.values()}
_values: Final = {name: attrgetter(*fields) for name, fields in _fields.items()}
"""Table -> what takes its fields out of a record, all at once."""


def _ranges(table: Table) -> dict[str, tuple[int, int, bool]]:
    limits = {"int": _INT_RANGE, "uint": _UINT_RANGE, "time": _TIME_RANGE}
    return {
        column.name: (*(_V_RANGE if column.name == "v" else limits[column.kind]), column.nullable)
        for column in table.columns
        if column.kind in limits
    }


_checked: Final = {t.name: _ranges(t) for t in tables.TABLES.values()}


def read_events(values: Sequence[bytes | None], offsets: Sequence[int], *, store_text: bool) -> Read:
    """Read records of the events topic.

    Control records are no rows, nor is what can't be read: the streams read every record, and put those into the dead
    letters; once is enough. Without ``store_text`` a row has everything but the text.
    """
    at: Sequence[int] = range(len(values))
    events = None
    if None not in values:
        wanted = [v for v in values if v is not None and not v.startswith(PREFIX)]
        if len(wanted) != len(values):
            at = [i for i, v in enumerate(values) if v is not None and not v.startswith(PREFIX)]
        events = codec.decode_events(wanted)
    if events is None:
        found = [(i, record) for i, v in enumerate(values) if isinstance(record := codec.decode_record(v), Event)]
        at, events = [i for i, _ in found], [record for _, record in found]
    erasures = _erasures(values) if len(events) != len(values) else ()
    if not events:
        return Read([], [], erasures) if erasures else _NOTHING

    def columns(events: Sequence[Event], at: Sequence[int]) -> dict[str, list[Any]]:
        made = _columns_of("events", events)
        if not store_text:
            made["text"] = [""] * len(events)
        made["extra"] = [_json.encode(e.extra).decode() if e.extra else "{}" for e in events]
        made["position"] = list(offsets) if len(at) == len(offsets) else [offsets[i] for i in at]
        made["version"] = [MAX_VERSION - received for received in made["received_at"]]
        made["deleted"] = [0] * len(events)
        return made

    return _fitting(tables.EVENTS, events, at, columns)._replace(erasures=erasures)


def read_results(values: Sequence[bytes | None], _offsets: Sequence[int] = ()) -> Read:
    """Read records of a result topic."""
    refused: list[tuple[int, Refused]] = []
    records = codec.decode_results(values) if None not in values else None  # type: ignore[arg-type]  # just looked
    places: Sequence[int] = range(len(values))
    erasures: Sequence[Erase] = ()
    if records is None:
        records, places, erasures = [], [], _erasures(values)
        for i, value in enumerate(values):
            if codec.erasure_in(value) is not None:
                continue
            record = Refused("", "the record has no value") if value is None else codec.decode_result(value)
            if isinstance(record, Refused):
                refused.append((i, record))
            else:
                records.append(record)
                places.append(i)
    parts: list[Part] = []
    for kind in dict.fromkeys(map(type, records)):
        chosen: Sequence[AnyResult] = records
        at = places
        if len(_RESULT_TABLES) > 1 and any(type(r) is not kind for r in records):
            picked = [(i, r) for i, r in zip(places, records, strict=True) if type(r) is kind]
            at, chosen = [i for i, _ in picked], [r for _, r in picked]
        read = _fitting(_RESULT_TABLES[kind], chosen, at, _result_columns(_RESULT_TABLES[kind]))
        parts += read.parts
        refused += read.refused
    return Read(parts, sorted(refused, key=lambda entry: entry[0]), erasures)


def reader(*, events: bool, store_text: bool) -> Reader:
    """Return how to read the records of one topic."""
    if events:
        return lambda values, offsets: read_events(values, offsets, store_text=store_text)
    return read_results


def by_table(read: Read) -> dict[str, list[tuple[Any, ...]]]:
    """Return table -> rows of what was read: the values in the order of the table's columns."""
    found: dict[str, list[tuple[Any, ...]]] = defaultdict(list)
    for part in read.parts:
        found[part.table] += zip(*part.columns, strict=True)
    return found


def _erasures(values: Sequence[bytes | None]) -> Sequence[Erase]:
    return tuple(found for value in values if (found := codec.erasure_in(value)) is not None)


def _columns_of(table: str, records: Sequence[Any]) -> dict[str, list[Any]]:
    """Return the values of each field; there is at least one record."""
    return dict(zip(_fields[table], map(list, zip(*map(_values[table], records), strict=True)), strict=True))


def _result_columns(table: Table) -> Callable[[Sequence[Any], Sequence[int]], dict[str, list[Any]]]:
    def columns(records: Sequence[Any], _at: Sequence[int]) -> dict[str, list[Any]]:
        made = _columns_of(table.name, records)
        made["version"] = [r.version for r in records]
        made["deleted"] = [int(r.deleted) for r in records]
        return made

    return columns


def _fitting(
    table: Table,
    records: Sequence[Any],
    at: Sequence[int],
    columns: Callable[[Sequence[Any], Sequence[int]], dict[str, list[Any]]],
) -> Read:
    """Make columns of ``records``, without those that the engines would wrap around silently or refuse.

    That is integers and times out of their range.
    """
    made = columns(records, at)
    bad: dict[int, Refused] = {}
    for name, (low, high, nullable) in _checked[table.name].items():
        column = made[name]
        known = [n for n in column if n is not None] if nullable else column
        if known and not (low <= min(known) and max(known) <= high):
            for row, number in enumerate(column):
                if number is not None and not low <= number <= high:
                    bad.setdefault(row, Refused(name, f"{number} lies outside {low} to {high}"))
    if not bad:
        return Read([Part(table.name, [made[name] for name in table.names], at)], [])
    good = [row for row in range(len(records)) if row not in bad]
    refused = [(at[row], why) for row, why in sorted(bad.items())]
    if not good:
        return Read([], refused)
    left = _fitting(table, [records[row] for row in good], [at[row] for row in good], columns)
    return Read(left.parts, refused)
