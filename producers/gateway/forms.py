"""The forms in which canonical events arrive: one object, an array, NDJSON, CloudEvents. Pure.

Usual events are read by :mod:`producers.gateway.plain`, in one piece where the form allows; the others one by one, with care.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any, Final, NamedTuple

import msgspec

from huoqun import codec
from huoqun.events import Coverage, Event, Refused, read_event
from producers.gateway import cloudevents, plain
from producers.gateway.items import Item, read_json
from producers.gateway.plain import Mask
from producers.gateway.problems import Problem
from producers.publishing.publisher import MAX_VALUE_BYTES, Record

MAX_ITEMS: Final = 10_000
"""Most events in one request: what they are answered with stays readable, and the loop stays free."""

MAX_DEPTH: Final = 32
"""Deepest nesting of unknown fields: whoever reads the event later must not run out of stack."""

_JSON: Final = "application/json"
_NDJSON: Final = ("application/x-ndjson", "application/ndjson", "application/jsonlines", "application/jsonl")
KINDS: Final = (_JSON, *_NDJSON, *cloudevents.KINDS)

_BLANK: Final = b" \t\r\n"
_MAX_INTEGER: Final = 2**63


_raws: Final = msgspec.json.Decoder(list[msgspec.Raw])


class Stamp(msgspec.Struct, frozen=True):
    """What an event gets from the request it came with. ``received_at`` is the gateway's clock (ms); ``mask`` changes it."""

    received_at: int
    source: str
    coverage: Coverage
    mask: Mask | None = None


class Taken(NamedTuple):
    """An event that is taken: its type, and its record."""

    type: str
    record: Record


@lru_cache(maxsize=256)
def check_kind(content_type: str) -> str:
    """Return the media type. Raises :class:`Problem` for those that are not taken."""
    kind, _, parameters = content_type.partition(";")
    kind = kind.strip().lower()
    charset = re.search(r"charset\s*=\s*\"?([^\s;\"]*)", parameters.lower())
    if kind not in KINDS:
        raise Problem(415, "content_type", f"send one of: {', '.join(KINDS)}", where="Content-Type")
    if charset is not None and charset[1] not in ("utf-8", "utf8", "us-ascii"):
        raise Problem(415, "content_type", "JSON is sent as UTF-8", where="Content-Type")
    return kind


def read(body: bytes, kind: str, stamp: Stamp) -> Iterator[Taken | Refused]:
    """Return what becomes of each item of a body.

    Raises :class:`Problem` where the body can't be taken apart, is empty, or too much.
    """
    start = body.lstrip(_BLANK)[:1]
    if not start:
        raise Problem(400, "malformed", "the body is empty; send at least one event", where="body")
    if kind in _NDJSON:
        return _read_lines(body, stamp)
    if kind == _JSON:
        if start == b"[":
            return _read_array(body, stamp)
        taken = _read_plain(plain.decode(body), stamp)
        return iter((taken or _read_with_care(Item(_decoded(body)), stamp),))
    return _read_envelopes(cloudevents.envelopes(_decoded(body), kind), stamp)


def read_binary(body: bytes, attributes: dict[str, str] | Refused, stamp: Stamp) -> Iterator[Taken | Refused]:
    """Return what becomes of a CloudEvent whose attributes came in headers. Raises :class:`Problem` as :func:`read` does."""
    if isinstance(attributes, Refused):
        return _read_envelopes(attributes, stamp)
    return _read_envelopes([{**attributes, "data": _decoded(body)}], stamp)


def _read_envelopes(envelopes: list[Any] | Refused, stamp: Stamp) -> Iterator[Taken | Refused]:
    if isinstance(envelopes, Refused):
        raise Problem(400, "malformed", envelopes.why, where=envelopes.where)
    _check_count(len(envelopes), least=0)
    return (_read_with_care(cloudevents.from_envelope(each), stamp) for each in envelopes)


def _read_array(body: bytes, stamp: Stamp) -> Iterator[Taken | Refused]:
    events = plain.decode_many(body)
    if events is None:
        return _read_raws(_split(body), stamp)
    _check_count(len(events))
    return _read_events(events, body, stamp)


def _read_events(events: list[Event], body: bytes, stamp: Stamp) -> Iterator[Taken | Refused]:
    raws: list[msgspec.Raw] | None = None
    for index, event in enumerate(events):
        taken = _read_plain(event, stamp)
        if taken is not None:
            yield taken
            continue
        raws = raws or _raws.decode(body)
        yield _read_with_care(read_json(bytes(raws[index])), stamp)


def _read_raws(raws: Sequence[msgspec.Raw | bytes], stamp: Stamp) -> Iterator[Taken | Refused]:
    for raw in raws:
        yield _read_plain(plain.decode(raw), stamp) or _read_with_care(read_json(bytes(raw)), stamp)


def _read_lines(body: bytes, stamp: Stamp) -> Iterator[Taken | Refused]:
    lines = [line for line in body.split(b"\n") if line.strip()]
    _check_count(len(lines))
    return _read_raws(lines, stamp)


def _split(body: bytes) -> list[msgspec.Raw]:
    """Return the items of a JSON array, unread. Raises :class:`Problem` where it is none, empty, or holds too many."""
    try:
        raws = _raws.decode(body)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        raws = []
        _decoded(body)  # says what is wrong, and where
    _check_count(len(raws))
    return raws


def _read_plain(event: Event | None, stamp: Stamp) -> Taken | None:
    if event is None:
        return None
    record = plain.record_of(event, stamp.received_at, stamp.source, stamp.coverage, stamp.mask)
    return None if record is None else Taken(event.type, record)


def _read_with_care(item: Item | Refused, stamp: Stamp) -> Taken | Refused:
    event = read_item(item, received_at=stamp.received_at, source=stamp.source, coverage=stamp.coverage)
    if isinstance(event, Refused):
        return event
    record = to_record(event, stamp.mask)
    return record if isinstance(record, Refused) else Taken(event.type, record)


def read_item(item: Item | Refused, *, received_at: int, source: str, coverage: Coverage) -> Event | Refused:
    """Return the event of an item, or why it is none. Never raises."""
    if isinstance(item, Refused):
        return item
    try:
        event = read_event(item.raw, received_at=received_at, source=source, coverage=coverage)
    except (RecursionError, ValueError, OverflowError) as error:
        return Refused(item.prefix, f"can't be read: {type(error).__name__}")
    if isinstance(event, Refused):
        return Refused(f"{item.prefix}.{event.where}".strip("."), event.why) if item.prefix else event
    return event


def to_record(event: Event, mask: Mask | None = None) -> Record | Refused:
    """Return the event as a record under its group's key, or why it can't be one. Never raises.

    ``mask`` changes it before.
    """
    if event.extra and (place := _unfit(event.extra)) is not None:
        return place
    if mask is not None:
        mask(event)
    try:
        value = codec.encode(event)
        key = event.group.encode()
    except (RecursionError, ValueError, TypeError, OverflowError, msgspec.MsgspecError) as error:
        return Refused("", f"can't be written as JSON: {type(error).__name__}")
    if len(value) > MAX_VALUE_BYTES:
        return Refused("", f"holds {len(value)} bytes; an event may hold {MAX_VALUE_BYTES}")
    return Record(key, value)


def none_taken(refused: list[dict[str, Any]]) -> Problem:
    """Return the refusal of a body that holds nothing good; ``refused`` as the answer lists it."""
    first = refused[0]
    detail = f"no event could be taken; the first: {first['where'] or 'event'}: {first['why']}"
    return Problem(400, "malformed", detail, where=str(first["where"]), refused=refused)


def refusal(index: int, refused: Refused) -> dict[str, Any]:
    """Return a refused item as the answer lists it."""
    return {"index": index, "where": refused.where, "why": refused.why}


def _decoded(body: bytes) -> Any:
    refused = read_json(body)
    if isinstance(refused, Refused):
        raise Problem(400, "malformed", refused.why, where=refused.where or "body")
    return refused.raw


def _check_count(count: int, *, least: int = 1) -> None:
    if count < least:
        raise Problem(400, "malformed", "the array is empty; send at least one event", where="body")
    if count > MAX_ITEMS:
        raise Problem(413, "too_many_items", f"{count} events in one request; {MAX_ITEMS} at most; split it")


def _unfit(extra: dict[str, Any]) -> Refused | None:
    """Say which unknown field is nested too deeply or holds a number that nobody downstream could read."""
    stack: list[tuple[str, Any, int]] = [
        (name, value, 1) for name, value in extra.items() if isinstance(value, dict | list | int)
    ]
    while stack:
        name, value, depth = stack.pop()
        if isinstance(value, dict | list):
            if depth >= MAX_DEPTH:
                return Refused(name[:64], f"nested more than {MAX_DEPTH} deep")
            inner = value.values() if isinstance(value, dict) else value
            stack += [(name, each, depth + 1) for each in inner]
        elif isinstance(value, int) and not -_MAX_INTEGER <= value < 2 * _MAX_INTEGER:
            return Refused(name[:64], "an integer beyond 64 bits; send it as text")
    return None
