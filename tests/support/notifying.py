"""A notifier's decisions with people who act and channels that fail, for tests: time is what the test says."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from huoqun.config import Config, Group, QuietHours
from huoqun.notify_config import Notify, NotifyChannel, NotifyRoute
from huoqun.results import Action, ActionName, Alert, AlertKind, AlertState, Delivery, Severity
from sinks.notify.decide import Decider
from sinks.notify.lane import Traits
from sinks.notify.notice import Again, Notice, Outcome, Refused, Sent
from sinks.notify.rules import Rules

SECOND, MINUTE, HOUR, DAY = 1_000, 60_000, 3_600_000, 86_400_000
NOON = 1_790_049_600_000
"""2026-09-22 12:00 in Shanghai, a Tuesday."""
PERSON = Traits()
KEEPER = Traits(groups_many=False, resolves=True)


def configured(*routes: NotifyRoute, channels: str = "chat boss pager", **notify: Any) -> Config:
    named = [NotifyChannel(name=name, kind="webhook", url_env="X") for name in channels.split()]
    quiet = Group(platform="qq", group_id="night", quiet_hours=QuietHours(start="23:00", end="07:30"))
    return Config(groups=[quiet], notify=Notify(channels=named, routes=list(routes), **notify))


def alert(
    name: str = "a",
    *,
    at: int = NOON,
    state: AlertState = "open",
    severity: Severity = "warning",
    kind: AlertKind = "unanswered",
    group: str = "1",
    version: int = 1,
    ended: int | None = None,
) -> Alert:
    return Alert(
        platform="qq", group_id=group, alert_id=name, kind=kind, severity=severity, raised_at=at, updated_at=ended or at,
        state=state, resolved_at=ended, title=f"title of {name}", reasons=["why"], version=version,
    )  # fmt: skip


def action(
    name: str, did: ActionName, at: int, *, number: str = "1", until: int | None = None, undoes: str = ""
) -> Action:
    return Action(
        platform="qq", group_id="1", action_id=f"{name}-{did}-{number}", item=name, kind="unanswered", action=did, by="小周",
        at=at, until=until, undoes=undoes,
    )  # fmt: skip


class Life:
    """A notifier from start to crash, with its log of records: another life can be begun from it."""

    def __init__(
        self,
        config: Config,
        *,
        now: int = NOON,
        traits: Mapping[str, Traits] | None = None,
        log: list[Any] | None = None,
    ) -> None:
        self.config, self.now = config, now
        self.traits = {c.name: (traits or {}).get(c.name, PERSON) for c in config.notify.channels}
        self.log: list[tuple[Any, int]] = log if log is not None else []
        self.decider = Decider(Rules(config), self.traits, now)
        self.sent: list[Notice] = []
        self.tried: list[Notice] = []
        self.behaves: dict[str, list[Outcome]] = {}
        """What the next sends of a channel come to; then all succeed."""
        self.in_time: dict[str, int] = {}
        for record, heard in self.log:
            self._read(record, heard)

    def hear(self, *records: Any) -> None:
        for record in records:
            self.log.append((record, self.now))
            self._read(record, self.now)

    def _read(self, record: Any, heard: int) -> None:
        if isinstance(record, Alert):
            self.decider.read_alert(record, heard)
        elif isinstance(record, Action):
            self.decider.read_action(record)
        else:
            assert isinstance(record, Delivery)
            self.decider.read_delivery(record)

    def step(self) -> list[Notice]:
        """Send all that can be sent now, and record it."""
        sent = []
        while notices := self.decider.due(self.now):
            for notice in notices:
                self.tried.append(notice)
                outcomes = self.behaves.get(notice.channel)
                outcome = outcomes.pop(0) if outcomes else Sent()
                record = self.decider.ended(notice.channel, outcome, self.now, 0.5)
                if isinstance(outcome, Sent):
                    sent.append(notice)
                if record is not None:
                    self.log.append((record, self.now))
                    self.decider.recorded(notice.channel)
        self.sent += sent
        return sent

    def pass_time(self, until: int, every: int = SECOND) -> list[Notice]:
        """Let time pass, step by step; return what was sent meanwhile."""
        sent = []
        while self.now < until:
            self.now = min(until, self.now + every)
            sent += self.step()
        return sent

    def restart(self) -> Life:
        """Begin again from the log."""
        return Life(self.config, now=self.now, traits=self.traits, log=self.log)


def told(notices: list[Notice]) -> list[tuple[str, str, tuple[str, ...]]]:
    return [(n.channel, n.step, tuple(i.alert_id for i in n.items)) for n in notices]


FAILS = Again(0, "503")
NEVER = Refused("404: no such robot")
