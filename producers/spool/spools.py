"""The spools of one gateway as one of its processes sees them: its own, those it has taken over, those of the others.

Each process has a directory, named after its number. Several keep within half a minute of each other when they send, so that
nothing comes late downstream. What blocks is done by one thread.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import Callable, Collection, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final, NamedTuple, TypeVar

from huoqun import log
from producers.spool import spool
from producers.spool.spool import Spool

_AHEAD_MS: Final = 30_000
"""How far one process may send ahead of what waits in another's spool: less than what counts as late."""

_STANDSTILL_SECONDS: Final = 30.0
"""A spool of which nothing is sent for so long, although the broker is there, is waited for no more."""

_LOCKED_SECONDS: Final = 1.0
_LOCKED_AGAIN_SECONDS: Final = 0.05

Found = TypeVar("Found")


class Place(NamedTuple):
    """Where the spools are, how many bytes this process's may take, and which it is of how many."""

    root: Path
    limit: int
    number: int = 0
    processes: int = 1


class Moving:
    """A time that others wait for; once it has stood still for too long, they wait no more."""

    def __init__(self) -> None:
        self._value: int | None = None
        self._moved = 0.0

    def of(self, value: int | None, now: float, *, excused: bool) -> int | None:
        """Return the value, ``None`` if it has not changed for long; ``excused`` says that it could not (``now``: seconds)."""
        if value != self._value or excused:
            self._value, self._moved = value, now
        return value if now - self._moved < _STANDSTILL_SECONDS else None


class Spools:
    """See the module. ``excused`` tells whether the broker is the reason why nothing is sent."""

    def __init__(self, place: Place, excused: Callable[[], bool]) -> None:
        self.own: Spool | None = None
        self.adopted: list[Spool] = []
        self._place = place
        self._excused = excused
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="spool")
        self._elsewhere: int | None = None
        self._others = Moving()
        self._all = Moving()
        self._log = log.get("spool")

    async def on_disk(self, work: Callable[..., Found], *given: Any) -> Found:
        """Do something that blocks, in its turn."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, work, *given)

    async def open(self) -> Spool:
        """Open this process's own. Raises :class:`OSError`."""
        directory = self._place.root / str(self._place.number)
        loop = asyncio.get_running_loop()
        deadline = loop.time() + _LOCKED_SECONDS
        while True:
            try:
                self.own = await self.on_disk(Spool, directory, self._place.limit)
            except BlockingIOError:
                if loop.time() > deadline:
                    raise OSError(0, f"another process uses {directory}") from None
                await asyncio.sleep(_LOCKED_AGAIN_SECONDS)  # the process before may still be ending
            else:
                self._tell(self.own)
                return self.own

    async def adopt(self) -> None:
        """Take over what processes have left that are no more, because there are fewer now: the first one sees to it."""
        if self._place.number:
            return
        known = {str(number) for number in range(self._place.processes)} | {s.directory.name for s in self.adopted}
        with contextlib.suppress(OSError):
            for directory in await self.on_disk(_left_behind, self._place.root, known):
                with contextlib.suppress(OSError):  # its process may still be ending: the next time
                    found = await self.on_disk(Spool, directory, self._place.limit)
                    self._tell(found)
                    self.adopted.append(found)

    async def look(self) -> None:
        """Look what waits in the spools of the others."""
        others = [self._place.root / str(n) for n in range(self._place.processes) if n != self._place.number]
        if others:
            with contextlib.suppress(OSError):
                self._elsewhere = await self.on_disk(_waiting_since, others)

    def all(self) -> list[Spool]:
        """Return this process's spools, in the order in which they are sent."""
        return [*self.adopted, self.own] if self.own is not None else self.adopted

    def size(self) -> int:
        """Return how many bytes they hold."""
        return sum(each.size for each in self.all())

    def records(self) -> int:
        """Return how many records wait in them."""
        return sum(each.records for each in self.all())

    def since(self) -> int | None:
        """Return when the oldest of these was taken (ms)."""
        return min((each.oldest_ms for each in self.all() if each.oldest_ms is not None), default=None)

    def send_until(self) -> int | None:
        """Return up to which time this process may send (ms); ``None`` if the others have nothing that it must wait for."""
        since = self._others.of(self._elsewhere, asyncio.get_running_loop().time(), excused=self._excused())
        return None if since is None else since + _AHEAD_MS

    def time_of(self, now_ms: int) -> int:
        """Return the time that the log may be told: not later than anything that is still to be sent."""
        oldest = min((at for at in (self.since(), self._elsewhere) if at is not None), default=None)
        since = self._all.of(oldest, asyncio.get_running_loop().time(), excused=self._excused())
        return now_ms if since is None else min(now_ms, since)

    async def close(self) -> None:
        """Let go; what waits stays on disk."""
        await asyncio.to_thread(self._thread.shutdown)
        for each in self.all():
            each.close()

    def _tell(self, opened: Spool) -> None:
        directory = str(opened.directory)
        if opened.cut:
            self._log.warning("the last write was not finished", directory=directory, bytes=opened.cut)
        if opened.records:
            self._log.warning("events wait on disk", directory=directory, events=opened.records)


def _waiting_since(directories: Iterable[Path]) -> int | None:
    return min((at for each in directories if (at := spool.waiting_since(each)) is not None), default=None)


def _left_behind(root: Path, known: Collection[str]) -> list[Path]:
    with os.scandir(root) as entries:
        found = [Path(e.path) for e in entries if e.name.isdecimal() and e.name not in known and e.is_dir()]
    return [path for path in sorted(found) if spool.segments_in(path)]
