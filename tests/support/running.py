"""What the kernel says of a running process, by its number (Linux)."""

import os
from pathlib import Path
from typing import Final

MIB: Final = 1024 * 1024
TICK: Final[float] = 1 / os.sysconf("SC_CLK_TCK")
"""The least of CPU time that it tells, in seconds."""


def cpu_seconds(pid: int) -> float:
    """Return the CPU seconds that it has used, its own and the kernel's for it."""
    fields = _stat(pid)
    return (int(fields[11]) + int(fields[12])) * TICK


def memory_bytes(pid: int, what: str = "VmRSS") -> int:
    """Return its resident memory in bytes (``VmHWM``: the most there was)."""
    return int(Path(f"/proc/{pid}/status").read_text("ascii").partition(f"{what}:")[2].split()[0]) * 1024


def runs(pid: int) -> bool:
    """Return whether it is there and has not ended: one that nobody has waited for yet has."""
    try:
        return _stat(pid)[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def _stat(pid: int) -> list[str]:
    """Return the fields behind the program's name, which may hold anything."""
    return Path(f"/proc/{pid}/stat").read_text("utf-8", "replace").rpartition(")")[2].split()
