"""Faust's recovery service, mended.

It runs without tables, too (our state has a changelog of its own: :mod:`streams.saves`): positions are set back and the
flow is resumed there, after each rebalance.
"""

from __future__ import annotations

from typing import Any

from faust.tables import TableManager
from faust.tables.recovery import RebalanceAgain, Recovery, ServiceStopped


class RecoveryStalledError(Exception):
    """A step of recovery took longer than the broker's request timeout."""


class SafeRecovery(Recovery):  # type: ignore[misc]  # faust is seen as untyped
    """Faust's recovery service, which sets positions back and resumes the flow after each rebalance, made safe."""

    async def _resume_streams(self, generation_id: int = 0) -> None:
        """Stop the flow first: what is fetched before positions are set back would be thrown away."""
        self.app.consumer.stop_flow()
        self.app.flow_control.suspend()
        await super()._resume_streams(generation_id)

    async def _wait(self, coro: Any, timeout: Any = None) -> None:  # noqa: ASYNC109  # Faust's signature
        result = await self.wait_first(coro, self.signal_recovery_start, timeout=timeout)
        if self.signal_recovery_start in result.done:
            raise RebalanceAgain
        if result.stopped:
            if self.should_stop:
                raise ServiceStopped
            # Faust takes a timeout for a stop here, and the worker stands still for ever.
            raise RecoveryStalledError(f"a step of recovery took longer than {timeout} s")


class SafeTableManager(TableManager):  # type: ignore[misc]  # faust is seen as untyped
    """Hooks :class:`SafeRecovery` into Faust (setting ``TableManager``)."""

    _recovery: SafeRecovery | None

    @property
    def recovery(self) -> SafeRecovery:
        """The recovery service."""
        if self._recovery is None:
            self._recovery = SafeRecovery(self.app, self, beacon=self.beacon, loop=self.loop)
        return self._recovery
