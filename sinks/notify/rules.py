"""The configuration of ``[notify]`` as the decisions use it: which route an alert takes, and what each one waits for (pure)."""

from __future__ import annotations

from typing import Final
from zoneinfo import ZoneInfo

import msgspec

from huoqun.config import Config, Group, minutes_of_day
from huoqun.notify_config import WEEKDAYS, NotifyRoute
from huoqun.results import Alert, Severity
from sinks.notify.calendar import Hours, Moment
from sinks.notify.notice import Language

RANK: Final[dict[Severity, int]] = {"info": 0, "warning": 1, "critical": 2}
"""Severities, the worse the greater."""

_SECOND: Final = 1_000
_MINUTE: Final = 60_000
_HOUR: Final = 3_600_000


class Route(msgspec.Struct, frozen=True, kw_only=True):
    """One route, ready to be asked. Times are ms."""

    name: str
    channels: tuple[str, ...]
    escalate_to: tuple[str, ...]
    escalate_after: int
    groups: frozenset[str]
    platforms: frozenset[str]
    group_kinds: frozenset[str]
    kinds: frozenset[str]
    least: int
    holds: bool
    """Quiet hours hold back."""
    critical_passes: bool
    digest: Moment
    weekly: Moment | None

    def takes_group(self, platform: str, group_id: str, kind: str) -> bool:
        """Tell whether alerts of a group of this kind take the route."""
        return (
            (not self.groups or f"{platform}/{group_id}" in self.groups)
            and (not self.platforms or platform in self.platforms)
            and (not self.group_kinds or kind in self.group_kinds)
        )

    def held(self, severity: Severity) -> bool:
        """Tell whether the quiet hours hold alerts of this severity back."""
        return self.holds and not (self.critical_passes and severity == "critical")


class Rules:
    """All routes and times. Times are ms."""

    def __init__(self, config: Config) -> None:
        notify = config.notify
        zone = ZoneInfo(notify.time_zone)
        self.routes: Final = tuple(_route(route, zone) for route in notify.routes)
        self.by_name: Final = {route.name: route for route in self.routes}
        self.desk: Final = notify.desk_url.rstrip("/")
        self.languages: Final[dict[str, Language]] = {
            channel.name: channel.language or notify.language for channel in notify.channels
        }
        self.wait: Final = round(notify.group_wait_seconds * _SECOND)
        self.interval: Final = round(notify.group_interval_seconds * _SECOND)
        self.repeat: Final = round(notify.repeat_hours * _HOUR)
        self.old: Final = round(notify.old_hours * _HOUR)
        self.failing: Final = round(notify.failing_minutes * _MINUTE)
        self._groups = {(group.platform, group.group_id): group for group in config.groups}
        self._quiet = {key: _hours(group) for key, group in self._groups.items()}

    def kind_of(self, platform: str, group_id: str) -> str:
        """Return the kind of a group."""
        group = self._groups.get((platform, group_id))
        return group.kind if group is not None else "interest"

    def quiet(self, platform: str, group_id: str) -> Hours | None:
        """Return a group's quiet hours, ``None`` if it has none."""
        return self._quiet.get((platform, group_id))

    def matching(self, alert: Alert) -> list[Route]:
        """Return the routes that an alert takes, in their order."""
        kind, rank = self.kind_of(alert.platform, alert.group_id), RANK[alert.severity]
        return [
            route
            for route in self.routes
            if rank >= route.least
            and (not route.kinds or alert.kind in route.kinds)
            and route.takes_group(alert.platform, alert.group_id, kind)
        ]


def _hours(group: Group) -> Hours | None:
    if group.quiet_hours is None:
        return None
    start, end = minutes_of_day(group.quiet_hours.start), minutes_of_day(group.quiet_hours.end)
    if start is None or end is None or start == end:
        return None
    return Hours(ZoneInfo(group.time_zone), start, end)


def _route(route: NotifyRoute, zone: ZoneInfo) -> Route:
    weekly_at = minutes_of_day(route.weekly_at) or 0
    return Route(
        name=route.name,
        channels=tuple(route.channels),
        escalate_to=tuple(route.escalate_to),
        escalate_after=round(route.escalate_after_minutes * _MINUTE),
        groups=frozenset(route.groups),
        platforms=frozenset(route.platforms),
        group_kinds=frozenset(route.group_kinds),
        kinds=frozenset(route.kinds),
        least=RANK[route.severity],
        holds=route.quiet_hours,
        critical_passes=route.critical_in_quiet_hours,
        digest=Moment(zone, minutes_of_day(route.digest_at) or 0),
        weekly=Moment(zone, weekly_at, WEEKDAYS.index(route.weekly_on)) if route.weekly_on else None,
    )
