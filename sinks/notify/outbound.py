"""HTTP to addresses that people configure, so that a notice can't be made to reach into this network.

Each request resolves its host once, judges every address (:mod:`sinks.notify.targets`), and connects to one of those
and to nothing else: the connection's resolver knows only them and its sockets are made for them only, so an answer of
the name server that changes in between has no effect. Host and TLS stay those of the name. Redirects are not
followed, proxies of the environment not used, replies read up to a bound, everything ends in time.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable, Mapping, Sequence
from email.utils import parsedate_to_datetime
from ipaddress import ip_address
from ssl import SSLContext
from typing import Any, Final, NamedTuple

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

from huoqun.clock import now_ms
from sinks.notify.targets import Address, Allowed, Forbidden, judge, target

CONNECT_SECONDS: Final = 5.0
TOTAL_SECONDS: Final = 10.0
MAX_REPLY: Final = 64 * 1024
MAX_WAIT_SECONDS: Final = 3600.0
"""The longest Retry-After that is believed."""

_AGENT: Final = "huoqun-notify"

Resolve = Callable[[str, int], Awaitable[Sequence[str]]]


class Reply(NamedTuple):
    """What came back. ``retry_after`` in seconds where the other side named it; ``body`` is cut at :data:`MAX_REPLY`."""

    status: int
    body: bytes
    retry_after: float | None = None


class Unreachable(NamedTuple):
    """Nothing came back this time; the request may have arrived all the same."""

    why: str


async def resolve(host: str, port: int) -> Sequence[str]:
    """Ask the system for all addresses of a host."""
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(each[4][0]) for each in found]


class _Judged(NamedTuple):
    """A URL and the addresses that it may be sent to."""

    url: URL
    host: str
    addresses: list[Address]


class _RefusedAddressError(OSError):
    """A socket was asked for that no judged address has: never to be seen."""


class _Pinned(AbstractResolver):
    """Knows one host and the addresses that were judged for it."""

    def __init__(self, host: str, addresses: Sequence[Address]) -> None:
        self._host = host
        self._addresses = addresses

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        del family
        if host != self._host:
            raise _RefusedAddressError("another host")
        return [
            ResolveResult(
                hostname=host,
                host=str(address),
                port=port,
                family=_family(address),
                proto=socket.IPPROTO_TCP,
                flags=socket.AI_NUMERICHOST | socket.AI_NUMERICSERV,
            )
            for address in self._addresses
        ]

    async def close(self) -> None:
        """Nothing is held."""


class Outbound:
    """Sends requests. One for all channels; it holds no connections and no secrets."""

    def __init__(
        self,
        allowed: Allowed,
        *,
        resolver: Resolve = resolve,
        connect_seconds: float = CONNECT_SECONDS,
        total_seconds: float = TOTAL_SECONDS,
        tls: SSLContext | None = None,
    ) -> None:
        self._allowed = allowed
        self._resolve = resolver
        self._connect_seconds = connect_seconds
        self._total_seconds = total_seconds
        self._tls: SSLContext | bool = tls if tls is not None else True

    async def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> Reply | Forbidden | Unreachable:
        """Post ``body``; what goes wrong is a value whose words hold neither path, query, header nor body."""
        host = "the host"
        try:
            async with asyncio.timeout(self._total_seconds):
                judged = await self._judged(url)
                if not isinstance(judged, _Judged):
                    return judged
                host = judged.host
                return await self._send(judged, body, headers)
        except TimeoutError:
            return Unreachable(f"{host} did not answer within {self._total_seconds:g} s")

    async def _judged(self, url: str) -> _Judged | Forbidden | Unreachable:
        where = target(url)
        if isinstance(where, Forbidden):
            return where
        try:
            found = await self._resolve(where.host, where.port)
        except (OSError, UnicodeError):
            return Unreachable(f"{where.host}: no address found by that name")
        addresses = judge(where.host, list(dict.fromkeys(found)), self._allowed)
        return addresses if isinstance(addresses, Forbidden) else _Judged(where.url, where.host, addresses)

    async def _send(self, judged: _Judged, body: bytes, headers: Mapping[str, str]) -> Reply | Unreachable:
        url, host, addresses = judged
        known = frozenset(addresses)

        def made(info: Any) -> socket.socket:
            """Make the socket of a connection: the last place where an address is looked at, and the one that counts."""
            family, kind, proto, _name, address = info
            if ip_address(address[0]) not in known:
                raise _RefusedAddressError("an address that was not judged")
            return socket.socket(family=family, type=kind, proto=proto)

        connector = aiohttp.TCPConnector(
            resolver=_Pinned(host, addresses),
            use_dns_cache=False,
            force_close=True,
            ssl=self._tls,
            socket_factory=made,
        )
        timeout = aiohttp.ClientTimeout(total=None, sock_connect=self._connect_seconds)
        try:
            async with (
                aiohttp.ClientSession(
                    connector=connector,
                    timeout=timeout,
                    trust_env=False,
                    auto_decompress=False,
                    cookie_jar=aiohttp.DummyCookieJar(),
                ) as session,
                session.post(
                    url,
                    data=body,
                    headers={"User-Agent": _AGENT, "Accept-Encoding": "identity", **headers},
                    allow_redirects=False,
                ) as reply,
            ):
                taken = await _bounded(reply.content)
                return Reply(reply.status, taken, _wait(reply.headers.get("Retry-After")))
        except aiohttp.ClientConnectorCertificateError:
            return Unreachable(f"{host}: its certificate is not valid for that name")
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError):
            return Unreachable(f"{host}: no connection")
        except aiohttp.InvalidURL:
            return Unreachable(f"{host}: no name or address that can be connected to")
        except (aiohttp.ClientError, OSError, ValueError):
            return Unreachable(f"{host}: the connection broke")


async def _bounded(stream: aiohttp.StreamReader) -> bytes:
    taken = b""
    while len(taken) < MAX_REPLY:
        part = await stream.read(MAX_REPLY - len(taken))
        if not part:
            break
        taken += part
    return taken


def _wait(text: str | None) -> float | None:
    """Read Retry-After: seconds, or a date (RFC 9110, 10.2.3)."""
    if text is None:
        return None
    text = text.strip()
    if text.isascii() and text.isdecimal():
        return min(float(text[:9]), MAX_WAIT_SECONDS)
    try:
        seconds = parsedate_to_datetime(text).timestamp() - now_ms() / 1000
    except (ValueError, OverflowError, TypeError):
        return None
    return min(max(0.0, seconds), MAX_WAIT_SECONDS)


def _family(address: Address) -> socket.AddressFamily:
    return socket.AF_INET if address.version == 4 else socket.AF_INET6  # noqa: PLR2004  # the protocol's version
