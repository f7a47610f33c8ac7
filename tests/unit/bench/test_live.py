"""What the worlds of the benchmarks put into the log."""

from pathlib import Path

import pytest

from bench import live
from bench.workload import Record

TICK, LATER = Record("", b"tick"), Record("", b"a later tick")
EVENT = Record("sim/g1", b"event")


class Log:
    """Instead of a producer: what was put, in order."""

    def __init__(self, *_: object) -> None:
        self.records: list[Record] = []

    @property
    def written(self) -> int:
        return len(self.records)

    def put(self, record: Record) -> None:
        self.records.append(record)

    def finish(self) -> int:
        return self.written


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> live.World:
    monkeypatch.setattr(live, "Filler", Log)
    monkeypatch.setattr(live.administration, "provision", lambda _: None)
    return live.World("127.0.0.1:9", "w", tmp_path, partitions=1)


def put(world: live.World) -> list[Record]:
    log = world._filler
    assert isinstance(log, Log)
    return log.records


def test_the_last_tick_follows_whatever_is_put_so_that_the_worker_comes_to_a_rest_behind_it(world: live.World):
    assert world.put([TICK, EVENT, LATER, EVENT]) == 2
    assert world.put([EVENT]) == 1
    assert put(world) == [TICK, EVENT, LATER, EVENT, LATER, EVENT, LATER]
    assert world.records == 1 + len(put(world)), "the mark of the log's generation counts, too"


def test_where_no_tick_was_put_none_is_made_up(world: live.World):
    world.put([EVENT])
    assert put(world) == [EVENT]
