"""Chats as text, as QQ and WeChat's exporters write them: a line with time and name, then what was said. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

from producers.history.text import Line

MOST_TEXT: Final = 1024 * 1024
"""Characters of one message; what follows is passed over."""


class Block(NamedTuple):
    """One message. ``user_id`` is empty where the line has a name only."""

    line: int
    time: str
    name: str
    user_id: str
    text: str


_HEAD: Final = re.compile(
    r"(?P<time>\d{4}-\d{1,2}-\d{1,2} \d{1,2}:\d{2}:\d{2})[ \t]+(?P<name>.*?)"
    r"(?:\((?P<number>[^()\s]{1,64})\)|<(?P<mail>[^<>\s]{1,128})>)?\s*"
)
_TITLES: Final = re.compile(r"^(?:\s*【[^】]*】)+")
"""What QQ puts before a name: 【管理员】, 【群主】 or a level."""


def head(text: str) -> re.Match[str] | None:
    """Return a match if this line begins a message."""
    return _HEAD.fullmatch(text)


def title(text: str) -> str:
    """Return the 【titles】 before a name."""
    match = _TITLES.match(text)
    return match[0] if match else ""


class Marked(NamedTuple):
    """A line between messages that tells something of those that follow."""

    line: int
    text: str


def blocks(found: Iterable[Line | Marked]) -> Iterator[Block | Marked | Line]:
    """Return the messages, and as they are: what is marked, and lines before the first message."""
    begun: Block | None = None
    parts: list[str] = []
    size = 0
    for line in found:
        match = head(line.text) if isinstance(line, Line) else None
        if match is None and begun is not None and isinstance(line, Line):
            if size < MOST_TEXT:
                parts.append(line.text)
                size += len(line.text) + 1
            continue
        if begun is not None:
            yield begun._replace(text="\n".join(parts).strip())
            begun = None
        if match is None:
            yield line
        else:
            begun = Block(line[0], match["time"], match["name"].strip(), match["number"] or match["mail"] or "", "")
            parts, size = [], 0
    if begun is not None:
        yield begun._replace(text="\n".join(parts).strip())
