"""Exported chat history: each format a module with a pure reader; which one a file has is told by what is in it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final, NamedTuple

from producers.history import discord, irc, mattermost, qq, slack, telegram, wechat, zulip
from producers.history.base import Format, Left, Place, Wrong
from producers.history.files import DamagedError, Files, OneFile

FORMATS: Final[Mapping[str, Format]] = {
    "slack": slack.FORMAT,
    "zulip": zulip.FORMAT,
    "mattermost": mattermost.FORMAT,
    "telegram": telegram.FORMAT,
    "discord": discord.FORMAT,
    "qq": qq.FORMAT,
    "wechat": wechat.FORMAT,
    "irc": irc.FORMAT,
}
"""Name -> how it is read. Where several could be meant the first is: those that leave less doubt come first."""

_ENDINGS: Final = tuple({ending for each in FORMATS.values() for ending in each.endings})


class Part(NamedTuple):
    """Files of one format, to be read together."""

    format: str
    names: Sequence[str]


def parts(files: Files, forced: str | None) -> Iterator[Part | Left | Wrong]:
    """Return what there is to read. ``forced`` names the format instead of finding it out."""
    if forced is not None:
        wanted = FORMATS[forced]
        names = files.names if wanted.whole else [n for n in files.names if _may_be(files, n, wanted.endings)]
        yield Part(forced, names)
        return
    rest = list(files.names)
    for kind, each in FORMATS.items():
        if each.whole:
            for root in [n.rpartition("/")[0] for n in rest if _recognised(files, n, each) is True]:
                inside = [n for n in rest if not root or n.startswith(f"{root}/")]
                taken = set(inside)
                rest = [n for n in rest if n not in taken]
                yield Part(kind, inside)
    found: dict[str, list[str]] = {}
    for name in rest:
        known = _kind(files, name)
        if isinstance(known, str):
            found.setdefault(known, []).append(name)
        else:
            yield known
    for kind in FORMATS:
        if kind in found:
            yield Part(kind, found[kind])


def _kind(files: Files, name: str) -> str | Left | Wrong:
    if _may_be(files, name, _ENDINGS):
        for kind, each in FORMATS.items():
            if each.whole or not _may_be(files, name, each.endings):
                continue
            recognised = _recognised(files, name, each)
            if isinstance(recognised, Wrong):
                return recognised
            if recognised:
                return kind
    return Left("file that is no chat history")


def _recognised(files: Files, name: str, each: Format) -> bool | Wrong:
    try:
        return each.recognise(files, name)
    except DamagedError as error:
        return Wrong(Place(files.shown(name), error.line), error.why)


def _may_be(files: Files, name: str, endings: tuple[str, ...]) -> bool:
    """Return whether a name fits; a file that was named alone is looked into whatever it is called."""
    return isinstance(files, OneFile) or name.lower().removesuffix(".gz").endswith(endings)
