"""Bytes to values and back: one place for the wire format (JSON, UTF-8)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, TypeVar

import msgspec

from huoqun.control import PREFIX, Erase, Generation, Tick
from huoqun.events import Event, Refused
from huoqun.faults import without_values
from huoqun.results import AnyResult, DeadLetter, Replayed

Control = Tick | Generation | Erase

_encoder: Final = msgspec.json.Encoder()
_events: Final = msgspec.json.Decoder(Event)
_controls: Final[msgspec.json.Decoder[Control]] = msgspec.json.Decoder(Control)
_results: Final[msgspec.json.Decoder[AnyResult]] = msgspec.json.Decoder(AnyResult)
_dead: Final = msgspec.json.Decoder(DeadLetter)
_replayed: Final = msgspec.json.Decoder(Replayed)
_ERASE: Final = b'{"control":"erase"'
_REPLAYED: Final = b'{"record":"replayed"'
_any: Final = msgspec.json.Decoder()


def encode(value: msgspec.Struct) -> bytes:
    """Return the record value of an event, control record, result or dead letter."""
    return _encoder.encode(value)


def decode_record(value: bytes | None) -> Event | Control | Refused:
    """Read one record of the events topic. Never raises: what can't be read is a :class:`Refused` for the dead letters."""
    if value is None:
        return Refused("", "the record has no value")
    try:
        if value.startswith(PREFIX):
            return _controls.decode(value)
        return _events.decode(value)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        return Refused("", without_values(error))


def erasure_in(value: bytes | None) -> Erase | None:
    """Return the erasure that a record of any topic asks for, if it is one."""
    if value is None or not value.startswith(_ERASE):
        return None
    try:
        record = _controls.decode(value)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    return record if isinstance(record, Erase) else None


def decode_result(value: bytes) -> AnyResult | Refused:
    """Read one record of a result topic."""
    try:
        return _results.decode(value)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        return Refused("", without_values(error))


def decode_events(values: Sequence[bytes]) -> list[Event] | None:
    """Read many events at once: a third less time than one by one.

    ``None`` when any of ``values`` is not exactly one event: then :func:`decode_record` says of each what it is.
    """
    return _together(_events, values)


def decode_results(values: Sequence[bytes]) -> list[AnyResult] | None:
    """Read many result records at once; ``None`` when any is none: then ask :func:`decode_result` about each."""
    return _together(_results, values)


def decode_dead_letter(value: bytes) -> DeadLetter | Refused:
    """Read one record of the dead-letter topic."""
    try:
        return _dead.decode(value)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        return Refused("", without_values(error))


def decode_letter(value: bytes | None) -> DeadLetter | Replayed | Refused:
    """Read one record of the dead-letter topic, where notes of what was sent again stand among the letters."""
    if value is None:
        return Refused("", "the record has no value")
    if not value.startswith(_REPLAYED):
        return decode_dead_letter(value)
    try:
        return _replayed.decode(value)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        return Refused("", without_values(error))


def decode_json(value: bytes | str) -> Any:
    """Read any JSON; raises :class:`msgspec.DecodeError`, :class:`UnicodeDecodeError` or :class:`RecursionError`."""
    return _any.decode(value)


Read = TypeVar("Read")


def _together(decoder: msgspec.json.Decoder[Read], values: Sequence[bytes]) -> list[Read] | None:
    if b"\n" in b"".join(values):  # to count them in what is read costs twenty times as much
        return None  # a value of several lines: what follows would be read in the wrong place
    if values and min(values)[:1] <= b" ":
        return None  # perhaps one of nothing but space, which is no line, beside one that holds two
    try:
        found = decoder.decode_lines(b"\n".join(values))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    return found if len(found) == len(values) else None
