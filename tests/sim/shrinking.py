"""Of what goes wrong, as little as still does."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


def least(parts: list[Any], fails: Callable[[list[Any]], bool]) -> list[Any]:
    """Return the parts without all those that it still ``fails`` without."""
    size = max(1, len(parts) // 2)
    while True:
        at = 0
        while at < len(parts):
            fewer = parts[:at] + parts[at + size :]
            if fewer and fails(fewer):
                parts = fewer
            else:
                at += size
        if size == 1:
            return parts
        size //= 2
