"""`huoqun rebuild` between two runs of a whole stack: some minutes on a busy machine, so with HUOQUN_LONG=1 only."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from huoqun import codec, topics
from huoqun.config import Config, Sink, Worker, dump_env
from huoqun.kafka_config import Kafka
from huoqun.results import Action
from producers.simulator import sample_community
from sinks.client import query
from sinks.tables import VIEWS
from tests.support.brokers import RunningBroker
from tests.support.long import LONG
from tests.support.service_process import ROOT
from tests.support.sinks import produce
from tests.support.stack import Services, expected, send, stored, up_to_the_last_event

pytest.importorskip("chdb", reason="the embedded store is not installed: pip install 'huoqun[local]'")
pytestmark = [
    pytest.mark.chdb,
    pytest.mark.slow,
    pytest.mark.timeout(900),
    pytest.mark.skipif(not LONG, reason="a long one: HUOQUN_LONG=1 runs it"),
]

ROLLUPS = ("group_hours", "member_days", "membership", "questions_by_time", "sources", "joiners", "campaign_periods")


@pytest.fixture
def config(tmp_path: Path, topic_prefix: str, broker: RunningBroker) -> Config:
    return Config(
        data_dir=str(tmp_path),
        kafka=Kafka(partitions=2, topic_prefix=topic_prefix, bootstrap=broker.bootstrap),
        worker=Worker(checkpoint_seconds=0.2),
        sink=Sink(batch_seconds=0.2),
    )


def contents(config: Config) -> dict[str, list[Any]]:
    """Every view and rollup, in full; nothing in them says when or how often a row was stored."""
    return {name: query(config, f"SELECT * FROM {name} ORDER BY ALL") for name in (*VIEWS, *ROLLUPS)}


def run_rebuild(config: Config, *arguments: str) -> subprocess.CompletedProcess[str]:
    environ = {k: v for k, v in os.environ.items() if not k.startswith("HUOQUN_")} | dump_env(config)
    environ["PYTHONPATH"] = str(ROOT)
    command = [sys.executable, "-m", "huoqun", "rebuild", "--yes", "--quiet", *arguments]
    return subprocess.run(command, env=environ, cwd=config.data_dir, capture_output=True, text=True, check=False)


def spoil(config: Config) -> None:
    """Empty some tables, and put rows that never were into others."""
    from sinks.embedded import EmbeddedStore  # noqa: PLC0415  # the engine is an extra

    store = EmbeddedStore(config.data_dir, config.store.database)
    for name in ("activity", "questions", "members", "events", "group_hours", "member_days"):
        store.execute(f"TRUNCATE TABLE {config.store.database}.{name}_rows")
    store.execute(
        f"INSERT INTO {config.store.database}.groups_rows (platform, group_id, version) VALUES ('qq', 'never was', 1)"
    )
    store.execute(
        f"INSERT INTO {config.store.database}.member_risk_rows (platform, group_id, user_id, as_of, version) "
        "VALUES ('qq', 'never was', 'u', '2001-01-01 00:00:00', 1)"
    )
    store.close()


def act(config: Config) -> None:
    """An operator has somebody's question in hand: told by the desk, computed by nobody."""
    action = Action(
        version=1,
        platform="qq",
        group_id="g",
        action_id="a1",
        item="q1",
        kind="question",
        action="acknowledge",
        by="me",
        at=1_790_000_000_000,
    )
    produce(config, topics.ACTIONS, [codec.encode(action)], action.key().encode())


def test_emptied_and_spoilt_tables_are_as_before_and_workers_go_on_behind_them(
    config: Config, broker: RunningBroker
) -> None:
    raws = sample_community(end_ms=1_790_000_000_000)
    groups = sorted({str(raw["group_id"]) for raw in raws})
    first, then = raws[: len(raws) * 4 // 5], raws[len(raws) * 4 // 5 :]
    with Services(config, broker) as stack:
        act(stack.config)
        assert send(stack, first).accepted == len(first)
        assert stack.wait_processed(90)
        refused = run_rebuild(stack.config)
        assert refused.returncode == 1
        assert "huoqun worker" in refused.stderr, "while they work nothing is touched"
    before = contents(config)
    assert [
        name for name in ("activity", "questions", "alerts", "members", "member_days", "actions") if not before[name]
    ] == []

    spoil(config)
    assert contents(config) != before
    # The embedded broker does not notice that somebody has died until somebody else comes.
    sure = ["--force"] if broker.kind == "tansu" else []
    done = run_rebuild(config, *sure)
    assert done.returncode == 0, done.stdout + done.stderr
    assert contents(config) == before
    assert query(config, "SHOW DATABASES LIKE '%rebuild%'") == []

    again = run_rebuild(config, *sure)
    assert again.returncode == 0, again.stdout + again.stderr
    assert contents(config) == before, "once more changes nothing"

    with Services(config, broker) as stack:
        assert send(stack, then).accepted == len(then)
        assert stack.wait_processed(90)
        found, oracle = stored(stack, groups), expected(raws, stack.config)
        assert up_to_the_last_event(found, oracle, raws) == up_to_the_last_event(oracle, found, raws)
