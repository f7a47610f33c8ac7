"""What the tests see of a broker, whichever it is."""

import os
import signal
import socket
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

from huoqun.kafka_config import Kafka


@dataclass
class RunningBroker:
    """A broker that other tests may use too: ``kind`` is ``tansu`` or ``apache_kafka``."""

    kind: str
    bootstrap: str
    log: Path

    @property
    def kafka(self) -> Kafka:
        return Kafka(bootstrap=self.bootstrap)


@dataclass
class OwnBroker(RunningBroker):
    """A broker of its own: it may be hung and ended."""

    process: subprocess.Popen[bytes] = field(repr=False)

    def pause(self) -> None:
        """Let it hang, and return when it does: a signal alone lets it answer a little longer."""
        self.process.send_signal(signal.SIGSTOP)
        os.waitid(os.P_PID, self.process.pid, os.WSTOPPED)

    def resume(self) -> None:
        self.process.send_signal(signal.SIGCONT)

    def stop(self) -> None:
        self.process.send_signal(signal.SIGKILL)  # nothing of it is kept
        self.process.wait()


class BrokerNotStartedError(Exception):
    """The broker ended, or never answered; the message holds the end of its log."""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def tail(log: Path, lines: int = 20) -> str:
    return "\n".join(log.read_text("utf-8", "replace").splitlines()[-lines:])
