"""The worker's shell on real brokers: whatever happens to workers, every record counts once, and everything is committed."""

import random
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from huoqun import broker as administration
from huoqun import codec, topics
from huoqun.config import Config
from huoqun.control import PREFIX, Tick
from streams.saves import BARRIER_KEY, EPOCH_HEADER, Replay
from tests.conftest import BROKERS
from tests.support.brokers import RunningBroker
from tests.support.long import on_apache_kafka
from tests.support.workers import (
    Feed,
    RunningWorker,
    Steady,
    Workers,
    committed,
    config_for,
    dead_letters,
    ends,
    latest,
    read_all,
    totals,
    wait_committed,
    wait_until,
    workers,
)


def saved_totals(config: Config) -> dict[str, tuple[int, int]]:
    """What a worker that starts now would restore."""
    replays = [Replay() for _ in range(config.kafka.partitions)]
    for partition, offset, key, value, headers in read_all(config, topics.state_topic(config.kafka.topic_prefix)):
        assert key is not None
        replays[partition].feed(offset, key, value, headers.items())
    found = {}
    for replay in replays:
        for key, value in replay.entries.items():
            total = codec.decode_json(value)
            found[key.decode().partition("/")[2]] = (total["count"], total["total"])
    return found


def assert_saves_cover_what_is_committed(config: Config) -> None:
    """What a worker that starts now would not read again is in what it would restore."""
    offsets = committed(config)  # first: what comes later can only be more
    counts: dict[str, int] = {}
    for partition, offset, _, value, _ in read_all(config, topics.EVENTS):
        if value is not None and not value.startswith(PREFIX) and offset < (offsets[partition] or 0):
            group = codec.decode_json(value)["g"]
            counts[group] = counts.get(group, 0) + 1
    saved = saved_totals(config)
    assert {g: n for g, n in counts.items() if saved.get(g, (0, 0))[0] < n} == {}


def assert_nothing_lost_or_doubled(config: Config, feed: Feed) -> None:
    wait_committed(config)
    assert totals(config) == feed.expected()
    assert saved_totals(config) == feed.expected()


@contextmanager
def fed(feed: Feed, rate: int = 400) -> Iterator[None]:
    """Keep events coming in the background."""
    stop = threading.Event()

    def run() -> None:
        while not stop.wait(0.1):
            feed.send(rate // 10)

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def test_commits_reach_the_true_ends_and_results_are_complete(steady: Steady) -> None:
    config, feed = steady.config, steady.feed
    feed.send(3000)
    assert_nothing_lost_or_doubled(config, feed)
    assert len(latest(config, topics.ALERTS)) == sum(feed.count.values()) // 100
    feed.send(1)  # a last record, alone in its batch, is committed without another to push it
    assert_nothing_lost_or_doubled(config, feed)
    metrics = steady.worker.metrics()
    assert metrics["huoqun_worker_events_total"] == sum(ends(config).values()), "each record was read once"
    wait_until(
        lambda: applied_and_lag(steady.worker) == (sum(ends(config).values()), 0), 10, "it tells that it is done"
    )


def applied_and_lag(worker: RunningWorker) -> tuple[float, float]:
    """What the worker tells: how many records lie before the next one it needs, and how many after."""
    metrics = worker.metrics()

    def total(name: str) -> float:
        return sum(metrics[f'{name}{{partition="{p}"}}'] for p in range(4))

    return total("huoqun_worker_applied_offset") + 4, total("huoqun_worker_lag_records")


def test_results_lie_in_the_partition_of_their_events(steady: Steady) -> None:
    config = steady.config
    steady.feed.send(400)
    wait_committed(config)
    for topic in (topics.GROUPS, topics.ALERTS):
        records = read_all(config, topic)
        assert records
        for partition, _, _, value, _ in records:
            assert value is not None
            assert int(codec.decode_json(value)["group_id"][1:]) % config.kafka.partitions == partition


@on_apache_kafka()
def test_kills_at_random_moments_lose_and_double_nothing(config: Config, started: Workers, feed: Feed) -> None:
    chance = random.Random(7)
    with fed(feed):
        for kill in range(3):
            worker = started.start()
            if kill != 1:
                worker.wait_ready()
            time.sleep(chance.uniform(0.0, 1.5))
            worker.kill()
            assert_saves_cover_what_is_committed(config)
        worker = started.start().wait_ready()
    assert_nothing_lost_or_doubled(config, feed)
    assert worker.terminate() == 0, worker.says()


@on_apache_kafka()
def test_a_restart_on_sigterm_repeats_nothing(config: Config, started: Workers, feed: Feed) -> None:
    with fed(feed):
        for _ in range(2):
            worker = started.start().wait_ready()
            time.sleep(1)
            began = time.monotonic()
            assert worker.terminate() == 0, worker.says()
            assert time.monotonic() - began < 10
    left = sum(ends(config).values()) - sum(offset or 0 for offset in committed(config).values())
    last = started.start().wait_ready()
    assert_nothing_lost_or_doubled(config, feed)
    assert last.metrics()["huoqun_worker_events_total"] == left
    fences: dict[bytes, int] = {}
    for partition, offset, key, value, _ in read_all(config, topics.state_topic(config.kafka.topic_prefix)):
        if key is not None and key != BARRIER_KEY:
            assert value is not None
            fence = codec.decode_json(value)["fence"]
            assert fence > fences.get(key, -1), f"{partition}/{offset}: saved again what was saved and committed"
            fences[key] = fence


@on_apache_kafka()
def test_workers_join_die_and_leave_under_load(config: Config, started: Workers, feed: Feed) -> None:
    with fed(feed):
        one = started.start().wait_ready()
        two = started.start()
        wait_until(
            lambda: two.ready() and two.metrics()["huoqun_worker_partitions"] == 2, 40, "the second has its share"
        )
        wait_until(
            lambda: one.metrics().get('huoqun_worker_restores_total{source="memory"}', 0) >= 2,
            20,
            "the first goes on from memory with what it kept",
        )
        two.kill()
        three = started.start().wait_ready()
        time.sleep(1)
        assert one.terminate() == 0, one.says()
    assert_nothing_lost_or_doubled(config, feed)
    wait_until(lambda: three.metrics().get("huoqun_worker_partitions") == 4, 30, "the last one holds all")
    assert three.terminate() == 0, three.says()


def test_poison_is_dead_lettered_and_the_rest_goes_on_at_once(steady: Steady) -> None:
    config, feed = steady.config, steady.feed
    feed.send(40)
    wait_committed(config)
    poison: list[bytes | None] = [b"", b"{", b"\xff\xfe", b'{"g": 1}', b"[" * 3000, b"x" * 900_000, None, b"null"]
    began = time.monotonic()
    places = {feed.raw(n % 4, value, b"key-%d" % n): n for n, value in enumerate(poison)}
    assert places
    feed.send(400)
    wait_until(lambda: totals(config) == feed.expected(), 15, "the good ones are through")
    assert time.monotonic() - began < 15
    wait_committed(config)
    letters = dead_letters(config)
    assert {letter.key for letter in letters} == {b"key-%d" % n for n in range(len(poison))}
    for letter in letters:
        assert letter.key is not None
        value = poison[int(letter.key[4:])] or b""
        assert value.startswith(letter.value)
        assert letter.topic == topics.full_name(config.kafka.topic_prefix, topics.EVENTS)
        assert letter.reason
    big = next(letter for letter in letters if letter.key == b"key-5")
    assert "900000 bytes" in big.reason


def test_a_defect_in_the_core_stops_the_worker_and_commits_nothing(
    config: Config, started: Workers, feed: Feed
) -> None:
    worker = started.start().wait_ready()
    feed.send(40)
    wait_committed(config)
    offset = feed.raw(0, b'{"g": "g0", "n": "boom"}')
    feed.send(2000)  # what Faust would go on with after restarting the agent
    assert worker.process.wait(20) == 1, worker.says()
    assert (committed(config)[0] or 0) <= offset
    assert "a defect in the core" in worker.says()


@pytest.mark.parametrize("broker", ["tansu"], indirect=True)
def test_where_nothing_can_be_read_any_more_the_worker_says_so_and_stops_also_when_it_is_started_again(
    config: Config, started: Workers, feed: Feed
) -> None:
    config.kafka.bad_in_a_row = 100
    worker = started.start().wait_ready()
    feed.send(40)
    wait_committed(config)
    worker.kill()
    offset = feed.raw(0, b"poison")
    for _ in range(300):
        feed.raw(0, b"poison")
    for _ in range(2):
        worker = started.start()
        assert worker.process.wait(40) == 1, worker.says()
        assert (committed(config)[0] or 0) <= offset
        assert "100 records in a row can't be used" in worker.says()
    config.kafka.bad_in_a_row = 0
    started.start()
    feed.send(40)
    wait_committed(config)
    assert totals(config) == feed.expected()
    assert len({letter.offset for letter in dead_letters(config)}) == 301


def test_nothing_listens_but_the_metrics(steady: Steady) -> None:
    worker = steady.worker
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", 6066)) != 0
    listening = set()
    for line in Path(f"/proc/{worker.process.pid}/net/tcp").read_text().splitlines()[1:]:
        fields = line.split()
        if fields[3] == "0A":
            listening.add((int(fields[1].partition(":")[2], 16), fields[9]))
    inodes = {p.readlink().name for p in Path(f"/proc/{worker.process.pid}/fd").iterdir() if p.is_symlink()}
    mine = {port for port, inode in listening if f"socket:[{inode}]" in inodes}
    assert mine == {worker.metrics_port}


@pytest.mark.parametrize("broker", ["tansu"], indirect=True)
def test_the_watchdog_ends_a_worker_whose_ticks_stopped(
    broker: RunningBroker, topic_prefix: str, tmp_path: Path
) -> None:
    config = config_for(broker, topic_prefix, tmp_path, watchdog_seconds=1.5)
    administration.provision(config)
    feed = Feed(config)
    with workers(config, tmp_path) as started:
        worker = started.start().wait_ready()
        time.sleep(2)
        assert worker.process.poll() is None, "before the first tick it does not watch"
        for partition in range(4):
            feed.raw(partition, codec.encode(Tick(now=1)))
        assert worker.process.wait(20) == 1
        assert "no tick seen in partition" in worker.says()
    feed.close()


def test_a_start_without_topics_is_refused_with_the_mend(
    broker: RunningBroker, topic_prefix: str, tmp_path: Path
) -> None:
    with workers(config_for(broker, topic_prefix, tmp_path), tmp_path) as started:
        worker = started.start()
        assert worker.process.wait(20) == 1
        assert "huoqun provision" in worker.says()


@pytest.mark.parametrize("broker", ["apache_kafka"], indirect=True)
def test_an_overtaken_writer_does_not_turn_back_the_state(config: Config, started: Workers, feed: Feed) -> None:
    first = started.start().wait_ready()
    feed.send(40)
    wait_committed(config)
    changelog = topics.state_topic(config.kafka.topic_prefix)
    old = next(r for r in read_all(config, changelog) if r[2] == b"0/g0")
    assert first.terminate() == 0
    second = started.start().wait_ready()
    feed.send(40)
    wait_committed(config)
    # What the first would write if it woke up now: its old entry, in its old epoch.
    feed.producer.send(changelog, old[3], old[2], partition=0, headers=[(EPOCH_HEADER, old[4][EPOCH_HEADER])]).get(30)
    assert second.terminate() == 0
    started.start().wait_ready()
    feed.send(40)
    assert_nothing_lost_or_doubled(config, feed)
    assert ends(config) == committed(config)


@pytest.mark.parametrize("broker", BROKERS[1:], indirect=True)
def test_a_worker_that_is_started_again_after_kill_9_does_not_wait_for_its_session(
    started: Workers, feed: Feed, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On Apache Kafka: the embedded broker has a new member wait for half a session, whoever it is."""
    monkeypatch.setenv("TOY_SESSION_SECONDS", "25")
    first = started.start().wait_ready()
    feed.send(200)
    wait_committed(feed.config)
    first.kill()
    began = time.monotonic()
    started.start().wait_ready()
    feed.send(200)
    wait_committed(feed.config)
    assert time.monotonic() - began < 15
