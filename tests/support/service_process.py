"""A service of ours as a child process: started, killed, asked over HTTP."""

import http.client
import os
import signal
import subprocess
import sys
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

from huoqun.config import Config
from tests.support.brokers import tail

ROOT = Path(__file__).parents[2]


@dataclass
class ServiceProcess(ABC):
    """``huoqun NAME`` in a directory of its own, where no huoqun.toml of a checkout gets in."""

    name: ClassVar[str]
    config: Config
    directory: Path
    process: subprocess.Popen[bytes] | None = field(default=None, repr=False, kw_only=True)

    @abstractmethod
    def settings(self) -> Mapping[str, str]:
        """All of our variables that the process is to see."""

    @property
    @abstractmethod
    def metrics_port(self) -> int: ...

    @property
    def log(self) -> Path:
        return self.directory / f"{self.name}.log"

    def start(self) -> None:
        environ = {k: v for k, v in os.environ.items() if not k.startswith("HUOQUN_")} | dict(self.settings())
        environ["PYTHONPATH"] = os.pathsep.join([str(ROOT), environ.get("PYTHONPATH", "")])
        with self.log.open("ab") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "huoqun", self.name],
                env=environ,
                cwd=self.directory,
                stdout=output,
                stderr=subprocess.STDOUT,
            )

    def end(self, number: signal.Signals = signal.SIGKILL, seconds: float = 30) -> int:
        process, self.process = self.process, None
        if process is None:
            return 0
        if process.poll() is None:
            process.send_signal(number)
        try:
            return process.wait(seconds)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise AssertionError(f"did not end within {seconds:.0f} s:\n{tail(self.log)}") from None

    def get(self, path: str) -> tuple[int, str]:
        connection = http.client.HTTPConnection("127.0.0.1", self.metrics_port, timeout=5)
        connection.request("GET", path)
        response = connection.getresponse()
        found = response.status, response.read().decode()
        connection.close()
        return found
