"""WeCom's intelligent robot: messages that mention it (https://developer.work.weixin.qq.com/document/path/100719).

Pure. The crypto is that of :mod:`producers.sources.wecom`, in JSON and for nobody by name. Messages carry no time; that of
the signed request stands in for it.
"""

from __future__ import annotations

from typing import Any, Final

from huoqun.events import Refused
from producers.sources import envelope
from producers.sources.base import (
    Answer,
    Delivery,
    Ignored,
    Notice,
    Opened,
    Platform,
    Route,
    Secret,
    Stamp,
    read_object,
)
from producers.sources.values import make_event, read_id, read_ids, read_list_at, read_object_at
from producers.sources.wecom import HANDSHAKE, PLATFORM, SIGNATURE, answer_echo, no_key
from producers.verify import Denied

_SHOWN: Final = {"image": "[图片]", "file": "[文件]", "video": "[视频]"}


def open_delivery(delivery: Delivery, secret: Secret) -> Opened | Answer | Denied | Refused:
    """Check the signature and decrypt; a GET is the handshake. ``account`` is the robot's id."""
    if not secret.keys:
        return no_key("WeCom")
    if delivery.method != "POST":
        return answer_echo(delivery, secret.keys, receiver="")
    document = read_object(delivery.body)
    if isinstance(document, Refused):
        return document
    found = envelope.unseal(delivery.query, document.get("encrypt"), secret.keys, signature=SIGNATURE)
    unsealed = envelope.in_time(found, delivery.now_s)
    if isinstance(unsealed, Denied):
        return unsealed
    return _opened(read_object(unsealed.message), unsealed.sealed.timestamp, secret.account)


def _opened(payload: dict[str, Any] | Refused, timestamp: str, account: str) -> Opened | Denied | Refused:
    if isinstance(payload, Refused):
        return payload
    if account and payload.get("aibotid") != account:
        return Denied("account", "the delivery is for another robot than this source is configured with")
    payload.setdefault("create_time", timestamp)
    return Opened(payload)


def parse(payload: dict[str, Any], stamp: Stamp, /) -> list[Notice] | Refused:
    """Turn one message into a canonical event."""
    kind = read_id(payload.get("msgtype"))
    if not kind:
        return Refused("msgtype", "required; is this a message to a WeCom robot?")
    if kind in ("event", "stream"):  # a card was pressed, the robot's answer is asked for
        return [Ignored(kind)]
    if payload.get("chattype") != "group":
        return [Ignored("private" if payload.get("chattype") == "single" else "unknown")]
    ids = read_ids(payload, "chatid", "msgid")
    user = read_id(read_object_at(payload, "from").get("userid"))
    if isinstance(ids, Refused):
        return ids
    if not user:
        return Refused("from.userid", "required: a number or text")
    robot = read_id(payload.get("aibotid"))
    found = {
        "id": f"{ids[0]}:{ids[1]}",
        "type": "message",
        "platform": PLATFORM,
        "group_id": ids[0],
        "user_id": user,
        "text": _text(payload, kind).strip(),
        "mentions": [robot] if robot else [],
    }
    event = make_event(found, payload.get("create_time"), stamp, where="create_time")
    return event if isinstance(event, Refused) else [event]


def _text(message: dict[str, Any], kind: str) -> str:
    if kind != "mixed":
        return _part(message, kind)
    items = read_list_at(read_object_at(message, "mixed"), "msg_item")
    return " ".join(_part(item, read_id(item.get("msgtype"))) for item in items if isinstance(item, dict))


def _part(message: dict[str, Any], kind: str) -> str:
    content = read_object_at(message, kind).get("content") if kind in ("text", "voice") else None
    if isinstance(content, str):
        return content  # WeCom writes down what was said
    return _SHOWN.get(kind, "[语音]" if kind == "voice" else "[消息]")


WEBHOOK: Final = Platform(
    open_delivery,
    parse,
    methods=("GET", "POST"),
    kinds=(),
    read_keys=envelope.read_pairs,
    coverage="mentions",
    describe=(Route("a message that mentions the robot, in WeCom's encrypted JSON"), HANDSHAKE),
)
