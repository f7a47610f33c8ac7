"""DingTalk's robot: messages that mention it (https://open.dingtalk.com/document/isvapp/receive-message).

Pure. The signature covers the time and nothing else: whoever has seen one may send any body for an hour. Use TLS.
"""

from __future__ import annotations

import base64
import hmac
import re
from typing import Any, Final

from huoqun.events import Refused
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
from producers.sources.values import make_event, read_id, read_ids, read_list_at, read_name, read_object_at
from producers.verify import Denied

PLATFORM: Final = "dingtalk"

_TOLERANCE_MS: Final = 60 * 60 * 1000
_TIMESTAMP: Final = re.compile(r"[0-9]{1,16}", re.ASCII)
_ANSWER: Final = answer_json({"msgtype": "empty"})
"""Anything else would be said in the group."""
_SHOWN: Final = {"picture": "[图片]", "audio": "[语音]", "video": "[视频]", "file": "[文件]"}
_MAX_PARTS: Final = 2_000


def open_delivery(delivery: Delivery, secret: Secret) -> Opened | Denied | Refused:
    """Check the headers ``timestamp`` and ``sign``."""
    if secret.keys:
        denied = _denied(delivery, secret.keys)
        if denied is not None:
            return denied
    payload = read_object(delivery.body)
    if isinstance(payload, Refused):
        return payload
    if secret.account and payload.get("robotCode", secret.account) != secret.account:
        return Denied("account", "the delivery is for another robot than this source is configured with")
    return Opened(payload, _ANSWER)


def _denied(delivery: Delivery, keys: tuple[bytes, ...]) -> Denied | None:
    found = {name: delivery.headers.getall(name, []) for name in ("timestamp", "sign")}
    for name, values in found.items():
        if len(values) != 1 or not values[0]:
            return Denied(name, "sent more than once" if len(values) > 1 else "missing")
    timestamp, sign = found["timestamp"][0], found["sign"][0].encode("utf-8", "surrogatepass")
    if not _TIMESTAMP.fullmatch(timestamp):
        return Denied("timestamp", "must be milliseconds since the epoch")
    if abs(int(timestamp) - delivery.now_s * 1000) > _TOLERANCE_MS:
        return Denied("timestamp", "more than an hour from this server's clock")
    fits = False
    for key in keys:
        digest = hmac.digest(key, b"%s\n%s" % (timestamp.encode(), key), "sha256")
        fits |= hmac.compare_digest(base64.b64encode(digest), sign)
    return None if fits else Denied("sign", "fits none of this source's secrets")


def parse(payload: dict[str, Any], stamp: Stamp, /) -> list[Notice] | Refused:
    """Turn one message into a canonical event."""
    kind = read_id(payload.get("msgtype"))
    if not kind:
        return Refused("msgtype", "required; is this a message to a DingTalk robot?")
    if read_id(payload.get("conversationType")) != "2":
        return [Ignored("private" if read_id(payload.get("conversationType")) == "1" else "unknown")]
    ids = read_ids(payload, "conversationId", "msgId")
    user = _person(payload, "senderStaffId", "senderId")
    if isinstance(ids, Refused):
        return ids
    if not user:
        return Refused("senderId", "required: a number or text")
    mentioned = (_person(each, "staffId", "dingtalkId") for each in read_list_at(payload, "atUsers"))
    found = {
        "id": f"{ids[0]}:{ids[1]}",
        "type": "message",
        "platform": PLATFORM,
        "group_id": ids[0],
        "group_name": read_name(payload.get("conversationTitle")),
        "user_id": user,
        "user_name": read_name(payload.get("senderNick")),
        "text": _text(payload, kind).strip(),
        "mentions": list(dict.fromkeys(filter(None, mentioned))),
        "is_staff": payload.get("isAdmin") is True,
    }
    answered = read_id(read_object_at(read_object_at(payload, "text"), "repliedMsg").get("msgId"))
    if answered:
        found["reply_to"] = f"{ids[0]}:{answered}"
    event = make_event(found, payload.get("createAt"), stamp, where="createAt")
    return event if isinstance(event, Refused) else [event]


def _person(of: Any, *names: str) -> str:
    """Return the user id of the company, which the event callbacks name, too; else the encrypted one."""
    return next(filter(None, (read_id(of.get(name)) for name in names)), "") if isinstance(of, dict) else ""


def _text(payload: dict[str, Any], kind: str) -> str:
    content = read_object_at(payload, "text" if kind == "text" else "content")
    if kind == "richText":
        parts = (each for each in read_list_at(content, "richText")[:_MAX_PARTS] if isinstance(each, dict))
        return "".join(_part(each) for each in parts)
    said = content.get("content" if kind == "text" else "recognition")
    if isinstance(said, str):
        return said
    return " ".join(filter(None, (_SHOWN.get(kind, "[消息]"), read_name(content.get("fileName")))))


def _part(part: dict[str, Any]) -> str:
    text = part.get("text")
    return text if isinstance(text, str) else _SHOWN.get(read_id(part.get("type")), "")


WEBHOOK: Final = Platform(open_delivery, parse, coverage="mentions")
