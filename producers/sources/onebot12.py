"""OneBot v12: one form for the groups of many platforms (https://12.onebot.dev/).

Pure. What sends tells its platform itself. The token is sent along as it is and binds nothing: use TLS where it is not this
machine. Message ids are made unique by the group's.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, Final, TypeAlias

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
from producers.sources.values import made_id, make_event, read_id, read_name, read_object_at
from producers.verify import Denied

_Reader: TypeAlias = Callable[[dict[str, Any], str, str], "dict[str, Any] | Refused"]

_PLATFORM: Final = re.compile(r"[a-z][a-z0-9_.\-]{0,31}", re.ASCII)
_UNTOLD: Final = "onebot"
_SCHEME: Final = "Bearer "
_MOST_INTERVAL_MS: Final = 24 * 60 * 60 * 1000
_LEAVE_REASONS: Final = {"leave": "left", "kick": "kicked"}
_SHOWN: Final = {
    "image": "[图片]",
    "voice": "[语音]",
    "audio": "[音频]",
    "video": "[视频]",
    "file": "[文件]",
    "location": "[位置]",
}
_KNOWN_NOTICES: Final = ("friend_", "private_", "guild_member_", "channel_create", "channel_delete")


def open_delivery(delivery: Delivery, secret: Secret) -> Opened | Denied | Refused:
    """Check the token: in ``Authorization``, or in the address where an implementation can't set that."""
    if secret.keys:
        denied = _denied(delivery, secret.keys)
        if denied is not None:
            return denied
    payload = read_object(delivery.body)
    if isinstance(payload, Refused):
        return payload
    if secret.account and read_object_at(payload, "self").get("user_id", secret.account) != secret.account:
        return Denied("account", "the delivery is from another robot than this source is configured with")
    return Opened(payload, Answer(204))  # 200 would have its body run as commands


def _denied(delivery: Delivery, keys: tuple[bytes, ...]) -> Denied | None:
    headers = delivery.headers.getall("Authorization", [])
    if not headers:
        return verify.token(
            offered=delivery.query.getall("access_token", []), keys=keys, where="Authorization or access_token"
        )
    offered = [each.removeprefix(_SCHEME) for each in headers if each.startswith(_SCHEME)]
    if len(offered) != len(headers):
        return Denied("Authorization", f"must begin with {_SCHEME.strip()}")
    return verify.token(offered=offered, keys=keys, where="Authorization")


def parse(payload: dict[str, Any], stamp: Stamp, /) -> list[Notice] | Refused:
    """Turn one OneBot v12 event into a canonical one."""
    kind, detail = read_id(payload.get("type")), read_id(payload.get("detail_type"))
    if not kind:
        return Refused("type", "required; is this a OneBot v12 event?")
    if kind == "meta":
        return [_meta(payload, detail)]
    reader = _READERS.get((kind, detail))
    if reader is None:
        return [Ignored(_known(kind, detail))]
    found = _found(payload, reader, _group(payload, channel=detail.startswith("channel")))
    event = found if isinstance(found, Refused) else make_event(found, payload.get("time"), stamp, where="time")
    return event if isinstance(event, Refused) else [event]


def _found(payload: dict[str, Any], reader: _Reader, group: str | Refused) -> dict[str, Any] | Refused:
    user, robot = read_id(payload.get("user_id")), read_object_at(payload, "self")
    if isinstance(group, Refused):
        return group
    if not user:
        return Refused("user_id", "required: a number or text")
    found = reader(payload, group, user)
    if isinstance(found, Refused):
        return found
    platform = read_id(robot.get("platform"))
    return found | {
        "platform": platform if _PLATFORM.fullmatch(platform) else _UNTOLD,
        "group_id": group,
        "user_id": user,
        "is_bot": user == read_id(robot.get("user_id")),
    }


def _meta(payload: dict[str, Any], detail: str) -> Notice:
    interval = payload.get("interval")
    if detail == "heartbeat" and type(interval) is int and 0 < interval < _MOST_INTERVAL_MS:
        return Heartbeat(interval)
    return Ignored("meta")


def _known(kind: str, detail: str) -> str:
    if kind == "request":
        return "request"
    if (kind, detail) == ("message", "private"):
        return "private"
    return "notice" if kind == "notice" and detail.startswith(_KNOWN_NOTICES) else "unknown"


def _group(payload: dict[str, Any], *, channel: bool) -> str | Refused:
    """Return the group's id; a channel's is unique within its guild only."""
    names = ("guild_id", "channel_id") if channel else ("group_id",)
    ids = [read_id(payload.get(name)) for name in names]
    return ":".join(ids) if all(ids) else Refused(names[ids.index("")], "required: a number or text")


def _message(payload: dict[str, Any], group: str, _user: str) -> dict[str, Any] | Refused:
    message = read_id(payload.get("message_id"))
    if not message:
        return Refused("message_id", "required: a number or text")
    segments = payload.get("message")
    if not isinstance(segments, list):
        return Refused("message", "must be an array of segments")
    found: dict[str, Any] = {"id": f"{group}:{message}", "type": "message", "mentions": []}
    parts = []
    for segment in segments:
        if isinstance(segment, dict):
            kind, data = read_id(segment.get("type")), read_object_at(segment, "data")
            parts.append(_part(kind, data, found))
            if kind == "reply" and (answered := read_id(data.get("message_id"))):
                found["reply_to"] = f"{group}:{answered}"
    found["text"] = "".join(parts).strip()
    return found


def _part(kind: str, data: dict[str, Any], found: dict[str, Any]) -> str:
    """Return a segment as it is read, and note in ``found`` whom it mentions."""
    if kind == "text":
        return data["text"] if isinstance(data.get("text"), str) else ""
    if kind == "reply":
        return ""
    if kind == "mention_all":
        found["at_all"] = True
        return "@全体成员 "
    if kind != "mention":
        return " ".join(filter(None, (_SHOWN.get(kind, "[消息]"), read_name(data.get("title")))))
    person = read_id(data.get("user_id"))
    if person and person not in found["mentions"]:
        found["mentions"].append(person)
    return f"@{person} " if person else ""


def _joined(payload: dict[str, Any], group: str, user: str) -> dict[str, Any]:
    found: dict[str, Any] = {"id": _notice_id(payload, group), "type": "join"}
    operator = read_id(payload.get("operator_id"))
    if operator not in ("", user):
        found["inviter_id" if payload.get("sub_type") == "invite" else "approved_by"] = operator
    return found


def _left(payload: dict[str, Any], group: str, user: str) -> dict[str, Any]:
    reason = _LEAVE_REASONS.get(read_id(payload.get("sub_type")), "unknown")
    return {"id": _notice_id(payload, group), "type": "leave", "reason": reason} | _operator(payload, user)


def _deleted(payload: dict[str, Any], group: str, user: str) -> dict[str, Any] | Refused:
    message = read_id(payload.get("message_id"))
    if not message:
        return Refused("message_id", "required: a number or text")
    found = {"id": _notice_id(payload, group), "type": "delete", "reply_to": f"{group}:{message}"}
    return found | _operator(payload, user)


def _operator(payload: dict[str, Any], user: str) -> dict[str, Any]:
    operator = read_id(payload.get("operator_id"))
    return {"operator_id": operator} if operator not in ("", user) else {}


def _notice_id(payload: dict[str, Any], group: str) -> str:
    told = read_id(payload.get("id"))
    names = ("detail_type", "sub_type", "user_id", "operator_id", "message_id", "time")
    return f"{group}:{told}" if told else made_id(group, (payload.get(name) for name in names))


_READERS: Final[Mapping[tuple[str, str], _Reader]] = {
    ("message", "group"): _message,
    ("message", "channel"): _message,
    ("notice", "group_member_increase"): _joined,
    ("notice", "channel_member_increase"): _joined,
    ("notice", "group_member_decrease"): _left,
    ("notice", "channel_member_decrease"): _left,
    ("notice", "group_message_delete"): _deleted,
    ("notice", "channel_message_delete"): _deleted,
}


WEBHOOK: Final = Platform(open_delivery, parse)
