"""The worlds that the scale is measured on."""

from collections import Counter
from itertools import pairwise

from bench.population import WEEK_MS, a_week, population
from bench.workload import START_MS, Record, Shape, records
from huoqun import codec
from huoqun.control import Tick
from huoqun.events import Event

SHAPE = Shape(groups=20, members=200)


def decoded(made: list[Record]) -> list[Event | Tick]:
    found = [codec.decode_record(r.value) for r in made]
    assert all(isinstance(e, Event | Tick) for e in found)
    return found


def test_everybody_speaks_once_before_the_load_begins() -> None:
    events = [e for e in decoded(list(population(SHAPE))) if isinstance(e, Event)]
    assert max(e.ts for e in events) < START_MS
    assert set(Counter((e.group_id, e.user_id) for e in events).values()) == {1}
    assert len({e.id for e in events}) == len(events)


def test_those_who_talk_in_the_load_are_among_them() -> None:
    known = {(e.group_id, e.user_id) for e in decoded(list(population(SHAPE))) if isinstance(e, Event)}
    talking = {(e.group_id, e.user_id) for e in decoded(list(records(2_000, SHAPE))) if isinstance(e, Event)}
    assert talking <= known


def test_a_week_lasts_a_week_with_a_tick_a_minute() -> None:
    found = decoded(list(a_week(500, SHAPE, tick_ms=3_600_000)))
    events = [e for e in found if isinstance(e, Event)]
    assert len(events) == 500
    assert 0.8 * WEEK_MS < max(e.ts for e in events) - START_MS < 1.2 * WEEK_MS
    ticks = [e.now for e in found if isinstance(e, Tick)]
    assert all(b - a >= 3_600_000 for a, b in pairwise(ticks))
    assert len(ticks) > 100
