"""The broker goes away and the gateway is killed meanwhile: what was answered with 2xx is in ``events``, once.

``OUTAGE_SECONDS=300`` makes the outage as long as that; by default it is short.
"""

import asyncio
import json
import os
import signal
import threading
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Self

import aiohttp
import pytest

from huoqun.cli.status import spooled
from huoqun.control import Tick
from huoqun.events import Event
from huoqun.local.tansu import BrokerMissingError
from producers.spool.spool import segments_in
from tests.conftest import BROKERS
from tests.integration.test_gateway_process import Stack, event, post
from tests.support import apache_kafka, tansu
from tests.support.brokers import RunningBroker
from tests.support.fetch_kafka import UnavailableError
from tests.support.long import on_apache_kafka
from tests.support.proxy import Proxy
from tests.support.running import memory_bytes
from tests.support.sinks import SinkProcess, eventually

OUTAGE = float(os.environ.get("OUTAGE_SECONDS", "14"))
RATE = 500
GROUPS = 50


class Cut:
    """A broker behind a line that can be cut."""

    def __init__(self, broker: RunningBroker, line: Proxy) -> None:
        self.broker = broker
        self.line = line
        self.bootstrap = f"127.0.0.1:{line.port}"


@pytest.fixture(params=BROKERS)
def cut(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Cut]:
    with Proxy() as line:
        try:
            broker = (tansu if request.param == "tansu" else apache_kafka).start(tmp_path, line)
        except (BrokerMissingError, UnavailableError) as error:
            pytest.skip(str(error))
        yield Cut(broker, line)
        line.release()
        broker.stop()


@pytest.fixture
def stack(cut: Cut, topic_prefix: str, tmp_path: Path) -> Iterator[Stack]:
    stack = Stack(cut.bootstrap, topic_prefix, tmp_path, tick_seconds=0.2)
    yield stack
    if stack.process is not None:
        stack.end(signal.SIGKILL)


class Senders:
    """So many events a second in all, each group's one after the other; what is not taken is sent again.

    ``accepted`` is written after each 2xx.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        self.accepted: dict[str, list[str]] = {f"g{n}": [] for n in range(GROUPS)}
        self.refused: dict[int, int] = {}
        self.slowest = 0.0
        self._ending = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._run()))

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ending.set()
        self._thread.join()

    def count(self) -> int:
        return sum(map(len, self.accepted.values()))

    async def _run(self) -> None:
        async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as client:
            await asyncio.gather(*(self._group(client, name) for name in self.accepted))

    async def _group(self, client: aiohttp.ClientSession, name: str) -> None:
        began = time.monotonic()
        number = 0
        while not self._ending.is_set():
            number += 1
            await asyncio.sleep(max(0.0, began + number * GROUPS / RATE - time.monotonic()))
            document = json.dumps(event(number, name) | {"id": f"{name}-{number}"})
            while not self._ending.is_set():
                asked = time.monotonic()
                try:
                    async with client.post(
                        f"{self.url}/v1/events", data=document, headers={"Content-Type": "application/json"}
                    ) as answer:
                        status = answer.status
                except (aiohttp.ClientError, ConnectionError):
                    status = 0
                if status == 202:
                    self.slowest = max(self.slowest, time.monotonic() - asked)
                    self.accepted[name].append(f"{name}-{number}")
                    break
                self.refused[status] = self.refused.get(status, 0) + 1
                await asyncio.sleep(0.1)


def ready(url: str) -> str:
    with urllib.request.urlopen(f"{url}/readyz", timeout=5) as answer:
        return str(answer.read().decode())


@on_apache_kafka("cut")
@pytest.mark.timeout(OUTAGE * 2 + 300)
def test_the_broker_goes_away_and_the_gateway_is_killed_twice_meanwhile(cut: Cut, stack: Stack) -> None:
    stack.start()
    with Senders(stack.url) as senders:
        time.sleep(3)
        before = senders.count()
        assert before > RATE
        cut.line.swallow()
        for _ in range(2):
            time.sleep(OUTAGE / 3)
            assert ready(stack.url).startswith("ready: ")
            stack.end(signal.SIGKILL)
            stack.start()
        assert stack.process is not None
        small = memory_bytes(stack.process.pid)
        time.sleep(OUTAGE / 3)
        grown = memory_bytes(stack.process.pid) - small
        meanwhile = senders.count() - before
        assert ready(stack.url).startswith("ready: ")
        waiting = spooled(stack.config)
        assert waiting is not None
        assert waiting > RATE
        cut.line.release()
        released = time.monotonic()
        while ready(stack.url) != "ready\n":
            assert time.monotonic() - released < 60
            time.sleep(0.2)
        drained = time.monotonic() - released
        after = senders.count()
        time.sleep(2)
        assert senders.count() > after + RATE
    assert segments_in(stack.directory / "data" / "spool" / "0") == []
    assert stack.end(signal.SIGTERM) == 0
    print(
        f"{cut.broker.kind}: away for {OUTAGE:g} s; {senders.count()} events accepted, {meanwhile} while it was away; "
        f"not accepted: {senders.refused}; slowest answer {senders.slowest:.1f} s; "
        f"spool empty {drained:.1f} s after it was back; grown by {grown >> 10} KiB meanwhile"
    )
    assert (
        meanwhile > RATE * OUTAGE / 3
    )  # the gateway needs some seconds to start, and the first ones wait for the broker
    stored = stack.stored()
    repeats = 0
    for name, accepted in senders.accepted.items():
        found = [e.id for held in stored.values() for e in held if isinstance(e, Event) and e.group_id == name]
        once = list(dict.fromkeys(found))
        repeats += len(found) - len(once)
        assert [e for e in once if e in set(accepted)] == accepted
        assert len(set(once) - set(accepted)) <= 1  # taken, but its sender was not there any more to hear of it
    print(f"{repeats} of them are in the log again")
    assert repeats < senders.count() // 2
    for held in stored.values():
        ticks = [record.now for record in held if isinstance(record, Tick)]
        assert ticks == sorted(ticks)
    assert once_in_the_store(stack, senders) == []


def once_in_the_store(stack: Stack, senders: Senders) -> list[str]:
    """Return what is wrong in the view ``events``; nothing where the embedded engine is not installed."""
    pytest.importorskip("chdb", reason="the embedded engine is not installed (extra `local`)")
    sink = SinkProcess.prepared(
        stack.config.kafka.bootstrap, stack.config.kafka.topic_prefix, stack.directory, kafka={"partitions": 3}
    )
    sink.start()
    try:
        eventually(
            lambda: sink.count("events") >= senders.count() and sink.lag() == 0, "all is stored", 120, sink.state
        )
        rows = sink.query("SELECT id, count() AS n FROM events GROUP BY id")
        counts = {str(row["id"]): int(row["n"]) for row in rows}
        return [e for ids in senders.accepted.values() for e in ids if counts.get(e) != 1]
    finally:
        sink.end()


embedded = pytest.mark.parametrize("cut", BROKERS[:1], indirect=True)


def wait_drained(stack: Stack) -> None:
    deadline = time.monotonic() + 30
    while ready(stack.url) != "ready\n":
        assert time.monotonic() < deadline
        time.sleep(0.2)


@embedded
def test_a_gateway_starts_without_a_broker_and_sends_later(cut: Cut, stack: Stack) -> None:
    cut.line.swallow()
    stack.start()
    assert stack.process is not None
    status, _ = post(stack.url, [event(1), event(2)])
    assert status == 202
    assert "events wait on disk" in ready(stack.url)
    assert stack.end(signal.SIGTERM) == 0
    cut.line.release()
    stack.start()
    assert [e.id for e in stack.events()] == ["m1", "m2"]
    assert ready(stack.url) == "ready\n"
    assert stack.end(signal.SIGTERM) == 0


@embedded
def test_what_several_workers_have_kept_is_sent_by_one_where_there_are_fewer(
    cut: Cut, tmp_path: Path, topic_prefix: str
) -> None:
    stack = Stack(cut.bootstrap, topic_prefix, tmp_path, metrics_port=0)
    try:
        cut.line.swallow()
        several = stack.command("gateway", "--workers", "3")
        assert several.stdout is not None
        assert several.stdout.readline() == f"gateway: {stack.url}\n"
        several.stdout.readline()
        for number in range(60):  # a connection each: the system deals them out
            assert post(stack.url, event(number, f"g{number % 5}"))[0] == 202
        several.kill()
        several.communicate(timeout=30)
        kept = [path.name for path in (tmp_path / "data" / "spool").iterdir() if segments_in(path)]
        assert len(kept) >= 2
        cut.line.release()
        stack.start()
        wait_drained(stack)
        assert {e.id for e in stack.events()} == {f"m{n}" for n in range(60)}
    finally:
        if stack.process is not None:
            stack.end(signal.SIGKILL)


@embedded
def test_the_other_client_has_a_spool_behind_it_as_well(cut: Cut, tmp_path: Path, topic_prefix: str) -> None:
    stack = Stack(cut.bootstrap, topic_prefix, tmp_path, publisher="kafka-python", publish_timeout_seconds=3)
    try:
        stack.start()
        assert post(stack.url, event(0))[0] == 202
        cut.line.swallow()
        began = time.monotonic()
        for number in range(1, 200):
            assert post(stack.url, event(number))[0] == 202
        assert time.monotonic() - began < 10
        cut.line.release()
        wait_drained(stack)
        assert post(stack.url, event(200))[0] == 202
        assert list(dict.fromkeys(e.id for e in stack.events())) == [f"m{n}" for n in range(201)]
    finally:
        if stack.process is not None:
            stack.end(signal.SIGKILL)
