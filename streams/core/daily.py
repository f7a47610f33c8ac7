"""Messages by day, packed: two numbers of four bytes a day. As tuples of tuples they were a sixth of a member's memory."""

from __future__ import annotations

from typing import Final

from streams.core.shared import Shared

NO_DAYS: Final = b""
_PAIR: Final = 8
_MOST: Final = 0xFFFF_FFFF
_FEW: Final = 2 * _PAIR
_DAYS: Final[Shared[bytes]] = Shared()


def shared(days: bytes) -> bytes:
    """Return equal days as one and the same object where they are few: thousands of members spoke once, on the same day."""
    return days if len(days) > _FEW else _DAYS.one(days)


def with_day(days: bytes, day: int, messages: int, since: int) -> bytes:
    """Return ``days`` and behind them ``day`` (days since 1970), without those before ``since``."""
    return from_day(days + day.to_bytes(4, "little") + min(messages, _MOST).to_bytes(4, "little"), since)


def from_day(days: bytes, since: int) -> bytes:
    """Return the days from ``since`` on."""
    numbers = pairs(days)
    first = 0
    while first < len(numbers) and numbers[first] < since:
        first += 2
    return days[first // 2 * _PAIR :]


def pairs(days: bytes) -> list[int]:
    """Return day, messages, day, messages … in the order of time."""
    return memoryview(days).cast("I").tolist()


def messages_from(days: bytes, since: int) -> int:
    """Return how many messages there were from the day ``since`` on."""
    total = 0
    if not days:  # most members, most days
        return total
    numbers = pairs(days)
    for i in range(0, len(numbers), 2):
        if numbers[i] >= since:
            total += numbers[i + 1]
    return total
