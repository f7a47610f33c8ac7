"""QQ's own text export (消息管理器, 导出消息记录, 文本文件): all conversations in one file, or one of them.

A conversation begins with the group of contacts it is filed under (消息分组) and its name (消息对象); numbers of groups are
not in it. Messages have no ids: theirs are made from what they say.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final

from producers.history.base import (
    CHINA,
    EMPTY,
    NOT_WANTED,
    PRIVATE,
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
from producers.history.blocks import Block, Marked, blocks, head, title
from producers.history.files import DamagedError, Files
from producers.history.notices import change_fields, read_notice
from producers.history.people import BY_NAME, Names
from producers.history.text import CHINESE, Line, head_lines, lines
from producers.history.times import SECOND, Series, local_ms
from producers.sources.values import made_id, read_name

PLATFORM: Final = "qq"

_TITLE: Final = "消息记录"
_FILED: Final = "消息分组:"
_NAMED: Final = "消息对象:"
_RULE: Final = "=" * 16
_SYSTEM: Final = ("10000", "1000000")
_TALKS: Final = ("群", "多人聊天", "讨论组")
_STAFF: Final = ("【群主】", "【管理员】")
_LINES_LOOKED_AT: Final = 40


def recognise(files: Files, name: str) -> bool:
    """Return whether it begins as QQ's export does, and somebody says something."""
    found = head_lines(files, name, CHINESE)[:_LINES_LOOKED_AT]
    marks = (_TITLE, _FILED, _NAMED)
    return any(line.strip().startswith(marks) for line in found) and any(head(line) for line in found)


def read(files: Files, names: Sequence[str], asked: Asked) -> Iterator[Item]:
    """Return what was said in groups, and who came and went."""
    for name in names:
        yield from guarded(_file(files, name, asked), files, name)


def _file(files: Files, name: str, asked: Asked) -> Iterator[Item]:
    known = Names()  # those who come and go are told by name alone
    with contextlib.suppress(DamagedError):  # what there is before the damage is read
        for found in _messages(files, name):
            if isinstance(found, Block) and found.user_id:
                known.add(_called(found), found.user_id)
    yield from _read(files, name, asked, known)


def _messages(files: Files, name: str) -> Iterator[Block | Marked | Line]:
    return blocks(_marked(lines(files, name, CHINESE)))


def _marked(found: Iterable[Line]) -> Iterator[Line | Marked]:
    """Mark the heads of conversations: what they begin with stands between rules, so it is not something said."""
    rule: Line | None = None
    after_mark = False
    for line in found:
        text = line.text.strip()
        if text.startswith(_RULE) and not text.strip("="):
            if rule is not None and not after_mark:
                yield rule
            rule = line
        elif rule is not None and text.startswith((_FILED, _NAMED)):
            yield Marked(line.number, text)
            rule, after_mark = None, True
        else:
            if rule is not None and not after_mark:
                yield rule
            rule, after_mark = None, False
            yield line


def _read(files: Files, name: str, asked: Asked, known: Names) -> Iterator[Item]:
    filed = talk = ""
    series = Series(SECOND)
    for found in _messages(files, name):
        if isinstance(found, Marked):
            if found.text.startswith(_FILED):
                filed = found.text.removeprefix(_FILED).strip()
            else:
                talk = read_name(found.text.removeprefix(_NAMED).strip())
        elif isinstance(found, Line):
            if found.text.strip() and not found.text.lstrip("\ufeff").startswith(_TITLE):
                yield Left("line outside of any message")
        elif not found.user_id and not any(word in filed for word in _TALKS):
            yield PRIVATE
        else:
            called = talk or files.path(name).rpartition("/")[2].removesuffix(".txt")
            group = asked.groups.pick("", called)
            if group is None:
                yield NOT_WANTED
                continue
            place = Place(files.shown(name), found.line)
            at = local_ms(found.time, asked.zone)
            if at is None:
                yield Wrong(place, f"{found.time} is no time")
                continue
            said = (found.time, found.user_id or found.name, found.text)
            ts, before = series.place(at, said)
            event = {
                "ts": ts,
                "platform": PLATFORM,
                "group_id": group,
                "group_name": called,
                "id": made_id(group, (*said, before)),
            }
            yield from _events(found, event, place, known)


def _events(found: Block, event: dict[str, Any], place: Place, known: Names) -> Iterator[Item]:
    if found.user_id in _SYSTEM or found.name == "系统消息":
        changes = read_notice(found.text)
        if not changes:
            yield service("QQ's own words")
        for number, change in enumerate(changes):
            told = {"id": f"{event['id']}:{number}", "user_name": read_name(change.name)}
            yield Found(place, event | told | change_fields(change, known))
    elif found.text:
        yield Found(
            place,
            event
            | {
                "type": "message",
                "user_id": found.user_id or f"{BY_NAME}{_called(found)}",
                "user_name": _called(found),
                "is_staff": any(mark in title(found.name) for mark in _STAFF),
                "text": found.text,
            },
        )
    else:
        yield EMPTY


def _called(found: Block) -> str:
    return read_name(found.name.removeprefix(title(found.name)).strip())


FORMAT: Final = Format(PLATFORM, recognise, read, (".txt",), zone=CHINA)
