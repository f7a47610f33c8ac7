"""A web server on this machine that answers as told and keeps what it was asked; for tests of what we send."""

import asyncio
import functools
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, NamedTuple

from aiohttp import web

Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Asked(NamedTuple):
    """A request as it came in."""

    host: str
    path: str
    body: bytes
    headers: dict[str, str]


class Receiver(NamedTuple):
    """Where it listens, and what was asked of it so far."""

    port: int
    asked: list[Asked]


def in_loop(test: Callable[..., Awaitable[None]]) -> Callable[..., None]:
    """Run a test that awaits."""

    @functools.wraps(test)
    def run(*args: Any, **kwargs: Any) -> None:
        asyncio.run(test(*args, **kwargs))  # type: ignore[arg-type]

    return run


async def _ok(request: web.Request) -> web.StreamResponse:
    return web.Response(text="ok")


@asynccontextmanager
async def receiver(answer: Answer = _ok, tls: ssl.SSLContext | None = None, port: int = 0) -> AsyncIterator[Receiver]:
    """Listen on a port of the loopback, a free one if none is named, for as long as the block lasts."""
    asked: list[Asked] = []

    async def take(request: web.Request) -> web.StreamResponse:
        asked.append(Asked(request.headers["Host"], request.path_qs, await request.read(), dict(request.headers)))
        return await answer(request)

    app = web.Application()
    app.router.add_route("*", "/{tail:.*}", take)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port, ssl_context=tls).start()
    try:
        yield Receiver(runner.addresses[0][1], asked)
    finally:
        await runner.cleanup()
