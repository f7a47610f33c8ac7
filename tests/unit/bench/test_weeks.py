"""What a process holds, as the allocator tells it."""

import pytest

from bench.population import WEEK_MS, a_week
from bench.weeks import held
from bench.workload import START_MS, Record, Shape
from huoqun import codec
from huoqun.control import Tick
from huoqun.events import Event


def test_what_is_kept_is_in_use_and_what_was_dropped_is_not() -> None:
    before = held()
    kept = [bytes([n % 256]) * 100 for n in range(100_000)]
    meanwhile = held()
    assert len(kept) == 100_000
    del kept
    after = held()
    assert meanwhile.used - before.used == pytest.approx(
        100_000 * 144 / 2**20, abs=1.5
    )  # 33 bytes of head, in sixteens
    assert meanwhile.blocks - before.blocks >= 99_000
    assert after.used - before.used == pytest.approx(0, abs=1.5)
    assert meanwhile.arenas >= meanwhile.used


def times(records: list[Record]) -> list[int]:
    read = [codec.decode_record(record.value) for record in records]
    return [found.ts if isinstance(found, Event) else found.now for found in read if isinstance(found, Event | Tick)]


def test_week_follows_week() -> None:
    shape = Shape(groups=5, members=20)
    first, second = (list(a_week(50, shape, number=number)) for number in range(2))
    assert START_MS <= min(times(first)) < START_MS + WEEK_MS <= min(times(second)) < START_MS + 2 * WEEK_MS
    assert not {record.value for record in first if record.key} & {record.value for record in second if record.key}
