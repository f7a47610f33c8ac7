"""Which events are known again when they come once more, and from when on none can be placed any more."""

from __future__ import annotations

import pytest

from huoqun.events import Event
from streams.core.arrival import Arrival, arrival_from
from streams.core.arrivals import SEEN_MOST, SEEN_MS, SPARE, Arrivals, fingerprint
from streams.core.history import Step
from tests.support.core import encoded

NOW = 1_700_000_000_000
DAY = 86_400_000
LATENESS = 120_000


def step(ts: int, event_id: str) -> Step:
    event = Event(id=event_id, type="message", ts=ts, platform="qq", group_id="1", user_id="u", text="", received_at=ts)
    arrival = arrival_from(encoded([event])[0], 0)
    assert isinstance(arrival, Arrival)
    return Step(ts, arrival, ())


def seen(*times: int) -> Arrivals:
    """Arrivals that have seen events at these times, the last of which is the latest that came."""
    found = Arrivals()
    found.settled([step(ts, "e") for ts in times])
    found.max_ts = times[-1]
    return found


def test_a_fingerprint_that_was_saved_is_that_of_the_same_event_today() -> None:
    assert fingerprint(NOW, "e1") == NOW << 20 | 0xD8D27
    assert fingerprint(NOW, "e1") < 1 << 61


def test_what_has_settled_is_known_by_time_and_id_and_nothing_else_is() -> None:
    arrivals = Arrivals()
    arrivals.recent.update(["a", "b", "c"])
    arrivals.settled([step(NOW, "a"), step(NOW + 1, "b")])
    assert arrivals.recent == {"c"}
    assert arrivals.was_settled(NOW, "a")
    assert arrivals.was_settled(NOW + 1, "b")
    assert not arrivals.was_settled(NOW, "b")
    assert not arrivals.was_settled(NOW + 2, "b")
    assert not arrivals.was_settled(NOW - 1, "a")
    assert arrivals.seen_new == list(arrivals.seen) == [fingerprint(NOW, "a"), fingerprint(NOW + 1, "b")]


def test_whatever_settles_in_whatever_order_is_kept_in_order() -> None:
    arrivals = Arrivals()
    for ts in (5, 3, 9, 1, 9):
        arrivals.settled([step(NOW + ts, "e"), step(NOW + ts, "f")])
    assert list(arrivals.seen) == sorted(arrivals.seen)
    assert len(arrivals.seen) == len(arrivals.seen_new) == 10
    assert arrivals.late == 0


def test_what_comes_late_is_counted_known_again_and_saved() -> None:
    arrivals = seen(NOW, NOW + 10)
    arrivals.came_late(NOW + 5, "late")
    assert arrivals.late == 1
    assert arrivals.was_settled(NOW + 5, "late")
    assert list(arrivals.seen) == sorted(arrivals.seen)
    assert arrivals.seen_new[-1] == fingerprint(NOW + 5, "late")
    arrivals.came_late(NOW + 6, "late")
    assert arrivals.late == 2


def test_nothing_seen_is_nothing_to_cut() -> None:
    arrivals = Arrivals()
    arrivals.shorten(LATENESS)
    assert (arrivals.floor, len(arrivals.seen)) == (0, 0)


@pytest.mark.parametrize(("over", "left"), [(0, 0), (SPARE - 1, SPARE - 1), (SPARE, 0), (SPARE + 1, 0)])
def test_the_last_twenty_thousand_are_kept_and_it_is_cut_two_thousand_at_a_time(over: int, left: int) -> None:
    count = SEEN_MOST + over
    arrivals = Arrivals()
    arrivals.seen.fromlist([fingerprint(NOW + n, "e") for n in range(count)])
    arrivals.max_ts = NOW + count + LATENESS
    arrivals.shorten(LATENESS)
    assert len(arrivals.seen) == SEEN_MOST + left
    assert arrivals.floor == (0 if left == over else NOW + over), "one after the last that was let go"


@pytest.mark.parametrize(("ago", "kept"), [(SEEN_MS + DAY, 3), (SEEN_MS + DAY + 1, 2)])
def test_the_last_week_is_kept_and_a_day_more_before_it_is_cut(ago: int, kept: int) -> None:
    arrivals = seen(NOW - ago, NOW - SEEN_MS, NOW)
    arrivals.shorten(LATENESS)
    assert len(arrivals.seen) == kept
    assert arrivals.floor == (0 if kept == 3 else NOW - ago + 1)


def test_a_cut_moves_the_floor_on_and_never_back_nor_to_what_may_still_come() -> None:
    arrivals = seen(NOW - SEEN_MS - 2 * DAY, NOW)
    arrivals.floor = NOW - DAY
    arrivals.shorten(LATENESS)
    assert arrivals.floor == NOW - DAY
    busy = Arrivals()
    busy.seen.fromlist([fingerprint(NOW + n // 100, f"e{n}") for n in range(SEEN_MOST + SPARE)])
    busy.max_ts = NOW + 1_000
    busy.shorten(LATENESS)
    assert busy.floor == NOW + 1_000 - LATENESS
