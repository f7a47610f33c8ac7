"""The part of the configuration that says whom alerts reach: ``[notify]`` with its channels and routes."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from ipaddress import ip_network
from typing import Final, Literal, get_args
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

from huoqun.results import AlertKind, Severity

ChannelKind = Literal["feishu", "dingtalk", "wecom", "alertmanager", "pagerduty", "webhook", "apprise"]
Weekday = Literal["", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
WEEKDAYS: Final[tuple[Weekday, ...]] = get_args(Weekday)[1:]
Language = Literal["zh", "en", "both"]
OwnLanguage = Literal["", "zh", "en", "both"]
KindOfGroup = Literal["commerce", "interest", "fan", "learning"]

_NEEDS_URL: Final[tuple[ChannelKind, ...]] = ("feishu", "dingtalk", "wecom", "alertmanager", "webhook", "apprise")
_HOST_NAME: Final = re.compile(r"(?=.*[a-z])[a-z0-9_-]+(\.[a-z0-9_-]+)*\.?", re.IGNORECASE | re.ASCII)
_WEEK_MINUTES: Final = 7 * 24 * 60.0


class _Section(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    pass


class NotifyChannel(_Section, kw_only=True):
    """Where notices go.

    ``url_env`` and ``secret_env`` name environment variables: secrets, and addresses as good as secrets, stand nowhere else.
    """

    name: str
    kind: ChannelKind
    url_env: str = ""
    """Holds the address: a robot's webhook, Alertmanager's root, an apprise URL. PagerDuty needs none."""
    secret_env: str = ""
    """Holds the signing secret (Feishu, DingTalk, webhook), the bearer token (Alertmanager) or the routing key (PagerDuty)."""
    language: OwnLanguage = ""
    """Empty: as ``notify.language``."""


class NotifyRoute(_Section, kw_only=True):
    """Which alerts reach which channels. An empty list of a match is no condition; every route that matches tells."""

    name: str
    channels: list[str]
    groups: list[str] = []
    """``platform/group_id`` each."""
    platforms: list[str] = []
    group_kinds: list[KindOfGroup] = []
    kinds: list[AlertKind] = []
    severity: Severity = "info"
    """This much or worse."""
    escalate_after_minutes: float = 0.0
    """So long after it was told, an alert that nobody has acknowledged goes to ``escalate_to`` too. 0: never."""
    escalate_to: list[str] = []
    quiet_hours: bool = True
    """Whether a group's quiet hours hold its alerts back until ``digest_at``."""
    critical_in_quiet_hours: bool = True
    """Whether alerts of severity ``critical`` are told all the same."""
    digest_at: str = "09:00"
    """When, in ``notify.time_zone``, what was held back is told in one digest."""
    weekly_on: Weekday = ""
    """The day of the weekly report; empty: none."""
    weekly_at: str = "09:00"


class Notify(_Section, kw_only=True):
    """Who is told. Without a route nobody is."""

    desk_url: str = ""
    """The desk's address as operators reach it, for links in notices; empty: notices have no links."""
    language: Language = "both"
    time_zone: str = "Asia/Shanghai"
    """Of digests and weekly reports; quiet hours are in their group's own."""
    group_wait_seconds: float = 10.0
    """From a group's first alert to its notice: what comes meanwhile goes along, and what is over by then is not told."""
    group_interval_seconds: float = 60.0
    """Between two notices about one group."""
    repeat_hours: float = 0.0
    """An open alert that nobody has acknowledged is told again after so long; 0: never."""
    old_hours: float = 24.0
    """What was raised longer ago than this when it is first seen (a replay of history, a new route) is told in the next digest,
    if it is still open then, and not by itself."""
    failing_minutes: float = 10.0
    """A channel that takes nothing for so long is told about by another one."""
    allow_private: str = ""
    """What inside channels may reach, separated by commas: addresses, networks (``10.0.0.0/8``) or host names, which may then
    have a private address; every other address that is not on the public internet is refused."""
    metrics_host: str = "127.0.0.1"
    metrics_port: int = 9103
    channels: list[NotifyChannel] = []
    routes: list[NotifyRoute] = []


def problems(notify: Notify, minutes_of_day: Callable[[str], int | None]) -> list[str]:
    """Return what is wrong, each with its place. ``minutes_of_day`` reads ``HH:MM``, ``None`` if it is no time of day."""
    names = [channel.name for channel in notify.channels]
    found = list(_of_section(notify))
    for number, channel in enumerate(notify.channels):
        found += _of_channel(f"notify.channels[{number}]", channel)
    for number, route in enumerate(notify.routes):
        found += _of_route(f"notify.routes[{number}]", route, names, minutes_of_day)
    found += _twice("notify.channels", names)
    found += _twice("notify.routes", [route.name for route in notify.routes])
    return found


def _of_section(notify: Notify) -> Iterator[str]:
    bounds = {
        "group_wait_seconds": (notify.group_wait_seconds, 0.0, 3600.0),
        "group_interval_seconds": (notify.group_interval_seconds, 0.0, 86_400.0),
        "repeat_hours": (notify.repeat_hours, 0.0, 168.0),
        "old_hours": (notify.old_hours, 0.1, 168.0),
        "failing_minutes": (notify.failing_minutes, 0.1, 1440.0),
    }
    for name, (value, least, most) in bounds.items():
        if not least <= value <= most:
            yield f"notify.{name}: must be {least:g} to {most:g}, is {value:g}"
    try:
        ZoneInfo(notify.time_zone)
    except (ZoneInfoNotFoundError, ValueError):
        yield f"notify.time_zone: {notify.time_zone!r} is no time zone such as Asia/Shanghai"
    try:
        parts = urlsplit(notify.desk_url)
        fits = not notify.desk_url or (parts.scheme in ("http", "https") and bool(parts.hostname))
    except ValueError:
        fits = False
    if not fits:
        yield f"notify.desk_url: {notify.desk_url!r} is no address such as https://desk.example.com"
    for entry in (each.strip() for each in notify.allow_private.split(",")):
        try:
            ip_network(entry or "127.0.0.1")
        except ValueError as error:
            if "/" in entry or ":" in entry or not _HOST_NAME.fullmatch(entry):
                yield f"notify.allow_private: {error}, and no host name"


def _of_channel(place: str, channel: NotifyChannel) -> Iterator[str]:
    if not channel.name:
        yield f"{place}.name: is empty"
    if channel.kind in _NEEDS_URL and not channel.url_env:
        yield f"{place}.url_env: a {channel.kind} channel needs the name of the variable that holds its address"
    if channel.kind == "pagerduty" and not channel.secret_env:
        yield f"{place}.secret_env: a pagerduty channel needs the name of the variable that holds its routing key"


def _of_route(
    place: str, route: NotifyRoute, channels: Sequence[str], minutes_of_day: Callable[[str], int | None]
) -> Iterator[str]:
    if not route.name:
        yield f"{place}.name: is empty"
    if not route.channels:
        yield f"{place}.channels: is empty; allowed: {_either(channels)}"
    for key, named in (("channels", route.channels), ("escalate_to", route.escalate_to)):
        wrong = [name for name in named if name not in channels]
        yield from (f"{place}.{key}: no channel is named {name!r}; allowed: {_either(channels)}" for name in wrong)
        yield from _twice(f"{place}.{key}", named)
    strange = [group for group in route.groups if not all(group.partition("/"))]
    yield from (f"{place}.groups: {group!r} must be platform/group_id" for group in strange)
    if not 0 <= route.escalate_after_minutes <= _WEEK_MINUTES:
        yield f"{place}.escalate_after_minutes: must be 0 to {_WEEK_MINUTES:g}, is {route.escalate_after_minutes:g}"
    if (route.escalate_after_minutes > 0) != bool(route.escalate_to):
        yield f"{place}: escalate_after_minutes and escalate_to go together: one of them is missing"
    for key, value in (("digest_at", route.digest_at), ("weekly_at", route.weekly_at)):
        if minutes_of_day(value) is None:
            yield f"{place}.{key}: {value!r} is no time of day such as 09:00"


def _either(names: Sequence[str]) -> str:
    return ", ".join(names) or "none is configured: add one to [[notify.channels]]"


def _twice(place: str, names: Sequence[str]) -> Iterator[str]:
    for name in sorted({name for name in names if names.count(name) > 1}):
        yield f"{place}: {name!r} is listed twice"
