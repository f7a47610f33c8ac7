"""The determinism tests can fail: with a bug planted where each safeguard stands, some ordinary run differs."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest

from huoqun.events import Event
from streams.core.group import Group
from streams.core.history import History, order_of
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
    rng, log, machine, at = random.Random(seed), encoded(made), Machine(), 0
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
    return Machine().run(encoded(shuffled_within(made, 119_000, seed)))


def differs(run: Callable[[list[Event], int], View]) -> bool:
    return any(run(community(seed), seed) != PLAIN[seed] for seed in range(TRIES))


PLAIN = [Machine().run(encoded(community(seed))) for seed in range(TRIES)]


def test_without_a_bug_nothing_differs() -> None:
    assert not differs(shuffled)
    assert not differs(crashing)


def test_applying_late_arrivals_at_the_end_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    def careless(self: Group, event: Event, watermark: int) -> None:
        self._apply(event, order_of(event))
        self.advance(watermark)

    monkeypatch.setattr(Group, "insert", careless)
    assert differs(shuffled)


def test_forgetting_to_send_what_was_taken_back_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    honest = History.take_back

    def careless(self: History, order: tuple[int, int, int, str]) -> list[Event]:
        before = set(self.dirty)
        events = honest(self, order)
        self.dirty = before
        return events

    monkeypatch.setattr(History, "take_back", careless)

    def small_batches(made: list[Event], seed: int) -> View:
        return Machine().run(encoded(shuffled_within(made, 119_000, seed)), batch=1, checkpoint_every=1)

    assert differs(small_batches)


def test_no_fence_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    honest = Partition._event

    def careless(self: Partition, offset: int, event: Event) -> None:
        tracked = self._track(event.group)
        tracked.seen.clear()
        honest(self, 1 << 40, event)
        del offset

    monkeypatch.setattr(Partition, "_event", careless)
    assert differs(crashing)
