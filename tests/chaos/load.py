"""Posts the talk of groups through the webhook as platforms do, and writes down what was answered with 2xx.

A group's events come in order: the next one is sent when the last was accepted. What is not answered, or not with 2xx, is sent
again under its id until it is. Some is sent twice on purpose.
"""

from __future__ import annotations

import asyncio
import json
import random
import threading
import time
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import aiohttp

from tests.chaos.chat import Group, Raw

REPEATED = 0.03
"""Share of posts that are sent again at once although they were accepted; as many again later."""
ANSWER_SECONDS = 15.0


class Load:
    """``rate`` events a second over all groups, up to ``most``, until :meth:`end`; ``time_of`` is the clock that events are stamped by."""

    def __init__(
        self,
        url: str,
        log: Path,
        *,
        seed: int,
        groups: int,
        rate: float,
        time_of: Callable[[], int],
        most: int | None = None,
        batch: int = 1,
        chat: type[Group] = Group,
    ) -> None:
        self.groups = [chat(seed, number) for number in range(groups)]
        self._canaries = Group(seed, 999)
        self.log = log
        self.accepted: dict[tuple[str, str], Raw] = {}
        """By group and id, in the order of the first 2xx."""
        self.posted = 0
        """Events answered with 2xx, repeats included."""
        self.unanswered = 0
        """Posts that brought no 2xx, each of which was sent again."""
        self.answers: Counter[int] = Counter()
        """By status; what was not answered at all is not in it."""
        self.wrong: list[str] = []
        self._url = f"{url}/v1/events"
        self._seed, self._batch, self._rate, self._time_of = seed, batch, rate, time_of
        self._left = most
        self._ending = threading.Event()
        self._closing = threading.Event()
        self._waiting = ThreadPoolExecutor(groups)
        self._abandoned = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._run()), name="load", daemon=True)

    def start(self) -> None:
        self._thread.start()

    @property
    def done(self) -> bool:
        """Whether all of ``most`` is accepted."""
        return self._left is not None and self._left <= 0 and self._talking == 0

    _talking = 0

    def end(self) -> None:
        """Begin nothing more. What has begun goes on until it is accepted."""
        self._ending.set()

    def close(self, seconds: float) -> None:
        """Have every group say its last, and return when that is accepted."""
        self._ending.set()
        self._closing.set()
        self._thread.join(seconds)
        if self._thread.is_alive():
            self._abandoned.set()
            self._thread.join(ANSWER_SECONDS + 5)
            self.wrong.append(f"not everything was accepted within {seconds:.0f} s after the last fault")

    async def _run(self) -> None:
        timeout = aiohttp.ClientTimeout(total=ANSWER_SECONDS)
        # A connection a post: one that is kept open would be counted among what the gateway holds.
        connector = aiohttp.TCPConnector(force_close=True)
        async with aiohttp.ClientSession(timeout=timeout, connector=connector) as session:
            await asyncio.gather(*(self._talk(session, group) for group in self.groups))

    async def _talk(self, session: aiohttp.ClientSession, group: Group) -> None:
        self._talking += 1
        chance = random.Random(f"{self._seed}/when/{group.id}")
        every = len(self.groups) * self._batch / self._rate
        kept: list[Raw] = []
        loop = asyncio.get_running_loop()
        due = loop.time() + chance.random() * every
        while not self._ending.is_set() and (self._left is None or self._left > 0):
            wait = due - loop.time()
            if wait > 0:
                await asyncio.sleep(min(wait, 0.2))
                continue
            due += chance.expovariate(1 / every)
            count = self._batch if self._left is None else min(self._batch, self._left)
            self._left = None if self._left is None else self._left - count
            raws = [group.next(self._time_of()) for _ in range(count)]
            await self._post(session, raws)
            if chance.random() < REPEATED:
                await self._post(session, raws)
            if kept and chance.random() < REPEATED:
                await self._post(session, kept)
            if not kept or chance.random() < 0.02:
                kept = raws
        self._talking -= 1
        await loop.run_in_executor(self._waiting, self._closing.wait)
        await self._post(session, [group.last(self._time_of())])

    async def _post(self, session: aiohttp.ClientSession, raws: list[Raw]) -> None:
        body = json.dumps(raws).encode()
        while not self._abandoned.is_set():
            try:
                async with session.post(self._url, data=body, headers={"Content-Type": "application/json"}) as answer:
                    said = await answer.read()
                    self.answers[answer.status] += 1
                    if answer.status == 202:
                        self._take(raws, said)
                        return
                    if answer.status not in (429, 500, 502, 503, 504):
                        self.wrong.append(f"{answer.status} {said[:200].decode()}")
                        return
            except (aiohttp.ClientError, TimeoutError, OSError):
                pass
            self.unanswered += 1
            await asyncio.sleep(0.2)

    def canary(self, text: str, seconds: float = 60) -> Raw:
        """Post one event in a group of its own, again and again until it is accepted; return it."""
        self._canaries.said += 1
        raw = self._canaries.last(self._time_of()) | {"text": text}
        body = json.dumps([raw]).encode()
        deadline = time.monotonic() + seconds
        while True:
            try:
                request = urllib.request.Request(self._url, body, {"Content-Type": "application/json"}, method="POST")
                with urllib.request.urlopen(request, timeout=ANSWER_SECONDS) as answer:
                    self._take([raw], answer.read())
                    return raw
            except OSError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.1)

    def put(self, raws: list[Raw]) -> list[object]:
        """Post these once, beside the talk; return what of them is refused. The rest is accepted."""
        body = json.dumps(raws).encode()
        request = urllib.request.Request(self._url, body, {"Content-Type": "application/json"}, method="POST")
        try:
            with urllib.request.urlopen(request, timeout=ANSWER_SECONDS) as answer:
                said = answer.read()
        except urllib.error.HTTPError as error:
            if error.code >= 500:
                raise
            return list(raws)
        refused = list(json.loads(said)["refused"])
        if not refused:
            self._take(raws, said)
        return refused

    def _take(self, raws: list[Raw], said: bytes) -> None:
        refused = json.loads(said)["refused"]
        if refused:
            self.wrong.append(f"refused: {refused[0]}")
            return
        with self.log.open("a", encoding="utf-8") as out:
            out.writelines(json.dumps(raw, ensure_ascii=False) + "\n" for raw in raws)
        self.posted += len(raws)
        for raw in raws:
            self.accepted.setdefault((raw["group_id"], raw["id"]), raw)
