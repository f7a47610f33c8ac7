"""Which version of this software a saved state is of, seen from its first bytes."""

from __future__ import annotations

from typing import Final

import msgspec

from streams.core.saved import FORMAT

_HEAD: Final = 3
_FIXED_ARRAY: Final = range(0x90, 0xA0)
_ARRAY_16: Final = 0xDC
_LARGEST_FIXED: Final = 0x7F


def format_of(key: bytes, value: bytes | None) -> int | None:
    """Return the format of a record of the changelog; ``None`` where it does not begin a save (a later part, a barrier)."""
    fields = key.split(b"|", 4)
    if value is None or len(fields) != 5 or fields[3] != b"0":  # noqa: PLR2004  # partition|chain|number|part|group
        return None
    try:
        _, payload = msgspec.msgpack.decode(value)
    except (msgspec.DecodeError, ValueError, TypeError):
        return None
    if not isinstance(payload, bytes) or len(payload) <= _HEAD:
        return None
    at = 1 if payload[0] in _FIXED_ARRAY else _HEAD if payload[0] == _ARRAY_16 else 0
    return payload[at] if at and payload[at] <= _LARGEST_FIXED else None


def current() -> int:
    """Return the format that this version writes and reads."""
    return FORMAT


def readable(found: int) -> bool:
    """Whether this version reads it."""
    return found == FORMAT
