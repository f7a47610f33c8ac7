"""From what Discord's gateway dispatches to canonical events (https://docs.discord.com/developers/events/gateway-events). Pure.

A dispatch names servers, rooms and roles by number only, so a :class:`Reader` keeps what the gateway has told of them, and, of
the last messages, who wrote them: a deletion says nothing of that. What Discord gives no time, like a leave, happens now.

A group is a server, since people join and leave servers; a thread's messages carry the thread. Or a group is a channel: then
members' changes belong to a group of their own, the server, which is known to show nothing else.
"""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Callable
from datetime import datetime
from typing import Any, Final, Generic, Literal, NamedTuple, TypeVar

from producers.sources.base import Ignored
from producers.sources.values import made_id, read_id, read_list_at, read_name, read_object_at

PLATFORM: Final = "discord"
Groups = Literal["server", "channel"]

_EPOCH_MS: Final = 1_420_070_400_000
_OF_SERVERS: Final = ("GUILD_CREATE", "GUILD_UPDATE", "GUILD_DELETE")
_WRITTEN: Final = (0, 19, 20, 23)
"""Types of messages that somebody wrote: usual ones, replies, and what a command answers."""
_JOINED: Final = 7
_THREADS: Final = (10, 11, 12)
_FORWARD: Final = 1

_STAFF: Final = 1 << 1 | 1 << 2 | 1 << 3 | 1 << 5 | 1 << 13 | 1 << 40
"""Permissions of staff: kick, ban, administrator, manage the server, manage messages, time members out."""

_MOST_REMEMBERED: Final = 50_000
_BAN_MS: Final = 10_000
"""A member who goes this soon after a ban went by it."""

_CODE: Final = re.compile(
    r"<@!?(?P<user>[0-9]{1,20})>|<@&(?P<role>[0-9]{1,20})>|<#(?P<room>[0-9]{1,20})>"
    r"|<a?:(?P<emoji>\w{1,64}):[0-9]{1,20}>|</(?P<command>[^<>:\n]{1,100}):[0-9]{1,20}>"
)

_Key = TypeVar("_Key")
_Value = TypeVar("_Value")


class _Recent(Generic[_Key, _Value]):
    """The last so many of something."""

    def __init__(self, most: int = _MOST_REMEMBERED) -> None:
        self._held: OrderedDict[_Key, _Value] = OrderedDict()
        self._most = most

    def note(self, key: _Key, value: _Value) -> None:
        self._held[key] = value
        self._held.move_to_end(key)
        if len(self._held) > self._most:
            self._held.popitem(last=False)

    def get(self, key: _Key) -> _Value | None:
        return self._held.get(key)

    def pop(self, key: _Key) -> _Value | None:
        return self._held.pop(key, None)


class _Room(NamedTuple):
    name: str
    parent: str
    is_thread: bool


class _Author(NamedTuple):
    user: str
    is_bot: bool


class _Server:
    """What is known of one server."""

    def __init__(self) -> None:
        self.name = ""
        self.owner = ""
        self.roles: dict[str, str] = {}
        self.staff_roles: set[str] = set()
        self.rooms: dict[str, _Room] = {}

    def learn(self, data: dict[str, Any]) -> None:
        """Take over what a whole server, or a changed one, says of itself."""
        self.name = read_name(data.get("name")) or self.name
        self.owner = read_id(data.get("owner_id")) or self.owner
        if isinstance(data.get("roles"), list):
            self.roles.clear()
            self.staff_roles.clear()
        for role in read_list_at(data, "roles"):
            self.learn_role(role)
        for room in (*read_list_at(data, "channels"), *read_list_at(data, "threads")):
            self.learn_room(room)

    def learn_role(self, role: Any) -> None:
        number = read_id(role.get("id")) if isinstance(role, dict) else ""
        if not number:
            return
        self.roles[number] = read_name(role.get("name"))
        permissions = read_id(role.get("permissions"))
        staff = permissions.isdecimal() and len(permissions) < 40 and int(permissions) & _STAFF  # noqa: PLR2004
        (self.staff_roles.add if staff else self.staff_roles.discard)(number)

    def learn_room(self, room: Any) -> None:
        if isinstance(room, dict) and (number := read_id(room.get("id"))):
            is_thread = room.get("type") in _THREADS
            parent = read_id(room.get("parent_id")) if is_thread else ""
            self.rooms[number] = _Room(read_name(room.get("name")), parent, is_thread)

    def is_staff(self, user: str, member: dict[str, Any]) -> bool:
        return user == self.owner or any(read_id(role) in self.staff_roles for role in read_list_at(member, "roles"))


_Found = list[dict[str, Any]] | Ignored


class Reader:
    """Reads dispatches in the order in which they come. ``members``: whether joins are dispatched as such (an intent)."""

    def __init__(self, *, groups: Groups = "server", members: bool = True) -> None:
        self._by_channel = groups == "channel"
        self._members = members
        self._servers: dict[str, _Server] = {}
        self._authors: _Recent[str, _Author] = _Recent()
        self._seen: _Recent[tuple[str, str], tuple[str, bool]] = _Recent()
        self._banned: _Recent[tuple[str, str], int] = _Recent(1000)
        self._readers: dict[str, Callable[[str, _Server, dict[str, Any], int], _Found]] = {
            "GUILD_CREATE": self._server_known,
            "GUILD_UPDATE": self._learned,
            "GUILD_ROLE_CREATE": self._role_changed,
            "GUILD_ROLE_UPDATE": self._role_changed,
            "GUILD_ROLE_DELETE": self._role_deleted,
            "CHANNEL_CREATE": self._room_changed,
            "CHANNEL_UPDATE": self._room_changed,
            "THREAD_CREATE": self._room_changed,
            "THREAD_UPDATE": self._room_changed,
            "THREAD_LIST_SYNC": self._learned,
            "CHANNEL_DELETE": self._room_deleted,
            "THREAD_DELETE": self._room_deleted,
            "GUILD_DELETE": self._server_gone,
            "MESSAGE_CREATE": self._message,
            "MESSAGE_UPDATE": self._edited,
            "MESSAGE_DELETE": self._deleted,
            "MESSAGE_DELETE_BULK": self._deleted,
            "MESSAGE_REACTION_ADD": self._reacted,
            "GUILD_MEMBER_ADD": self._joined,
            "GUILD_MEMBER_REMOVE": self._left,
            "GUILD_MEMBER_UPDATE": self._member_changed,
            "GUILD_BAN_ADD": self._was_banned,
        }
        self.kinds: Final = frozenset(self._readers)
        """The dispatches that are of any use."""

    def read(self, kind: str, data: Any, now_ms: int) -> _Found:
        """Return the events of one dispatch. Never raises."""
        reader = self._readers.get(kind)
        if reader is None or not isinstance(data, dict):
            return Ignored("unknown")
        number = read_id(data.get("id" if kind in _OF_SERVERS else "guild_id"))
        if not number:
            return Ignored("private")
        return reader(number, self._servers.setdefault(number, _Server()), data, now_ms)

    # What is learned, and no event.

    def _learned(self, _number: str, server: _Server, data: dict[str, Any], _now: int) -> _Found:
        server.learn(data)
        return Ignored("learned")

    def _server_known(self, number: str, server: _Server, data: dict[str, Any], now: int) -> _Found:
        if data.get("unavailable") is True:
            return Ignored("unavailable")
        server.learn(data)
        count = data.get("member_count")
        if type(count) is not int or not 0 <= count < 2**40:
            return Ignored("learned")
        event = self._of_members(number, server) | {"id": f"{number}:members:{now}", "type": "member_count"}
        return [event | {"ts": now, "count": count}]

    def _role_changed(self, _number: str, server: _Server, data: dict[str, Any], _now: int) -> _Found:
        server.learn_role(data.get("role"))
        return Ignored("learned")

    def _role_deleted(self, _number: str, server: _Server, data: dict[str, Any], _now: int) -> _Found:
        server.roles.pop(read_id(data.get("role_id")), None)
        server.staff_roles.discard(read_id(data.get("role_id")))
        return Ignored("learned")

    def _room_changed(self, _number: str, server: _Server, data: dict[str, Any], _now: int) -> _Found:
        server.learn_room(data)
        return Ignored("learned")

    def _room_deleted(self, _number: str, server: _Server, data: dict[str, Any], _now: int) -> _Found:
        server.rooms.pop(read_id(data.get("id")), None)
        return Ignored("learned")

    def _server_gone(self, number: str, _server: _Server, data: dict[str, Any], _now: int) -> _Found:
        if data.get("unavailable") is True:
            return Ignored("unavailable")
        del self._servers[number]
        return Ignored("learned")

    def _was_banned(self, number: str, _server: _Server, data: dict[str, Any], now: int) -> _Found:
        self._banned.note((number, read_id(read_object_at(data, "user").get("id"))), now)
        return Ignored("learned")

    # Messages.

    def _place(self, number: str, server: _Server, channel: str) -> dict[str, Any]:
        """Return the group that a channel belongs to, and the thread that it is."""
        room = server.rooms.get(channel, _Room("", "", is_thread=False))
        home = room.parent or channel
        group, name = number, server.name
        if self._by_channel:
            shown = server.rooms.get(home, room).name
            group, name = home, f"{server.name} #{shown}" if shown else server.name
        found = {"platform": PLATFORM, "group_id": group, "group_name": name[:512], "channel_id": channel}
        if room.is_thread:
            found["thread_id"] = f"{group}:{channel}"  # the number of the message that it began with
        return found

    def _message(self, number: str, server: _Server, data: dict[str, Any], now: int) -> _Found:
        kind = data.get("type", 0)
        if kind == _JOINED and not self._members:
            return self._joined(number, server, {"user": data.get("author"), "joined_at": data.get("timestamp")}, now)
        if kind not in _WRITTEN:
            return Ignored("system_message" if type(kind) is int else "unknown")
        message, channel = read_id(data.get("id")), read_id(data.get("channel_id"))
        person = self._person(server, read_object_at(data, "author"), read_object_at(data, "member"))
        if not (message and channel and person):
            return Ignored("malformed")
        person["is_bot"] = person["is_bot"] or "webhook_id" in data
        self._authors.note(message, _Author(person["user_id"], person["is_bot"]))
        self._seen.note((number, person["user_id"]), (person["user_name"], person["is_staff"]))
        place = self._place(number, server, channel)
        group = place["group_id"]
        text, mentions = _text(server, data)
        event: dict[str, Any] = (
            place
            | person
            | {
                "id": f"{group}:{message}",
                "type": "message",
                "ts": _time_of(message, now),
                "text": text,
                "mentions": mentions,
            }
        )
        reference = read_object_at(data, "message_reference")
        target = read_id(reference.get("message_id")) if reference.get("type", 0) != _FORWARD else ""
        if target:
            event["reply_to"] = f"{group}:{target}"
        elif "thread_id" in event and event["thread_id"] != event["id"]:
            event["reply_to"] = event["thread_id"]
        if data.get("mention_everyone") is True:
            event["at_all"] = True
        return [event]

    def _edited(self, number: str, server: _Server, data: dict[str, Any], _now: int) -> _Found:
        message, channel = read_id(data.get("id")), read_id(data.get("channel_id"))
        at = _read_iso(data.get("edited_timestamp"))
        person = self._person(server, read_object_at(data, "author"), read_object_at(data, "member"))
        # Discord says this as well when a link unfolds or a message is pinned: then nothing has been edited (again).
        if not (message and channel and person and at) or data.get("type", 0) not in _WRITTEN:
            return Ignored("unchanged")
        place = self._place(number, server, channel)
        group = place["group_id"]
        text, mentions = _text(server, data)
        person["is_bot"] = person["is_bot"] or "webhook_id" in data
        event = place | person | {"id": f"{group}:{message}:e{at}", "type": "edit", "ts": at, "text": text}
        return [event | {"reply_to": f"{group}:{message}", "mentions": mentions}]

    def _deleted(self, number: str, server: _Server, data: dict[str, Any], now: int) -> _Found:
        channel = read_id(data.get("channel_id"))
        place = self._place(number, server, channel)
        group = place["group_id"]
        events = []
        for each in data["ids"] if isinstance(data.get("ids"), list) else [data.get("id")]:
            message = read_id(each)
            author = self._authors.pop(message)
            if author is None:
                continue
            event = place | {
                "id": f"{group}:{message}:d",
                "type": "delete",
                "ts": now,
                "reply_to": f"{group}:{message}",
            }
            events.append(event | {"user_id": author.user, "is_bot": author.is_bot})
        return events or Ignored("deleted_long_after")

    def _reacted(self, number: str, server: _Server, data: dict[str, Any], now: int) -> _Found:
        message, user = read_id(data.get("message_id")), read_id(data.get("user_id"))
        channel = read_id(data.get("channel_id"))
        if not (message and user and channel):
            return Ignored("malformed")
        member = read_object_at(data, "member")
        person = self._person(server, {**read_object_at(member, "user"), "id": user}, member)
        emoji = read_object_at(data, "emoji")
        sign = read_name(emoji.get("name"))
        place = self._place(number, server, channel)
        group = place["group_id"]
        made = made_id(group, ("reaction", message, user, sign, read_id(emoji.get("id"))))
        event = place | person | {"id": made, "type": "reaction", "ts": now, "reply_to": f"{group}:{message}"}
        return [event | ({"emoji": sign} if sign else {})]

    # Members.

    def _of_members(self, number: str, server: _Server) -> dict[str, Any]:
        found: dict[str, Any] = {"platform": PLATFORM, "group_id": number, "group_name": server.name}
        return found | {"coverage": "membership"} if self._by_channel else found

    def _person(self, server: _Server, user: dict[str, Any], member: dict[str, Any]) -> dict[str, Any]:
        number = read_id(user.get("id"))
        if not number:
            return {}
        names = (member.get("nick"), user.get("global_name"), user.get("username"))
        return {
            "user_id": number,
            "user_name": next(filter(None, map(read_name, names)), ""),
            "is_bot": user.get("bot") is True or user.get("system") is True,
            "is_staff": server.is_staff(number, member),
        }

    def _joined(self, number: str, server: _Server, data: dict[str, Any], now: int) -> _Found:
        person = self._person(server, read_object_at(data, "user"), data)
        if not person:
            return Ignored("malformed")
        at = _read_iso(data.get("joined_at")) or now
        user = person["user_id"]
        self._seen.note((number, user), (person["user_name"], person["is_staff"]))
        # By its time: Discord says it again of some who are members already.
        made = {"id": made_id(number, ("join", user, at)), "type": "join", "ts": at}
        return [self._of_members(number, server) | person | made]

    def _left(self, number: str, server: _Server, data: dict[str, Any], now: int) -> _Found:
        person = self._person(server, read_object_at(data, "user"), {})
        if not person:
            return Ignored("malformed")
        banned = self._banned.pop((number, person["user_id"]))
        reason = "banned" if banned is not None and now - banned <= _BAN_MS else "unknown"
        made = {"id": made_id(number, ("leave", person["user_id"], now)), "type": "leave", "ts": now, "reason": reason}
        return [self._of_members(number, server) | person | made]

    def _member_changed(self, number: str, server: _Server, data: dict[str, Any], now: int) -> _Found:
        person = self._person(server, read_object_at(data, "user"), data)
        if not person:
            return Ignored("malformed")
        known, told = (number, person["user_id"]), (person["user_name"], person["is_staff"])
        if self._seen.get(known) == told:
            return Ignored("unchanged")  # a time-out, a picture, a role that means nothing here
        self._seen.note(known, told)
        made = {"id": made_id(number, ("rename", person["user_id"], *told, now)), "type": "rename", "ts": now}
        return [self._of_members(number, server) | person | made]


def _time_of(snowflake: str, now: int) -> int:
    """Return the time (ms) that is part of every number that Discord gives."""
    if not snowflake.isdecimal() or len(snowflake) > 20:  # noqa: PLR2004  # 64 bits
        return now
    return (int(snowflake) >> 22) + _EPOCH_MS


def _read_iso(value: Any) -> int:
    try:
        return round(datetime.fromisoformat(value).timestamp() * 1000) if isinstance(value, str) else 0
    except (ValueError, OverflowError, OSError):
        return 0


def _text(server: _Server, message: dict[str, Any]) -> tuple[str, list[str]]:
    """Return a message as its readers see it, and the people it mentions."""
    people = [user for user in read_list_at(message, "mentions") if isinstance(user, dict) and read_id(user.get("id"))]
    names = {
        read_id(user["id"]): read_name(read_object_at(user, "member").get("nick"))
        or read_name(user.get("global_name"))
        or read_name(user.get("username"))
        for user in people
    }

    def shown(match: re.Match[str]) -> str:
        if user := match["user"]:
            return "@" + (names.get(user) or user)
        if role := match["role"]:
            return "@" + (server.roles.get(role) or "role").removeprefix("@")
        if room := match["room"]:
            return "#" + (server.rooms[room].name if room in server.rooms else "channel")
        return f":{match['emoji']}:" if match["emoji"] else f"/{match['command']}"

    parts = [_CODE.sub(shown, content) for content in _contents(message)]
    parts += [f"[file] {read_name(each.get('filename'))}".strip() for each in _objects(message, "attachments")]
    parts += [f"[sticker] {read_name(each.get('name'))}".strip() for each in _objects(message, "sticker_items")]
    poll = read_object_at(read_object_at(message, "poll"), "question")
    parts += [f"[poll] {read_name(poll.get('text'))}".strip()] if poll else []
    if not parts:
        embeds = _objects(message, "embeds")
        parts = [each[name] for each in embeds for name in ("title", "description") if isinstance(each.get(name), str)]
    return "\n".join(parts), list(names)


def _contents(message: dict[str, Any]) -> list[str]:
    """Return what is written: the message's own words, or those that it forwards."""
    inner = [read_object_at(each, "message") for each in _objects(message, "message_snapshots")]
    return [each["content"] for each in (message, *inner) if isinstance(each.get("content"), str) and each["content"]]


def _objects(holder: dict[str, Any], name: str) -> list[dict[str, Any]]:
    return [each for each in read_list_at(holder, name) if isinstance(each, dict)]
