"""WeCom customer groups: the callback ``change_external_chat`` (https://developer.work.weixin.qq.com/document/path/92130).

Pure. Who joined and who left, no messages: those come by :mod:`producers.sources.wecom_archive`. The callbacks carry no id
and are always from ``sys``, so an id is a hash of what they say and the member. Some get lost, as WeCom itself says: each
tells the version of the member list before and after, which shows it.
"""

from __future__ import annotations

import re
from typing import Any, Final

from huoqun.events import Refused
from producers.sources import envelope
from producers.sources.base import Answer, Delivery, Ignored, Notice, Opened, Platform, Route, Secret, Stamp, Step
from producers.sources.flat_xml import read_xml
from producers.sources.values import made_id, make_event, read_id
from producers.verify import Denied

PLATFORM: Final = "wecom"
SIGNATURE: Final = ("msg_signature",)

_LEAVE_REASONS: Final = {"0": "left", "1": "kicked"}
_OUTSIDER: Final = re.compile(r"w[mob][0-9A-Za-z_\-]{20,}", re.ASCII)
"""The ids of customers begin with ``wm`` or ``wo`` and those of robots with ``wb``; others are of the company's own people."""
_ROBOT: Final = "wb"
_KNOWN_EVENTS: Final = frozenset(
    {"change_external_contact", "change_external_tag", "change_contact", "msgaudit_notify"}
)
_KNOWN_DETAILS: Final = frozenset({"change_owner", "change_name", "change_notice"})


def open_delivery(delivery: Delivery, secret: Secret) -> Opened | Answer | Denied | Refused:
    """Check the signature and decrypt; a GET is the handshake."""
    if not secret.keys:
        return no_key("WeCom")
    if delivery.method != "POST":
        return answer_echo(delivery, secret.keys, receiver=secret.account)
    document = read_xml(delivery.body)
    if isinstance(document, Refused):
        return document
    found = envelope.unseal(
        delivery.query, document.get("Encrypt"), secret.keys, signature=SIGNATURE, receiver=secret.account
    )
    unsealed = envelope.in_time(found, delivery.now_s)
    if isinstance(unsealed, Denied):
        return unsealed
    payload = read_xml(unsealed.message)
    return payload if isinstance(payload, Refused) else Opened(payload)


def no_key(platform: str) -> Denied:
    """Return the refusal where a source without a secret can't read what comes."""
    return Denied("secret", f"needed: {platform} encrypts what it sends; set secret_env for this source")


def answer_echo(delivery: Delivery, keys: tuple[bytes, ...], *, receiver: str) -> Answer | Denied:
    """Answer the handshake: the decrypted ``echostr`` as it is, nothing around it."""
    query = delivery.query
    found = envelope.unseal(query, query.get("echostr"), keys, signature=SIGNATURE, receiver=receiver)
    unsealed = envelope.in_time(found, delivery.now_s)
    return unsealed if isinstance(unsealed, Denied) else Answer(200, unsealed.message, "text/plain")


def who(user: str) -> dict[str, Any]:
    """Return what an id tells of its owner: the company's own people are staff to its customers."""
    if not _OUTSIDER.fullmatch(user):
        return {"user_id": user, "is_staff": True}
    return {"user_id": user, "is_bot": user.startswith(_ROBOT)}


def parse(payload: dict[str, Any], stamp: Stamp, /) -> list[Notice] | Refused:
    """Turn one callback into canonical events: one a member, and the step of the member list's version."""
    kind = read_id(payload.get("Event") or payload.get("InfoType"))  # the latter where a service provider's app asks
    if kind != "change_external_chat":
        return _other(kind, read_id(payload.get("MsgType")))
    group = read_id(payload.get("ChatId"))
    if not group:
        return Refused("ChatId", "required")
    change, detail = read_id(payload.get("ChangeType")), read_id(payload.get("UpdateDetail"))
    if change == "dismiss":
        return _dismissed(payload, group, stamp)
    if change == "update" and detail in ("add_member", "del_member"):
        return _moved(payload, group, stamp, joined=detail == "add_member")
    if change == "create":
        return [Ignored("created")]
    return [Ignored(detail if change == "update" and detail in _KNOWN_DETAILS else "unknown")]


def _other(kind: str, message_kind: str) -> list[Notice] | Refused:
    if not kind and not message_kind:
        return Refused("Event", "required; is this a WeCom callback?")
    if not kind:
        return [Ignored("private")]
    return [Ignored(kind if kind in _KNOWN_EVENTS else "unknown")]


def _dismissed(payload: dict[str, Any], group: str, stamp: Stamp) -> list[Notice] | Refused:
    found = {
        "id": made_id(group, [payload.get(name) for name in ("ChangeType", "CreateTime", "TimeStamp")]),
        "type": "member_count",
        "platform": PLATFORM,
        "group_id": group,
        "count": 0,
        "dismissed": True,
    }
    event = make_event(found, _when(payload), stamp, where="CreateTime")
    return event if isinstance(event, Refused) else [event]


def _moved(payload: dict[str, Any], group: str, stamp: Stamp, *, joined: bool) -> list[Notice] | Refused:
    members = _members(payload.get("MemChangeList"))
    names = ("UpdateDetail", "CreateTime", "TimeStamp", "LastMemVer", "CurMemVer")
    base = made_id(group, [*(payload.get(name) for name in names), members])
    notices: list[Notice] = []
    for member in members:
        found = {"id": f"{base}:{member}", "platform": PLATFORM, "group_id": group} | who(member)
        if joined:
            found |= {"type": "join", "join_scene": read_id(payload.get("JoinScene"))}
        else:
            found |= {"type": "leave", "reason": _LEAVE_REASONS.get(read_id(payload.get("QuitScene")), "unknown")}
        event = make_event(found, _when(payload), stamp, where="CreateTime")
        if isinstance(event, Refused):
            return event
        notices.append(event)
    if read_id(payload.get("MemChangeCnt")) not in ("", str(len(members))) or not members:
        # No step then: the next one shows that this one was not seen whole.
        return [*notices, Ignored("members_untold")]
    before, after = read_id(payload.get("LastMemVer")), read_id(payload.get("CurMemVer"))
    return [*notices, Step(group, before, after)] if before and after else notices


def _members(value: Any) -> list[str]:
    """Return the members, each once: a list of items now, text with commas in older callbacks."""
    found = value.split(",") if isinstance(value, str) else value if isinstance(value, list) else []
    return list(dict.fromkeys(filter(None, (read_id(each).strip() for each in found))))


def _when(payload: dict[str, Any]) -> Any:
    return payload.get("CreateTime") or payload.get("TimeStamp")


HANDSHAKE: Final = Route(
    "the handshake: the decrypted echostr comes back",
    method="GET",
    takes={f"?{name}": "signed by WeCom" for name in ("msg_signature", "timestamp", "nonce", "echostr")},
)

WEBHOOK: Final = Platform(
    open_delivery,
    parse,
    methods=("GET", "POST"),
    kinds=(),  # what WeCom claims its XML and JSON to be varies
    read_keys=envelope.read_pairs,
    coverage="membership",
    describe=(Route("a callback of customer groups, in WeCom's encrypted XML"), HANDSHAKE),
)
