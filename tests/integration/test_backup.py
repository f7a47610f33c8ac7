"""Backup and restore as docs/backup.md has them: the shipped SQL on the engine, and a lost Kafka filled from the store."""

import json
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner

from huoqun import broker as brokers
from huoqun import topics
from huoqun.cli import main
from huoqun.config import Config, dump_env
from huoqun.kafka_config import Kafka
from producers.simulator import sample_community
from sinks.embedded import DIRECTORY
from tests.integration.test_rebuild import END_MS, accept, contents, do
from tests.support.brokers import RunningBroker
from tests.support.service_process import ROOT
from tests.support.stack import as_events

pytest.importorskip("chdb", reason="the embedded store is not installed: pip install 'huoqun[local]'")
pytestmark = [pytest.mark.chdb, pytest.mark.tansu, pytest.mark.slow]

RUN = """
import json, sys
from chdb import session
from sinks.sql import statements
engine = session.Session(sys.argv[1])
for text in json.load(sys.stdin):
    for sql in statements(text):
        engine.query(sql)
"""


@pytest.fixture
def config(tmp_path: Path, topic_prefix: str, tansu: RunningBroker) -> Config:
    made = Config(
        data_dir=str(tmp_path), kafka=Kafka(partitions=2, topic_prefix=topic_prefix, bootstrap=tansu.bootstrap)
    )
    brokers.provision(made)
    accept(made, as_events(sample_community(end_ms=END_MS))[:200], 0.5)
    do(made)
    return made


def on_the_engine(config: Config, *files: str) -> None:
    """The shipped SQL, on the store's directory, by an engine that may write backups."""
    directory = Path(config.data_dir)
    server = directory / "server.xml"
    allowed = f"<backups><allowed_path>{directory}/backups</allowed_path></backups>"
    server.write_text(f"<clickhouse>{allowed}</clickhouse>")
    texts = [(ROOT / "deploy/backup" / file).read_text("utf-8") for file in files]
    given = [text.replace("{database}", "huoqun").replace("{file}", "huoqun-1") for text in texts]
    place = f"{directory / DIRECTORY}?config-file={server}"
    command = [sys.executable, "-c", RUN, place]
    subprocess.run(command, input=json.dumps(given), text=True, cwd=ROOT, check=True, timeout=120)


def test_what_was_backed_up_is_there_again_after_everything_was_lost(config: Config) -> None:
    before = contents(config)
    on_the_engine(config, "backup.sql")
    accept(config, as_events(sample_community(end_ms=END_MS))[200:260], 1.0)
    do(config)
    later = contents(config)
    assert later != before
    on_the_engine(config, "restore.sql")
    assert contents(config) == before
    do(config)
    assert contents(config) == later, "what came after the backup comes from Kafka"


def test_a_lost_kafka_is_filled_from_the_store_once(config: Config) -> None:
    before = contents(config)
    config.kafka = msgspec.structs.replace(config.kafka, topic_prefix=config.kafka.topic_prefix + "new")
    filled = CliRunner().invoke(main, ["provision", "--from-store"], env=dump_env(config))
    assert filled.exit_code == 0, filled.output
    assert "200 stored events" in filled.output
    events = topics.full_name(config.kafka.topic_prefix, topics.EVENTS)
    assert sum(brokers.end_offsets(config.kafka, events).values()) == 202, "and a generation in each partition"
    again = CliRunner().invoke(main, ["provision", "--from-store"], env=dump_env(config))
    assert again.exit_code == 1
    assert "not empty" in again.output
    accept(config, [], 0.5)
    do(config)
    assert contents(config) == before
