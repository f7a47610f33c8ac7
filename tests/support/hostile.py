"""A gateway in a thread of its own, which remembers everything that should never happen, and clients with bad manners."""

import asyncio
import re
import selectors
import socket
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

from huoqun.config import Source
from tests.support.gateway_kit import ENVIRONMENT, Kit, gateway

QUIET_SECONDS = 0.05
"""Who has not answered by then waits for more of the request: it is told that there is no more."""
MOST_SECONDS = 5.0
"""Nothing takes longer, unless it hangs."""

_STATUS = re.compile(rb"HTTP/1\.[01] (\d{3}) ")
_REQUESTS = re.compile(r'huoqun_gateway_requests_total\{[^}]*status="(\d+)"[^}]*\} ([0-9.e+]+)')
_CLOSED = re.compile(r'huoqun_gateway_connections_closed_total\{why="(\w+)"\} ([0-9.e+]+)')


@dataclass
class Victim:
    """A gateway under attack."""

    kit: Kit
    loop: asyncio.AbstractEventLoop
    troubles: list[str] = field(default_factory=list)
    """What asyncio was left with: exceptions that nobody handled."""
    faults: Counter[str] = field(default_factory=Counter)
    """Those that were told already."""

    @property
    def port(self) -> int:
        return self.kit.port

    def _measured(self, pattern: re.Pattern[str]) -> Counter[str]:
        found: Counter[str] = Counter()
        for name, value in pattern.findall(self.kit.metrics()):
            found[name] += int(float(value))
        return found

    def statuses(self) -> Counter[str]:
        """Return how often each status was answered, by the gateway's own count."""
        return self._measured(_REQUESTS)

    def closed(self) -> Counter[str]:
        """Return why the gateway ended connections, and how often."""
        return self._measured(_CLOSED)

    def check(self) -> None:
        """Fail if anything happened that never should, or is left."""
        troubles, self.troubles[:] = self.troubles[:], []
        assert troubles == []
        faults = {f"status {status}": count for status, count in self.statuses().items() if "503" != status >= "500"}
        faults["internal"] = self.closed()["internal"]
        before, self.faults = self.faults, Counter(faults)
        assert self.faults - before == Counter()
        self.kit.publisher.log[:] = [[] for _ in self.kit.publisher.log]


@contextmanager
def victim(
    sources: Sequence[Source], environ: Mapping[str, str] = ENVIRONMENT, *, clock_ms: int | None = None, **settings: Any
) -> Iterator[Victim]:
    """Run a gateway for the length of a test, in a thread."""
    started: list[Victim] = []
    ready, end = threading.Event(), asyncio.Event()

    async def serve() -> None:
        loop = asyncio.get_running_loop()
        troubles: list[str] = []
        loop.set_exception_handler(lambda _loop, context: troubles.append(str(context)))
        async with gateway(tuple(sources), environ=environ, **settings) as kit:
            if clock_ms is not None:
                kit.clock[0] = clock_ms
            started.append(Victim(kit, loop, troubles))
            ready.set()
            await end.wait()

    thread = threading.Thread(target=lambda: asyncio.run(serve()), daemon=True)
    thread.start()
    assert ready.wait(10)
    found = started[0]
    try:
        yield found
        found.check()
    finally:
        found.loop.call_soon_threadsafe(end.set)
        thread.join(20)
    assert not thread.is_alive()
    found.check()


def send_raw(port: int, requests: Sequence[bytes], *, quiet: float = QUIET_SECONDS) -> list[bytes]:
    """Send each on a connection of its own, all at once; return what comes back until the gateway hangs up or is silent.

    Fails where a connection stays open although everything was sent and the end was told.
    """
    answers: dict[socket.socket, bytearray] = {}
    with selectors.DefaultSelector() as selector:
        for request in requests:
            connection = socket.create_connection(("127.0.0.1", port), timeout=MOST_SECONDS)
            answers[connection] = bytearray()
            with suppress(OSError):  # refused before all of it was sent
                connection.sendall(request)
            connection.setblocking(False)
            selector.register(connection, selectors.EVENT_READ)
        try:
            _collect(selector, answers, quiet, until_answered=True)
            for key in list(selector.get_map().values()):
                connection = key.fileobj
                with suppress(OSError):
                    connection.shutdown(socket.SHUT_WR)
            _collect(selector, answers, MOST_SECONDS, until_answered=False)
            assert not selector.get_map(), "a connection hangs"
        finally:
            for connection in answers:
                connection.close()
    return [bytes(each) for each in answers.values()]


def _collect(
    selector: selectors.DefaultSelector,
    answers: dict[socket.socket, bytearray],
    seconds: float,
    *,
    until_answered: bool,
) -> None:
    """Read what comes, for so long at most, until all have hung up (or each has answered, and may keep the connection)."""
    end = time.monotonic() + seconds
    while selector.get_map() and (left := end - time.monotonic()) > 0:
        if until_answered and all(answers[key.fileobj] for key in selector.get_map().values()):  # type: ignore[index]
            return
        for key, _ in selector.select(left):
            connection = key.fileobj
            assert isinstance(connection, socket.socket)
            try:
                data = connection.recv(65_536)
            except BlockingIOError:
                continue
            except OSError:
                data = b""
            answers[connection] += data
            if not data:
                selector.unregister(connection)


def statuses(answer: bytes) -> list[int]:
    """Return the statuses of an answer: of each, where several requests stood on one connection."""
    return [int(status) for status in _STATUS.findall(answer)]
