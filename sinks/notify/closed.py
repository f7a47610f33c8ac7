"""A channel that cannot be opened: it fails, so that another one tells of it."""

from __future__ import annotations

from typing import Final

from sinks.notify.notice import Again, Limit, Notice, Outcome

_AGAIN_MS: Final = 3_600_000


class Closed:
    """Stands in for a channel until it is set up and the notifier started again."""

    limit = Limit(1, 60_000)
    groups_many = True
    most_items = 1
    resolves = False
    refresh_ms = 0

    def __init__(self, why: str) -> None:
        self._why = why

    async def send(self, notice: Notice) -> Outcome:
        """Fail."""
        del notice
        return Again(_AGAIN_MS, self._why)

    async def close(self) -> None:
        """Nothing is held."""
