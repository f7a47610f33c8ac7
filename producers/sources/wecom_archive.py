"""WeCom's archived messages, decrypted: one JSON record each (https://developer.work.weixin.qq.com/document/path/91774).

Pure. The archive is pulled with WeCom's native library, which is not part of this; whatever runs it posts the decrypted
records here as NDJSON, signed as Standard Webhooks (:func:`signed_batches`). Room ids and people are those of
:mod:`producers.sources.wecom`, so the two complete each other.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final, NamedTuple

import msgspec

from huoqun import standard_webhooks
from huoqun.events import Event, Refused
from producers import verify
from producers.gateway.items import read_json
from producers.sources.base import ACCEPTED, JSON, Delivery, Ignored, Notice, Opened, Platform, Route, Secret, Stamp
from producers.sources.values import make_event, read_id, read_ids, read_list_at, read_name, read_object_at
from producers.sources.wecom import PLATFORM, who
from producers.verify import Denied

NDJSON: Final = "application/x-ndjson"
MAX_RECORDS: Final = 10_000

_MAX_BATCH_BYTES: Final = 512 * 1024
"""Half of what the gateway takes by default."""
_MAX_PARTS: Final = 100
_NO_MESSAGES: Final = frozenset({"agree", "disagree"})
"""Consent to being archived."""
_SHOWN: Final = {
    "image": "[图片]",
    "voice": "[语音]",
    "video": "[视频]",
    "card": "[名片]",
    "location": "[位置]",
    "emotion": "[表情]",
    "file": "[文件]",
    "link": "[链接]",
    "weapp": "[小程序]",
    "chatrecord": "[聊天记录]",
    "todo": "[待办]",
    "vote": "[投票]",
    "collect": "[填表]",
    "redpacket": "[红包]",
    "external_redpacket": "[红包]",
    "meeting": "[会议]",
    "docmsg": "[文档]",
    "news": "[图文]",
    "calendar": "[日程]",
    "sphfeed": "[视频号]",
    "qydiskfile": "[文件]",
}
_TITLES: Final = ("title", "filename", "description", "link_url")


def open_delivery(delivery: Delivery, secret: Secret) -> Opened | Denied | Refused:
    """Check the Standard Webhooks signature; take the records apart: NDJSON, an array, or one."""
    if secret.keys:
        denied = verify.standard_webhooks(
            ids=delivery.headers.getall("webhook-id", []),
            timestamps=delivery.headers.getall("webhook-timestamp", []),
            signatures=delivery.headers.getall("webhook-signature", []),
            body=delivery.raw,
            keys=secret.keys,
            now_s=delivery.now_s,
        )
        if denied is not None:
            return denied
    records = _records(delivery.body)
    if isinstance(records, Refused):
        return records
    if not records:
        return Refused("body", "is empty; send at least one record")
    if len(records) > MAX_RECORDS:
        return Refused("body", f"{len(records)} records in one request; {MAX_RECORDS} at most; split it")
    return Opened({"records": records}, ACCEPTED)


def _records(body: bytes) -> list[Any] | Refused:
    if body.lstrip()[:1] == b"[":
        item = read_json(body)
        return item if isinstance(item, Refused) else list(item.raw)
    records = []
    for line in body.splitlines():
        if line.strip():
            item = read_json(line)
            records.append(item if isinstance(item, Refused) else item.raw)
    return records


def parse(payload: dict[str, Any], stamp: Stamp, /) -> list[Notice | Refused] | Refused:
    """Turn records into canonical events: one notice a record in their order, then the sizes that rooms have now."""
    records = payload.get("records")
    if not isinstance(records, list):
        return Refused("records", "must be an array")
    notices: list[Notice | Refused] = []
    sizes: dict[str, Event] = {}
    for record in records:
        notice = record if isinstance(record, Refused) else read_record(record, stamp)
        notices.append(notice)
        if isinstance(notice, Event) and notice.type == "message":
            size = _size(record, notice, stamp)
            if size is not None:
                sizes[notice.group_id] = size
    return [*notices, *sizes.values()]


def read_record(record: Any, stamp: Stamp) -> Event | Ignored | Refused:
    """Turn one decrypted record into a canonical event. Never raises."""
    if not isinstance(record, dict):
        return Refused("record", "must be a JSON object")
    if not read_id(record.get("action")):
        return Refused("action", "required; is this a decrypted record of the archive?")
    useless = _useless(record)
    if useless is not None:
        return useless
    ids = read_ids(record, "roomid", "msgid", "from")
    if isinstance(ids, Refused):
        return ids
    found = {"id": f"{ids[0]}:{ids[1]}", "platform": PLATFORM, "group_id": ids[0]} | who(ids[2])
    if record["action"] == "send":
        found |= {"type": "message", "text": _text(record, read_id(record.get("msgtype"))).strip()}
    elif before := read_id(read_object_at(record, "revoke").get("pre_msgid")):
        found |= {"type": "delete", "reply_to": f"{ids[0]}:{before}"}
    else:
        return Refused("revoke.pre_msgid", "required")
    return make_event(found, record.get("msgtime"), stamp, where="msgtime")


def _useless(record: dict[str, Any]) -> Ignored | None:
    if record["action"] not in ("send", "recall"):
        return Ignored("switch" if record["action"] == "switch" else "unknown")
    if not record.get("roomid"):
        return Ignored("private")
    return Ignored("consent") if read_id(record.get("msgtype")) in _NO_MESSAGES else None


def _text(record: dict[str, Any], kind: str) -> str:
    if kind != "mixed":
        return _part(kind, read_object_at(record, "info" if kind in ("markdown", "news", "docmsg") else kind))
    parts = []
    for item in read_list_at(read_object_at(record, "mixed"), "item")[:_MAX_PARTS]:
        if isinstance(item, dict):
            inner = item.get("content")  # a JSON document in a text
            decoded = read_json(inner.encode("utf-8", "replace")) if isinstance(inner, str) else inner
            content = decoded if isinstance(decoded, dict) else getattr(decoded, "raw", None)
            parts.append(_part(read_id(item.get("type")), content if isinstance(content, dict) else {}))
    return " ".join(parts)


def _part(kind: str, content: Mapping[str, Any]) -> str:
    text = content.get("content")
    if kind in ("text", "markdown") and isinstance(text, str):
        return text
    shown = _SHOWN.get(kind, "[消息]")
    return " ".join(filter(None, (shown, *(read_name(content.get(name)) for name in _TITLES))))


def _size(record: dict[str, Any], message: Event, stamp: Stamp) -> Event | None:
    """Return how many are in the room: the sender and those whom the message goes to."""
    receivers = {read_id(each) for each in read_list_at(record, "tolist")} - {"", message.user_id}
    found = {
        "id": f"{message.id}:members",
        "type": "member_count",
        "platform": PLATFORM,
        "group_id": message.group_id,
        "count": len(receivers) + 1,
    }
    event = make_event(found, message.ts, stamp, where="msgtime") if receivers else None
    return event if isinstance(event, Event) else None


class Batch(NamedTuple):
    """One request to post."""

    body: bytes
    headers: Mapping[str, str]


def signed_batches(
    records: Iterable[Mapping[str, Any]], *, key: bytes, now_s: int, at_once: int = 1000
) -> Iterator[Batch]:
    """Return decrypted records as signed requests, for whatever pulls the archive. ``key`` is one of the source's.

    A record that comes again has the id it had, and counts once: pull again from the last sequence number that was
    answered with 202.
    """
    lines: list[bytes] = []
    held = 0
    for record in records:
        line = msgspec.json.encode(record) + b"\n"
        if lines and (len(lines) >= at_once or held + len(line) > _MAX_BATCH_BYTES):
            yield _batch(lines, key, now_s)
            lines, held = [], 0
        lines.append(line)
        held += len(line)
    if lines:
        yield _batch(lines, key, now_s)


def _batch(lines: list[bytes], key: bytes, now_s: int) -> Batch:
    body = b"".join(lines)
    message_id = hashlib.sha256(body).hexdigest()[:32]
    return Batch(
        body,
        {
            "Content-Type": NDJSON,
            **standard_webhooks.sign(message_id=message_id, timestamp_s=now_s, body=body, key=key),
        },
    )


WEBHOOK: Final = Platform(
    open_delivery,
    parse,
    kinds=(JSON, NDJSON),
    read_keys=verify.standard_keys,
    describe=(
        Route(
            "decrypted records of the archive: one, an array, or NDJSON",
            answers={202: "how many were taken, and which were refused and why"},
            takes={f"webhook-{name}": "Standard Webhooks" for name in ("id", "timestamp", "signature")},
        ),
    ),
)
