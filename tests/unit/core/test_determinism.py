"""The core's promise: the same events give the same rows, whatever the batches, the order of arrival, or what is killed."""

from __future__ import annotations

import random
from unittest.mock import patch

from hypothesis import given, settings
from hypothesis import strategies as st

from huoqun.codec import encode
from huoqun.config import Config, Worker
from huoqun.control import Generation, Tick, version_of
from huoqun.events import Event
from streams.core.arrivals import SEEN_MOST, SPARE
from streams.core.lag import Lag
from tests.support.core import Machine, View, encoded, shuffled_within, view_of
from tests.unit.core.strategies import events, lags

LATENESS_MS = 120_000
slow = settings(max_examples=150, deadline=None)
talks = events() | events(groups=1, asking=True)


@slow
@given(events(), st.integers(1, 30), st.integers(1, 4))
def test_any_batch_size_and_checkpoint_rhythm_gives_the_same_views(made: list[Event], batch: int, every: int) -> None:
    log = encoded(made)
    assert Machine().run(log, batch=batch, checkpoint_every=every) == Machine().run(log, batch=1000)


@slow
@given(talks, st.integers(0, 2**32), st.integers(1, 30))
def test_any_order_within_the_lateness_bound_gives_the_same_views(made: list[Event], seed: int, batch: int) -> None:
    shuffled = shuffled_within(made, LATENESS_MS - 1, seed)
    assert Machine().run(encoded(shuffled), batch=batch) == Machine().run(encoded(made))


@slow
@given(events(), st.lists(st.integers(0, 59), max_size=20))
def test_redelivered_events_change_nothing(made: list[Event], again: list[int]) -> None:
    twice = [*made, *(made[i % len(made)] for i in again)]
    assert Machine().run(encoded(twice)) == Machine().run(encoded(made))


@slow
@given(talks, st.randoms(use_true_random=False), st.integers(1, 8), lags())
def test_crashes_at_any_point_change_nothing(made: list[Event], rng: random.Random, crashes: int, lag: Lag) -> None:
    """Killed while applying, while sending, or with only a part of the state saved: replay from the commit repairs all."""
    log = encoded(made)
    machine, at = Machine(lag=lag), 0
    while at < len(log):
        end = min(len(log), at + rng.randint(1, 12))
        machine.feed(log, at, end)
        at = end
        action = rng.random()
        if action < 0.4:
            machine.checkpoint()
        elif action < 0.7 and crashes:
            crashes -= 1
            machine.checkpoint(save=rng.random())
            at = machine.crash()
        elif action < 0.85 and crashes:
            crashes -= 1
            at = machine.crash()
    machine.checkpoint()
    assert view_of(machine.results) == Machine().run(log)


@slow
@given(talks, st.integers(0, 2**32), st.randoms(use_true_random=False), lags(), st.sampled_from([0, 1, 30]))
def test_shuffled_and_crashed_with_ticks_between_gives_the_same_views(
    made: list[Event], seed: int, rng: random.Random, lag: Lag, hours: int
) -> None:
    """History sent at full speed, or after hours: ticks pass between, and the clock they move is taken back where needed."""
    for event in made:
        event.received_at = made[-1].ts + 1000
    end = Tick(made[-1].ts + 30_000 + hours * 3_600_000)
    plain = Machine().run(encoded([*made, end]))
    mixed: list[Event | Tick] = []
    now = made[-1].ts + 1000
    for event in shuffled_within(made, LATENESS_MS - 1, seed):
        mixed.append(event)
        if rng.random() < 0.3:
            now = min(end.now, now + rng.randint(1, 3000 + hours * 600_000))
            mixed.append(Tick(now))
    log = encoded([*mixed, end])
    machine, at, upto = Machine(lag=lag), 0, 0
    while at < len(log):
        upto = min(len(log), upto + rng.randint(1, 9))
        at = machine.feed_to_rest(log, at, upto)
        if rng.random() < 0.3:
            machine.checkpoint()
        elif rng.random() < 0.2:
            at = upto = machine.crash()
    machine.checkpoint()
    assert view_of(machine.results) == plain


def test_a_timer_that_an_event_sets_off_at_once_gives_way_to_an_earlier_event_of_the_same_moment() -> None:
    """Asking again lets an alert be judged that was held back: at once, so a timer fires in the moment of that message."""
    start = 1_700_000_000_000

    def asked(event_id: str, after_minutes: int) -> Event:
        at = start + after_minutes * 60_000
        text = "有人知道番茄叶子发黄怎么回事吗" if event_id != "e2" else "does anyone know how to fix this"
        named = ["carol"] if event_id == "e0" else []
        return Event(
            id=event_id, type="message", ts=at, platform="qq", group_id="1", user_id="bob", text=text, mentions=named
        )

    made = [asked("e0", 0), asked("e1", 7), asked("e2", 7)]
    end = Tick(start + 60 * 60_000)
    shuffled = Machine().run(encoded([made[0], made[2], made[1], end]), batch=1)
    assert shuffled == Machine().run(encoded([*made, end]), batch=1)


def told_before_a_crash(*before: Event | Tick) -> View:
    """What is shown after a question, ``before``, a crash that nothing was saved before, and its answer, which came late."""
    start = 1_700_000_000_000
    minute = 60_000

    def said(event_id: str, after: int, user: str, text: str, reply_to: str = "") -> Event:
        at = start + after
        return Event(
            id=event_id,
            type="message",
            ts=at,
            platform="qq",
            group_id="1",
            user_id=user,
            reply_to=reply_to,
            text=text,
            received_at=at,
        )

    asked = said("q", 0, "bob", "有人知道番茄叶子发黄怎么回事吗")
    answered = said("a", 5 * minute - 5_000, "carol", "浇水太多了，少浇一点就好", "q")
    answered.received_at = start + 5 * minute + 30_000
    log = encoded([Tick(start), asked, *before, answered, Tick(start + 7 * minute)])
    machine = Machine()
    machine.feed_to_rest(log, 0, len(log) - 2)
    assert any(type(row).__name__ == "Alert" for row in machine.results), "it was told"
    machine.feed(log, machine.crash(), len(log))
    machine.checkpoint()
    return view_of(machine.results)


def test_the_first_batch_of_a_holder_ends_at_a_rest_too() -> None:
    made = [
        Event(id=f"e{n}", type="join", ts=1_700_000_000_000 + n, platform="qq", group_id="1", user_id=f"u{n}")
        for n in range(3)
    ]
    log = encoded([Tick(1_700_000_000_000), *made])
    assert Machine().feed_to_rest(log, 0, 4) == 3
    assert Machine().feed_to_rest(log[1:], 0, 3) == 3, "but where there are no ticks nobody would wait for one"


def test_an_alert_told_before_a_crash_is_withdrawn_by_the_next_holder_which_meets_the_answer_at_once() -> None:
    later = Event(
        id="l",
        type="join",
        ts=1_700_000_301_000,
        platform="qq",
        group_id="1",
        user_id="dave",
        received_at=1_700_000_301_000,
    )
    shown = told_before_a_crash(later)
    assert shown["Question", "qq/1/q"]["status"] == "answered"
    assert not [key for key in shown if key[0] == "Alert"]


@settings(max_examples=25, deadline=None)  # a run of the core from the start at each rest
@given(
    events(), st.integers(0, 2**32), st.lists(st.integers(0, 59), max_size=6), st.lists(st.integers(1, 30), min_size=60)
)
def test_at_every_rest_any_two_holders_are_of_one_mind(
    made: list[Event], seed: int, ticks: list[int], batches: list[int]
) -> None:
    """What is told at a rest is what anybody tells there, however the log came, and whatever was told before."""
    mixed: list[Event | Tick] = list(shuffled_within(made, LATENESS_MS - 1, seed))
    for place in sorted(ticks, reverse=True):
        if place < len(mixed):
            mixed.insert(place, Tick(made[0].ts + place))
    log = encoded([Tick(made[0].ts), *mixed])
    machine, at, upto = Machine(), 0, 0
    for batch in batches:
        upto = min(len(log), upto + batch)
        at = machine.feed_to_rest(log, at, upto)
        if at:
            machine.checkpoint()
            assert view_of(machine.results) == Machine().run(log[:at], batch=1)


@settings(max_examples=40, deadline=None)
@given(events(most=40))
def test_a_later_arrival_than_the_bound_is_counted_as_late_and_changes_no_signal(made: list[Event]) -> None:
    config = Config(worker=Worker(lateness_seconds=1))
    late = Event(
        id="late", type="message", ts=made[0].ts - 5_000, platform="qq", group_id=made[-1].group_id, user_id="bob"
    )
    group = f"qq/{made[-1].group_id}"
    before = Machine(config).run(encoded(made))
    after = Machine(config).run(encoded([*made, late]))
    summary = after[("GroupSummary", group)]
    assert summary["late_events"] == 1
    summary["late_events"] = 0
    assert after == before


@settings(max_examples=40, deadline=None)
@given(events(groups=3), st.integers(1, 3))
def test_a_midnight_that_ends_group_by_group_gives_the_same_views(made: list[Event], batch: int) -> None:
    end = Tick(made[-1].ts + 3 * 86_400_000)
    log = encoded([*made, *[end] * 20])
    with patch("streams.core.partition.MOST_WOKEN", 0):
        portions = Machine().run(log, batch=batch, checkpoint_every=1)
    assert portions == Machine().run(log, batch=batch, checkpoint_every=1)


def test_a_midnight_asks_for_a_checkpoint_soon_and_a_minute_does_not() -> None:
    machine = Machine()
    at = 1_700_000_000_000
    said = [
        Event(
            id=f"m{n}",
            type="message",
            ts=at + n,
            platform="qq",
            group_id=str(n % 2),
            user_id=f"u{n}",
            received_at=at + n,
        )
        for n in range(10)
    ]
    log = list(enumerate(encoded([*said, Tick(at + 120_000), Tick(at + 86_400_000), *said])))
    with patch("streams.core.partition.MOST_WOKEN", 7):
        machine.state.apply(log[:11])
        assert not machine.state.crowded()
        machine.state.apply(log[11:])
        assert machine.state.crowded()
        assert machine.state.offset == 11, "what follows has to wait until the rows are sent"
        machine.checkpoint()
        assert not machine.state.crowded()
        machine.state.apply(log[12:])
        assert machine.state.offset == 21


@slow
@given(events())
def test_a_burst_that_settles_before_anything_was_sent_loses_no_row(made: list[Event]) -> None:
    """More steps between two checkpoints than can be taken back."""
    for number, event in enumerate(made):
        event.ts += number  # what has settled leaves no room for others of the same moment
    with patch("streams.core.partition.MOST_STEPS", 4):
        assert Machine().run(encoded(made), batch=1, checkpoint_every=1_000) == Machine().run(encoded(made), batch=1)


def test_an_event_retried_after_hours_of_silence_takes_its_place_in_minutes_long_closed() -> None:
    """Minutes older than an hour are packed; a reply that is taken back has to leave them all the same."""
    start = 1_700_000_000_000 // 3_600_000 * 3_600_000

    def said(event_id: str, after: int, user: str, reply_to: str = "") -> Event:
        at = start + after * 1_000
        return Event(
            id=event_id,
            type="message",
            ts=at,
            platform="qq",
            group_id="1",
            user_id=user,
            reply_to=reply_to,
            text="早",
            received_at=at,
        )

    asked, answered = said("a", 0, "bob"), said("c", 65, "carol", "a")
    retried = said("b", 10, "dave", "a")
    silence = [Tick(start + hours * 3_600_000) for hours in range(1, 4)]
    end = [Tick(start + hours * 3_600_000) for hours in (4, 30, 200)]
    in_order = Machine().run(encoded([asked, retried, answered, *silence, *end]), batch=1, checkpoint_every=1)
    late = Machine().run(encoded([asked, answered, *silence, retried, *end]), batch=1, checkpoint_every=1)
    assert late == in_order


def test_the_generation_outlives_a_crash_before_the_first_event() -> None:
    """Versions that fell back to generation 0 would lose against every row of before the crash."""
    log = [encode(Generation(7)), *encoded([Tick(1_700_000_000_000)])]
    machine = Machine()
    machine.feed(log, 0, 2)
    machine.checkpoint()
    assert machine.crash() == 1, "the next holder begins with the tick"
    event = Event(
        id="e", type="message", ts=1_700_000_000_000, platform="qq", group_id="1", user_id="bob", text="怎么浇水？"
    )
    assert not machine.state.apply([(2, encode(event))])
    assert {r.version for r in machine.state.urgent()} == {version_of(7, 2)}


def test_a_log_created_anew_starts_over_without_being_fenced_off() -> None:
    """The same events on a new log, at low offsets: recognised by their ids, and new ones are not skipped."""
    first = Event(
        id="a", type="message", ts=1_700_000_000_000, platform="qq", group_id="1", user_id="bob", text="怎么浇水？"
    )
    second = Event(
        id="b", type="message", ts=1_700_000_060_000, platform="qq", group_id="1", user_id="carol", reply_to="a"
    )
    machine = Machine()
    machine.feed([*encoded([Tick(1)] * 50), encode(first)], 0, 51)
    machine.checkpoint()
    machine.crash()
    machine.feed([encode(Generation(9)), encode(first), encode(second)], 0, 3)
    machine.checkpoint()
    view = view_of(machine.results)
    assert view["Question", "qq/1/a"]["status"] == "answered"
    assert view["GroupSummary", "qq/1"]["late_events"] == 0


def test_what_is_too_old_to_be_recognised_is_counted_apart_and_changes_no_row() -> None:
    """A long history sent twice: the ids of its beginning are forgotten, and its beginning must not count again."""
    start = 1_700_000_000_000
    made = [
        Event(
            id=f"e{n}", type="message", ts=start + n * 400, platform="qq", group_id="1", user_id=f"u{n % 9}", text="早"
        )
        for n in range(SEEN_MOST + SPARE + 500)
    ]
    machine = Machine()
    once = machine.run(encoded(made), batch=1000, checkpoint_every=1)
    twice = encoded([*made, *made])
    assert not machine.state.apply(list(enumerate(twice))[len(made) :])
    checkpoint = machine.state.checkpoint()
    assert checkpoint.unplaced > SPARE
    assert view_of([*machine.results, *checkpoint.results]) == once


def test_numbers_beyond_all_reason_are_passed_over_and_never_saved() -> None:
    """Not from the gateway, but the topic may have other writers: a number that can't be stored must not stop the worker."""
    usual = Event(id="a", type="message", ts=1_700_000_000_000, platform="qq", group_id="1", user_id="bob", text="早")
    count = Event(id="b", type="member_count", ts=usual.ts + 1, platform="qq", group_id="1", count=2**70)
    future = Event(id="c", type="message", ts=2**70, platform="qq", group_id="1", user_id="bob", text="早")
    received = Event(
        id="d", type="message", ts=usual.ts + 2, platform="qq", group_id="1", user_id="bob", received_at=-(2**70)
    )
    machine = Machine()
    machine.feed(encoded([usual, count, future, received]), 0, 4)
    checkpoint = machine.state.checkpoint(final=True)
    assert checkpoint.unplaced == 2
    assert checkpoint.offset == 3
    assert view_of(checkpoint.results)["GroupSummary", "qq/1"]["members"] == 1
