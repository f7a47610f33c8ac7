"""Child processes: started, watched, started again when they die, stopped in order."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

import msgspec

from huoqun.local import child

FIRST_DELAY: Final = 0.5
LONGEST_DELAY: Final = 30.0
SETTLED_SECONDS: Final = 60.0
"""A child that lived this long has recovered: its next death starts the delays anew."""

_WATCH_SECONDS: Final = 0.1
_LOG_BYTES: Final = 16 * 1024 * 1024

# The kernel ties a child to the *thread* that started it (see child.py): one thread starts all, and stays to the end.
_starter: Final = ThreadPoolExecutor(max_workers=1, thread_name_prefix="children")


class Spec(msgspec.Struct, frozen=True):
    """One child: ``fatal`` means that it is not started again, and that its death ends everything."""

    name: str
    command: list[str]
    fatal: bool = False


class StartError(Exception):
    """A child ended, or was not ready in time; the message holds the end of its log."""


def delay_before_restart(deaths: int) -> float:
    """Return the seconds to wait after this many deaths in a row (1 is the first)."""
    return float(min(LONGEST_DELAY, FIRST_DELAY * 2 ** (max(1, deaths) - 1)))


class Child:
    """One running (or to be restarted) child process. Not thread-safe: :class:`Family` guards it."""

    def __init__(self, spec: Spec, environment: Mapping[str, str], log: Path) -> None:
        """Nothing runs before :meth:`start`."""
        self.spec = spec
        self.log = log
        self.process: subprocess.Popen[bytes] | None = None
        self.started_at = 0.0
        self.deaths = 0
        self.restart_at: float | None = None
        self._environment = dict(environment)

    def start(self) -> None:
        """Start the process, its output appended to the log."""
        self.log.parent.mkdir(parents=True, exist_ok=True)
        if self.log.exists() and self.log.stat().st_size > _LOG_BYTES:
            self.log.replace(self.log.with_suffix(".log.1"))
        self.process = _starter.submit(self._spawn).result()
        self.started_at = time.monotonic()
        self.restart_at = None

    def _spawn(self) -> subprocess.Popen[bytes]:
        with self.log.open("ab") as output:
            # Its own session: Ctrl-C on the terminal reaches the supervisor only, which then stops all in order.
            return subprocess.Popen(  # noqa: S603  # our own command
                [sys.executable, child.__file__, str(os.getpid()), *self.spec.command],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=self._environment,
                start_new_session=True,
            )

    def tail(self, lines: int = 8) -> str:
        """Return the end of the log."""
        with contextlib.suppress(FileNotFoundError):
            return "\n".join(self.log.read_text("utf-8", "replace")[-20_000:].splitlines()[-lines:])
        return ""


class Family:
    """All children of one supervisor, with a thread that starts again the ones that die."""

    def __init__(self, environment: Mapping[str, str], logs: Path, say: Callable[[str], None]) -> None:
        """``say`` is told what a person should know, from any thread."""
        self.dead: str | None = None
        """The fatal child that died, once it has."""
        self.ended = threading.Event()
        """Set when a fatal child has died."""
        self._environment = environment
        self._logs = logs
        self._say = say
        self._children: dict[str, Child] = {}
        self._lock = threading.RLock()
        self._stopping = threading.Event()
        self._watcher = threading.Thread(target=self._watch, name="watcher", daemon=True)
        self._watcher.start()

    def start(self, spec: Spec) -> None:
        """Start a new child."""
        with self._lock:
            started = self._children[spec.name] = Child(spec, self._environment, self._logs / f"{spec.name}.log")
            started.start()

    def pids(self) -> dict[str, int]:
        """Return name -> process id of the children that run."""
        with self._lock:
            return {n: c.process.pid for n, c in self._children.items() if c.process and c.process.poll() is None}

    def signal(self, name: str, number: int) -> None:
        """Send a signal to a child; one that is not running is left alone."""
        with self._lock:
            process = self._children[name].process
            if process is not None and process.poll() is None:
                process.send_signal(number)

    def wait_ready(self, name: str, unready: Callable[[], str | None], seconds: float, *, restarts: int = 0) -> None:
        """Wait until ``unready()`` is ``None``; raise :class:`StartError` when it won't be.

        A child that dies more than ``restarts`` times meanwhile has failed at once.
        """
        deadline = time.monotonic() + seconds
        before = self._deaths(name)
        while not self._stopping.is_set():
            why = unready()
            if why is None:
                return
            died = self._deaths(name) - before
            if died > restarts or self.dead is not None:
                raise StartError(
                    f"{self.dead or name} ended instead of becoming ready. {self._where(self.dead or name)}"
                )
            if time.monotonic() >= deadline:
                raise StartError(f"{name} was not ready within {seconds:.0f} s ({why}). {self._where(name)}")
            time.sleep(_WATCH_SECONDS)
        raise StartError(f"{name} was stopped before it was ready")

    def stop(self, name: str, seconds: float) -> None:
        """Ask a child to end (SIGTERM), kill it after ``seconds``; it is not started again."""
        with self._lock:
            stopped = self._children.pop(name, None)
        if stopped is None or stopped.process is None:
            return
        stopped.process.terminate()
        try:
            stopped.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self._say(f"{name} did not end within {seconds:.0f} s and is killed")
            stopped.process.kill()
            stopped.process.wait()

    def kill_all(self) -> None:
        """Kill every child and stop watching."""
        self._stopping.set()
        with self._lock:
            for each in self._children.values():
                if each.process is not None:
                    each.process.kill()
                    each.process.wait()
            self._children.clear()

    def _deaths(self, name: str) -> int:
        with self._lock:
            return self._children[name].deaths if name in self._children else 0

    def _where(self, name: str) -> str:
        with self._lock:
            known = self._children.get(name)
        return f"Its log, {known.log}, ends:\n{known.tail()}" if known else ""

    def _watch(self) -> None:
        while not self._stopping.wait(_WATCH_SECONDS):
            with self._lock:
                for each in list(self._children.values()):
                    self._look_after(each, time.monotonic())

    def _look_after(self, each: Child, now: float) -> None:
        if each.restart_at is not None:
            if now >= each.restart_at:
                each.start()
            return
        if each.process is None or each.process.poll() is None:
            return
        status = each.process.returncode
        how = f"killed by {signal.Signals(-status).name}" if status < 0 else f"status {status}"
        each.deaths = 1 if now - each.started_at > SETTLED_SECONDS else each.deaths + 1
        name = each.spec.name
        if each.spec.fatal:
            if self.dead is None:
                self.dead = name
                self._say(f"{name} ended ({how})")
                self.ended.set()
            return
        delay = delay_before_restart(each.deaths)
        each.restart_at = now + delay
        self._say(f"{name} ended ({how}); started again in {delay:g} s · log: {each.log}")
