"""An alert with what operators made of it (pure). The store's view ``alerts`` says the same in SQL."""

from __future__ import annotations

from typing import Final, Literal, NamedTuple

import msgspec

from huoqun.results import Action, Alert

Phase = Literal["open", "acked", "snoozed", "resolved", "expired"]

MOST_ACTIONS: Final = 50
"""Kept of one item: the latest."""
_SAYS_NOTHING: Final = ("assign", "note")


class Standing(NamedTuple):
    """Where an alert stands at some time."""

    phase: Phase
    at: int
    """Since when (ms)."""
    by: str = ""
    """The operator who brought it there; empty: the streams."""
    until: int = 0
    """Of a snooze, also one that is over: until when (ms)."""


class Deeds:
    """What was done about one item, in any order, each as often as it comes."""

    def __init__(self) -> None:
        self._actions: dict[str, Action] = {}
        self._undone: dict[str, int] = {}
        self.last_at = 0

    def add(self, action: Action) -> None:
        """Take an action."""
        self.last_at = max(self.last_at, action.at)
        if action.action == "undo":
            self._undone[action.undoes] = action.at
            if len(self._undone) > MOST_ACTIONS:
                del self._undone[min(self._undone, key=lambda key: self._undone[key])]
            return
        self._actions[action.action_id] = action
        if len(self._actions) > MOST_ACTIONS:
            oldest = min(self._actions.values(), key=_when)
            del self._actions[oldest.action_id]

    def last(self, raised_at: int) -> Action | None:
        """Return what was last done and not taken back, notes and assignments aside, since the alert was raised."""
        found = [a for a in self._standing() if a.action not in _SAYS_NOTHING and a.at >= raised_at]
        return max(found, key=_when, default=None)

    def assigned_to(self) -> str:
        """Return whose it is."""
        found = [a for a in self._standing() if a.action == "assign"]
        return max(found, key=_when).assignee if found else ""

    def _standing(self) -> list[Action]:
        return [a for a in self._actions.values() if a.action_id not in self._undone]


def _when(action: Action) -> tuple[int, str]:
    return action.at, action.action_id


class Case(msgspec.Struct):
    """An alert in its latest version, and when its first record came (ms): ``heard`` starts anew when it is raised anew."""

    alert: Alert
    heard: int

    @property
    def is_open(self) -> bool:
        """Whether the streams hold it open, whatever was done about it."""
        return self.alert.state == "open" and not self.alert.deleted

    def take(self, alert: Alert, heard: int) -> bool:
        """Take another record of the alert; false if it is an older version."""
        if alert.version < self.alert.version:
            return False
        if alert.raised_at != self.alert.raised_at:
            self.heard = heard
        self.alert = alert
        return True

    def standing(self, deeds: Deeds | None, now: int) -> Standing:
        """Return where it stands at ``now``."""
        alert = self.alert
        ended_at = alert.resolved_at or alert.updated_at
        if alert.deleted:
            return Standing("expired", ended_at)
        if alert.state in ("resolved", "expired"):
            return Standing(alert.state, ended_at)
        did = deeds.last(alert.raised_at) if deeds is not None else None
        if did is None or did.action == "reopen":
            return Standing("open", alert.raised_at)
        if did.action == "acknowledge":
            return Standing("acked", did.at, did.by)
        if did.action == "resolve":
            return Standing("resolved", did.at, did.by)
        until = did.until or 0
        return Standing("snoozed" if until > now else "open", did.at, did.by, until)
