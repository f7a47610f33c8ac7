"""What every platform's module offers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple, Protocol, TypeAlias

from multidict import CIMultiDictProxy

from huoqun.events import Coverage, Event, Refused
from producers.verify import Denied


class Ignored(NamedTuple):
    """Authentic, understood, and no event; ``what`` is one of a few fixed words, for the metrics."""

    what: str


Notice: TypeAlias = Event | Ignored


class Verify(Protocol):
    """Checks a request's signature over the raw body; ``None`` means authentic."""

    def __call__(self, headers: CIMultiDictProxy[str], body: bytes, keys: Sequence[bytes], /) -> Denied | None:
        """Return why it is not authentic."""


class Parse(Protocol):
    """Turns one payload into events. Never raises; :class:`Refused` names the field that is wrong."""

    def __call__(
        self, payload: dict[str, Any], /, *, received_at: int, source: str, coverage: Coverage
    ) -> list[Notice] | Refused:
        """Return what the payload says."""
