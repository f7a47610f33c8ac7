"""History through the front door: files of canonical events, posted to the gateway in order."""

from __future__ import annotations

import gzip
import http.client
import io
import secrets
import time
import zlib
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import IO, Any, Final, NamedTuple
from urllib.parse import urlsplit

import msgspec

from huoqun import codec, standard_webhooks
from huoqun.clock import now_ms
from huoqun.events import read_time
from producers.gateway.admission import SOURCE_HEADER

BATCH_EVENTS: Final = 500
BATCH_BYTES: Final = 512 * 1024
MAX_SHOWN: Final = 20
"""Refused lines that are kept to be shown."""

_GZIP_MAGIC: Final = b"\x1f\x8b"
_REQUEST_SECONDS: Final = 30.0
_FIRST_PAUSE: Final = 0.1
_LONGEST_PAUSE: Final = 2.0
_PACE_SECONDS: Final = 0.2
_STALE_SECONDS: Final = 5.0
_RETRIED: Final = (408, 429, 502, 503, 504)


class ReplayError(Exception):
    """The replay can't go on; the message says why and what to do."""


class Line(NamedTuple):
    """One event as it stands in a file (without its line end), and where."""

    data: bytes
    file: str
    number: int


class RefusedLine(NamedTuple):
    """A line that the gateway did not take."""

    file: str
    number: int
    where: str
    why: str


class Totals:
    """What has happened so far."""

    def __init__(self) -> None:
        self.accepted = 0
        self.refused = 0
        self.retries = 0
        self.shown: list[RefusedLine] = []

    def refuse(self, line: Line, where: str, why: str) -> None:
        """Count a refused line, and keep it if it is one of the first."""
        self.refused += 1
        if len(self.shown) < MAX_SHOWN:
            self.shown.append(RefusedLine(line.file, line.number, where, why))


def read_lines(path: Path, advanced: Callable[[int], None]) -> Iterator[Line]:
    """Return the non-empty lines of a file, gzip or not (told by its first bytes, not by its name).

    ``advanced`` is told how many bytes of the file have been read since it was last told. Raises :class:`ReplayError`.
    """
    try:
        with path.open("rb") as file:
            told = 0
            for number, data in enumerate(_opened(file), 1):
                line = data.strip()
                if line:
                    yield Line(line, str(path), number)
                position = file.tell()
                if position != told:
                    advanced(position - told)
                    told = position
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise ReplayError(f"{path}: damaged gzip: {error}") from None
    except OSError as error:
        raise ReplayError(f"{path}: {error.strerror or error}") from None


def _opened(file: io.BufferedReader) -> IO[bytes]:
    if file.peek(2)[:2] == _GZIP_MAGIC:
        return io.BufferedReader(gzip.GzipFile(fileobj=file), 256 * 1024)
    return file


def batches(
    lines: Iterable[Line], *, max_events: int = BATCH_EVENTS, max_bytes: int = BATCH_BYTES
) -> Iterator[list[Line]]:
    """Cut lines into batches of at most so many events and bytes (a longer line stands alone); order is kept."""
    batch: list[Line] = []
    held = 0
    for line in lines:
        size = len(line.data) + 1
        if batch and (len(batch) >= max_events or held + size > max_bytes):
            yield batch
            batch, held = [], 0
        batch.append(line)
        held += size
    if batch:
        yield batch


def paced(
    lines: Iterable[Line],
    speed: float,
    *,
    now: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
    max_events: int = BATCH_EVENTS,
    max_bytes: int = BATCH_BYTES,
) -> Iterator[list[Line]]:
    """Cut lines into batches as their event times come due, ``speed`` times as fast as they happened.

    The first event is due at once. Lines whose time can't be read go with their neighbours: the gateway says why.
    """
    batch: list[Line] = []
    held = 0
    started = now()
    first: int | None = None
    for line in lines:
        when = _time_of(line.data)
        if when is not None:
            first = when if first is None else first
            wait = (when - first) / 1000 / speed - (now() - started)
            if wait > _PACE_SECONDS:
                if batch:
                    yield batch
                    batch, held = [], 0
                wait = (when - first) / 1000 / speed - (now() - started)
                if wait > 0:
                    sleep(wait)
        if batch and (len(batch) >= max_events or held + len(line.data) + 1 > max_bytes):
            yield batch
            batch, held = [], 0
        batch.append(line)
        held += len(line.data) + 1
    if batch:
        yield batch


class _Timed(msgspec.Struct):
    ts: Any = None


_timed: Final = msgspec.json.Decoder(_Timed)


def _time_of(data: bytes) -> int | None:
    try:
        when = read_time(_timed.decode(data).ts)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    return when if isinstance(when, int) else None


class Client:
    """Posts batches one after another over one connection, again and again until each is answered for good.

    A batch is sent before the answer to it is read, and the next one is cut meanwhile. Since repeats are recognised
    by event id, a batch whose answer was lost is simply sent again.
    """

    def __init__(
        self,
        url: str,
        *,
        source: str | None,
        key: bytes | None,
        give_up_seconds: float,
        said: Callable[[str], None] = lambda _text: None,
    ) -> None:
        parts = urlsplit(url)
        try:
            host, port = parts.hostname, parts.port
        except ValueError:
            host = port = None
        if parts.scheme not in ("http", "https") or not host:
            raise ReplayError(f"{url}: an address looks like http://127.0.0.1:8080")
        self.url = url.rstrip("/")
        self._path = parts.path.rstrip("/") + "/v1/events"
        kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        self._connection = kind(host, port, timeout=_REQUEST_SECONDS)
        self._source = source
        self._key = key
        self._give_up_seconds = give_up_seconds
        self.said = said
        self._used_at = 0.0

    def send_all(
        self, all_batches: Iterable[Sequence[Line]], totals: Totals, advanced: Callable[[], None], *, ahead: bool = True
    ) -> None:
        """Send everything; ``advanced`` is called after each batch. Raises :class:`ReplayError` when it can't go on.

        ``ahead`` has the next batch cut while the gateway works; without, a late batch keeps nobody waiting.
        """
        waiting = deque[Sequence[Line]]()
        source = iter(all_batches)
        current = next(source, None)
        while current is not None:
            in_flight = self._try_send(current)
            if ahead and not waiting:
                following = next(source, None)  # cut while the gateway works
                if following is not None:
                    waiting.append(following)
            halves = self._settle(current, totals, in_flight=in_flight)
            if halves:
                waiting.extendleft(reversed(halves))
            else:
                advanced()
            current = waiting.popleft() if waiting else next(source, None)
        self._connection.close()

    def _settle(self, batch: Sequence[Line], totals: Totals, *, in_flight: bool) -> tuple[Sequence[Line], ...]:
        """Bring one batch to its end. Returns its halves if it was too large as a whole."""
        deadline = time.monotonic() + self._give_up_seconds
        pause = _FIRST_PAUSE
        while True:
            status, body, retry_after, trouble = self._answer() if in_flight else (0, b"", 0.0, "not connected")
            if status and status not in _RETRIED:
                return self._take(batch, status, body, totals)
            if time.monotonic() >= deadline:
                raise ReplayError(
                    f"{self.url}: no progress for {self._give_up_seconds:g} s ({trouble}); is the gateway running? "
                    "Start it (huoqun up, or huoqun gateway), or name its address with --url. Replaying the same files "
                    "again changes nothing that is already there."
                )
            totals.retries += 1
            self.said(f"waiting for the gateway: {trouble}")
            time.sleep(min(max(pause, retry_after), max(0.0, deadline - time.monotonic())))
            pause = min(pause * 2, _LONGEST_PAUSE)
            in_flight = self._try_send(batch)

    def _try_send(self, batch: Sequence[Line]) -> bool:
        body = b"\n".join(line.data for line in batch)
        headers = {"Content-Type": "application/x-ndjson"}
        if self._source is not None:
            headers[SOURCE_HEADER] = self._source
        if self._key is not None:
            headers |= standard_webhooks.sign(
                message_id=f"replay_{secrets.token_hex(12)}", timestamp_s=now_ms() // 1000, body=body, key=self._key
            )
        if time.monotonic() - self._used_at > _STALE_SECONDS:
            self._connection.close()  # the gateway has ended it by now, or is about to
        self._used_at = time.monotonic()
        try:
            self._connection.request("POST", self._path, body=body, headers=headers)
        except (OSError, http.client.HTTPException):
            self._connection.close()
            return False
        return True

    def _answer(self) -> tuple[int, bytes, float, str]:
        """Return status (0: none), body, seconds to wait, and what went wrong in words."""
        try:
            response = self._connection.getresponse()
            body = response.read()
        except (OSError, http.client.HTTPException) as error:
            self._connection.close()
            return 0, b"", 0.0, f"connection lost: {type(error).__name__}"
        retry_after = response.getheader("Retry-After") or ""
        return (
            response.status,
            body,
            float(retry_after) if retry_after.isdecimal() else 0.0,
            f"status {response.status} {_detail(body)}".strip(),
        )

    def _take(self, batch: Sequence[Line], status: int, body: bytes, totals: Totals) -> tuple[Sequence[Line], ...]:
        if status == 413:  # noqa: PLR2004  # Content Too Large
            if len(batch) > 1:
                return batch[: len(batch) // 2], batch[len(batch) // 2 :]
            totals.refuse(batch[0], "", f"the line is too large: {_detail(body)}")
            return ()
        answer = _decoded(body)
        refused = answer.get("refused")
        if status == 202 or (status == 400 and isinstance(refused, list)):  # noqa: PLR2004  # Accepted; all items bad
            found = refused if isinstance(refused, list) else []
            for item in found:
                totals.refuse(batch[item["index"]], str(item.get("where", "")), str(item.get("why", "")))
            totals.accepted += len(batch) - len(found)
            return ()
        raise ReplayError(f"{self.url}{'' if status != 404 else self._path}: status {status}: {_detail(body)}")  # noqa: PLR2004


def _decoded(body: bytes) -> dict[str, Any]:
    try:
        decoded = codec.decode_json(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return {}
    return decoded if isinstance(decoded, dict) else {}


def _detail(body: bytes) -> str:
    return str(_decoded(body).get("detail", "") or body[:200].decode("utf-8", "replace"))
