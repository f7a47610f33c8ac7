"""DiscordChatExporter's JSON (https://github.com/Tyrrrz/DiscordChatExporter): one file a channel or thread, or parts of one.

Each message is turned into what Discord's gateway would have dispatched, so the relay's reader reads it, and both give it the
same id and time. As there, a group is a server, or else a channel.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any, Final, NamedTuple

from producers.discord.events import Reader
from producers.history.base import (
    EMPTY,
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
)
from producers.history.files import DamagedError, Files
from producers.history.jsonstream import Raw, Scanner
from producers.sources.base import Ignored
from producers.sources.values import read_id, read_list_at, read_name, read_object_at

_FIRST_KEY: Final = re.compile(rb'(?:\xef\xbb\xbf)?\s*\{\s*"guild"\s*:\s*\{')
_BEGINNING: Final = 8192
_PRIVATE: Final = ("DirectTextChat", "DirectGroupTextChat")
_KINDS: Final = {"Default": 0, "GuildMemberJoin": 7, "Reply": 19, "20": 20, "23": 23}
"""What the exporter calls the types of messages that count; for commands to a bot (20, 23) it has numbers only."""
_PUBLIC_THREAD: Final = 11
_LONGEST_NUMBER: Final = 20


class _Talk(NamedTuple):
    """The channel or thread of one file, and how it is read."""

    server: str
    channel: str
    private: bool
    reader: Reader


def recognise(files: Files, name: str) -> bool:
    """Return whether it begins with a server, and goes on with a channel."""
    head = files.head(name, _BEGINNING)
    return _FIRST_KEY.match(head) is not None and b'"channel"' in head


def read(files: Files, names: Sequence[str], asked: Asked) -> Iterator[Item]:
    """Return what happened in the channels; direct messages are left out."""
    for name in names:
        yield from guarded(_file(files, name, asked), files, name)


def _file(files: Files, name: str, asked: Asked) -> Iterator[Item]:
    with files.open(name) as stream:
        scanner = Scanner(stream)
        about: dict[str, Any] = {}
        for key in scanner.fields():
            if key in ("guild", "channel"):
                about[key] = scanner.value()
            elif key == "messages":
                talk = _talk(about, asked)
                for raw in scanner.each():
                    yield from _read(raw, Place(files.shown(name), raw.line), talk, asked)
            else:
                scanner.skip()


def _talk(about: dict[str, Any], asked: Asked) -> _Talk | None:
    """Return what the file is about; ``None`` if nobody wants it. A thread belongs to the channel that it branched off."""
    guild, channel = read_object_at(about, "guild"), read_object_at(about, "channel")
    server, number, parent = read_id(guild.get("id")), read_id(channel.get("id")), read_id(channel.get("categoryId"))
    kind = channel.get("type")
    private = kind in _PRIVATE or server == "0"
    is_thread = isinstance(kind, str) and kind.endswith("Thread") and bool(parent)
    home = parent if is_thread else number
    name = read_name(channel.get("category" if is_thread else "name"))
    if not private:
        known, called = (home, name) if asked.by_channel else (server, read_name(guild.get("name")))
        group = asked.groups.pick(known, called)
        if group is None:
            return None
        server, home = (server, group) if asked.by_channel else (group, home)
    number = number if is_thread else home
    reader = Reader(groups="channel" if asked.by_channel else "server", members=False)
    rooms = [{"id": home, "type": 0, "name": name}]
    threads = [{"id": number, "type": _PUBLIC_THREAD, "name": read_name(channel.get("name")), "parent_id": home}]
    learned = {"id": server, "name": guild.get("name"), "channels": rooms, "threads": threads if is_thread else []}
    reader.read("GUILD_UPDATE", learned, asked.now)
    return _Talk(server, number, private, reader)


def _read(raw: Raw, place: Place, talk: _Talk | None, asked: Asked) -> Iterator[Item]:
    if talk is None or talk.private:
        yield NOT_WANTED if talk is None else PRIVATE
        return
    try:
        message = raw.decode()
    except DamagedError as error:
        yield Wrong(place, error.why)
        return
    if not isinstance(message, dict):
        yield Wrong(place, "must be an object")
        return
    yield _event(message, place, talk, asked)
    if reactions := [each for each in read_list_at(message, "reactions") if isinstance(each, dict)]:
        counts = [each.get("count") for each in reactions]
        yield Left(UNTIMED_REACTION, sum(n for n in counts if type(n) is int and 0 < n < 10**6))


def _event(message: dict[str, Any], place: Place, talk: _Talk, asked: Asked) -> Item:
    kind = message.get("type")
    if not isinstance(kind, str) or kind not in _KINDS:
        return service(kind if isinstance(kind, str) and kind.isalnum() and len(kind) < 40 else "unknown")  # noqa: PLR2004  # the longest has 28
    number = read_id(message.get("id"))
    if not number.isdecimal() or len(number) > _LONGEST_NUMBER:
        return Wrong(place, "id: must be a number of Discord's: it tells the time")
    found = talk.reader.read("MESSAGE_CREATE", _dispatch(message, talk) | {"type": _KINDS[kind]}, asked.now)
    if isinstance(found, Ignored):
        return Wrong(place, "author: required") if found.what == "malformed" else service(found.what)
    (event,) = found
    return Found(place, event) if event["type"] != "message" or event["text"] else EMPTY


def _dispatch(message: dict[str, Any], talk: _Talk) -> dict[str, Any]:
    answered = read_id(read_object_at(message, "reference").get("messageId"))
    return {
        "id": message.get("id"),
        "guild_id": talk.server,
        "channel_id": talk.channel,
        "timestamp": message.get("timestamp"),
        "author": _person(read_object_at(message, "author")),
        "content": message.get("content"),
        "mentions": [_person(each) for each in read_list_at(message, "mentions") if isinstance(each, dict)],
        "attachments": _named(message, "attachments", "fileName", "filename"),
        "sticker_items": _named(message, "stickers", "name", "name"),
        "embeds": read_list_at(message, "embeds"),
        "message_reference": {"message_id": answered} if answered and message.get("type") == "Reply" else {},
    }


def _person(user: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": user.get("id"),
        "global_name": user.get("nickname"),
        "username": user.get("name"),
        "bot": user.get("isBot"),
    }


def _named(message: dict[str, Any], name: str, theirs: str, ours: str) -> list[dict[str, Any]]:
    return [{ours: each.get(theirs)} for each in read_list_at(message, name) if isinstance(each, dict)]


FORMAT: Final = Format("discord", recognise, read, (".json",))
