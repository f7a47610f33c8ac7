"""Feishu and Lark: events to an app by HTTP (https://open.feishu.cn/document/server-docs/event-subscription-guide/overview).

Pure. With an Encrypt Key the body is encrypted and signed; the handshake is encrypted and not signed. Without one a token
in the body is all there is. Message ids are unique, several people of one event get ids of their own.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, NamedTuple

from huoqun.events import Refused
from producers import verify
from producers.gateway.items import read_json
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
from producers.sources.values import make_event, read_id, read_list_at, read_name, read_object_at
from producers.verify import Denied

PLATFORM: Final = "feishu"

_SOMEBODY: Final = "unknown"
"""Feishu does not tell who took a message back."""
_SECRET: Final = re.compile(r"[!-+\--9;-~]{1,256}", re.ASCII)
_TIMESTAMP: Final = re.compile(r"[0-9]{1,16}", re.ASCII)
_PLACEHOLDER: Final = re.compile(r"@_(?:user_[0-9]+|all)", re.ASCII)
_MAX_PARTS: Final = 2_000
_SHOWN: Final = {
    "image": "[图片]",
    "img": "[图片]",
    "file": "[文件]",
    "folder": "[文件]",
    "audio": "[语音]",
    "media": "[视频]",
    "sticker": "[表情]",
    "emotion": "[表情]",
    "interactive": "[卡片]",
    "share_chat": "[群名片]",
    "share_user": "[名片]",
    "location": "[位置]",
    "merge_forward": "[聊天记录]",
    "hongbao": "[红包]",
    "todo": "[待办]",
    "vote": "[投票]",
    "video_chat": "[会议]",
    "calendar": "[日程]",
}
_KNOWN_TYPES: Final = {
    "im.message.reaction.created_v1": "reaction_without_group",
    "im.message.reaction.deleted_v1": "reaction_without_group",
    "im.message.message_read_v1": "read",
    "im.chat.member.user.withdrawn_v1": "invitation_withdrawn",
    "im.chat.member.bot.added_v1": "robot",
    "im.chat.member.bot.deleted_v1": "robot",
    "im.chat.access_event.bot_p2p_chat_entered_v1": "private",
}


class _Key(NamedTuple):
    token: str
    encrypt_key: str


def read_keys(text: str) -> list[bytes] | Denied:
    """Read ``VERIFICATIONTOKEN:ENCRYPTKEY``, or the token alone, several separated by commas."""
    keys = []
    for number, part in enumerate(p.strip() for p in text.split(",")):
        token, colon, encrypt_key = part.partition(":")
        if not _SECRET.fullmatch(token) or (colon and not _SECRET.fullmatch(encrypt_key)):
            return Denied(
                f"secret {number + 1}",
                "must be VERIFICATIONTOKEN:ENCRYPTKEY as Feishu shows them, a colon between; without encryption the token alone",
            )
        keys.append(part.encode())
    return keys


def open_delivery(delivery: Delivery, secret: Secret) -> Opened | Answer | Denied | Refused:
    """Decrypt and check the signature, or the token where there is no encryption. A challenge is answered."""
    document = read_object(delivery.body)
    if isinstance(document, Refused):
        return document
    if not secret.keys:
        if "encrypt" in document:
            return Denied("secret", "needed: this app encrypts what it sends; set secret_env for this source")
        return _answered(document, secret.account)
    for key in secret.keys:
        token, _, encrypt_key = key.decode("utf-8", "replace").partition(":")
        payload = _authentic(document, delivery, _Key(token, encrypt_key))
        if payload is not None:
            return _stale(delivery) or _answered(payload, secret.account)
    if not delivery.headers.get("X-Lark-Signature"):
        return Denied("X-Lark-Signature", "missing, and no handshake or token of this source's secrets")
    return Denied("X-Lark-Signature", "fits none of this source's secrets")


def _stale(delivery: Delivery) -> Denied | None:
    name = "X-Lark-Request-Timestamp"
    timestamp = delivery.headers.get(name, "")
    known = _TIMESTAMP.fullmatch(timestamp)  # its form is shown in examples only; it is signed, so nobody else chose it
    return verify.stale(timestamp, now_s=delivery.now_s, where=name) if known else None


def _authentic(document: dict[str, Any], delivery: Delivery, key: _Key) -> dict[str, Any] | None:
    """Return the payload if it comes from whom this secret is shared with."""
    if not key.encrypt_key:
        return document if "encrypt" not in document and _has_token(document, key.token) else None
    encrypted = document.get("encrypt")
    digest = hashlib.sha256(key.encrypt_key.encode()).digest()
    plain = envelope.decrypt(encrypted, key=digest) if isinstance(encrypted, str) else None
    payload = read_object(plain) if plain is not None else None
    if not isinstance(payload, dict) or not _has_token(payload, key.token):
        return None
    return payload if payload.get("type") == "url_verification" or _is_signed(delivery, key.encrypt_key) else None


def _is_signed(delivery: Delivery, encrypt_key: str) -> bool:
    headers = delivery.headers
    parts = [headers.getall(f"X-Lark-{name}", []) for name in ("Request-Timestamp", "Request-Nonce", "Signature")]
    if any(len(part) != 1 or not part[0] for part in parts):
        return False
    timestamp, nonce, signature = (part[0].encode("utf-8", "surrogatepass") for part in parts)
    digest = hashlib.sha256(timestamp + nonce + encrypt_key.encode() + delivery.raw).hexdigest()
    return hmac.compare_digest(signature, digest.encode())


def _has_token(payload: dict[str, Any], token: str) -> bool:
    header = read_object_at(payload, "header")
    offered = header.get("token", payload.get("token"))
    return isinstance(offered, str) and hmac.compare_digest(offered.encode("utf-8", "surrogatepass"), token.encode())


def _answered(payload: dict[str, Any], account: str) -> Opened | Answer | Denied | Refused:
    if payload.get("type") == "url_verification":
        challenge = payload.get("challenge")
        return answer_json({"challenge": challenge}) if isinstance(challenge, str) else Refused("challenge", "required")
    if account and read_object_at(payload, "header").get("app_id") != account:
        return Denied("account", "the delivery is for another app than this source is configured with")
    return Opened(payload, answer_json({}))


def parse(payload: dict[str, Any], stamp: Stamp, /) -> Sequence[Notice] | Refused:
    """Turn one event of version 2.0 into canonical ones."""
    header, event = read_object_at(payload, "header"), read_object_at(payload, "event")
    kind = read_id(header.get("event_type"))
    if not kind:
        return [Ignored("version_1")] if payload.get("uuid") else Refused("header.event_type", "required")
    if kind == "im.message.receive_v1":
        return _message(event, stamp)
    if kind not in _CHANGES:
        return [Ignored(_KNOWN_TYPES.get(kind, "unknown"))]
    return _change(header, event, stamp)


def _message(event: dict[str, Any], stamp: Stamp) -> Sequence[Notice] | Refused:
    message, sender = read_object_at(event, "message"), read_object_at(event, "sender")
    if message.get("chat_type") == "p2p":
        return [Ignored("private")]
    user = _user(sender.get("sender_id"))
    is_bot = sender.get("sender_type") not in (None, "user")
    if not user:
        return [Ignored("robot")] if is_bot else Refused("event.sender.sender_id", "required")
    for name in ("chat_id", "message_id"):
        if not read_id(message.get(name)):
            return Refused(f"event.message.{name}", "required")
    mentions = [each for each in read_list_at(message, "mentions") if isinstance(each, dict)]
    text = _text(read_id(message.get("message_type")), message.get("content"), mentions)
    found = {
        "id": read_id(message["message_id"]),
        "type": "message",
        "platform": PLATFORM,
        "group_id": read_id(message["chat_id"]),
        "user_id": user,
        "is_bot": is_bot,
        "text": text,
        "mentions": list(dict.fromkeys(filter(None, (_user(each.get("id")) for each in mentions)))),
        "reply_to": read_id(message.get("parent_id")),
        "thread_id": read_id(message.get("thread_id")) or read_id(message.get("root_id")),
    }
    if "@_all" in str(message.get("content")):
        found["at_all"] = True
    made = make_event(found, message.get("create_time"), stamp, where="event.message.create_time")
    return made if isinstance(made, Refused) else [made]


def _change(header: dict[str, Any], event: dict[str, Any], stamp: Stamp) -> Sequence[Notice] | Refused:
    """Read what happened to a group and its members: one event may tell of several."""
    event_id, group = read_id(header.get("event_id")), read_id(event.get("chat_id"))
    if not event_id or not group:
        return Refused("event.chat_id" if event_id else "header.event_id", "required")
    found = _CHANGES[header["event_type"]](event)
    if isinstance(found, Ignored | Refused):
        return found if isinstance(found, Refused) else [found]
    notices: list[Notice] = []
    for fields in found:
        whole = {"id": event_id, "platform": PLATFORM, "group_id": group, "group_name": read_name(event.get("name"))}
        whole |= fields
        if len(found) > 1 or fields["type"] in ("join", "leave"):
            whole["id"] = f"{event_id}:{fields['user_id']}"
        made = make_event(whole, header.get("create_time"), stamp, where="header.create_time")
        if isinstance(made, Refused):
            return made
        notices.append(made)
    return notices


def _joined(event: dict[str, Any]) -> list[dict[str, Any]] | Refused:
    operator = _user(event.get("operator_id"))
    return _people(
        event, lambda user: {"type": "join"} | ({"inviter_id": operator} if operator not in ("", user) else {})
    )


def _left(event: dict[str, Any]) -> list[dict[str, Any]] | Refused:
    operator = _user(event.get("operator_id"))

    def fields(user: str) -> dict[str, Any]:
        if operator in ("", user):
            return {"type": "leave", "reason": "left" if operator else "unknown"}
        return {"type": "leave", "reason": "kicked", "operator_id": operator}

    return _people(event, fields)


def _people(event: dict[str, Any], fields: Callable[[str], dict[str, Any]]) -> list[dict[str, Any]] | Refused:
    found = {}
    for person in read_list_at(event, "users"):
        user = _user(person.get("user_id")) if isinstance(person, dict) else ""
        if not user:
            return Refused("event.users.user_id", "required")
        found[user] = {"user_id": user, "user_name": read_name(person.get("name"))} | fields(user)
    return list(found.values()) or Refused("event.users", "required")


def _recalled(event: dict[str, Any]) -> list[dict[str, Any]] | Refused:
    message = read_id(event.get("message_id"))
    if not message:
        return Refused("event.message_id", "required")
    # As a robot's, because nobody was seen to be there: what nobody has done must not count as a member.
    how = {"recalled_by": read_id(event.get("recall_type"))}
    return [{"type": "delete", "user_id": _SOMEBODY, "is_bot": True, "reply_to": message} | how]


def _updated(event: dict[str, Any]) -> list[dict[str, Any]] | Ignored:
    name = read_name(read_object_at(event, "after_change").get("name"))
    operator = _user(event.get("operator_id"))
    if not name or not operator:
        return Ignored("group_updated")
    return [{"type": "rename", "user_id": operator, "group_name": name}]


def _disbanded(_event: dict[str, Any]) -> list[dict[str, Any]]:
    return [{"type": "member_count", "count": 0, "dismissed": True}]


_CHANGES: Final[Mapping[str, Callable[[dict[str, Any]], list[dict[str, Any]] | Ignored | Refused]]] = {
    "im.chat.member.user.added_v1": _joined,
    "im.chat.member.user.deleted_v1": _left,
    "im.message.recalled_v1": _recalled,
    "im.chat.updated_v1": _updated,
    "im.chat.disbanded_v1": _disbanded,
}


def _user(ids: Any) -> str:
    """Return the id that every app is told, which differs from app to app; else one of the others."""
    ids = ids if isinstance(ids, dict) else {}
    return read_id(ids.get("open_id")) or read_id(ids.get("union_id")) or read_id(ids.get("user_id"))


def _text(kind: str, content: Any, mentions: list[dict[str, Any]]) -> str:
    item = read_json(content.encode("utf-8", "replace")) if isinstance(content, str) else None
    body = item.raw if item is not None and not isinstance(item, Refused) and isinstance(item.raw, dict) else {}
    if kind == "text":
        text = body.get("text")
        text = text if isinstance(text, str) else ""
    elif kind == "post":
        text = _post(body)
    else:
        names = (read_name(body.get(name)) for name in ("file_name", "topic", "title"))
        text = " ".join(filter(None, (_SHOWN.get(kind, "[消息]"), *names)))
    named = {read_id(each.get("key")): read_name(each.get("name")) for each in mentions}
    return _PLACEHOLDER.sub(lambda m: _mention(m[0], named), text).strip()


def _mention(key: str, named: Mapping[str, str]) -> str:
    return "@所有人" if key == "@_all" else f"@{named[key]}" if named.get(key) else key


def _post(body: dict[str, Any]) -> str:
    """Return the paragraphs of a rich text; they may lie under a language."""
    inner = next((each for each in body.values() if isinstance(each, dict)), {}) if "content" not in body else body
    lines = [read_name(inner.get("title"))]
    for paragraph in read_list_at(inner, "content")[:_MAX_PARTS]:
        elements = paragraph[:_MAX_PARTS] if isinstance(paragraph, list) else []
        lines.append("".join(_element(each) for each in elements if isinstance(each, dict)))
    return "\n".join(filter(None, lines))


def _element(element: dict[str, Any]) -> str:
    tag, text = read_id(element.get("tag")), element.get("text")
    if tag == "at":
        return f"{read_id(element.get('user_id'))} "  # a placeholder, too
    if isinstance(text, str):
        href = read_name(element.get("href"))
        return f"{text} {href}" if href and href != text else text
    return _SHOWN.get(tag, "")


WEBHOOK: Final = Platform(open_delivery, parse, read_keys=read_keys)
