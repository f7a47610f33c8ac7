"""Events in the order of time, however many there are: sorted piece by piece in memory, put together from a file on disk.

Exports come in the order of channels, of ids, or in none; a group's events must come in theirs, or they would be late.
"""

from __future__ import annotations

import heapq
import os
import struct
import tempfile
from collections.abc import Iterator
from operator import itemgetter
from pathlib import Path
from typing import Final, NamedTuple

PIECE_BYTES: Final = 64 * 1024 * 1024
_EXTRA_BYTES: Final = 200
"""What an event costs in memory beside its own bytes."""
_READ_BYTES: Final = 128 * 1024
_HEAD: Final = struct.Struct("<qIII")

_Sortable = tuple[int, int, int, bytes]
_TIME: Final = itemgetter(0)


class Kept(NamedTuple):
    """An event as it was put in: its time, its file (a number), its line, and its bytes."""

    ts: int
    file: int
    line: int
    data: bytes


class Sorter:
    """Takes events in any order and gives them back in the order of time; of equals the first put in comes first."""

    def __init__(self, directory: Path, piece_bytes: int = PIECE_BYTES) -> None:
        """Use a file in ``directory`` that nobody else sees and that is gone when this process is, however it ends."""
        self._directory = directory
        self._piece_bytes = piece_bytes
        self._held: list[_Sortable] = []
        self._size = 0
        self._file: int | None = None
        self._pieces: list[tuple[int, int]] = []
        """Where each sorted piece begins and ends in the file."""
        self.count = 0

    def add(self, ts: int, file: int, line: int, data: bytes) -> None:
        """Put in one event. Raises :class:`OSError` when the disk is full."""
        self._held.append((ts, file, line, data))
        self._size += len(data) + _EXTRA_BYTES
        self.count += 1
        if self._size > self._piece_bytes:
            self._write()

    def _write(self) -> None:
        if self._file is None:
            self._directory.mkdir(parents=True, exist_ok=True)
            self._file, name = tempfile.mkstemp(prefix="sorting-", dir=self._directory)
            Path(name).unlink()
        begin = self._pieces[-1][1] if self._pieces else 0
        at = begin
        self._held.sort(key=_TIME)
        buffer = bytearray()
        for ts, file, line, data in self._held:
            buffer += _HEAD.pack(ts, file, line, len(data))
            buffer += data
            if len(buffer) > _READ_BYTES:
                at += _write_all(self._file, buffer, at)
                buffer.clear()
        at += _write_all(self._file, buffer, at)
        self._pieces.append((begin, at))
        self._held.clear()
        self._size = 0

    def events(self) -> Iterator[Kept]:
        """Return all events in the order of time; may be asked for again."""
        self._held.sort(key=_TIME)
        pieces = [self._piece(begin, end) for begin, end in self._pieces]
        yield from map(Kept._make, heapq.merge(*pieces, self._held, key=_TIME))

    def _piece(self, at: int, end: int) -> Iterator[_Sortable]:
        assert self._file is not None, "there are pieces in it"
        held = b""
        while at < end or held:
            more = os.pread(self._file, min(_READ_BYTES, end - at), at)
            at += len(more)
            held += more
            place = 0
            while place + _HEAD.size <= len(held):
                ts, file, line, size = _HEAD.unpack_from(held, place)
                stop = place + _HEAD.size + size
                if stop > len(held):
                    break
                yield ts, file, line, held[place + _HEAD.size : stop]
                place = stop
            held = held[place:]
            if not more and held:
                raise OSError("the file that events are sorted in was cut off")

    def close(self) -> None:
        """Give the disk back."""
        if self._file is not None:
            os.close(self._file)
            self._file = None


def _write_all(file: int, data: bytearray, at: int) -> int:
    view = memoryview(data)
    written = 0
    while written < len(view):
        written += os.pwrite(file, view[written:], at + written)
    view.release()
    return written
