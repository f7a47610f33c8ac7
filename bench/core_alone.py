"""The machines alone, without Kafka or Faust, in a process of their own that is asked for one stretch after the other.

    python -m bench.core_alone --groups 500 --members 20000

builds the world (everybody in it once), says ``ready``, and then answers each line ``COUNT`` with the CPU seconds that so
many more events took, by part (see :class:`Spent`): decode, all signals, urgent results after each 500 records, a
checkpoint after as many as the product's worker has by default, and, apart, what encoding all results for the log takes.
The events are made before the clock runs. The garbage collector is set as in the worker.
"""

from __future__ import annotations

import argparse
import gc
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import NamedTuple

from bench.population import population
from bench.workload import Record, Shape, records
from huoqun import codec
from huoqun.config import Config
from huoqun.control import PREFIX
from huoqun.results import AnyResult
from streams import memory
from streams.core.arrival import Arrival
from streams.service import partition_states

BATCH = 500
CHECKPOINT = Config().worker.checkpoint_events


class Spent(NamedTuple):
    """CPU seconds."""

    apply: float
    """From the record's bytes to the changed tables, with the urgent results."""
    checkpoint: float
    """All other results as records, and the saves that are due."""
    encode: float
    """Both kinds of results as JSON."""
    decode: float
    """What of ``apply`` is decoding: done a second time, by itself, to measure it."""

    @property
    def machines(self) -> float:
        """Everything but encoding."""
        return self.apply + self.checkpoint


class Alone:
    """One partition that holds the whole world."""

    def __init__(self) -> None:
        self.state = partition_states(Config())(0)
        self.offset = 0
        self.waiting = 0

    def feed(self, values: Iterable[bytes]) -> Spent:
        """Apply the records."""
        batches = list(self._batches(values))
        gc.collect()
        apply = checkpoint = encode = decode = 0.0
        now = time.process_time
        for batch in batches:
            left: Sequence[tuple[int, bytes | None]] = batch
            self.waiting += len(batch)
            while left:
                began = now()
                bad = self.state.apply(left)
                results = self.state.urgent()
                applied = now()
                apply += applied - began
                assert not bad, bad[:1]
                left = [record for record in left if record[0] > self.state.offset]
                if left or self.waiting >= CHECKPOINT:
                    self.waiting = 0
                    results += self.state.checkpoint().results
                    checkpoint += now() - applied
                encode += _encode(results)
            decode += _decode([value for _, value in batch])
        return Spent(apply, checkpoint, encode, decode)

    def _batches(self, values: Iterable[bytes]) -> Iterator[list[tuple[int, bytes]]]:
        batch: list[tuple[int, bytes]] = []
        for value in values:
            self.offset += 1
            batch.append((self.offset, value))
            if len(batch) == BATCH:
                yield batch
                batch = []
        yield batch


def _encode(results: Sequence[AnyResult]) -> float:
    began = time.process_time()
    for result in results:
        result.key().encode()
        codec.encode(result)
    return time.process_time() - began


def _decode(values: list[bytes]) -> float:
    began = time.process_time()
    events = codec.decode_events([value for value in values if not value.startswith(PREFIX)])
    assert events is not None
    for event in events:
        Arrival(event, 0, b"")
    return time.process_time() - began


def next_events(source: Iterator[Record], count: int) -> list[bytes]:
    """Return the values of the next ``count`` events with the ticks between them."""
    found = []
    while count:
        record = next(source)
        found.append(record.value)
        count -= bool(record.key)
    return found


def main() -> int:
    """Answer until the input ends."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--groups", type=int, default=Shape().groups)
    parser.add_argument("--members", type=int, default=Shape().members)
    given = parser.parse_args()
    shape = Shape(groups=given.groups, members=given.members)
    memory.begin()
    alone = Alone()
    people = population(shape)
    while chunk := list(islice(people, 50_000)):
        alone.feed(record.value for record in chunk)
    load = records(1_000_000_000, shape)
    print("ready", flush=True)
    for line in sys.stdin:
        count = int(line)
        print(*alone.feed(next_events(load, count)), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
