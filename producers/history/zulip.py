"""Zulip's export (https://zulip.com/help/export-your-organization): ``realm.json`` beside ``messages-000001.json`` and so on.

A message is turned into what an outgoing webhook tells of it, so both give it the same id and, as times there are whole
seconds, the same time. Who subscribed to a channel and who left it stands in the audit log within ``realm.json``.
"""

from __future__ import annotations

import math
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
from producers.history.jsonstream import Raw, Scanner
from producers.sources import zulip
from producers.sources.base import Ignored
from producers.sources.values import made_id, read_id, read_name

PLATFORM: Final = "zulip"

_REALM: Final = "realm.json"
_MESSAGES: Final = re.compile(r"messages-\d+\.json")
_USERS: Final = ("zerver_userprofile", "zerver_userprofile_crossrealm", "zerver_userprofile_mirrordummy")
_STREAM_RECIPIENT: Final = 2
_STAFF_ROLES: Final = (100, 200, 300)
"""Owners, administrators, moderators."""
_SUBSCRIBED: Final = (301, 302)
_UNSUBSCRIBED: Final = 303
"""Event types of the audit log: https://github.com/zulip/zulip, ``AuditLogEventType``."""


class _User(NamedTuple):
    name: str
    is_staff: bool
    is_bot: bool


class _Realm:
    def __init__(self) -> None:
        self.users: dict[str, _User] = {}
        self.streams: dict[str, str] = {}
        """Id -> name."""
        self.recipients: dict[str, str] = {}
        """Id -> id of a stream; others are direct messages."""


def recognise(files: Files, name: str) -> bool:
    """Return whether this is the list of everything beside files of messages."""
    folder, _, base = name.rpartition("/")
    if base != _REALM:
        return False
    return any(n.rpartition("/")[0] == folder and _MESSAGES.fullmatch(n.rpartition("/")[2]) for n in files.names)


def read(files: Files, names: Sequence[str], asked: Asked) -> Iterator[Item]:
    """Return what happened in channels; direct messages are left out."""
    realm = _Realm()
    for name in names:
        if name.rpartition("/")[2] == _REALM:
            yield from guarded(_learn(files, name, realm), files, name)
    for name in names:
        base = name.rpartition("/")[2]
        if base == _REALM or _MESSAGES.fullmatch(base):
            yield from guarded(_tables(files, name, realm, asked), files, name)


def _tables(files: Files, name: str, realm: _Realm, asked: Asked) -> Iterator[Item]:
    with files.open(name) as stream:
        scanner = Scanner(stream)
        for table in scanner.fields():
            reader = _READERS.get(table)
            if reader is None:
                scanner.skip()
                continue
            for raw in scanner.each():
                yield reader(raw, Place(files.shown(name), raw.line), realm, asked)


def _learn(files: Files, name: str, realm: _Realm) -> Iterator[Item]:
    with files.open(name) as stream:
        scanner = Scanner(stream)
        for table in scanner.fields():
            if table not in (*_USERS, "zerver_stream", "zerver_recipient"):
                scanner.skip()
                continue
            for raw in scanner.each():
                row = raw.decode()
                if isinstance(row, dict):
                    _learn_row(table, row, realm)
    yield from ()


def _learn_row(table: str, row: dict[str, Any], realm: _Realm) -> None:
    number = read_id(row.get("id"))
    if table == "zerver_stream":
        realm.streams[number] = read_name(row.get("name"))
    elif table == "zerver_recipient":
        if row.get("type") == _STREAM_RECIPIENT:
            realm.recipients[number] = read_id(row.get("type_id"))
    else:
        realm.users[number] = _User(
            read_name(row.get("full_name")), row.get("role") in _STAFF_ROLES, row.get("is_bot") is True
        )


def _row(raw: Raw, place: Place) -> dict[str, Any] | Wrong:
    try:
        row = raw.decode()
    except DamagedError as error:
        return Wrong(place, error.why)
    return row if isinstance(row, dict) else Wrong(place, "must be an object")


def _message(raw: Raw, place: Place, realm: _Realm, asked: Asked) -> Item:
    row = _row(raw, place)
    if isinstance(row, Wrong):
        return row
    channel = realm.recipients.get(read_id(row.get("recipient")))
    if channel is None:
        return PRIVATE
    group = asked.groups.pick(channel, realm.streams.get(channel, ""))
    if group is None:
        return NOT_WANTED
    sender = read_id(row.get("sender"))
    user = realm.users.get(sender, _User("", is_staff=False, is_bot=False))
    message = {
        "type": "stream",
        "stream_id": group,
        "sender_id": sender,
        "id": row.get("id"),
        "display_recipient": realm.streams.get(channel),
        "sender_full_name": user.name,
        "content": row.get("content"),
        "rendered_content": row.get("rendered_content"),
        "subject": row.get("subject"),
        "timestamp": _seconds(row.get("date_sent", row.get("pub_date"))),
    }
    parsed = zulip.parse({"message": message}, stamp(asked))
    if isinstance(parsed, Refused):
        return Wrong(place, f"{parsed.where.removeprefix('message.')}: {parsed.why}")
    (notice,) = parsed
    if isinstance(notice, Ignored):
        return service(notice.what)
    assert isinstance(notice, Event), "Zulip sends no heartbeats"
    notice.is_staff, notice.is_bot = user.is_staff, user.is_bot
    return Found(place, notice)


def _audited(raw: Raw, place: Place, realm: _Realm, asked: Asked) -> Item:
    row = _row(raw, place)
    if isinstance(row, Wrong):
        return row
    kind = row.get("event_type")
    if kind not in (*_SUBSCRIBED, _UNSUBSCRIBED):
        return Left("other entry of the audit log")
    channel, user_id = read_id(row.get("modified_stream")), read_id(row.get("modified_user"))
    group = asked.groups.pick(channel, realm.streams.get(channel, ""))
    if group is None:
        return NOT_WANTED
    user = realm.users.get(user_id, _User("", is_staff=False, is_bot=False))
    at = row.get("event_time")
    if not isinstance(at, int | float) or isinstance(at, bool) or not 0 < at < 10**11:  # NaN neither
        return Wrong(place, "event_time: must be seconds since the epoch")
    joined = kind in _SUBSCRIBED
    event: dict[str, Any] = {
        "id": made_id(group, ("join" if joined else "leave", user_id, read_id(row.get("id")))),
        "type": "join" if joined else "leave",
        "ts": round(at * 1000),
        "platform": PLATFORM,
        "group_id": group,
        "group_name": realm.streams.get(channel, ""),
        "user_id": user_id,
        "user_name": user.name,
        "is_staff": user.is_staff,
        "is_bot": user.is_bot,
    }
    actor = read_id(row.get("acting_user"))
    if joined and actor not in ("", user_id):
        event["inviter_id"] = actor
    elif not joined:
        event["reason"] = "unknown" if not actor else "left" if actor == user_id else "kicked"
        event |= {"operator_id": actor} if actor not in ("", user_id) else {}
    return Found(place, event)


def _reaction(_raw: Raw, _place: Place, _realm: _Realm, _asked: Asked) -> Item:
    return Left(UNTIMED_REACTION)


def _seconds(value: Any) -> Any:
    """Return whole seconds, as the webhook has them."""
    return math.floor(value) if isinstance(value, float) and math.isfinite(value) else value


_READERS: Final = {"zerver_message": _message, "zerver_realmauditlog": _audited, "zerver_reaction": _reaction}

FORMAT: Final = Format(PLATFORM, recognise, read, (".json",), whole=True)
