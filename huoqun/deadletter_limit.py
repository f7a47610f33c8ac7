"""When bad is too much (pure)."""

from __future__ import annotations


class DeadLetterLimit:
    """Stops a reader rather than let it empty a topic into the dead letters: a bad release refuses everything."""

    def __init__(self, most: int = 1_000) -> None:
        self.most = most
        self._running = 0

    def good(self) -> None:
        """Count a record that could be used."""
        self._running = 0

    def bad(self) -> bool:
        """Count a dead letter; true when there were too many with nothing good between them (``most`` 0: never)."""
        self._running += 1
        return 0 < self.most <= self._running
