"""Mattermost, by outgoing webhooks (https://developers.mattermost.com/integrate/webhooks/outgoing/). Pure.

Each webhook has a token of its own, and it stands in the body: it binds nothing else, so the way here should be HTTPS. Only
what is written in public channels comes; who joins or leaves, replies, edits and deletes do not.
"""

from __future__ import annotations

import re
from typing import Any, Final
from urllib.parse import parse_qsl

from huoqun.events import Refused
from producers import verify
from producers.sources.base import (
    JSON,
    Delivery,
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

PLATFORM: Final = "mattermost"

_FORM: Final = "application/x-www-form-urlencoded"
_MOST_FIELDS: Final = 50
_EVERYBODY: Final = re.compile(r"(?<![\w@])@(?:all|channel|here)\b")


def open_delivery(delivery: Delivery, secret: Secret) -> Opened | Denied | Refused:
    """Read the form, or the JSON, and check its token. Whatever text the answer held would be posted in the channel."""
    kind = delivery.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    payload = _read_form(delivery.body) if kind == _FORM else read_object(delivery.body)
    if isinstance(payload, Refused):
        return payload
    if secret.keys:
        denied = verify.token(offered=[payload.get("token")], keys=secret.keys, where="token")
        if denied is not None:
            return denied
    return Opened(payload, answer_json({}))


def _read_form(body: bytes) -> dict[str, Any] | Refused:
    try:
        pairs = parse_qsl(body.decode(), keep_blank_values=True, errors="strict", max_num_fields=_MOST_FIELDS)
    except UnicodeDecodeError:
        return Refused("body", "not UTF-8")
    except ValueError:
        return Refused("body", f"holds more than {_MOST_FIELDS} fields")
    return dict(pairs)


def parse(payload: dict[str, Any], stamp: Stamp, /) -> list[Notice] | Refused:
    """Turn one post into a message."""
    ids = read_ids(payload, "channel_id", "user_id", "post_id")
    if isinstance(ids, Refused):
        return ids
    channel, user, post = ids
    text = payload.get("text")
    text = text if isinstance(text, str) else ""
    found: dict[str, Any] = {
        "id": f"{channel}:{post}",
        "type": "message",
        "platform": PLATFORM,
        "group_id": channel,
        "group_name": read_name(payload.get("channel_name")),
        "user_id": user,
        "user_name": read_name(payload.get("user_name")),
        "text": "\n".join(filter(None, (text, _files(payload.get("file_ids"))))),
    }
    if _EVERYBODY.search(text):
        found["at_all"] = True
    event = make_event(found, payload.get("timestamp"), stamp, where="timestamp")
    return event if isinstance(event, Refused) else [event]


def _files(ids: Any) -> str:
    count = len([each for each in ids.split(",") if each.strip()]) if isinstance(ids, str) else 0
    return " ".join(["[file]"] * min(count, 10))


WEBHOOK: Final = Platform(open_delivery, parse, kinds=(JSON, _FORM))
