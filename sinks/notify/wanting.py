"""Who wants to be told what of one alert, now or later: the rules of telling, alert by alert (pure)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple

from sinks.notify import calendar
from sinks.notify.case import Case, Standing
from sinks.notify.ledger import Told
from sinks.notify.notice import Step
from sinks.notify.rules import RANK, Route, Rules

DELAYED_MS: Final = 10 * 60_000
"""An alert whose record comes so long after it was raised belongs to a replay or follows an outage: what ends it may come right
behind, and is waited for as long as between two notices."""


class Want(NamedTuple):
    """One channel is to be told now. ``since``: from when on it was to be (ms); ``wait``: how long it may wait for others."""

    route: str
    step: Step
    since: int
    wait: int = 0


class Found(NamedTuple):
    """Channel -> what it is to be told now; and when to look again at the latest (ms), ``None``: when something comes."""

    wants: dict[str, Want]
    again_at: int | None


class Asking(NamedTuple):
    """What the rules need to know beside the alert. ``keeps``: the channels that keep alerts by their ids."""

    rules: Rules
    keeps: frozenset[str]
    started: int
    now: int


class _Later:
    """The earliest of several times to come."""

    def __init__(self, now: int) -> None:
        self._now = now
        self.at: int | None = None

    def has_come(self, when: int) -> bool:
        """Tell whether the time has come; else remember to look again then."""
        if when <= self._now:
            return True
        self.at = when if self.at is None else min(self.at, when)
        return False


def wants(asking: Asking, case: Case, standing: Standing, told: Mapping[str, Told]) -> Found:
    """Return what is to be told of an alert that stands so, when its channels have been told that."""
    one = _One(asking, case, standing, told)
    if standing.phase == "open":
        for route in asking.rules.matching(case.alert):
            one.tell_open(route)
            one.escalate(route)
    elif standing.phase == "acked":
        one.tell_acked()
    elif standing.phase == "snoozed":
        one.later.has_come(standing.until)
    else:
        one.tell_ended()
    return Found(one.found, one.later.at)


class _One:
    """One alert, while it is decided what is to be told of it."""

    def __init__(self, asking: Asking, case: Case, standing: Standing, told: Mapping[str, Told]) -> None:
        self.asking, self.case, self.standing, self.told = asking, case, standing, told
        self.later = _Later(asking.now)
        self.found: dict[str, Want] = {}

    def tell_open(self, route: Route) -> None:
        """Tell the route's channels for the first time, or again. Of several routes to a channel the first to be due tells."""
        for channel in route.channels:
            known = self.told.get(channel)
            if channel in self.found or (known is not None and known.refused):
                continue
            want = self._first(route, channel) if known is None else self._next(route, known)
            if want is not None:
                self.found[channel] = want

    def escalate(self, route: Route) -> None:
        """Tell others when nobody has taken it on for so long since it was told, or was to be and no channel worked."""
        told = [self.told[channel].first_at for channel in route.channels if channel in self.told]
        told += [
            self.found[channel].since
            for channel in route.channels
            if channel in self.found and self.found[channel].step in ("raised", "digest")
        ]
        if not route.escalate_to or not told:
            return
        due = min(told) + route.escalate_after
        if not self.later.has_come(due) or not self._awake(route):
            return
        for channel in route.escalate_to:
            known = self.told.get(channel)
            if channel not in self.found and (known is None or not (known.escalated or known.refused)):
                self.found[channel] = Want(route.name, "escalated", due)

    def tell_acked(self) -> None:
        """Who keeps alerts by their ids is told that somebody has it."""
        for channel, known in self.told.items():
            if channel in self.asking.keeps and not (known.acked or known.ended or known.refused):
                self.found[channel] = Want(known.route, "acked", self.standing.at)

    def tell_ended(self) -> None:
        """Who was told is told that it is over.

        That nobody needs it any more, and what was over long ago, only who would keep it open.
        """
        rules = self.asking.rules
        for channel, known in self.told.items():
            route = rules.by_name.get(known.route)
            if known.ended or known.refused or route is None:
                continue
            if channel not in self.asking.keeps:
                fresh = self.asking.now - self.standing.at <= rules.old
                if self.standing.phase != "resolved" or not fresh or not self._awake(route):
                    continue
            self.found[channel] = Want(known.route, "resolved", self.standing.at)

    def _first(self, route: Route, channel: str) -> Want | None:
        """When a channel that knows nothing yet is told: soon, after the quiet hours, or in the digest."""
        rules, alert, heard = self.asking.rules, self.case.alert, self.case.heard
        digest: Step = "raised" if channel in self.asking.keeps else "digest"
        first_seen = max(heard, self.asking.started)
        if first_seen - alert.raised_at > rules.old:
            due = calendar.next_time(first_seen, route.digest)
            return Want(route.name, digest, due) if self.later.has_come(due) else None
        hours = rules.quiet(alert.platform, alert.group_id) if route.held(alert.severity) else None
        if hours is not None and calendar.is_quiet(alert.raised_at, hours):
            due = calendar.next_time(alert.raised_at, route.digest)
            if heard < due:  # else the digest that it belongs to is over
                return Want(route.name, digest, due) if self.later.has_come(due) else None
        if not self._awake(route):
            return None
        wait = max(rules.wait, rules.interval) if heard - alert.raised_at > DELAYED_MS else rules.wait
        return Want(route.name, "raised", heard, wait)

    def _next(self, route: Route, known: Told) -> Want | None:
        """When a channel that knows it is told again: it became worse, a snooze is over, or it is time to repeat."""
        rules = self.asking.rules
        step: Step = "again"
        if known.rank < RANK[self.case.alert.severity]:
            step, due = "escalated", self.case.alert.updated_at
        elif known.last_at < self.standing.until <= self.asking.now:
            due = self.standing.until
        elif rules.repeat and self.later.has_come(known.last_at + rules.repeat):
            due = known.last_at + rules.repeat
        else:
            return None
        return Want(route.name, step, due) if self._awake(route) else None

    def _awake(self, route: Route) -> bool:
        """Tell whether the quiet hours let it through now; else remember when they end."""
        alert, now = self.case.alert, self.asking.now
        hours = self.asking.rules.quiet(alert.platform, alert.group_id) if route.held(alert.severity) else None
        if hours is None or not calendar.is_quiet(now, hours):
            return True
        self.later.has_come(calendar.quiet_ends(now, hours))
        return False
