"""Two small decisions of the sink's shell (pure): how long to wait before the next try, and when bad is too much."""

from __future__ import annotations

from typing import Final

FIRST_MS: Final = 200
LONGEST_MS: Final = 30_000


def backoff_ms(attempt: int, chance: float) -> int:
    """Return the wait after try ``attempt`` (from 1), with full jitter: ``chance`` is uniform in [0, 1).

    Never less than a tenth of the bound, so that an unlucky run of zeros does not hammer a store that is coming back.
    """
    bound = min(LONGEST_MS, FIRST_MS * 2 ** min(attempt - 1, 16))
    return int(bound * (0.1 + 0.9 * chance))


class DeadLetterLimit:
    """Stops the sink rather than let it empty a topic into the dead letters: a bad release refuses everything."""

    def __init__(self, most: int = 1_000) -> None:
        self.most = most
        self._running = 0

    def good(self) -> None:
        """Count a record that could be stored."""
        self._running = 0

    def bad(self) -> bool:
        """Count a dead letter; true when there were too many with nothing good between them."""
        self._running += 1
        return self._running >= self.most
