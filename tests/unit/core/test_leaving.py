"""Leave bursts: improbable at the group's own rate, told once, with what came before."""

from __future__ import annotations

import random
from datetime import date

import pytest

from huoqun.config import Config, Group
from huoqun.events import Event
from streams.core.arrival import Arrival
from streams.core.history import History
from streams.core.leaving import exceeding, on_leave, passing, usual
from streams.core.settings import resolve
from streams.core.troubles import Troubles
from tests.support.scenes import Scene

DAY_S, HOUR_S = 86_400, 3_600


def group_of(people: int) -> Scene:
    scene = Scene()
    for n in range(people):
        scene.join(n, f"m{n}")
    return scene


def test_a_burst_of_leaves_is_one_alert_with_the_advertisement_before_it() -> None:
    scene = group_of(40)
    scene.add(3 * DAY_S, "ad", "🔥特价 加微信 abc123", id="ad1")
    for n in range(8):
        scene.leave(3 * DAY_S + 1200 + n * 20, f"m{n}")
    (alert,) = scene.alerts("leave_burst")
    assert alert["severity"] == "critical"
    assert any("advertising by ad, 20 min before" in reason for reason in alert["reasons"])
    assert '"leaves":8' in alert["evidence"]


def test_it_is_raised_with_the_fourth_leave_and_counts_on() -> None:
    scene = group_of(40)
    for n in range(4):
        scene.leave(3 * DAY_S + n * 100, f"m{n}")
    (alert,) = scene.alerts("leave_burst")
    assert "no obvious cause" in alert["reasons"][1]
    scene.leave(3 * DAY_S + 1500, "m9")
    (later,) = scene.alerts("leave_burst")
    assert later["alert_id"] == alert["alert_id"]
    assert later["title"].startswith("5 ")


def test_an_announcement_that_arrives_late_is_named_all_the_same() -> None:
    scene = group_of(40)
    for n in range(6):
        scene.leave(3 * DAY_S + n * 8, f"m{n}")
    scene.add(3 * DAY_S - 60, "boss", "@all 本群从下月起收费", is_staff=True, id="note")
    scene.events[-1].received_at = scene.events[-2].ts + 10
    (alert,) = scene.alerts("leave_burst")
    assert '"announcement":"note"' in alert["evidence"]


def test_what_happened_more_than_half_an_hour_before_is_no_cause() -> None:
    scene = group_of(40)
    scene.add(3 * DAY_S, "ad", "🔥特价 加微信 abc123")
    for n in range(6):
        scene.leave(3 * DAY_S + 1900 + n * 30, f"m{n}")
    (alert,) = scene.alerts("leave_burst")
    assert "advertising" not in alert["evidence"]


def test_whom_staff_removes_does_not_leave() -> None:
    scene = group_of(40)
    for n in range(20):
        scene.leave(3 * DAY_S + n * 5, f"m{n}", reason="kicked" if n % 2 else "banned")
    assert not scene.alerts("leave_burst")


def test_three_leaves_are_never_a_burst() -> None:
    scene = group_of(40)
    for n in range(3):
        scene.leave(3 * DAY_S + n, f"m{n}")
    assert not scene.alerts("leave_burst")


def test_leaves_at_the_groups_own_rate_are_no_burst() -> None:
    scene, rng = Scene(), random.Random(5)
    at = 0.0
    for n in range(600):
        at += rng.expovariate(1 / 60)  # one a minute, as in channels where people come and go
        scene.join(at, f"m{n}")
        scene.leave(at + 0.5, f"m{n}")
    assert not scene.alerts("leave_burst")


def test_a_large_group_that_loses_some_every_evening_loses_no_burst_and_a_real_one_is_seen() -> None:
    scene, rng = group_of(400), random.Random(9)
    gone = 0
    for day in range(1, 10):
        for _ in range(10):
            scene.leave(day * DAY_S + 12 * HOUR_S + rng.randrange(3 * HOUR_S), f"m{gone}")
            gone += 1
    scene.events.sort(key=lambda event: event.ts)
    assert not scene.alerts("leave_burst")
    for n in range(30):
        scene.leave(10 * DAY_S + 13 * HOUR_S + n * 15, f"m{gone + n}")
    assert len(scene.alerts("leave_burst")) == 1


def test_those_who_come_back_at_once_had_lost_the_network() -> None:
    scene = group_of(40)
    for n in range(10):
        scene.leave(3 * DAY_S + n, f"m{n}")
    for n in range(6):
        scene.join(3 * DAY_S + 120 + n, f"m{n}")
    (alert,) = scene.alerts("leave_burst")
    assert alert["state"] == "resolved"
    assert "came back" in alert["reasons"][-1]


def test_in_a_room_that_people_step_in_and_out_of_leaves_say_nothing() -> None:
    scene = group_of(40)
    for day in range(1, 5):
        for n in range(10):
            scene.leave(day * DAY_S + n * 4000, f"m{n}")
            scene.join(day * DAY_S + n * 4000 + 600, f"m{n}")
    for n in range(20):
        scene.leave(6 * DAY_S + n, f"m{n}")
    assert not scene.alerts("leave_burst")


def test_an_earlier_burst_does_not_make_the_next_one_usual() -> None:
    scene = group_of(80)
    for day in (3, 4, 5):
        for n in range(12):
            scene.leave(day * DAY_S + n * 20, f"m{day * 12 + n - 36}")
    assert len(scene.alerts("leave_burst")) == 3


def test_it_expires_after_a_day() -> None:
    scene = group_of(40)
    for n in range(6):
        scene.leave(3 * DAY_S + n, f"m{n}")
    scene.silence_until(5 * DAY_S)
    assert [alert["state"] for alert in scene.alerts("leave_burst")] == ["expired"]


def test_who_leaves_a_course_on_its_last_day_or_after_takes_leave_and_who_left_before_did_not() -> None:
    course = Config(groups=[Group(platform="qq", group_id="1", ends_on=date(2023, 11, 20), time_zone="UTC")])
    last_day = 5 * DAY_S  # the scene begins on the 15th

    def bursts(at: float) -> int:
        scene = group_of(40)
        scene.config = course
        for n in range(4):
            scene.leave(at - 3 + n, f"m{n}")
        return len(scene.alerts("leave_burst"))

    assert [bursts(last_day + at) for at in (-1, -0.001, 0, 1, 9 * DAY_S)] == [1, 1, 0, 0, 0]


@pytest.mark.parametrize(
    ("count", "mean", "shape", "expected"),
    [(0, 1.0, 1.0, 1.0), (1, 1.0, 1.0, 0.5), (3, 1.0, 1.0, 0.125), (1, 1.0, 1e6, 0.63212), (5, 0.2, 1e6, 2.26e-6)],
)
def test_the_tail_of_the_negative_binomial_distribution(count: int, mean: float, shape: float, expected: float) -> None:
    """Geometric with shape 1, Poisson in the limit."""
    assert exceeding(count, mean, shape) == pytest.approx(expected, rel=1e-2)


def test_a_burst_after_an_hour_far_busier_than_usual_says_so() -> None:
    scene = Scene()
    for n in range(40):
        scene.join(n, f"u{n}")
    at = 20 * 86_400
    for n in range(60):
        scene.add(at + n * 50, f"u{n % 20}", f"好的呀 {n}")
    for n in range(12):
        scene.leave(at + 3_100 + n * 5, f"u{39 - n}")
    (alert,) = scene.alerts("leave_burst")
    assert "60 messages in the hour before, 60 in the day" in str(alert["reasons"])


def troubles(**fields: float) -> Troubles:
    found = Troubles(0)
    for name, value in fields.items():
        setattr(found, name, value)
    return found


def test_what_is_usual_is_the_prior_by_size_and_joins_until_hours_have_been_seen() -> None:
    week = 7 * 24 * HOUR_S * 1000
    assert usual(troubles(), 0, week, 1_000, 0) == pytest.approx((0.12, 0.5))
    assert usual(troubles(), 0, week, 1_000, 336) == pytest.approx((1.12, 0.5)), "two join an hour, half as many leave"
    assert usual(troubles(), 0, 2 * week, 1_000, 336) == pytest.approx((1.12, 0.5)), "joins are those of one week"
    assert usual(troubles(), 0, week // 168 // 2, 0, 1) == pytest.approx((0.52, 0.5)), "of an hour at least"


def test_what_is_usual_is_drawn_from_the_prior_to_the_hours_that_were_seen() -> None:
    week = 7 * 24 * HOUR_S * 1000
    assert usual(troubles(hours=24.0, total=24.0, squares=72.0), 0, week, 0, 0) == pytest.approx((0.51, (24 + 36) / 96))
    assert usual(troubles(hours=1.0, total=3.0, squares=9.0), 0, week, 0, 0) == pytest.approx(
        ((3 + 0.02 * 24) / 25, (10 + 36) / 73)
    ), "no more uneven than chance has it"
    assert usual(troubles(hours=0.9, total=3.0, squares=9.0), 0, week, 0, 0)[1] == 0.5, "less than an hour says nothing"
    assert usual(troubles(hours=100.0, total=1.0, squares=100.0), 0, week, 0, 0)[1] == pytest.approx((10 + 36) / 172)


def test_a_room_that_people_step_in_and_out_of_has_two_returns_for_five_leaves_of_a_dozen_at_least() -> None:
    assert passing(troubles(leaves=12, returns=5))
    assert passing(troubles(leaves=20, returns=8))
    assert not passing(troubles(leaves=20, returns=7))
    assert not passing(troubles(leaves=11, returns=11))


def test_so_many_leaves_or_more_are_as_probable_as_the_negative_binomial_distribution_has_it() -> None:
    assert exceeding(0, 1.0, 1.0) == 1.0
    assert [exceeding(count, 1.0, 1.0) for count in (1, 2, 3)] == pytest.approx([1 / 2, 1 / 4, 1 / 8])
    assert [exceeding(count, 2.0, 1.0) for count in (1, 2)] == pytest.approx([2 / 3, 4 / 9])
    assert exceeding(2, 1.0, 2.0) == pytest.approx(1 - 4 / 9 - 2 * 4 / 27)


def test_what_is_known_of_leaves_and_returns_is_halved_at_four_thousand_so_that_it_can_change() -> None:
    h = History()
    h.troubles = troubles(leaves=3_998, returns=3_000)
    left = Event(id="e", type="leave", ts=1_700_000_000_000, platform="qq", group_id="1", user_id="u", received_at=0)
    for leaves, returns in [(3_999, 3_000), (2_000, 1_500), (2_001, 1_500)]:
        on_leave(h, h.change_head(), resolve(Config(), "qq", "1"), Arrival(left, 0, b""))
        assert (h.troubles.leaves, h.troubles.returns) == (leaves, returns)
