"""Run a program over a filled topic, on one core, and see how quickly it drains it."""

from __future__ import annotations

import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple
from urllib.request import urlopen

from bench import cores
from bench.samples import Rates, Sample, Stretch, TooShortError, rates, read

START_SECONDS = 90.0
LOOK_SECONDS = 0.1
SCRAPE_SECONDS = 0.25
STOP_SECONDS = 8.0

Look = Callable[[], list[Sample]]


class DrainError(Exception):
    """The program ended, or did nothing; the message holds the end of what it said."""


class Program(NamedTuple):
    """What is started: its command, its environment, the core it is bound to, and where its samples come from."""

    command: list[str]
    env: Mapping[str, str]
    core: int
    look: Look
    log: Path
    directory: Path


def drain(programs: Sequence[Program], stretch: Stretch) -> Rates:
    """Run the programs together until the stretch is over; return the rates of all of them together.

    ``per_core`` is the sum of what each does with a second of its CPU, ``per_second`` the sum over time. ``stretch`` counts
    the events that all have seen together. Raises :class:`DrainError`.
    """
    running = []
    try:
        for program in programs:
            with program.log.open("wb") as output:
                running.append(
                    subprocess.Popen(
                        cores.on(program.core, program.command),
                        env=dict(program.env),
                        cwd=program.directory,
                        stdout=output,
                        stderr=subprocess.STDOUT,
                    )
                )
        whole = _watch(programs, running, stretch)
    finally:
        for process in running:
            _stop(process)
    inside = stretch.cut(together(whole))
    if not inside:
        raise DrainError(f"the events were over before there was anything to measure: {_tails(programs)}")
    try:
        each = [rates([s for s in samples if inside[0].at <= s.at <= inside[-1].at]) for samples in whole]
    except TooShortError as error:
        raise DrainError(f"{error}: {_tails(programs)}") from None
    return Rates(*(sum(figures) for figures in zip(*each, strict=True)))


def together(whole: Sequence[list[Sample]]) -> list[Sample]:
    """Return the samples of several programs as one, from where all have begun: at each of the first's, what all had done."""
    if len(whole) == 1:
        return whole[0]
    merged = []
    for sample in whole[0]:
        others = [next((s for s in reversed(samples) if s.at <= sample.at), None) for samples in whole[1:]]
        known = [s for s in (sample, *others) if s is not None and s.seen > 0]
        if len(known) == len(whole):
            merged.append(Sample(sample.at, *(sum(figures) for figures in zip(*(s[1:] for s in known), strict=True))))
    return merged


def _watch(
    programs: Sequence[Program], running: Sequence[subprocess.Popen[bytes]], stretch: Stretch
) -> list[list[Sample]]:
    deadline = time.monotonic() + START_SECONDS
    while True:
        time.sleep(LOOK_SECONDS)
        whole = [program.look() for program in programs]
        if all(samples and samples[-1].seen > 0 for samples in whole) and stretch.over(together(whole)):
            return whole
        if any(process.poll() is not None for process in running):
            raise DrainError(f"ended early, status {[p.poll() for p in running]}: {_tails(programs)}")
        if not any(samples and samples[-1].seen > 0 for samples in whole) and time.monotonic() > deadline:
            raise DrainError(f"no event within {START_SECONDS:.0f} s: {_tails(programs)}")
        if time.monotonic() > deadline + stretch.warm_seconds * 2 + stretch.longest_seconds + START_SECONDS:
            raise DrainError(f"stuck: {_tails(programs)}")


def _stop(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        process.send_signal(signal.SIGKILL)  # what follows the stretch is of no interest
        process.wait(STOP_SECONDS)


def _tails(programs: Sequence[Program]) -> str:
    """Return the last of what each said: no more than is shown of a failure."""
    return " | ".join(p.log.read_text("utf-8", "replace")[-180:] for p in programs)


def module(name: str, *arguments: str) -> list[str]:
    """Return the command that runs a module of this checkout with this interpreter."""
    return [sys.executable, "-m", name, *arguments]


class Scrape:
    """Samples of a worker of the product from its own metrics."""

    def __init__(self, port: int, share: float) -> None:
        """``share`` is how many of the records are events (the others are ticks)."""
        self._url = f"http://127.0.0.1:{port}/metrics"
        self._share = share
        self._at = 0.0
        self._samples: list[Sample] = []

    def __call__(self) -> list[Sample]:
        """Ask, if it is time again, and return all samples."""
        now = time.monotonic()
        if now - self._at >= SCRAPE_SECONDS:
            self._at = now
            try:
                with urlopen(self._url, timeout=5) as answer:
                    text = answer.read().decode()
            except OSError:
                return self._samples  # it has not begun, or is busy
            seen, cpu = value(text, "huoqun_worker_events_total"), value(text, "process_cpu_seconds_total")
            done = value(text, "huoqun_worker_results_total"), value(text, "huoqun_worker_saves_total")
            self._samples.append(Sample(time.monotonic(), cpu, seen * self._share, *done))
        return self._samples


def value(text: str, name: str) -> float:
    """Return the sum of a metric over its labels."""
    return sum(float(s.rpartition(" ")[2]) for s in text.splitlines() if s.startswith((f"{name} ", f"{name}{{")))


def samples_of(path: Path) -> Look:
    """Return what reads the samples that a program writes itself."""
    return lambda: read(path)


def scratch() -> Path:
    """Return a new directory below the system's temporary one; the caller removes it."""
    return Path(tempfile.mkdtemp(prefix="huoqun-bench-"))
