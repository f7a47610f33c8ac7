"""Bugs to plant where the notifier's safeguards stand, to see that schedules find them. They replace methods of the real code."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final
from unittest.mock import patch

import sinks.notify.ledger
from huoqun.results import Alert, Delivery
from sinks.notify.case import Case
from sinks.notify.decide import Decider
from sinks.notify.lane import Lane
from sinks.notify.notice import Outcome, Sent
from sinks.notify.wanting import Found, _One, wants
from tests.sim.notices import _Notifier

_failed, _ended, _take = Lane.failed, Decider.ended, Case.take


def _given_up(self: Lane, after_ms: int, why: str, now: int, chance: float) -> bool:
    _failed(self, after_ms, why, now, chance)
    self.flight = None
    return True


def _as_if_sent(self: Decider, channel: str, outcome: Outcome, now: int, chance: float) -> Delivery | None:
    del outcome
    return _ended(self, channel, Sent(), now, chance)


def _any_version(self: Case, alert: Alert, heard: int) -> bool:
    self.alert = alert
    return _take(self, alert, heard)


def _wants_as_raised(self: Decider, case: Case, now: int) -> Found:
    told = self._ledger.of(case.alert.alert_id, case.alert.raised_at)
    return wants(self._asking(now), case, self._standing(case, now), told)


_MUTANTS: Final[dict[str, tuple[Any, str, Callable[..., Any]]]] = {
    "what was sent is not recorded": (Decider, "_record", lambda *_: None),
    "records of what was sent are not read": (Decider, "read_delivery", lambda *_: None),
    "it decides before everything is read": (
        _Notifier,
        "decide",
        lambda self, now: self.sending.update((notice.channel, notice) for notice in self.decider.due(now)),
    ),
    "what fails is given up": (Lane, "failed", _given_up),
    "no answer counts as taken": (Decider, "ended", _as_if_sent),
    "older versions count": (Case, "take", _any_version),
    "who keeps alerts is not told their end": (_One, "tell_ended", lambda _: None),
    "who keeps alerts is told the end only of the raising they were told of": (Decider, "_wants", _wants_as_raised),
    "an alert that is raised anew counts as told": (sinks.notify.ledger, "_is_about", lambda *_: True),
}
MUTANTS: Final = tuple(_MUTANTS)


@contextmanager
def planted(name: str) -> Iterator[None]:
    """Have one of the bugs meanwhile."""
    owner, method, instead = _MUTANTS[name]
    with patch.object(owner, method, instead):
        yield
