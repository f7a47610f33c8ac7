"""The services as processes, each in a session of its own, started again when they end, as a supervisor in production does.

They are killed by the process ids that were recorded when they were started, and by nothing else.
"""

from __future__ import annotations

import os
import signal
import sys
import time
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from huoqun import broker, config
from huoqun.config import Config
from huoqun.local.probe import unready
from huoqun.local.processes import Family, Spec
from tests.chaos.timeline import Timeline
from tests.support import running
from tests.support.brokers import free_port

ROOT = Path(__file__).parents[2]
READY_SECONDS = 240.0
"""A machine that does other things beside it may take so long to start a part; how long it took is among the figures."""
GATEWAY, TICKER, SINK, NOTIFY = "gateway", "ticker", "sink", "notify"


class Parts:
    """Gateway, ticker (a gateway that does nothing else), workers, sink and notifier, on a broker and a store."""

    def __init__(
        self,
        directory: Path,
        timeline: Timeline,
        *,
        bootstrap: str,
        hook: str,
        workers: int = 1,
        partitions: int = 4,
        settings: Mapping[str, Mapping[str, Any]] | None = None,
        environ: Mapping[str, Mapping[str, str]] | None = None,
    ) -> None:
        """``settings`` override sections of the configuration, ``environ`` has variables for single parts."""
        self.directory, self.timeline = directory, timeline
        self.file = directory / "huoqun.toml"
        self.file.write_text(_toml(_sections(directory, bootstrap, partitions, settings or {})))
        self._hook = {"CHAOS_HOOK_URL": hook}
        self.config: Config = config.load(self.file, self._hook)
        self._environ = environ or {}
        self._urls: dict[str, str] = {}
        self._health: dict[str, str] = {}
        self._family: Family | None = None
        self.ends: list[str] = []
        """What ended by itself or was killed, in the supervisor's words."""
        self.workers = [f"worker-{number}" for number in range(workers)]

    def variables(self) -> dict[str, str]:
        """Return what any command of ours is to see of the environment."""
        environ = {k: v for k, v in os.environ.items() if not k.startswith("HUOQUN_")} | self._hook
        environ |= {"HUOQUN_CONFIG": str(self.file), "PYTHONUNBUFFERED": "1"}
        environ["PYTHONPATH"] = os.pathsep.join([str(ROOT), environ.get("PYTHONPATH", "")])
        return environ

    def __enter__(self) -> Self:
        broker.provision(self.config)
        self._family = Family(self.variables(), self.directory / "logs", self._say)
        try:
            for name in (SINK, GATEWAY, TICKER, *self.workers, NOTIFY):
                self.start(name)
            for name in self._urls:
                self.wait_ready(name)
        except BaseException:
            self._family.kill_all()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._family is not None:
            self._family.kill_all()

    def start(self, name: str) -> None:
        """Start a part that does not run. ``worker-N`` may be any N."""
        assert self._family is not None
        own = {**self._environ.get(name, {}), **self._environ.get(name.partition("-")[0], {})}
        port = free_port()
        asked = 0  # where it says whether it is well, if not beside its metrics
        match name.partition("-")[0]:
            case "gateway":
                port, asked = self.config.gateway.metrics_port, self.config.gateway.port
            case "ticker":
                asked = free_port()
                own |= {
                    "HUOQUN_GATEWAY_PORT": str(asked),
                    "HUOQUN_GATEWAY_METRICS_PORT": str(port),
                    "HUOQUN_GATEWAY_TICK_SECONDS": "0.2",
                    "HUOQUN_DATA_DIR": str(self.directory / "ticker"),
                }
            case "worker":
                own["HUOQUN_WORKER_METRICS_PORT"] = str(port)
            case "sink":
                port = self.config.sink.metrics_port
            case "notify":
                port = self.config.notify.metrics_port
        self._urls[name] = f"http://127.0.0.1:{port}"
        self._health[name] = f"http://127.0.0.1:{asked or port}{'/healthz' if asked else '/readyz'}"
        service = {"ticker": "gateway"}.get(name, name.partition("-")[0])
        command = [sys.executable, "-m", "huoqun", service]
        self._running.start(Spec(name, ["/usr/bin/env", *(f"{k}={v}" for k, v in own.items()), *command]))

    def stop(self, name: str, seconds: float = 30) -> None:
        """End a part in good order; it is not started again."""
        self._running.stop(name, seconds)
        self._urls.pop(name, None)

    def remove(self, name: str) -> None:
        """Kill a part; it is not started again."""
        self._running.stop(name, 0.0)
        self._urls.pop(name, None)

    @property
    def names(self) -> list[str]:
        return list(self._urls)

    @property
    def pids(self) -> dict[str, int]:
        return self._running.pids()

    @property
    def gateway(self) -> str:
        return f"http://127.0.0.1:{self.config.gateway.port}"

    def signal(self, name: str, number: signal.Signals) -> int:
        """Send a signal to a part; return the process id that it had."""
        pid = self.pids[name]
        self.timeline.note("signal", part=name, pid=pid, signal=number.name)
        self._running.signal(name, number)
        return pid

    def wait_running(self, name: str, seconds: float = 30) -> None:
        """Return when a part runs, ready or not."""
        deadline = time.monotonic() + seconds
        while name not in self.pids:
            assert time.monotonic() < deadline, f"{name} was not started again within {seconds:.0f} s"
            time.sleep(0.02)

    def wait_restarted(self, name: str, old: int, seconds: float = READY_SECONDS) -> float:
        """Return after how long a part runs as another process than ``old``, and is ready."""
        began = time.monotonic()
        while self.pids.get(name) in (None, old):
            if time.monotonic() > began + seconds:
                raise AssertionError(f"{name} was not started again within {seconds:.0f} s; see {self.directory}/logs")
            time.sleep(0.02)
        self.wait_ready(name, seconds)
        took = time.monotonic() - began
        self.timeline.note("ready", part=name, pid=self.pids.get(name), seconds=round(took, 2))
        return took

    def wait_ready(self, name: str, seconds: float = READY_SECONDS) -> None:
        began = time.monotonic()
        while (why := unready(self._health[name])) is not None:
            if time.monotonic() > began + seconds:
                raise AssertionError(f"{name} was not ready within {seconds:.0f} s: {why}; see {self.directory}/logs")
            time.sleep(0.05)

    def metric(self, part: str, name: str) -> float | None:
        """Return the sum of a metric over its labels; ``None``: the part does not answer."""
        try:
            with urllib.request.urlopen(f"{self._urls[part]}/metrics", timeout=5) as answer:
                lines = answer.read().decode().splitlines()
        except (OSError, KeyError):
            return None
        return sum(float(x.rpartition(" ")[2]) for x in lines if x.startswith(name) and x[len(name)] in " {")

    def memory(self, name: str) -> int:
        """Return a part's resident memory, in bytes; 0 if it does not run."""
        try:
            return running.memory_bytes(self.pids[name])
        except (KeyError, OSError, IndexError):  # one that has ended has no memory to tell of
            return 0

    def written_memory(self, name: str) -> int:
        """Return what of a part's resident memory is its own and no file's, in bytes; 0 if it does not run."""
        try:
            lines = Path(f"/proc/{self.pids[name]}/smaps_rollup").read_text().splitlines()
        except (KeyError, OSError):
            return 0
        return sum(int(line.split()[1]) * 1024 for line in lines if line.startswith("Anonymous:"))

    def descriptors(self, name: str) -> int:
        try:
            return len(list(Path(f"/proc/{self.pids[name]}/fd").iterdir()))
        except (KeyError, OSError):
            return 0

    @property
    def _running(self) -> Family:
        assert self._family is not None
        return self._family

    def _say(self, line: str) -> None:
        self.ends.append(line)
        self.timeline.note("ended", how=line.partition(";")[0])


def _sections(
    directory: Path, bootstrap: str, partitions: int, settings: Mapping[str, Mapping[str, Any]]
) -> dict[str, dict[str, Any]]:
    sections: dict[str, dict[str, Any]] = {
        "": {"data_dir": str(directory / "own")},
        "kafka": {"bootstrap": bootstrap, "partitions": partitions},
        "gateway": {"port": free_port(), "metrics_port": free_port(), "tick_seconds": 0.0, "report_seconds": 0.0},
        "worker": {"checkpoint_seconds": 0.3, "watchdog_seconds": 20.0},
        "store": {"query_port": free_port()},
        "sink": {"metrics_port": free_port(), "batch_seconds": 0.2},
        "notify": {
            "allow_private": "127.0.0.1", "metrics_port": free_port(), "group_wait_seconds": 0.5,
            "group_interval_seconds": 1.0,
        },
        # Seconds instead of minutes, so that a short run is full of alerts.
        "deadlines": {
            "question_minutes": 0.1, "newcomer_minutes": 0.08, "cold_start_minutes": 0.08, "mention_minutes": 0.06,
        },
    }  # fmt: skip
    for name, values in settings.items():
        sections.setdefault(name, {}).update(values)
    return sections


def _toml(sections: Mapping[str, Mapping[str, Any]]) -> str:
    lines = []
    for name, values in sections.items():
        lines += [f"[{name}]"] if name else []
        lines += [
            f"{key} = {str(value).lower() if isinstance(value, bool) else repr(value)}" for key, value in values.items()
        ]
    lines += ["[[notify.channels]]", "name = 'hook'", "kind = 'webhook'", "url_env = 'CHAOS_HOOK_URL'"]
    lines += ["[[notify.routes]]", "name = 'all'", "channels = ['hook']"]
    return "\n".join(lines) + "\n"
