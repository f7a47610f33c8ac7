"""A publisher with a spool behind it: nothing is lost or overtaken while the broker is away, and little is lost by having it."""

import asyncio
import contextlib
import resource
import tempfile
import time
from collections.abc import AsyncIterator, Coroutine, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry, generate_latest

from producers.gateway.metrics import SpoolMetrics
from producers.publishing.memory import MemoryPublisher
from producers.publishing.publisher import Overloaded, Record, Unacceptable, Unavailable
from producers.spool.spool import Spool, segments_in
from producers.spool.spooling import SpoolingPublisher
from producers.spool.spools import Moving, Place, Spools
from tests.support.gateway_kit import run

NOW = 1_764_000_000_000
LIMIT = 16 * 1024 * 1024


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "spool"


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, seconds in {"_AGAIN": 0.02, "_TROUBLE": 0.05, "_ADOPT": 0.2, "_LOOK": 0.05, "_WAIT": 0.02}.items():
        monkeypatch.setattr(f"producers.spool.spooling.{name}_SECONDS", seconds)
    monkeypatch.setattr("producers.spool.spools._LOCKED_SECONDS", 0.2)


class Kit:
    """A spooling publisher over one in memory, which outlives it as a broker does."""

    def __init__(self, root: Path, broker: MemoryPublisher, **settings: Any) -> None:
        self.broker = broker
        self.registry = CollectorRegistry()
        self.now = NOW
        names = ("limit", "number", "processes")
        self.place = Place(root, **({"limit": LIMIT} | {k: settings.pop(k) for k in names if k in settings}))
        self.publisher = SpoolingPublisher(
            broker,
            self.place,
            clock=lambda: self.now,
            metrics=SpoolMetrics(self.registry),
            **({"patience_seconds": 0.3, "timeout_seconds": 5.0, "max_in_flight": 20_000} | settings),
        )

    @property
    def directory(self) -> Path:
        return self.place.root / str(self.place.number)

    def metric(self, name: str) -> float:
        return float(self.registry.get_sample_value(f"huoqun_gateway_spool_{name}") or 0.0)

    async def until_empty(self) -> None:
        async with asyncio.timeout(10):
            while self.publisher.remark() is not None or not self.publisher._direct:  # noqa: ASYNC110
                await asyncio.sleep(0.01)

    def kill(self) -> None:
        """Have everything of it stop as it is, but for what its thread is just doing."""
        for task in self.publisher._tasks:
            task.cancel()
        self.publisher._spools._thread.shutdown()
        for spool in self.publisher._spools.all():
            spool.close()


@contextlib.asynccontextmanager
async def spooling(root: Path, broker: MemoryPublisher | None = None, **settings: Any) -> AsyncIterator[Kit]:
    kit = Kit(root, broker or memory(), **settings)
    await kit.publisher.start()
    try:
        yield kit
    finally:
        await kit.publisher.close()


def memory(**settings: Any) -> MemoryPublisher:
    return MemoryPublisher(partitions=1, **({"patience_seconds": 0.1} | settings))


def numbered(*numbers: int) -> list[Record]:
    return [Record(b"demo/g1", b"%d" % n) for n in numbers]


def stored(broker: MemoryPublisher) -> list[int]:
    return [int(record.value) for record in broker.log[0]]


async def outcome(publishing: Coroutine[Any, Any, None]) -> str | None:
    """Return why it was not taken."""
    try:
        await publishing
    except Unavailable as error:
        return str(error)
    return None


def once(numbers: list[int]) -> list[int]:
    return list(dict.fromkeys(numbers))


def test_with_a_broker_nothing_is_written(root: Path) -> None:
    @run
    async def scenario() -> None:
        async with spooling(root) as kit:
            await kit.publisher.publish(numbered(1, 2))
            await kit.publisher.publish([])
            assert stored(kit.broker) == [1, 2]
            assert kit.publisher.remark() is kit.publisher.trouble() is None
            assert kit.publisher.tick_ms() == kit.now
            assert segments_in(kit.directory) == []
            assert (kit.metric("records"), kit.metric("bytes"), kit.metric("oldest_seconds")) == (0, 0, 0)

    scenario()


@pytest.mark.parametrize("how", ["down", "hold"])
def test_without_a_broker_events_are_kept_and_sent_in_order_when_it_is_back(root: Path, how: str) -> None:
    @run
    async def scenario() -> None:
        async with spooling(root) as kit:
            await kit.publisher.publish(numbered(0))
            kit.broker.hold() if how == "hold" else setattr(kit.broker, "down", True)
            for n in range(1, 100):
                await kit.publisher.publish(numbered(n))
            assert stored(kit.broker) == [0]
            assert kit.publisher.trouble() is None
            assert "99 events wait on disk" in str(kit.publisher.remark())
            kit.now += 7_000
            assert kit.metric("records") == kit.metric("written_events_total") == 99
            assert kit.metric("bytes") == sum(s.size for s in segments_in(kit.directory))
            assert kit.metric("oldest_seconds") == 7
            assert kit.publisher.tick_ms() == NOW
            kit.broker.release()
            kit.broker.down = False
            await kit.publisher.publish(numbered(100))
            await kit.until_empty()
            await kit.publisher.publish(numbered(101))
            assert once(stored(kit.broker)) == list(range(102))
            assert kit.metric("sent_events_total") in (99, 100)  # the last one may have waited for the rest to be sent
            assert kit.publisher.tick_ms() == kit.now
            assert segments_in(kit.directory) == []

    scenario()


def test_a_stream_of_events_finds_its_way_back_past_the_disk(root: Path) -> None:
    """New events come all the time, each before the last of the spool is sent: the spool has to end all the same."""

    @run
    async def scenario() -> None:
        async with spooling(root) as kit:
            kit.broker.down = True
            count = 0

            async def sender() -> None:
                nonlocal count
                while count < 5_000 or not kit.publisher._direct:
                    count += 1
                    await kit.publisher.publish(numbered(count))

            senders = [asyncio.create_task(sender()) for _ in range(20)]
            await asyncio.sleep(0.3)
            assert kit.publisher._waiting() > 20
            kit.broker.down = False
            async with asyncio.timeout(20):
                await asyncio.gather(*senders)
            assert sorted(stored(kit.broker)) == list(range(1, count + 1))
            assert kit.metric("written_events_total") < count

    scenario()


def test_one_sync_serves_many_requests(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    syncs = []
    monkeypatch.setattr("producers.spool.spool._sync_data", lambda _descriptor: syncs.append(1))

    @run
    async def scenario() -> None:
        async with spooling(root) as kit:
            kit.broker.down = True
            await asyncio.gather(*(kit.publisher.publish(numbered(n)) for n in range(500)))
            assert kit.metric("written_events_total") == 500
            assert len(syncs) <= 3
            kit.broker.down = False
            await kit.until_empty()
            assert stored(kit.broker) == list(range(500))

    scenario()


def test_what_a_killed_process_has_kept_goes_first_in_the_next(root: Path) -> None:
    @run
    async def scenario() -> None:
        broker = memory()
        broker.down = True
        for turn in range(3):
            kit = Kit(root, broker)
            await kit.publisher.start()
            for n in range(turn * 10, turn * 10 + 10):
                await kit.publisher.publish(numbered(n))
            kit.kill()
        broker.down = False
        async with spooling(root, broker) as kit:
            await asyncio.gather(kit.publisher.publish(numbered(30)), kit.until_empty())
            assert stored(broker) == list(range(31))

    scenario()


def test_ticks_are_not_kept_and_pass_those_who_wait(root: Path) -> None:
    @run
    async def scenario() -> None:
        async with spooling(root) as kit:
            kit.broker.down = True
            await kit.publisher.publish(numbered(1))
            with pytest.raises(Unavailable):
                await kit.publisher.publish([Record(None, b"7", 0)], urgent=True)
            assert kit.metric("records") == 1
            kit.broker.down = False
            await kit.publisher.publish([Record(None, b"7", 0)], urgent=True)
            assert 7 in stored(kit.broker)

    scenario()


def test_what_comes_just_when_the_spool_was_found_empty_is_not_overtaken(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("producers.spool.spooling._ADOPT_SECONDS", 60.0)
    read = Spool.read
    calls: list[asyncio.Task[None]] = []

    @run
    async def scenario() -> None:
        loop = asyncio.get_running_loop()
        async with spooling(root) as kit:

            def publish() -> None:
                calls.append(loop.create_task(kit.publisher._keep(numbered(2), "")))

            def read_slowly(spool: Spool, until_ms: int | None = None) -> Any:
                found = read(spool, until_ms)
                if found is None and not calls:
                    loop.call_soon_threadsafe(publish)
                    time.sleep(0.2)  # the loop goes on meanwhile
                return found

            monkeypatch.setattr(Spool, "read", read_slowly)
            monkeypatch.setattr("producers.spool.spool._sync_data", lambda _descriptor: time.sleep(0.2))
            kit.broker.down = True
            await kit.publisher.publish(numbered(1))
            kit.broker.down = False
            while not calls:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
            await calls[0]
            await kit.publisher.publish(numbered(3))
            await kit.until_empty()
            assert stored(kit.broker) == [1, 2, 3]

    scenario()


# What the disk does.


def test_a_full_spool_refuses_and_takes_again_when_it_was_sent(root: Path) -> None:
    @run
    async def scenario() -> None:
        async with spooling(root, limit=4_000) as kit:
            kit.broker.down = True
            outcomes = [await outcome(kit.publisher.publish(numbered(n))) for n in range(100)]
            taken = outcomes.index("the broker is down; the spool is full (4000 bytes)")
            assert 40 < taken < 100
            assert set(outcomes[:taken]) == {None}
            assert "full" in str(kit.publisher.trouble())
            assert sum(s.size for s in segments_in(kit.directory)) <= 4_000
            kit.broker.down = False
            await kit.until_empty()
            assert kit.publisher.trouble() is None
            await kit.publisher.publish(numbered(taken))
            assert stored(kit.broker) == list(range(taken + 1))
            assert kit.registry.get_sample_value("huoqun_gateway_spool_errors_total", {"kind": "full"}) == 100 - taken

    scenario()


@pytest.fixture
def full_disk() -> Iterator[Any]:
    """Files may not grow beyond so many bytes: a write stops in its middle, as on a full disk."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    yield lambda size: resource.setrlimit(resource.RLIMIT_FSIZE, (before[0] if size is None else size, before[1]))
    resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_full_disk_refuses_and_keeps_what_it_has(root: Path, full_disk: Any) -> None:
    @run
    async def scenario() -> None:
        async with spooling(root) as kit:
            kit.broker.down = True
            await kit.publisher.publish(numbered(*range(50)))
            full_disk(kit.publisher._spools.size() + 5)
            for _ in range(3):
                with pytest.raises(Unavailable, match="broker is down; the spool can't be written: File too large"):
                    await kit.publisher.publish([Record(b"k", b"9" * 5_000)])
            assert "File too large" in str(kit.publisher.trouble())
            full_disk(None)
            await kit.publisher.publish(numbered(50))
            assert kit.publisher.trouble() is None
            kit.broker.down = False
            await kit.until_empty()
            assert stored(kit.broker) == list(range(51))
            assert kit.metric("lost_events_total") == kit.metric("damaged_bytes_total") == 0

    scenario()


def test_where_nothing_can_be_written_the_broker_is_used_alone(root: Path) -> None:
    root.parent.mkdir(exist_ok=True)
    root.touch()  # a file in the place of the directory

    @run
    async def scenario() -> None:
        async with spooling(root) as kit:
            await kit.publisher.publish(numbered(1))
            assert kit.publisher.trouble() is None
            kit.broker.down = True
            with pytest.raises(Unavailable, match="broker is down; the spool"):
                await kit.publisher.publish(numbered(2))
            assert kit.publisher.trouble() is not None
            kit.broker.down = False
            await kit.until_empty()
            await kit.publisher.publish(numbered(3))
            assert stored(kit.broker) == [1, 3]
            root.unlink()  # noqa: ASYNC240  # a test
            kit.broker.down = True
            await asyncio.sleep(0.1)
            await kit.publisher.publish(numbered(4))
            assert kit.publisher.trouble() is None

    scenario()


def test_damage_is_told(root: Path) -> None:
    with contextlib.closing(Spool(root / "0", LIMIT)) as spool:
        for n in range(3):
            spool.append([numbered(n)], NOW)
    path = segments_in(root / "0")[0].path
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 8
    path.write_bytes(data)

    @run
    async def scenario() -> None:
        async with spooling(root) as kit:
            await kit.until_empty()
            assert stored(kit.broker) == [0, 2]
            assert kit.metric("damaged_bytes_total") == len(data) / 3
            assert kit.metric("lost_events_total") == 1

    scenario()


# What the broker does.


def test_what_the_broker_never_takes_is_not_kept_and_not_in_the_way(root: Path) -> None:
    @run
    async def scenario() -> None:
        async with spooling(root) as kit:
            kit.broker.largest = 100
            with pytest.raises(Unacceptable):
                await kit.publisher.publish([Record(b"k", b"1" * 200)])
            kit.broker.down = True
            await kit.publisher.publish([*numbered(1), Record(b"k", b"1" * 200), *numbered(2)])
            kit.broker.down = False
            await kit.until_empty()
            assert stored(kit.broker) == [1, 2]
            assert (kit.directory / "refused").exists()
            assert kit.registry.get_sample_value("huoqun_gateway_spool_errors_total", {"kind": "refused"}) == 1

    scenario()


def test_more_than_may_wait_is_refused(root: Path) -> None:
    @run
    async def scenario() -> None:
        async with spooling(root, max_in_flight=10) as kit:
            kit.broker.down = True
            outcomes = await asyncio.gather(
                *(kit.publisher.publish(numbered(n, n)) for n in range(30)), return_exceptions=True
            )
            assert {type(outcome) for outcome in outcomes} == {type(None), Overloaded}

    scenario()


@given(st.lists(st.sampled_from(["send", "send", "down", "up", "hold", "release", "kill", "wait"]), max_size=40))
def test_whatever_the_broker_and_the_process_do_what_was_taken_arrives_in_order(steps: list[str]) -> None:
    @run
    async def scenario() -> None:
        with tempfile.TemporaryDirectory() as directory:
            broker = memory(patience_seconds=0.005, timeout_seconds=0.02)
            kit = Kit(Path(directory), broker, patience_seconds=0.01)
            await kit.publisher.start()
            taken, count = [], 0
            for step in steps:
                if step == "send":
                    count += 1
                    await kit.publisher.publish(numbered(count))
                    taken.append(count)
                elif step == "wait":
                    await asyncio.sleep(0.02)
                elif step == "kill":
                    kit.kill()
                    kit = Kit(Path(directory), broker, patience_seconds=0.01)
                    await kit.publisher.start()
                elif step in ("up", "down"):
                    broker.down = step == "down"
                else:
                    getattr(broker, step)()
            broker.down = False
            broker.release()
            await kit.until_empty()
            await kit.publisher.close()
            assert once(stored(broker)) == taken

    scenario()


# Several processes.


def test_the_first_process_sends_what_processes_have_left_that_are_no_more(root: Path) -> None:
    for number in (2, 3, 4):
        with contextlib.closing(Spool(root / str(number), LIMIT)) as spool:
            spool.append([numbered(number)], NOW)

    @run
    async def scenario() -> None:
        held = Spool(root / "3", LIMIT)  # its process has not ended yet
        async with spooling(root, processes=2) as kit:
            await kit.publisher.publish(numbered(9))
            await kit.until_empty()
            assert stored(kit.broker) == [2, 4, 9]
            held.close()
            await asyncio.sleep(0.5)
            await kit.until_empty()
            assert stored(kit.broker) == [2, 4, 9, 3]
        async with spooling(root, processes=2, number=1) as kit:
            assert stored(kit.broker) == []

    scenario()


def test_a_process_waits_for_another_that_is_further_back(root: Path) -> None:
    @run
    async def scenario() -> None:
        other = Spool(root / "1", LIMIT)
        other.append([numbered(1)], NOW - 60_000)
        other.append([numbered(2)], NOW)
        with contextlib.closing(Spool(root / "0", LIMIT)) as spool:
            spool.append([numbered(3)], NOW - 50_000)
            spool.append([numbered(4)], NOW)
        async with spooling(root, processes=2) as kit:
            await kit.publisher._spools.look()
            await asyncio.sleep(0.2)
            assert stored(kit.broker) == [3]
            assert kit.publisher.tick_ms() == NOW - 60_000
            batch = other.read(NOW - 60_000)
            assert batch is not None
            other.done(batch)
            await kit.until_empty()
            assert stored(kit.broker) == [3, 4]
            assert kit.publisher.tick_ms() == NOW
            other.close()

    scenario()


def test_a_process_that_stands_still_is_not_waited_for_for_ever() -> None:
    moving = Moving()
    assert moving.of(None, 0.0, excused=False) is None
    assert moving.of(5, 10.0, excused=False) == 5
    assert moving.of(5, 39.0, excused=False) == 5
    assert moving.of(5, 41.0, excused=False) is None
    assert moving.of(6, 42.0, excused=False) == 6
    assert moving.of(6, 80.0, excused=True) == 6  # the broker was away
    assert moving.of(6, 105.0, excused=False) == 6


def test_a_spool_that_another_process_uses_is_not_touched(root: Path) -> None:
    held = Spool(root / "0", LIMIT)

    @run
    async def scenario() -> None:
        spools = Spools(Place(root, LIMIT), lambda: False)
        with pytest.raises(OSError, match="another process uses"):
            await spools.open()
        await spools.close()

    scenario()
    held.close()


def test_the_metrics_say_what_they_are(root: Path) -> None:
    registry = CollectorRegistry()
    SpoolMetrics(registry)
    text = generate_latest(registry).decode()
    for name in ("bytes", "records", "oldest_seconds", "written_events_total", "sent_events_total", "errors_total"):
        assert f"huoqun_gateway_spool_{name}" in text
