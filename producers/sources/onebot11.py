"""OneBot v11: QQ groups through NapCat, Lagrange and others (https://github.com/botuniverse/onebot-11).

Pure. Message ids are not unique across groups there, so ours are ``group_id:message_id``. Notices carry none: theirs
is a hash of what they say, so that a repeat is recognised.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Sequence
from typing import Any, Final

import msgspec
from multidict import CIMultiDictProxy

from huoqun.events import MAX_FUTURE_MS, Coverage, Refused, read_event
from producers import verify as signatures
from producers.sources.base import Ignored, Notice
from producers.verify import Denied

PLATFORM: Final = "qq"

_MS_FROM: Final = 100_000_000_000
"""A time above this is in milliseconds (as seconds it would lie after the year 5000): some senders use those."""

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


def verify(headers: CIMultiDictProxy[str], body: bytes, keys: Sequence[bytes], /) -> Denied | None:
    """Check ``X-Signature`` (HMAC-SHA1 over the raw body)."""
    return signatures.sha1_hex(signatures=headers.getall("X-Signature", []), body=body, keys=keys)


def parse(payload: dict[str, Any], /, *, received_at: int, source: str, coverage: Coverage) -> list[Notice] | Refused:
    """Turn one OneBot v11 event into canonical ones. What is authentic but of no use here is :class:`Ignored`."""
    kind = payload.get("post_type")
    if kind in ("message", "message_sent"):
        found = _message(payload, sent=kind == "message_sent")
    elif kind == "notice":
        found = _notice(payload)
    elif kind in ("meta_event", "request"):
        found = Ignored("meta" if kind == "meta_event" else "request")
    elif isinstance(kind, str) and kind:
        found = Ignored("unknown")
    else:
        return Refused("post_type", "required; is this a OneBot v11 event?")
    if not isinstance(found, dict):
        return found if isinstance(found, Refused) else [found]
    when = _time(payload.get("time"), received_at)
    if isinstance(when, str):
        return Refused("time", when)
    found["ts"], claimed = when
    if claimed is not None:
        found["ts_claimed"] = claimed
    event = read_event(found, received_at=received_at, source=source, coverage=coverage)
    return event if isinstance(event, Refused) else [event]


def _message(payload: dict[str, Any], *, sent: bool) -> dict[str, Any] | Ignored | Refused:
    if payload.get("message_type") != "group":
        return Ignored("private" if payload.get("message_type") == "private" else "unknown")
    if payload.get("sub_type") == "notice":
        return Ignored("system_message")
    ids = _ids(payload, "group_id", "user_id", "message_id")
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
        "user_name": _name(sender.get("card")) or _name(sender.get("nickname")),
        "group_name": _name(payload.get("group_name")),
        "text": text,
        "mentions": mentions,
        "is_staff": sender.get("role") in _STAFF_ROLES,
        "is_bot": sent or user == _id(payload.get("self_id")),
    }
    if reply_to:
        event["reply_to"] = f"{group}:{reply_to}"
    if at_all:
        event["at_all"] = True
    if isinstance(anonymous, dict) and (name := _id(anonymous.get("id"))):
        event["user_id"] = f"anonymous:{name}"
        event["user_name"] = _name(anonymous.get("name"))
    elif user == str(_ANONYMOUS):
        event["user_id"] = "anonymous"
    return event


def _notice(payload: dict[str, Any]) -> dict[str, Any] | Ignored | Refused:
    kind = payload.get("notice_type")
    reader = _NOTICES.get(kind) if isinstance(kind, str) else None
    if reader is None or payload.get("group_id") in (None, 0, ""):
        return Ignored(kind if isinstance(kind, str) and kind in _KNOWN_NOTICES else "unknown")
    ids = _ids(payload, "group_id", "user_id")
    if isinstance(ids, Refused):
        return ids
    event = reader(payload, *ids)
    if isinstance(event, dict):
        event |= {"platform": PLATFORM, "group_id": ids[0], "user_id": ids[1], "id": _notice_id(payload)}
        if ids[1] == _id(payload.get("self_id")):
            event["is_bot"] = True
    return event


def _joined(payload: dict[str, Any], _group: str, user: str) -> dict[str, Any]:
    event: dict[str, Any] = {"type": "join"}
    operator = _id(payload.get("operator_id"))
    if operator and operator not in (user, "0"):
        event["inviter_id" if payload.get("sub_type") == "invite" else "approved_by"] = operator
    return event


def _left(payload: dict[str, Any], _group: str, user: str) -> dict[str, Any]:
    event: dict[str, Any] = {"type": "leave", "reason": _LEAVE_REASONS.get(str(payload.get("sub_type")), "unknown")}
    operator = _id(payload.get("operator_id"))
    if operator and operator not in (user, "0"):
        event["operator_id"] = operator
    return event


def _recalled(payload: dict[str, Any], group: str, user: str) -> dict[str, Any] | Refused:
    message = _id(payload.get("message_id"))
    if not message:
        return Refused("message_id", "required")
    event: dict[str, Any] = {"type": "delete", "reply_to": f"{group}:{message}"}
    operator = _id(payload.get("operator_id"))
    if operator and operator != user:
        event["operator_id"] = operator
    return event


def _card_changed(payload: dict[str, Any], _group: str, _user: str) -> dict[str, Any]:
    return {"type": "rename", "user_name": _name(payload.get("card_new"))}


def _emoji_liked(payload: dict[str, Any], group: str, _user: str) -> dict[str, Any] | Refused:
    message = _id(payload.get("message_id"))
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
            person = _id(data.get("qq"))
            if person == "all":
                at_all = True
                parts.append("@全体成员 ")
            elif person:
                mentions += [person] if person not in mentions else []
                parts.append(f"@{_name(data.get('name')).lstrip('@') or person} ")
        elif kind == "reply":
            reply_to = _id(data.get("id")) or reply_to
        elif isinstance(kind, str):
            parts.append(_shown(kind, data))
    return "".join(parts).strip(), mentions, reply_to, at_all


def _shown(kind: str, data: dict[str, Any]) -> str:
    if kind == "share":
        return " ".join(filter(None, ("[分享]", _name(data.get("title")), _name(data.get("url")))))
    if kind == "file":
        return " ".join(filter(None, ("[文件]", _name(data.get("name")) or _name(data.get("file")))))
    return _SHOWN.get(kind, "[消息]")


def _ids(payload: dict[str, Any], *names: str) -> list[str] | Refused:
    found = []
    for name in names:
        value = _id(payload.get(name))
        if not value:
            return Refused(name, "required: a number or text")
        found.append(value)
    return found


def _id(value: Any) -> str:
    """Return an id as text; empty for what is none. Numbers in the specification, text in some implementations."""
    if isinstance(value, bool) or not isinstance(value, int | str):
        return ""
    return str(value) if isinstance(value, str) or abs(value) < 2**64 else ""


def _name(value: Any) -> str:
    """Return a display name with the control characters that would have the whole message refused taken out."""
    return "".join(c for c in value if c.isprintable())[:512] if isinstance(value, str) else ""


def _time(value: Any, received_at: int) -> tuple[int, int | None] | str:
    """Return the event time (ms), and what was claimed where that lies too far ahead to be believed."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < _MS_FROM * 1000:
        return "must be seconds since the epoch"
    when = int(value) if value >= _MS_FROM else int(value * 1000)
    if when > received_at + MAX_FUTURE_MS:
        return received_at, when
    return when, None


def _notice_id(payload: dict[str, Any]) -> str:
    names = ("notice_type", "sub_type", "group_id", "user_id", "operator_id", "message_id", "time", "card_new", "likes")
    said = msgspec.json.encode([payload.get(name) for name in names], order="deterministic")
    return f"{_id(payload.get('group_id'))}:n{hashlib.sha256(said).hexdigest()[:24]}"
