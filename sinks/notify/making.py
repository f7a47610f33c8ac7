"""Alerts made into a notice (pure)."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Final

from sinks.notify import links
from sinks.notify.case import Case, Standing
from sinks.notify.lane import Traits
from sinks.notify.ledger import Mark
from sinks.notify.notice import Ending, Item, Step
from sinks.notify.rules import RANK

MOST_MARKS: Final = 500
"""Alerts that one notice tells of, shown or counted; further ones come with the next."""


def delivery_id(*parts: object) -> str:
    """Return the id of what is told: the same telling has the same one, whenever it is made."""
    return hashlib.blake2b("\x1f".join(map(str, parts)).encode(), digest_size=12).hexdigest()


def ordered(cases: Iterable[Case]) -> list[Case]:
    """Return the most severe first, then the oldest."""
    return sorted(cases, key=lambda case: (-RANK[case.alert.severity], case.alert.raised_at, case.alert.alert_id))


def most(traits: Traits) -> int:
    """Return how many alerts one notice may tell of."""
    if not traits.groups_many:
        return 1
    return traits.most_items if traits.resolves else MOST_MARKS


def mark(case: Case) -> Mark:
    """Return what is noted of an alert that is told."""
    return Mark(case.alert.alert_id, case.alert.raised_at, case.alert.severity)


def item(case: Case, standing: Standing, *, assigned_to: str, group_name: str, desk: str) -> Item:
    """Return an alert as it is told."""
    alert = case.alert
    ended: Ending = standing.phase if standing.phase in ("resolved", "expired") else ""
    return Item(
        alert_id=alert.alert_id,
        kind=alert.kind,
        severity=alert.severity,
        platform=alert.platform,
        group_id=alert.group_id,
        group_name=group_name,
        user_id=alert.user_id,
        event_id=alert.subject_event_id,
        raised_at=alert.raised_at,
        ended=ended,
        ended_at=standing.at if ended else None,
        ended_by=standing.by if ended else "",
        assigned_to=assigned_to or (standing.by if standing.phase == "acked" else ""),
        title=alert.title,
        reasons=tuple(alert.reasons),
        link=links.of_alert(desk, alert.kind),
    )


def counts(cases: Sequence[Case]) -> tuple[tuple[str, int], ...]:
    """Return how many there are of each kind, most first; nothing where there is one alert."""
    if len(cases) < 2:  # noqa: PLR2004
        return ()
    found = Counter(case.alert.kind for case in cases)
    return tuple(sorted(found.items(), key=lambda entry: (-entry[1], entry[0])))


def link(cases: Sequence[Case], step: Step, desk: str) -> str:
    """Return the desk's page about all of it: the list for one alert, the group's page for one group's, else the desk."""
    groups = {(case.alert.platform, case.alert.group_id) for case in cases}
    if not desk:
        return ""
    if len(cases) == 1:
        return links.of_alert(desk, cases[0].alert.kind)
    if len(groups) == 1 and step != "digest":
        return links.of_group(desk, *next(iter(groups)))
    return f"{desk}/"
