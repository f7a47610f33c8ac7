"""The process with the machines alone, seen from the benchmark that asks it."""

from __future__ import annotations

import subprocess
import time
from typing import Self

from bench import cores
from bench.contest import environment
from bench.core_alone import Spent
from bench.drain import DrainError, module
from bench.workload import Shape


class Asked:
    """A process of :mod:`bench.core_alone`, with ``warm`` events behind it when it is ready."""

    def __init__(self, world: Shape, warm: int) -> None:
        self._warm = warm
        command = module("bench.core_alone", "--groups", str(world.groups), "--members", str(world.members))
        self._began = time.monotonic()
        self._process = subprocess.Popen(
            cores.on(cores.MEASURED, command),
            env=environment(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.wait()

    def wait(self) -> float:
        """Return the seconds it took to be ready."""
        self._line()
        if self._warm:
            self.ask(self._warm)
        return time.monotonic() - self._began

    def ask(self, count: int) -> Spent:
        """Return what the next ``count`` events take."""
        assert self._process.stdin is not None
        self._process.stdin.write(f"{count}\n")
        self._process.stdin.flush()
        return Spent(*map(float, self._line().split()))

    def _line(self) -> str:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise DrainError("the process with the machines alone ended: its error is above")
        return line
