"""What each channel has been told of each alert, as the recorded deliveries say (pure)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, NamedTuple

import msgspec

from huoqun.results import Delivery, DeliveryStep, Severity
from sinks.notify.rules import RANK

_KEPT_MS: Final = 8 * 86_400_000
"""An alert that nothing is heard of for so long is forgotten: the topic of alerts does not reach back further."""
_DONE_MS: Final = 30 * 86_400_000


class Mark(NamedTuple):
    """One alert, as it was when it was told."""

    alert_id: str
    raised_at: int
    severity: Severity


class Told(msgspec.Struct, kw_only=True):
    """What one channel knows of one alert. Times are ms."""

    raised_at: int
    """Of the alert that was told: one that is raised anew is another."""
    route: str
    """By which it was told first, whatever is read first: what follows is told by the same."""
    first_at: int
    last_at: int
    rank: int
    """The worst severity told."""
    escalated: bool = False
    acked: bool = False
    ended: bool = False
    refused: bool = False
    """The channel will not have it; not remembered over a restart, after which it may be set up better."""


_marks: Final = msgspec.json.Decoder(list[Mark])


def marks_of(record: Delivery) -> list[Mark]:
    """Return the alerts that a recorded delivery was about; what cannot be read is about none."""
    try:
        return _marks.decode(record.marks)
    except (msgspec.DecodeError, msgspec.ValidationError):
        return []


def written(marks: Iterable[Mark]) -> str:
    """Return marks as they are recorded."""
    return msgspec.json.encode(list(marks)).decode()


class Ledger:
    """Alert -> channel -> what it was told; and which notices without alerts were sent."""

    def __init__(self) -> None:
        self._told: dict[str, dict[str, Told]] = {}
        self._done: dict[str, int] = {}
        self.since: int | None = None
        """The first delivery on record."""

    def of(self, alert_id: str, raised_at: int) -> dict[str, Told]:
        """Return channel -> what it was told of an alert that was raised then."""
        found = self._told.get(alert_id, {})
        return {channel: told for channel, told in found.items() if _is_about(told, raised_at)}

    def waiting(self, alert_id: str) -> dict[str, Told]:
        """Return channel -> what it was told of an alert, whenever that was raised, if not that it is over."""
        return {channel: told for channel, told in self._told.get(alert_id, {}).items() if not told.ended}

    def was_sent(self, delivery_id: str) -> bool:
        """Tell whether a notice was sent."""
        return delivery_id in self._done

    def read(self, record: Delivery) -> list[str]:
        """Take over a recorded delivery; return the alerts that it was about."""
        if record.outcome != "sent":
            return []
        marks = marks_of(record)
        self.tell(record.delivery_id, record.route, record.channel, record.step, marks, record.at)
        return [mark.alert_id for mark in marks]

    def tell(
        self, delivery_id: str, route: str, channel: str, step: DeliveryStep, marks: Iterable[Mark], at: int
    ) -> None:
        """Note that a notice was sent at ``at``; twice is as good as once."""
        self._done[delivery_id] = at
        self.since = at if self.since is None else min(self.since, at)
        for mark in marks:
            told = self._entry(mark, route, channel, at)
            if told is None:
                continue
            told.first_at, told.route = min((told.first_at, told.route), (at, route))
            told.last_at = max(told.last_at, at)
            told.rank = max(told.rank, RANK[mark.severity])
            told.refused = False
            told.escalated |= step == "escalated"
            told.acked |= step == "acked"
            told.ended |= step == "resolved"

    def refuse(self, route: str, channel: str, marks: Iterable[Mark], at: int) -> None:
        """Note that a channel will not have these."""
        for mark in marks:
            told = self._entry(mark, route, channel, at)
            if told is not None:
                told.refused = True

    def forget(self, now: int) -> None:
        """Let go of what cannot matter any more."""
        for alert_id, found in list(self._told.items()):
            if all(told.last_at < now - _KEPT_MS and (told.ended or told.refused) for told in found.values()):
                del self._told[alert_id]
        for delivery_id, at in list(self._done.items()):
            if at < now - _DONE_MS:
                del self._done[delivery_id]

    def _entry(self, mark: Mark, route: str, channel: str, at: int) -> Told | None:
        """Return the entry that a mark belongs to, ``None`` if the alert was told anew since."""
        found = self._told.setdefault(mark.alert_id, {})
        told = found.get(channel)
        if told is not None and mark.raised_at < told.raised_at and at < told.raised_at:
            return None
        if told is None or not _is_about(told, mark.raised_at):
            told = found[channel] = Told(
                raised_at=mark.raised_at, route=route, first_at=at, last_at=at, rank=RANK[mark.severity]
            )
        told.raised_at = mark.raised_at
        return told


def _is_about(told: Told, raised_at: int) -> bool:
    """Tell whether what was told was about the alert as it was raised then.

    A late event may move the time of raising a little: whoever was told after it knows. One that is raised anew is raised
    after it was told, or after its end was.
    """
    return raised_at <= told.raised_at or (not told.ended and raised_at <= told.last_at)
