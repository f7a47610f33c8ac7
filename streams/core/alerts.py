"""Alerts as values: raised once for a cause, then updated under the same id."""

from __future__ import annotations

import copy
from typing import Any, Final

import msgspec

from huoqun.results import Alert, AlertKind, AlertState, Severity, alert_id
from streams.core.history import History
from streams.core.settings import GroupSettings
from streams.core.state import DAY_MS
from streams.core.tables import ALERTS

PASSING: Final = frozenset({"leave_burst", "advertising"})

_encoder: Final = msgspec.json.Encoder(order="deterministic")


def raise_alert(  # the fields of an alert, by name
    h: History,
    settings: GroupSettings,
    kind: AlertKind,
    subject: str,
    *,
    at: int,
    severity: Severity,
    title: str,
    reasons: list[str],
    evidence: dict[str, Any],
    user: str = "",
    event: str = "",
) -> str:
    """Raise an alert at ``at`` (ms) for ``subject``, or bring the open one for it up to date; return its id."""
    key = alert_id(kind, settings.platform, settings.group_id, subject)
    before = h.tables[ALERTS].get(key)
    h.put(
        ALERTS,
        key,
        Alert(
            platform=settings.platform,
            group_id=settings.group_id,
            alert_id=key,
            kind=kind,
            severity=severity,
            user_id=user,
            subject_event_id=event,
            raised_at=before.raised_at if before is not None and before.state == "open" else at,
            updated_at=at,
            state="open",
            title=title,
            reasons=reasons,
            evidence=_encoder.encode(evidence).decode(),
        ),
    )
    return key


def is_open(h: History, key: str) -> bool:
    """Return whether an alert is open."""
    alert: Alert | None = h.tables[ALERTS].get(key)
    return alert is not None and alert.state == "open"


def close_alert(h: History, key: str, *, at: int, state: AlertState, reason: str) -> None:
    """Resolve or expire an open alert at ``at`` (ms), saying why; nothing happens if it is not open."""
    before = h.tables[ALERTS].get(key)
    if before is None or before.state != "open":
        return
    alert = copy.copy(before)
    alert.state, alert.updated_at = state, at
    alert.resolved_at = at if state == "resolved" else None
    alert.reasons = [*before.reasons, reason]
    h.put(ALERTS, key, alert)


def expire_old(h: History, *, at: int) -> None:
    """Expire alerts about a passing event that have not been renewed for a day."""
    for key, alert in list(h.tables[ALERTS].items()):
        if alert.state == "open" and alert.kind in PASSING and alert.updated_at <= at - DAY_MS:
            close_alert(h, key, at=at, state="expired", reason="一天内未再发生 · not again within a day")


def minutes_text(ms: int) -> str:
    """Return a duration as operators read it: ``4 min``, ``2 h 5 min``, ``3 d``."""
    minutes = max(0, ms) // 60_000
    if minutes < 60:  # noqa: PLR2004  # an hour
        return f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    if hours < 48:  # noqa: PLR2004  # two days
        return f"{hours} h {minutes} min" if minutes else f"{hours} h"
    return f"{hours // 24} d"
