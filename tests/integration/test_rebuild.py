"""`huoqun rebuild` on a real broker and store: the tables are the oracle's, and so is whatever goes on from the state."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
import pytest
from click.testing import CliRunner

from huoqun import broker as brokers
from huoqun import codec, records, topics
from huoqun.cli import main
from huoqun.config import Config, dump_env
from huoqun.control import Tick
from huoqun.events import Event
from huoqun.kafka_config import Kafka
from huoqun.local import rebuild
from huoqun.results import Action, Alert, alert_id
from producers.simulator import sample_community
from sinks.client import query
from sinks.store import Store
from sinks.tables import VIEWS
from streams.core.partition import Partition
from streams.saves import Replay
from tests.support.brokers import RunningBroker
from tests.support.core import Machine, View, view_of
from tests.support.long import on_apache_kafka
from tests.support.sinks import produce
from tests.support.stack import as_events, stored_in

pytest.importorskip("chdb", reason="the embedded store is not installed: pip install 'huoqun[local]'")
pytestmark = [pytest.mark.chdb, pytest.mark.slow]

END_MS = 1_790_000_000_000
RECEIVED_MS = 1_800_000_000_000
"""When :func:`as_events` says that everything was received."""
ROLLUPS = ("group_hours", "member_days", "membership", "questions_by_time", "sources", "joiners")
SILENT = Alert(
    version=1, alert_id=alert_id("source_silent", "", "", "qq-main"), kind="source_silent", severity="warning",
    platform="onebot11", group_id="", user_id="", subject_event_id="qq-main", raised_at=END_MS, updated_at=END_MS,
    state="open", resolved_at=None, title="silent", reasons=[], evidence="{}",
)  # fmt: skip
TAKEN = Action(
    version=1,
    platform="qq",
    group_id="g",
    action_id="a1",
    item="q1",
    kind="question",
    action="acknowledge",
    by="me",
    at=END_MS,
)


@pytest.fixture
def config(tmp_path: Path, topic_prefix: str, broker: RunningBroker) -> Config:
    made = Config(
        data_dir=str(tmp_path), kafka=Kafka(partitions=2, topic_prefix=topic_prefix, bootstrap=broker.bootstrap)
    )
    brokers.provision(made)
    return made


def accept(config: Config, events: Sequence[Event], hours: float) -> None:
    """Events as the gateway writes them, and a tick into each partition so long after the time of receipt."""
    brokers.republish(config, events, lambda _: None)
    topic = topics.full_name(config.kafka.topic_prefix, topics.EVENTS)
    tick = codec.encode(Tick(now=RECEIVED_MS + round(hours * 3_600_000)))
    with records.Writer(config.kafka) as writer:
        writer.wait([writer.write(topic, key=None, value=tick, partition=part) for part in (0, 1)])


def logs(config: Config) -> list[list[bytes]]:
    """What the partitions of the events hold."""
    topic = topics.full_name(config.kafka.topic_prefix, topics.EVENTS)
    found: list[list[bytes]] = [[], []]
    for record in records.read(config.kafka, topic):
        assert record.offset == len(found[record.partition])
        found[record.partition].append(record.value or b"")
    return found


def oracle(config: Config) -> View:
    made: View = {}
    for log in logs(config):
        made |= Machine(config).run(log, batch=100_000)
    return made


def saved(config: Config, partition: int) -> list[tuple[bytes, bytes]]:
    """The state as the next holder of the partition reads it."""
    replay = Replay()
    topic = topics.state_topic(config.kafka.topic_prefix)
    for r in records.read(config.kafka, topic):
        if r.partition == partition:
            replay.feed(r.offset, r.key or b"", r.value, r.headers)
    return list(replay.drain())


def contents(config: Config) -> dict[str, list[Any]]:
    """Every view and rollup, in full; nothing in them says when or how often a row was stored."""
    return {name: query(config, f"SELECT * FROM {name} ORDER BY ALL") for name in (*VIEWS, *ROLLUPS)}


def do(config: Config) -> rebuild.Outcome:
    return rebuild.rebuild(config, rebuild.plan(config), lambda _: None)


def opened(config: Config) -> Store:
    from sinks.process import open_embedded  # noqa: PLC0415  # the engine is an extra

    return open_embedded(config)


def spoil(config: Config) -> None:
    """Empty some tables, and put rows that never were into others."""
    store, live = opened(config), config.store.database
    for name in ("activity", "questions", "members", "events", "group_hours", "member_days", "actions"):
        store.execute(f"TRUNCATE TABLE {live}.{name}_rows")
    store.execute(f"INSERT INTO {live}.groups_rows (platform, group_id, version) VALUES ('qq', 'never was', 1)")
    store.execute(
        f"INSERT INTO {live}.member_risk_rows (platform, group_id, user_id, as_of, version) "
        "VALUES ('qq', 'never was', 'u', '2001-01-01 00:00:00', 1)"
    )
    store.close()


@on_apache_kafka()
def test_tables_are_the_oracles_again_and_whoever_goes_on_from_the_state_tells_what_it_would_have_told(
    config: Config,
) -> None:
    events = as_events(sample_community(end_ms=END_MS))
    first, then = events[: len(events) // 2], events[len(events) // 2 :]
    accept(config, first, 0.5)
    produce(config, topics.ACTIONS, [codec.encode(TAKEN)])
    produce(config, topics.ALERTS, [codec.encode(SILENT)])

    done = do(config)

    of_rebuild = stored_in(config, [event.group_id for event in first])
    assert of_rebuild == oracle(config)
    before = contents(config)
    assert [row["id"] for row in before["events"]] == sorted(row["id"] for row in before["events"])
    assert {row["id"] for row in before["events"]} == {event.id for event in first}
    assert [row["kind"] for row in before["alerts"] if row["group_id"] == ""] == ["source_silent"]
    assert [name for name in (*ROLLUPS[:4], "actions") if not before[name]] == []
    assert done.rows["events"] == len(first)
    assert (done.unreadable, done.refused) == (0, 0)

    spoil(config)
    assert contents(config) != before
    do(config)
    assert contents(config) == before
    assert query(config, "SHOW DATABASES LIKE '%rebuild%'") == []

    prefix = config.kafka.topic_prefix
    topic = topics.full_name(prefix, topics.EVENTS)
    going_on = brokers.committed(config, topics.streams_group(prefix))
    ends = {(topic, part): end for part, end in brokers.end_offsets(config.kafka, topic).items()}
    at_sink = brokers.committed(config, topics.sink_group(prefix))
    assert {place: at_sink[place] for place in ends} == ends
    accept(config, then, 5.0)
    told: View = {}
    for part, log in enumerate(logs(config)):
        state = Partition(part, config)
        state.restore(saved(config, part))
        start = going_on[topic, part]
        assert ends[topic, part] - 1 <= start, "the last record is a tick, and the next holder begins with it"
        results = []
        while start < len(log):
            state.apply([(offset, log[offset]) for offset in range(start, len(log))])
            start = state.offset + 1
            results += [*state.urgent(), *state.checkpoint().results]
        results += state.checkpoint(final=True).results
        gone = {(type(row).__name__, row.key()) for row in results}
        told |= view_of(results)
        of_rebuild = {key: row for key, row in of_rebuild.items() if key not in gone}
    assert of_rebuild | told == oracle(config)


def test_a_state_that_cannot_be_read_is_replaced(config: Config) -> None:
    """As an older version has left it: of some group that is known, and of one that is not."""
    events = as_events(sample_community(end_ms=END_MS))[:200]
    accept(config, events, 0.5)
    state = topics.state_topic(config.kafka.topic_prefix)
    with records.Writer(config.kafka) as writer:
        old = msgspec.msgpack.encode((1, msgspec.msgpack.encode([1, "of another format"])))
        keys = [f"0|7|0|0|qq/{name}".encode() for name in ("sim-balcony", "gone")]
        writer.wait([writer.write(state, key=key, value=old, partition=0) for key in keys])
    do(config)
    for part in (0, 1):
        Partition(part, config).restore(saved(config, part))
    assert not any(b"gone" in key for key, _ in saved(config, 0))


def test_where_the_topic_has_lost_its_beginning_it_refuses_unless_told(config: Config) -> None:
    from kafka import KafkaAdminClient, TopicPartition  # noqa: PLC0415  # only here

    events = as_events(sample_community(end_ms=END_MS))[:100]
    accept(config, events, 0.5)
    do(config)
    topic = topics.full_name(config.kafka.topic_prefix, topics.EVENTS)
    admin = KafkaAdminClient(bootstrap_servers=config.kafka.bootstrap)
    try:
        admin.delete_records({TopicPartition(topic, part): 2 for part in (0, 1)})
    except Exception as error:  # noqa: BLE001  # whatever it says: then nothing can be shown on it
        pytest.skip(f"this broker deletes no records: {type(error).__name__}")
    finally:
        admin.close()
    if not rebuild.plan(config).cut:
        pytest.skip("this broker deletes no records")
    env = dump_env(config)
    refused = CliRunner().invoke(main, ["rebuild", "--yes", "--quiet"], env=env)
    assert refused.exit_code == 1
    assert "--partial" in refused.output
    done = CliRunner().invoke(main, ["rebuild", "--yes", "--quiet", "--partial"], env=env)
    assert done.exit_code == 0, done.output
    assert len(query(config, "SELECT id FROM events")) == len(events), "stored events of before are kept"
