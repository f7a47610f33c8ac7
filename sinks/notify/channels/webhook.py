"""Any program of yours: JSON, signed by Standard Webhooks as the gateway's own senders sign.

The body is ``{"type": "notice.raised", "timestamp": …, "data": {…}}``: the notice as it is, and worded in ``title`` and
``text``. Members' text in the notice's fields is as they wrote it.
"""

from __future__ import annotations

import hashlib
import re
from datetime import UTC, datetime
from typing import ClassVar, Final

import msgspec

from huoqun import standard_webhooks
from sinks.notify.channels.base import JSON, Post, Poster, encoded
from sinks.notify.notice import Limit, Notice
from sinks.notify.plain import plain
from sinks.notify.wording import worded

_ID: Final = re.compile(r"[!-\-/-~]{1,256}", re.ASCII)


class Webhook(Poster):
    """One address; with a secret what is sent is signed."""

    limit: ClassVar[Limit] = Limit(600, 60_000)
    most_items: ClassVar[int] = 100

    def posts(self, notice: Notice, now: int) -> list[Post]:
        """Return one request under the delivery's id, by which receivers tell repeats."""
        message = worded(notice, plain)
        data = msgspec.to_builtins(notice) | {"title": message.headline, "text": "\n".join(message.lines())}
        body = encoded({"type": f"notice.{notice.step}", "timestamp": iso(notice.at), "data": data})
        message_id = notice.delivery_id
        if not _ID.fullmatch(message_id):
            message_id = hashlib.sha256(message_id.encode("utf-8", "replace")).hexdigest()
        key = standard_webhooks.shared_key(self._secret) if self._secret else None
        if key is None:
            return [Post(self._url, body, JSON | {"webhook-id": message_id, "webhook-timestamp": str(now // 1000)})]
        signed = standard_webhooks.sign(message_id=message_id, timestamp_s=now // 1000, body=body, key=key)
        return [Post(self._url, body, JSON | signed)]


def iso(ms: int) -> str:
    """Return a time as RFC 3339, UTC."""
    return datetime.fromtimestamp(ms / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
