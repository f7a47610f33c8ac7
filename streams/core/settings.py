"""What the machines need to know of one group's configuration, resolved."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import msgspec

from huoqun.config import Config, Deadlines, GroupKind, midnight_of, minutes_of_day


class Quiet(msgspec.Struct, frozen=True):
    """Local minutes of the day between which nobody is expected to answer; may span midnight."""

    start: int
    end: int
    time_zone: str


class GroupSettings(msgspec.Struct, frozen=True):
    """One group's settings: who is staff, how long a question may wait, when it is quiet."""

    platform: str
    group_id: str
    kind: GroupKind
    staff: frozenset[str]
    bots: frozenset[str]
    deadlines: Deadlines
    quiet: Quiet | None = None
    ends_at: int = 0
    """When the last day of what the group is for is over (ms); 0: it has no such day."""
    ends_on: str = ""
    """That day, as operators write it."""
    goal_members: int = 0
    """So many members are the goal; 0: none. Likewise the next."""
    goal_conversions: int = 0
    time_zone: str = "Asia/Shanghai"
    check_in: str = ""


def resolve(config: Config, platform: str, group_id: str) -> GroupSettings:
    """Return the settings of one group from the whole configuration."""
    group = config.group(platform, group_id)
    mine = f"{platform}/"
    everywhere = {s.removeprefix(mine) for s in config.staff if s.startswith(mine)}
    bots = {s.removeprefix(mine) for s in config.bots if s.startswith(mine)}
    quiet = None
    if group.quiet_hours is not None:
        start, end = minutes_of_day(group.quiet_hours.start), minutes_of_day(group.quiet_hours.end)
        if start is not None and end is not None and start != end:
            quiet = Quiet(start, end, group.time_zone)
    return GroupSettings(
        platform=platform,
        group_id=group_id,
        kind=group.kind,
        staff=frozenset(everywhere | set(group.staff)),
        bots=frozenset(bots | set(group.bots)),
        deadlines=group.deadlines or config.deadlines,
        quiet=quiet,
        ends_at=0 if group.ends_on is None else midnight_of(group.ends_on + timedelta(days=1), group.time_zone),
        ends_on="" if group.ends_on is None else group.ends_on.isoformat(),
        goal_members=group.goal_members,
        goal_conversions=group.goal_conversions,
        time_zone=group.time_zone,
        check_in=group.check_in,
    )


def add_awake(start: int, wait: int, quiet: Quiet | None) -> int:
    """Return the moment (ms) at which ``wait`` ms have passed since ``start`` outside the quiet hours."""
    if quiet is None:
        return start + wait
    zone = ZoneInfo(quiet.time_zone)
    now, left = start, wait
    while True:
        local = datetime.fromtimestamp(now / 1000, tz=UTC).astimezone(zone)
        minute = local.hour * 60 + local.minute
        asleep = quiet.start <= minute < quiet.end if quiet.start < quiet.end else not quiet.end <= minute < quiet.start
        border = _next(local, quiet.end if asleep else quiet.start)
        if asleep:
            now = border
        elif now + left <= border:
            return now + left
        else:
            left -= border - now
            now = border


def _next(local: datetime, minute: int) -> int:
    """Return the next time (ms) at which the local clock shows ``minute`` of the day."""
    at = local.replace(hour=minute // 60, minute=minute % 60, second=0, microsecond=0)
    if at <= local:
        at = (at + timedelta(days=1)).replace(fold=0)
    return round(at.timestamp() * 1000)
