"""Prometheus Alertmanager by its API v2: it groups, silences and sends on, by routes of its own.

An alert's labels are its identity there, so they hold what never changes: the kind, the group, the alert's id; and the
severity, by which people route: when that changes the alert of the former severity is ended in the same request. All
else is in annotations. What is not sent again ends there by itself (:data:`HOLDS_MS`).
"""

from __future__ import annotations

from typing import Any, ClassVar, Final, get_args

from huoqun.report.words import KINDS, said
from huoqun.results import Severity
from sinks.notify.channels.base import JSON, Post, Poster, encoded
from sinks.notify.channels.webhook import iso
from sinks.notify.notice import Item, Limit, Notice
from sinks.notify.plain import inert
from sinks.notify.wording import worded

PATH: Final = "/api/v2/alerts"
REFRESH_MS: Final = 5 * 60_000
HOLDS_MS: Final = 4 * REFRESH_MS
"""How long an open alert stays open there after it was last sent."""
_TEST_MS: Final = 60_000


class Alertmanager(Poster):
    """One Alertmanager (of several that gossip, one is enough). Its API names no rate limit; ours keeps a storm in bounds."""

    limit: ClassVar[Limit] = Limit(120, 60_000)
    most_items: ClassVar[int] = 100
    resolves: ClassVar[bool] = True
    refresh_ms: ClassVar[int] = REFRESH_MS

    def posts(self, notice: Notice, now: int) -> list[Post]:
        """Return one request with all alerts."""
        del now
        told = [each for item in notice.items for each in _alerts(item, notice)]
        alerts = [_test(notice)] if notice.step == "test" else told
        if not alerts:
            return []
        headers = JSON | ({"Authorization": f"Bearer {self._secret}"} if self._secret else {})
        root = self._url.rstrip("/")
        return [Post(root if root.endswith(PATH) else root + PATH, encoded(alerts), headers)]


def _alerts(item: Item, notice: Notice) -> list[dict[str, Any]]:
    ends = (item.ended_at or notice.at) if item.ended else notice.at + HOLDS_MS
    over = min(ends, notice.at)
    return [_alert(item, notice, each, ends if each == item.severity else over) for each in get_args(Severity)]


def _alert(item: Item, notice: Notice, severity: Severity, ends: int) -> dict[str, Any]:
    only = worded(_alone(item, notice), inert)
    (block,) = only.blocks
    return {
        "labels": {
            "alertname": item.kind,
            "alert_id": item.alert_id,
            "platform": item.platform,
            "group_id": item.group_id,
            "severity": severity,
            "service": "huoqun",
        },
        "annotations": {
            "summary": block.heading,
            "description": "\n".join(block.lines),
            "title": only.headline,
            "kind": said(KINDS.get(item.kind, item.kind), notice.language),
        },
        "startsAt": iso(item.raised_at),
        "endsAt": iso(max(ends, item.raised_at)),
        **({"generatorURL": item.link} if item.link else {}),
    }


def _alone(item: Item, notice: Notice) -> Notice:
    return Notice(
        delivery_id=notice.delivery_id,
        route=notice.route,
        channel=notice.channel,
        language=notice.language,
        step=notice.step,
        at=notice.at,
        items=(item,),
    )


def _test(notice: Notice) -> dict[str, Any]:
    message = worded(notice, inert)
    return {
        "labels": {"alertname": "huoqun_test", "severity": "info", "service": "huoqun", "route": notice.route},
        "annotations": {"summary": message.headline, "description": "\n".join(message.lines())},
        "startsAt": iso(notice.at),
        "endsAt": iso(notice.at + _TEST_MS),
    }
