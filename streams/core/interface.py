"""What the shell needs of the core: one partition of the events log as a value that is fed records and asked for results."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple, Protocol

from huoqun.events import Refused
from huoqun.results import AnyResult


class Bad(NamedTuple):
    """A record that could not be understood, for the dead letters."""

    offset: int
    value: bytes | None
    refused: Refused


class Checkpoint(NamedTuple):
    """What has to be sent, and then saved; and up to which offset all is saved then, and may be committed.

    ``offset`` may lie many seconds, or hundreds of thousands of records, behind what was applied: what is not in the saves
    yet is read again from the log by the next holder. It is -1 while nothing may be committed, and never falls. The record
    after it is a tick, where there are any.
    ``results`` are absolute values under deterministic keys, of all that was applied. ``saves`` are state entries of this
    partition, each atomic by itself and fenced by the offset it holds; ``None`` deletes one; there may be none at all.
    ``unplaced`` counts the events that came too late even to tell whether they had come before.
    """

    offset: int
    results: list[AnyResult]
    saves: list[tuple[bytes, bytes | None]]
    unplaced: int = 0


class PartitionState(Protocol):
    """All groups of one partition. Single-threaded, deterministic, no I/O."""

    offset: int
    """The last one applied; -1: none."""

    def restore(self, entries: Iterable[tuple[bytes, bytes]]) -> None:
        """Take over what earlier checkpoints saved (any order). Called once, before the first record."""

    def apply(self, records: Sequence[tuple[int, bytes | None]]) -> list[Bad]:
        """Apply (offset, value) records in offset order; return those that can't be understood.

        The first ones may be known already, from what was restored: those at or below a group's fence are skipped. May stop
        after any record when it is :meth:`crowded`: those above :attr:`offset` have to be given again then.
        """

    def up_to_rest(self, records: Sequence[tuple[int, bytes | None]]) -> int:
        """Return how many of ``records``, the next ones, to apply before results are asked for; 0: wait for more.

        What is told must be of a place to which each later holder of the partition comes (see :mod:`streams.core.rests`):
        else nobody would withdraw what it tells of a moment and is then lost with the process.
        """

    def urgent(self) -> list[AnyResult]:
        """Return the results an operator waits for (questions, alerts) that changed since they were last asked for."""

    def crowded(self) -> bool:
        """Whether so many results wait for the next checkpoint that it should not be waited for."""

    def checkpoint(self, *, final: bool = False, partitions: int = 1) -> Checkpoint:
        """Return all results that changed since the last checkpoint, and the saves that are due; start anew.

        Called about once a second. ``partitions``: how many the worker holds, which share what it may have to do again
        after a crash. ``final``: save everything, so that ``offset`` is the last one applied; nothing may follow, and the
        next holder has nothing to read again.
        """
