"""Telegram Desktop's export in JSON (``result.json``, https://telegram.org/blog/export-and-more): one chat, or all of them.

Each message is turned into what the Bot API would have sent, so the webhook's reader reads it, and both give it the same id
(in supergroups: in small groups every account numbers the messages on its own). Who was added or removed is told by name
alone: the file is read twice, the first time for whom the names mean.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator, Sequence
from typing import Any, Final, NamedTuple

from huoqun.events import Event, Refused
from producers.history.base import (
    CHANNEL,
    NOT_WANTED,
    PRIVATE,
    UNTIMED_REACTION,
    Asked,
    Format,
    Found,
    Item,
    Left,
    Place,
    Wrong,
    guarded,
    service,
    stamp,
)
from producers.history.files import DamagedError, Files
from producers.history.jsonstream import Raw, Scanner
from producers.history.people import Names
from producers.history.times import local_ms
from producers.sources import telegram
from producers.sources.base import Ignored
from producers.sources.values import read_id, read_list_at, read_name, read_object_at

_FIRST_KEY: Final = re.compile(rb'(?:\xef\xbb\xbf)?\s*\{\s*"(\w+)"')
_CHAT_TYPE: Final = re.compile(rb'"type":\s*"(?:private|public|personal|bot|saved|replies|verification)_?\w*"')
_BEGINNING: Final = 4096
_WHO: Final = re.compile(r"(user|chat|channel)(\d{1,20})")

_GROUPS: Final = {"private_group": "group", "private_supergroup": "supergroup", "public_supergroup": "supergroup"}
_CHANNELS: Final = ("private_channel", "public_channel")
_JOINS: Final = ("join_group_by_link", "join_group_by_request")
_MEDIA: Final = {
    "animation": "animation",
    "audio_file": "audio",
    "sticker": "sticker",
    "video_file": "video",
    "video_message": "video_note",
    "voice_message": "voice",
}
_FIELDS: Final = {
    "photo": "photo",
    "contact_information": "contact",
    "place_name": "venue",
    "location_information": "location",
    "game_title": "game",
    "invoice_information": "invoice",
    "file": "document",
}


class _Chat(NamedTuple):
    kind: str
    id: str
    name: str


class _Known:
    """What the first reading tells of a chat."""

    def __init__(self) -> None:
        self.names = Names()
        self.topics: set[str] = set()
        self.seen: set[tuple[Any, Any]] = set()
        """Names and ids that have been looked at."""


def recognise(files: Files, name: str) -> bool:
    """Return whether it begins as Telegram Desktop's export does."""
    head = files.head(name, _BEGINNING)
    match = _FIRST_KEY.match(head)
    if match is None:
        return False
    if match[1] == b"about":
        return b"Telegram" in head
    return match[1] in (b"name", b"type") and _CHAT_TYPE.search(head) is not None and b'"messages"' in head


def read(files: Files, names: Sequence[str], asked: Asked) -> Iterator[Item]:
    """Return what happened in groups; private chats and broadcast channels are left out."""
    for name in names:
        yield from guarded(_file(files, name, asked), files, name)


def _file(files: Files, name: str, asked: Asked) -> Iterator[Item]:
    known: dict[_Chat, _Known] = {}
    with files.open(name) as stream, contextlib.suppress(DamagedError):  # what there is before the damage is read
        for chat, raw in _messages(Scanner(stream)):
            if chat.kind in _GROUPS:
                _learn(raw, known.setdefault(chat, _Known()))
    with files.open(name) as stream:
        for chat, raw in _messages(Scanner(stream)):
            yield from _read(chat, raw, Place(files.shown(name), raw.line), known.get(chat), asked)


def _messages(scanner: Scanner) -> Iterator[tuple[_Chat, Raw]]:
    """Return the messages of an object that is a chat, or holds lists of chats."""
    fields: dict[str, Any] = {}
    for key in scanner.fields():
        if key in ("chats", "left_chats"):
            for inner in scanner.fields():
                if inner == "list":
                    for _ in scanner.entries():
                        yield from _messages(scanner)
                else:
                    scanner.skip()
        elif key == "messages":
            chat = _chat(fields)
            for raw in scanner.each():
                yield chat, raw
        elif key in ("name", "type", "id"):
            fields[key] = scanner.value()
        else:
            scanner.skip()


def _chat(fields: dict[str, Any]) -> _Chat:
    kind, number = str(fields.get("type")), read_id(fields.get("id"))
    return _Chat(kind, f"-{number}" if kind == "private_group" else f"-100{number}", read_name(fields.get("name")))


def _learn(raw: Raw, known: _Known) -> None:
    try:
        message = raw.decode()
    except DamagedError:
        return  # the second reading says so
    if not isinstance(message, dict):
        return
    for label in ("from", "actor"):
        name, user_id = message.get(label), message.get(f"{label}_id")
        if isinstance(name, str) and isinstance(user_id, str) and (name, user_id) not in known.seen:
            known.seen.add((name, user_id))
            person = _person(message, label)
            known.names.add(person["first_name"], person["id"])
    if message.get("action") == "topic_created":
        known.topics.add(read_id(message.get("id")))


def _read(chat: _Chat, raw: Raw, place: Place, known: _Known | None, asked: Asked) -> Iterator[Item]:
    if chat.kind not in _GROUPS or known is None:
        yield CHANNEL if chat.kind in _CHANNELS else PRIVATE
        return
    group = asked.groups.pick(chat.id, chat.name)
    if group is None:
        yield NOT_WANTED
        return
    try:
        message = raw.decode()
    except DamagedError as error:
        yield Wrong(place, error.why)
        return
    if not isinstance(message, dict):
        yield Wrong(place, "must be an object")
        return
    update = _update(message, chat, group, known, asked)
    if isinstance(update, Left):
        yield update
        return
    inviter = read_name(message.get("inviter"))
    yield from _parsed(update, known.names.find(inviter) if inviter else "", place, asked)
    if reactions := [each for each in read_list_at(message, "reactions") if isinstance(each, dict)]:
        yield Left(
            UNTIMED_REACTION, sum(n for each in reactions if type(n := each.get("count")) is int and 0 < n < 10**6)
        )


def _parsed(update: dict[str, Any], inviter: str, place: Place, asked: Asked) -> Iterator[Item]:
    parsed = telegram.parse({"update_id": 0, "message": update}, stamp(asked))
    if isinstance(parsed, Refused):
        yield Wrong(place, f"{parsed.where.removeprefix('message.')}: {parsed.why}")
        return
    for notice in parsed:
        if isinstance(notice, Ignored):
            yield service(notice.what)
            continue
        assert isinstance(notice, Event), "Telegram sends no heartbeats"
        if notice.type == "join" and inviter not in ("", notice.user_id):
            notice.inviter_id = inviter
        yield Found(place, notice)


def _update(message: dict[str, Any], chat: _Chat, group: str, known: _Known, asked: Asked) -> dict[str, Any] | Left:
    """Return the message as the Bot API would have sent it."""
    made: dict[str, Any] = {
        "message_id": message.get("id"),
        "date": _date(message, asked),
        "chat": {"id": group, "type": _GROUPS[chat.kind], "title": chat.name},
    }
    if message.get("type") == "service":
        return _service(message, made, known.names)
    if message.get("type") != "message":
        return Left("message that Telegram could not export")
    person = _person(message, "from")
    made["from"] = person
    if person["behind"]:
        own = person["id"] == chat.id
        made["sender_chat"] = {"id": group if own else person["id"], "title": person["first_name"]}
    made |= _content(message) | _reply(message, known.topics)
    return made


def _date(message: dict[str, Any], asked: Asked) -> Any:
    """Return seconds since the epoch; before 2021 the local time alone was written."""
    seconds = read_id(message.get("date_unixtime"))
    if seconds.isdecimal():
        return int(seconds[:20])
    local = message.get("date")
    at = local_ms(local, asked.zone) if isinstance(local, str) else None
    return None if at is None else at // 1000


def _person(message: dict[str, Any], label: str) -> dict[str, Any]:
    """Return who did something. ``behind``: a group or a channel that somebody speaks for."""
    match = _WHO.fullmatch(read_id(message.get(f"{label}_id")))
    kind, number = match.groups() if match is not None else ("", "")
    user = {"chat": f"-{number}", "channel": f"-100{number}"}.get(kind, number)
    if number and not kind.startswith("c"):
        user = number
    return {"id": user, "first_name": read_name(message.get(label)), "behind": kind in ("chat", "channel")}


def _service(message: dict[str, Any], made: dict[str, Any], names: Names) -> dict[str, Any] | Left:
    action = message.get("action")
    actor = _person(message, "actor")
    made["from"] = actor
    members = [{"id": names.find(n), "first_name": n} for n in map(read_name, read_list_at(message, "members")) if n]
    if action in _JOINS:
        made["new_chat_members"] = [actor]
    elif action == "create_group":
        made["new_chat_members"] = [actor, *(m for m in members if m["id"] != actor["id"])]
    elif action == "edit_group_title":
        made["new_chat_title"] = read_name(message.get("title"))
    elif action not in ("invite_members", "remove_members"):
        return service(action if isinstance(action, str) and action.isascii() and len(action) < 40 else "unknown")  # noqa: PLR2004  # the longest has 28
    elif not members:
        return Left("join or leave of a deleted account")
    elif action == "invite_members":
        made["new_chat_members"] = members
    else:
        made["left_chat_member"] = members[0]
    return made


def _content(message: dict[str, Any]) -> dict[str, Any]:
    text, entities = _text(message.get("text"))
    kind = _MEDIA.get(str(message.get("media_type"))) or next(
        (made for name, made in _FIELDS.items() if message.get(name)), ""
    )
    if "poll" in message:
        kind, about = "poll", {"question": read_object_at(message, "poll").get("question")}
    else:
        about = {
            "emoji": message.get("sticker_emoji"),
            "title": message.get("title"),
            "file_name": message.get("file_name"),
        }
    if not kind:
        return {"text": text, "entities": entities}
    return {kind: about, "caption": text, "caption_entities": entities}


def _text(value: Any) -> tuple[str, list[dict[str, Any]]]:
    """Return the text, and of its parts those that mention somebody, placed as the Bot API counts: in UTF-16."""
    if isinstance(value, str):
        return value, []
    parts: list[str] = []
    entities: list[dict[str, Any]] = []
    at = 0
    for part in value if isinstance(value, list) else ():
        words = part.get("text") if isinstance(part, dict) else part
        if not isinstance(words, str):
            continue
        length = len(words.encode("utf-16-le", "surrogatepass")) // 2
        if isinstance(part, dict) and part.get("type") in ("mention", "mention_name"):
            kind = "mention" if part["type"] == "mention" else "text_mention"
            entities.append({"type": kind, "offset": at, "length": length, "user": {"id": part.get("user_id")}})
        parts.append(words)
        at += length
    return "".join(parts), entities


def _reply(message: dict[str, Any], topics: set[str]) -> dict[str, Any]:
    target = read_id(message.get("reply_to_message_id"))
    if not target or "reply_to_peer_id" in message:
        return {}
    found: dict[str, Any] = {"reply_to_message": {"message_id": target}}
    return found | ({"is_topic_message": True, "message_thread_id": target} if target in topics else {})


FORMAT: Final = Format("telegram", recognise, read, (".json",))
