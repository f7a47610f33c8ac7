"""Who came and went, as WeChat and QQ say it in grey text between the messages."""

from __future__ import annotations

import re
from typing import Any, Final, Literal, NamedTuple

from huoqun.events import LeaveReason
from producers.history.people import Names


class Change(NamedTuple):
    """One person who joined or left. ``name`` may be 你, the person who made the export; ``user_id`` is mostly empty."""

    kind: Literal["join", "leave"]
    name: str
    user_id: str = ""
    by: str = ""
    """The name of who invited or removed them."""
    reason: LeaveReason | None = None


_WHO: Final = r"[\"“”「」'‘’]?\s*(?P<{0}>.+?)\s*[\"“”「」'‘’]?"
_GROUP: Final = r"(?:本|该|此)?群(?:聊|组)?[。.！!]?"
_INVITED: Final = re.compile(
    _WHO.format("by") + r"邀请" + _WHO.format("who") + r"(?:加入|进入)了?" + _GROUP + r"(?:，.*)?"
)
_SCANNED: Final = re.compile(
    _WHO.format("who") + r"通过扫描" + _WHO.format("by") + r"分享的二维码(?:加入|进入)了?" + _GROUP
)
_JOINED: Final = re.compile(_WHO.format("who") + r"(?:已经?|通过.{1,20})?(?:加入|进入)了?" + _GROUP + r"(?:，.*)?")
_REMOVED: Final = re.compile(
    _WHO.format("by") + r"(?:将|把)" + _WHO.format("who") + r"(?:移出|移除|踢出|请出)了?" + _GROUP
)
_WAS_REMOVED: Final = re.compile(
    _WHO.format("who") + r"(?:已经?)?被(?:" + _WHO.format("by") + r")?(?:移出|移除|踢出|请出)了?" + _GROUP
)
_LEFT: Final = re.compile(_WHO.format("who") + r"(?:已经?)?(?:退出|离开)了?" + _GROUP)
_NUMBERED: Final = re.compile(r"(?P<name>.*?)\s*[(（<](?P<id>\d{5,12})[)）>]")
_APART: Final = re.compile(r"[\"”」]?、[\"“「]?")
_LONGEST: Final = 500


_FORMS: Final[tuple[tuple[re.Pattern[str], Literal["join", "leave"], LeaveReason | None], ...]] = (
    (_SCANNED, "join", None),
    (_INVITED, "join", None),
    (_REMOVED, "leave", "kicked"),
    (_WAS_REMOVED, "leave", "kicked"),
    (_LEFT, "leave", "left"),
    (_JOINED, "join", None),
)


def read_notice(text: str) -> list[Change]:
    """Return who came or went; nothing if the text says something else."""
    text = text.strip()
    if len(text) > _LONGEST or "群" not in text:
        return []
    for pattern, kind, reason in _FORMS:
        if match := pattern.fullmatch(text):
            named = match.groupdict()
            by = _person(named["by"])[0] if named.get("by") else ""
            return [Change(kind, name, user_id, by, reason) for name, user_id in _people(named["who"])]
    return []


def change_fields(change: Change, known: Names) -> dict[str, Any]:
    """Return the fields of the event that a change is."""
    fields: dict[str, Any] = {"type": change.kind, "user_id": change.user_id or known.find(change.name)}
    if change.kind == "leave":
        fields["reason"] = change.reason
    if change.by:
        fields["inviter_id" if change.kind == "join" else "operator_id"] = known.find(change.by)
    return fields


def _people(text: str) -> list[tuple[str, str]]:
    return [_person(part) for part in _APART.split(text) if part.strip(" \"“”「」'")]


def _person(text: str) -> tuple[str, str]:
    text = text.strip(" \"“”「」'‘’")
    match = _NUMBERED.fullmatch(text)
    return (match["name"] or match["id"], match["id"]) if match else (text, "")
