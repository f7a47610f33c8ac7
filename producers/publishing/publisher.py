"""What publishing means: the promises that every publisher keeps, and the partition of a key."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Final, NamedTuple, Protocol

from kafka.partitioner.default import murmur2

MAX_VALUE_BYTES: Final = 512 * 1024
"""Largest record value: half of what Kafka takes by default, and more than the longest text can need."""


class Record(NamedTuple):
    """What to publish. Without a ``partition`` the key's hash chooses it, as every Kafka client does."""

    key: bytes | None
    value: bytes
    partition: int | None = None


class Overloaded(Exception):  # noqa: N818  # it names an answer, not a defect
    """More is awaiting the broker than is allowed; nothing was taken. Come back in ``retry_after`` seconds."""

    retry_after: Final = 1


class Unavailable(Exception):  # noqa: N818  # it names an answer, not a defect
    """The broker did not acknowledge in time; some records may have been written. Send all of them again."""

    retry_after: Final = 2


class Unacceptable(Unavailable):
    """The broker never takes such records (too large for its settings): to send them again is no use."""


class Publisher(Protocol):
    """Where accepted events go. Bound to the event loop that runs :meth:`start`."""

    async def start(self) -> None:
        """Begin; returns at once, whether or not the broker can be reached."""

    async def publish(self, records: Sequence[Record], *, urgent: bool = False) -> None:
        """Return when all ``records`` are acknowledged by all replicas; order is kept within a partition.

        ``urgent`` passes the bound on what is in flight, and waits for as long as a publish may take, where others are given
        up sooner (for ticks and for what waits on disk: both are few calls, and nobody else would see to them). Raises
        :class:`Overloaded` or :class:`Unavailable`.
        """

    def partitions(self) -> int:
        """Return the topic's partition count, 0 while it is not known."""

    def in_flight(self) -> int:
        """Return how many records await the broker."""

    def trouble(self) -> str | None:
        """Return ``None`` when publishing works as far as is known, else why not."""

    async def close(self) -> None:
        """Wait for what is in flight, then end."""


@lru_cache(maxsize=65_536)
def partition_of(key: bytes, partitions: int) -> int:
    """Return the partition of ``key`` by Kafka's own rule (murmur2 of the key, sign bit cleared).

    The same answer as any client gives: state moves with its partition. Cached: the hash is slow in Python and
    groups are few.
    """
    return int((murmur2(key) & 0x7FFFFFFF) % partitions)
