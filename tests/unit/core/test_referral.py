"""Invited crowds: told where nearly nobody of them speaks though the group's other newcomers do; else never."""

from __future__ import annotations

import math
import random
from collections import Counter
from datetime import date, timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from huoqun.config import Config, Group
from huoqun.events import Event
from streams.core.lag import Lag
from streams.core.referral import CROWD, MOST_CROWDS, MOST_WATCHED, at_most
from tests.support.core import Machine, encoded, shuffled_within, view_of
from tests.support.scenes import DAY, T0, Scene

DAY_S = 86_400


def living(scene: Scene, days: int) -> None:
    """A group that talks, and whose newcomers do: one joins each day by themselves, and says hello."""
    for day in range(days):
        for n in range(6):
            scene.add(day * DAY_S + 30_000 + n * 300, f"u{n % 3}", "早")
        scene.join(day * DAY_S + 36_000, f"n{day}")
        scene.add(day * DAY_S + 36_600, f"n{day}", "大家好")


def crowd(scene: Scene, at: float, people: int, *, by: str = "u1", apart: float = 60, prefix: str = "c") -> None:
    for n in range(people):
        scene.join(at + n * apart, f"{prefix}{n}", inviter_id=by)


def told(scene: Scene) -> list[dict[str, Any]]:
    scene.events.sort(key=lambda event: event.ts)
    return scene.alerts("invited_crowd")


def evidence(alert: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = msgspec.json.decode(alert["evidence"])
    return found


def test_a_crowd_of_whom_nobody_speaks_is_told_three_days_later_with_its_figures() -> None:
    scene = Scene()
    living(scene, 20)
    crowd(scene, 10 * DAY_S + 40_000, 30)
    (alert,) = told(scene)
    assert (alert["user_id"], alert["severity"]) == ("u1", "warning")
    assert alert["raised_at"] == T0 + 14 * DAY
    found = evidence(alert)
    assert (found["joined"], found["watched"], found["spoke"], found["left"]) == (30, 30, 0, 0)
    assert found["other_newcomers_spoke"] == found["other_newcomers"] == 11
    assert any("30 joined within 29 min" in reason for reason in alert["reasons"])
    assert any("100%" in reason for reason in alert["reasons"])


def test_a_crowd_that_talks_is_none() -> None:
    scene = Scene()
    living(scene, 20)
    crowd(scene, 10 * DAY_S, 30)
    for n in range(9):
        scene.add(11 * DAY_S + n * 500, f"c{n}", "你好")
    assert not told(scene)


def test_a_crowd_is_no_news_where_newcomers_hardly_ever_speak() -> None:
    scene = Scene()
    for day in range(20):
        scene.add(day * DAY_S + 30_000, "u1", "早")
        for n in range(3):
            scene.join(day * DAY_S + 36_000 + n, f"n{day}.{n}")
    crowd(scene, 12 * DAY_S, 12)
    assert not told(scene)


def test_fewer_people_or_more_slowly_are_no_crowd() -> None:
    scene = Scene()
    living(scene, 25)
    crowd(scene, 5 * DAY_S, CROWD - 1)
    crowd(scene, 8 * DAY_S, 40, by="u2", apart=3 * 3600, prefix="slow")
    assert not told(scene)


def test_invitations_come_together_across_any_midnight() -> None:
    scene = Scene()
    living(scene, 20)
    crowd(scene, 5 * DAY_S - 2000, 3, by="u1", prefix="early", apart=900)
    crowd(scene, 6 * DAY_S - 3000, CROWD - 1, by="u1", prefix="late", apart=300)
    (alert,) = told(scene)
    assert evidence(alert)["joined"] == CROWD - 1 + 1, "of the early ones one is within a day of the tenth"


def test_staff_fill_a_new_group_and_nobody_is_told_but_later_they_are() -> None:
    scene = Scene()
    scene.add(0, "boss", "欢迎", is_staff=True)
    crowd(scene, 600, 40, by="boss")
    living(scene, 60)
    assert not told(scene)
    crowd(scene, 40 * DAY_S, 40, by="boss", prefix="again")
    assert len(told(scene)) == 1


def test_where_no_message_is_seen_at_all_silence_means_nothing() -> None:
    scene = Scene()
    scene.join(0, "u1")
    crowd(scene, DAY_S, 40)
    scene.silence_until(12 * DAY_S)
    assert not told(scene)


def test_where_only_mentions_are_seen_silence_means_nothing() -> None:
    scene = Scene()
    living(scene, 20)
    crowd(scene, 10 * DAY_S, 40)
    for event in scene.events:
        event.coverage = "mentions"
    assert not told(scene)


def test_people_who_speak_after_all_resolve_it_and_after_two_weeks_it_expires() -> None:
    scene = Scene()
    living(scene, 40)
    crowd(scene, 10 * DAY_S, 20)
    crowd(scene, 11 * DAY_S, 20, by="u2", prefix="d")
    for n in range(5):
        scene.add(15 * DAY_S + n * 600, f"c{n}", "晚了点，大家好")
    states = {a["user_id"]: a["state"] for a in told(scene)}
    assert states == {"u1": "resolved", "u2": "expired"}


def test_in_a_group_that_sells_a_silent_crowd_has_to_be_larger() -> None:
    for kind, alerts in (("commerce", 0), ("interest", 1)):
        scene = Scene(Config(groups=[Group(platform="qq", group_id="1", kind=kind)]))  # type: ignore[arg-type]
        for day in range(9):
            scene.add(day * DAY_S, "u1", "早")
        crowd(scene, DAY_S, 14)
        assert len(told(scene)) == alerts


def test_whoever_invites_themselves_or_a_bot_brings_nobody() -> None:
    scene = Scene()
    living(scene, 15)
    for n in range(30):
        scene.join(5 * DAY_S + n, f"c{n}", inviter_id=f"c{n}")
        scene.join(5 * DAY_S + n, f"b{n}", inviter_id="u1", is_bot=True)
    assert not told(scene)


def test_what_is_remembered_is_bounded() -> None:
    scene, rng = Scene(), random.Random(3)
    living(scene, 6)
    for n in range(4_000):
        scene.join(2 * DAY_S + n * 10, f"c{n}", inviter_id=f"i{rng.randrange(60)}" if n % 2 else "u1")
    machine = Machine()
    log = encoded(sorted(scene.events, key=lambda e: e.ts))
    machine.feed(log, 0, len(log))
    crowds = machine.state.groups["qq/1"].group.h.life.crowds
    assert len(crowds) <= MOST_CROWDS
    assert max(len(c.places) for c in crowds) == MOST_WATCHED
    assert max(c.joined for c in crowds) == 2_000


def crowds_of(rng: random.Random) -> list[Event]:
    """A course of 40 days to which people are brought, alone and in crowds; some speak, some leave, some come again."""
    made: list[Event] = []

    def add(at: float, user: str, kind: str, inviter: str = "") -> None:
        ts = T0 + round(at * 1000)
        made.append(
            Event(
                id="", type=kind, ts=ts, platform="qq", group_id="1", user_id=user, inviter_id=inviter, received_at=ts
            )  # type: ignore[arg-type]
        )

    for n in range(40):
        add(n * DAY_S + rng.randrange(DAY_S), f"u{n % 3}", "message")
    for number in range(rng.randint(1, 4)):
        begin, by = rng.uniform(0, 20 * DAY_S), f"u{rng.randrange(2)}"
        for n in range(rng.randint(5, 25)):
            user, at = f"c{number}.{n}", begin + rng.expovariate(1 / 10_000)
            add(at, user, "join", by)
            for kind in ("leave", "join", "message", "conversion"):
                if rng.random() < 0.1:
                    add(at + rng.expovariate(1 / 300_000), user, kind, by if kind == "join" else "")
    made.sort(key=lambda event: event.ts)
    for number, event in enumerate(made):
        event.id = f"e{number}"
    return made


@pytest.mark.parametrize("seed", range(40))
def test_any_order_and_any_crash_give_the_same_alerts(seed: int) -> None:
    rng = random.Random(seed)
    events = crowds_of(rng)
    ends = date(2023, 11, 15) + timedelta(days=rng.randint(5, 35))
    config = Config(
        groups=[Group(platform="qq", group_id="1", ends_on=ends, goal_members=rng.randint(0, 30), goal_conversions=3)]
    )
    plain = Machine(config).run(encoded(events))
    log = encoded(shuffled_within(events, 119_000, seed))
    machine = Machine(
        config, Lag(checkpoints=rng.randint(1, 4), work=rng.choice([1, 10, 100]), silent=1, steps=5, little=0)
    )
    at = 0
    while at < len(log):
        end = min(len(log), at + rng.randint(1, 30))
        machine.feed(log, at, end)
        at = end
        action = rng.random()
        if action < 0.4:
            machine.checkpoint()
        elif action < 0.5:
            machine.checkpoint(save=rng.random())
            at = machine.crash()
        elif action < 0.55:
            at = machine.crash()
    machine.checkpoint()
    assert view_of(machine.results) == plain


def test_the_made_up_crowds_do_raise_alerts() -> None:
    kinds: Counter[object] = Counter()
    for seed in range(40):
        view = Machine().run(encoded(crowds_of(random.Random(seed))))
        kinds.update(
            row["state"] for (name, _), row in view.items() if name == "Alert" and row["kind"] == "invited_crowd"
        )
    assert kinds["open"] + kinds["expired"] >= 10
    assert kinds["resolved"] >= 1


@given(st.integers(1, 60), st.integers(0, 60), st.floats(0.001, 0.999))
def test_the_chance_of_so_few_is_the_binomial_distribution(of: int, count: int, share: float) -> None:
    expected = sum(math.comb(of, k) * share**k * (1 - share) ** (of - k) for k in range(min(count, of) + 1))
    assert at_most(min(count, of), of, share) == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 0.9, 1.0])
def test_at_most_is_the_sum_of_what_is_likely_in_each_case(share: float) -> None:
    of = 6
    for count in range(of + 1):
        plainly = sum(math.comb(of, k) * share**k * (1 - share) ** (of - k) for k in range(count + 1))
        assert at_most(count, of, share) == pytest.approx(plainly)
