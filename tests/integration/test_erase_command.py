"""`huoqun erase` on a running pipeline, on each broker: store, state, dead letters; and a rebuild brings nobody back.

About 25 s a broker, most of it processes that start.
"""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from kafka import KafkaConsumer, TopicPartition
from kafka.structs import OffsetAndMetadata

pytest.importorskip("chdb", reason="the embedded engine is not installed (extra `local`)")

from huoqun import broker as administration
from huoqun import codec, config, topics
from huoqun.config import Config
from huoqun.control import Tick
from huoqun.events import Event
from sinks.client import query
from tests.support.brokers import RunningBroker
from tests.support.long import on_apache_kafka
from tests.support.service_process import ROOT
from tests.support.sinks import SinkProcess, eventually, produce
from tests.support.traces import saved, stored

pytestmark = [pytest.mark.chdb, pytest.mark.slow]

GONE = "gone-1234"
NAME = "谢大宝"
TRACES = (GONE, NAME, "confidential")


def environ(cfg: Config) -> dict[str, str]:
    kept = {k: v for k, v in os.environ.items() if not k.startswith("HUOQUN_")} | config.dump_env(cfg)
    return kept | {"PYTHONPATH": os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])}


def huoqun(cfg: Config, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "huoqun", *arguments], env=environ(cfg), cwd=cfg.data_dir, capture_output=True, text=True,
        check=False, timeout=180,
    )  # fmt: skip


@pytest.fixture
def sink(broker: RunningBroker, topic_prefix: str, tmp_path: Path) -> Iterator[SinkProcess]:
    settings = {"watchdog_seconds": 0.0, "checkpoint_seconds": 0.2, "metrics_port": 0}
    found = SinkProcess.prepared(broker.bootstrap, topic_prefix, tmp_path, worker=settings)
    Path(found.config.data_dir).mkdir(exist_ok=True)
    found.start()
    yield found
    found.end()


@pytest.fixture
def worker(sink: SinkProcess, tmp_path: Path) -> Iterator[subprocess.Popen[bytes]]:
    with (tmp_path / "worker.log").open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "huoqun", "worker"], env=environ(sink.config), cwd=tmp_path, stdout=output, stderr=output
        )  # fmt: skip
    yield process
    process.send_signal(signal.SIGTERM)
    process.wait(20)


@pytest.fixture
def ticks(sink: SinkProcess) -> Iterator[None]:
    """Time in the log, as the gateway writes it."""
    over = threading.Event()

    def run() -> None:
        while not over.wait(0.5):
            produce(sink.config, topics.EVENTS, [codec.encode(Tick(now=int(time.time() * 1000)))])

    thread = threading.Thread(target=run)
    thread.start()
    yield
    over.set()
    thread.join()


def talk(now: int) -> list[Event]:
    def message(number: int, user: str, text: str, **fields: object) -> Event:
        ts = now - 600_000 + number * 1_000
        base = {"id": f"e{number}", "type": "message", "ts": ts, "platform": "qq", "group_id": "g", "user_id": user,
                "user_name": NAME if user == GONE else user.title(), "text": text, "received_at": ts}  # fmt: skip
        return Event(**(base | fields))

    return [
        message(1, "ada", "good morning"),
        message(2, GONE, "where is the confidential plan?"),
        message(3, "bob", f"@{NAME} I do not know", mentions=[GONE], reply_to="e2"),
        message(4, "ada", "how do I sign up for the course?"),
        message(5, GONE, "like this", reply_to="e4", mentions=["ada"]),
    ]


def traces(text: str) -> list[str]:
    return [trace for trace in TRACES if trace in text]


def read_by_the_sink(cfg: Config) -> list[str]:
    """The topics, but for the events: ticks come into those all the time."""
    return [topics.full_name(cfg.kafka.topic_prefix, name) for name in topics.RESULT_TOPICS]


def rewind(cfg: Config) -> None:
    """Let the sink begin anew, at the beginning of every topic."""
    prefix = cfg.kafka.topic_prefix
    group = topics.sink_group(prefix)
    consumer = KafkaConsumer(bootstrap_servers=cfg.kafka.bootstrap, group_id=group, enable_auto_commit=False)
    places = [TopicPartition(topic, part) for topic, part in administration.committed(cfg, group)]
    consumer.assign(places)
    consumer.commit({tp: OffsetAndMetadata(0, "", -1) for tp in places})
    consumer.close()


@on_apache_kafka()
@pytest.mark.usefixtures("worker", "ticks")
def test_a_person_is_gone_from_store_state_and_dead_letters_and_a_rebuild_does_not_bring_them_back(
    sink: SinkProcess, tmp_path: Path
) -> None:
    cfg = sink.config
    now = int(time.time() * 1000)
    events = [codec.encode(each) for each in (Tick(now=now - 600_000), *talk(now), Tick(now=now))]
    produce(cfg, topics.EVENTS, [*events, f'{{"user_id":"{GONE}"'.encode(), b'{"poison":'])
    letters = topics.full_name(cfg.kafka.topic_prefix, topics.DEADLETTER)
    eventually(lambda: administration.end_offsets(cfg.kafka, letters)[0] == 2, "both are dead letters")
    eventually(
        lambda: query(cfg, f"SELECT 1 FROM members WHERE user_id = '{GONE}'"),
        "they are known",
        state=sink.log.read_text,
    )
    eventually(lambda: GONE in saved(cfg), "they are in what is saved")
    spool = Path(cfg.data_dir) / "spool" / "0"
    spool.mkdir(parents=True)
    (spool / "refused").write_bytes(b"x" + GONE.encode())

    looked = huoqun(cfg, "erase", "--platform", "qq", "--user", GONE, "--dry-run")
    assert looked.returncode == 0, looked.stderr
    assert "events.user_id 2" in looked.stdout
    assert "dead letters 1, files on disk 1" in looked.stdout
    assert huoqun(cfg, "erase", "--platform", "qq", "--user", GONE).returncode == 2, "nobody said yes"

    done = huoqun(cfg, "erase", "--platform", "qq", "--user", GONE, "--yes")
    assert done.returncode == 0, done.stdout + done.stderr + (tmp_path / "worker.log").read_text()
    assert "events=" in done.stdout
    assert traces(stored(cfg)) == []
    eventually(
        lambda: not traces(saved(cfg)), "nothing that is saved tells of them", state=lambda: str(traces(saved(cfg)))
    )
    assert not (spool / "refused").exists()
    assert huoqun(cfg, "dlq", "list").stdout.count("malformed") == 1
    texts = {row["text"] for row in query(cfg, "SELECT text FROM events")}
    assert texts == {"good morning", "[…] I do not know", "how do I sign up for the course?"}

    again = huoqun(cfg, "erase", "--platform", "qq", "--user", GONE, "--yes")
    assert (again.returncode, again.stdout.splitlines()[-1]) == (0, "erased: 0 rows, there was nothing left of them")
    audit = query(cfg, "SELECT platform, rows FROM erasures ORDER BY at")
    assert [row["platform"] for row in audit] == ["qq", "qq"]
    assert int(audit[0]["rows"]) > 4

    # into an empty store, from the beginning of the topics
    sink.end(signal.SIGTERM)
    rewind(cfg)
    sink.config = msgspec.structs.replace(cfg, data_dir=str(tmp_path / "anew"))
    sink.start()
    eventually(lambda: len(query(sink.config, "SELECT 1 FROM erasures")) == 2, "all is read again")
    eventually(
        lambda: not traces(stored(sink.config)), "they are gone again", state=lambda: str(traces(stored(sink.config)))
    )
    eventually(
        lambda: {row["text"] for row in query(sink.config, "SELECT text FROM events")} == texts, "the others stay"
    )
    eventually(
        lambda: not administration.total_lag(cfg, topics.sink_group(cfg.kafka.topic_prefix), read_by_the_sink(cfg)),
        "the sink has read all there is",
    )
    assert traces(stored(sink.config)) == []
