"""What the core makes of a given load, as one number: run by itself to compare its compiled form with its source.

python -m tests.support.digest SEED
"""

from __future__ import annotations

import hashlib
import sys

import msgspec

import streams
from bench.workload import Shape, records
from huoqun.config import Config
from streams.core.lag import Lag
from streams.core.partition import Partition


def digest(seed: int) -> str:
    """Return a checksum of all results of some 20,000 events in few and in many groups, through a restart in the middle."""
    found = hashlib.sha256()
    for shape in (
        Shape(groups=4, members=60, rate=2.0, seed=seed),
        Shape(groups=200, members=900, rate=50.0, seed=seed),
    ):
        log = [(offset, record.value) for offset, record in enumerate(records(10_000, shape))]
        state = Partition(0, Config(), Lag(checkpoints=3, work=2_000))
        store: dict[bytes, bytes] = {}
        committed = 0
        for half in (log[: len(log) // 2], log):
            for start in range(committed, len(half), 300):
                assert not state.apply(half[start : start + 300])
                checkpoint = state.checkpoint()
                committed = checkpoint.offset + 1
                for result in checkpoint.results:
                    found.update(msgspec.json.encode(result))
                for key, value in checkpoint.saves:
                    if value is None:
                        store.pop(key, None)
                    else:
                        store[key] = value
            state = Partition(0, Config(), Lag(checkpoints=3, work=2_000))
            state.restore(store.items())
    return found.hexdigest()


if __name__ == "__main__":
    print(streams.COMPILED, digest(int(sys.argv[1])))
