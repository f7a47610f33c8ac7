"""The gateway as it is run: its own process, a real broker, signals, and history replayed through it."""

import contextlib
import gzip
import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from huoqun import broker as admin
from huoqun import codec, topics
from huoqun.config import Config
from huoqun.control import Tick
from huoqun.events import Event
from huoqun.kafka_config import Kafka
from huoqun.local import tansu as tansu_binary
from tests.support import tansu as tansu_broker
from tests.support.brokers import RunningBroker, free_port
from tests.support.topic import read_topic

ROOT = Path(__file__).resolve().parents[2]
PARTITIONS = 3
TAKEN = re.compile(r"^huoqun_gateway_events_total\{.*\} (\d+)", re.MULTILINE)
EVENTS = 60_000
CHATS = ROOT.parent / "shared" / "data" / "dev" / "events.ndjson.gz"


class Stack:
    """A broker's topics, and a gateway process that may be killed and started again on its port."""

    def __init__(
        self, bootstrap: str, prefix: str, directory: Path, *, provision: bool = True, **settings: Any
    ) -> None:
        self.config = Config(kafka=Kafka(bootstrap=bootstrap, topic_prefix=prefix, partitions=PARTITIONS))
        self.topic = topics.full_name(prefix, topics.EVENTS)
        if provision:
            admin.provision(self.config)
        self.directory = directory
        self.port = self.config.gateway.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.environment = {k: v for k, v in os.environ.items() if not k.startswith("HUOQUN_")} | {
            "PYTHONPATH": str(ROOT),
            "HUOQUN_KAFKA_BOOTSTRAP": bootstrap,
            "HUOQUN_KAFKA_TOPIC_PREFIX": prefix,
            "HUOQUN_KAFKA_PARTITIONS": str(PARTITIONS),
            "HUOQUN_DATA_DIR": str(directory / "data"),
            "HUOQUN_GATEWAY_PORT": str(self.port),
            **{f"HUOQUN_GATEWAY_{name}".upper(): str(value) for name, value in settings.items()},
        }
        self.process: subprocess.Popen[str] | None = None

    def command(self, *arguments: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-m", "huoqun", *arguments],
            env=self.environment,
            cwd=self.directory,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )

    def start(self) -> None:
        self.process = self.command("gateway")
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert line == f"gateway: {self.url}\n", line + str(self.process.communicate(timeout=20))

    def end(self, number: int) -> int:
        assert self.process is not None
        self.process.send_signal(number)
        self.process.communicate(timeout=30)
        code, self.process = self.process.returncode, None
        return code

    def taken(self) -> int:
        """Return how many events this process of the gateway has taken."""
        with urllib.request.urlopen(f"{self.url}/metrics", timeout=5) as answer:
            found = TAKEN.search(answer.read().decode())
        return int(found[1]) if found else 0

    def stored(self) -> dict[int, list[Any]]:
        found = read_topic(self.config.kafka.bootstrap, self.topic)
        return {partition: [codec.decode_record(v) for _, v in held] for partition, held in found.items()}

    def events(self) -> list[Event]:
        return [e for held in self.stored().values() for e in held if isinstance(e, Event)]


@pytest.fixture
def stack(tansu: RunningBroker, topic_prefix: str, tmp_path: Path) -> Iterator[Stack]:
    stack = Stack(tansu.bootstrap, topic_prefix, tmp_path, tick_seconds=0.2)
    yield stack
    if stack.process is not None:
        stack.end(signal.SIGKILL)


def post(url: str, document: Any) -> tuple[int, dict[str, Any]]:
    request = urllib.request.Request(
        f"{url}/v1/events", json.dumps(document).encode(), {"Content-Type": "application/json"}
    )
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.load(error)


def event(number: int, group: str = "g1") -> dict[str, Any]:
    return {
        "id": f"m{number}",
        "type": "message",
        "ts": "2026-11-21T08:30:00Z",
        "platform": "demo",
        "group_id": group,
        "user_id": "u1",
        "text": "hi",
    }


@pytest.mark.tansu
def test_accepted_events_are_on_the_topic_in_order_and_every_partition_ticks(stack: Stack) -> None:
    stack.start()
    for start in range(0, 60, 20):
        status, answer = post(stack.url, [event(n, f"g{n % 5}") for n in range(start, start + 20)])
        assert (status, answer["accepted"]) == (202, 20)
        assert len(stack.events()) == start + 20
    time.sleep(1.0)
    assert stack.end(signal.SIGTERM) == 0
    for held in stack.stored().values():
        ticks = [record.now for record in held if isinstance(record, Tick)]
        assert len(ticks) >= 4
        assert ticks == sorted(set(ticks))
    for group in range(5):
        assert [e.id for e in stack.events() if e.group_id == f"g{group}"] == [f"m{n}" for n in range(group, 60, 5)]


@pytest.mark.tansu
def test_sigterm_finishes_requests_that_have_begun(stack: Stack) -> None:
    stack.start()
    accepted: list[str] = []
    stop = threading.Event()

    def send() -> None:
        number = 0
        while not stop.is_set():
            number += 1
            with contextlib.suppress(OSError):
                if post(stack.url, event(number))[0] == 202:
                    accepted.append(f"m{number}")

    sender = threading.Thread(target=send)
    sender.start()
    time.sleep(1.0)
    assert stack.end(signal.SIGTERM) == 0
    stop.set()
    sender.join()
    assert len(accepted) > 5
    assert set(accepted) <= {e.id for e in stack.events()}


@pytest.mark.tansu
def test_a_broker_that_stops_is_503_in_time_and_used_again_when_it_is_back(tmp_path: Path, topic_prefix: str) -> None:
    try:
        broker = tansu_broker.start(tmp_path)
    except tansu_binary.BrokerMissingError as error:
        pytest.skip(str(error))
    stack = Stack(broker.bootstrap, topic_prefix, tmp_path, publish_timeout_seconds=2, tick_seconds=0.5, spool_bytes=0)
    try:
        stack.start()
        assert post(stack.url, event(1))[0] == 202
        broker.pause()
        for number in (2, 3):
            began = time.monotonic()
            status, problem = post(stack.url, event(number))
            assert (status, problem["title"]) == (503, "Unavailable")
            assert time.monotonic() - began < 5
        with pytest.raises(urllib.error.HTTPError, match="503"):
            urllib.request.urlopen(f"{stack.url}/readyz", timeout=5)
        broker.resume()
        deadline = time.monotonic() + 20
        while post(stack.url, event(4))[0] != 202:
            assert time.monotonic() < deadline
            time.sleep(0.2)
        assert urllib.request.urlopen(f"{stack.url}/readyz", timeout=5).status == 200
        assert {"m1", "m4"} <= {e.id for e in stack.events()}
        assert stack.end(signal.SIGTERM) == 0
    finally:
        broker.resume()
        if stack.process is not None:
            stack.end(signal.SIGKILL)
        broker.stop()


@pytest.mark.tansu
def test_it_does_not_start_without_its_topics_and_says_what_to_do(
    tansu: RunningBroker, topic_prefix: str, tmp_path: Path
) -> None:
    stack = Stack(tansu.bootstrap, topic_prefix, tmp_path, provision=False)
    said = stack.command("gateway")
    _, error = said.communicate(timeout=60)
    assert said.returncode == 1
    assert "huoqun provision" in error
    assert "Traceback" not in error


@pytest.mark.tansu
def test_it_does_not_start_with_a_missing_secret_and_says_which(stack: Stack) -> None:
    (stack.directory / "huoqun.toml").write_text('[[sources]]\nname = "qq"\nkind = "onebot11"\nsecret_env = "QQ_KEY"\n')
    said = stack.command("gateway")
    _, error = said.communicate(timeout=60)
    assert said.returncode == 2
    assert "QQ_KEY is not set" in error


@pytest.mark.tansu
def test_a_replay_survives_a_gateway_that_is_killed_and_loses_and_reorders_nothing(stack: Stack) -> None:
    path = stack.directory / "history.ndjson.gz"
    path.write_bytes(gzip.compress(b"".join(json.dumps(event(n, f"g{n % 5}")).encode() + b"\n" for n in range(EVENTS))))
    stack.start()
    replaying = stack.command("replay", str(path), "--quiet")
    for _ in range(2):
        deadline = time.monotonic() + 20
        while not stack.taken():
            assert time.monotonic() < deadline
        stack.end(signal.SIGKILL)
        time.sleep(0.3)
        stack.start()
    output, error = replaying.communicate(timeout=100)
    assert replaying.returncode == 0, error
    assert f"{EVENTS:,} events accepted" in output
    assert "sent again" in error
    for group in range(5):
        seen = list(dict.fromkeys(e.id for e in stack.events() if e.group_id == f"g{group}"))
        assert seen == [f"m{n}" for n in range(group, EVENTS, 5)]


@pytest.mark.tansu
@pytest.mark.real_chats
def test_real_chats_are_replayed_as_they_are(stack: Stack) -> None:
    if not CHATS.exists():
        pytest.skip(f"{CHATS} is not there")
    stack.start()
    replaying = stack.command("replay", str(CHATS), "--quiet", "--source", "archive")
    output, error = replaying.communicate(timeout=100)
    assert replaying.returncode == 0, output + error
    with gzip.open(CHATS) as file:
        lines = [json.loads(line) for line in file]
    stored = {e.id: e for e in stack.events()}
    assert len(stored) == len(lines)
    for line in lines:
        found = stored[line["event_id"]]
        assert (found.type, found.group_id, found.source) == (
            line["type"],
            f"{line['group_id']}/{line['file']}",
            "archive",
        )
        assert found.text == (line["text"] or "")
