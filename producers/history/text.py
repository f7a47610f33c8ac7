"""Lines of text files, whatever encoding they were written in: UTF-8, UTF-16, or an older one, line by line."""

from __future__ import annotations

import codecs
import csv
from collections.abc import Iterator
from typing import Final, NamedTuple

from producers.history.files import DamagedError, Files, Stream

MOST_LINE: Final = 4 * 1024 * 1024
CHINESE: Final = "gb18030"
WESTERN: Final = "cp1252"

_WIDE_BYTES: Final = bytes(range(0x80, 0x100))
_UTF16: Final = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


class Line(NamedTuple):
    """A line without its end; the first is 1."""

    number: int
    text: str


class Row(NamedTuple):
    """A line of a CSV: the number of the line where it begins, and its cells by column."""

    number: int
    cells: dict[str, str]


def lines(files: Files, name: str, older: str) -> Iterator[Line]:
    """Return the lines of a file. Those that are not UTF-8 are read as ``older``. Raises :class:`DamagedError`."""
    head = files.head(name)
    with files.open(name) as stream:
        if head.startswith(_UTF16):
            yield from _wide_lines(stream)
            return
        first = _encoding(head, older)
        for number, data in enumerate(_cut(stream), 1):
            yield Line(number, _text(data.removeprefix(codecs.BOM_UTF8) if number == 1 else data, first, older))


def head_lines(files: Files, name: str, older: str) -> list[str]:
    """Return the first lines of a file as far as they are whole."""
    data = files.head(name)
    if data.startswith(_UTF16):
        return data.decode("utf-16", "replace").split("\n")[:-1]
    first = _encoding(data, older)
    whole = data.removeprefix(codecs.BOM_UTF8).split(b"\n")
    return [_text(line, first, older) for line in (whole[:-1] if len(whole) > 1 else whole)]


def _encoding(head: bytes, older: str) -> str:
    """Return what to try first. Chinese files are of one kind throughout, and some of their words happen to be UTF-8."""
    if older == CHINESE:
        wide = len(head) - len(head.translate(None, _WIDE_BYTES))
        if 20 * head.decode("utf-8", "replace").count("\ufffd") > wide:  # more than an accident
            return older
    return "utf-8"


def _text(data: bytes, first: str, older: str) -> str:
    data = data.removesuffix(b"\r")
    try:
        return data.decode(first)
    except UnicodeDecodeError:
        return data.decode(older, "replace")


def _cut(stream: Stream) -> Iterator[bytes]:
    held = b""
    number = 0
    while data := stream.read():
        parts = (held + data).split(b"\n")
        held = parts.pop()
        number += len(parts)
        yield from parts
        if len(held) > MOST_LINE:
            raise DamagedError(f"a line of more than {MOST_LINE // 1024**2} MiB: this is no text", number + 1)
    if held:
        yield held


def _wide_lines(stream: Stream) -> Iterator[Line]:
    decoder = codecs.getincrementaldecoder("utf-16")("replace")
    held = ""
    number = 0
    while True:
        data = stream.read()
        parts = (held + decoder.decode(data, final=not data)).split("\n")
        held = parts.pop()
        for part in parts:
            number += 1
            yield Line(number, part.removesuffix("\r"))
        if not data:
            break
        if len(held) > MOST_LINE:
            raise DamagedError(f"a line of more than {MOST_LINE // 1024**2} MiB: this is no text", number + 1)
    if held:
        yield Line(number + 1, held)


def rows(files: Files, name: str, older: str) -> Iterator[Row | DamagedError]:
    """Return the lines of a CSV with a head; a damaged one as what is wrong with it."""
    reader = csv.reader(line.text + "\n" for line in lines(files, name, older))
    columns: list[str] | None = None
    while True:
        number = reader.line_num + 1
        try:
            cells = next(reader, None)
        except csv.Error as error:
            yield DamagedError(f"not CSV: {error}", number)
            continue
        if cells is None:
            return
        if columns is None:
            columns = [cell.strip() for cell in cells]
        elif cells:
            yield Row(number, dict(zip(columns, cells, strict=False)))
