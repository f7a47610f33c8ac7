"""Where the parts of a running stack answer: ``<data_dir>/stack.json``, there only while it runs."""

from __future__ import annotations

import fcntl
import os
import time
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import msgspec

from huoqun.config import Config

STACK_FILE: Final = "stack.json"
LOCK_FILE: Final = "stack.lock"

_ATTEMPTS: Final = 5
_ATTEMPT_SECONDS: Final = 0.1


class Addresses(msgspec.Struct, kw_only=True):
    """URLs without a path, the broker as ``host:port``, and the process id of every part."""

    gateway: str
    query: str
    worker_metrics: str
    sink_metrics: str
    bootstrap: str
    desk: str = ""
    """Empty: it does not run. Likewise the next."""
    notify_metrics: str = ""
    pids: dict[str, int] = msgspec.field(default_factory=dict)


class InUseError(Exception):
    """Another stack runs in this data directory; the message names it and its process."""


class Lock:
    """At most one stack in a data directory. The system lets go of it when the process ends, however it ends."""

    def __init__(self, data_dir: Path) -> None:
        """Take it; raises :class:`InUseError`."""
        data_dir.mkdir(parents=True, exist_ok=True)
        self._file = (data_dir / LOCK_FILE).open("a+")
        for _attempt in range(_ATTEMPTS):
            try:
                fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                time.sleep(_ATTEMPT_SECONDS)  # it may only be somebody asking whether a stack runs
        else:
            self._file.seek(0)
            owner = self._file.read().strip() or "unknown"
            self._file.close()
            raise InUseError(
                f"{data_dir}: a stack already runs here (process {owner}); stop it, or set HUOQUN_DATA_DIR to another"
            )
        self._file.truncate(0)
        self._file.write(f"{os.getpid()}\n")
        self._file.flush()

    def release(self) -> None:
        """Let others in."""
        self._file.close()


def is_running(data_dir: Path) -> bool:
    """Tell whether a stack holds the lock of ``data_dir``."""
    try:
        with (data_dir / LOCK_FILE).open("r+") as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except BlockingIOError:
        return True
    return False


def write(data_dir: Path, addresses: Addresses) -> None:
    """Publish the addresses, all at once."""
    draft = data_dir / f"{STACK_FILE}.new"
    draft.write_bytes(msgspec.json.format(msgspec.json.encode(addresses)) + b"\n")
    draft.replace(data_dir / STACK_FILE)


def remove(data_dir: Path) -> None:
    """Take them back."""
    (data_dir / STACK_FILE).unlink(missing_ok=True)


def read(data_dir: Path) -> Addresses | None:
    """Return where the stack of ``data_dir`` answers; ``None`` when none runs (what a killed one left is ignored)."""
    if not is_running(data_dir):
        return None
    try:
        return msgspec.json.decode((data_dir / STACK_FILE).read_bytes(), type=Addresses)
    except (FileNotFoundError, msgspec.DecodeError):
        return None


def of_running_stack(config: Config) -> Config:
    """Return ``config`` with the addresses of the stack that runs in its data directory, unchanged if none does.

    ``huoqun up`` takes other ports when the configured ones are taken: commands that look for it go through here.
    """
    found = read(Path(config.data_dir))
    if found is None:
        return config
    gateway, query = urlsplit(found.gateway), urlsplit(found.query)
    worker, sink = urlsplit(found.worker_metrics), urlsplit(found.sink_metrics)
    replace = msgspec.structs.replace
    notify = config.notify
    if found.notify_metrics:
        place = urlsplit(found.notify_metrics)
        notify = replace(notify, metrics_host=place.hostname, metrics_port=place.port)
    return replace(
        config,
        notify=notify,
        kafka=replace(config.kafka, bootstrap=found.bootstrap),
        gateway=replace(config.gateway, host=gateway.hostname, port=gateway.port),
        worker=replace(config.worker, metrics_host=worker.hostname, metrics_port=worker.port),
        sink=replace(config.sink, metrics_host=sink.hostname, metrics_port=sink.port),
        store=replace(config.store, query_host=query.hostname, query_port=query.port),
    )
