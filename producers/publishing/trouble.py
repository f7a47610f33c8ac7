"""What keeps a publisher from its broker: known at any time, and told to the log, but not again and again."""

from __future__ import annotations

from typing import Any, Final

from huoqun import log

SLOW_SECONDS: Final = 5.0
SAY_AGAIN_SECONDS: Final = 60.0


class Trouble:
    """Times are seconds of any one clock that only goes forward.

    ``text`` is what is wrong as far as is known, ``None`` when nothing is. It may be set without a word to the log, for what
    the callers hear of anyway.
    """

    def __init__(self, logger: Any = None) -> None:
        self.text: str | None = "not connected to the broker yet"
        self._said: str | None = None
        self._said_at = 0.0
        self._log = log.get("publisher") if logger is None else logger

    def note(self, text: str | None, now: float) -> None:
        """Know it from now on, and log it if it is another than the last, or the same for a minute."""
        if text is not None and (text != self._said or now - self._said_at > SAY_AGAIN_SECONDS):
            self._log.warning("broker", trouble=text)
            self._said_at = now
        self._said = text
        self.text = text

    def of(self, oldest: float | None, now: float) -> str | None:
        """Return what is wrong when the oldest of what is not acknowledged yet has waited since ``oldest``."""
        waited = 0.0 if oldest is None else now - oldest
        return f"the broker has not acknowledged for {waited:.0f} s" if waited > SLOW_SECONDS else self.text
