"""Canonical events of a process that can't be told to wait, brought to the gateway: in order, and again until it has them.

What a relay reads keeps coming whether or not the gateway answers, so events wait in memory, so many and no more. Repeats are
recognised by event id: a batch whose answer was lost is simply sent again.
"""

from __future__ import annotations

import asyncio
import secrets
from collections import Counter, deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Final, NamedTuple

import aiohttp
import msgspec

from huoqun import codec, log, standard_webhooks
from producers.gateway.admission import SOURCE_HEADER

BATCH_EVENTS: Final = 500
BATCH_BYTES: Final = 512 * 1024

_FIRST_PAUSE: Final = 0.5
_LONGEST_PAUSE: Final = 30.0
_LONGEST_ASKED: Final = 300.0
_REQUEST_SECONDS: Final = 30.0
_BUSY: Final = (408, 425, 429, 500, 502, 503, 504)
_TOO_LARGE: Final = 413
_ACCEPTED: Final = 202
_MALFORMED: Final = 400


class Answer(NamedTuple):
    """What the gateway says. Status 0: nothing, it could not be reached."""

    status: int
    body: bytes = b""
    retry_after: float = 0.0


Post = Callable[[bytes, Mapping[str, str]], Awaitable[Answer]]
"""Posts a body with headers. Never raises."""


class Forwarder:
    """Holds at most ``most`` events and posts them, signed with ``key`` (None: unsigned, to this machine's gateway).

    ``clock`` returns milliseconds since the epoch, ``sleep`` waits for seconds.
    """

    def __init__(
        self,
        post: Post,
        *,
        key: bytes | None,
        source: str,
        most: int,
        clock: Callable[[], int],
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._post = post
        self._key = key
        self._source = source
        self._most = most
        self._clock = clock
        self._sleep = sleep
        self._waiting: deque[bytes] = deque()
        self._under_way = 0
        self._some = asyncio.Event()
        self._none = asyncio.Event()
        self._none.set()
        self._log = log.get("relay")
        self.counts: Counter[str] = Counter()
        """``accepted``, ``refused`` by the gateway, ``dropped`` because too many wait, ``retries``."""

    @property
    def waiting(self) -> int:
        """How many events the gateway does not have yet."""
        return len(self._waiting) + self._under_way

    def put(self, event: Mapping[str, Any]) -> bool:
        """Take an event; ``False``: too many wait, it is dropped and counted."""
        if self.waiting >= self._most:
            self.counts["dropped"] += 1
            if self.counts["dropped"] % 1000 == 1:
                self._log.error("events are dropped: too many wait for the gateway", dropped=self.counts["dropped"])
            return False
        self._waiting.append(msgspec.json.encode(event))
        self._some.set()
        self._none.clear()
        return True

    async def run(self) -> None:
        """Send what comes, for ever."""
        while True:
            await self._some.wait()
            batch = self._cut()
            self._under_way = len(batch)
            await self._settle(batch)
            self._under_way = 0
            if not self._waiting:
                self._some.clear()
                self._none.set()

    async def drained(self, seconds: float) -> bool:
        """Wait until the gateway has everything, but no longer than that. Returns whether it has."""
        try:
            await asyncio.wait_for(self._none.wait(), seconds)
        except TimeoutError:
            return False
        return True

    def _cut(self) -> list[bytes]:
        batch: list[bytes] = []
        held = 0
        while self._waiting and len(batch) < BATCH_EVENTS and held + len(self._waiting[0]) < BATCH_BYTES:
            batch.append(self._waiting.popleft())
            held += len(batch[-1]) + 1
        return batch or [self._waiting.popleft()]

    async def _settle(self, batch: Sequence[bytes]) -> None:
        """Bring one batch to its end: taken, refused for good, or in halves."""
        message_id = f"relay_{secrets.token_hex(12)}"
        pause = _FIRST_PAUSE
        while True:
            answer = await self._post(b"\n".join(batch), self._headers(b"\n".join(batch), message_id))
            if answer.status == _TOO_LARGE and len(batch) > 1:
                await self._settle(batch[: len(batch) // 2])
                await self._settle(batch[len(batch) // 2 :])
                return
            if answer.status in (_ACCEPTED, _MALFORMED, _TOO_LARGE):
                self._note(answer, len(batch))
                return
            self.counts["retries"] += 1
            if answer.status and answer.status not in _BUSY:
                # A wrong secret, a wrong address: nothing that another event would change, so it is waited for.
                self._log.error("the gateway refuses everything", status=answer.status, why=_told(answer)[0])
                pause = _LONGEST_PAUSE
            else:
                self._log.warning("waiting for the gateway", status=answer.status, events=self.waiting)
            await self._sleep(min(max(pause, answer.retry_after), _LONGEST_ASKED))
            pause = min(pause * 2, _LONGEST_PAUSE)

    def _headers(self, body: bytes, message_id: str) -> dict[str, str]:
        headers = {"Content-Type": "application/x-ndjson", SOURCE_HEADER: self._source}
        if self._key is not None:
            # Signed anew each time: a signature is good for five minutes, an outage may last longer.
            at = self._clock() // 1000
            headers |= standard_webhooks.sign(message_id=message_id, timestamp_s=at, body=body, key=self._key)
        return headers

    def _note(self, answer: Answer, count: int) -> None:
        why, refused = _told(answer)
        refused = count if answer.status != _ACCEPTED else min(refused, count)
        self.counts["refused"] += refused
        self.counts["accepted"] += count - refused
        if refused:
            self._log.error("the gateway refused events", status=answer.status, events=refused, why=why)


def _told(answer: Answer) -> tuple[str, int]:
    """Return what the gateway says is wrong, without the values that are, and of how many events."""
    try:
        document = codec.decode_json(answer.body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, ValueError):
        return "", 0
    if not isinstance(document, dict):
        return "", 0
    refused = document.get("refused")
    refused = refused if isinstance(refused, list) else []
    first = refused[0] if refused and isinstance(refused[0], dict) else {}
    said = document.get("detail") or f"{first.get('where', '')}: {first.get('why', '')}"
    return str(said)[:500], len(refused)


def poster(session: aiohttp.ClientSession, url: str) -> Post:
    """Return what posts to the gateway at ``url``."""
    address = url.rstrip("/") + "/v1/events"
    timeout = aiohttp.ClientTimeout(total=_REQUEST_SECONDS)

    async def post(body: bytes, headers: Mapping[str, str]) -> Answer:
        try:
            async with session.post(address, data=body, headers=headers, timeout=timeout) as answer:
                asked = answer.headers.get("Retry-After", "")
                return Answer(
                    answer.status, await answer.content.read(64 * 1024), float(asked) if asked.isdecimal() else 0.0
                )
        except (aiohttp.ClientError, OSError, TimeoutError):
            return Answer(0)

    return post
