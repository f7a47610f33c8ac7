"""Records on local disk that wait for the broker: a queue of files that survives being killed at any moment.

A directory holds segments, named after their first record's number and time, which are only ever appended to; ``cursor``, a
small file that tells what was sent; and ``lock``, which keeps a second process out. What :meth:`Spool.append` has returned
from is on disk. A frame that was being written when the process or the machine died is cut off at the next start: nobody was
told that it is kept. Whatever else can't be read is counted, and its file is left there for people to look at.

All of it blocks, and belongs to one thread at a time.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import re
import struct
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final, NamedTuple

from crc32c import crc32c

from producers.publishing.publisher import Record
from producers.spool import frames
from producers.spool.frames import Frame

_SEGMENT: Final = re.compile(r"(\d{16,20})-(\d{13,20})\.spool", re.ASCII)
_SEGMENT_PARTS: Final = 16
"""The room is cut into so many segments: what was sent makes room again by the segment."""
_MOST_SEGMENT: Final = 16 * 1024 * 1024
_LEAST_SEGMENT: Final = 64 * 1024

_sync_data: Final = getattr(os, "fdatasync", os.fsync)  # not every system has the cheaper one

_CURSOR: Final = struct.Struct("<QQ")
_CHECKSUM: Final = struct.Struct("<I")
_CURSOR_FILE: Final = "cursor"
REFUSED_FILE: Final = "refused"


class Batch(NamedTuple):
    """What to send next; :meth:`Spool.done` is told when it was."""

    records: list[Record]
    sequence: int
    """The number of the record behind it."""
    end: int
    """Where it ends in its segment."""


class Position(NamedTuple):
    """What was sent: all before the record number ``sequence``, which was taken at ``at_ms``."""

    sequence: int
    at_ms: int


class Segment:
    """One file. ``size`` is how far it is known to be good."""

    __slots__ = ("at_ms", "damaged", "first", "forgiven", "path", "size")

    def __init__(self, path: Path, first: int, at_ms: int, size: int) -> None:
        self.path = path
        self.first = first
        self.at_ms = at_ms
        self.size = size
        self.damaged = False
        self.forgiven = 0
        """Numbers left out before it: of records that could not be written, as their senders were told."""


class Spool:
    """See the module. Everything raises :class:`OSError` for what the disk does; nothing that was kept is lost by that."""

    def __init__(self, directory: Path, limit: int) -> None:
        """Open it, or make it. Raises :class:`BlockingIOError` when another process has it."""
        self.directory = directory
        self.size = 0
        """Bytes on disk."""
        self.records = 0
        """How many wait to be sent."""
        self.oldest_ms: int | None = None
        """When the first of them was taken."""
        self.cut = 0
        """Bytes of frames that were never finished, cut off when it was opened."""
        self.damaged = 0
        """Bytes that could not be read."""
        self.lost = 0
        """Records that are known to have been in them."""
        self._most_segment = max(_LEAST_SEGMENT, min(_MOST_SEGMENT, limit // _SEGMENT_PARTS))
        self._segments: list[Segment] = []
        self._next = 0
        self._forgiven = 0
        self._sent = 0
        self._place = 0
        self._writing = self._reading = self._lock = -1
        directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        try:
            self._lock = os.open(directory / "lock", os.O_RDWR | os.O_CREAT, 0o600)
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            self._recover()
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Let go of the files; what waits is sent after the next start."""
        self._writing = _closed(self._writing)
        self._reading = _closed(self._reading)
        self._lock = _closed(self._lock)

    # Writing.

    def append(self, calls: Iterable[Sequence[Record]], now_ms: int) -> None:
        """Return when all records of all calls are on disk. On an error none of them counts as kept."""
        first = self._next
        made: list[bytes] = []
        for records in calls:
            made += frames.encode(self._next, now_ms, records)
            self._next += len(records)
        if not made:
            return
        count = self._next - first
        try:
            segment = self._segment_to_write(first, now_ms)
            left = memoryview(b"".join(made))
            while left:
                left = left[os.write(self._writing, left) :]
            _sync_data(self._writing)
        except OSError:
            self._take_back(count)
            raise
        size = sum(map(len, made))
        segment.size += size
        self.size += size
        self.records += count
        if self.oldest_ms is None:
            self.oldest_ms = now_ms

    def _segment_to_write(self, first: int, now_ms: int) -> Segment:
        if self._writing >= 0 and self._segments[-1].size < self._most_segment:
            return self._segments[-1]
        self._writing = _closed(self._writing)
        path = self.directory / f"{first:016d}-{now_ms:013d}.spool"
        self._writing = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND, 0o600)
        segment = Segment(path, first, now_ms, 0)
        segment.forgiven, self._forgiven = self._forgiven, 0
        self._segments.append(segment)
        _sync(self.directory)
        return segment

    def _take_back(self, count: int) -> None:
        """Undo a failed write as far as possible. Its file is written no more, its numbers are not used again."""
        if self._writing >= 0:
            with contextlib.suppress(OSError):
                os.ftruncate(self._writing, self._segments[-1].size)
        self._writing = _closed(self._writing)
        self._forgiven += count
        if self._segments and not self._segments[-1].size:
            segment = self._segments.pop()
            self._forgiven += segment.forgiven
            with contextlib.suppress(OSError):
                segment.path.unlink()

    # Reading.

    def read(self, until_ms: int | None = None) -> Batch | None:
        """Return what is to be sent next, of what was taken at ``until_ms`` or before; ``None`` if there is nothing."""
        while self._segments:
            segment = self._segments[0]
            data = self._window(segment)
            if not data:
                self._leave(segment)
                continue
            whole = self._place + len(data) >= segment.size
            found = frames.decode(data, 0, whole=whole)
            if not isinstance(found, Frame):
                self._note_damage(segment, len(data) if found is None else found.size)
            elif found.sequence < self._sent:
                self._place += found.size  # sent before it was opened
            elif until_ms is not None and found.at_ms > until_ms:
                return None
            else:
                self._note_missing(segment, found.sequence)
                return self._batch(data, found, until_ms, whole=whole)
        self.records = 0
        self.oldest_ms = None
        return None

    def _batch(self, data: bytes, frame: Frame, until_ms: int | None, *, whole: bool) -> Batch:
        records, place = frame.records, frame.size
        sequence = frame.sequence + len(records)
        while place < len(data):
            found = frames.decode(data, place, whole=whole)
            if not isinstance(found, Frame) or found.sequence != sequence:
                break  # seen to when it is the first
            if until_ms is not None and found.at_ms > until_ms:
                break
            records += found.records
            sequence += len(found.records)
            place += found.size
        return Batch(records, sequence, self._place + place)

    def _window(self, segment: Segment) -> bytes:
        """Return the bytes from where reading is, as many as one frame can have."""
        wanted = min(frames.MOST_BYTES, segment.size - self._place)
        if wanted <= 0:
            return b""
        if self._reading < 0:
            self._reading = os.open(segment.path, os.O_RDONLY)
        data = os.pread(self._reading, wanted, self._place)
        if not data:
            self._note_damage(segment, wanted)  # the file is shorter than it was
        return data

    def _note_damage(self, segment: Segment, size: int) -> None:
        segment.damaged = True
        self.damaged += size
        self._place += size

    def _note_missing(self, segment: Segment, sequence: int) -> None:
        missing = sequence - self._sent
        if missing > 0:
            forgiven = min(missing, segment.forgiven)
            segment.forgiven -= forgiven
            self.lost += missing - forgiven
            self.records = max(0, self.records - missing + forgiven)
            self._sent = sequence

    def done(self, batch: Batch) -> None:
        """Note that the batch read last was sent. Even if that can't be written, it is not read again before the next start."""
        self.records = max(0, self.records - (batch.sequence - self._sent))
        self._sent, self._place = batch.sequence, batch.end
        segment = self._segments[0]
        finished = self._place >= segment.size
        following = self._segments[1] if finished and len(self._segments) > 1 else None
        if finished:
            self.oldest_ms = None if following is None else following.at_ms
        else:
            self.oldest_ms = frames.when(os.pread(self._reading, frames.HEAD_BYTES, self._place)) or self.oldest_ms
        _write_cursor(self.directory, Position(self._sent, self.oldest_ms or 0))
        if finished:
            self._leave(segment)

    def _leave(self, segment: Segment) -> None:
        """Be done with the first segment: all of it was sent, or can't be read."""
        self._reading = _closed(self._reading)
        if len(self._segments) == 1:
            self._writing = _closed(self._writing)
        with contextlib.suppress(OSError):  # what can't be removed is sent again after the next start
            if segment.damaged:
                segment.path.rename(segment.path.with_suffix(".damaged"))
            else:
                segment.path.unlink(missing_ok=True)
        self._segments.pop(0)
        self.size -= segment.size
        self._place = 0

    def set_aside(self, records: Sequence[Record], now_ms: int) -> None:
        """Keep in a file of its own what the broker will never take."""
        descriptor = os.open(self.directory / REFUSED_FILE, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            for frame in frames.encode(self._sent, now_ms, records):
                os.write(descriptor, frame)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    # Opening.

    def _recover(self) -> None:
        self._segments = segments_in(self.directory)
        position = read_cursor(self.directory)
        self._next = self._find_end()
        if position is None:
            self._sent = self._segments[0].first if self._segments else self._next
        else:
            self._sent = position.sequence
            self._next = max(self._next, self._sent)
        ends = [*(s.first for s in self._segments[1:]), self._next]
        for segment, end in zip(tuple(self._segments), ends, strict=False):
            if end <= self._sent or not segment.size:
                segment.path.unlink()
                self._segments.remove(segment)
        self.size = sum(s.size for s in self._segments)
        self.records = self._next - self._sent if self._segments else 0
        self.oldest_ms = _oldest(self._segments, position)

    def _find_end(self) -> int:
        """Cut off what was not finished; return the number of the next record."""
        if not self._segments:
            return 0
        last = self._segments[-1]
        data = last.path.read_bytes()
        place = good = 0
        following = last.first
        while place < len(data):
            found = frames.decode(data, place, whole=True)
            assert found is not None
            place += found.size
            if isinstance(found, Frame):
                good, following = place, found.sequence + len(found.records)
        if good < len(data):
            self.cut = len(data) - good
            os.truncate(last.path, good)
        last.size = good
        return following


def segments_in(directory: Path) -> list[Segment]:
    """Return the segments of a spool, the oldest first; none where there is no such directory."""
    found = []
    with contextlib.suppress(FileNotFoundError), os.scandir(directory) as entries:
        for entry in entries:
            match = _SEGMENT.fullmatch(entry.name)
            if match is not None:
                with contextlib.suppress(FileNotFoundError):  # its owner may be done with it just now
                    found.append(Segment(Path(entry.path), int(match[1]), int(match[2]), entry.stat().st_size))
    return sorted(found, key=lambda s: s.first)


def waiting_since(directory: Path) -> int | None:
    """Return when the oldest record of a spool was taken (ms), whoever it belongs to; ``None`` if nothing waits there."""
    segments = segments_in(directory)
    return _oldest(segments, read_cursor(directory)) if segments else None


def _oldest(segments: Sequence[Segment], position: Position | None) -> int | None:
    if not segments:
        return None
    begun = position is not None and position.at_ms and position.sequence > segments[0].first
    return position.at_ms if position is not None and begun else segments[0].at_ms


def read_cursor(directory: Path) -> Position | None:
    """Return what was sent; ``None`` if that is not known."""
    try:
        data = (directory / _CURSOR_FILE).read_bytes()
    except OSError:
        return None
    if len(data) != _CURSOR.size + _CHECKSUM.size or _CHECKSUM.unpack_from(data, _CURSOR.size)[0] != crc32c(
        data[: _CURSOR.size]
    ):
        return None
    return Position(*_CURSOR.unpack_from(data))


def _write_cursor(directory: Path, position: Position) -> None:
    """Replace the cursor. Not synced: if the machine dies, some of what was sent is sent again."""
    data = _CURSOR.pack(*position)
    new = directory / "cursor.new"
    new.write_bytes(data + _CHECKSUM.pack(crc32c(data)))
    new.replace(directory / _CURSOR_FILE)


def _sync(directory: Path) -> None:
    """Have new names in a directory survive the machine."""
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _closed(descriptor: int) -> int:
    """Close a file, if one is open; return what stands for none."""
    if descriptor >= 0:
        with contextlib.suppress(OSError):
            os.close(descriptor)
    return -1
