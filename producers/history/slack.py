"""Slack's workspace export (https://slack.com/help/articles/220556107): ``CHANNEL/2024-01-02.json``, ``users.json`` and more.

A message is written there as the Events API sends it, but for its channel: so the webhook's reader reads it, and gives it
the same id. Joins and leaves are messages there.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any, Final, NamedTuple

from huoqun.events import Event, Refused
from producers.history.base import (
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
from producers.history.jsonstream import Scanner
from producers.sources import slack
from producers.sources.base import Ignored
from producers.sources.values import read_id, read_list_at, read_name, read_object_at

_DAY: Final = re.compile(r"(?:(?P<root>.*)/)?(?P<folder>[^/]+)/\d{4}-\d{2}-\d{2}\.json")
_USERS: Final = ("users.json", "org_users.json")
_CHANNELS: Final = ("channels.json", "groups.json")
_PRIVATE: Final = ("dms.json", "mpims.json")
_JOINS: Final = ("channel_join", "group_join")
_LEAVES: Final = ("channel_leave", "group_leave")


class _User(NamedTuple):
    name: str
    is_staff: bool
    is_bot: bool


class _Channel(NamedTuple):
    id: str
    name: str
    private: bool = False


def recognise(files: Files, name: str) -> bool:
    """Return whether this is the list of people beside days of messages."""
    folder, _, base = name.rpartition("/")
    if base not in (*_USERS, *_CHANNELS) or base != _first_beside(files, folder):
        return False
    return any(m is not None and (m["root"] or "") == folder for m in map(_DAY.fullmatch, files.names))


def _first_beside(files: Files, folder: str) -> str:
    names = set(files.names)
    prefix = f"{folder}/" if folder else ""
    return next((base for base in (*_USERS, *_CHANNELS) if prefix + base in names), "")


def read(files: Files, names: Sequence[str], asked: Asked) -> Iterator[Item]:
    """Return what happened in the channels; direct messages are left out."""
    users: dict[str, _User] = {}
    channels: dict[str, _Channel] = {}
    days: list[tuple[str, str]] = []
    for name in names:
        base = name.rpartition("/")[2]
        if match := _DAY.fullmatch(name):
            days.append((match["folder"], name))
        elif base in _USERS:
            yield from guarded(_users(files, name, users), files, name)
        elif base in (*_CHANNELS, *_PRIVATE):
            yield from guarded(_channels(files, name, channels, private=base in _PRIVATE), files, name)
    for folder, name in days:
        channel = channels.get(folder) or _unlisted(folder)
        yield from guarded(_day(files, name, channel, users, asked), files, name)


def _users(files: Files, name: str, found: dict[str, _User]) -> Iterator[Item]:
    with files.open(name) as stream:
        for raw in Scanner(stream).each():
            user = raw.decode()
            if not isinstance(user, dict):
                continue
            profile = read_object_at(user, "profile")
            names = (profile.get("display_name"), profile.get("real_name"), user.get("real_name"), user.get("name"))
            found[read_id(user.get("id"))] = _User(
                next(filter(None, map(read_name, names)), ""),
                any(user.get(flag) is True for flag in ("is_admin", "is_owner", "is_primary_owner")),
                user.get("is_bot") is True,
            )
    yield from ()


def _channels(files: Files, name: str, found: dict[str, _Channel], *, private: bool) -> Iterator[Item]:
    with files.open(name) as stream:
        for raw in Scanner(stream).each():
            channel = raw.decode()
            if isinstance(channel, dict) and (channel_id := read_id(channel.get("id"))):
                called = read_name(channel.get("name"))
                found[called or channel_id] = _Channel(channel_id, called, private)
    yield from ()


def _unlisted(folder: str) -> _Channel:
    return _Channel(folder, folder, folder.startswith("mpdm-") or re.fullmatch(r"D[A-Z0-9]{7,}", folder) is not None)


def _day(files: Files, name: str, channel: _Channel, users: dict[str, _User], asked: Asked) -> Iterator[Item]:
    group = asked.groups.pick(channel.id, channel.name)
    with files.open(name) as stream:
        for raw in Scanner(stream).each():
            place = Place(files.shown(name), raw.line)
            if channel.private or group is None:
                yield PRIVATE if channel.private else NOT_WANTED
                continue
            try:
                message = raw.decode()
            except DamagedError as error:
                yield Wrong(place, error.why)
                continue
            if not isinstance(message, dict):
                yield Wrong(place, "must be an object")
                continue
            yield _read(message, place, channel._replace(id=group), users, asked)
            reactions = [r for r in read_list_at(message, "reactions") if isinstance(r, dict)]
            if reactions:
                yield Left(UNTIMED_REACTION, sum(len(read_list_at(r, "users")) for r in reactions))


def _read(message: dict[str, Any], place: Place, channel: _Channel, users: dict[str, _User], asked: Asked) -> Item:
    if message.get("subtype") == "tombstone":
        return Left("deleted message")
    parsed = slack.parse({"type": "event_callback", "event": _event(message, channel.id)}, stamp(asked))
    if isinstance(parsed, Refused):
        return Wrong(place, f"{parsed.where.removeprefix('event.')}: {parsed.why}")
    (notice,) = parsed
    if isinstance(notice, Ignored):
        return service(notice.what)
    assert isinstance(notice, Event), "Slack sends no heartbeats"
    notice.group_name = channel.name
    user = users.get(notice.user_id)
    if user is not None:
        notice.user_name = notice.user_name or user.name
        notice.is_staff = notice.is_staff or user.is_staff
        notice.is_bot = notice.is_bot or user.is_bot
    return Found(place, notice)


def _event(message: dict[str, Any], channel: str) -> dict[str, Any]:
    """Return the message as the Events API would have sent it."""
    subtype = message.get("subtype")
    event = message | {"type": "message", "channel": channel, "channel_type": "channel"}
    event.pop("event_ts", None)
    if subtype in _JOINS or subtype in _LEAVES:
        event["type"] = "member_joined_channel" if subtype in _JOINS else "member_left_channel"
        event["event_ts"] = message.get("ts")
    return event


FORMAT: Final = Format("slack", recognise, read, (".json",), whole=True)
