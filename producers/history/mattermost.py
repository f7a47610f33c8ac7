"""Mattermost's bulk export: JSON, an object a line (https://docs.mattermost.com/onboard/bulk-loading-data.html).

It has names and no ids: people are called by username, channels ``team/channel``, and ids of messages are made from what
names a post there (channel, time, author and text). What a live webhook tells goes under other ids, so the two do not meet.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any, Final, NamedTuple

import msgspec

from producers.history.base import NOT_WANTED, PRIVATE, Asked, Format, Found, Item, Left, Place, Wrong, guarded, service
from producers.history.files import Files
from producers.history.text import WESTERN, lines
from producers.sources.values import made_id, read_id, read_list_at, read_name, read_object_at

PLATFORM: Final = "mattermost"

_BEGINNING: Final = re.compile(rb'(?:\xef\xbb\xbf)?\s*\{\s*"type"\s*:\s*"version"')
_STAFF_ROLES: Final = frozenset({"system_admin", "team_admin", "channel_admin"})
_EVERYBODY: Final = re.compile(r"(?<![\w@])@(?:all|channel|here)\b")
_MENTION: Final = re.compile(r"(?<![\w@])@([a-z0-9][a-z0-9._-]{0,63})", re.IGNORECASE)
_JOINS: Final = ("system_join_channel", "system_add_to_channel", "system_guest_join_channel", "system_join_leave")
_LEAVES: Final = ("system_leave_channel", "system_remove_from_channel")


class _User(NamedTuple):
    name: str
    is_staff: bool
    is_bot: bool = False


class _Names:
    def __init__(self) -> None:
        self.users: dict[str, _User] = {}
        self.channels: dict[str, str] = {}


def recognise(files: Files, name: str) -> bool:
    """Return whether its first line is the version, as it must be."""
    return _BEGINNING.match(files.head(name, 1024)) is not None


def read(files: Files, names: Sequence[str], asked: Asked) -> Iterator[Item]:
    """Return what was posted in channels; direct messages are left out. Posts are not in the order of time there."""
    for name in names:
        yield from guarded(_file(files, name, asked), files, name)


def _file(files: Files, name: str, asked: Asked) -> Iterator[Item]:
    known = _Names()  # everything named comes before the posts
    for line in lines(files, name, WESTERN):
        if not line.text.strip():
            continue
        place = Place(files.shown(name), line.number)
        try:
            found = msgspec.json.decode(line.text)
        except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
            yield Wrong(place, f"not JSON: {error}")
            continue
        if not isinstance(found, dict):
            yield Wrong(place, "must be an object")
            continue
        yield from _read(found, place, known, asked)


def _read(line: dict[str, Any], place: Place, known: _Names, asked: Asked) -> Iterator[Item]:
    kind = line.get("type")
    if kind == "post":
        yield from _post(read_object_at(line, "post"), place, known, asked)
    elif kind == "direct_post":
        yield PRIVATE
    elif kind in ("user", "bot"):
        user = read_object_at(line, kind)
        roles = " ".join(role for role in (user.get("roles"), *_team_roles(user)) if isinstance(role, str))
        full = f"{read_name(user.get('first_name'))} {read_name(user.get('last_name'))}".strip()
        called = read_name(user.get("nickname")) or full or read_name(user.get("display_name"))
        known.users[read_name(user.get("username"))] = _User(
            called, not _STAFF_ROLES.isdisjoint(roles.split()), kind == "bot"
        )
    elif kind == "channel":
        channel = read_object_at(line, "channel")
        known.channels[_channel_id(channel, "name")] = read_name(channel.get("display_name"))


def _team_roles(user: dict[str, Any]) -> list[Any]:
    return [team.get("roles") for team in read_list_at(user, "teams") if isinstance(team, dict)]


def _channel_id(holder: dict[str, Any], label: str) -> str:
    return f"{read_name(holder.get('team'))}/{read_name(holder.get(label))}"


def _post(post: dict[str, Any], place: Place, known: _Names, asked: Asked) -> Iterator[Item]:
    channel = _channel_id(post, "channel")
    if channel.strip("/") == "":
        yield Wrong(place, "post.channel: required")
        return
    group = asked.groups.pick(channel, known.channels.get(channel) or channel.partition("/")[2])
    if group is None:
        yield NOT_WANTED
        return
    common = {
        "platform": PLATFORM,
        "group_id": group,
        "group_name": known.channels.get(channel) or channel.partition("/")[2],
    }
    root = made_id(group, ("post", read_id(post.get("create_at")), post.get("user"), str(post.get("message"))))
    yield _event(post, root, "", common, place, known)
    yield from _reactions(post, root, common, place, known)
    for reply in read_list_at(post, "replies"):
        if not isinstance(reply, dict):
            yield Wrong(place, "post.replies: must hold objects")
            continue
        made = made_id(
            group, ("reply", root, read_id(reply.get("create_at")), reply.get("user"), str(reply.get("message")))
        )
        yield _event(reply, made, root, common, place, known)
        yield from _reactions(reply, made, common, place, known)


def _event(post: dict[str, Any], made: str, root: str, common: dict[str, Any], place: Place, known: _Names) -> Item:
    username, at = read_name(post.get("user")), post.get("create_at")
    if type(at) is not int:
        return Wrong(place, "create_at: must be milliseconds since the epoch")
    event = common | {"id": made, "ts": at} | _person(username, known)
    kind = post.get("type")
    props = read_object_at(post, "props")
    if isinstance(kind, str) and kind.startswith("system_"):
        return _membership(kind, props, event, place, known)
    message = post.get("message")
    text = message if isinstance(message, str) else ""
    files = [each for each in read_list_at(post, "attachments") if isinstance(each, dict)]
    event |= {
        "type": "message",
        "text": "\n".join(filter(None, (text, " ".join(["[file]"] * min(len(files), 10))))),
        "mentions": [m for m in dict.fromkeys(map(str.lower, _MENTION.findall(text))) if m in known.users],
        "is_bot": event["is_bot"] or props.get("from_webhook") == "true" or props.get("from_bot") == "true",
    }
    if root:
        event |= {"reply_to": root, "thread_id": root}
    if _EVERYBODY.search(text):
        event["at_all"] = True
    return Found(place, event)


def _membership(kind: str, props: dict[str, Any], event: dict[str, Any], place: Place, known: _Names) -> Item:
    if kind in _JOINS:
        added = read_name(props.get("addedUsername"))
        if added and added != event["user_id"]:
            event |= _person(added, known) | {"inviter_id": event["user_id"]}
        return Found(place, event | {"type": "join"})
    if kind in _LEAVES:
        removed = read_name(props.get("removedUsername"))
        if removed and removed != event["user_id"]:
            operator = event["user_id"]
            return Found(
                place,
                event | _person(removed, known) | {"type": "leave", "reason": "kicked", "operator_id": operator},
            )
        return Found(place, event | {"type": "leave", "reason": "left"})
    return service(kind.removeprefix("system_")[:40])


def _person(username: str, known: _Names) -> dict[str, Any]:
    user = known.users.get(username, _User("", is_staff=False))
    return {
        "user_id": username,
        "user_name": user.name or username,
        "is_staff": user.is_staff,
        "is_bot": user.is_bot,
    }


def _reactions(
    post: dict[str, Any], target: str, common: dict[str, Any], place: Place, known: _Names
) -> Iterator[Item]:
    for reaction in read_list_at(post, "reactions"):
        at = reaction.get("create_at") if isinstance(reaction, dict) else None
        if type(at) is not int:
            yield Left("reaction that is damaged")
            continue
        username, emoji = read_name(reaction.get("user")), read_name(reaction.get("emoji_name"))
        made = made_id(common["group_id"], ("reaction", target, username, emoji))
        event = common | {"id": made, "ts": at, "type": "reaction", "reply_to": target, "emoji": emoji}
        yield Found(place, event | _person(username, known))


FORMAT: Final = Format(PLATFORM, recognise, read, (".jsonl", ".json"))
