"""The determinism tests can fail: with a bug planted where each safeguard stands, some ordinary run differs."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest

from huoqun.events import Event
from streams.core.arrival import Arrival
from streams.core.changes import Change, Put
from streams.core.group import Group
from streams.core.history import History
from streams.core.lag import Lag
from streams.core.partition import Partition
from tests.support.core import Machine, View, encoded, shuffled_within, view_of
from tests.unit.core.strategies import TEXTS, USERS

TRIES = 60


def community(seed: int) -> list[Event]:
    rng = random.Random(seed)
    ts, made = 1_700_000_000_000, []
    for number in range(40):
        ts += rng.choice([900, 20_000, 61_000, 200_000, 4_000_000])
        made.append(
            Event(
                id=f"e{number}",
                type=rng.choice(["message", "message", "message", "join", "leave"]),
                ts=ts,
                platform="qq",
                group_id="1",
                user_id=rng.choice(USERS),
                text=rng.choice(TEXTS),
                received_at=ts + 500,
            )
        )
    return made


def crashing(made: list[Event], seed: int) -> View:
    rng, log, at = random.Random(seed), encoded(made), 0
    machine = Machine(
        lag=Lag(checkpoints=rng.randint(1, 4), work=rng.choice([1, 10, 100]), silent=1, steps=5, little=0)
    )
    for _ in range(200):
        if at >= len(log):
            break
        end = min(len(log), at + rng.randint(1, 9))
        machine.feed(log, at, end)
        at = end
        action = rng.random()
        if action < 0.4:
            machine.checkpoint()
        elif action < 0.6:
            machine.checkpoint(save=0.5)
            at = machine.crash()
        elif action < 0.7:
            at = machine.crash()
    machine.feed(log, min(at, len(log)), len(log))
    machine.checkpoint()
    return view_of(machine.results)


def shuffled(made: list[Event], seed: int) -> View:
    return Machine().run(encoded(shuffled_within(made, 119_000, seed)), batch=4)  # what comes together is sorted


def differs(run: Callable[[list[Event], int], View]) -> bool:
    """Whether some run ends in other views, or doesn't end at all: tables that contradict each other."""
    for seed in range(TRIES):
        try:
            view = run(community(seed), seed)
        except (LookupError, ValueError, ArithmeticError, AssertionError):
            return True
        if view != PLAIN[seed]:
            return True
    return False


PLAIN: list[View] = []


@pytest.fixture(scope="module", autouse=True)
def plain() -> None:
    """The views of each community, before anything is planted."""
    PLAIN[:] = [Machine().run(encoded(community(seed))) for seed in range(TRIES)]


def test_without_a_bug_nothing_differs() -> None:
    assert not differs(shuffled)
    assert not differs(crashing)


def test_applying_late_arrivals_at_the_end_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    def careless(self: Group, events: list[Arrival], watermark: int) -> None:
        for event in events:
            self._apply(event)
        self.advance(watermark)

    monkeypatch.setattr(Group, "insert", careless)
    assert differs(shuffled)


def test_forgetting_to_send_what_was_taken_back_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Put, "note", Change.note)

    def small_batches(made: list[Event], seed: int) -> View:
        return Machine().run(encoded(shuffled_within(made, 119_000, seed)), batch=1, checkpoint_every=1)

    assert differs(small_batches)


def test_no_fence_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    honest = Partition._event

    def careless(self: Partition, event: Arrival) -> None:
        tracked = self._track(f"{event.platform}/{event.group_id}")
        tracked.chain.fence = -1
        tracked.arrivals.recent.clear()
        honest(self, event)

    monkeypatch.setattr(Partition, "_event", careless)
    assert differs(crashing)


def test_saving_what_has_not_settled_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    def careless(self: History) -> None:
        del self

    monkeypatch.setattr(History, "rewind", careless)
    monkeypatch.setattr(History, "forward", careless)
    assert differs(crashing)


def test_a_step_undone_in_the_wrong_order_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    honest = History.commit_step

    def careless(self: History, ts: int, arrival: Arrival | None) -> None:
        self.log.reverse()
        honest(self, ts, arrival)

    monkeypatch.setattr(History, "commit_step", careless)
    assert differs(shuffled)
