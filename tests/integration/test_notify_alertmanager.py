"""A real Alertmanager takes what we send: one alert a cause, its new severity, its end, and nothing that never was."""

import asyncio
import json
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from huoqun.clock import now_ms
from huoqun.notify_config import Notify, NotifyChannel
from sinks.notify.channels import open_channel
from sinks.notify.notice import Notice, Sent
from tests.support.brokers import free_port
from tests.support.notices import MINUTE, item, notice
from tests.support.receiver import Receiver, in_loop, receiver

BINARY = shutil.which("prometheus-alertmanager") or shutil.which("alertmanager")
pytestmark = pytest.mark.skipif(
    BINARY is None, reason="Alertmanager is not installed (Debian: prometheus-alertmanager)"
)
CONFIG = """
route:
  receiver: us
  group_by: [alert_id, severity]
  group_wait: 100ms
  group_interval: 1s
  repeat_interval: 1h
receivers:
  - name: us
    webhook_configs:
      - url: http://127.0.0.1:{port}/told
        send_resolved: true
"""


@pytest.fixture
def ports(tmp_path: Path) -> Iterator[tuple[int, int]]:
    """Where an Alertmanager listens, and where it tells; the second is to be listened on."""
    assert BINARY is not None
    here, there = free_port(), free_port()
    file = tmp_path / "alertmanager.yml"
    file.write_text(CONFIG.replace("{port}", str(there)), "utf-8")
    command = [
        BINARY,
        f"--config.file={file}",
        f"--storage.path={tmp_path}",
        f"--web.listen-address=127.0.0.1:{here}",
        "--cluster.listen-address=",
    ]
    with (tmp_path / "log").open("wb") as log, subprocess.Popen(command, stdout=log, stderr=log) as process:
        try:
            yield here, there
            assert process.poll() is None, (tmp_path / "log").read_text("utf-8")
        finally:
            process.terminate()


async def held(port: int) -> list[tuple[str, str]]:
    """Its active alerts: kind and severity."""
    async with aiohttp.ClientSession() as session, session.get(f"http://127.0.0.1:{port}/api/v2/alerts") as reply:
        found: list[dict[str, Any]] = await reply.json()
        return sorted((each["labels"]["alertname"], each["labels"]["severity"]) for each in found)


def told(heard: Receiver) -> set[tuple[str, str, str]]:
    return {
        (alert["labels"]["alert_id"], alert["labels"]["severity"], alert["status"])
        for each in heard.asked
        for alert in json.loads(each.body)["alerts"]
    }


async def until(condition: Any, seconds: float = 20.0) -> None:
    async with asyncio.timeout(seconds):
        while not await condition():  # noqa: ASYNC110  # of another process
            await asyncio.sleep(0.1)


@in_loop
async def test_it_holds_one_alert_a_cause_from_beginning_to_end(ports: tuple[int, int]) -> None:
    here, there = ports
    channel = open_channel(
        NotifyChannel(name="am", kind="alertmanager", url_env="URL"),
        Notify(allow_private="127.0.0.1"),
        {"URL": f"http://127.0.0.1:{here}"},
    )
    assert not isinstance(channel, str)
    began = now_ms() - MINUTE

    def now(step: str, **changed: Any) -> Notice:
        at = now_ms()
        if changed.pop("over", False):
            changed |= {"ended": "resolved", "ended_at": at}
        return notice(step=step, at=at, items=(item(raised_at=began, **changed), item(alert_id="b", raised_at=began)))

    async with receiver(port=there) as heard:

        async def taken() -> bool:
            return await channel.send(now("raised")) == Sent()

        await until(taken)
        assert await held(here) == [("unanswered", "warning")] * 2
        assert await channel.send(now("again", title="now 12 min · now 12 min", group_name="renamed")) == Sent()
        assert await held(here) == [("unanswered", "warning")] * 2

        assert await channel.send(now("escalated", severity="critical")) == Sent()
        assert await held(here) == [("unanswered", "critical"), ("unanswered", "warning")]

        async def both_told() -> bool:
            return {
                ("unanswered:qq:42:m1", "critical", "firing"),
                ("unanswered:qq:42:m1", "warning", "resolved"),
            } <= told(heard)

        await until(both_told)
        assert await channel.send(now("resolved", severity="critical", over=True)) == Sent()
        assert await held(here) == [("unanswered", "warning")]

        async def end_told() -> bool:
            return ("unanswered:qq:42:m1", "critical", "resolved") in told(heard)

        await until(end_told)
        assert {severity for _alert, severity, _status in told(heard)} == {"warning", "critical"}
    await channel.close()


@in_loop
async def test_a_test_notice_is_one_alert_that_ends_by_itself(ports: tuple[int, int]) -> None:
    here, there = ports
    channel = open_channel(
        NotifyChannel(name="am", kind="alertmanager", url_env="URL"),
        Notify(allow_private="127.0.0.1"),
        {"URL": f"http://127.0.0.1:{here}/"},
    )
    assert not isinstance(channel, str)
    async with receiver(port=there):

        async def taken() -> bool:
            return await channel.send(notice(step="test", items=(), at=now_ms())) == Sent()

        await until(taken)
        assert await held(here) == [("huoqun_test", "info")]
    await channel.close()
