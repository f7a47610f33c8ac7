"""Where the desk shows what a notice is about (pure)."""

from __future__ import annotations

from typing import Final
from urllib.parse import quote

from huoqun.results import AlertKind

LIST_OF: Final[dict[AlertKind, str]] = {
    "unanswered": "answer",
    "newcomer_at_risk": "welcome",
    "member_at_risk": "win_back",
    "group_fading": "move",
    "group_dormant": "move",
    "false_activity": "move",
    "silence_after_broadcast": "move",
    "shouting_into_void": "move",
    "purpose_ended": "move",
    "source_silent": "pipeline",
}
"""The desk's list that has an alert; what is not named is on ``protect``. A test holds it to the desk's own."""


def of_alert(desk: str, kind: AlertKind) -> str:
    """Return the address of the list that has an alert; empty without a desk."""
    return f"{desk}/#/{LIST_OF.get(kind, 'protect')}" if desk else ""


def of_group(desk: str, platform: str, group_id: str) -> str:
    """Return the address of a group's page."""
    return f"{desk}/#/board/community/{quote(platform, safe='')}/{quote(group_id, safe='')}" if desk else ""
