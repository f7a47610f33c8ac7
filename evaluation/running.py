"""The product itself: the embedded stack in a directory of its own, events through the webhook, the results' views.

A stack knows nothing when it starts and is gone at the end, so that one replay never sees another's history.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any, Final, Protocol

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

from huoqun import broker, config, topics
from huoqun.config import Config
from huoqun.local.progress import behind, ends_now
from huoqun.local.stack import LocalStack, StackError
from producers.replay import Client, Line, ReplayError, Totals, batches
from sinks.client import Param, QueryError, query

GIVE_UP_SECONDS: Final = 120.0
STALLED_SECONDS: Final = 120.0
"""No record computed or stored for so long, and the replay has failed."""
_EVERY_SECONDS: Final = 0.3


class RunError(Exception):
    """The product did not get through the replay; the message says where it stopped."""


class Show(Protocol):
    """Where a replay says how far it is."""

    def replaying(self, what: str, total: int) -> AbstractContextManager[Callable[[int, str], None]]:
        """Return what is told how many events have been sent, and what goes on."""


class Bars:
    """Progress bars on the terminal's error output; gone when their replay is done."""

    def __init__(self, console: Console) -> None:
        self._console = console

    @contextmanager
    def replaying(self, what: str, total: int) -> Iterator[Callable[[int, str], None]]:
        """Show one replay."""
        with Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            TaskProgressColumn(),
            TextColumn("{task.fields[now]}"),
            TimeElapsedColumn(),
            console=self._console,
            transient=True,
        ) as progress:
            task = progress.add_task(what, total=total or None, now="starting")
            yield lambda sent, now: progress.update(task, completed=sent, now=now)


class Store:
    """What the product has found, and how long it took to find it."""

    def __init__(self, settings: Config, totals: Totals, seconds: float) -> None:
        self._config = settings
        self.accepted = totals.accepted
        self.refused = totals.refused
        self.seconds = seconds
        """From the first event sent to the last result stored."""

    def ask(self, sql: str, params: Mapping[str, Param] | None = None) -> list[dict[str, Any]]:
        """Return the rows of a query."""
        return query(self._config, sql, params)

    @property
    def remark(self) -> str:
        """What a reader of the figures should know of the replay; empty if nothing."""
        return f"{self.refused:,} of {self.refused + self.accepted:,} events were refused" if self.refused else ""


@contextmanager
def replayed(lines: Iterable[bytes], *, what: str, show: Show, total: int = 0, settings: str = "") -> Iterator[Store]:
    """Replay events (NDJSON) through a stack with these ``settings`` (TOML), and yield what it found. Raises :class:`RunError`.

    ``total`` is how many there are, as far as is known.
    """
    with tempfile.TemporaryDirectory(prefix="huoqun-evaluation-") as directory:
        file = Path(directory) / "huoqun.toml"
        file.write_text(f'data_dir = "{directory}/data"\n{settings}', "utf-8")
        try:
            with LocalStack(config.load(file, {}), config_file=str(file), free_ports=True) as stack:
                with show.replaying(what, total) as told:
                    began = time.monotonic()
                    totals = _send(stack, lines, told)
                    _wait(stack, totals, told)
                    seconds = time.monotonic() - began
                yield Store(stack.config, totals, seconds)
        except (StackError, ReplayError, QueryError) as error:
            raise RunError(f"{what}: {error}") from error


def _send(stack: LocalStack, lines: Iterable[bytes], told: Callable[[int, str], None]) -> Totals:
    totals = Totals()
    numbered = (Line(line, "evaluation", number) for number, line in enumerate(lines, 1))
    client = Client(stack.addresses.gateway, source=None, key=None, give_up_seconds=GIVE_UP_SECONDS)
    began = time.monotonic()

    def advanced() -> None:
        sent = totals.accepted + totals.refused
        told(sent, f"{sent:,} sent, {sent / max(1e-6, time.monotonic() - began):,.0f}/s")

    client.send_all(batches(numbered), totals, advanced)
    return totals


def _wait(stack: LocalStack, totals: Totals, told: Callable[[int, str], None]) -> None:
    """Wait until all is computed and stored, for as long as it goes on."""
    settings, prefix = stack.config, stack.config.kafka.topic_prefix
    events = ends_now(settings, (topics.EVENTS,))
    _passed(settings, topics.streams_group(prefix), events, totals, told, "to compute")
    everything = events | ends_now(settings, topics.RESULT_TOPICS)
    _passed(settings, topics.sink_group(prefix), everything, totals, told, "to store")


def _passed(
    settings: Config,
    group: str,
    targets: Mapping[tuple[str, int], int],
    totals: Totals,
    told: Callable[[int, str], None],
    what: str,
) -> None:
    last, moved = None, time.monotonic()
    while left := sum(behind(targets, broker.committed(settings, group)).values()):
        told(totals.accepted, f"{left:,} records {what}")
        # What is committed may lag by hundreds of thousands of records: results that come are work, too.
        now = left, sum(ends_now(settings, topics.RESULT_TOPICS).values())
        if now != last:
            last, moved = now, time.monotonic()
        elif time.monotonic() - moved > STALLED_SECONDS:
            raise RunError(f"{left:,} records {what} for {STALLED_SECONDS:.0f} s without progress")
        time.sleep(_EVERY_SECONDS)
