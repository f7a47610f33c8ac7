"""Large JSON, read value by value: what a whole file would cost in memory is what its largest message costs.

Only the way to the messages is followed here; each message is decoded whole by msgspec, which says what is wrong in it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final, NamedTuple

import msgspec

from producers.history.files import CHUNK_BYTES, DamagedError, Stream

MOST_VALUE: Final = 64 * 1024 * 1024
"""The longest single message (or other value) that is read."""

_SPACE: Final = re.compile(rb"[ \t\r\n]*")
_TO_BRACKET: Final = re.compile(rb'(?:[^"{}\[\]]++|"[^"\\]*+(?:\\.[^"\\]*+)*+")*+[{}\[\]]', re.DOTALL)
"""Up to the next bracket that stands in no string; nothing is tried twice."""
_STRING: Final = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"', re.DOTALL)
_PLAIN: Final = re.compile(rb"[^\s,\]}{\[\":]+")
_OPENING: Final = b"{["
_BOM: Final = b"\xef\xbb\xbf"
_BAD_ESCAPE: Final = re.compile(rb"(?<!\\)((?:\\\\)*)\\x([0-9A-Fa-f]{2})")
"""What Telegram Desktop writes for control characters; JSON knows no such thing."""


class Raw(NamedTuple):
    """A value as it stands in the file, and the line where it begins."""

    data: bytes
    line: int

    def decode(self) -> Any:
        """Return the value. Raises :class:`DamagedError` with its line."""
        try:
            return _decoded(self.data)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise DamagedError(f"not JSON: {error}", self.line) from None


def _decoded(data: bytes) -> Any:
    try:
        return msgspec.json.decode(data)
    except msgspec.DecodeError:
        if b"\\x" not in data:
            raise
        return msgspec.json.decode(_BAD_ESCAPE.sub(rb"\1\\u00\2", data))


class Scanner:
    """Walks through one document from its beginning to its end. Everything raises :class:`DamagedError`."""

    def __init__(self, stream: Stream) -> None:
        self._stream = stream
        self._data = b""
        self._at = 0
        self.line = 1
        self._read_on()
        if self._data.startswith(_BOM):
            self._at = len(_BOM)

    def peek(self) -> bytes:
        """Return the first byte of what comes next; nothing at the end."""
        while True:
            match = _SPACE.match(self._data, self._at)
            assert match is not None, "no space at all is a match, too"
            self._go(match.end())
            if self._at < len(self._data) or not self._read_on():
                return self._data[self._at : self._at + 1]

    def fields(self) -> Iterator[str]:
        """Enter an object and return its keys one after another; the value of each has to be taken before the next."""
        self._expect(b"{")
        if self.peek() == b"}":
            self._go(self._at + 1)
            return
        while True:
            if self.peek() != b'"':
                raise self._broken("a name in quotes")
            key = self.value()
            self._expect(b":")
            yield key
            if not self._goes_on(b"}"):
                return

    def entries(self) -> Iterator[None]:
        """Enter an array; each of its values has to be taken before the next."""
        self._expect(b"[")
        if self.peek() == b"]":
            self._go(self._at + 1)
            return
        while True:
            yield None
            if not self._goes_on(b"]"):
                return

    def each(self) -> Iterator[Raw]:
        """Take the values of an array one after another."""
        for _ in self.entries():
            yield self.raw()

    def raw(self) -> Raw:
        """Take the next value whole."""
        first, line = self.peek(), self.line
        if first in (b"{", b"["):
            end = self._end_of_nest()
        elif first == b'"':
            end = self._end_of_string()
        else:
            end = self._end_of_plain()
        data = self._data[self._at : end]
        self._go(end)
        return Raw(data, line)

    def value(self) -> Any:
        """Take and decode the next value."""
        return self.raw().decode()

    def skip(self) -> None:
        """Pass over the next value, however long it is."""
        if self.peek() not in (b"{", b"["):
            self.raw()
            return
        depth = 0
        while True:
            match = _TO_BRACKET.match(self._data, self._at)
            if match is None:
                self._need_more()
                continue
            self._go(match.end())
            depth += 1 if self._data[self._at - 1] in _OPENING else -1
            if depth == 0:
                return

    def _end_of_nest(self) -> int:
        depth, at = 0, self._at
        while True:
            match = _TO_BRACKET.match(self._data, at)
            if match is None:
                at -= self._at
                self._need_more()
                continue
            at = match.end()
            depth += 1 if self._data[at - 1] in _OPENING else -1
            if depth == 0:
                return at

    def _end_of_string(self) -> int:
        while True:
            match = _STRING.match(self._data, self._at)
            if match is not None:
                return match.end()
            self._need_more()

    def _end_of_plain(self) -> int:
        while True:
            match = _PLAIN.match(self._data, self._at)
            if match is None:
                raise self._broken("a value")
            if match.end() < len(self._data) or not self._read_on():
                return match.end()

    def _need_more(self) -> None:
        if not self._read_on():
            raise self._broken("its end")

    def _read_on(self) -> bool:
        """Read as much again as is held; what lies behind is forgotten, so what is ahead begins at 0 then."""
        held = self._data[self._at :]
        if len(held) > MOST_VALUE:
            raise DamagedError(f"a single value of more than {MOST_VALUE // 1024**2} MiB", self.line)
        data = self._stream.read(max(CHUNK_BYTES, len(held)))
        if not data:
            return False
        self._data, self._at = held + data, 0
        return True

    def _go(self, to: int) -> None:
        self.line += self._data.count(b"\n", self._at, to)
        self._at = to

    def _goes_on(self, close: bytes) -> bool:
        following = self.peek()
        if following not in (b",", close):
            raise self._broken(f"',' or '{close.decode()}'")
        self._go(self._at + 1)
        return following == b","

    def _expect(self, char: bytes) -> None:
        if self.peek() != char:
            raise self._broken(f"'{char.decode()}'")
        self._go(self._at + 1)

    def _broken(self, wanted: str) -> DamagedError:
        return DamagedError(f"not JSON: {wanted} is missing here, or the file breaks off", self.line)
