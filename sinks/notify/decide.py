"""Who is told what, when: records, time and outcomes in; notices to send out (pure: time is an argument).

What was told is known from recorded deliveries alone, and everything else follows from the records and the time. So after a
restart, once the records are read again, the same is wanted as before, and what was recorded is not told again. A notice
that was sent and not recorded is told once more: that is the price of telling at least once.

Each channel is a lane: one notice at a time, sent until the receiver has it. What waits is kept alert by alert and made
into notices as late as possible, when the lane is free: so many are one, and what is over meanwhile is left out.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Mapping
from typing import Final

from huoqun.results import Action, Alert, Delivery
from sinks.notify import calendar, making
from sinks.notify.case import Case, Deeds, Standing
from sinks.notify.lane import FOLD_FROM, Flight, Lane, Place, Traits, urgency
from sinks.notify.ledger import Ledger, written
from sinks.notify.notice import Again, Night, Notice, Outcome, Refused, Trouble
from sinks.notify.rules import RANK, Route, Rules
from sinks.notify.wanting import Asking, Found, Want, wants

_DAY_MS: Final = 86_400_000
_TIDY_MS: Final = 600_000
_WEEKLY_LOOK_MS: Final = 15_000
_CRITICAL: Final = RANK["critical"]
_TROUBLE_MS: Final = 6 * 3_600_000
MOST_CLOSED: Final = 20_000
"""Alerts that are over and are kept, against records that come again; the oldest go first."""
_KEEP_CLOSED_MS: Final = 2 * _DAY_MS
_DEEDS_MS: Final = 8 * _DAY_MS


class Decider:
    """The decisions of one notifier. Bounded by the open alerts, and what the ledger and ``MOST_CLOSED`` keep of others."""

    def __init__(self, rules: Rules, traits: Mapping[str, Traits], started: int) -> None:
        """``traits`` are of the channels that can be used; ``started`` is when it began to listen (ms)."""
        self.rules = rules
        self.lanes: Final = {name: Lane(name, each) for name, each in traits.items()}
        self._keeps: Final = frozenset(name for name, each in traits.items() if each.resolves)
        self._started = started
        self._ledger: Final = Ledger()
        self._cases: dict[str, Case] = {}
        self._deeds: dict[str, Deeds] = {}
        self._wanted: dict[str, dict[str, tuple[Place, Want]]] = {}
        self._changed: set[str] = set()
        self._timers: list[tuple[int, str]] = []
        self._names: dict[tuple[str, str], str] = {}
        self._weekly_at = self._tidy_at = 0

    def read_alert(self, alert: Alert, heard: int) -> None:
        """Take a record of an alert, whose time in the log is ``heard``."""
        case = self._cases.get(alert.alert_id)
        if case is None:
            self._cases[alert.alert_id] = Case(alert, heard)
        elif not case.take(alert, heard):
            return
        self._changed.add(alert.alert_id)

    def read_action(self, action: Action) -> None:
        """Take what an operator did."""
        self._deeds.setdefault(action.item, Deeds()).add(action)
        if action.item in self._cases:
            self._changed.add(action.item)

    def read_delivery(self, record: Delivery) -> None:
        """Take what was sent, in this life or an earlier one."""
        if self._ledger.was_sent(record.delivery_id):
            return
        self._changed.update(alert for alert in self._ledger.read(record) if alert in self._cases)
        lane = self.lanes.get(record.channel)
        if lane is not None:
            lane.tried(record.at)

    def name_group(self, platform: str, group_id: str, name: str) -> None:
        """Learn what a group is called."""
        if name:
            self._names[platform, group_id] = name

    @property
    def open_alerts(self) -> int:
        """How many alerts are known that the streams hold open."""
        return sum(case.is_open for case in self._cases.values())

    def due(self, now: int) -> list[Notice]:
        """Return the notices to send now, one a free channel at most. Each wants :meth:`ended`, and :meth:`recorded`."""
        while self._timers and self._timers[0][0] <= now:
            self._changed.add(heapq.heappop(self._timers)[1])
        for alert_id in self._changed:
            self._look_at(alert_id, now)
        self._changed.clear()
        self._want_weekly(now)
        self._want_trouble(now)
        if now >= self._tidy_at:
            self._tidy_at = now + _TIDY_MS
            self._tidy(now)
        return [notice for lane in self.lanes.values() if (notice := self._next(lane, now)) is not None]

    def ended(self, channel: str, outcome: Outcome, now: int, chance: float) -> Delivery | None:
        """Take how sending ended. A record to be kept may follow: say :meth:`recorded` once it is. ``chance`` in [0, 1)."""
        lane = self.lanes[channel]
        flight = lane.flight
        if flight is None:
            return None
        if isinstance(outcome, Again):
            lane.busy = False
            if not lane.failed(outcome.after_ms, outcome.why, now, chance):
                self._look_again(flight)
            return None
        notice = flight.notice
        if isinstance(outcome, Refused):
            lane.refuses(outcome.why, now - self.rules.failing)  # so told about at once
            self._ledger.refuse(notice.route, channel, flight.marks, now)
        else:
            lane.sent(now)
            if flight.refresh:
                lane.busy = False
                return None
            self._ledger.tell(notice.delivery_id, notice.route, channel, notice.step, flight.marks, now)
        self._look_again(flight)
        return self._record(flight, outcome, now)

    def recorded(self, channel: str) -> None:
        """The record of what was sent is kept: the channel is free."""
        self.lanes[channel].busy = False

    def _look_again(self, flight: Flight) -> None:
        self._changed.update(mark.alert_id for mark in flight.marks if mark.alert_id in self._cases)

    def _asking(self, now: int) -> Asking:
        return Asking(self.rules, self._keeps, self._started, now)

    def _wants(self, case: Case, now: int) -> Found:
        alert, standing = case.alert, self._standing(case, now)
        if standing.phase in ("resolved", "expired"):
            told = self._ledger.waiting(alert.alert_id)  # also who was told before it was raised anew
        else:
            told = self._ledger.of(alert.alert_id, alert.raised_at)
        return wants(self._asking(now), case, standing, told)

    def _standing(self, case: Case, now: int) -> Standing:
        return case.standing(self._deeds.get(case.alert.alert_id), now)

    def _look_at(self, alert_id: str, now: int) -> None:
        """Let an alert wait in the lanes that want it now, and in no other."""
        case = self._cases.get(alert_id)
        if case is None:
            return  # a timer of one that is forgotten
        found = self._wants(case, now)
        if found.again_at is not None:
            heapq.heappush(self._timers, (found.again_at, alert_id))
        before = self._wanted.pop(alert_id, {})
        after: dict[str, tuple[Place, Want]] = {}
        for channel, want in found.wants.items():
            lane = self.lanes.get(channel)
            if lane is not None and not lane.flying(alert_id):
                digest = want.step == "digest"
                group = ("*", "*") if digest else (case.alert.platform, case.alert.group_id)
                after[channel] = (Place(want.route, want.step, *group), want)
        for channel, (place, _) in before.items():
            if channel not in after or after[channel][0] != place:
                self.lanes[channel].drop(place, alert_id)
        for channel, (place, want) in after.items():
            self.lanes[channel].put(place, alert_id, want)
        if after:
            self._wanted[alert_id] = after

    def _next(self, lane: Lane, now: int) -> Notice | None:
        if not lane.may_send(now):
            return None
        failed = lane.flight
        if failed is not None and not self._still_wanted(lane, failed, now):
            lane.flight = None
            self._look_again(failed)
        flight = lane.flight or self._special(lane) or self._best(lane, now) or self._refresh(lane, now)
        return lane.send(flight, now) if flight is not None else None

    def _still_wanted(self, lane: Lane, flight: Flight, now: int) -> bool:
        """Tell whether a notice that failed is worth another try. Who keeps alerts by ids may have it, so must hear its end."""
        if not flight.marks or lane.traits.resolves:
            return not flight.refresh
        cases = [self._cases[mark.alert_id] for mark in flight.marks if mark.alert_id in self._cases]
        return any(lane.name in self._wants(case, now).wants for case in cases)

    @staticmethod
    def _special(lane: Lane) -> Flight | None:
        key = next(iter(lane.specials), None)
        return lane.specials.pop(key) if key is not None else None

    def _best(self, lane: Lane, now: int) -> Flight | None:
        """Make a notice of what hurries most: of one group, or of many when many wait."""
        due = list(lane.due(now, self.rules.interval))
        if due and (storms := lane.storms(now, self.rules.interval)):
            due = [
                place
                for place in due
                if (place.route, place.step) not in storms or self._worst(lane, place) == _CRITICAL
            ]
        if not due:
            return None
        first = min(due, key=lambda place: self._hurry(lane, place))
        alike = [place for place in due if (place.route, place.step) == (first.route, first.step)]
        places = tuple(alike) if lane.traits.groups_many and len(alike) >= FOLD_FROM else (first,)
        cases = making.ordered(self._cases[alert_id] for place in places for alert_id in lane.places[place])
        cases = cases[: making.most(lane.traits)]
        again = max(lane.places[place][case.alert.alert_id].since for place in places for case in cases
                    if case.alert.alert_id in lane.places[place]) if first.step == "again" else 0  # fmt: skip
        notice = self._notice(lane, first, cases, now, again)
        for case in cases:
            place, _ = self._wanted[case.alert.alert_id].pop(lane.name)
            lane.drop(place, case.alert.alert_id)
        return Flight(notice, [making.mark(case) for case in cases], places)

    def _hurry(self, lane: Lane, place: Place) -> tuple[bool, int, int, int, Place]:
        since = min(want.since for want in lane.places[place].values())
        return place in lane.behind, urgency(place.step), -self._worst(lane, place), since, place

    def _worst(self, lane: Lane, place: Place) -> int:
        return max(RANK[self._cases[alert_id].alert.severity] for alert_id in lane.places[place])

    def _notice(self, lane: Lane, place: Place, cases: list[Case], now: int, again: int) -> Notice:
        marks = sorted(making.mark(case) for case in cases)
        shown = cases[: lane.traits.most_items]
        items = []
        for case in shown:
            deeds = self._deeds.get(case.alert.alert_id)
            items.append(
                making.item(
                    case,
                    self._standing(case, now),
                    assigned_to=deeds.assigned_to() if deeds is not None else "",
                    group_name=self._names.get((case.alert.platform, case.alert.group_id), ""),
                    desk=self.rules.desk,
                )
            )
        return Notice(
            delivery_id=making.delivery_id(
                place.route,
                lane.name,
                place.step,
                again,
                *(
                    (mark.alert_id, mark.raised_at, mark.severity if place.step == "escalated" else "")
                    for mark in marks
                ),
            ),
            route=place.route,
            channel=lane.name,
            language=self.rules.languages[lane.name],
            step=place.step,
            at=now,
            items=tuple(items),
            more=len(cases) - len(shown),
            counts=making.counts(cases),
            night=self._night(place.route, cases, now) if place.step == "digest" else None,
            link=making.link(cases, place.step, self.rules.desk),
        )

    def _night(self, route_name: str, cases: Iterable[Case], now: int) -> Night:
        """Return what a digest is about: those told, and those that were held back with them and are over."""
        route = self.rules.by_name[route_name]
        told = {case.alert.alert_id for case in cases}
        since = min(case.alert.raised_at for case in cases)
        closed = [
            case
            for case in self._cases.values()
            if case.alert.alert_id not in told
            and case.alert.raised_at >= now - _DAY_MS
            and self._was_held(route, case)
            and self._standing(case, now).phase in ("resolved", "expired")
            and not self._ledger.of(case.alert.alert_id, case.alert.raised_at)
        ]
        since = min([since, *(case.alert.raised_at for case in closed)])
        return Night(since=since, until=now, raised=len(told) + len(closed), closed=len(closed))

    def _was_held(self, route: Route, case: Case) -> bool:
        alert = case.alert
        hours = self.rules.quiet(alert.platform, alert.group_id)
        held = hours is not None and route.held(alert.severity) and calendar.is_quiet(alert.raised_at, hours)
        return held and route in self.rules.matching(alert)

    def _refresh(self, lane: Lane, now: int) -> Flight | None:
        """Tell again what is open, to who would let go of it otherwise."""
        every = lane.traits.refresh_ms
        if every and now >= lane.refreshed_at + every:
            lane.refreshed_at = now
            lane.to_refresh = [case.alert.alert_id for case in self._cases.values() if self._is_open_there(lane, case)]
        most = making.most(lane.traits)
        chosen, lane.to_refresh = lane.to_refresh[:most], lane.to_refresh[most:]
        cases = [case for each in chosen if (case := self._cases.get(each)) and self._is_open_there(lane, case)]
        if not cases:
            return None
        place = Place("", "again", "*", "*")
        return Flight(self._notice(lane, place, making.ordered(cases), now, now), [], refresh=True)

    def _is_open_there(self, lane: Lane, case: Case) -> bool:
        known = self._ledger.of(case.alert.alert_id, case.alert.raised_at).get(lane.name)
        return known is not None and not (known.ended or known.refused)

    def _want_weekly(self, now: int) -> None:
        if now < self._weekly_at:
            return
        self._weekly_at = now + _WEEKLY_LOOK_MS
        known_since = min(self._started, self._ledger.since or self._started)
        for route in self.rules.routes:
            if route.weekly is None:
                continue
            due = calendar.last_time(now, route.weekly)
            if due < known_since or now - due > _DAY_MS:
                continue
            for channel in route.channels:
                lane = self.lanes.get(channel)
                key = making.delivery_id("weekly", route.name, channel, due)
                if lane is None or lane.traits.resolves or self._ledger.was_sent(key) or self._has(lane, key):
                    continue
                lane.specials[key] = Flight(self._plain(lane, key, route.name, now, weekly=True), [])

    @staticmethod
    def _has(lane: Lane, key: str) -> bool:
        return key in lane.specials or (lane.flight is not None and lane.flight.notice.delivery_id == key)

    def _plain(
        self, lane: Lane, key: str, route: str, now: int, *, weekly: bool = False, trouble: Trouble | None = None
    ) -> Notice:
        return Notice(
            delivery_id=key,
            route=route,
            channel=lane.name,
            language=self.rules.languages[lane.name],
            step="weekly" if weekly else "trouble",
            at=now,
            trouble=trouble,
            link=f"{self.rules.desk}/" if self.rules.desk else "",
        )

    def _want_trouble(self, now: int) -> None:
        """Let another channel tell of one that takes nothing, at most every six hours."""
        for lane in self.lanes.values():
            since = lane.failing_since
            if since is None or now - since < self.rules.failing or now < lane.trouble_told + _TROUBLE_MS:
                continue
            if not lane.waiting and not lane.refused:
                continue
            helper = self._helper(lane)
            if helper is None:
                continue
            key = making.delivery_id("trouble", lane.name, since)
            if not self._has(helper, key):
                what = Trouble(channel=lane.name, why=lane.why, since=since, waiting=lane.waiting)
                helper.specials[key] = Flight(self._plain(helper, key, "", now, trouble=what), [])
            lane.trouble_told = now

    def _helper(self, lane: Lane) -> Lane | None:
        """Return a channel that works and is read by people: of the same routes if there is one."""
        near = [
            name
            for route in self.rules.routes
            if lane.name in (*route.channels, *route.escalate_to)
            for name in (*route.channels, *route.escalate_to)
        ]
        rest = [name for route in self.rules.routes for name in route.channels]
        for name in [*near, *rest]:
            other = self.lanes.get(name)
            if other is not None and other is not lane and other.failing_since is None and not other.traits.resolves:
                return other
        return None

    def _record(self, flight: Flight, outcome: Outcome, now: int) -> Delivery:
        notice = flight.notice
        groups = {
            (case.alert.platform, case.alert.group_id)
            for mark in flight.marks
            if (case := self._cases.get(mark.alert_id))
        }
        platform, group_id = next(iter(groups)) if len(groups) == 1 else ("*", "*")
        return Delivery(
            platform=platform,
            group_id=group_id,
            version=now,
            delivery_id=notice.delivery_id,
            route=notice.route,
            channel=notice.channel,
            step=notice.step,
            outcome="refused" if isinstance(outcome, Refused) else "sent",
            at=now,
            attempts=flight.tries,
            alerts=[mark.alert_id for mark in flight.marks],
            marks=written(flight.marks),
            why=outcome.why if isinstance(outcome, Refused) else "",
        )

    def _tidy(self, now: int) -> None:
        """Let go of what cannot matter any more."""
        self._ledger.forget(now)
        for lane in self.lanes.values():
            lane.forget(now - self.rules.interval)
        closed = [
            (case.heard, alert_id)
            for alert_id, case in self._cases.items()
            if not case.is_open and alert_id not in self._wanted and not self._flies(alert_id)
        ]
        closed.sort()
        for at, (heard, alert_id) in enumerate(closed):
            if heard < now - _KEEP_CLOSED_MS or at < len(closed) - MOST_CLOSED:
                del self._cases[alert_id]
        for item, deeds in list(self._deeds.items()):
            if deeds.last_at < now - _DEEDS_MS and item not in self._cases:
                del self._deeds[item]

    def _flies(self, alert_id: str) -> bool:
        return any(lane.flying(alert_id) for lane in self.lanes.values())
