from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from huoqun import codec
from huoqun.control import Tick
from sinks.service import Submit, at_once
from sinks.store import UnusableError
from tests.unit.sinks.fakes import ALERTS_TOPIC, TOPIC, World, alert, message


def world_with(messages: int, partitions: int = 2) -> World:
    world = World()
    for number in range(messages):
        world.log.append(message(number), number % partitions)
    return world


def expected(messages: int) -> list[str]:
    return [f"e{n:04}" for n in range(messages)]


def test_everything_is_stored_and_then_committed():
    world = world_with(23)
    sink, _ = world.sink()
    world.drain(sink)
    assert world.store.ids() == expected(23)


def test_nothing_is_committed_before_it_is_stored():
    world = world_with(4, 1)
    world.store.down = True
    sink, _ = world.sink(rows=2)
    for _ in range(50):
        sink.step()
    assert world.log.committed == {}


def test_an_alert_is_stored_ahead_of_its_batch_and_committed_with_it():
    world = world_with(2, 1)
    world.log.append(alert(0), topic=ALERTS_TOPIC)
    sink, _ = world.sink(rows=1_000)
    began = world.clock.now
    while not world.store.rows:
        sink.step()
    assert set(world.store.rows) == {"alerts"}
    assert 100 <= world.clock.now - began < 300, "not with the batch, which waits for half a second"
    assert world.log.committed == {}
    world.drain(sink)
    assert world.store.ids() == expected(2)
    assert world.store.inserts == 2, "it is not stored again"


def test_an_alert_that_went_ahead_of_a_batch_that_was_never_stored_is_there_once():
    world = world_with(2, 1)
    world.log.append(alert(0), topic=ALERTS_TOPIC)
    sink, _ = world.sink(rows=1_000)
    while not world.store.rows:
        sink.step()
    again, _ = world.sink(rows=1_000)  # the first one is dead
    world.drain(again)
    assert world.store.ids() == expected(2)
    assert len(world.store.rows["alerts"]) == 1


def test_while_the_store_is_down_an_alert_waits_like_all_the_rest():
    world = world_with(2, 1)
    world.log.append(alert(0), topic=ALERTS_TOPIC)
    world.store.down = True
    sink, _ = world.sink(rows=1_000)
    for _ in range(100):
        sink.step()
    assert world.log.committed == {}
    assert sink.why_not_ready() is not None
    world.store.down = False
    world.drain(sink)
    assert world.store.ids() == expected(2)
    assert len(world.store.rows["alerts"]) == 1


def test_while_the_store_is_down_the_sink_keeps_polling_and_fetches_nothing_more():
    world = world_with(100, 1)
    world.store.down = True
    sink, source = world.sink()
    for _ in range(200):
        sink.step()
    assert source.paused
    assert source.polls_while_paused > 100
    assert source.positions[TOPIC, 0] <= 5 + source.chunk, "what is held stays within a batch and a poll"
    assert sink.why_not_ready() is not None
    tries = world.store.inserts
    assert tries < 40, "waits grow"
    world.store.down = False
    world.drain(sink)
    assert world.store.ids() == expected(100)
    assert sink.why_not_ready() is None


def test_an_error_after_storing_shows_nothing_twice():
    world = world_with(12)
    world.store.failures.extend(["after"] * 3)
    sink, _ = world.sink()
    world.drain(sink)
    assert world.store.ids() == expected(12)
    assert len(world.store.rows["events"]) == 12


def test_a_row_that_the_store_never_takes_is_found_and_the_rest_goes_on():
    world = world_with(40, 1)
    world.store.poisoned = {"e0003", "e0017", "e0018"}
    sink, _ = world.sink(rows=16)
    world.drain(sink)
    assert world.store.ids() == [i for i in expected(40) if i not in world.store.poisoned]
    assert world.dead.offsets() == {3, 17, 18}
    (letter, *_) = [x for x in world.dead.letters if x.offset == 3]
    assert letter.value == message(3)
    assert "does not take it" in letter.reason


def test_what_does_not_fit_the_store_goes_to_the_dead_letters_and_the_rest_goes_on():
    """What can't be read at all is passed over: the streams have put it there."""
    world = World()
    bad = {n: message(n, count=2**70) for n in (0, 2, 6)}
    unreadable = {4: None, 7: b"["}
    for number in range(9):
        world.log.append((bad | unreadable).get(number, message(number)))
    sink, _ = world.sink()
    world.drain(sink)
    assert world.store.ids() == ["e0001", "e0003", "e0005", "e0008"]
    assert world.dead.offsets() == set(bad)
    assert all(letter.reason and letter.value == bad[letter.offset] for letter in world.dead.letters)


def test_dead_letters_are_sent_before_their_offsets_are_committed():
    world = World()
    world.log.append(message(0, count=2**70))
    world.dead.failing = 2
    sink, source = world.sink()
    while world.dead.failing:
        assert world.log.committed == {}
        sink.step()
        world.clock.now += 5_000
    world.drain(sink)
    assert world.dead.offsets() == {0}
    assert not source.paused


def test_too_many_dead_letters_in_a_row_end_the_sink_with_the_place_and_nothing_more_committed():
    world = World()
    world.log.append(message(0))
    for number in range(1, 61):
        world.log.append(message(number, count=2**70))
    sink, _ = world.sink(rows=1, limit=20)
    with pytest.raises(UnusableError, match=r"huoqun\.events\[0\] at offset 20"):
        sink.run()
    assert world.log.committed.get((TOPIC, 0), 0) <= 20
    assert world.dead.offsets() >= set(range(1, 21)), "what was found bad can be looked at"


def test_control_records_store_nothing_and_are_committed():
    world = World()
    for now in range(7):
        world.log.append(codec.encode(Tick(now=now)))
    sink, _ = world.sink()
    world.drain(sink)
    assert world.store.inserts == 0


def test_a_commit_that_fails_is_made_up_for_by_the_next():
    world = world_with(6, 1)
    sink, source = world.sink(rows=2)
    source.failing_commits = 2
    world.drain(sink)
    assert world.log.committed == {(TOPIC, 0): 6}


def test_stopping_stores_and_commits_what_is_at_hand():
    world = world_with(3, 1)
    sink, _ = world.sink(rows=100)
    sink.step()
    assert world.log.committed == {}
    sink.stop()
    sink.run()
    assert world.log.committed == {(TOPIC, 0): 3}


def test_stopping_while_the_store_is_down_ends_at_once_and_commits_nothing():
    world = world_with(3, 1)
    world.store.down = True
    sink, _ = world.sink(rows=2)
    sink.step()
    sink.stop()
    sink.run()
    assert world.log.committed == {}
    world.store.down = False
    again, _ = world.sink()
    world.drain(again)
    assert world.store.ids() == expected(3)


def test_while_a_batch_is_being_stored_the_next_is_read():
    world, jobs = world_with(100, 1), []

    def later(job: Callable[[], bool]) -> Future[bool]:
        jobs.append((job, found := Future[bool]()))
        return found

    sink, source = world.sink(rows=4, submit=later)
    for _ in range(3):
        sink.step()
    assert len(jobs) == 1
    assert source.positions[TOPIC, 0] == 9


def test_the_batch_on_its_way_is_committed_without_waiting_for_another():
    world, jobs = world_with(3, 1), []

    def later(job: Callable[[], bool]) -> Future[bool]:
        jobs.append((job, found := Future[bool]()))
        return found

    sink, _ = world.sink(rows=3, submit=later)
    sink.step()
    assert world.log.committed == {}
    job, found = jobs.pop()
    found.set_result(job())
    sink.step()
    assert world.log.committed == {(TOPIC, 0): 3}


@settings(max_examples=150, deadline=None)
@given(
    messages=st.integers(1, 40),
    rows=st.integers(1, 9),
    chunk=st.integers(1, 7),
    failures=st.lists(st.sampled_from(["", "", "before", "after"]), max_size=20),
    crashes=st.lists(st.integers(1, 12), max_size=5),
    repeats=st.lists(st.integers(0, 39), max_size=10),
    poison=st.sets(st.integers(0, 39), max_size=3),
    failing_commits=st.integers(0, 3),
    beside=st.booleans(),
)
def test_whatever_fails_and_wherever_it_is_killed_each_event_is_stored_once_or_dead_lettered(  # noqa: PLR0917  # drawn
    messages: int, rows: int, chunk: int, failures: list[str], crashes: list[int], repeats: list[int], poison: set[int],
    failing_commits: int, beside: bool,
):  # fmt: skip
    world = world_with(messages)
    with ThreadPoolExecutor(1) as writer:
        submit = writer.submit if beside else at_once
        _fails_and_dies(world, messages, rows, chunk, failures, crashes, repeats, poison, failing_commits, submit)


def _fails_and_dies(  # noqa: PLR0917  # drawn
    world: World, messages: int, rows: int, chunk: int, failures: list[str], crashes: list[int], repeats: list[int],
    poison: set[int], failing_commits: int, submit: Submit,
) -> None:  # fmt: skip
    for number in repeats:
        if number < messages:
            world.log.append(message(number, received_at=1_700_000_000_900, text="redelivered"), number % 2)
    world.store.failures.extend(failures)
    world.store.poisoned = {f"e{n:04}" for n in poison}
    for steps in crashes:  # killed: its memory is gone, the log, the store and the commits are not
        sink, source = world.sink(rows, chunk=chunk, submit=submit)
        source.failing_commits = failing_commits
        for _ in range(steps):
            sink.step()
    sink, _ = world.sink(rows, chunk=chunk, submit=submit)
    world.drain(sink)
    good = [i for i in expected(messages) if i not in world.store.poisoned]
    assert world.store.ids() == good
    assert {f"e{n:04}" for n in poison if n < messages} == {
        codec.decode_json(letter.value)["id"] for letter in world.dead.letters
    }
    text_at = 8
    assert all(row[text_at] != "redelivered" for row in world.store.rows.get("events", {}).values()), "first one wins"
