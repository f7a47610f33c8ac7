"""The platforms whose webhooks are understood: each a module with a pure ``verify`` and a pure ``parse``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple

from producers.sources import onebot11
from producers.sources.base import Ignored, Notice, Parse, Verify

__all__ = ["PLATFORMS", "Ignored", "Notice", "Platform"]


class Platform(NamedTuple):
    """How one kind of source is spoken to."""

    verify: Verify
    parse: Parse
    reply_status: int


PLATFORMS: Final[Mapping[str, Platform]] = {
    "onebot11": Platform(onebot11.verify, onebot11.parse, reply_status=204),
}
"""Source kind -> platform. OneBot runs a JSON answer as a command to the bot, hence 204."""
