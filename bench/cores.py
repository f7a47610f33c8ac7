"""Which core runs what: the broker and this program on the first, what is measured on the others.

On a machine with one core nothing is pinned, and everything shares it.
"""

from __future__ import annotations

import os
import shutil
from typing import Final

ALL: Final = tuple(sorted(os.sched_getaffinity(0)))
BROKER: Final = ALL[0]
"""The core of the broker, the load, and this program."""
MEASURED: Final = ALL[1] if len(ALL) > 1 else ALL[0]
"""The core of the process that is measured."""


def stay_away() -> None:
    """Keep this process, and what it starts from now on, off the core of what is measured."""
    os.sched_setaffinity(0, {BROKER})


def on(core: int, command: list[str]) -> list[str]:
    """Return the command that runs ``command`` on that core only."""
    if len(ALL) == 1 or shutil.which("taskset") is None:
        return command
    return ["taskset", "--cpu-list", str(core), *command]


def anywhere(command: list[str]) -> list[str]:
    """Return the command that runs ``command`` on every core, whatever holds for this process."""
    if len(ALL) == 1 or shutil.which("taskset") is None:
        return command
    return ["taskset", "--cpu-list", ",".join(map(str, ALL)), *command]


def everywhere() -> None:
    """Let this process run on every core again."""
    os.sched_setaffinity(0, set(ALL))
