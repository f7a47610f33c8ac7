"""OneBot v11: QQ groups through NapCat, Lagrange and others (https://github.com/botuniverse/onebot-11).

Pure. Message ids are not unique across groups there, so ours are ``group_id:message_id``. Notices carry none: theirs
is a hash of what they say, so that a repeat is recognised.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any, Final

from huoqun.events import Refused
from producers import verify
from producers.sources.base import (
    Answer,
    Delivery,
    Heartbeat,
    Ignored,
    Notice,
    Opened,
    Platform,
    Secret,
    Stamp,
    read_object,
)
from producers.sources.values import made_id, make_event, read_id, read_ids, read_name
from producers.verify import Denied

PLATFORM: Final = "qq"

_MOST_INTERVAL_MS: Final = 24 * 60 * 60 * 1000
"""A heartbeat that is promised less often than daily tells nothing."""

_ANONYMOUS: Final = 80_000_000
_STAFF_ROLES: Final = ("owner", "admin")
_LEAVE_REASONS: Final = {"leave": "left", "kick": "kicked", "kick_me": "kicked"}
_SHOWN: Final = {
    "face": "[表情]",
    "mface": "[表情]",
    "image": "[图片]",
    "record": "[语音]",
    "video": "[视频]",
    "forward": "[聊天记录]",
    "json": "[卡片]",
    "xml": "[卡片]",
    "location": "[位置]",
    "contact": "[推荐]",
    "music": "[音乐]",
    "poke": "[戳一戳]",
    "dice": "[骰子]",
    "rps": "[猜拳]",
    "shake": "[窗口抖动]",
}
"""What a segment without text looks like in a QQ client."""

_KNOWN_NOTICES: Final = frozenset(
    {
        "group_upload",
        "group_admin",
        "group_ban",
        "group_msg_emoji_like",
        "group_card",
        "essence",
        "notify",
        "friend_add",
        "friend_recall",
        "offline_file",
        "client_status",
    }
)
_CQ: Final = re.compile(r"\[CQ:([A-Za-z0-9_\-]+)((?:,[^\[\],=]+=[^\[\],]*)*)\]")


def open_delivery(delivery: Delivery, secret: Secret) -> Opened | Denied | Refused:
    """Check ``X-Signature`` (HMAC-SHA1 over the raw body)."""
    if secret.keys:
        denied = verify.sha1_hex(
            signatures=delivery.headers.getall("X-Signature", []), body=delivery.raw, keys=secret.keys
        )
        if denied is not None:
            return denied
    payload = read_object(delivery.body)
    return payload if isinstance(payload, Refused) else Opened(payload, Answer(204))  # JSON would be run as a command


def parse(payload: dict[str, Any], stamp: Stamp, /) -> list[Notice] | Refused:
    """Turn one OneBot v11 event into canonical ones. What is authentic but of no use here is :class:`Ignored`."""
    kind = payload.get("post_type")
    if kind in ("message", "message_sent"):
        found = _message(payload, sent=kind == "message_sent")
    elif kind == "notice":
        found = _notice(payload)
    elif kind == "meta_event":
        return [_meta(payload)]
    elif kind == "request":
        found = Ignored("request")
    elif isinstance(kind, str) and kind:
        found = Ignored("unknown")
    else:
        return Refused("post_type", "required; is this a OneBot v11 event?")
    if not isinstance(found, dict):
        return found if isinstance(found, Refused) else [found]
    event = make_event(found, payload.get("time"), stamp, where="time")
    return event if isinstance(event, Refused) else [event]


def _meta(payload: dict[str, Any]) -> Notice:
    interval = payload.get("interval")
    if payload.get("meta_event_type") == "heartbeat" and type(interval) is int and 0 < interval < _MOST_INTERVAL_MS:
        return Heartbeat(interval)
    return Ignored("meta")


def _message(payload: dict[str, Any], *, sent: bool) -> dict[str, Any] | Ignored | Refused:
    if payload.get("message_type") != "group":
        return Ignored("private" if payload.get("message_type") == "private" else "unknown")
    if payload.get("sub_type") == "notice":
        return Ignored("system_message")
    ids = read_ids(payload, "group_id", "user_id", "message_id")
    if isinstance(ids, Refused):
        return ids
    group, user, message = ids
    content = payload.get("message", payload.get("raw_message", ""))
    segments = read_cq(content) if isinstance(content, str) else content
    if not isinstance(segments, list):
        return Refused("message", "must be an array of segments or text with CQ codes")
    text, mentions, reply_to, at_all = _render(segments)
    sender = payload.get("sender")
    sender = sender if isinstance(sender, dict) else {}
    anonymous = payload.get("anonymous")
    event: dict[str, Any] = {
        "id": f"{group}:{message}",
        "type": "message",
        "platform": PLATFORM,
        "group_id": group,
        "user_id": user,
        "user_name": read_name(sender.get("card")) or read_name(sender.get("nickname")),
        "group_name": read_name(payload.get("group_name")),
        "text": text,
        "mentions": mentions,
        "is_staff": sender.get("role") in _STAFF_ROLES,
        "is_bot": sent or user == read_id(payload.get("self_id")),
    }
    if reply_to:
        event["reply_to"] = f"{group}:{reply_to}"
    if at_all:
        event["at_all"] = True
    if isinstance(anonymous, dict) and (name := read_id(anonymous.get("id"))):
        event["user_id"] = f"anonymous:{name}"
        event["user_name"] = read_name(anonymous.get("name"))
    elif user == str(_ANONYMOUS):
        event["user_id"] = "anonymous"
    return event


def _notice(payload: dict[str, Any]) -> dict[str, Any] | Ignored | Refused:
    kind = payload.get("notice_type")
    reader = _NOTICES.get(kind) if isinstance(kind, str) else None
    if reader is None or payload.get("group_id") in (None, 0, ""):
        return Ignored(kind if isinstance(kind, str) and kind in _KNOWN_NOTICES else "unknown")
    ids = read_ids(payload, "group_id", "user_id")
    if isinstance(ids, Refused):
        return ids
    event = reader(payload, *ids)
    if isinstance(event, dict):
        event |= {"platform": PLATFORM, "group_id": ids[0], "user_id": ids[1], "id": _notice_id(payload)}
        if ids[1] == read_id(payload.get("self_id")):
            event["is_bot"] = True
    return event


def _joined(payload: dict[str, Any], _group: str, user: str) -> dict[str, Any]:
    event: dict[str, Any] = {"type": "join"}
    operator = read_id(payload.get("operator_id"))
    if operator and operator not in (user, "0"):
        event["inviter_id" if payload.get("sub_type") == "invite" else "approved_by"] = operator
    return event


def _left(payload: dict[str, Any], _group: str, user: str) -> dict[str, Any]:
    event: dict[str, Any] = {"type": "leave", "reason": _LEAVE_REASONS.get(str(payload.get("sub_type")), "unknown")}
    operator = read_id(payload.get("operator_id"))
    if operator and operator not in (user, "0"):
        event["operator_id"] = operator
    return event


def _recalled(payload: dict[str, Any], group: str, user: str) -> dict[str, Any] | Refused:
    message = read_id(payload.get("message_id"))
    if not message:
        return Refused("message_id", "required")
    event: dict[str, Any] = {"type": "delete", "reply_to": f"{group}:{message}"}
    operator = read_id(payload.get("operator_id"))
    if operator and operator != user:
        event["operator_id"] = operator
    return event


def _card_changed(payload: dict[str, Any], _group: str, _user: str) -> dict[str, Any]:
    return {"type": "rename", "user_name": read_name(payload.get("card_new"))}


def _emoji_liked(payload: dict[str, Any], group: str, _user: str) -> dict[str, Any] | Refused:
    message = read_id(payload.get("message_id"))
    if not message:
        return Refused("message_id", "required")
    return {"type": "reaction", "reply_to": f"{group}:{message}"}


_NOTICES: Final[dict[str, Callable[[dict[str, Any], str, str], dict[str, Any] | Refused]]] = {
    "group_increase": _joined,
    "group_decrease": _left,
    "group_recall": _recalled,
    "group_card": _card_changed,
    "group_msg_emoji_like": _emoji_liked,  # the last two: extensions that NapCat sends
}


def read_cq(text: str) -> list[dict[str, Any]]:
    """Take text with CQ codes apart into segments, as the array format has them. What is no code stays text."""
    segments: list[dict[str, Any]] = []
    position = 0
    for match in _CQ.finditer(text):
        if match.start() > position:
            segments.append(_text_segment(text[position : match.start()]))
        pairs = (pair.partition("=") for pair in match[2].split(",")[1:])
        segments.append({"type": match[1], "data": {key: _unescape(value) for key, _, value in pairs}})
        position = match.end()
    if position < len(text):
        segments.append(_text_segment(text[position:]))
    return segments


def _text_segment(text: str) -> dict[str, Any]:
    return {"type": "text", "data": {"text": _unescape(text)}}


def _unescape(text: str) -> str:
    return text.replace("&#44;", ",").replace("&#91;", "[").replace("&#93;", "]").replace("&amp;", "&")


def _render(segments: Sequence[Any]) -> tuple[str, list[str], str, bool]:
    """Return the text as a reader sees it, the people mentioned, the message answered, and whether all were."""
    parts: list[str] = []
    mentions: list[str] = []
    reply_to = ""
    at_all = False
    for segment in segments:
        if not isinstance(segment, dict):
            continue
        kind, data = segment.get("type"), segment.get("data")
        data = data if isinstance(data, dict) else {}
        if kind == "text":
            parts.append(data["text"] if isinstance(data.get("text"), str) else "")
        elif kind == "at":
            person = read_id(data.get("qq"))
            if person == "all":
                at_all = True
                parts.append("@全体成员 ")
            elif person:
                mentions += [person] if person not in mentions else []
                parts.append(f"@{read_name(data.get('name')).lstrip('@') or person} ")
        elif kind == "reply":
            reply_to = read_id(data.get("id")) or reply_to
        elif isinstance(kind, str):
            parts.append(_shown(kind, data))
    return "".join(parts).strip(), mentions, reply_to, at_all


def _shown(kind: str, data: dict[str, Any]) -> str:
    if kind == "share":
        return " ".join(filter(None, ("[分享]", read_name(data.get("title")), read_name(data.get("url")))))
    if kind == "file":
        return " ".join(filter(None, ("[文件]", read_name(data.get("name")) or read_name(data.get("file")))))
    return _SHOWN.get(kind, "[消息]")


def _notice_id(payload: dict[str, Any]) -> str:
    names = ("notice_type", "sub_type", "group_id", "user_id", "operator_id", "message_id", "time", "card_new", "likes")
    return made_id(read_id(payload.get("group_id")), (payload.get(name) for name in names))


WEBHOOK: Final = Platform(open_delivery, parse)
