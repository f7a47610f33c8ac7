"""The usual event, fast: decoded straight into a struct where nothing about it needs care.

:func:`huoqun.events.read_event` is the careful way and the rule. What is read here comes out byte for byte as it would there;
whatever is unusual (fields that nobody knows, numbers for ids, aliases, nulls, anything wrong) is ``None`` here, and the
careful way decides.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Annotated, Any, Final, TypeAlias, cast

import msgspec

from huoqun import codec
from huoqun.events import (
    MAX_FUTURE_MS,
    MAX_ID_LENGTH,
    MAX_MENTIONS,
    MAX_TEXT_BYTES,
    MAX_TS_MS,
    Coverage,
    Event,
    read_time,
)
from producers.publishing.publisher import MAX_VALUE_BYTES, Record

Mask: TypeAlias = Callable[[Event], None]
"""Takes out of an event what must not leave the gateway."""

_TEXT_CHARACTERS: Final = MAX_TEXT_BYTES // 4
"""A text of so many characters is never cut, whatever they are."""

_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f]")


def _struct() -> type[Event]:
    """Return :class:`Event` as senders may write it: a time as text, no unknown fields, coverage perhaps not said.

    Made from it, with its fields in its order, so that both write the same bytes.
    """
    changed: dict[str, Any] = {
        "ts": int | str,
        "mentions": Annotated[list[str], msgspec.Meta(max_length=MAX_MENTIONS)],
        "coverage": Coverage | msgspec.UnsetType,
    }
    fields: list[Any] = []
    for field in msgspec.structs.fields(Event):
        kind = changed.get(field.name, field.type)
        if field.required:
            fields.append((field.name, kind))
        elif field.name == "coverage":
            fields.append((field.name, kind, msgspec.UNSET))
        elif field.default_factory is not msgspec.NODEFAULT:
            fields.append((field.name, kind, msgspec.field(default_factory=field.default_factory)))
        else:
            fields.append((field.name, kind, field.default))
    made = msgspec.defstruct(
        "PlainEvent", fields, kw_only=True, omit_defaults=True, forbid_unknown_fields=True, gc=False
    )
    return cast("type[Event]", made)


_Plain: Final = _struct()
_one: Final = msgspec.json.Decoder(_Plain)
_many: Final = msgspec.json.Decoder(list[_Plain])  # type: ignore[valid-type]  # made at run time
_UNREADABLE: Final = (msgspec.MsgspecError, ValueError, RecursionError)


def decode(body: bytes | msgspec.Raw) -> Event | None:
    """Return a JSON object as an event for :func:`record_of`; ``None`` where it needs care."""
    try:
        return _one.decode(body)
    except _UNREADABLE:
        return None


def decode_many(body: bytes) -> list[Event] | None:
    """Return a JSON array of them; ``None`` where any needs care."""
    try:
        return _many.decode(body)
    except _UNREADABLE:
        return None


def record_of(
    event: Event, received_at: int, source: str, coverage: Coverage, mask: Mask | None = None
) -> Record | None:
    """Return the record of what was decoded here, under its group's key; ``None`` where it needs care. Changes ``event``."""
    at: Any = event.ts
    if at.__class__ is str:
        at = read_time(at)
        if at.__class__ is str:
            return None
        event.ts = at
    platform, group_id, user_id = event.platform, event.group_id, event.user_id
    if (
        not 0 <= at <= received_at + MAX_FUTURE_MS
        or at > MAX_TS_MS
        or not (event.id and platform and group_id and (user_id or event.type == "member_count"))
        or "/" in platform
        or len(event.text) > _TEXT_CHARACTERS
        or event.received_at
        or event.source
        or event.v != 1
        or event.extra
    ):
        return None
    names = (
        f"{event.id}{platform}{group_id}{user_id}{event.user_name}{event.group_name}{event.reply_to}{event.thread_id}"
        f"{event.inviter_id}{event.currency}{event.campaign}"
    )
    # Printable or not is known at once; what is not printable may still be, say, half of an emoji.
    if len(names) > MAX_ID_LENGTH or (not names.isprintable() and _CONTROL.search(names) is not None):
        return None
    said: Any = event.coverage
    if said is msgspec.UNSET:
        if coverage != "full":
            event.coverage = coverage
    elif said == "full":
        event.coverage = cast("Coverage", msgspec.UNSET)  # the default is not written
    event.received_at, event.source = received_at, source
    if mask is not None:
        mask(event)
    try:
        value = codec.encode(event)
        key = f"{platform}/{group_id}".encode()
    except _UNREADABLE:
        return None
    return Record(key, value) if len(value) <= MAX_VALUE_BYTES else None
