"""The machines alone, without Kafka or Faust, in a process of their own that is asked for one stretch after the other.

    python -m bench.core_alone --groups 500 --members 20000

builds the world (everybody in it once), says ``ready``, and then answers each line ``COUNT`` with the events a second of
CPU that applying so many more took: decode, all signals, urgent results after each 500 records, a checkpoint after each
20,000, as the product's worker does at full speed. Results and saves are made and dropped; the events are made before the
clock runs.
"""

from __future__ import annotations

import argparse
import gc
import sys
import time
from collections.abc import Iterable, Iterator
from itertools import islice

from bench.population import population
from bench.workload import Record, Shape, records
from huoqun.config import Config
from streams.service import partition_states

BATCH = 500
CHECKPOINT = Config().worker.checkpoint_events


class Alone:
    """One partition that holds the whole world."""

    def __init__(self) -> None:
        self.state = partition_states(Config())(0)
        self.offset = 0
        self.waiting = 0

    def feed(self, values: Iterable[bytes]) -> float:
        """Apply the records; return the CPU seconds it took."""
        batches = list(self._batches(values))
        gc.collect()
        began = time.process_time()
        for batch in batches:
            left = batch
            while left:
                bad = self.state.apply(left)
                assert not bad, bad[:1]
                self.state.urgent()
                left = [record for record in left if record[0] > self.state.offset]
                if left:
                    self.state.checkpoint()
            self.waiting += len(batch)
            if self.waiting >= CHECKPOINT:
                self.waiting = 0
                self.state.checkpoint()
        return time.process_time() - began

    def _batches(self, values: Iterable[bytes]) -> Iterator[list[tuple[int, bytes | None]]]:
        batch: list[tuple[int, bytes | None]] = []
        for value in values:
            self.offset += 1
            batch.append((self.offset, value))
            if len(batch) == BATCH:
                yield batch
                batch = []
        yield batch


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
    alone = Alone()
    people = population(shape)
    while chunk := list(islice(people, 50_000)):
        alone.feed(record.value for record in chunk)
    load = records(1_000_000_000, shape)
    print("ready", flush=True)
    for line in sys.stdin:
        count = int(line)
        print(count / alone.feed(next_events(load, count)), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
