"""Records as bytes on disk and back: frames with a checksum. Pure.

A frame is what one request brought (or a part of it, where that is large), and is there as a whole or not at all. Frames are
numbered by their records, so that a reader knows how many are missing where some can't be read. They begin with bytes that no
UTF-8 holds, and records are UTF-8: nothing that a sender can write is ever taken for a frame.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from crc32c import crc32c

from producers.publishing.publisher import MAX_VALUE_BYTES, Record

MAGIC: Final = b"\xffHQ\xfe"

MOST_PAYLOAD: Final = 2 * MAX_VALUE_BYTES
"""Where a frame is full: any one record fits, and a reader needs no more than this at a time."""

_HEAD: Final = struct.Struct("<4sIIIQQ")
_LENGTHS: Final = struct.Struct("<iI")
_CHECKED_FROM: Final = 8  # behind the magic and the checksum itself
HEAD_BYTES: Final = _HEAD.size
MOST_BYTES: Final = HEAD_BYTES + MOST_PAYLOAD


class Frame(NamedTuple):
    """Records that were written together. The first has the number ``sequence``; ``size`` is what they take on disk."""

    sequence: int
    at_ms: int
    records: list[Record]
    size: int


class Damage(NamedTuple):
    """``size`` bytes that are no frame."""

    size: int


def size_of(records: Sequence[Record]) -> int:
    """Return how many bytes the records take at least, in one frame."""
    return HEAD_BYTES + sum(_LENGTHS.size + len(key or b"") + len(value) for key, value, _ in records)


def encode(sequence: int, at_ms: int, records: Sequence[Record]) -> Iterator[bytes]:
    """Return the frames of records, the first of which has the number ``sequence``; one unless there is much.

    Partitions are not kept: they follow from the keys. Raises :class:`ValueError` for a record that is larger than any may be.
    """
    parts: list[bytes] = []
    held = count = 0
    for key, value, _ in records:
        size = _LENGTHS.size + len(key or b"") + len(value)
        if size > MOST_PAYLOAD:
            raise ValueError(f"a record of {size} bytes")
        if held + size > MOST_PAYLOAD:
            yield _frame(sequence, at_ms, count, parts)
            sequence += count
            parts, held, count = [], 0, 0
        parts += (_LENGTHS.pack(-1 if key is None else len(key), len(value)), key or b"", value)
        held += size
        count += 1
    if count:
        yield _frame(sequence, at_ms, count, parts)


def _frame(sequence: int, at_ms: int, count: int, parts: list[bytes]) -> bytes:
    payload = b"".join(parts)
    head = _HEAD.pack(MAGIC, 0, len(payload), count, sequence, at_ms)
    checksum = crc32c(payload, crc32c(head[_CHECKED_FROM:]))
    return b"".join((_HEAD.pack(MAGIC, checksum, len(payload), count, sequence, at_ms), payload))


def decode(data: bytes, place: int, *, whole: bool) -> Frame | Damage | None:
    """Read what lies at ``place``; ``None`` if its end is missing, which can only be where ``data`` is not the ``whole``."""
    if len(data) - place < HEAD_BYTES:
        return Damage(len(data) - place) if whole else None
    magic, checksum, length, count, sequence, at_ms = _HEAD.unpack_from(data, place)
    end = place + HEAD_BYTES + length
    if magic == MAGIC and length <= MOST_PAYLOAD:
        if end > len(data) and not whole:
            return None
        if end <= len(data) and crc32c(memoryview(data)[place + _CHECKED_FROM : end]) == checksum:
            records = _records(data, place + HEAD_BYTES, count)
            if records is not None:
                return Frame(sequence, at_ms, records, end - place)
    following = data.find(MAGIC, place + 1)
    if following < 0:
        following = len(data) if whole else max(place + 1, len(data) - len(MAGIC) + 1)
    return Damage(following - place)


def _records(data: bytes, place: int, count: int) -> list[Record] | None:
    records = []
    for _ in range(count):
        if place + _LENGTHS.size > len(data):
            return None
        key_length, value_length = _LENGTHS.unpack_from(data, place)
        place += _LENGTHS.size
        key = None
        if key_length >= 0:
            key = data[place : place + key_length]
            place += key_length
        records.append(Record(key, data[place : place + value_length]))
        place += value_length
    return records


def when(head: bytes) -> int | None:
    """Return the time in a frame's head (ms), unchecked; ``None`` if it is none."""
    if len(head) < HEAD_BYTES or not head.startswith(MAGIC):
        return None
    return int(_HEAD.unpack_from(head)[5])
