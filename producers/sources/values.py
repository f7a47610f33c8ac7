"""Reading what platforms write: ids, names, times. Pure; what is no such thing comes back empty or as a sentence."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Any, Final

import msgspec

from huoqun.events import MAX_FUTURE_MS, Event, Refused, read_event
from producers.sources.base import Stamp

_MS_FROM: Final = 100_000_000_000
"""A time above this is in milliseconds (as seconds it would lie after the year 5000): some senders use those."""


def read_id(value: Any) -> str:
    """Return an id as text; empty for what is none. Numbers by the book are text in some implementations."""
    if isinstance(value, bool) or not isinstance(value, int | str):
        return ""
    return str(value) if isinstance(value, str) or abs(value) < 2**64 else ""


def read_ids(payload: dict[str, Any], *names: str) -> list[str] | Refused:
    """Return ids that must be there."""
    found = []
    for name in names:
        value = read_id(payload.get(name))
        if not value:
            return Refused(name, "required: a number or text")
        found.append(value)
    return found


def read_name(value: Any) -> str:
    """Return a display name without the control characters that would have the whole event refused."""
    if not isinstance(value, str):
        return ""
    return (value if value.isprintable() else "".join(c for c in value if c.isprintable()))[:512]


def read_object_at(payload: dict[str, Any], name: str) -> dict[str, Any]:
    """Return an object within one; empty where there is none."""
    value = payload.get(name)
    return value if isinstance(value, dict) else {}


def read_list_at(payload: dict[str, Any], name: str) -> list[Any]:
    """Return an array within an object; empty where there is none."""
    value = payload.get(name)
    return value if isinstance(value, list) else []


def read_epoch(value: Any) -> int | str:
    """Return a number of seconds (fractions allowed) or milliseconds since the epoch, or text of one, as milliseconds."""
    if isinstance(value, str):
        try:
            value = float(value) if "." in value[:20] else int(value[:20])
        except ValueError:
            return "must be seconds since the epoch"
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < _MS_FROM * 1000:
        return "must be seconds since the epoch"
    return int(value) if value >= _MS_FROM else round(value * 1000)


def make_event(found: dict[str, Any], when: Any, stamp: Stamp, *, where: str) -> Event | Refused:
    """Return the canonical event of ``found``, its fields, that happened at ``when`` (:func:`read_epoch`), read at ``where``.

    A time too far ahead to be believed is replaced by the gateway's own and kept as ``ts_claimed``: the platform would send
    what is refused again and again.
    """
    at = read_epoch(when)
    if isinstance(at, str):
        return Refused(where, at)
    if at > stamp.received_at + MAX_FUTURE_MS:
        found["ts"], found["ts_claimed"] = stamp.received_at, at
    else:
        found["ts"] = at
    return read_event(found, received_at=stamp.received_at, source=stamp.source, coverage=stamp.coverage)


def made_id(group: str, said: Iterable[Any]) -> str:
    """Return an id for what the platform gives none: a hash of what it says, so that a repeat is recognised."""
    data = msgspec.json.encode(list(said), order="deterministic")
    return f"{group}:n{hashlib.sha256(data).hexdigest()[:24]}"
