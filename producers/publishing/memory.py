"""A publisher without a broker: for tests, and to measure the gateway by itself. It keeps the publisher's promises."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from producers.publishing.publisher import Overloaded, Record, Unacceptable, Unavailable, partition_of


class MemoryPublisher:
    """Keeps what is published in lists, one a partition.

    ``down`` makes it behave like a broker that can't be reached; ``hold()`` like one that does not answer for now.
    """

    def __init__(
        self,
        *,
        partitions: int = 4,
        timeout_seconds: float = 10.0,
        max_in_flight: int = 20_000,
        patience_seconds: float | None = None,
    ) -> None:
        self.log: list[list[Record]] = [[] for _ in range(partitions)]
        self.down = False
        self.keep = True
        """False drops what is published: for measurements."""
        self.largest: int | None = None
        """Records of more bytes are not taken."""
        self._timeout = timeout_seconds
        self._patience = timeout_seconds if patience_seconds is None else min(patience_seconds, timeout_seconds)
        self._max_in_flight = max_in_flight
        self._in_flight = 0
        self._answering = asyncio.Event()
        self._answering.set()

    async def start(self) -> None:
        """Nothing to begin."""

    def hold(self) -> None:
        """Stop acknowledging until :meth:`release`."""
        self._answering.clear()

    def release(self) -> None:
        """Acknowledge again."""
        self._answering.set()

    async def publish(self, records: Sequence[Record], *, urgent: bool = False) -> None:
        """See :class:`producers.publishing.publisher.Publisher`."""
        if not records:
            return
        if not urgent and self._in_flight and self._in_flight + len(records) > self._max_in_flight:
            raise Overloaded
        if self.down:
            raise Unavailable("the broker is down")
        if self.largest is not None and max(len(record.value) for record in records) > self.largest:
            raise Unacceptable("the broker refused: too large")
        self._in_flight += len(records)
        patience = self._timeout if urgent else self._patience
        try:
            if not self._answering.is_set():
                async with asyncio.timeout(patience):
                    await self._answering.wait()
        except TimeoutError:
            raise Unavailable(f"the broker did not acknowledge within {patience:g} s") from None
        finally:
            self._in_flight -= len(records)
        if self.keep:
            for record in records:
                partition = record.partition
                if partition is None:
                    partition = 0 if record.key is None else partition_of(record.key, len(self.log))
                self.log[partition].append(record)

    def partitions(self) -> int:
        """Return how many partitions there are."""
        return len(self.log)

    def in_flight(self) -> int:
        """Return how many records await their acknowledgement."""
        return self._in_flight

    def trouble(self) -> str | None:
        """Return why nothing can be published, ``None`` when it can."""
        return "the broker is down" if self.down else None

    async def close(self) -> None:
        """Nothing to end."""
