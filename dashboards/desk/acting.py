"""What an operator may do about an item: a request read into an action, or why it is none (pure)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple

import msgspec

from huoqun.faults import without_values
from huoqun.results import Action, ActionName

LONGEST_NOTE: Final = 2_000
LONGEST_NAME: Final = 200
LONGEST_SNOOZE_MS: Final = 90 * 86_400_000


class Refusal(NamedTuple):
    """Why a request is no action: the field and what is wrong with it."""

    where: str
    why: str


class _Asked(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    id: str
    item: str
    kind: str
    action: ActionName
    platform: str
    group_id: str
    until: int | None = None
    assignee: str = ""
    note: str = ""
    undoes: str = ""


_decoder: Final = msgspec.json.Decoder(_Asked)


def read_action(body: bytes, *, by: str, now: int) -> Action | Refusal:
    """Return the action that a request's body asks for, done by ``by`` at ``now`` (ms).

    The page makes the ``id``: the same request sent twice is one action.
    """
    try:
        asked = _decoder.decode(body)
    except (msgspec.ValidationError, msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        message, _, place = without_values(error).partition(" - at ")
        return Refusal(place.strip("`").removeprefix("$.") or "body", message)
    fault = next(_faults(asked, now), None)
    if fault is not None:
        return fault
    return Action(
        platform=asked.platform,
        group_id=asked.group_id,
        action_id=asked.id,
        item=asked.item,
        kind=asked.kind,
        action=asked.action,
        by=by,
        at=now,
        until=asked.until if asked.action == "snooze" else None,
        assignee=asked.assignee if asked.action == "assign" else "",
        note=asked.note,
        undoes=asked.undoes if asked.action == "undo" else "",
        version=now,
    )


def _faults(asked: _Asked, now: int) -> Iterator[Refusal]:
    for name in ("id", "item", "kind", "platform", "group_id"):
        if not 0 < len(getattr(asked, name)) <= LONGEST_NAME:
            yield Refusal(name, f"must have 1 to {LONGEST_NAME} characters")
    if len(asked.assignee) > LONGEST_NAME:
        yield Refusal("assignee", f"must have at most {LONGEST_NAME} characters")
    if len(asked.note) > LONGEST_NOTE:
        yield Refusal("note", f"must have at most {LONGEST_NOTE} characters")
    if asked.action == "note" and not asked.note.strip():
        yield Refusal("note", "is empty")
    if asked.action == "undo" and not asked.undoes:
        yield Refusal("undoes", "names the action to take back")
    if asked.action == "snooze" and not (asked.until and now < asked.until <= now + LONGEST_SNOOZE_MS):
        yield Refusal("until", "must be a time (ms) within the next 90 days")
