"""Deadlines for connections, which the HTTP server leaves open as long as a client dribbles.

One rule, checked by one sweep: a complete request head must arrive within ``head_seconds`` of connecting or of the last
answer, its body within as long of its first byte, and a request must be answered and the answer taken within
``request_seconds``. And one address from outside may hold three quarters of the connections, so that others find a place.
"""

from __future__ import annotations

import asyncio
import ipaddress
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Any, Final, cast

from aiohttp.web import BaseRequest, Response, Server, StreamResponse
from aiohttp.web_protocol import RequestHandler

from producers.gateway.problems import TITLES, Problem

MAX_CONNECTIONS: Final = 2_000
"""More are turned away with 503: each one costs memory."""

_SHARE_OF_ONE: Final = 0.75
"""Of the connections, those that one address may hold; as of what is in flight (``admission``)."""

_IPV6_NETWORK: Final = 64
"""Bits of an IPv6 address that tell whose it is: who has one has all that begin with them."""

_SWEEP_SECONDS: Final = 0.5
_LINGER_SECONDS: Final = 2.0


def _raw(problem: Problem) -> bytes:
    body = problem.body()
    head = f"HTTP/1.1 {problem.status} {TITLES[problem.status]}\r\n"
    headers = problem.headers() | {"Content-Length": str(len(body)), "Connection": "close"}
    return (head + "".join(f"{k}: {v}\r\n" for k, v in headers.items()) + "\r\n").encode() + body


def whose(host: str) -> str:
    """Return what counts as one address: IPv4, or an IPv6 network of 64 bits; empty for those inside, where proxies are."""
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return ""  # a socket of the file system: inside
    if isinstance(address, ipaddress.IPv6Address):
        address = address.ipv4_mapped or address
    if not address.is_global:
        return ""
    if isinstance(address, ipaddress.IPv6Address):
        return str(ipaddress.ip_network((address, _IPV6_NETWORK), strict=False))
    return str(address)


class _Connection(RequestHandler):
    """One connection, with the time by which something has to have happened on it."""

    guard: GuardedServer
    whose = ""
    deadline = float("inf")
    handling = False
    first_byte = 0.0
    _heard = False
    _raw_transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        raw = cast("asyncio.Transport", transport)  # uvloop's is one in all but name
        self._raw_transport = raw
        self.whose = whose(str((raw.get_extra_info("peername") or ("",))[0]))
        if (full := self.guard.full(self.whose)) is not None:
            self.guard.count("too_many")
            self._force_close = True
            raw.write(_raw(full))
            raw.close()
            return
        self.guard.open.add(self)
        self.guard.held[self.whose] += 1
        self._arm_for_head()
        super().connection_made(transport)

    def data_received(self, data: bytes) -> None:
        if not self._heard:
            self._heard = True
            self.first_byte = self.guard.now()
        super().data_received(data)

    def connection_lost(self, exc: BaseException | None) -> None:
        if self in self.guard.open:
            self.guard.open.remove(self)
            self.guard.held[self.whose] -= 1
            if not self.guard.held[self.whose]:
                del self.guard.held[self.whose]
        super().connection_lost(exc)

    def begin(self) -> None:
        """Note that a complete head is there and the request is being handled."""
        now = self.guard.now()
        if not self._heard:
            self.first_byte = now  # it came together with the request before
        self.handling = True
        self.deadline = now + self.guard.request_seconds

    async def finish_response(
        self, request: BaseRequest, resp: StreamResponse, start_time: float | None
    ) -> tuple[StreamResponse, bool]:
        try:
            return await super().finish_response(request, resp, start_time)
        finally:
            self._arm_for_head()

    def handle_error(
        self, request: BaseRequest, status: int = 500, exc: BaseException | None = None, message: str | None = None
    ) -> StreamResponse:
        """Answer what is no HTTP, in our form and without a word about our insides."""
        del message
        if request.writer.output_size > 0:
            raise ConnectionError("the answer had begun")
        status = status if status in (400, 413, 431) else 400 if status < 500 else 500  # noqa: PLR2004  # classes of status
        reason = "malformed" if status < 500 else "internal"  # noqa: PLR2004  # the same
        gone = isinstance(exc, ConnectionError)  # in the middle of a request: nobody reads the answer
        self.guard.count("gone" if gone else "no_http" if status < 500 else "internal")  # noqa: PLR2004  # the same
        detail = "the request is no HTTP that this server can read" if status < 500 else "this is our fault"  # noqa: PLR2004
        problem = Problem(status, reason, detail, where="request head" if status < 500 else "")  # noqa: PLR2004
        response = Response(status=status, body=problem.body(), headers=problem.headers() | {"Server": "huoqun"})
        response.force_close()
        return response

    def expire(self) -> None:
        """End the connection: politely the first time, then for good."""
        transport = self._raw_transport
        if transport is None:
            return
        self.deadline = self.guard.now() + _LINGER_SECONDS
        if self._force_close or self.handling:
            self.guard.count("stuck")
            transport.abort()
            return
        self.guard.count("slow_head" if self._heard else "idle")
        if self._heard:
            transport.write(_raw(Problem(408, "timeout", "the request did not arrive in time")))
        self.force_close()

    def _arm_for_head(self) -> None:
        self.handling = False
        self._heard = False
        self.deadline = self.guard.now() + self.guard.head_seconds


class GuardedServer(Server):
    """An HTTP server whose every connection has a deadline. ``count`` is told why one was ended."""

    def __init__(
        self,
        handler: Callable[[BaseRequest], Awaitable[StreamResponse]],
        *,
        head_seconds: float,
        request_seconds: float,
        count: Callable[[str], None],
        max_connections: int = MAX_CONNECTIONS,
        **options: Any,
    ) -> None:
        super().__init__(
            handler,
            access_log=None,
            auto_decompress=False,
            lingering_time=_LINGER_SECONDS,
            keepalive_timeout=3600.0,  # the sweep is sooner
            **options,
        )
        self._options: dict[str, Any] = self._kwargs
        self.open: set[_Connection] = set()
        self.held: Counter[str] = Counter()
        """Whose (see :func:`whose`) -> how many of the open ones."""
        self.head_seconds = head_seconds
        self.request_seconds = request_seconds
        self.max_connections = max_connections
        self.count = count
        self.now = self._loop.time

    def __call__(self) -> RequestHandler:
        """Return what handles a new connection."""
        connection = _Connection(self, loop=self._loop, **self._options)
        connection.guard = self
        return connection

    def full(self, whose: str) -> Problem | None:
        """Return why no more connections are taken from there, if so."""
        if len(self.open) >= self.max_connections:
            return Problem(503, "connections", "too many connections", retry_after=5)
        if whose and self.held[whose] >= self.max_connections * _SHARE_OF_ONE:
            return Problem(429, "connections", "too many connections from this address", retry_after=5)
        return None

    async def sweep(self) -> None:
        """End what is past its deadline, again and again; runs until cancelled."""
        while True:
            await asyncio.sleep(min(_SWEEP_SECONDS, self.head_seconds / 4))
            now = self.now()
            for connection in [c for c in self.open if c.deadline <= now]:
                connection.expire()


def begin(request: BaseRequest) -> None:
    """Tell the guard that the head of ``request`` is complete."""
    protocol = request.protocol
    if isinstance(protocol, _Connection):
        protocol.begin()


def seconds_left(request: BaseRequest) -> float:
    """Return how long the rest of ``request`` may still take to arrive."""
    protocol = request.protocol
    if not isinstance(protocol, _Connection):
        return 0.0
    return max(0.0, protocol.first_byte + protocol.guard.head_seconds - protocol.guard.now())


def hasten(request: BaseRequest) -> None:
    """Close the connection right after the answer, without waiting for the rest of a body that has been too slow already."""
    protocol = request.protocol
    if isinstance(protocol, _Connection):
        protocol._lingering_time = 0.0  # noqa: SLF001  # the base class takes it at construction only
