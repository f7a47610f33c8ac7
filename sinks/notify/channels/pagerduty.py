"""PagerDuty by its Events API v2: an alert is triggered, acknowledged and resolved under one ``dedup_key``, the alert's id.

Limits: developer.pagerduty.com, "Events API v2": summaries of 1,024 characters, keys of 255, events of 512 KB; beyond a rate
of its own (some hundred a minute for an integration key) 429.
"""

from __future__ import annotations

import hashlib
from typing import Any, ClassVar, Final

from sinks.notify.channels.answers import by_status
from sinks.notify.channels.base import Post, Poster, encoded
from sinks.notify.channels.webhook import iso
from sinks.notify.notice import Again, Item, Limit, Notice, Outcome, Refused
from sinks.notify.outbound import Reply, Unreachable
from sinks.notify.plain import plain, shortened
from sinks.notify.targets import Forbidden
from sinks.notify.wording import worded

URL: Final = "https://events.pagerduty.com/v2/enqueue"
"""That of the service region US; for EU ``url_env`` names a variable with ``https://events.eu.pagerduty.com/v2/enqueue``."""
LONGEST_SUMMARY: Final = 1024
LONGEST_KEY: Final = 255
_BAD_REQUEST: Final = 400


class PagerDuty(Poster):
    """One integration, named by its routing key."""

    limit: ClassVar[Limit] = Limit(100, 60_000)
    groups_many: ClassVar[bool] = False
    most_items: ClassVar[int] = 1
    resolves: ClassVar[bool] = True

    def posts(self, notice: Notice, now: int) -> list[Post]:
        """Return an event for each alert; a test is an incident that ends at once."""
        del now
        if notice.step == "test":
            events = [self._test(notice, "trigger"), self._test(notice, "resolve")]
        else:
            events = [self._event(item, notice) for item in notice.items]
        return [Post(self._url, encoded(event)) for event in events]

    def read(self, reply: Reply | Forbidden | Unreachable) -> Outcome:
        """Read the status; 400 is most often the key."""
        if isinstance(reply, Reply) and reply.status == _BAD_REQUEST:
            return Refused(
                "PagerDuty does not take the event: put the routing key of an Events API v2 integration (32 characters) into "
                "the variable of secret_env (400)"
            )
        outcome = by_status(reply)
        return Again(max(outcome.after_ms, 1_000), outcome.why) if isinstance(outcome, Again) else outcome

    def _event(self, item: Item, notice: Notice) -> dict[str, Any]:
        event = {"routing_key": self._secret, "event_action": _action(item, notice), "dedup_key": key(item.alert_id)}
        if event["event_action"] != "trigger":
            return event
        message = worded(notice, plain)
        (block, *_) = message.blocks
        return {
            **event,
            "client": "huoqun",
            **(
                {"client_url": item.link, "links": [{"href": item.link, "text": message.link_text}]}
                if item.link
                else {}
            ),
            "payload": {
                "summary": shortened(f"{message.headline}: {block.heading}", LONGEST_SUMMARY),
                "source": f"{item.platform}/{item.group_id}",
                "severity": item.severity,
                "timestamp": iso(item.raised_at),
                "component": item.group_name or item.group_id,
                "group": item.platform,
                "class": item.kind,
                "custom_details": {"why": list(block.lines), "alert_id": item.alert_id, "route": notice.route},
            },
        }

    def _test(self, notice: Notice, action: str) -> dict[str, Any]:
        message = worded(notice, plain)
        return {
            "routing_key": self._secret,
            "event_action": action,
            "dedup_key": key(f"huoqun-test/{notice.delivery_id}"),
            "client": "huoqun",
            "payload": {
                "summary": shortened(f"{message.headline}: {message.intro[0]}", LONGEST_SUMMARY),
                "source": "huoqun",
                "severity": "info",
            },
        }


def key(alert_id: str) -> str:
    """Return the key of an alert: its id, as long as keys may be."""
    return alert_id if len(alert_id) <= LONGEST_KEY else hashlib.sha256(alert_id.encode()).hexdigest()


def _action(item: Item, notice: Notice) -> str:
    if item.ended:
        return "resolve"
    return "acknowledge" if notice.step == "acked" else "trigger"
