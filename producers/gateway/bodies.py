"""Reading a request's body within bounds: bytes, encodings, time."""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import Callable
from typing import Final, Protocol

from producers.gateway.admission import Budget
from producers.gateway.problems import Problem

ENCODINGS: Final = ("identity", "gzip", "deflate")

_GZIP_WINDOW: Final = 31
_ZLIB_WINDOW: Final = 15
_RAW_WINDOW: Final = -15
_ZLIB_METHOD: Final = 8


class Chunks(Protocol):
    """What a body arrives through."""

    async def readany(self) -> bytes:
        """Return the next bytes, empty at the end."""

    def is_eof(self) -> bool:
        """Whether everything has arrived."""

    def exception(self) -> BaseException | None:
        """Return why nothing more will arrive, if that is so."""

    def read_nowait(self) -> bytes:
        """Return what has arrived."""


def check_length(declared: str | None, limit: int) -> None:
    """Refuse by ``Content-Length``, before anything is read. Raises :class:`Problem`."""
    if declared is not None and declared.isascii() and declared.isdecimal() and int(declared[:20]) > limit:
        raise too_large(limit)


def check_encoding(value: str) -> str:
    """Return the content coding. Raises :class:`Problem` for those that are not taken."""
    coding = value.strip().lower() or "identity"
    coding = "gzip" if coding == "x-gzip" else coding
    if coding not in ENCODINGS:
        raise Problem(
            415,
            "content_encoding",
            f"send the body as one of: {', '.join(ENCODINGS)}",
            where="Content-Encoding",
        )
    return coding


def too_large(limit: int) -> Problem:
    """Return the refusal of a body beyond ``limit`` bytes."""
    return Problem(
        413, "too_large", f"a body may hold {limit} bytes at most, after decompression too; split it", close=True
    )


async def read_body(chunks: Chunks, *, limit: int, seconds: Callable[[], float], budget: Budget) -> bytes:
    """Read the body as sent. The caller gives its length back to ``budget`` when done with it. ``seconds`` tells what is left.

    Raises :class:`Problem` when it is too large (counted while reading: chunked bodies declare nothing) or too slow,
    and :class:`producers.publishing.publisher.Overloaded` when all bodies together are too much.
    """
    if chunks.is_eof() and chunks.exception() is None:
        body = chunks.read_nowait()  # it came with its head: nothing to wait for, and no deadline to set
        if len(body) > limit:
            raise too_large(limit)
        budget.take(len(body))
        return body
    parts: list[bytes] = []
    held = 0
    try:
        async with asyncio.timeout(seconds()):
            while chunk := await chunks.readany():
                budget.take(len(chunk))
                held += len(chunk)
                if held > limit:
                    raise too_large(limit)  # noqa: TRY301  # the budget is given back in one place
                parts.append(chunk)
    except TimeoutError:
        budget.give(held)
        raise Problem(408, "timeout", "the body did not arrive in time", close=True) from None
    except (
        RuntimeError
    ):  # aiohttp's word for a client that has gone between two reads; its other one, a second reader, can't be
        budget.give(held)
        raise ConnectionResetError("the client has gone") from None
    except BaseException:
        budget.give(held)
        raise
    return b"".join(parts)


def decompress(body: bytes, coding: str, limit: int) -> bytes:
    """Return the decoded body, never making more than ``limit`` bytes of it. Raises :class:`Problem`."""
    if coding == "identity":
        return body
    try:
        decoded = _inflate(body, coding, limit)
    except zlib.error:
        raise Problem(400, "malformed", f"the body is no {coding}", where="body") from None
    if decoded is None:
        raise Problem(400, "malformed", f"the {coding} body ends too early", where="body")
    if len(decoded) > limit:
        raise too_large(limit)
    return decoded


def _inflate(body: bytes, coding: str, limit: int) -> bytes | None:
    """Return ``limit + 1`` bytes at most, ``None`` for a body that is cut short. Gzip may have several members."""
    parts: list[bytes] = []
    room = limit + 1
    while True:
        machine = zlib.decompressobj(_window(body, coding))
        part = machine.decompress(body, room)
        parts.append(part)
        room -= len(part)
        if room <= 0:
            return b"".join(parts)
        if not machine.eof:
            return None
        body = machine.unused_data
        if not body:
            return b"".join(parts)
        if coding != "gzip":
            raise zlib.error


def _window(body: bytes, coding: str) -> int:
    if coding == "gzip":
        return _GZIP_WINDOW
    # "deflate" is zlib by the standard, and raw by the habit of some senders.
    is_zlib = len(body) > 1 and body[0] & 0x0F == _ZLIB_METHOD and int.from_bytes(body[:2], "big") % 31 == 0
    return _ZLIB_WINDOW if is_zlib else _RAW_WINDOW
