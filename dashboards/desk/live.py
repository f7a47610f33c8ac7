"""Who watches the desk is told when there is other work: one look at the store for all of them."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable

from dashboards.desk.asking import AskError


class Live:
    """Looks while somebody watches, and wakes them when what it sees has changed."""

    def __init__(self, look: Callable[[], Awaitable[str]], every_seconds: float) -> None:
        self._look = look
        self._every = every_seconds
        self._seen = ""
        self._news = asyncio.Condition()
        self._watching = 0
        self._task: asyncio.Task[None] | None = None

    @property
    def seen(self) -> str:
        """What was seen last; empty before the first look."""
        return self._seen

    def start(self) -> None:
        """Begin to look."""
        self._task = asyncio.create_task(self._run())

    async def stop(self) -> None:
        """Look no more."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    async def after(self, seen: str, seconds: float) -> str:
        """Return as soon as something else than ``seen`` is seen, or what is seen after ``seconds``."""
        self._watching += 1
        try:
            async with self._news:
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._news.wait_for(lambda: self._seen != seen), seconds)
        finally:
            self._watching -= 1
        return self._seen

    async def _run(self) -> None:
        while True:
            if self._watching or not self._seen:
                with contextlib.suppress(AskError):  # the page says so itself when it asks for the work
                    found = await self._look()
                    if found != self._seen:
                        async with self._news:
                            self._seen = found
                            self._news.notify_all()
            await asyncio.sleep(self._every)
