"""What the notifier asks the store: what was told and done before a broker that forgets was started, names, weekly figures."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from huoqun.config import Config
from huoqun.results import Action, Delivery
from sinks import client
from sinks.notify import weeks
from sinks.notify.notice import Week
from sinks.notify.rules import Route, Rules

_DAY_MS: Final = 86_400_000
_DELIVERIES: Final = """
SELECT d.delivery_id AS delivery_id, d.platform AS platform, d.group_id AS group_id, d.route AS route, d.channel AS channel,
    d.step AS step, d.outcome AS outcome, toUnixTimestamp64Milli(d.at) AS at, d.attempts AS attempts, d.alerts AS alerts,
    d.marks AS marks, d.why AS why
FROM deliveries AS d WHERE d.at >= fromUnixTimestamp64Milli({since:Int64}) ORDER BY d.at
"""
_ACTIONS: Final = """
SELECT a.action_id AS action_id, a.item AS item, a.kind AS kind, a.action AS action, a.platform AS platform,
    a.group_id AS group_id, a.by AS by, toUnixTimestamp64Milli(a.at) AS at, toUnixTimestamp64Milli(a.until) AS until,
    a.assignee AS assignee, a.note AS note, a.undoes AS undoes
FROM actions AS a WHERE a.at >= fromUnixTimestamp64Milli({since:Int64}) ORDER BY a.at
"""
_NAMES: Final = "SELECT platform, group_id, group_name FROM groups WHERE group_name != ''"


class StoreAwayError(Exception):
    """The store did not answer."""


class Store:
    """The results, for reading. Every call may take a while: not for the thread that sends."""

    def __init__(self, config: Config) -> None:
        self._config = config
        self.remembers_more = config.store.kind == "embedded"
        """Beside the embedded store the broker is one that forgets: what was told is known from the store alone."""

    def history(self, now: int) -> list[Delivery | Action]:
        """Return what is stored of the last 30 days' deliveries and the last 90 days' actions. Raises :class:`StoreAwayError`."""
        deliveries = self._ask(_DELIVERIES, {"since": now - 30 * _DAY_MS})
        actions = self._ask(_ACTIONS, {"since": now - 90 * _DAY_MS})
        return [
            *(msgspec.convert(row, Action, strict=False) for row in actions),
            *(msgspec.convert(row, Delivery, strict=False) for row in deliveries),
        ]

    def names(self) -> list[tuple[str, str, str]]:
        """Return what groups are called: platform, id, name. Raises :class:`StoreAwayError`."""
        return [(row["platform"], row["group_id"], row["group_name"]) for row in self._ask(_NAMES, {})]

    def weeks(self, rules: Rules, route: Route, until: int) -> tuple[tuple[Week, ...], int]:
        """Return the figures of a weekly report. Raises :class:`StoreAwayError`."""
        return weeks.report(self._ask, rules, route, until)

    def _ask(self, sql: str, given: Mapping[str, Any]) -> list[dict[str, Any]]:
        try:
            return client.query(self._config, sql, given, owner_only=True)
        except client.QueryError as error:
            raise StoreAwayError(str(error)) from None
