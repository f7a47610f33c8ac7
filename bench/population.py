"""Everybody in the world of a workload, once: each member says something.

So that what is measured on a world of so many members has all of them in its state, and not only those who happen to talk.
Nobody joins: a million newcomers whose greeting nobody answers would be another world, of questions and alerts.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import accumulate
from typing import Final

from bench.workload import PLATFORM, START_MS, Record, Shape, group_sizes, name_of, records
from huoqun import codec
from huoqun.control import Tick
from huoqun.events import Event

RATE: Final = 1_000.0
"""Events a second of event time."""
WEEK_MS: Final = 7 * 86_400_000


def population(shape: Shape, rate: float = RATE) -> Iterator[Record]:
    """Yield a message of each member, ``rate`` of them a second of event time, with a tick each second of it.

    They end a minute before :func:`bench.workload.records` begins by default, so that its load may follow.
    """
    sizes = group_sizes(shape)
    members = [(group, who) for group, size in enumerate(sizes) for who in range(size)]
    # Each group's members are spread over the whole time: none falls silent before the others do.
    members.sort(key=lambda member: ((member[1] + (member[0] * 0.618) % 1) / sizes[member[0]], member[0]))
    first = list(accumulate(sizes, initial=0))
    begin = START_MS - round(len(members) / rate * 1000) - 60_000
    next_tick = begin
    for number, (group, who) in enumerate(members):
        at = begin + round(number / rate * 1000)
        while at >= next_tick:
            yield Record("", codec.encode(Tick(now=next_tick)))
            next_tick += 1_000
        user = f"u{first[group] + who:07d}"
        event = Event(
            id=f"p-{number}",
            type="message",
            ts=at,
            platform=PLATFORM,
            group_id=f"g{group:06d}",
            user_id=user,
            user_name=name_of(user),
            group_name=f"Simulated community {group}",
            text="昨天试了一下，感觉不错，就是第一次有点慢",
            source="bench",
            received_at=at + 35,
        )
        yield Record(event.group, codec.encode(event))


def a_week(count: int, shape: Shape, tick_ms: int = 60_000, number: int = 0) -> Iterator[Record]:
    """Return ``count`` events over a week of event time, the ``number``-th after the population, with a tick each ``tick_ms``."""
    spread = shape._replace(rate=count / (WEEK_MS / 1000), seed=shape.seed + 1 + number)
    last = START_MS + number * WEEK_MS
    for record in records(count, spread, start_ms=last, ticks=True):
        if record.key:
            yield record
        else:
            now = _tick(record.value)
            if now - last >= tick_ms:
                last = now
                yield record


def _tick(value: bytes) -> int:
    tick = codec.decode_record(value)
    assert isinstance(tick, Tick)
    return tick.now
