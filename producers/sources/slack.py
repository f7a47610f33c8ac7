"""Slack, by the Events API (https://docs.slack.dev/apis/events-api/). Pure.

A message's ``ts`` is unique within its channel only, so ids are ``channel:ts``, and what carries no ``ts`` of its own has a
made one. Joins come twice: as ``member_joined_channel`` and as a message of subtype ``channel_join``. The first is taken
alone, since Slack withholds the other at times and sends it on leaving as well. What software posts belongs to its bot id
even when a person's name stands over it: one post by an app would otherwise make that person a bot for good.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Final

from huoqun.events import Refused
from producers import verify
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
from producers.sources.values import made_id, make_event, read_id, read_ids, read_list_at, read_name, read_object_at
from producers.verify import Denied

PLATFORM: Final = "slack"

_LONGEST_CHALLENGE: Final = 1000
_SIGNATURE: Final = "X-Slack-Signature"
_TIMESTAMP: Final = "X-Slack-Request-Timestamp"

_WRITTEN: Final = (None, "bot_message", "file_share", "me_message", "thread_broadcast")
"""Subtypes that are messages somebody wrote; ``None`` is the usual one."""

_TOLD_ELSEWHERE: Final = frozenset({"channel_join", "channel_leave", "group_join", "group_leave"})
_SYSTEM: Final = frozenset(
    {
        "bot_add",
        "bot_remove",
        "channel_archive",
        "channel_convert_to_private",
        "channel_convert_to_public",
        "channel_posting_permissions",
        "channel_purpose",
        "channel_topic",
        "channel_unarchive",
        "document_mention",
        "ekm_access_denied",
        "group_archive",
        "group_purpose",
        "group_topic",
        "group_unarchive",
        "huddle_thread",
        "message_replied",
        "pinned_item",
        "reminder_add",
        "sh_room_created",
        "unpinned_item",
    }
)
_KNOWN: Final = frozenset(
    {
        "app_home_opened",
        "app_uninstalled",
        "channel_archive",
        "channel_created",
        "channel_deleted",
        "channel_id_changed",
        "channel_left",
        "channel_rename",
        "channel_unarchive",
        "emoji_changed",
        "file_shared",
        "group_left",
        "group_rename",
        "link_shared",
        "pin_added",
        "pin_removed",
        "reaction_removed",
        "team_join",
        "tokens_revoked",
        "user_change",
    }
)
_CODE: Final = re.compile(r"<([^<>\s][^<>]*)>")
_EVERYBODY: Final = ("here", "channel", "everyone", "group")


def open_delivery(delivery: Delivery, secret: Secret) -> Opened | Answer | Denied | Refused:
    """Check ``v0:timestamp:body`` (HMAC-SHA256), and answer the question whether we are here."""
    if secret.keys:
        denied = _check(delivery, secret)
        if denied is not None:
            return denied
    payload = read_object(delivery.body)
    if isinstance(payload, Refused):
        return payload
    if payload.get("type") == "url_verification":
        challenge = payload.get("challenge")
        if not isinstance(challenge, str) or len(challenge) > _LONGEST_CHALLENGE:
            return Refused("challenge", "required: text")
        return answer_json({"challenge": challenge})
    if secret.account and secret.account not in (payload.get("team_id"), payload.get("api_app_id")):
        return Denied("team_id", "neither the workspace nor the app is this source's account")
    return Opened(payload)


def _check(delivery: Delivery, secret: Secret) -> Denied | None:
    timestamp = verify.fresh(timestamps=delivery.headers.getall(_TIMESTAMP, []), now_s=delivery.now_s, where=_TIMESTAMP)
    if isinstance(timestamp, Denied):
        return timestamp
    return verify.sha256_hex(
        signatures=delivery.headers.getall(_SIGNATURE, []),
        signed=b"v0:" + timestamp.encode("ascii") + b":" + delivery.raw,
        keys=secret.keys,
        where=_SIGNATURE,
        prefix="v0=",
    )


def parse(payload: dict[str, Any], stamp: Stamp, /) -> list[Notice] | Refused:
    """Turn one outer event into canonical ones."""
    kind = payload.get("type")
    if kind == "app_rate_limited":
        return [Ignored("rate_limited")]  # a minute of events that Slack has dropped: the metric is the only trace
    if not isinstance(kind, str) or not kind:
        return Refused("type", "required; is this a delivery of Slack's Events API?")
    event = payload.get("event")
    if kind != "event_callback" or not isinstance(event, dict):
        return Refused("event", "required: an object") if kind == "event_callback" else [Ignored("unknown")]
    name = event.get("type")
    reader = _READERS.get(name) if isinstance(name, str) else None
    if reader is None:
        return [Ignored(name if isinstance(name, str) and name in _KNOWN else "unknown")]
    found = reader(event, payload)
    if not isinstance(found, dict):
        return found if isinstance(found, Refused) else [found]
    when = found.pop("when", None) or event.get("event_ts") or payload.get("event_time")
    made = make_event(found | {"platform": PLATFORM}, when, stamp, where="event.event_ts")
    return made if isinstance(made, Refused) else [made]


_Found = dict[str, Any] | Ignored | Refused


def _message(event: dict[str, Any], _payload: dict[str, Any]) -> _Found:
    channel = read_id(event.get("channel"))
    if event.get("channel_type") in ("im", "mpim", "app_home") or channel.startswith("D"):
        return Ignored("private")
    if not channel:
        return Refused("event.channel", "required")
    subtype = event.get("subtype")
    if subtype in _WRITTEN:
        return _written(event, channel)
    reader = _SUBTYPES.get(subtype) if isinstance(subtype, str) else None
    return _passed_over(subtype) if reader is None else reader(event, channel)


def _passed_over(subtype: Any) -> Ignored:
    if not isinstance(subtype, str):
        return Ignored("unknown")
    return Ignored(subtype if subtype in _TOLD_ELSEWHERE else "system_message" if subtype in _SYSTEM else "unknown")


def _written(event: dict[str, Any], channel: str) -> _Found:
    ids = read_ids(event, "ts")
    if isinstance(ids, Refused):
        return Refused("event.ts", ids.why)
    author = _author(event)
    if isinstance(author, Refused):
        return author
    text, mentions, at_all = _render(event.get("text"))
    shown = [text, *_files(event)] if text or event.get("files") else [_attached(event)]
    found: dict[str, Any] = author | {
        "id": f"{channel}:{ids[0]}",
        "type": "message",
        "group_id": channel,
        "text": "\n".join(filter(None, shown)),
        "mentions": mentions,
        "when": ids[0],
    }
    thread = read_id(event.get("thread_ts"))
    if thread and thread != ids[0]:
        found["reply_to"] = found["thread_id"] = f"{channel}:{thread}"
    if at_all:
        found["at_all"] = True
    return found


def _author(message: dict[str, Any]) -> dict[str, Any] | Refused:
    profile = read_object_at(message, "user_profile")
    bot = read_id(message.get("bot_id"))
    if bot:
        name = read_name(message.get("username")) or read_name(read_object_at(message, "bot_profile").get("name"))
        return {"user_id": bot, "user_name": name, "is_bot": True}
    user = read_id(message.get("user"))
    if not user:
        return Refused("event.user", "required, or event.bot_id")
    name = read_name(profile.get("display_name")) or read_name(profile.get("real_name"))
    return {"user_id": user, "user_name": name, "is_bot": message.get("subtype") == "bot_message"}


def _changed(event: dict[str, Any], channel: str) -> _Found:
    message, before = read_object_at(event, "message"), read_object_at(event, "previous_message")
    if message.get("subtype") == "tombstone":  # a message with replies leaves its place when it is deleted
        return _deleted({"deleted_ts": message.get("ts"), **event}, channel)
    target = read_id(message.get("ts"))
    edited = read_object_at(message, "edited")
    at = read_id(edited.get("ts"))
    # Slack says this as well of what it does itself: links that unfold, languages that it recognises.
    if not at or not target or at == read_id(read_object_at(before, "edited").get("ts")):
        return Ignored("unchanged")
    author = _author(message)
    if isinstance(author, Refused):
        return Ignored("unchanged")
    text, mentions, _ = _render(message.get("text"))
    return author | {
        "id": f"{channel}:{target}:e{at}",
        "type": "edit",
        "group_id": channel,
        "reply_to": f"{channel}:{target}",
        "text": text,
        "mentions": mentions,
        "when": at,
    }


def _deleted(event: dict[str, Any], channel: str) -> _Found:
    target = read_id(event.get("deleted_ts"))
    author = _author(read_object_at(event, "previous_message"))
    if isinstance(author, Refused) or not target:
        return Ignored("message_deleted")  # nobody is named, and an event belongs to somebody
    return author | {
        "id": f"{channel}:{target}:d",
        "type": "delete",
        "group_id": channel,
        "reply_to": f"{channel}:{target}",
        "when": read_id(event.get("event_ts")) or read_id(event.get("ts")),
    }


def _channel_renamed(event: dict[str, Any], channel: str) -> _Found:
    ids = read_ids(event, "user", "ts")
    if isinstance(ids, Refused):
        return Refused(f"event.{ids.where}", ids.why)
    return {
        "id": f"{channel}:{ids[1]}",
        "type": "rename",
        "group_id": channel,
        "user_id": ids[0],
        "group_name": read_name(event.get("name")),
        "when": ids[1],
    }


_SUBTYPES: Final[dict[str, Callable[[dict[str, Any], str], _Found]]] = {
    "message_changed": _changed,
    "message_deleted": _deleted,
    "channel_name": _channel_renamed,
    "group_name": _channel_renamed,
}


def _joined(event: dict[str, Any], payload: dict[str, Any]) -> _Found:
    found = _membership(event, payload, "join")
    inviter = read_id(event.get("inviter"))
    if isinstance(found, dict) and inviter and inviter != found["user_id"]:
        found["inviter_id"] = inviter
    return found


def _left(event: dict[str, Any], payload: dict[str, Any]) -> _Found:
    found = _membership(event, payload, "leave")
    return found | {"reason": "unknown"} if isinstance(found, dict) else found  # left or removed: Slack does not say


def _membership(event: dict[str, Any], payload: dict[str, Any], kind: str) -> _Found:
    ids = read_ids(event, "channel", "user")
    if isinstance(ids, Refused):
        return Refused(f"event.{ids.where}", ids.why)
    channel, user = ids
    at = read_id(event.get("event_ts")) or read_id(payload.get("event_time"))
    return {
        "id": made_id(channel, (kind, user, at)),
        "type": kind,
        "group_id": channel,
        "user_id": user,
        "is_bot": _is_ours(user, payload),
    }


def _is_ours(user: str, payload: dict[str, Any]) -> bool:
    return any(
        isinstance(each, dict) and each.get("is_bot") is True and read_id(each.get("user_id")) == user
        for each in read_list_at(payload, "authorizations")
    )


def _reacted(event: dict[str, Any], _payload: dict[str, Any]) -> _Found:
    item = read_object_at(event, "item")
    if item.get("type") != "message":
        return Ignored("reaction_elsewhere")
    ids = read_ids(item, "channel", "ts")
    user = read_id(event.get("user"))
    if isinstance(ids, Refused) or not user:
        return Refused("event.user" if not isinstance(ids, Refused) else f"event.item.{ids.where}", "required")
    channel, target = ids
    if channel.startswith("D"):
        return Ignored("private")
    emoji = read_name(event.get("reaction"))
    return {
        "id": made_id(channel, ("reaction", user, emoji, target, read_id(event.get("event_ts")))),
        "type": "reaction",
        "group_id": channel,
        "user_id": user,
        "reply_to": f"{channel}:{target}",
        "emoji": emoji,
    }


_READERS: Final[dict[str, Callable[[dict[str, Any], dict[str, Any]], _Found]]] = {
    "message": _message,
    "app_mention": _message,  # the same message under the same id, for apps that see nothing else
    "member_joined_channel": _joined,
    "member_left_channel": _left,
    "reaction_added": _reacted,
}


def _render(text: Any) -> tuple[str, list[str], bool]:
    """Return a text as a reader sees it, the people mentioned, and whether all were."""
    mentions: list[str] = []
    everybody: list[str] = []

    def shown(match: re.Match[str]) -> str:
        code, _, label = match[1].partition("|")
        mark, name = code[:1], code[1:]
        if mark == "@":
            mentions.extend([name] if name and name not in mentions else [])
            return "@" + (label.lstrip("@") or name)
        if mark == "#":
            return "#" + (label or name)
        if mark == "!":
            word = name.partition("^")[0]
            everybody.extend([word] if word in _EVERYBODY else [])
            return "@" + word if word in _EVERYBODY else label or name
        address = code.removeprefix("mailto:")
        return f"{label} {address}" if label and label not in address else address

    rendered = _CODE.sub(shown, text) if isinstance(text, str) else ""
    plain = rendered.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&").strip()
    return plain, mentions, bool(everybody)


def _files(event: dict[str, Any]) -> list[str]:
    return [
        " ".join(filter(None, ("[file]", read_name(file.get("name")) or read_name(file.get("title")))))
        for file in read_list_at(event, "files")
        if isinstance(file, dict)
    ]


def _attached(event: dict[str, Any]) -> str:
    """Return the text of what has no other: the attachments that many apps post alone."""
    parts = [
        part.get(name)
        for part in read_list_at(event, "attachments")
        if isinstance(part, dict)
        for name in ("pretext", "title", "text")
    ]
    return "\n".join(_render(part)[0] for part in parts if isinstance(part, str))


WEBHOOK: Final = Platform(
    open_delivery,
    parse,
    describe=(
        Route(
            "an event of the Events API",
            takes={
                _TIMESTAMP: "seconds since the epoch",
                _SIGNATURE: "v0= and the hex HMAC-SHA256 of v0:timestamp:body",
            },
        ),
    ),
)
