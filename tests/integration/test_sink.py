"""The sink as it runs: a broker, a store, kills and outages."""

import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip("chdb", reason="the embedded engine is not installed (extra `local`)")

from huoqun import codec, topics
from huoqun.control import Tick
from huoqun.events import Event
from huoqun.results import Activity, Alert, GroupSummary, Member, MemberRisk, Question
from sinks import migrate
from sinks.clickhouse import ClickHouseStore
from sinks.embedded import EmbeddedStore
from tests.support import clickhouse, old_clickhouse
from tests.support.brokers import RunningBroker
from tests.support.proxy import Proxy
from tests.support.sinks import SinkProcess, dead_letters, eventually, produce

pytestmark = pytest.mark.chdb


def message(number: int, **fields: object) -> bytes:
    base: dict[str, object] = {
        "id": f"e{number:06}", "type": "message", "ts": 1_700_000_000_000 + number, "platform": "qq", "group_id": "g",
        "user_id": "u", "text": f"text {number}", "received_at": 1_700_000_000_000 + number,
    }  # fmt: skip
    return codec.encode(Event(**(base | fields)))  # type: ignore[arg-type]  # as given


RESULTS = {
    topics.ACTIVITY: [Activity(platform="qq", group_id="g", window="1h", window_end=60_000 * n, version=n) for n in range(5)],
    topics.QUESTIONS: [
        Question(
            platform="qq", group_id="g", question_id="e1", user_id="u", asked_at=5, kind="question", version=version,
            status="open" if version == 1 else "answered",
        )
        for version in (1, 2)
    ],
    topics.ALERTS: [
        Alert(
            platform="qq", group_id="g", alert_id="a1", kind="flood", severity="info", raised_at=1, updated_at=2,
            state="open", title="t", version=7,
        )
    ],
    topics.MEMBERS: [
        Member(platform="qq", group_id="g", user_id="u", version=7),
        MemberRisk(platform="qq", group_id="g", user_id="u", as_of=86_400_000, risk=0.5, version=7),
    ],
    topics.GROUPS: [GroupSummary(platform="qq", group_id="g", version=7)],
}  # fmt: skip


@pytest.fixture
def sink(broker: RunningBroker, topic_prefix: str, tmp_path: Path) -> Iterator[SinkProcess]:
    found = SinkProcess.prepared(broker.bootstrap, topic_prefix, tmp_path)
    yield found
    found.end()


@pytest.fixture
def on_tansu(tansu: RunningBroker, topic_prefix: str, tmp_path: Path) -> Iterator[SinkProcess]:
    found = SinkProcess.prepared(tansu.bootstrap, topic_prefix, tmp_path)
    yield found
    found.end()


def test_events_and_results_become_rows_and_what_cannot_be_used_a_dead_letter(sink: SinkProcess):
    bad = [message(-1, count=2**70)]
    unreadable = [b"{", b"\xff"]  # in the dead letters by the streams, which do not run here
    produce(
        sink.config, topics.EVENTS, [message(n) for n in range(500)] + bad + unreadable + [codec.encode(Tick(now=5))]
    )
    produce(sink.config, topics.EVENTS, [message(n, received_at=2_000_000_000_000, text="again") for n in range(100)])
    for topic, results in RESULTS.items():
        produce(sink.config, topic, [codec.encode(r) for r in results])
    produce(sink.config, topics.ALERTS, [b'{"record":"alert"}'])
    sink.start()
    counts = {"events": 500, "activity": 5, "questions": 1, "alerts": 1, "members": 1, "member_risk": 1, "groups": 1}
    eventually(lambda: {t: sink.count(t) for t in counts} == counts, "every view is filled")
    assert sink.query("SELECT status FROM questions") == [{"status": "answered"}]
    assert sink.query("SELECT count() AS n FROM events WHERE text = 'again'") == [{"n": 0}]
    eventually(lambda: len(dead_letters(sink.config)) == 2, "every bad record is a dead letter")
    letters = dead_letters(sink.config)
    assert {letter.value for letter in letters} == {*bad, b'{"record":"alert"}'}
    assert all(letter.reason for letter in letters)

    assert sink.get("/readyz") == (200, "ready\n")
    assert sink.metric("huoqun_sink_rows_total") >= 510
    assert sink.metric("huoqun_sink_dead_letters_total") == 2
    assert sink.metric("huoqun_sink_flush_seconds_count") >= 1
    assert "text 1" not in sink.log.read_text("utf-8"), "no message text in the log"

    started = time.monotonic()
    assert sink.end(signal.SIGTERM) == 0
    assert time.monotonic() - started < 10
    if sink.config.kafka.bootstrap:  # everything read was committed on the way out
        eventually(lambda: sink.lag() == 0, "all is committed", 10)


def test_killed_again_and_again_it_loses_nothing_and_shows_nothing_twice(on_tansu: SinkProcess):
    sink, rounds, each, chance = on_tansu, 2, 4_000, random.Random(7)
    total = rounds * each
    for number in range(rounds):
        first = number * each
        produce(sink.config, topics.EVENTS, [message(n) for n in range(first, first + 1_000)], b"qq/a")
        sent = threading.Thread(
            target=produce,
            args=(sink.config, topics.EVENTS, [message(n) for n in range(first + 1_000, first + each)], b"qq/b"),
        )
        sink.start()
        eventually(lambda: sink.metric("huoqun_sink_rows_total") > 0, "it stores", 40)
        sent.start()
        time.sleep(chance.random() * 0.4)
        sink.end(signal.SIGKILL)
        sent.join()
    sink.start()
    eventually(lambda: sink.count("events") == total, "all are there", state=sink.state)
    eventually(lambda: sink.lag() == 0, "all is committed")
    assert sink.query("SELECT uniqExact(id) AS n, min(id) AS a, max(id) AS z FROM events") == [
        {"n": total, "a": "e000000", "z": f"e{total - 1:06}"}
    ]


def test_two_sinks_cannot_share_an_embedded_store_and_the_second_says_why(on_tansu: SinkProcess, tmp_path: Path):
    on_tansu.start()
    eventually(lambda: on_tansu.count("events") == 0, "the first is up")
    second = SinkProcess(on_tansu.config, tmp_path / "second")
    second.directory.mkdir()
    second.start()
    assert second.wait() == 1
    log = second.log.read_text("utf-8")
    assert "in use by process" in log
    assert "Traceback" not in log


def test_topics_that_are_missing_end_it_with_what_to_do(tansu: RunningBroker, topic_prefix: str, tmp_path: Path):
    sink = SinkProcess.prepared(tansu.bootstrap, topic_prefix, tmp_path)
    sink.config.kafka.topic_prefix = topic_prefix + "x"
    sink.start()
    assert sink.wait() == 1
    assert "huoqun provision" in sink.log.read_text("utf-8")


WRITER = """
import sys
from sinks import migrate
from sinks.embedded import EmbeddedStore
from huoqun.events import Event
from tests.support.stores import insert
store = EmbeddedStore(sys.argv[1], "huoqun")
migrate.migrate(store, "huoqun")
number = int(sys.argv[2])
while True:
    events = [Event(id=f"{number}-{n}", type="message", ts=n, platform="p", group_id="g", user_id="u") for n in range(700)]
    insert(store, events)
    print(number, flush=True)
    number += 1
"""


def test_no_acknowledged_row_is_lost_and_no_batch_is_partial_when_the_writer_is_killed(tmp_path: Path):
    chance, acknowledged = random.Random(11), 0
    for _ in range(6):
        process = subprocess.Popen(
            [sys.executable, "-c", WRITER, str(tmp_path), str(acknowledged)], stdout=subprocess.PIPE
        )
        assert process.stdout is not None
        seen = chance.randrange(3, 6)
        for _ in range(seen):
            process.stdout.readline()
        time.sleep(chance.random() * 0.1)
        process.kill()
        acknowledged += seen + process.stdout.read().count(b"\n")
        process.wait()
    assert acknowledged > 12
    store = EmbeddedStore(tmp_path, "huoqun")
    try:
        found = dict(store.select("SELECT splitByChar('-', id)[1] AS batch, count() FROM huoqun.events GROUP BY batch"))
    finally:
        store.close()
    assert set(found.values()) == {700}
    assert {int(batch) for batch in found} >= set(range(acknowledged))


@pytest.fixture
def on_server(
    server: clickhouse.RunningClickHouse, tansu: RunningBroker, topic_prefix: str, tmp_path: Path
) -> Iterator[SinkProcess]:
    store = {"kind": "clickhouse", "port": server.port, "database": topic_prefix}
    found = SinkProcess.prepared(tansu.bootstrap, topic_prefix, tmp_path, store=store)
    schema = ClickHouseStore(found.config.store, "")
    adapt = old_clickhouse.adapt if server.version < old_clickhouse.OLD else str
    migrate.migrate(schema, topic_prefix, adapt=adapt)
    schema.close()
    yield found
    found.end()


@pytest.mark.clickhouse
def test_while_the_server_is_down_the_sink_waits_and_then_drains(
    on_server: SinkProcess, server: clickhouse.RunningClickHouse
):
    sink = on_server
    produce(sink.config, topics.EVENTS, [message(n) for n in range(200)])
    sink.start()
    eventually(lambda: sink.count("events") == 200, "it stores")
    server.kill()
    produce(sink.config, topics.EVENTS, [message(n) for n in range(200, 3_000)])
    eventually(lambda: sink.get("/readyz")[0] == 503, "it says that it is not ready")
    assert sink.metric("huoqun_sink_paused") == 1
    time.sleep(8)  # longer than the session: it must stay in its group by polling
    server.start()
    eventually(lambda: sink.count("events") == 3_000, "it drains")
    eventually(lambda: sink.get("/readyz")[0] == 200, "it is ready again")
    assert sink.process is not None
    assert sink.process.poll() is None
    assert sink.end(signal.SIGTERM) == 0
    eventually(lambda: sink.lag() == 0, "all is committed")


@pytest.mark.clickhouse
def test_a_connection_that_is_cut_after_storing_shows_nothing_twice(
    on_server: SinkProcess, server: clickhouse.RunningClickHouse
):
    sink = on_server
    with Proxy(server.port) as proxy:
        through = SinkProcess(sink.config, sink.directory)
        through.config.store.port = proxy.port
        produce(sink.config, topics.EVENTS, [message(n) for n in range(1_000)])
        produce(sink.config, topics.QUESTIONS, [codec.encode(r) for r in RESULTS[topics.QUESTIONS]])
        proxy.cut_replies = 3
        through.start()
        eventually(lambda: through.metric("huoqun_sink_errors_total") >= 3, "its first tries fail")
        eventually(lambda: through.metric("huoqun_sink_paused") == 0 and through.lag() == 0, "it gets through")
        assert proxy.cut_replies == 0
        assert through.count("events") == 1_000
        assert through.query("SELECT count() AS n, max(status) AS s FROM questions") == [{"n": 1, "s": "answered"}]
        assert through.count("events_rows") >= 1_000
        through.end(signal.SIGTERM)


@pytest.mark.clickhouse
def test_a_server_without_the_schema_ends_it_with_what_to_do(on_server: SinkProcess):
    on_server.config.store.database += "_none"
    on_server.start()
    assert on_server.wait() == 1
    assert "huoqun migrate" in on_server.log.read_text("utf-8")
