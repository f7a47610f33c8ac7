"""False activity: busy by the counter of messages, carried by a handful."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from huoqun.config import Config, Group, GroupKind
from streams.core.daily import NO_DAYS, with_day
from streams.core.falseness import median_day
from tests.support.scenes import DAY, T0, Scene

DAY_S = 86_400


def busy(
    days: range,
    *,
    talkers: int = 4,
    a_day: int = 24,
    members: int = 100,
    kind: GroupKind = "interest",
    scene: Scene | None = None,
) -> Scene:
    """Talkers who write so much a day, in a group of so many members."""
    scene = scene or Scene(Config(groups=[Group(platform="qq", group_id="1", kind=kind)]))
    scene.add(days.start * DAY_S, "", type="member_count", count=members)
    for day in days:
        for n in range(a_day):
            scene.add(day * DAY_S + 3_600 + n * 600, f"u{n % talkers}", "早")
    scene.silence_until(days.stop * DAY_S + 60)
    return scene


def column(scene: Scene) -> dict[int, object]:
    rows = [r for r in scene.rows("Activity") if r["window"] == "7d"]
    return {(r["window_end"] - T0) // DAY: r["false_activity"] for r in rows if (r["window_end"] - T0) % DAY == 0}


def test_four_who_fill_the_screen_of_a_hundred_are_one_alert_with_the_figures() -> None:
    scene = busy(range(30))
    (alert,) = scene.alerts("false_activity")
    assert (alert["state"], alert["raised_at"]) == ("open", T0 + 14 * DAY)
    assert "looks busy, but 4 people carry it" in alert["title"]
    assert "only 4 of 100 members spoke this week (4.0%)" in alert["reasons"][2]
    found = json.loads(alert["evidence"])
    assert (found["key_people"], found["messages_a_day"], found["usual_a_day"]) == (4, 24.0, 24.0)
    told = column(scene)
    assert (told[13], told[14], told[30]) == (None, True, True)


def test_it_ends_when_others_speak_again_and_goes_on_through_small_changes() -> None:
    scene = busy(range(20))
    busy(range(20, 26), talkers=4, a_day=18, members=46, scene=scene)
    (alert,) = scene.alerts("false_activity")
    assert alert["state"] == "open", "a little quieter, a little smaller: still the same"
    busy(range(26, 32), talkers=24, members=100, scene=scene)
    (alert,) = scene.alerts("false_activity")
    assert alert["state"] == "resolved"
    assert alert["raised_at"] == T0 + 14 * DAY


def test_five_key_people_are_few_enough_and_once_told_it_goes_on_until_there_are_eight() -> None:
    scene = busy(range(15), talkers=6)
    assert "but 5 people carry it" in scene.alerts("false_activity")[0]["title"]
    busy(range(15, 22), talkers=8, scene=scene)
    assert [alert["state"] for alert in scene.alerts("false_activity")] == ["open"], "with seven"
    busy(range(22, 29), talkers=9, a_day=27, scene=scene)
    assert [alert["state"] for alert in scene.alerts("false_activity")] == ["resolved"], "with eight"


@pytest.mark.parametrize(
    ("what", "scene"),
    [
        ("fewer than fifty members", busy(range(20), members=49)),
        ("eleven of a hundred speak", busy(range(20), talkers=11, a_day=33)),
        ("six write eight tenths", busy(range(20), talkers=7, a_day=28)),
        ("seven do", busy(range(20), talkers=8)),
        ("too quiet to look busy", busy(range(20), a_day=8)),
        ("members come to buy", busy(range(20), kind="commerce")),
        ("six of a hundred are enough for fans", busy(range(20), talkers=6, kind="fan")),
        ("watched for too short a time", busy(range(13))),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_near_misses_are_none(what: str, scene: Scene) -> None:
    del what
    assert scene.alerts("false_activity") == []
    assert True not in column(scene).values()


def test_a_week_quieter_than_the_median_of_the_group_itself_does_not_look_busy() -> None:
    scene = busy(range(14), talkers=30, a_day=60)
    busy(range(14, 21), talkers=4, a_day=24, scene=scene)
    assert scene.alerts("false_activity") == []
    busy(range(21, 40), talkers=4, a_day=24, scene=scene)
    assert len(scene.alerts("false_activity")) == 1, "once the quiet talk of four is the usual one"


@given(st.lists(st.integers(0, 9), min_size=1, max_size=28), st.integers(0, 9))
def test_the_median_counts_days_without_a_message_and_none_before_or_after(counts: list[int], around: int) -> None:
    days = with_day(NO_DAYS, 99, 10 + around, 0)
    for day, messages in enumerate(counts, 100):
        if messages:
            days = with_day(days, day, messages, 0)
    days = with_day(days, 100 + len(counts), 20 + around, 0)
    ordered = sorted(counts)
    half = len(ordered) // 2
    expected = ordered[half] if len(ordered) % 2 else (ordered[half - 1] + ordered[half]) / 2
    assert median_day(days, 100, len(counts)) == expected
