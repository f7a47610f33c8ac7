"""A small decision of the sink's shell (pure): how long to wait before the next try."""

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
