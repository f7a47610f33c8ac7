"""Learned weights, as data: one file a model, written by its training command with where it comes from.

They are part of the program: read once, as its code is.
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import Any

import msgspec


@cache
def shipped(name: str) -> dict[str, Any]:
    """Return the weights that come with the product."""
    numbers: dict[str, Any] = msgspec.json.decode(files(__name__).joinpath(f"{name}.json").read_bytes())
    return numbers
