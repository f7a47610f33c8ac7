"""Equal values kept as one and the same object: a million members have a few hundred between them."""

from __future__ import annotations

from typing import Final, Generic, TypeVar

T = TypeVar("T")
_MOST: Final = 20_000


class Shared(Generic[T]):
    """The values of one kind that are in use, or were: all are forgotten when there are 20,000."""

    def __init__(self) -> None:
        self._known: dict[T, T] = {}

    def one(self, value: T) -> T:
        """Return the value that is equal to this one and known already, or else this one."""
        known = self._known.get(value)
        if known is not None:
            return known
        if len(self._known) >= _MOST:
            self._known.clear()
        self._known[value] = value
        return value
