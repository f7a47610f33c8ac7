"""WeChat groups, as the exporters of its database write them: CSV in four tables, and text.

* MemoTrace (WeChatMsg) before its fourth version: localId, TalkerId, Type, SubType, IsSender, CreateTime, Status, StrContent,
  StrTime, Remark, NickName, Sender; the last three in groups only (https://github.com/LC044/WeChatMsg).
* MemoTrace from then on: 消息ID, 类型, 发送人, 时间, 内容, 备注, 昵称, 更多信息: names, no ids of people.
* PyWxDump: id, MsgSvrID, type_name, is_sender, talker, room_name, msg (or content), src, CreateTime; names in users.json.
* chatlog: Time, SenderName, Sender, TalkerName, Talker, Content.
* text: a line with time and name, then what was said.

Who came and went is told in grey text, by name.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final, NamedTuple

import msgspec

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
from producers.history.blocks import Block, blocks, head
from producers.history.files import DamagedError, Files
from producers.history.jsonstream import Scanner
from producers.history.notices import change_fields, read_notice
from producers.history.people import BY_NAME, Names
from producers.history.text import CHINESE, head_lines, lines, rows
from producers.history.times import SECOND, Series, aware_ms, local_ms
from producers.sources.values import made_id, read_epoch, read_name

PLATFORM: Final = "wechat"

_ROOM: Final = "@chatroom"
_NAMES: Final = "users.json"
_SELF: Final = "self"
"""The person who made the export, where nothing says who that is."""
_YOU: Final = "你"
_LINES_LOOKED_AT: Final = 20
_SUFFIXES: Final = re.compile(r"(?:_utf8|_聊天记录|_\d+_\d+)?\.(?:csv|txt)(?:\.gz)?$", re.IGNORECASE)
_ID_WITHIN: Final = re.compile(r"([0-9]{5,}@chatroom)")

_SHOWN: Final = {
    "3": "[图片]",
    "34": "[语音]",
    "42": "[名片]",
    "43": "[视频]",
    "47": "[表情]",
    "48": "[位置]",
    "49": "[分享]",
    "50": "[通话]",
}
_SYSTEM: Final = ("10000", "10002")
_SYSTEM_WORDS: Final = ("系统", "撤回", "拍一拍")
_TEXT_WORDS: Final = ("文本", "文字", "引用", "回复")


class _Message(NamedTuple):
    """A row, whatever table it comes from. ``group_id`` is empty where the table has none."""

    line: int
    group_id: str
    group_name: str
    user_id: str
    user_name: str
    time: str
    text: str
    system: bool = False
    private: bool = False
    key: tuple[str, ...] = ()
    """What tells it from all others, where there is such a thing."""
    id: str = ""
    mine: bool = False


_Row = dict[str, str]
_Reader = Callable[[_Row, str, dict[str, str]], _Message]


def _of_memotrace(row: _Row, name: str, _names: dict[str, str]) -> _Message:
    sender = row.get("Sender", "").strip()
    kind, mine = row["Type"].strip(), row["IsSender"].strip() == "1"
    talker = row["TalkerId"].strip()
    system = kind in _SYSTEM
    return _Message(
        line=0,
        group_id=talker if talker.endswith(_ROOM) else "",
        group_name=_named_after(name),
        user_id=sender or (_SELF if mine else ""),
        user_name=row.get("Remark", "").strip() or row.get("NickName", "").strip(),
        time=row["CreateTime"].strip(),
        text=row["StrContent"] if system else _shown(kind, row["StrContent"]),
        system=system,
        private=not (sender or "Remark" in row or talker.endswith(_ROOM)),
        key=(row["localId"], row["CreateTime"], sender, kind),
        mine=mine,
    )


def _of_memotrace4(row: _Row, name: str, _names: dict[str, str]) -> _Message:
    kind, sender = row["类型"].strip(), row["发送人"].strip()
    system = _is_system(kind)
    return _Message(
        line=0,
        group_id=_id_within(name),
        group_name=_named_after(name),
        user_id=f"{BY_NAME}{sender}" if sender else "",
        user_name=row.get("备注", "").strip() or row.get("昵称", "").strip() or sender,
        time=row["时间"].strip(),
        text=row["内容"] if system else _worded(kind, row["内容"]),
        system=system,
        id=row["消息ID"].strip(),
    )


def _of_pywxdump(row: _Row, _name: str, names: dict[str, str]) -> _Message:
    kind, talker, room = row["type_name"].strip(), row["talker"].strip(), row["room_name"].strip()
    mine = row["is_sender"].strip() in ("1", "True")
    system = _is_system(kind)
    text = row["msg"] if "msg" in row else _within(row["content"])
    return _Message(
        line=0,
        group_id=room,
        group_name=names.get(room, ""),
        user_id=_SELF if mine and talker in ("", "我", room) else talker,
        user_name=names.get(talker, ""),
        time=row["CreateTime"].strip(),
        text=text if system else _worded(kind, text),
        system=system,
        private=not room.endswith(_ROOM),
        key=(row["id"], row["CreateTime"], talker),
        id=row["MsgSvrID"].strip(),
        mine=mine,
    )


def _of_chatlog(row: _Row, _name: str, _names: dict[str, str]) -> _Message:
    talker = row["Talker"].strip()
    return _Message(
        line=0,
        group_id=talker,
        group_name=row["TalkerName"].strip(),
        user_id=row["Sender"].strip(),
        user_name=row["SenderName"].strip(),
        time=row["Time"].strip(),
        text=row["Content"],
        system=row["Sender"].strip() in ("", "系统消息", talker),
        private=not talker.endswith(_ROOM),
    )


_TABLES: Final[dict[tuple[str, ...], _Reader]] = {
    ("localId", "TalkerId", "Type", "IsSender", "CreateTime", "StrContent"): _of_memotrace,
    ("消息ID", "类型", "发送人", "时间", "内容"): _of_memotrace4,
    ("id", "MsgSvrID", "type_name", "is_sender", "talker", "room_name", "msg", "CreateTime"): _of_pywxdump,
    ("id", "MsgSvrID", "type_name", "is_sender", "talker", "room_name", "content", "CreateTime"): _of_pywxdump,
    ("Time", "SenderName", "Sender", "TalkerName", "Talker", "Content"): _of_chatlog,
}


def recognise(files: Files, name: str) -> bool:
    """Return whether it is one of the tables, or text with times and names."""
    found = head_lines(files, name, CHINESE)[:_LINES_LOOKED_AT]
    return bool(found) and (_table(found[0]) is not None or head(found[0].lstrip("\ufeff")) is not None)


def _table(first_line: str) -> _Reader | None:
    columns = {column.strip().strip('"') for column in first_line.split(",")}
    return next((reader for needed, reader in _TABLES.items() if columns.issuperset(needed)), None)


def read(files: Files, names: Sequence[str], asked: Asked) -> Iterator[Item]:
    """Return what was said in groups, and who came and went."""
    users: dict[str, str] = {}
    for name in files.names:
        if name.rpartition("/")[2] == _NAMES:
            yield from guarded(_learn(files, name, users), files, name)
    for name in names:
        if name.rpartition("/")[2] != _NAMES:
            yield from guarded(_file(files, name, users, asked), files, name)


def _file(files: Files, name: str, users: dict[str, str], asked: Asked) -> Iterator[Item]:
    first = head_lines(files, name, CHINESE)[:1]
    table = _table(first[0]) if first else None
    known = Names()
    with contextlib.suppress(DamagedError):  # what there is before the damage is read
        for found in _messages(files, name, table, users):
            if isinstance(found, _Message) and found.user_id and not found.system:
                known.add(read_name(found.user_name), found.user_id)
                if found.mine:
                    known.add(_YOU, found.user_id)
    yield from _read(files, name, asked, known, _messages(files, name, table, users))


def _messages(
    files: Files, name: str, table: _Reader | None, users: dict[str, str]
) -> Iterator[_Message | DamagedError | Left]:
    path = files.path(name)
    if table is None:
        for block in blocks(lines(files, name, CHINESE)):
            if isinstance(block, Block):
                yield _of_block(block, path)
            elif block.text.strip():
                yield Left("line outside of any message")
        return
    for row in rows(files, name, CHINESE):
        if isinstance(row, DamagedError):
            yield row
            continue
        try:
            yield table(row.cells, path, users)._replace(line=row.number)
        except KeyError as error:
            yield DamagedError(f"a cell is missing: {error.args[0]}", row.number)


def _of_block(block: Block, path: str) -> _Message:
    system = _is_system(block.name) or (not block.name and bool(block.text))
    return _Message(
        line=block.line,
        group_id=_id_within(path),
        group_name=_named_after(path),
        user_id=block.user_id or f"{BY_NAME}{read_name(block.name)}",
        user_name=block.name,
        time=block.time,
        text=block.text,
        system=system,
    )


def _read(
    files: Files, name: str, asked: Asked, known: Names, found: Iterator[_Message | DamagedError | Left]
) -> Iterator[Item]:
    series = Series(SECOND)
    for each in found:
        if isinstance(each, Left):
            yield each
            continue
        place = Place(files.shown(name), each.line)
        if isinstance(each, DamagedError):
            yield Wrong(place, each.why)
            continue
        group = None if each.private else asked.groups.pick(each.group_id, each.group_name)
        if group is None:
            yield PRIVATE if each.private else NOT_WANTED
            continue
        at = _time(each.time, asked)
        if not isinstance(at, int):
            yield Wrong(place, f"{each.time[:40]!r} is no time")
            continue
        said = each.key or (each.time, each.user_id, each.text)
        ts, before = series.place(at, said)
        has_id = each.id not in ("", "0")
        event = {
            "id": f"{group}:{each.id}" if has_id else made_id(group, (*said, before)),
            "ts": at if has_id else ts,
            "platform": PLATFORM,
            "group_id": group,
            "group_name": read_name(each.group_name),
        }
        yield from _events(each, event, place, known)


def _time(text: str, asked: Asked) -> int | str | None:
    if text.isdecimal() and text.isascii():
        return read_epoch(text)
    with_zone = aware_ms(text)
    return local_ms(text, asked.zone) if with_zone is None else with_zone


def _events(message: _Message, event: dict[str, Any], place: Place, known: Names) -> Iterator[Item]:
    if message.system or not message.user_id:
        changes = read_notice(message.text)
        if not changes:
            yield service("WeChat's own words")
        for number, change in enumerate(changes):
            told = {"id": f"{event['id']}:{number}", "user_name": read_name(change.name)}
            yield Found(place, event | told | change_fields(change, known))
    elif message.text.strip():
        person = {"user_id": message.user_id, "user_name": read_name(message.user_name)}
        yield Found(place, event | person | {"type": "message", "text": message.text.strip()})
    else:
        yield EMPTY


def _learn(files: Files, name: str, found: dict[str, str]) -> Iterator[Item]:
    """Learn the names that PyWxDump writes beside its tables."""
    with files.open(name) as stream:
        table = Scanner(stream).value()
    for user, about in table.items() if isinstance(table, dict) else ():
        if isinstance(about, dict):
            found[user] = read_name(about.get("remark")) or read_name(about.get("nickname"))
    yield from ()


def _shown(kind: str, content: str) -> str:
    """Return a text as it is; of anything else what it is: its content is XML."""
    if kind == "1":
        return content
    shown = _SHOWN.get(kind, "[消息]")
    return content if content and not content.lstrip().startswith("<") and kind in ("49", "48") else shown


def _worded(kind: str, content: str) -> str:
    """Return a text as it is, and before anything else what it is."""
    content = content.strip()
    if not kind or any(word in kind for word in _TEXT_WORDS) or content.startswith("["):
        return content
    return f"[{kind}]" if content in ("", kind) or content.startswith("<") else f"[{kind}] {content}"


def _is_system(kind: str) -> bool:
    return any(word in kind for word in _SYSTEM_WORDS)


def _within(content: str) -> str:
    """Return the text in what older versions of PyWxDump write: an object in one cell."""
    try:
        found = msgspec.json.decode(content)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return content
    text = found.get("msg") if isinstance(found, dict) else None
    return text if isinstance(text, str) else content


def _named_after(path: str) -> str:
    """Return the group's name: exporters name the file after it."""
    return read_name(_ID_WITHIN.sub("", _SUFFIXES.sub("", path.rpartition("/")[2])).strip(" ()（）_-"))


def _id_within(path: str) -> str:
    match = _ID_WITHIN.search(path.rpartition("/")[2])
    return match[1] if match else ""


FORMAT: Final = Format(PLATFORM, recognise, read, (".csv", ".txt"), zone=CHINA)
