"""An event loop in simulated time, moved on by whoever drives."""

from __future__ import annotations

import asyncio
from asyncio.events import _set_running_loop  # what `asyncio.run` does, too
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from heapq import heappop, heappush
from typing import Any


def _nothing(*_: object) -> None:
    pass


class _Call(list[Any]):
    """What to call, and with what; nothing, once it is cancelled."""

    __slots__ = ()

    def cancel(self) -> None:
        self[:] = _nothing, ()

    def cancelled(self) -> bool:
        return self[0] is _nothing


class SimLoop(asyncio.AbstractEventLoop):
    """An event loop without input or output. Time passes as it is told to; whoever drives is no task of it.

    Made for this: asyncio's own looks at a selector, at contexts and at its debugging at every step.
    """

    def __init__(self) -> None:
        self.now = 0.0
        self._ready: list[_Call] = []
        self._timers: list[tuple[float, int, _Call]] = []
        """A heap: when, the how-manieth timer it is, what then."""
        self._made = 0
        self.create_future = partial(asyncio.Future, loop=self)  # type: ignore[method-assign]  # it is made so often

    @contextmanager
    def running(self) -> Iterator[None]:
        """Be the loop of those who ask for one."""
        _set_running_loop(self)
        try:
            yield
        finally:
            _set_running_loop(None)

    def go_on(self, most: int) -> None:
        """Let everybody go on who can now, in so many steps at most: what becomes ready by one has to wait for the next."""
        timers = self._timers
        for _ in range(most):
            while timers and timers[0][0] <= self.now:
                self._ready.append(heappop(timers)[2])
            if not self._ready:
                return
            ready, self._ready = self._ready, []
            for function, args in ready:
                function(*args)

    def wait(self, seconds: float) -> None:
        """Let time pass, and everybody go on meanwhile."""
        end, timers = self.now + seconds, self._timers
        while True:
            self.go_on(1)
            if not self._ready:
                if not timers or timers[0][0] > end:
                    break
                self.now = max(self.now, timers[0][0])
        self.now = end

    # What asyncio asks of a loop.

    def time(self) -> float:
        return self.now

    get_debug = staticmethod(bool)  # false: it is asked of each future

    def call_soon(self, callback: Callable[..., object], *args: Any, context: object = None) -> Any:
        del context
        call = _Call((callback, args))
        self._ready.append(call)
        return call

    def call_at(self, when: float, callback: Callable[..., object], *args: Any, context: object = None) -> Any:
        del context
        call = _Call((callback, args))
        self._made += 1
        heappush(self._timers, (when, self._made, call))
        return call

    def call_later(self, delay: float, callback: Callable[..., object], *args: Any, context: object = None) -> Any:
        return self.call_at(self.now + delay, callback, *args, context=context)

    def create_task(self, coro: Any, *, name: str | None = None, context: object = None) -> asyncio.Task[Any]:  # type: ignore[override]  # no contexts
        del context
        return asyncio.Task(coro, loop=self, name=name)

    def call_exception_handler(self, context: dict[str, Any]) -> None:
        """What nobody asked for any more; whoever drives looks at the workers' failures."""
