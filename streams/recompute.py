"""A partition computed anew from its records, outside of any worker: its results, and the state to go on from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final, NamedTuple

from huoqun import records
from huoqun.broker import BrokerError
from huoqun.kafka_config import Kafka
from huoqun.results import AnyResult
from streams.core.interface import PartitionState
from streams.saves import BARRIER_KEY, Replay, epoch_headers

CHECKPOINT_RECORDS: Final = 20_000
"""After so many records results are asked for: rows that wait are memory."""
_WRITE_AT_ONCE: Final = 100


class Finished(NamedTuple):
    """What is left to tell, the state under its keys, and the offset that may be committed with it (-1: none)."""

    results: list[AnyResult]
    saves: dict[bytes, bytes]
    offset: int


class Recomputing:
    """One partition on its way. Feed it records in offset order, then :meth:`finish`."""

    def __init__(self, state: PartitionState) -> None:
        self._state = state
        self._waiting: list[tuple[int, bytes | None]] = []
        self._since = 0
        self._saves: dict[bytes, bytes] = {}
        self.unreadable = 0
        """Records that nobody can read; when they first came they were put into the dead letters."""

    def take(self, found: Sequence[tuple[int, bytes | None]]) -> list[AnyResult]:
        """Apply records up to the last place in them where results may be told; return what there is to tell."""
        self._waiting += found
        count = self._state.up_to_rest(self._waiting)
        now, self._waiting = self._waiting[:count], self._waiting[count:]
        self._since += len(now)
        results: list[AnyResult] = []
        while now:
            self.unreadable += len(self._state.apply(now))
            results += self._state.urgent()
            now = [record for record in now if record[0] > self._state.offset]
            if self._state.crowded():
                results += self._checkpoint()
        if self._since >= CHECKPOINT_RECORDS:
            results += self._checkpoint()
        return results

    def finish(self) -> Finished:
        """Save everything. What comes after the last place to rest is left to the next holder, as every worker does."""
        results = self._checkpoint(final=True)
        return Finished(results, self._saves, self._offset)

    def _checkpoint(self, *, final: bool = False) -> list[AnyResult]:
        made = self._state.checkpoint(final=final)
        self._since, self._offset = 0, made.offset
        for key, value in made.saves:
            if value is None:
                self._saves.pop(key, None)
            else:
                self._saves[key] = value
        return made.results


def replace_state(kafka: Kafka, topic: str, partition: int, saves: Mapping[bytes, bytes]) -> None:
    """Make ``saves`` all that the changelog of a partition holds, whoever wrote to it before, in whatever format.

    No worker may run. Cut short, it leaves for each group the old state, the new one, or none, and each of these is right
    for whoever reads the log from its beginning: commit that before, and the new offset after. Raises :class:`BrokerError`.
    """
    with records.Writer(kafka) as writer:
        (place,) = writer.wait([writer.write(topic, key=BARRIER_KEY, value=b"", partition=partition)])
        if isinstance(place, str) or place.offset < 0:
            raise BrokerError(f"{topic}[{partition}] takes no records: {place}")
        there = Replay()
        for r in records.read_between(kafka, topic, {partition: 0}, {partition: place.offset + 1}):
            there.feed(r.offset, r.key or b"", r.value, r.headers)
        gone = dict.fromkeys(key for key in there.entries if key not in saves)
        for some in _chunks([*gone.items(), *saves.items()]):
            sent = [
                writer.write(topic, key=key, value=value, partition=partition, headers=epoch_headers(place.offset))
                for key, value in some
            ]
            refused = next((each for each in writer.wait(sent) if isinstance(each, str)), None)
            if refused is not None:
                raise BrokerError(f"{topic}[{partition}] did not take the state: {refused}")


def _chunks(items: list[tuple[bytes, bytes | None]]) -> Iterator[list[tuple[bytes, bytes | None]]]:
    for at in range(0, len(items), _WRITE_AT_ONCE):
        yield items[at : at + _WRITE_AT_ONCE]
