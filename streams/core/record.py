"""A group's record by day: what each of the last eight weeks' days was like, for all that compares a group with its past.

Packed: :data:`FIELDS` numbers of two bytes a day, without gaps, the last one yesterday's. 672 bytes when it is full.
"""

from __future__ import annotations

from array import array
from typing import Final

RECORD_DAYS: Final = 56
"""As many days are kept: five weeks to tell what is usual, and three of decline."""
FIELDS: Final = 6
MESSAGES: Final = 0
"""Messages by members (neither staff nor bots)."""
SPEAKERS: Final = 1
"""Members who spoke."""
STAFF: Final = 2
"""Messages by staff."""
MESH: Final = 3
"""First replies from a member to a member …"""
REPLIES: Final = 4
"""… and all first replies to members' and staff's messages."""
PEAK: Final = 5
"""Member messages in the busiest five minutes, floods left out."""
NO_RECORD: Final = b""
_MOST: Final = 0xFFFF
_DAY_BYTES: Final = 2 * FIELDS


def with_record(record: bytes, gap: int, numbers: list[int]) -> bytes:
    """Return a record with one more day, ``gap`` silent days after the last one."""
    row = array("H")
    for number in numbers:
        row.append(min(max(number, 0), _MOST))
    silent = bytes(_DAY_BYTES * min(gap, RECORD_DAYS))
    return (record + silent + row.tobytes())[-RECORD_DAYS * _DAY_BYTES :]


def days_in(record: bytes) -> int:
    """Return how many days a record holds."""
    return len(record) // _DAY_BYTES


def column(record: bytes, field: int) -> list[int]:
    """Return one field of each day, the last day first."""
    numbers: list[int] = array("H", record).tolist()
    found: list[int] = []
    at = len(numbers) - FIELDS + field
    while at >= 0:
        found.append(numbers[at])
        at -= FIELDS
    return found


def summed(days: list[int], first: int, end: int) -> int:
    """Return the sum of a column from ``first`` days ago (0: yesterday) to before ``end`` days ago."""
    total = 0
    for ago in range(first, min(end, len(days))):
        total += days[ago]
    return total
