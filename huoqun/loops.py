"""The event loop of the services: uvloop where there is one, and TLS connections that end when we are done with them."""

from __future__ import annotations

import asyncio
from typing import Any, Final

TLS_GOODBYE_SECONDS: Final = 1.0
"""How long a closing TLS connection waits for the peer's goodbye. Data that crosses ours on its way makes it wait in vain: the
loops' own 30 s held up every recovery of a worker's state."""


def new() -> asyncio.AbstractEventLoop:
    """Return a loop."""
    try:
        import uvloop  # noqa: PLC0415  # not made for Windows
    except ImportError:
        return asyncio.new_event_loop()

    class Loop(uvloop.Loop):
        async def create_connection(self, *args: Any, **settings: Any) -> Any:  # all of them
            if settings.get("ssl"):
                settings.setdefault("ssl_shutdown_timeout", TLS_GOODBYE_SECONDS)
            return await super().create_connection(*args, **settings)

    return Loop()


class Policy(asyncio.DefaultEventLoopPolicy):
    """Makes every loop such a one, for libraries that make their own."""

    def new_event_loop(self) -> asyncio.AbstractEventLoop:
        """Return a loop."""
        return new()
