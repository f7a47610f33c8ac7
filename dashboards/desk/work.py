"""The work lists: what the results say wants somebody, as items that can be acted upon (pure).

An item is known by the id of its alert, or by what :func:`huoqun.results.alert_id` makes of the list's name and the subject
where there is none: so a question has the same id before its deadline and after it, and what was done stays with it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final, Literal

import msgspec

from huoqun.results import alert_id

ListName = Literal["answer", "welcome", "thank", "win_back", "protect", "move", "pipeline"]
LISTS: Final[tuple[ListName, ...]] = ("answer", "welcome", "thank", "win_back", "protect", "move", "pipeline")
"""In the order in which they are looked at."""
LIST_OF: Final[Mapping[str, ListName]] = {
    "unanswered": "answer",
    "newcomer_at_risk": "welcome",
    "member_at_risk": "win_back",
    "advertising": "protect",
    "flood": "protect",
    "quarrel": "protect",
    "leave_burst": "protect",
    "invited_crowd": "protect",
    "group_fading": "move",
    "group_dormant": "move",
    "false_activity": "move",
    "silence_after_broadcast": "move",
    "shouting_into_void": "move",
    "purpose_ended": "move",
    "source_silent": "pipeline",
}
"""The list to which an alert belongs; one that is not named here is protection."""
_URGENCY: Final = {"critical": 0, "warning": 1, "info": 2}
_WAITING: Final = {"open": 0, "acked": 1, "snoozed": 2}


class Item(msgspec.Struct, kw_only=True):
    """One thing to be done. Times are ms; ``due_at`` only of questions that are not late yet."""

    item: str
    work: ListName
    kind: str
    state: str
    severity: str
    platform: str
    group_id: str
    group_name: str
    user_id: str = ""
    user_name: str = ""
    event: str = ""
    """The message that it is about."""
    text: str = ""
    title: str = ""
    reasons: list[str] = []
    since: int = 0
    due_at: int | None = None
    ended_at: int | None = None
    assigned_to: str = ""
    handled_by: str = ""
    notes: int = 0


class State(msgspec.Struct, kw_only=True):
    """What operators made of an item that has no alert."""

    did: str = ""
    did_by: str = ""
    snoozed_until: int | None = None
    assigned_to: str = ""
    notes: int = 0

    def state(self, now: int) -> str:
        """Return the item's state at ``now``, as the store says it of alerts."""
        if self.did == "snooze":
            return "snoozed" if (self.snoozed_until or 0) > now else "open"
        return {"acknowledge": "acked", "resolve": "resolved"}.get(self.did, "open")


_NOTHING: Final = State()


def items(
    alerts: Iterable[Mapping[str, Any]],
    questions: Iterable[Mapping[str, Any]],
    thanks: Iterable[Mapping[str, Any]],
    states: Mapping[str, State],
    now: int,
) -> list[Item]:
    """Return all work from the rows of the queries ``work_alerts``, ``work_questions`` and ``work_thanks``.

    Times in the rows are ms already. A question with an alert is shown once, as its alert, with the time it was due.
    """
    found = {item.item: item for item in map(_of_alert, alerts)}
    for row in questions:
        key = alert_id("unanswered", row["platform"], row["group_id"], row["question_id"])
        known = found.get(key)
        if known is None:
            found[key] = _with(states.get(key, _NOTHING), _of_question(key, row), now)
        else:
            known.due_at = row["due_at"]
    for row in thanks:
        key = item_id("thank", row["platform"], row["group_id"], row["user_id"])
        found[key] = _with(states.get(key, _NOTHING), _of_thanks(key, row), now)
    return sorted(found.values(), key=_place)


def item_id(name: ListName, platform: str, group_id: str, subject: str) -> str:
    """Return the id of an item without an alert."""
    return alert_id(name, platform, group_id, subject)  # type: ignore[arg-type]  # a list's name is no alert's kind, so no clash


def _place(item: Item) -> tuple[int, int, int, int, str]:
    late = item.due_at if item.due_at is not None else item.since
    return (
        LISTS.index(item.work),
        _WAITING.get(item.state, 3),
        _URGENCY.get(item.severity, 3),
        late if item.work == "answer" else -item.since,
        item.item,
    )


def _of_alert(row: Mapping[str, Any]) -> Item:
    return Item(
        item=row["alert_id"],
        work=LIST_OF.get(row["kind"], "protect"),
        kind=row["kind"],
        state=row["state"],
        severity=row["severity"],
        platform=row["platform"],
        group_id=row["group_id"],
        group_name=row["group_name"],
        user_id=row["user_id"],
        event=row["subject_event_id"],
        title=row["title"],
        reasons=list(row["reasons"]),
        since=row["raised_at"],
        ended_at=row["resolved_at"] if row["state"] in ("resolved", "expired") else None,
        assigned_to=row["assigned_to"],
        handled_by=row["handled_by"],
        notes=int(row["notes"]),
    )


def _of_question(key: str, row: Mapping[str, Any]) -> Item:
    return Item(
        item=key,
        work="answer",
        kind="unanswered",
        state="open",
        severity="info",
        platform=row["platform"],
        group_id=row["group_id"],
        group_name=row["group_name"],
        user_id=row["user_id"],
        event=row["question_id"],
        since=row["asked_at"],
        due_at=row["due_at"],
    )


def _of_thanks(key: str, row: Mapping[str, Any]) -> Item:
    return Item(
        item=key,
        work="thank",
        kind=row["role"],
        state="open",
        severity="info",
        platform=row["platform"],
        group_id=row["group_id"],
        group_name=row["group_name"],
        user_id=row["user_id"],
        user_name=row["user_name"],
        since=row["as_of"],
    )


def _with(state: State, item: Item, now: int) -> Item:
    item.state = state.state(now)
    item.assigned_to, item.handled_by, item.notes = state.assigned_to, state.did_by, state.notes
    return item
