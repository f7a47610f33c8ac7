"""Zulip, by an outgoing webhook bot (https://zulip.com/api/outgoing-webhooks). Pure.

It tells only what mentions the bot, hence its coverage. A refusal would be posted by the bot into the channel, for all to see.
"""

from __future__ import annotations

import re
from typing import Any, Final

from huoqun.events import Refused
from producers import verify
from producers.sources.base import (
    Delivery,
    Ignored,
    Notice,
    Opened,
    Platform,
    Secret,
    Stamp,
    answer_json,
    read_object,
)
from producers.sources.values import make_event, read_ids, read_name
from producers.verify import Denied

PLATFORM: Final = "zulip"

_CHANNEL: Final = ("stream", "channel")
_DIRECT: Final = ("private", "direct")
_MENTIONED: Final = re.compile(
    r'<span class="user-mention(?: channel-wildcard-mention)?" data-user-id="([0-9]{1,20}|\*)"'
)
"""As the rendered message has them; a silent mention, which calls nobody, has one more class."""

_MARKED: Final = re.compile(r"@_?(?:\*\*([^*|\n]+)(?:\|[0-9]+)?\*\*|\*([^*\n]+)\*)")


def open_delivery(delivery: Delivery, secret: Secret) -> Opened | Denied | Refused:
    """Check the token, which stands in the body. ``account`` is the bot's email address. The answer asks for no reply."""
    payload = read_object(delivery.body)
    if isinstance(payload, Refused):
        return payload
    if secret.keys:
        denied = verify.token(offered=[payload.get("token")], keys=secret.keys, where="token")
        if denied is not None:
            return denied
    if secret.account and payload.get("bot_email") != secret.account:
        return Denied("bot_email", "is not this source's account")
    return Opened(payload, answer_json({"response_not_required": True}))


def parse(payload: dict[str, Any], stamp: Stamp, /) -> list[Notice] | Refused:
    """Turn what the bot was told into a message; a topic is a thread."""
    message = payload.get("message")
    if not isinstance(message, dict):
        return Refused("message", "required: an object")
    kind = message.get("type")
    if kind in _DIRECT:
        return [Ignored("private")]
    if kind not in _CHANNEL:
        return [Ignored("unknown")]
    ids = read_ids(message, "stream_id", "sender_id", "id")
    if isinstance(ids, Refused):
        return Refused(f"message.{ids.where}", ids.why)
    channel, user, number = ids
    mentions, at_all = _mentions(message.get("rendered_content"))
    content = message.get("content")
    found: dict[str, Any] = {
        "id": f"{channel}:{number}",
        "type": "message",
        "platform": PLATFORM,
        "group_id": channel,
        "group_name": read_name(message.get("display_recipient")),
        "user_id": user,
        "user_name": read_name(message.get("sender_full_name")),
        "text": _MARKED.sub(lambda m: f"@{m[1] or m[2]}", content) if isinstance(content, str) else "",
        "mentions": mentions,
    }
    if topic := read_name(message.get("subject"))[:256]:
        found["thread_id"] = f"{channel}:{topic}"
    if at_all:
        found["at_all"] = True
    event = make_event(found, message.get("timestamp"), stamp, where="message.timestamp")
    return event if isinstance(event, Refused) else [event]


def _mentions(rendered: Any) -> tuple[list[str], bool]:
    found = _MENTIONED.findall(rendered) if isinstance(rendered, str) else []
    return [each for each in dict.fromkeys(found) if each != "*"], "*" in found


WEBHOOK: Final = Platform(open_delivery, parse, coverage="mentions")
