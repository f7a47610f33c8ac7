"""Several processes of one service behind one port: started, watched, started again, and ended together.

A worker that dies is started anew at once: the others go on serving meanwhile, and ending all of them would cut every
connection for the fault of one. When workers keep dying, or one never gets ready, that is no accident: then all end, and the
status says so to whoever supervises us. A worker never outlives this process (:mod:`huoqun.local.child`).
"""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
from collections import deque
from collections.abc import Callable, Sequence
from typing import Final

from huoqun import log
from huoqun.local import child

MOST_DEATHS: Final = 5
"""So many deaths within :data:`WITHIN_SECONDS` are no accident."""

WITHIN_SECONDS: Final = 60.0
_READY_SECONDS: Final = 60.0


class WorkersError(Exception):
    """Why the service can't go on; the message says what happened."""


def reserve(host: str, port: int) -> socket.socket:
    """Bind a port that several processes may listen on, without listening; 0 takes any free one.

    Raises :class:`OSError` where something listens there already, also if that would share the port, and where the system
    has no ``SO_REUSEPORT``.
    """
    if not hasattr(socket, "SO_REUSEPORT"):
        raise OSError(0, "this system can't share a port between processes (SO_REUSEPORT): use --workers 1")
    family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    with socket.socket(family) as probe:  # alone: another service that shares its port would not mind our joining it
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind(address)
        probe.listen(1)
    held = socket.socket(family)
    held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    held.bind(address)
    return held


class Workers:
    """Runs ``command(index)`` for each of ``count`` workers. Each says on its standard output, in one line, that it is ready.

    ``ready`` is told those lines, in order of the index, once when all are up.
    """

    def __init__(
        self,
        command: Callable[[int], Sequence[str]],
        count: int,
        *,
        ready: Callable[[list[str]], None],
        stop_seconds: float,
    ) -> None:
        self._command = command
        self._ready = ready
        self._stop_seconds = stop_seconds
        self._processes: list[asyncio.subprocess.Process | None] = [None] * count
        self._said: list[str | None] = [None] * count
        self._deaths: deque[float] = deque()
        self._stopping = asyncio.Event()
        self._log = log.get("workers")

    async def run(self) -> None:
        """Run until SIGTERM or SIGINT. Raises :class:`WorkersError` when that is not possible; all have ended either way."""
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, self._stopping.set)
        keepers = [asyncio.create_task(self._keep(index)) for index in range(len(self._processes))]
        stopped = asyncio.create_task(self._stopping.wait())
        try:
            await asyncio.wait([stopped, *keepers], return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._stopping.set()
            late = await self._end_all()
            outcomes = await asyncio.gather(*keepers, return_exceptions=True)
            stopped.cancel()
        for outcome in outcomes:
            if isinstance(outcome, BaseException):
                raise outcome
        if late:
            raise WorkersError(f"{late} workers did not end within {self._stop_seconds:g} s and were killed")

    async def _keep(self, index: int) -> None:
        """Start a worker, and again whenever it dies."""
        while not self._stopping.is_set():
            process = await asyncio.create_subprocess_exec(
                sys.executable, child.__file__, str(os.getpid()), *self._command(index), stdout=asyncio.subprocess.PIPE
            )
            self._processes[index] = process
            if self._stopping.is_set():
                process.send_signal(signal.SIGTERM)  # it came too late to be among those that are asked to end
            await self._wait_ready(index, process)
            status = await process.wait()
            if self._stopping.is_set():
                if status not in (0, -signal.SIGTERM):  # the latter: asked before it could answer otherwise
                    raise WorkersError(f"worker {index} ended with status {status}")
                return
            self._log.error("a worker died", worker=index, status=status)
            self._count_death(index)

    async def _wait_ready(self, index: int, process: asyncio.subprocess.Process) -> None:
        assert process.stdout is not None
        try:
            async with asyncio.timeout(_READY_SECONDS):
                line = (await process.stdout.readline()).decode().strip()
        except TimeoutError:
            raise WorkersError(f"worker {index} was not ready within {_READY_SECONDS:.0f} s") from None
        if not line:
            if not self._stopping.is_set() and self._said[index] is None:
                raise WorkersError(f"worker {index} did not start: status {await process.wait()}")
            return
        first = None in self._said
        self._said[index] = line
        if first and None not in self._said:
            self._ready([said for said in self._said if said is not None])

    def _count_death(self, index: int) -> None:
        now = asyncio.get_running_loop().time()
        self._deaths.append(now)
        while self._deaths[0] < now - WITHIN_SECONDS:
            self._deaths.popleft()
        if len(self._deaths) >= MOST_DEATHS:
            raise WorkersError(f"workers died {MOST_DEATHS} times within {WITHIN_SECONDS:.0f} s, worker {index} last")

    async def _end_all(self) -> int:
        """Ask all to end; kill those that don't, and return how many these were."""
        there = [p for p in self._processes if p is not None and p.returncode is None]
        for process in there:
            process.send_signal(signal.SIGTERM)
        waiting = [asyncio.create_task(process.wait()) for process in there]
        if not waiting:
            return 0
        _, late = await asyncio.wait(waiting, timeout=self._stop_seconds)
        for process in there:
            if process.returncode is None:
                process.kill()
        if late:
            await asyncio.wait(late)
        return len(late)
