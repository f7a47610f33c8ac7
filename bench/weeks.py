"""Does a worker's state grow with the weeks? The machines alone, in one process.

    python -m bench.weeks --groups 300 --members 30000 --weeks 3

Everybody says something; then week follows week, each with as many events as there are members. After each it says how many
blocks of Python's allocator are in use, how large they are together, what the allocator holds, and the process's resident
memory. What is in use is state, with what can still be taken back; what is held beyond it are holes between objects that
stay, which the next ones fill: Python gives memory back in whole arenas of a mebibyte only.
"""

from __future__ import annotations

import argparse
import gc
import os
import re
import sys
import tempfile
from collections.abc import Iterable
from itertools import islice
from pathlib import Path
from typing import Final, NamedTuple

from bench import core_alone
from bench.core_alone import Alone
from bench.population import a_week, population
from bench.workload import Record, Shape
from streams import memory

OFTEN: Final = 1_000
"""Records between two checkpoints: the product's worker makes one each second, here all time between two ticks is none."""
POPULATE_SECONDS: Final = 1_000
"""Everybody has spoken within so much event time, as a million members have in :mod:`bench.recovery`."""
_MIB: Final = 1024 * 1024


class Held(NamedTuple):
    """Memory at a moment: blocks of Python's allocator, the MiB in them, the MiB it holds, the MiB that are resident."""

    blocks: int
    used: float
    arenas: float
    resident: float


def held() -> Held:
    """Return what is held now."""
    gc.collect()
    memory.trim()
    told = _allocator()
    status = Path("/proc/self/status").read_text("ascii")
    resident = int(_figure(r"VmRSS:\s+(\d+) kB", status)) / 1024
    used = int(_figure(r"# bytes in allocated blocks\s+=\s+([\d,]+)", told)) / _MIB
    arenas = int(_figure(r"\d+ arenas \* \d+ bytes/arena\s+=\s+([\d,]+)", told)) / _MIB
    return Held(sys.getallocatedblocks(), used, arenas, resident)


def _allocator() -> str:
    """Return what the allocator says of itself; it says it to file descriptor 2."""
    sys.stderr.flush()
    before = os.dup(2)
    with tempfile.TemporaryFile() as told:
        os.dup2(told.fileno(), 2)
        try:
            sys._debugmallocstats()  # noqa: SLF001  # named in the documentation of sys
        finally:
            os.dup2(before, 2)
            os.close(before)
        told.seek(0)
        return told.read().decode("ascii", "replace")


def _figure(pattern: str, text: str) -> str:
    found = re.search(pattern, text)
    assert found is not None, pattern
    return found.group(1).replace(",", "")


def live(alone: Alone, records: Iterable[Record]) -> None:
    """Let the machines live through them."""
    left = iter(records)
    while chunk := list(islice(left, 10 * OFTEN)):
        alone.feed(record.value for record in chunk)


def main() -> int:
    """Print a line for the beginning and each week."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--groups", type=int, default=300)
    parser.add_argument("--members", type=int, default=30_000)
    parser.add_argument("--weeks", type=int, default=3)
    given = parser.parse_args()
    shape = Shape(groups=given.groups, members=given.members)
    core_alone.CHECKPOINT = OFTEN
    memory.begin()
    alone = Alone()
    _say("nobody", held())
    live(alone, population(shape, shape.members / POPULATE_SECONDS))
    _say("everybody once", held())
    for number in range(given.weeks):
        live(alone, a_week(shape.members, shape, number=number))
        _say(f"week {number + 1}", held())
    return 0


def _say(when: str, now: Held) -> None:
    print(
        f"{when:15} {now.blocks:12,} blocks in use, {now.used:8.1f} MiB of {now.arenas:8.1f} held, "
        f"{now.resident:8.1f} MiB resident",
        flush=True,
    )


if __name__ == "__main__":
    sys.exit(main())
