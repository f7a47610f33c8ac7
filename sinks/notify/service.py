"""The notifier without its process: reads the log, lets :mod:`sinks.notify.decide` decide, sends, keeps the record.

A notice is sent first and recorded then; the channel sends nothing more until the record is kept. So a crash between the two
costs one repeat a channel, and nothing is ever lost by it. Before anything is sent, everything that was recorded is read.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final, Protocol, TypeVar

import msgspec

from huoqun import log
from huoqun.clock import now_ms
from huoqun.results import Action, Alert, Delivery
from sinks.notify import metrics
from sinks.notify.closed import Closed
from sinks.notify.decide import Decider
from sinks.notify.lane import traits_of
from sinks.notify.notice import Again, Channel, Notice, Outcome, Refused, Sent, Week
from sinks.notify.reading import Heard, LogError
from sinks.notify.remembering import StoreAwayError
from sinks.notify.rules import Route, Rules

POLL_SECONDS: Final = 0.1
SEND_SECONDS: Final = 60.0
"""A channel bounds its own time; this is for one that does not."""
STORE_AGAIN_MS: Final = 60_000
_STANDBY_SECONDS: Final = 0.5
_AGAIN_SECONDS: Final = 1.0
_NAMES_SECONDS: Final = 300.0
_PROGRESS_MS: Final = 5_000
_MEASURE_MS: Final = 1_000
_DRAIN_SECONDS: Final = 15.0

_T = TypeVar("_T")


class Reads(Protocol):
    """The log, as the service sees it: see :class:`sinks.notify.reading.Log`."""

    @property
    def caught_up(self) -> bool:
        """Whether everything that was there has been returned."""

    def poll(self, seconds: float) -> list[Heard]:
        """Return what comes."""

    def close(self) -> None:
        """Let go."""


class Leads(Protocol):
    """See :class:`sinks.notify.reading.Leadership`."""

    def look(self) -> bool:
        """Tell whether we are the one that sends."""

    def close(self) -> None:
        """Leave."""


class Remembers(Protocol):
    """See :class:`sinks.notify.remembering.Store`."""

    remembers_more: bool

    def history(self, now: int) -> list[Delivery | Action]:
        """Return what is stored of the past."""

    def names(self) -> list[tuple[str, str, str]]:
        """Return what groups are called."""

    def weeks(self, rules: Rules, route: Route, until: int) -> tuple[tuple[Week, ...], int]:
        """Return the figures of a weekly report."""


class Service:
    """Runs until it is stopped. ``keep`` writes a record and raises nothing but :class:`LogError`; it is called in a thread."""

    def __init__(
        self,
        rules: Rules,
        channels: Mapping[str, Channel],
        leads: Leads,
        open_log: Callable[[], Reads],
        keep: Callable[[Delivery], None],
        store: Remembers,
    ) -> None:
        self._rules, self._channels, self._store = rules, channels, store
        self._leads, self._open_log, self._keep = leads, open_log, keep
        self._stopping = asyncio.Event()
        self._reader = ThreadPoolExecutor(1, "log")
        self._keeper = ThreadPoolExecutor(1, "record")
        self._asker = ThreadPoolExecutor(1, "store")
        self._sending: set[asyncio.Task[None]] = set()
        self._not_ready: str | None = "it has not joined its group yet"
        self._log = log.get("notify")
        self._measured_at = 0
        self._leading = True

    def stop(self) -> None:
        """End :meth:`run` soon; what is on its way is finished and recorded."""
        self._stopping.set()

    def why_not_ready(self) -> str | None:
        """``None`` while it sends or stands by for the one that does, else why not."""
        return self._not_ready

    async def run(self) -> None:
        """Work until :meth:`stop`."""
        standing_by = False
        try:
            while not self._stopping.is_set():
                if await self._in(self._reader, self._leads.look):
                    standing_by = False
                    await self._lead()
                    continue
                metrics.SENDS.set(0)
                if not standing_by:
                    self._log.info("standing by: this one sends when it is given the partition of the deliveries")
                self._not_ready, standing_by = None, True
                await self._rest(_STANDBY_SECONDS)
        finally:
            await self._drain()
            await self._in(self._reader, self._leads.close)
            for channel in self._channels.values():
                await channel.close()
            for pool in (self._reader, self._keeper, self._asker):
                pool.shutdown(wait=False)

    async def _lead(self) -> None:
        """Read everything, then send, for as long as we are the one."""
        self._not_ready = "it reads what happened before"
        try:
            reads = await self._in(self._reader, self._open_log)
        except LogError as error:
            self._trouble("read", error)
            await self._rest(_AGAIN_SECONDS)
            return
        try:
            decider = Decider(self._rules, {name: traits_of(each) for name, each in self._channels.items()}, now_ms())
            if not await self._rebuild(decider, reads):
                return
            metrics.SENDS.set(1)
            self._not_ready = None
            naming = asyncio.create_task(self._name(decider))
            try:
                await self._send_what_is_due(decider, reads)
            finally:
                naming.cancel()
                await self._drain()  # before another one begins, as far as that is known
        finally:
            await self._in(self._reader, reads.close)

    async def _rebuild(self, decider: Decider, reads: Reads) -> bool:
        """Take over what was told and done; false when that was cut short."""
        while self._store.remembers_more:
            try:
                for record in await self._in(self._asker, lambda: self._store.history(now_ms())):
                    _read(decider, record, 0)
                break
            except StoreAwayError as error:
                self._not_ready = "it waits for the store, which knows what was told before"
                self._trouble("store", error)
                await self._rest(_AGAIN_SECONDS)
                if self._stopping.is_set() or not await self._in(self._reader, self._leads.look):
                    return False
        count, told_at = 0, now_ms()
        while not reads.caught_up:
            count += await self._take(decider, reads)
            if now_ms() - told_at >= _PROGRESS_MS:
                told_at = now_ms()
                self._log.info("reading what happened before", records=count)
            if self._stopping.is_set() or not self._leading:
                return False
        self._log.info("everything is read: sending begins", records=count, open_alerts=decider.open_alerts)
        return True

    async def _send_what_is_due(self, decider: Decider, reads: Reads) -> None:
        while not self._stopping.is_set():
            await self._take(decider, reads)
            if not self._leading:
                self._log.info("another notifier takes over")
                return
            now = now_ms()
            for notice in decider.due(now):
                task = asyncio.create_task(self._send(decider, notice))
                self._sending.add(task)
                task.add_done_callback(self._sending.discard)
            self._measure(decider, now)

    async def _take(self, decider: Decider, reads: Reads) -> int:
        """Read what comes within a moment, and keep the membership."""

        def poll() -> list[Heard]:
            self._leading = self._leads.look()
            return reads.poll(POLL_SECONDS)

        try:
            found = await self._in(self._reader, poll)
        except LogError as error:
            self._trouble("read", error)
            await self._rest(_AGAIN_SECONDS)
            return 0
        now = now_ms()
        for heard in found:
            _read(decider, heard.record, min(heard.at or now, now))  # another machine's clock may be ahead
        metrics.RECORDS.inc(len(found))
        return len(found)

    async def _send(self, decider: Decider, notice: Notice) -> None:
        began = now_ms()
        ready = await self._with_figures(notice)
        outcome = await self._sent(ready) if isinstance(ready, Notice) else ready
        now = now_ms()
        metrics.SEND_SECONDS.labels(notice.channel).observe((now - began) / 1000)
        record = decider.ended(notice.channel, outcome, now, random.random())  # noqa: S311  # jitter
        if isinstance(outcome, Again):
            metrics.FAILURES.labels(notice.channel).inc()
            self._log.warning("a notice waits", channel=notice.channel, step=notice.step, why=outcome.why)
            return
        if not isinstance(ready, Notice):
            decider.recorded(notice.channel)  # a week in which nothing was: no notice, and no record of one
            return
        metrics.NOTICES.labels(notice.channel, notice.step, "refused" if isinstance(outcome, Refused) else "sent").inc()
        if isinstance(outcome, Refused):
            self._log.error("a channel refuses", channel=notice.channel, step=notice.step, why=outcome.why)
        elif notice.step == "raised":
            for item in notice.items:
                metrics.TOLD_AFTER.observe(max(0, now - item.raised_at) / 1000)
        if record is not None:
            await self._record(record)
            decider.recorded(notice.channel)

    async def _with_figures(self, notice: Notice) -> Notice | Outcome:
        """Return a notice with the week's figures if it is about those; what came of it if there is nothing to send."""
        if notice.step != "weekly":
            return notice
        route = self._rules.by_name[notice.route]
        try:
            weeks, more = await self._in(self._asker, lambda: self._store.weeks(self._rules, route, notice.at))
        except StoreAwayError as error:
            self._trouble("store", error)
            return Again(STORE_AGAIN_MS, "the store does not answer")
        except Exception as error:  # noqa: BLE001  # a lane must not stay busy for ever
            self._log.exception("a weekly report could not be made", route=notice.route)
            return Again(STORE_AGAIN_MS, type(error).__name__)
        return msgspec.structs.replace(notice, weeks=weeks, more_weeks=more) if weeks else Sent()

    async def _sent(self, notice: Notice) -> Outcome:
        """Send it. Nothing is raised."""
        try:
            return await asyncio.wait_for(self._channels[notice.channel].send(notice), SEND_SECONDS)
        except TimeoutError:
            return Again(0, f"no answer within {SEND_SECONDS:.0f} s")
        except Exception as error:  # noqa: BLE001  # one notice must not end the others
            self._log.exception("a notice could not be sent", channel=notice.channel, step=notice.step)
            return Again(0, type(error).__name__)

    async def _record(self, record: Delivery) -> None:
        """Keep it, however long that takes: until then the channel sends nothing more."""
        while True:
            try:
                await self._in(self._keeper, lambda: self._keep(record))
            except LogError as error:
                self._trouble("record", error)
                await asyncio.sleep(_AGAIN_SECONDS)
            else:
                return

    async def _name(self, decider: Decider) -> None:
        """Learn from time to time what groups are called."""
        while True:
            try:
                for name in await self._in(self._asker, self._store.names):
                    decider.name_group(*name)
            except StoreAwayError as error:
                self._trouble("store", error)
            await asyncio.sleep(_NAMES_SECONDS)

    async def _drain(self) -> None:
        """Let what is on its way arrive and be recorded."""
        if self._sending:
            _, left = await asyncio.wait(self._sending, timeout=_DRAIN_SECONDS)
            for task in left:
                task.cancel()
            if left:
                self._log.warning("ended with notices that are not recorded: they may be sent again", notices=len(left))

    async def _rest(self, seconds: float) -> None:
        """Wait, or until it is stopped."""
        await _within(self._stopping.wait(), seconds)

    @staticmethod
    async def _in(pool: ThreadPoolExecutor, job: Callable[[], _T]) -> _T:
        return await asyncio.get_running_loop().run_in_executor(pool, job)

    def _trouble(self, kind: str, error: Exception) -> None:
        metrics.ERRORS.labels(kind).inc()
        self._log.warning("tried again soon", trouble=kind, why=str(error)[:300])

    def _measure(self, decider: Decider, now: int) -> None:
        if now - self._measured_at < _MEASURE_MS:
            return
        self._measured_at = now
        metrics.OPEN_ALERTS.set(decider.open_alerts)
        for name, lane in decider.lanes.items():
            metrics.WAITING.labels(name).set(lane.waiting)
            since = lane.failing_since
            metrics.FAILING.labels(name).set(0 if since is None else (now - since) / 1000)


def _read(decider: Decider, record: Any, heard: int) -> None:
    if isinstance(record, Alert):
        decider.read_alert(record, heard)
    elif isinstance(record, Action):
        decider.read_action(record)
    elif isinstance(record, Delivery):
        decider.read_delivery(record)


async def _within(waiting: Awaitable[Any], seconds: float) -> None:
    try:
        await asyncio.wait_for(waiting, seconds)
    except TimeoutError:
        return


def usable(opened: Mapping[str, Channel | str]) -> tuple[dict[str, Channel], dict[str, str]]:
    """Return the channels, those that cannot be opened standing in as ones that always fail; and why they cannot."""
    why = {name: each for name, each in opened.items() if isinstance(each, str)}
    channels = {name: Closed(each) if isinstance(each, str) else each for name, each in opened.items()}
    return channels, why


def names_of(routes: Iterable[Route]) -> list[str]:
    """Return the channels that routes use, each once."""
    return list(dict.fromkeys(name for route in routes for name in (*route.channels, *route.escalate_to)))
