"""Matrix: the rooms that an application service is shown (https://spec.matrix.org/latest/application-service-api/).

Pure. Event ids are unique everywhere: ours are theirs. What is said in encrypted rooms can't be read; who speaks, and when,
is seen. One event that makes no sense is passed over: refused, the homeserver would send it for ever, and nothing after it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, Final
from urllib.parse import unquote

from huoqun.events import MAX_MENTIONS, Refused
from producers import verify
from producers.sources.base import (
    JSON,
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
from producers.sources.values import make_event, read_id, read_list_at, read_name, read_object_at
from producers.verify import Denied

PLATFORM: Final = "matrix"

_PREFIX: Final = "/_matrix/app/v1"
_PATHS: Final = (
    ("PUT", re.compile(r"/transactions/.+", re.DOTALL)),
    ("POST", re.compile(r"/ping|/_matrix/app/unstable/fi\.mau\.msc2659/ping")),
    ("GET", re.compile(r"/(?:users|rooms|thirdparty)/.+", re.DOTALL)),
)
"""What may be asked below :data:`_PREFIX`, and at the root, where it was before there were versions."""

_STAFF_LEVEL: Final = 50
"""From here on one may by default kick people and remove what they said."""

_REPLACES: Final = "m.replace"
_SHOWN: Final = {
    "m.image": "[image]",
    "m.file": "[file]",
    "m.audio": "[audio]",
    "m.video": "[video]",
    "m.location": "[location]",
}
_STATE: Final = frozenset(
    f"m.room.{name}"
    for name in (
        "create",
        "join_rules",
        "history_visibility",
        "guest_access",
        "topic",
        "avatar",
        "canonical_alias",
        "aliases",
        "encryption",
        "pinned_events",
        "server_acl",
        "tombstone",
        "third_party_invite",
        "related_groups",
        "policy",
    )
) | {"m.space.child", "m.space.parent"}
_FAMILIES: Final = {
    "m.call.": "call",
    "m.key.verification.": "verification",
    "m.poll.": "poll",
    "org.matrix.msc3381.poll.": "poll",
    "m.policy.": "policy",
}
_PILL: Final = re.compile(r"https://matrix\.to/#/(@[^\"'?/<>\s]{1,255})")


# Opening.


def open_delivery(delivery: Delivery, secret: Secret) -> Opened | Answer | Denied | Refused:
    """Check the homeserver's token, and answer what is no transaction."""
    if secret.keys:
        denied = verify.bearer(
            headers=delivery.headers.getall("Authorization", []),
            arguments=delivery.query.getall("access_token", []),
            keys=secret.keys,
        )
        if denied is not None:
            return denied
    path = delivery.path.removeprefix(_PREFIX)
    allowed = next((method for method, known in _PATHS if known.fullmatch(path)), "")
    if not allowed:
        return _unrecognised(404, "no such part of the application service API")
    if delivery.method != allowed and (delivery.method, allowed) != ("HEAD", "GET"):
        return _unrecognised(405, f"use {allowed}")._replace(headers={"Allow": allowed})
    if allowed == "PUT":
        payload = read_object(delivery.body)
        return payload if isinstance(payload, Refused) else Opened(payload, answer_json({}))
    if allowed == "POST":
        return answer_json({})
    return answer_json({"errcode": "M_NOT_FOUND", "error": "nobody and nothing is made up here"}, 404)


def _unrecognised(status: int, why: str) -> Answer:
    return answer_json({"errcode": "M_UNRECOGNIZED", "error": why}, status)


def refused_with(status: int, detail: str) -> Mapping[str, Any]:
    """Return what Matrix wants to find in a refusal."""
    codes = {400: "M_BAD_JSON", 401: "M_FORBIDDEN", 403: "M_FORBIDDEN", 405: "M_UNRECOGNIZED", 413: "M_TOO_LARGE"}
    return {"errcode": codes.get(status, "M_UNKNOWN"), "error": detail}


# Parsing.


def parse(payload: dict[str, Any], stamp: Stamp, /) -> list[Notice] | Refused:
    """Turn one transaction into canonical events."""
    events = payload.get("events")
    if not isinstance(events, list):
        return Refused("events", "required: an array of events")
    notices = [notice for raw in events for notice in _read(raw, stamp)]
    if payload.get("ephemeral") or payload.get("de.sorunome.msc2409.ephemeral"):
        notices.append(Ignored("ephemeral"))
    return notices


def _read(raw: Any, stamp: Stamp) -> list[Notice]:
    if not isinstance(raw, dict):
        return [Ignored("malformed")]
    kind = raw.get("type")
    reader = _READERS.get(kind) if isinstance(kind, str) else None
    if reader is None:
        return [Ignored(_name_of(kind))]
    content = read_object_at(raw, "content")
    found = reader(raw, content)
    if isinstance(found, Ignored):
        return [found]
    notices: list[Notice] = []
    for fields in found if isinstance(found, list) else [found]:
        fields.setdefault("id", raw.get("event_id"))
        fields.setdefault("user_id", raw.get("sender"))
        fields |= {"platform": PLATFORM, "group_id": raw.get("room_id")}
        event = make_event(fields, raw.get("origin_server_ts"), stamp, where="origin_server_ts")
        notices.append(Ignored("malformed") if isinstance(event, Refused) else event)
    return notices


def _name_of(kind: Any) -> str:
    if not isinstance(kind, str):
        return "malformed"
    if kind in _STATE:
        return "state"
    return next((name for start, name in _FAMILIES.items() if kind.startswith(start)), "unknown")


def _message(_raw: dict[str, Any], content: dict[str, Any]) -> dict[str, Any] | Ignored:
    kind = content.get("msgtype")
    if not content:
        return Ignored("redacted")
    if isinstance(kind, str) and kind.startswith("m.key.verification."):
        return Ignored("verification")
    relation = read_object_at(content, "m.relates_to")
    if relation.get("rel_type") == _REPLACES:
        new = read_object_at(content, "m.new_content") or content
        return {"type": "edit", "text": _text(new, reply=False), "reply_to": read_id(relation.get("event_id"))}
    reply_to, thread = _linked(relation)
    event: dict[str, Any] = {
        "type": "message",
        "text": _text(content, reply=bool(reply_to)),
        "reply_to": reply_to,
        "thread_id": thread,
        "mentions": _mentions(content),
        "is_bot": kind == "m.notice",
    }
    if read_object_at(content, "m.mentions").get("room") is True:
        event["at_all"] = True
    return event


def _encrypted(_raw: dict[str, Any], content: dict[str, Any]) -> dict[str, Any]:
    """Return what an encrypted event shows: how it belongs to others stands outside the encryption."""
    relation = read_object_at(content, "m.relates_to")
    if relation.get("rel_type") == _REPLACES:
        return {"type": "edit", "reply_to": read_id(relation.get("event_id")), "encrypted": True}
    reply_to, thread = _linked(relation)
    return {"type": "message", "reply_to": reply_to, "thread_id": thread, "encrypted": True}


def _sticker(raw: dict[str, Any], content: dict[str, Any]) -> dict[str, Any] | Ignored:
    found = _message(raw, content)
    return found if isinstance(found, Ignored) else found | {"text": f"[sticker] {_body(content)}".strip()}


def _poll(raw: dict[str, Any], content: dict[str, Any]) -> dict[str, Any] | Ignored:
    found = _message(raw, content)
    asked = next((read_object_at(content, name) for name in ("m.poll", "org.matrix.msc3381.poll.start")
                  if content.get(name)), {})  # fmt: skip
    question = read_object_at(asked, "question")
    texts = [question.get("org.matrix.msc1767.text"), question.get("body")]
    texts += [each.get("body") for each in read_list_at(question, "m.text") if isinstance(each, dict)]
    text = next((each for each in texts if isinstance(each, str) and each), _body(content))
    return found if isinstance(found, Ignored) else found | {"text": f"[poll] {text}".strip()}


def _reaction(_raw: dict[str, Any], content: dict[str, Any]) -> dict[str, Any] | Ignored:
    relation = read_object_at(content, "m.relates_to")
    target = read_id(relation.get("event_id"))
    if not target:
        return Ignored("redacted")
    return {"type": "reaction", "reply_to": target, "emoji": read_name(relation.get("key"))}


def _redaction(raw: dict[str, Any], content: dict[str, Any]) -> dict[str, Any] | Ignored:
    target = read_id(content.get("redacts")) or read_id(raw.get("redacts"))  # in the content since room version 11
    return {"type": "delete", "reply_to": target} if target else Ignored("malformed")


def _member(raw: dict[str, Any], content: dict[str, Any]) -> dict[str, Any] | Ignored:
    """Tell joins and leaves from what a member event merely changes. ``before`` is empty where nothing tells."""
    user, actor = read_id(raw.get("state_key")), read_id(raw.get("sender"))
    previous = _previous(raw)
    before, now = previous.get("membership"), content.get("membership")
    name = read_name(content.get("displayname"))
    if now == "join":
        return _joined(raw, user, name) if before != "join" else _renamed(user, name, previous)
    if now not in ("leave", "ban"):
        return Ignored(now if now in ("invite", "knock") else "unknown")
    if before not in (None, "join"):
        return Ignored("not_a_member")  # an invitation that ends, a ban that is lifted
    voluntary = now == "leave" and user == actor
    event: dict[str, Any] = {
        "type": "leave",
        "user_id": user,
        "user_name": name or read_name(previous.get("displayname")),
        "reason": "left" if voluntary else "banned" if now == "ban" else "kicked",
    }
    return event if voluntary else event | {"operator_id": actor}


def _joined(raw: dict[str, Any], user: str, name: str) -> dict[str, Any]:
    event: dict[str, Any] = {"type": "join", "user_id": user, "user_name": name}
    inviter = read_id(read_object_at(raw, "unsigned").get("prev_sender"))  # Synapse tells who sent the invitation
    if _previous(raw).get("membership") == "invite" and inviter not in ("", user):
        event["inviter_id"] = inviter
    return event


def _renamed(user: str, name: str, previous: dict[str, Any]) -> dict[str, Any] | Ignored:
    if not name or name == read_name(previous.get("displayname")):
        return Ignored("profile")
    return {"type": "rename", "user_id": user, "user_name": name}


def _room_name(raw: dict[str, Any], content: dict[str, Any]) -> dict[str, Any] | Ignored:
    name = read_name(content.get("name"))
    return {"type": "rename", "group_name": name} if name and "state_key" in raw else Ignored("state")


def _power_levels(raw: dict[str, Any], content: dict[str, Any]) -> list[dict[str, Any]] | Ignored:
    """Return, as an event each, who became staff; nothing says that somebody is no longer."""
    before = read_object_at(_previous(raw), "users")
    made = [
        user
        for user, level in read_object_at(content, "users").items()
        if _level(level) >= _STAFF_LEVEL > _level(before.get(user))
    ]
    if not made or "state_key" not in raw:
        return Ignored("state")
    return [
        {"type": "rename", "id": f"{raw.get('event_id')}:{user}", "user_id": user, "is_staff": True}
        for user in made[:MAX_MENTIONS]
    ]


_READERS: Final[
    dict[str, Callable[[dict[str, Any], dict[str, Any]], dict[str, Any] | list[dict[str, Any]] | Ignored]]
] = {
    "m.room.message": _message,
    "m.room.encrypted": _encrypted,
    "m.sticker": _sticker,
    "m.poll.start": _poll,
    "org.matrix.msc3381.poll.start": _poll,
    "m.reaction": _reaction,
    "m.room.redaction": _redaction,
    "m.room.member": _member,
    "m.room.name": _room_name,
    "m.room.power_levels": _power_levels,
}


def _previous(raw: dict[str, Any]) -> dict[str, Any]:
    """Return the content that a state event replaced."""
    return read_object_at(read_object_at(raw, "unsigned"), "prev_content") or read_object_at(raw, "prev_content")


def _level(value: Any) -> int:
    try:
        return int(value) if isinstance(value, int | str) and len(str(value)[:20]) < 20 else 0  # noqa: PLR2004  # digits
    except ValueError:
        return 0


def _linked(relation: dict[str, Any]) -> tuple[str, str]:
    """Return the message answered, and the thread. In threads older clients are shown an answer that is none."""
    thread = read_id(relation.get("event_id")) if relation.get("rel_type") == "m.thread" else ""
    reply_to = read_id(read_object_at(relation, "m.in_reply_to").get("event_id"))
    return ("" if thread and relation.get("is_falling_back") is True else reply_to), thread


def _mentions(content: dict[str, Any]) -> list[str]:
    if "m.mentions" in content:
        listed = read_list_at(read_object_at(content, "m.mentions"), "user_ids")
        found = [user for user in map(read_id, listed) if user]
    else:  # older clients: links to people in the text
        html = content.get("formatted_body")
        found = [unquote(user) for user in _PILL.findall(html)] if isinstance(html, str) else []
    return list(dict.fromkeys(found))[:MAX_MENTIONS]


def _text(content: dict[str, Any], *, reply: bool) -> str:
    kind, body = content.get("msgtype"), _body(content)
    if kind == "m.emote":
        return f"* {body}"
    shown = _SHOWN.get(kind) if isinstance(kind, str) else None
    if shown is not None:
        name = content.get("filename")
        is_name = kind != "m.file" and name in (None, body)  # a picture's name tells nothing, a caption does
        return shown if is_name else f"{shown} {body}".strip()
    return _without_quote(body) if reply else body


def _without_quote(body: str) -> str:
    """Take off what older clients put before a reply: the message answered, quoted, and an empty line."""
    lines = body.split("\n")
    quoted = next((n for n, line in enumerate(lines) if not line.startswith("> ")), len(lines))
    if not quoted or not lines[0].startswith(("> <", "> * <")):
        return body
    return "\n".join(lines[quoted:]).lstrip("\n")


def _body(content: dict[str, Any]) -> str:
    body = content.get("body")
    return body if isinstance(body, str) else ""


_ANSWERS: Final = {200: "taken, an empty object", 403: "the token is not ours"}
_TRANSACTION: Final = {
    "type": "object",
    "required": ["events"],
    "properties": {
        "events": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["type", "event_id", "room_id", "sender", "origin_server_ts", "content"],
                "properties": {
                    "type": {"type": "string", "examples": sorted(_READERS)},
                    "event_id": {"type": "string"},
                    "room_id": {"type": "string"},
                    "sender": {"type": "string"},
                    "state_key": {"type": "string"},
                    "origin_server_ts": {"type": "integer"},
                    "content": {"type": "object"},
                    "unsigned": {"type": "object"},
                },
            },
        }
    },
}
_NOT_HERE: Final = {404: "nothing is made up here", 403: "the token is not ours"}

WEBHOOK: Final = Platform(
    open_delivery,
    parse,
    methods=("PUT", "POST", "GET"),
    denied_status=403,
    refused_with=refused_with,
    describe=(
        Route("a transaction", "PUT", f"{_PREFIX}/transactions/{{txnId}}", {JSON: _TRANSACTION}, _ANSWERS),
        Route("a transaction (older homeservers)", "PUT", "/transactions/{txnId}", {JSON: _TRANSACTION}, _ANSWERS),
        Route("whether the token fits", "POST", f"{_PREFIX}/ping", {JSON: {"type": "object"}}, _ANSWERS),
        Route("whether a user exists", "GET", f"{_PREFIX}/users/{{userId}}", answers=_NOT_HERE),
        Route("whether a room exists", "GET", f"{_PREFIX}/rooms/{{roomAlias}}", answers=_NOT_HERE),
    ),
)
