"""What this process knows of its sources goes to the others, and one speaks for all: a shell (:mod:`producers.watch.overview`).

The one that speaks (the oldest that lives) raises alerts and writes the state; the others read along and are ready. Everything
it says is absolute and follows from the records alone, so two that speak at once say the same.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final

from huoqun import codec, log, sources, topics
from huoqun.config import Config, Source
from huoqun.records import Follower
from huoqun.records import Record as Stored
from huoqun.sources import Report, State
from producers.publishing.publisher import Overloaded, Publisher, Record, Unavailable
from producers.watch.overview import Overview
from producers.watch.rhythm import MINUTE_MS
from producers.watch.silence import Rule
from producers.watch.source_metrics import SourceMetrics
from producers.watch.watching import Watches

MOST_READ: Final = 5_000
"""So many of the topic's last records are read at a start: the last state is among them, however many processes report."""

STATE_EVERY_MS: Final = 10 * MINUTE_MS
FILE: Final = "sources.json"
_KEY: Final = b"state"


def rules_of(configured: Sequence[Source]) -> dict[str, Rule]:
    """Return how long each configured source may be silent."""
    return {
        source.name: Rule(
            source.kind, None if source.silent_minutes is None else round(source.silent_minutes * MINUTE_MS)
        )
        for source in configured
    }


def overview_of(
    found: Sequence[tuple[int, bytes | None]], rules: Mapping[str, Rule], remembered: State | None = None
) -> Overview:
    """Return what the topic's last records, (offset, value) in order, amount to; ``remembered`` if no state is among them."""
    records = [(offset, sources.decode(value)) for offset, value in found]
    states = [each for _, each in records if isinstance(each, State)]
    overview = Overview(rules, max(states, key=lambda each: each.offset, default=remembered))
    for offset, each in records:
        if isinstance(each, Report):
            overview.take(offset, each)
    return overview


class Reporter:
    """Says every so often what this process knows. Trouble with the broker is survived: the next report says it all again."""

    def __init__(
        self, watches: Watches, *, process: str, clock: Callable[[], int], publisher: Publisher, reads: bool
    ) -> None:
        self._watches = watches
        self._process = process
        self._clock = clock
        self._publisher = publisher
        self._reads = reads

    async def report(self, *, ended: bool = False) -> None:
        """Send one report."""
        report = self._watches.report(self._process, self._clock(), ended=ended, reads=self._reads)
        with contextlib.suppress(Unavailable, Overloaded):
            await self._publisher.publish([Record(self._process.encode(), sources.encode(report), 0)], urgent=True)


class Speaker:
    """Reads what everybody says, and speaks for all when it is this process's turn.

    ``file`` keeps the state where the broker forgets it.
    """

    def __init__(
        self,
        rules: Mapping[str, Rule],
        *,
        process: str,
        publisher: Publisher,
        alerts: Publisher,
        metrics: SourceMetrics,
        file: Path | None = None,
    ) -> None:
        self._rules = rules
        self._process = process
        self._publisher = publisher
        self._alerts = alerts
        self._metrics = metrics
        self._file = file
        self._sent: dict[str, int] = {}
        self._counted: dict[tuple[str, str], int] = {}
        self._state_at = 0
        self._log = log.get("sources")
        self.overview: Overview | None = None

    def take(self, records: Sequence[Stored]) -> None:
        """Take in records of the topic, in order; the first time all that there are."""
        if self.overview is None:
            found = [(record.offset, record.value) for record in records]
            self.overview = overview_of(found, self._rules, self._remembered())
            return
        for record in records:
            each = sources.decode(record.value)
            if isinstance(each, Report):
                self.overview.take(record.offset, each)
            elif isinstance(each, State):
                self._state_at = max(self._state_at, each.at)

    async def speak(self) -> None:
        """Say what is to be said, if it is our turn; what does not get through is said again the next time."""
        overview = self.overview
        if overview is None:
            return
        speaks = overview.speaker == self._process
        self._count(overview, speaks=speaks)
        if not speaks:
            return
        news = [alert for alert in overview.alerts() if self._sent.get(alert.alert_id) != alert.version]
        try:
            if news:
                await self._alerts.publish([Record(a.key().encode(), codec.encode(a)) for a in news], urgent=True)
                self._sent |= {alert.alert_id: alert.version for alert in news}
            if news or overview.at - self._state_at >= STATE_EVERY_MS:
                await self.remember()
        except (Unavailable, Overloaded) as error:
            self._log.warning("the state of the sources could not be told", why=str(error))

    async def remember(self) -> None:
        """Write the state. Raises :class:`Unavailable` or :class:`Overloaded`."""
        overview = self.overview
        if overview is None or overview.speaker != self._process:
            return
        value = sources.encode(overview.state())
        if self._file is not None:
            _replace(self._file, value)
        await self._publisher.publish([Record(_KEY, value, 0)], urgent=True)
        self._state_at = overview.at

    def _remembered(self) -> State | None:
        try:
            found = sources.decode(b"" if self._file is None else self._file.read_bytes())
        except OSError:
            return None
        if not isinstance(found, State):
            return None
        found.offset, found.processes = -1, {}  # of a log that is no more
        return found

    def _count(self, overview: Overview, *, speaks: bool) -> None:
        for name, silence in overview.silences.items():
            for kind, lost in (("step", silence.lost_steps), ("beat", silence.lost_beats)):
                before = self._counted.get((name, kind), 0)
                self._counted[name, kind] = lost
                if speaks:
                    self._metrics.lose(name, kind, lost - before)
        self._metrics.silent = {seen.name: seen.silent is not None for seen in overview.seen()} if speaks else {}


def _replace(file: Path, value: bytes) -> None:
    with contextlib.suppress(OSError):  # it is kept for the case that the broker forgets; nothing depends on it
        file.parent.mkdir(parents=True, exist_ok=True)
        draft = file.with_suffix(".new")
        draft.write_bytes(value)
        draft.replace(file)


class Reporting:
    """Both, running, for one process: ``alerts`` is ``None`` where another process of this gateway reads and speaks."""

    def __init__(
        self,
        config: Config,
        watches: Watches,
        *,
        process: str,
        clock: Callable[[], int],
        publisher: Publisher,
        alerts: Publisher | None,
        metrics: SourceMetrics,
    ) -> None:
        self._seconds = config.gateway.report_seconds
        self._publisher = publisher
        self._alerts = alerts
        self._reporter = Reporter(watches, process=process, clock=clock, publisher=publisher, reads=alerts is not None)
        self._speaker: Speaker | None = None
        if alerts is not None:
            self._speaker = Speaker(
                rules_of(config.sources),
                process=process,
                publisher=publisher,
                alerts=alerts,
                metrics=metrics,
                file=Path(config.data_dir) / FILE if config.store.kind == "embedded" else None,
            )
        self._config = config
        self._found: asyncio.Queue[list[Stored]] = asyncio.Queue()
        self._tasks: list[asyncio.Task[None]] = []
        self._log = log.get("sources")

    async def start(self) -> None:
        """Begin; returns at once, whether or not the broker can be reached."""
        if not self._seconds:
            return
        await self._publisher.start()
        self._tasks = [asyncio.create_task(self._report())]
        if self._alerts is not None:
            await self._alerts.start()
            self._tasks.append(asyncio.create_task(self._speak()))

    async def close(self) -> None:
        """Say the last, then end."""
        if not self._tasks:
            return
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        with contextlib.suppress(Unavailable, Overloaded):
            if self._speaker is not None:
                await self._speaker.remember()
        await self._reporter.report(ended=True)
        await self._publisher.close()
        if self._alerts is not None:
            await self._alerts.close()

    async def _report(self) -> None:
        while True:
            await self._reporter.report()
            await asyncio.sleep(self._seconds)

    async def _speak(self) -> None:
        assert self._speaker is not None
        loop = asyncio.get_running_loop()
        follower = Follower(
            self._config.kafka,
            topics.full_name(self._config.kafka.topic_prefix, topics.SOURCES),
            most=MOST_READ,
            take=lambda records: _hand_over(loop, self._found, records),
        )
        follower.start()
        try:
            while True:
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(self._seconds):
                        self._speaker.take(await self._found.get())
                await self._speaker.speak()
        except Exception as error:
            self._log.error("sources are not watched any more", error=type(error).__name__, exc_info=error)
            raise
        finally:
            follower.stop()


def _hand_over(loop: asyncio.AbstractEventLoop, queue: asyncio.Queue[list[Stored]], records: list[Stored]) -> None:
    with contextlib.suppress(RuntimeError):  # the loop has ended
        loop.call_soon_threadsafe(queue.put_nowait, records)
