"""A name that a worker has again when it is started again: the broker takes it back at once.

Without one a killed worker's partitions wait until its session has run out, although its successor is there (Kafka calls
it static membership). The name is the machine's and a number: the first that no living worker holds, by a lock on a file
that the kernel lets go of whatever the worker dies of.
"""

from __future__ import annotations

import fcntl
import os
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

MOST: Final = 1_000
"""Workers on one machine, in one data directory."""


@contextmanager
def instance(directory: Path, host: Callable[[], str] = socket.gethostname) -> Iterator[str | None]:
    """Hold a name of our own while within; ``None`` where none can be had: the directory can't be written."""
    descriptor = number = None
    try:
        directory.mkdir(parents=True, exist_ok=True)
        for number in range(MOST):
            descriptor = os.open(directory / f"worker-{number}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                os.close(descriptor)
                descriptor = None
    except OSError:
        descriptor = None
    try:
        yield None if descriptor is None else f"{host()}-{number}"
    finally:
        if descriptor is not None:
            os.close(descriptor)
