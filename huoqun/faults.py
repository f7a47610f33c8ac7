"""What a decoder has against a value, without the value: that may be what somebody wrote (pure)."""

from __future__ import annotations

import re
from typing import Final

NOT_ALLOWED: Final = "none of the allowed values"

_QUOTES: Final = (
    (re.compile(r"""Invalid enum value (['"]).*\1(?= - at `|$)""", re.DOTALL), NOT_ALLOWED),
    (re.compile(r"""Invalid value (['"]).*\1(?= - at `|$)""", re.DOTALL), NOT_ALLOWED),
    (re.compile(r"Object contains unknown field `.*`(?= - at `|$)", re.DOTALL), "holds an unknown field"),
    (re.compile(r"Invalid enum value -?\d+"), NOT_ALLOWED),
    (re.compile(r"Invalid value -?\d+"), NOT_ALLOWED),
)
"""The messages of msgspec that quote, as its sources have them."""


def without_values(error: Exception) -> str:
    """Return an error's message; where it quotes what was decoded, in other words. Its place (`` - at `$.x` ``) stays."""
    text = str(error)
    for quoting, plain in _QUOTES:
        text = quoting.sub(plain, text)
    return text
