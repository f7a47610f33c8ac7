"""QQ's official robots by webhook (https://bot.q.qq.com/wiki/develop/api-v2/dev-prepare/interface-framework/event-emit.html).

Pure. A delivery is signed with Ed25519 over its time and body, by a key made of the robot's secret. People and groups have
ids of their own for each robot, which have nothing to do with QQ numbers: hence a platform of its own.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from huoqun.events import Event, Refused, read_time
from producers import verify
from producers.sources import envelope
from producers.sources.base import (
    Answer,
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
from producers.sources.values import made_id, make_event, read_id, read_list_at, read_name, read_object_at
from producers.verify import Denied

PLATFORM: Final = "qqbot"

_DISPATCH: Final = 0
_TAKEN: Final = answer_json({"op": 12})
_CHECK_ADDRESS: Final = 13
_SEED_BYTES: Final = 32
_TIMESTAMP: Final = re.compile(r"[0-9]{1,16}", re.ASCII)
_PLAIN_TOKEN: Final = re.compile(r"[0-9A-Za-z_\-]{1,128}", re.ASCII)
_STAFF_ROLES: Final = ("owner", "admin")
_STAFF_ROLE_IDS: Final = frozenset({"2", "4", "5"})
"""In channels: administrators, the owner, administrators of one channel."""
_PRIVATE: Final = ("C2C_", "FRIEND_", "DIRECT_MESSAGE_")
_ROBOT: Final = ("GROUP_ADD_ROBOT", "GROUP_DEL_ROBOT", "GROUP_MSG_")
_REQUEST: Final = ("GROUP_JOIN_REQUEST",)
_GUILD: Final = ("GUILD_", "CHANNEL_", "FORUM_", "AUDIO_", "MESSAGE_AUDIT_", "INTERACTION_", "MESSAGE_REACTION_REMOVE")


def open_delivery(delivery: Delivery, secret: Secret) -> Opened | Answer | Denied | Refused:
    """Check the signature over time and body. The check of the address is answered with a signature of ours."""
    payload = read_object(delivery.body)
    if isinstance(payload, Refused):
        return payload
    if secret.account and delivery.headers.get("X-Bot-Appid") != secret.account:
        return Denied("X-Bot-Appid", "is another robot than this source is configured with")
    signer = _signer(delivery, secret.keys)
    if payload.get("op") == _CHECK_ADDRESS:
        return _signed(read_object_at(payload, "d"), signer if isinstance(signer, bytes) else b"".join(secret.keys[:1]))
    if secret.keys and isinstance(signer, Denied):
        return signer
    if secret.keys:
        payload.setdefault("sent_at", delivery.headers["X-Signature-Timestamp"])
    return Opened(payload, _TAKEN)


def _signer(delivery: Delivery, keys: tuple[bytes, ...]) -> bytes | Denied:
    """Return the secret that the delivery was signed with."""
    timestamps = delivery.headers.getall("X-Signature-Timestamp", [])
    signatures = delivery.headers.getall("X-Signature-Ed25519", [])
    if len(timestamps) != 1 or not _TIMESTAMP.fullmatch(timestamps[0]):
        return Denied("X-Signature-Timestamp", "must be there once, in digits")
    if len(signatures) != 1:
        return Denied("X-Signature-Ed25519", "sent more than once" if signatures else "missing")
    message = timestamps[0].encode() + delivery.raw
    for key in keys:
        if envelope.ed25519_fits(_seed(key), signatures[0], message):
            return verify.stale(timestamps[0], now_s=delivery.now_s, where="X-Signature-Timestamp") or key
    return Denied("X-Signature-Ed25519", "fits none of this source's secrets")


def _signed(check: dict[str, Any], key: bytes) -> Answer | Denied | Refused:
    """Answer the check of the address, which may come unsigned: the answer must be of no other use.

    It is a signature over two texts that the sender has chosen, made as those over deliveries are. Over digits and then
    letters and digits, which are no JSON object, whoever asks has gained nothing.
    """
    if not key:
        return Denied("secret", "needed to answer the check of the address; set secret_env for this source")
    event_ts, plain_token = check.get("event_ts"), check.get("plain_token")
    if not isinstance(event_ts, str) or not _TIMESTAMP.fullmatch(event_ts):
        return Refused("d.event_ts", "must be digits")
    if not isinstance(plain_token, str) or not _PLAIN_TOKEN.fullmatch(plain_token):
        return Refused("d.plain_token", "must be up to 128 letters and digits")
    signature = envelope.ed25519_sign(_seed(key), f"{event_ts}{plain_token}".encode())
    return answer_json({"plain_token": plain_token, "signature": signature})


def _seed(secret: bytes) -> bytes:
    return (secret * _SEED_BYTES)[:_SEED_BYTES]


def parse(payload: dict[str, Any], stamp: Stamp, /) -> list[Notice] | Refused:
    """Turn one dispatch into a canonical event."""
    if payload.get("op") != _DISPATCH or isinstance(payload["op"], bool):
        return [Ignored("other_op")] if type(payload.get("op")) is int else Refused("op", "required: a number")
    kind, content = read_id(payload.get("t")), payload.get("d")
    if not kind or not isinstance(content, dict):
        return Refused("d" if kind else "t", "required")
    reader = _READERS.get(kind)
    if reader is None:
        return [Ignored(_known(kind))]
    found = reader(content)
    if isinstance(found, Ignored | Refused):
        return found if isinstance(found, Refused) else [found]
    if "id" not in found:
        told = read_id(payload.get("id")) or made_id("", [kind, content]).lstrip(":")
        found["id"] = f"{found['group_id']}:{told}"
    event = _made(found, content.get("timestamp", payload.get("sent_at")), stamp)
    return event if isinstance(event, Refused) else [event]


def _known(kind: str) -> str:
    for what, beginnings in (("private", _PRIVATE), ("robot", _ROBOT), ("request", _REQUEST), ("guild", _GUILD)):
        if kind.startswith(beginnings):
            return what
    return "unknown"


def _made(found: dict[str, Any], when: Any, stamp: Stamp) -> Event | Refused:
    """Times are RFC 3339 with messages, numbers or digits with the rest, and with some there is but that of the request."""
    if isinstance(when, str) and not when.isdecimal():
        when = read_time(when)
        if isinstance(when, str):
            return Refused("d.timestamp", when)
    if when is None:
        when = stamp.received_at  # from this machine, without signature
    return make_event(found | {"platform": PLATFORM}, when, stamp, where="d.timestamp")


def _group_message(content: dict[str, Any]) -> dict[str, Any] | Refused:
    author = read_object_at(content, "author")
    user = read_id(author.get("member_openid")) or read_id(author.get("id"))
    found = _message(content, "group_openid", user, is_staff=author.get("member_role") in _STAFF_ROLES)
    if isinstance(found, dict):
        index, answered = _indexes(content)
        if index:
            found["id"] = f"{found['group_id']}:{index}"
        if answered:
            found["reply_to"] = f"{found['group_id']}:{answered}"
    return found


def _indexes(content: dict[str, Any]) -> tuple[str, str]:
    """Return the name by which a message is quoted, and that of the one it quotes: ids proper are not told there."""
    pairs = (
        each.partition("=")
        for each in read_list_at(read_object_at(content, "message_scene"), "ext")
        if isinstance(each, str)
    )
    found = {name: value for name, _, value in pairs}
    return found.get("msg_idx", ""), found.get("ref_msg_idx", "")


def _channel_message(content: dict[str, Any]) -> dict[str, Any] | Refused:
    roles = {read_id(each) for each in read_list_at(read_object_at(content, "member"), "roles")}
    user = read_id(read_object_at(content, "author").get("id"))
    found = _message(content, "channel_id", user, is_staff=not roles.isdisjoint(_STAFF_ROLE_IDS))
    answered = read_id(read_object_at(content, "message_reference").get("message_id"))
    if isinstance(found, dict):
        found |= {"reply_to": f"{found['group_id']}:{answered}"} if answered else {}
        found |= {"at_all": True} if content.get("mention_everyone") is True else {}
    return found


def _message(content: dict[str, Any], group_in: str, user: str, *, is_staff: bool) -> dict[str, Any] | Refused:
    group, message = read_id(content.get(group_in)), read_id(content.get("id"))
    for name, value in ((f"d.{group_in}", group), ("d.id", message), ("d.author", user)):
        if not value:
            return Refused(name, "required: a number or text")
    author = read_object_at(content, "author")
    mentioned = (each for each in read_list_at(content, "mentions") if isinstance(each, dict))
    mentions = (read_id(each.get("member_openid")) or read_id(each.get("id")) for each in mentioned)
    return {
        "id": f"{group}:{message}",
        "type": "message",
        "group_id": group,
        "user_id": user,
        "user_name": read_name(author.get("username")),
        "text": _text(content),
        "mentions": list(dict.fromkeys(filter(None, mentions))),
        "is_bot": author.get("bot") is True,
        "is_staff": is_staff,
    }


def _text(content: dict[str, Any]) -> str:
    text = content.get("content")
    parts = [text.strip()] if isinstance(text, str) else []
    parts += [_shown(each) for each in read_list_at(content, "attachments") if isinstance(each, dict)]
    return " ".join(filter(None, parts))


def _shown(attachment: dict[str, Any]) -> str:
    kind = read_id(attachment.get("content_type"))
    if kind.startswith("image"):
        return "[图片]"
    if kind.startswith("video"):
        return "[视频]"
    if kind == "voice":
        return read_name(attachment.get("asr_refer_text")) or "[语音]"
    return f"[文件] {read_name(attachment.get('filename'))}".strip()


def _joined(content: dict[str, Any]) -> dict[str, Any] | Refused:
    return _member(content, {"type": "join"})


def _left(content: dict[str, Any]) -> dict[str, Any] | Refused:
    return _member(content, {"type": "leave", "reason": "unknown"})


def _member(content: dict[str, Any], fields: dict[str, Any]) -> dict[str, Any] | Refused:
    group, user = read_id(content.get("group_openid")), read_id(content.get("member_openid"))
    if not group or not user:
        return Refused("d.member_openid" if group else "d.group_openid", "required")
    return fields | {"group_id": group, "user_id": user}


def _deleted(content: dict[str, Any]) -> dict[str, Any] | Refused:
    message, operator = read_object_at(content, "message"), read_id(read_object_at(content, "op_user").get("id"))
    group, told = read_id(message.get("channel_id")), read_id(message.get("id"))
    author = read_id(read_object_at(message, "author").get("id")) or operator
    if not group or not told or not author:
        return Refused("d.message", "required: channel_id, id and author")
    found = {"type": "delete", "group_id": group, "user_id": author, "reply_to": f"{group}:{told}"}
    return found | ({"operator_id": operator} if operator not in ("", author) else {})


def _reacted(content: dict[str, Any]) -> dict[str, Any] | Ignored | Refused:
    target = read_object_at(content, "target")
    if read_id(target.get("type")) not in ("0", "ReactionTargetType_MSG"):
        return Ignored("guild")  # to a post of a forum
    group, user, told = read_id(content.get("channel_id")), read_id(content.get("user_id")), read_id(target.get("id"))
    if not group or not user or not told:
        return Refused("d.target", "required: channel_id, user_id and target.id")
    return {"type": "reaction", "group_id": group, "user_id": user, "reply_to": f"{group}:{told}"}


_READERS: Final[Mapping[str, Callable[[dict[str, Any]], dict[str, Any] | Ignored | Refused]]] = {
    "GROUP_AT_MESSAGE_CREATE": _group_message,
    "GROUP_MESSAGE_CREATE": _group_message,  # where a group's owner lets the robot see everything
    "GROUP_MEMBER_ADD": _joined,
    "GROUP_MEMBER_REMOVE": _left,
    "AT_MESSAGE_CREATE": _channel_message,
    "MESSAGE_CREATE": _channel_message,
    "MESSAGE_DELETE": _deleted,
    "PUBLIC_MESSAGE_DELETE": _deleted,
    "MESSAGE_REACTION_ADD": _reacted,
}


WEBHOOK: Final = Platform(open_delivery, parse, kinds=(), coverage="mentions")  # QQ does not document what it claims
