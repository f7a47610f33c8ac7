"""Several gateway processes behind one port: who ticks, what is counted where, who dies and who comes back."""

import os
import re
import signal
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from huoqun.control import Tick
from tests.integration.test_gateway_process import Stack, event, post
from tests.support.brokers import RunningBroker
from tests.support.running import runs

pytestmark = pytest.mark.tansu
SAMPLE = re.compile(r'^huoqun_gateway_events_total\{kind="canonical",type="message"\} (\d+)', re.MULTILINE)


class Several(Stack):
    """A gateway of three processes; ``metrics`` are their addresses."""

    metrics: list[str]

    def start(self) -> None:
        self.process = self.command("gateway", "--workers", "3")
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert line == f"gateway: {self.url}\n", line + str(self.process.communicate(timeout=20))
        self.metrics = self.process.stdout.readline().removeprefix("metrics: ").split()

    def workers(self) -> list[int]:
        assert self.process is not None
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        return [int(pid) for pid in children]


@pytest.fixture
def stack(tansu: RunningBroker, topic_prefix: str, tmp_path: Path) -> Iterator[Several]:
    stack = Several(tansu.bootstrap, topic_prefix, tmp_path, tick_seconds=0.2, metrics_port=0)
    yield stack
    if stack.process is not None:
        stack.end(signal.SIGKILL)


def read(url: str) -> str:
    with urllib.request.urlopen(url, timeout=5) as answer:
        return str(answer.read().decode())


def until_gone(pids: list[int]) -> bool:
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        if not any(runs(pid) for pid in pids):
            return True
        time.sleep(0.05)
    return False


def test_they_share_the_port_one_ticks_and_their_metrics_add_up(stack: Several) -> None:
    stack.start()
    assert len(stack.workers()) == len(set(stack.metrics)) == 3
    for number in range(60):  # a connection each: the system deals them out
        assert post(stack.url, event(number, f"g{number % 5}"))[0] == 202
    counted = [sum(map(int, SAMPLE.findall(read(url)))) for url in stack.metrics]
    assert sum(counted) == 60
    assert sum(1 for count in counted if count) >= 2
    for url in stack.metrics:
        assert read(url.replace("/metrics", "/readyz")) == "ready\n"
        with pytest.raises(urllib.error.HTTPError, match="405"):
            urllib.request.urlopen(url, data=b"{}", timeout=5)
    with pytest.raises(urllib.error.HTTPError, match="404"):
        read(f"{stack.url}/metrics")
    time.sleep(1.0)
    assert stack.end(signal.SIGTERM) == 0
    for held in stack.stored().values():
        ticks = [record.now for record in held if isinstance(record, Tick)]
        assert len(ticks) >= 4
        # A late tick may stand close before the next, which keeps to its grid; two that tick would be twice as many.
        assert len(set(ticks)) <= (max(ticks) - min(ticks)) / 200 + 2
    assert {e.id for e in stack.events()} == {f"m{n}" for n in range(60)}


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_all_end_together_and_the_status_is_0(stack: Several, number: signal.Signals) -> None:
    stack.start()
    workers = stack.workers()
    assert stack.end(number) == 0
    assert until_gone(workers)


def test_a_worker_that_is_killed_comes_back_and_the_others_serve_meanwhile(stack: Several) -> None:
    stack.start()
    before = stack.workers()
    os.kill(before[0], signal.SIGKILL)
    served = 0
    deadline = time.monotonic() + 20
    while len(set(stack.workers()) - set(before)) < 1 or served < 20:
        assert time.monotonic() < deadline
        try:
            served += post(stack.url, event(served))[0] == 202
        except OSError:
            time.sleep(0.02)  # it was dealt to the one that died
    assert set(before[1:]) < set(stack.workers())
    assert stack.end(signal.SIGTERM) == 0
    assert {f"m{n}" for n in range(served)} <= {e.id for e in stack.events()}


def test_when_they_keep_dying_all_end_with_status_1(stack: Several) -> None:
    stack.start()
    assert stack.process is not None
    deadline = time.monotonic() + 40
    while stack.process.poll() is None:
        assert time.monotonic() < deadline
        for pid in stack.workers()[:1]:
            os.kill(pid, signal.SIGKILL)
        time.sleep(0.3)
    _, said = stack.process.communicate(timeout=10)
    assert stack.process.returncode == 1
    stack.process = None
    assert "workers died 5 times" in said
    assert "Traceback" not in said


def test_none_outlives_the_first_process(stack: Several) -> None:
    stack.start()
    workers = stack.workers()
    stack.end(signal.SIGKILL)
    assert until_gone(workers)


def test_a_port_that_is_taken_is_said_and_not_shared(stack: Several) -> None:
    stack.start()
    second = stack.command("gateway", "--workers", "2")
    _, said = second.communicate(timeout=60)
    assert second.returncode == 1
    assert "choose another --port" in said


def test_a_source_s_limit_holds_for_all_of_them_together(stack: Several) -> None:
    (stack.directory / "huoqun.toml").write_text(
        '[[sources]]\nname = "a"\nkind = "canonical"\nevents_per_second = 20\n'
    )
    stack.start()
    began = time.monotonic()
    statuses = [post(stack.url, event(number))[0] for number in range(300)]  # a connection each
    allowed = 20 * (time.monotonic() - began + 1) + 3
    assert statuses.count(202) + statuses.count(429) == 300
    assert 20 <= statuses.count(202) <= allowed
    assert stack.end(signal.SIGTERM) == 0
