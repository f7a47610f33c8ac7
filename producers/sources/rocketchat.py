"""Rocket.Chat, by outgoing webhooks (https://docs.rocket.chat/docs/integrations). Pure.

A delivery says nowhere which event it is of, so what is no message has an address of its own: ``…/NAME/joined`` for *User
Joined Room*, ``…/NAME/left`` for *User Left Room*. Since 7.7 Rocket.Chat sends those two without their data (its issue 36348);
they are counted as ``without_data`` and lost. What an integration posts belongs to ``bot:`` and the account it posts as, which
may be a person's.
"""

from __future__ import annotations

from typing import Any, Final

from huoqun.events import Refused, read_time
from producers import verify
from producers.sources.base import (
    Delivery,
    Ignored,
    Notice,
    Opened,
    Platform,
    Route,
    Secret,
    Stamp,
    answer_json,
    read_object,
)
from producers.sources.values import made_id, make_event, read_id, read_ids, read_name, read_object_at
from producers.verify import Denied

PLATFORM: Final = "rocketchat"

_ADDRESSES: Final = {"": "message", "/": "message", "/joined": "join", "/left": "leave"}
_TOLD_BY: Final = "huoqun_told_by"
"""Where a payload keeps what its address says of it: no field of Rocket.Chat's own."""

_MOST_MEMBERS: Final = 10**9


def open_delivery(delivery: Delivery, secret: Secret) -> Opened | Denied | Refused:
    """Check the token, which stands in the body. The answer has one: Rocket.Chat takes an empty answer for a failure."""
    payload = read_object(delivery.body)
    if isinstance(payload, Refused):
        return payload
    if secret.keys:
        denied = verify.token(offered=[payload.get("token")], keys=secret.keys, where="token")
        if denied is not None:
            return denied
    told_by = _ADDRESSES.get(delivery.path)
    if told_by is None:
        return Refused("address", "ends with the source's name, or with /joined or /left behind it")
    return Opened(payload | {_TOLD_BY: told_by}, answer_json({}))


def parse(payload: dict[str, Any], stamp: Stamp, /) -> list[Notice] | Refused:
    """Turn one delivery into canonical events."""
    if payload.get("channel_id") is None:
        return [Ignored("without_data" if payload.get("user_id") is None else "user_created")]
    told_by = payload.get(_TOLD_BY)
    if told_by == "message" and payload.get("message_id") is None:
        return [Ignored("room_created" if "owner" in payload else "unknown")]
    if _is_direct(payload):
        return [Ignored("private")]
    ids = read_ids(payload, "channel_id", "user_id", *(["message_id"] if told_by == "message" else []))
    if isinstance(ids, Refused):
        return ids
    person = {
        "group_id": ids[0],
        "group_name": read_name(payload.get("channel_name")),
        "user_id": ids[1],
        "user_name": read_name(payload.get("user_name")),
    }
    if told_by == "message":
        return _events([_message(payload, person, ids[2], stamp)], stamp)
    return _events(_membership(payload, person, "leave" if told_by == "leave" else "join"), stamp)


def _events(found: list[dict[str, Any]], stamp: Stamp) -> list[Notice] | Refused:
    notices: list[Notice] = []
    for each in found:
        when = each.pop("when")
        event = make_event(each | {"platform": PLATFORM}, when, stamp, where="timestamp")
        if isinstance(event, Refused):
            return event
        notices.append(event)
    return notices


def _is_direct(payload: dict[str, Any]) -> bool:
    return read_object_at(payload, "room").get("t", "d" if not payload.get("channel_name") else "c") in ("d", "l")


def _when(value: Any) -> Any:
    at = read_time(value) if isinstance(value, str) else value
    return value if isinstance(at, str) else at


def _message(payload: dict[str, Any], person: dict[str, Any], message: str, stamp: Stamp) -> dict[str, Any]:
    channel = person["group_id"]
    number, text = f"{channel}:{message}", _text(payload)
    if payload.get("bot"):
        name = read_name(payload.get("alias")) or person["user_name"]
        person = person | {"user_id": f"bot:{person['user_id']}", "is_bot": True, "user_name": name}
    if payload.get("isDeleted") is True:
        return person | {"id": f"{number}:d", "type": "delete", "reply_to": number, "when": stamp.received_at}
    if payload.get("isEdited") is True:
        # Told twice where both triggers are on, and one of them knows no time: the new text tells one edit from another.
        made = made_id(channel, ("edit", number, text))
        at = _when(read_object_at(payload, "message").get("editedAt")) or stamp.received_at
        return person | {"id": made, "type": "edit", "reply_to": number, "text": text, "when": at}
    found = person | {"id": number, "type": "message", "text": text, "when": _when(payload.get("timestamp"))}
    if thread := read_id(payload.get("tmid")):
        found["reply_to"] = found["thread_id"] = f"{channel}:{thread}"
    return found


def _text(payload: dict[str, Any]) -> str:
    text = payload.get("text")
    file = read_object_at(read_object_at(payload, "message"), "file")
    shown = f"[file] {read_name(file.get('name'))}".strip() if file else ""
    return "\n".join(filter(None, (text if isinstance(text, str) else "", shown)))


def _membership(payload: dict[str, Any], person: dict[str, Any], kind: str) -> list[dict[str, Any]]:
    when = _when(payload.get("timestamp"))
    channel = person["group_id"]
    found = person | {
        "id": made_id(channel, (kind, person["user_id"], payload.get("timestamp"))),
        "type": kind,
        "is_bot": bool(payload.get("bot")),
        "when": when,
    }
    if kind == "leave":
        found["reason"] = "unknown"  # versions differ in whether they tell of those who are removed
    count = read_object_at(payload, "room").get("usersCount")
    if type(count) is not int or type(when) is not int or not 0 <= count < _MOST_MEMBERS:
        return [found]
    # The room as it was read before it changed.
    before = {
        "id": f"{found['id']}:members",
        "type": "member_count",
        "group_id": channel,
        "count": count,
        "when": when - 1,
    }
    return [before, found]


WEBHOOK: Final = Platform(
    open_delivery,
    parse,
    describe=(
        Route("what was sent, edited, deleted or uploaded"),
        Route("a member who joined", path="/joined"),
        Route("a member who left", path="/left"),
    ),
)
