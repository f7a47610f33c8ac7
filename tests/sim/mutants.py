"""Bugs to plant where each safeguard stands, to see that schedules find them. They replace methods of the real code.

Only where the core runs as source: methods of compiled classes can't be replaced.
"""

from __future__ import annotations

import itertools
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any, Final
from unittest.mock import patch

import streams.core.alerts
import streams.saves
from huoqun.control import Erase
from sinks.service import Sink
from sinks.writing import Writing
from streams.agent import Loop, Slot
from streams.core import erasing, saved
from streams.core.arrival import Arrival
from streams.core.arrivals import Arrivals
from streams.core.changes import AskedWas, Change, Put
from streams.core.group import Group
from streams.core.history import History
from streams.core.interface import Checkpoint
from streams.core.partition import Partition
from streams.outbox import Written
from streams.saves import Replay
from tests.sim import schedule

_complete = Loop._complete
_event = Partition._event
_insert = Group.insert
_save = saved.save
_start = Sink._start
_feed = Replay.feed
_due = Partition._due
_untold = erasing.untold


async def _released_first(
    self: Loop, slot: Slot, checkpoint: Checkpoint, sends: dict[Awaitable[Written], None]
) -> None:
    self._ports.release(slot.partition, checkpoint.offset, slot.generation)
    await _complete(self, slot, checkpoint, sends)


async def _saved_first(self: Loop, slot: Slot, checkpoint: Checkpoint, sends: dict[Awaitable[Written], None]) -> None:
    """The state is saved, and offsets are released, before the results of what it holds are sent."""
    del sends
    await _complete(self, slot, checkpoint._replace(results=[]), {})
    self._put_results(slot, slot.sends, checkpoint.results)


def _released_all(self: Partition, need: int) -> int:
    del need
    return self.offset


def _told_anywhere(self: Partition, records: Sequence[tuple[int, bytes | None]]) -> int:
    del self
    return len(records)


def _fence_behind(*args: Any, fence: int, **kwargs: Any) -> bytes:
    return _save(*args, fence=fence + 1, **kwargs)


def _no_fence(self: Partition, event: Arrival) -> None:
    tracked = self._track(f"{event.platform}/{event.group_id}")
    tracked.chain.fence = -1
    _event(self, event)


def _not_seen_before(self: Partition, event: Arrival) -> None:
    tracked = self._track(f"{event.platform}/{event.group_id}")
    tracked.arrivals.recent.clear()
    _event(self, event)


def _at_the_end(self: Group, events: list[Arrival], watermark: int) -> None:
    for event in events:
        self._apply(event)
    self.advance(watermark)


def _any_epoch(
    self: Replay, offset: int, key: bytes, value: bytes | None, headers: Iterable[tuple[str, bytes]]
) -> None:
    del headers
    _feed(self, offset, key, value, [("epoch", b"%d" % (1 << 40))])


async def _always_untouched(*args: object) -> bool:
    del args
    return True


_numbers = itertools.count()


def _new_id(*parts: str) -> str:
    return f"{'/'.join(parts)}#{next(_numbers)}"


def _committed_first(self: Sink, writing: Writing) -> None:
    self._uncommitted.update(writing.offsets)
    self._commit()
    _start(self, writing)


def _dropped(self: Sink, writing: Writing, why: str) -> None:
    del self, writing, why


def _not_rewound(self: History) -> None:
    del self


def _buried_silently(self: Loop, *args: object) -> None:
    del self, args


def _saved_with_all(self: Partition, final: bool) -> list[Any]:
    """Groups are saved that nobody was told of."""
    due = _due(self, final)
    for tracked in due:
        for news in tracked.group.h.news:
            news.clear()
    return due


def _as_they_were(h: History, arrivals: Arrivals, erase: Erase) -> tuple[History, Arrivals]:
    del erase
    return h, arrivals


def _left_out(results: list[Any], erase: Erase, names: set[str]) -> list[Any]:
    """What was told before in nobody's name stays as it was."""
    return [result for result in _untold(results, erase, names) if not result.deleted]


Plant = Callable[[], Any]

MUTANTS: Final[dict[str, list[Plant]]] = {
    "offsets are released before results are acknowledged": [lambda: patch.object(Loop, "_complete", _released_first)],
    "state is saved before results are sent": [lambda: patch.object(Loop, "_complete", _saved_first)],
    "everything applied is released": [lambda: patch.object(Partition, "_safe_with", _released_all)],
    "results are told anywhere": [
        lambda: patch.object(Partition, "up_to_rest", _told_anywhere),
        lambda: patch("streams.core.partition.is_rest", lambda since: since == 0),
    ],
    "the fence is off by one": [lambda: patch.object(saved, "save", _fence_behind)],
    "there is no fence, and repeats are not known": [
        lambda: patch.object(Partition, "_event", _no_fence),
        lambda: patch("streams.core.arrivals.Arrivals.was_settled", lambda *_: False),
    ],
    "repeats are not known": [lambda: patch.object(Partition, "_event", _not_seen_before)],
    "late events are applied at the end": [lambda: patch.object(Group, "insert", _at_the_end)],
    "saves of overtaken workers count": [lambda: patch.object(Replay, "feed", _any_epoch)],
    "a state is kept that others wrote to": [lambda: patch.object(streams.saves, "_untouched", _always_untouched)],
    "an alert's id is new each time": [lambda: patch.object(streams.core.alerts, "alert_id", _new_id)],
    "what is taken back is not withdrawn": [
        lambda: patch.object(Put, "note", Change.note),
        lambda: patch.object(AskedWas, "note", Change.note),
    ],
    "what has not settled is saved": [
        lambda: patch.object(History, "rewind", _not_rewound),
        lambda: patch.object(History, "forward", _not_rewound),
    ],
    "saved groups are not told of": [lambda: patch.object(Partition, "_due", _saved_with_all)],
    "who is erased stays in the state": [lambda: patch.object(erasing, "erased", _as_they_were)],
    "erasures are not passed on": [lambda: patch.object(Loop, "_pass_on", _buried_silently)],
    "an alert is left as it was told, since its end names who is erased": [
        lambda: patch.object(erasing, "untold", _left_out)
    ],
    "dead letters are not written": [lambda: patch.object(Loop, "_bury", _buried_silently)],
    "the sink commits before it stores": [lambda: patch.object(Sink, "_start", _committed_first)],
    "the sink drops what the store refuses": [lambda: patch.object(Sink, "_keep", _dropped)],
}


@contextmanager
def planted(name: str) -> Iterator[None]:
    """Have a bug in the code for a while, and no chat whose views were computed without it, or are still known after it."""
    with ExitStack() as stack:
        schedule.told.cache_clear()
        stack.callback(schedule.told.cache_clear)
        for plant in MUTANTS[name]:
            stack.enter_context(plant())
        yield
