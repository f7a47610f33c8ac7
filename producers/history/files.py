"""Where an export lies: a file, a directory, a zip or a tar. Read in place, never unpacked; damage and bombs are told apart.

Nothing is written and no name in an archive is ever used as a path. Links are not followed.
"""

from __future__ import annotations

import contextlib
import gzip
import io
import lzma
import os
import re
import tarfile
import zipfile
import zlib
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO, Any, Final, Self, cast

HEAD_BYTES: Final = 64 * 1024
"""What a format is recognised by."""
MOST_FILES: Final = 1_000_000
MOST_RATIO: Final = 300
"""Chats shrink to a tenth or a thirtieth; what grows more than this when it is unpacked …"""
FREE_BYTES: Final = 64 * 1024 * 1024
"""… beyond so much is a bomb."""
CHUNK_BYTES: Final = 256 * 1024

_GZIP: Final = b"\x1f\x8b"
_ZIP: Final = (b"PK\x03\x04", b"PK\x05\x06")
_TAR_NAMES: Final = (".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tar.xz")
_UTF8_NAME: Final = 0x800
_ENCRYPTED: Final = 0x1
_BROKEN: Final = (
    zipfile.BadZipFile, tarfile.TarError, gzip.BadGzipFile, zlib.error, lzma.LZMAError, EOFError, NotImplementedError,
    RuntimeError, ValueError,
)  # fmt: skip


class DamagedError(Exception):
    """A file can't be read on. The message says where and why."""

    def __init__(self, why: str, line: int = 0) -> None:
        super().__init__(why)
        self.why = why
        self.line = line
        """0: nowhere in particular."""


class Stream:
    """One file being read, from the beginning to the end once; ``read`` returns nothing at the end."""

    def __init__(self, file: IO[bytes], most: int) -> None:
        self._file = file
        self._left = most

    def read(self, size: int = CHUNK_BYTES) -> bytes:
        """Return the next bytes. Raises :class:`DamagedError`."""
        with damage():
            data = self._file.read(size)
        self._left -= len(data)
        if self._left < 0:
            raise DamagedError(f"unpacks to more than {MOST_RATIO} times its size: this is no chat")
        return data

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()


@contextlib.contextmanager
def damage() -> Iterator[None]:
    """Turn what the libraries raise on a damaged or unreadable file into :class:`DamagedError`."""
    try:
        yield
    except DamagedError:
        raise
    except OSError as error:
        raise DamagedError(error.strerror or str(error) or type(error).__name__) from None
    except _BROKEN as error:
        raise DamagedError(f"damaged archive: {str(error) or type(error).__name__}") from None


class Files(ABC):
    """The files of one export, by names with slashes. ``label`` is what was given on the command line."""

    def __init__(self, label: str) -> None:
        self.label = label

    @property
    @abstractmethod
    def names(self) -> Sequence[str]:
        """All files, in an order that is always the same."""

    @abstractmethod
    def _open(self, name: str) -> tuple[IO[bytes], int]:
        """Return an open file and how many bytes it may give."""

    def open(self, name: str) -> Stream:
        """Open one of them, unpacked if it is gzip. Raises :class:`DamagedError`."""
        with damage():
            file, most = self._open(name)
            return Stream(file, most)

    def head(self, name: str, size: int = HEAD_BYTES) -> bytes:
        """Return how a file begins. Raises :class:`DamagedError`."""
        parts: list[bytes] = []
        with self.open(name) as stream:
            while size > 0 and (data := stream.read(size)):
                parts.append(data)
                size -= len(data)
        return b"".join(parts)

    def shown(self, name: str) -> str:
        """Return what a file is called in messages."""
        return f"{self.label}/{name}"

    def path(self, name: str) -> str:
        """Return the file's path as far as it tells something: exports keep names in it."""
        return name

    def close(self) -> None:  # noqa: B027  # most have nothing to let go of
        """Let go of the archive."""


class OneFile(Files):
    """A single file, gzip or not."""

    def __init__(self, path: Path) -> None:
        super().__init__(str(path))
        self._path = path

    @property
    def names(self) -> Sequence[str]:
        """Its name."""
        return (self._path.name,)

    def _open(self, name: str) -> tuple[IO[bytes], int]:
        del name
        return unpacked(self._path.open("rb"), self._path.stat().st_size)

    def shown(self, name: str) -> str:
        """Return what was given."""
        del name
        return self.label

    def path(self, name: str) -> str:
        """Return the folders around it, too: bouncers name them after networks and channels."""
        del name
        return "/".join(self._path.absolute().parts[-3:])


class Directory(Files):
    """All plain files below a directory."""

    def __init__(self, path: Path) -> None:
        super().__init__(str(path))
        self._path = path
        with damage():
            self._names = sorted(self._walk(), key=in_order)

    def _walk(self) -> Iterator[str]:
        found = 0
        for folder, folders, files in os.walk(self._path, followlinks=False):
            folders[:] = [f for f in folders if not (Path(folder) / f).is_symlink()]
            for file in files:
                whole = Path(folder) / file
                if not file.startswith(".") and whole.is_file() and not whole.is_symlink():
                    found += 1
                    if found > MOST_FILES:
                        raise DamagedError(f"more than {MOST_FILES:,} files")
                    yield whole.relative_to(self._path).as_posix()

    @property
    def names(self) -> Sequence[str]:
        """Part 2 before part 10."""
        return self._names

    def _open(self, name: str) -> tuple[IO[bytes], int]:
        whole = self._path / name
        return unpacked(whole.open("rb"), whole.stat().st_size)

    def path(self, name: str) -> str:
        """Return the directory's own name before it."""
        return f"{self._path.absolute().name}/{name}"


class Zip(Files):
    """The files in a zip."""

    def __init__(self, path: Path) -> None:
        super().__init__(str(path))
        with damage():
            self._zip = zipfile.ZipFile(path)
        entries = self._zip.infolist()
        if len(entries) > MOST_FILES:
            raise DamagedError(f"more than {MOST_FILES:,} files")
        self._entries = {name_of(e): e for e in entries if not e.is_dir() and is_safe(name_of(e))}
        self._names = sorted(self._entries, key=in_order)

    @property
    def names(self) -> Sequence[str]:
        """Part 2 before part 10."""
        return self._names

    def _open(self, name: str) -> tuple[IO[bytes], int]:
        entry = self._entries[name]
        if entry.flag_bits & _ENCRYPTED:
            raise DamagedError("is encrypted; unpack it with its password first")
        file = self._zip.open(entry)
        return unpacked(file, entry.compress_size)

    def close(self) -> None:
        """Close it."""
        self._zip.close()


class Tar(Files):
    """The files in a tar, packed or not, in the order in which they lie there: going back would unpack it all again."""

    def __init__(self, path: Path) -> None:
        super().__init__(str(path))
        self._limit = path.stat().st_size * MOST_RATIO + FREE_BYTES
        with damage():
            self._tar = tarfile.open(path)  # noqa: SIM115  # closed by close()
            self._entries: dict[str, tarfile.TarInfo] = {}
            total = 0
            for entry in self._tar:
                total += entry.size
                if total > self._limit or len(self._entries) > MOST_FILES:
                    raise DamagedError(f"unpacks to more than {MOST_RATIO} times its size: this is no chat")
                if entry.isreg() and is_safe(entry.name):
                    self._entries[entry.name.removeprefix("./")] = entry

    @property
    def names(self) -> Sequence[str]:
        """As they lie there."""
        return tuple(self._entries)

    def _open(self, name: str) -> tuple[IO[bytes], int]:
        file = self._tar.extractfile(self._entries[name])
        if file is None:
            raise DamagedError("is no plain file")
        return file, self._limit

    def close(self) -> None:
        """Close it."""
        self._tar.close()


def open_path(path: Path) -> Files:
    """Return the files at a path, told apart by what they are. Raises :class:`DamagedError`."""
    if path.is_dir():
        return Directory(path)
    with damage(), path.open("rb") as file:
        magic = file.read(4)
    if magic in _ZIP:
        return Zip(path)
    if path.name.lower().endswith(_TAR_NAMES):
        return Tar(path)
    return OneFile(path)


def unpacked(file: IO[bytes], size: int) -> tuple[IO[bytes], int]:
    """Return the file, unpacked if it is gzip (told by its first bytes), and how many bytes it may give."""
    most = size * MOST_RATIO + FREE_BYTES
    try:
        buffered: io.BufferedReader[Any] = io.BufferedReader(file, CHUNK_BYTES)
        if buffered.peek(2)[:2] == _GZIP:
            return cast("IO[bytes]", _Gzip(buffered)), most
    except BaseException:
        file.close()
        raise
    return buffered, most


class _Gzip(gzip.GzipFile):
    """Closes what lies beneath, too."""

    def __init__(self, file: io.BufferedReader[Any]) -> None:
        super().__init__(fileobj=file)
        self._beneath = file

    def close(self) -> None:
        super().close()
        self._beneath.close()


def name_of(entry: zipfile.ZipInfo) -> str:
    """Return a zip entry's name; packers on Chinese and Western systems write their own encodings and don't say so."""
    if entry.flag_bits & _UTF8_NAME:
        return entry.filename
    try:
        raw = entry.filename.encode("cp437")
    except UnicodeEncodeError:
        return entry.filename
    for encoding in ("utf-8", "gb18030"):
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    return entry.filename


def is_safe(name: str) -> bool:
    """Return whether an archive's name stays inside it. Others are not even shown."""
    parts = name.replace("\\", "/").split("/")
    return bool(name) and not name.startswith(("/", "\\")) and ".." not in parts and ":" not in parts[0]


_DIGITS: Final = re.compile(r"(\d+)")


def in_order(name: str) -> tuple[tuple[int, int, str], ...]:
    """Return a key that sorts part 2 before part 10."""
    return tuple(
        (0, int(part[:18]), part) if part.isdecimal() else (1, 0, part) for part in _DIGITS.split(name) if part
    )
