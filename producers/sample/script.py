"""What the invented people say: the dialogue files, read and filled in."""

from __future__ import annotations

import re
import tomllib
from functools import cache
from importlib.resources import files
from random import Random
from typing import Final, NamedTuple

import msgspec


class Person(NamedTuple):
    """An invented account."""

    user_id: str
    name: str


class People(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """Who is in a group, by the part they play."""

    owner: Person
    admin: Person
    bot: Person
    regular_who_goes_quiet: Person
    english: list[Person]
    speakers: list[Person]
    silent: list[Person]
    ignored: list[Person] = []
    advertiser: Person | None = None


class Talks(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """Talks as written, one message a line."""

    general: list[str]
    english: list[str]


class Book(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """One group's dialogue file."""

    name: str
    platform: str
    group_id: str
    fill: dict[str, list[str]]
    people: People
    lines: dict[str, list[str] | str]
    talks: Talks

    def line(self, kind: str, rng: Random, **bound: str) -> str:
        """Return one line of a kind, filled in."""
        lines = self.lines[kind]
        return fill(lines if isinstance(lines, str) else rng.choice(lines), self.fill, rng, bound)


class Line(NamedTuple):
    """One message of a talk; it may reply to an earlier line, by number from 1, and mention a speaker, by letter."""

    speaker: str
    text: str
    replies_to: int | None = None
    mentions: str = ""


STAFF: Final = "s"
ENGLISH: Final = "e"
_LINE: Final = re.compile(r"(?P<who>[a-ds]|e)(?:>(?P<to>\d+)|@(?P<at>[a-es]))?: (?P<text>.+)")
_BLANK: Final = re.compile(r"\{([^{}]*)\}")


@cache
def book(name: str) -> Book:
    """Read one of the dialogue files beside this module: ``balcony``, ``runners`` or ``market``."""
    text = (files("producers.sample") / f"{name}.toml").read_text("utf-8")
    return msgspec.convert(tomllib.loads(text), Book)


def fill(text: str, words: dict[str, list[str]], rng: Random, bound: dict[str, str]) -> str:
    """Fill in ``{one|of|these}`` anew each time and ``{name}`` the same each time (kept in ``bound``)."""

    def blank(match: re.Match[str]) -> str:
        inside = str(match[1])
        if "|" in inside:
            return rng.choice(inside.split("|"))
        if inside not in bound:
            bound[inside] = rng.choice(words[inside])
        return bound[inside]

    return _BLANK.sub(blank, text)


def parse_talk(text: str) -> list[Line]:
    """Read a talk. Raises :class:`ValueError` naming the line that is none, or that answers one after it."""
    lines: list[Line] = []
    for number, raw in enumerate(text.strip().splitlines(), start=1):
        match = _LINE.fullmatch(raw)
        if match is None:
            raise ValueError(f"line {number} of a talk is not 'speaker: text': {raw!r}")
        to = int(match["to"]) if match["to"] else None
        if to is not None and not 0 < to < number:
            raise ValueError(f"line {number} of a talk replies to line {to}, which is not before it")
        lines.append(Line(match["who"], match["text"], to, match["at"] or ""))
    return lines


def telling(talk: list[Line], words: dict[str, list[str]], rng: Random) -> list[Line]:
    """Return the talk as it is told this time."""
    bound: dict[str, str] = {}
    return [line._replace(text=fill(line.text, words, rng, bound)) for line in talk]
