"""The platforms whose webhooks are understood: each a module with a pure ``open_delivery`` and a pure ``parse``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from producers.sources import (
    cloudevents,
    github_style,
    matrix,
    onebot11,
    slack,
    telegram,
)
from producers.sources.base import Platform

PLATFORMS: Final[Mapping[str, Platform]] = {
    "cloudevents": cloudevents.WEBHOOK,
    "github_style": github_style.WEBHOOK,
    "matrix": matrix.WEBHOOK,
    "onebot11": onebot11.WEBHOOK,
    "slack": slack.WEBHOOK,
    "telegram": telegram.WEBHOOK,
}
"""Source kind -> how it is spoken to."""
