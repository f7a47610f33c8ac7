"""Drive the streaming core without a broker: events in, the views' contents out."""

from __future__ import annotations

import random
from collections.abc import Sequence

import msgspec

from huoqun import codec
from huoqun.config import Config
from huoqun.control import Tick
from huoqun.events import Event
from huoqun.results import AnyResult
from streams.core.answer_model import AnswerModel
from streams.core.lag import Lag
from streams.core.partition import Partition

View = dict[tuple[str, str], dict[str, object]]


def view_of(results: Sequence[AnyResult]) -> View:
    """What the store shows of result records: the highest version of each key, deleted ones hidden."""
    newest: dict[tuple[str, str], AnyResult] = {}
    for row in results:
        key = (type(row).__name__, row.key())
        if key not in newest or newest[key].version <= row.version:
            newest[key] = row
    view: View = {}
    for key, row in newest.items():
        if not row.deleted:
            view[key] = {**msgspec.to_builtins(row), "version": 0}
    return view


def encoded(events: Sequence[Event | Tick]) -> list[bytes]:
    return [codec.encode(e) for e in events]


LAG = Lag(little=0)
"""Much is left unsaved, as in busy groups, however little it is."""


class Machine:
    """A partition that can be fed in any batches, checkpointed, killed and restored."""

    def __init__(self, config: Config | None = None, lag: Lag = LAG, answers: AnswerModel | None = None) -> None:
        self.config = config or Config()
        self.lag = lag
        self.answers = answers
        self.state = Partition(0, self.config, lag, answers)
        self.results: list[AnyResult] = []
        self.store: dict[bytes, bytes] = {}
        self.committed = 0

    def feed_to_rest(self, log: Sequence[bytes], start: int, end: int) -> int:
        """Feed as the worker does, up to the last place where results may be told; return from where it goes on."""
        rest = start + self.state.up_to_rest([(offset, log[offset]) for offset in range(start, end)])
        self.feed(log, start, rest)
        return rest

    def feed(self, log: Sequence[bytes], start: int, end: int) -> None:
        while start < end:
            assert not self.state.apply([(offset, log[offset]) for offset in range(start, end)])
            self.results += self.state.urgent()
            start = self.state.offset + 1
            if self.state.crowded():
                self.checkpoint()

    def checkpoint(self, *, save: float = 1.0, final: bool = False) -> None:
        """Send, then save; with ``save`` below 1 only the first part of the saves arrives and nothing is committed."""
        checkpoint = self.state.checkpoint(final=final)
        self.results += checkpoint.results
        arrived = checkpoint.saves
        if save < 1:
            arrived = arrived[: int(len(arrived) * save)]
        for key, value in arrived:
            if value is None:
                self.store.pop(key, None)
            else:
                self.store[key] = value
        if save >= 1:
            self.committed = checkpoint.offset + 1

    def crash(self) -> int:
        """Lose what is in memory; return the offset from which the log is read again."""
        self.state = Partition(0, self.config, self.lag, self.answers)
        self.state.restore(self.store.items())
        return self.committed

    def run(self, log: Sequence[bytes], *, batch: int = 100, checkpoint_every: int = 5) -> View:
        for number, start in enumerate(range(0, len(log), batch)):
            self.feed(log, start, min(start + batch, len(log)))
            if number % checkpoint_every == checkpoint_every - 1:
                self.checkpoint()
        self.checkpoint()
        return view_of(self.results)


def shuffled_within(events: Sequence[Event], bound_ms: int, seed: int) -> list[Event]:
    """The events in an order that delays none by more than ``bound_ms`` of event time."""
    rng = random.Random(seed)
    return sorted(events, key=lambda e: (e.ts + rng.uniform(0, bound_ms), e.id))
