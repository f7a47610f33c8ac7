"""Time is in the log: a small tick into every partition, so that silence is seen and windows close without traffic."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

from huoqun import codec, log
from huoqun.control import Tick
from producers.gateway.metrics import Metrics
from producers.publishing.publisher import Overloaded, Publisher, Record, Unavailable

_SAY_EVERY: Final = 60
"""Failed rounds between two lines in the log."""


class Ticker:
    """Writes ``Tick(now)`` into all partitions every ``seconds``.

    After a stall it goes on with the present: ticks that were missed are not made up for. Trouble with the broker is
    counted and survived.
    """

    def __init__(
        self,
        publisher: Publisher,
        *,
        seconds: float,
        clock: Callable[[], int],
        metrics: Metrics,
        monotonic: Callable[[], float] | None = None,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._publisher = publisher
        self._seconds = seconds
        self._clock = clock
        self._metrics = metrics
        self._monotonic = monotonic
        self._sleep = sleep
        self._failures = 0
        self._log = log.get("ticker")

    async def run(self) -> None:
        """Tick until cancelled."""
        monotonic = self._monotonic or asyncio.get_running_loop().time
        due = monotonic()
        while True:
            await self.tick()
            missed = (monotonic() - due) // self._seconds
            due += (missed + 1) * self._seconds  # the next time on the same grid
            await self._sleep(max(0.0, due - monotonic()))

    async def tick(self) -> None:
        """Write one round of ticks; never raises for what the broker does."""
        partitions = self._publisher.partitions()
        value = codec.encode(Tick(self._clock()))
        # While the partitions are not known, one record is offered all the same: it makes the publisher ask for them.
        records = [Record(None, value, partition) for partition in range(max(1, partitions))]
        try:
            await self._publisher.publish(records, urgent=True)
        except (Unavailable, Overloaded) as error:
            self._metrics.tick_errors.labels("unavailable" if isinstance(error, Unavailable) else "overloaded").inc()
            if self._failures % _SAY_EVERY == 0:
                self._log.warning("no tick", why=str(error), failures=self._failures + 1)
            self._failures += 1
        else:
            self._failures = 0
            self._metrics.ticks.inc(len(records))
