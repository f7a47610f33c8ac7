"""The end of a group's purpose: the last day over and the talk fallen, or a goal met; and no other alarm then."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from huoqun.config import Config, Group
from tests.support.scenes import DAY, T0, Scene

DAY_S = 86_400
LAST = date(2023, 12, 13)  # T0 is the 15th of November


def group(**fields: Any) -> Config:
    return Config(groups=[Group(platform="qq", group_id="1", kind="learning", **fields)])


def course(scene: Scene, days: range, a_day: int = 12) -> None:
    for day in days:
        for n in range(a_day):
            scene.add(day * DAY_S + 36_000 + n * 120, f"u{n % 4}", "今天的作业")


def test_a_course_whose_talk_fell_after_its_last_day_is_told_once_and_nothing_else_is() -> None:
    scene = Scene(group(ends_on=LAST))
    course(scene, range(29))
    course(scene, range(29, 36), 1)
    scene.silence_until(60 * DAY_S)
    (alert,) = scene.alerts("purpose_ended")
    assert (alert["state"], alert["severity"]) == ("open", "info")
    assert T0 + 31 * DAY <= alert["raised_at"] <= T0 + 35 * DAY
    assert any("2023-12-13" in reason for reason in alert["reasons"])
    assert any("84 a week before" in reason for reason in alert["reasons"])
    assert any("new purpose" in reason for reason in alert["reasons"])
    assert not [a for kind in ("group_fading", "group_dormant") for a in scene.alerts(kind) if a["state"] == "open"]


def test_without_a_last_day_the_same_group_fades_and_falls_dormant() -> None:
    scene = Scene(group())
    course(scene, range(29))
    scene.silence_until(45 * DAY_S)
    assert not scene.alerts("purpose_ended")
    assert [a["state"] for a in scene.alerts("group_dormant")] == ["open"]


def test_a_group_that_goes_on_talking_has_found_a_purpose_by_itself() -> None:
    scene = Scene(group(ends_on=LAST))
    course(scene, range(60))
    assert not scene.alerts("purpose_ended")


def test_talk_that_falls_before_the_last_day_is_no_end_but_fading() -> None:
    scene = Scene(group(ends_on=date(2024, 6, 1)))
    course(scene, range(29))
    course(scene, range(29, 36), 2)
    scene.silence_until(36 * DAY_S)
    assert not scene.alerts("purpose_ended")
    assert len(scene.alerts("group_fading")) == 1


def test_people_who_take_their_leave_after_the_last_day_are_its_end_too() -> None:
    scene = Scene(group(ends_on=LAST))
    for n in range(20):
        scene.join(n, f"m{n}")
    course(scene, range(29))
    for n in range(8):
        scene.leave(29 * DAY_S + n * 60, f"m{n}")
    scene.silence_until(30 * DAY_S)
    (alert,) = scene.alerts("purpose_ended")
    assert alert["raised_at"] == T0 + 30 * DAY
    assert any("8 left this week, 16 remain" in reason for reason in alert["reasons"])


@pytest.mark.parametrize(("leavers", "alerts"), [(1, 0), (2, 1)])
def test_one_alone_who_leaves_a_small_group_is_not_its_end(leavers: int, alerts: int) -> None:
    """Two of six are a quarter and more, and so would one of four be."""
    scene = Scene(group(ends_on=LAST))
    for n in range(4 if leavers == 1 else 6):
        scene.join(n, f"u{n}")
    for day in range(36):
        for n in range(12):
            scene.add(day * DAY_S + 36_000 + n * 120, f"u{2 + n % 2}", "今天的作业")
    for n in range(leavers):
        scene.leave(35 * DAY_S + 40_000 + n * 60, f"u{n}")
    scene.silence_until(36 * DAY_S + 60)
    assert len(scene.alerts("purpose_ended")) == alerts


def test_when_people_talk_again_it_is_resolved() -> None:
    scene = Scene(group(ends_on=LAST))
    course(scene, range(29))
    course(scene, range(38, 50))
    (alert,) = scene.alerts("purpose_ended")
    assert alert["state"] == "resolved"


def test_the_last_day_is_over_when_it_is_over_in_the_groups_time_zone() -> None:
    for zone, first in (("Pacific/Auckland", 29), ("America/New_York", 30)):
        scene = Scene(group(ends_on=LAST, time_zone=zone))
        course(scene, range(5))
        scene.add(20 * DAY_S, "u1", "?")
        scene.silence_until(40 * DAY_S)
        (alert,) = scene.alerts("purpose_ended")
        assert alert["raised_at"] == T0 + first * DAY


def test_a_goal_of_members_is_told_once_when_it_is_met() -> None:
    scene = Scene(group(goal_members=5))
    for n in range(8):
        scene.join(n * DAY_S, f"m{n}")
    scene.add(9 * DAY_S, "m1", "早")
    scene.silence_until(40 * DAY_S)
    (alert,) = scene.alerts("purpose_ended")
    assert alert["raised_at"] == T0 + 5 * DAY
    assert any("5 members" in reason for reason in alert["reasons"])
    assert not [a for a in scene.alerts("group_dormant") if a["state"] == "open"]


def test_a_goal_of_conversions_counts_each_of_them() -> None:
    scene = Scene(group(goal_conversions=3))
    for n in range(2):
        scene.add(n * DAY_S, "m1", type="conversion", amount=9.9, currency="CNY")
    scene.add(2 * DAY_S + 100, "m2", "早")
    scene.silence_until(5 * DAY_S)
    assert not scene.alerts("purpose_ended")
    scene.until = None
    scene.add(6 * DAY_S, "m2", type="conversion")
    scene.silence_until(8 * DAY_S)
    (alert,) = scene.alerts("purpose_ended")
    assert any("3 conversions" in reason for reason in alert["reasons"])
