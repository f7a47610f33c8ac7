"""DingTalk's event callbacks: who joins and leaves groups (https://open.dingtalk.com/document/development/group-session-add-persons).

Pure. Sealed as WeCom seals, in JSON; each is answered with a sealed ``success``, without which it comes again. Fields begin
with a capital letter in older subscriptions.
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
    answer_json,
    read_object,
)
from producers.sources.dingtalk import PLATFORM
from producers.sources.values import made_id, make_event, read_id, read_name
from producers.verify import Denied

_SIGNATURE: Final = ("signature", "msg_signature")
_ELSEWHERE: Final = ("user_", "org_", "label_", "edu_", "bpms_", "attendance_", "check_in", "meetingroom_", "hrm_")
_KNOWN: Final = frozenset({"chat_update_owner", "chat_disband_microapp"})


def open_delivery(delivery: Delivery, secret: Secret) -> Opened | Answer | Denied | Refused:
    """Check the signature and decrypt; ``check_url`` is the handshake. ``account`` is the app key (or corp id)."""
    if not secret.keys:
        return Denied("secret", "needed: DingTalk encrypts what it sends; set secret_env for this source")
    document = read_object(delivery.body)
    if isinstance(document, Refused):
        return document
    found = envelope.unseal(
        delivery.query, document.get("encrypt"), secret.keys, signature=_SIGNATURE, receiver=secret.account
    )
    unsealed = envelope.in_time(found, delivery.now_s)
    if isinstance(unsealed, Denied):
        return unsealed
    payload = read_object(unsealed.message)
    if isinstance(payload, Refused):
        return payload
    answer = _success(unsealed, delivery.now_s)
    return answer if payload.get("EventType") == "check_url" else Opened(payload, answer)


def _success(unsealed: envelope.Unsealed, now_s: int) -> Answer:
    answer = envelope.seal(
        b"success",
        receiver=unsealed.receiver,
        pair=unsealed.pair,
        timestamp=str(now_s * 1000),
        nonce=unsealed.sealed.nonce,
    )
    return answer_json(
        {
            "msg_signature": answer.signature,
            "timeStamp": answer.timestamp,
            "nonce": answer.nonce,
            "encrypt": answer.encrypted,
        }
    )


def parse(payload: dict[str, Any], stamp: Stamp, /) -> list[Notice] | Refused:
    """Turn one callback into canonical events, one a member."""
    kind = read_id(payload.get("EventType"))
    if not kind:
        return Refused("EventType", "required; is this a DingTalk event?")
    if kind not in _GROUP_EVENTS:
        known = "elsewhere" if kind.startswith(_ELSEWHERE) else kind if kind in _KNOWN else "unknown"
        return [Ignored(known)]
    group = read_id(payload.get("openConversationId")) or read_id(_field(payload, "chatId"))
    if not group:
        return Refused("openConversationId", "required")
    people = _people(payload, kind)
    if not people:
        return Refused("operator" if kind in ("chat_quit", "chat_update_title") else "userId", "required")
    when = _field(payload, "timeStamp") or payload.get("EventTime")
    names = ("EventType", "userId", "UserId", "title", "Title", "operator", "Operator")
    event_id = read_id(payload.get("eventId")) or made_id("", [when, *(payload.get(name) for name in names)])
    notices: list[Notice] = []
    for person in people:
        found = {"platform": PLATFORM, "group_id": group, "user_id": person} | _fields(payload, kind, person)
        found["id"] = f"{group}:{event_id}:{person}".rstrip(":")
        event = make_event(found, when, stamp, where="timeStamp")
        if isinstance(event, Refused):
            return event
        notices.append(event)
    return notices


_GROUP_EVENTS: Final = frozenset(
    {"chat_add_member", "chat_remove_member", "chat_quit", "chat_update_title", "chat_disband"}
)


def _people(payload: dict[str, Any], kind: str) -> list[str]:
    if kind == "chat_disband":
        return [""]
    operator = read_id(_field(payload, "operator"))
    listed = _field(payload, "userId") if kind in ("chat_add_member", "chat_remove_member") else [operator]
    people = listed if isinstance(listed, list) else [listed]
    return list(dict.fromkeys(filter(None, map(read_id, people))))


def _fields(payload: dict[str, Any], kind: str, person: str) -> dict[str, Any]:
    operator = read_id(_field(payload, "operator"))
    if kind == "chat_disband":
        return {"type": "member_count", "count": 0, "dismissed": True}
    if kind == "chat_update_title":
        return {"type": "rename", "group_name": read_name(_field(payload, "title"))}
    if kind == "chat_quit":
        return {"type": "leave", "reason": "left"}
    if kind == "chat_remove_member":
        by = {"operator_id": operator} if operator not in ("", person) else {}
        return {"type": "leave", "reason": "kicked"} | by
    return {"type": "join"} | ({"inviter_id": operator} if operator not in ("", person) else {})


def _field(payload: dict[str, Any], name: str) -> Any:
    return payload.get(name, payload.get(name[0].upper() + name[1:]))


WEBHOOK: Final = Platform(
    open_delivery,
    parse,
    read_keys=envelope.read_pairs,
    coverage="membership",
    describe=(Route("an event of groups, encrypted; check_url among them", answers={200: "success, encrypted"}),),
)
