"""One Apache Kafka for all processes of a test run: four of them would warm up four, and each costs while nothing happens, too."""

from __future__ import annotations

import fcntl
import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import msgspec

from tests.support.brokers import OwnBroker, RunningBroker


class _Shared(msgspec.Struct):
    """What the processes tell each other: which broker there is, and how many use it."""

    kind: str
    bootstrap: str
    log: str
    pid: int
    users: int


@contextmanager
def shared_broker(directory: Path, start: Callable[[Path], OwnBroker]) -> Iterator[RunningBroker]:
    """Give the broker that runs in ``directory``: who comes first starts it, who leaves last ends it."""
    directory.mkdir(exist_ok=True)
    note = directory / "shared.json"
    with _alone(directory):
        if not note.exists():
            started = start(directory)
            there = _Shared(started.kind, started.bootstrap, str(started.log), started.process.pid, 0)
        else:
            there = msgspec.json.decode(note.read_bytes(), type=_Shared)
        there.users += 1
        note.write_bytes(msgspec.json.encode(there))
    try:
        yield RunningBroker(there.kind, there.bootstrap, Path(there.log))
    finally:
        with _alone(directory):
            there = msgspec.json.decode(note.read_bytes(), type=_Shared)
            there.users -= 1
            note.write_bytes(msgspec.json.encode(there))
            if there.users == 0:
                with suppress(ProcessLookupError):
                    os.kill(there.pid, signal.SIGKILL)
                directory.rename(directory.with_name(f"{directory.name}-{there.pid}"))  # who comes now starts another


@contextmanager
def _alone(directory: Path) -> Iterator[None]:
    with directory.with_name(f"{directory.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
