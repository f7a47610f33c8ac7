"""Check-ins: which messages are some, days in a row, the same people week after week."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from huoqun.config import Config, ConfigError, Group, load
from streams.core import checkins
from streams.core.checkins import is_check_in, lately, local_day, on_check_in, pattern_of, streak_of, weeks_of
from streams.core.history import History
from tests.support.scenes import T0, Scene

DAY_S = 86_400
MORNING = -3_600
"""Seven in the morning in Shanghai, an hour before the day of UTC begins."""


@pytest.mark.parametrize(
    "text", ["打卡", "今日打卡 第12天", "早起签到", "Check in!", "checked in: 5 km", "Day 12: done", "第3天 背单词"]
)
def test_what_a_check_in_looks_like_where_no_pattern_is_configured(text: str) -> None:
    assert is_check_in(text, None)


@pytest.mark.parametrize("text", ["今天天气不错", "一整天都在下雨", "have a nice day", "第二个问题怎么做", ""])
def test_what_none_looks_like(text: str) -> None:
    assert not is_check_in(text, None)


def test_a_group_may_have_a_pattern_of_its_own() -> None:
    scene = Scene(Config(groups=[Group(platform="qq", group_id="1", check_in=r"^运动\d+分钟")]))
    scene.add(0, "bob", "运动30分钟")
    scene.add(60, "carol", "打卡")
    scene.silence_until(DAY_S + 60)
    row = max((r for r in scene.rows("Activity") if r["window"] == "7d"), key=lambda r: r["window_end"])
    assert (row["check_in_people"], row["check_in_streak"]) == (1, 1)


def test_days_are_those_of_the_groups_own_clock() -> None:
    assert local_day(T0 + MORNING * 1000, "Asia/Shanghai") == local_day(T0, "Asia/Shanghai") == T0 // 86_400_000
    assert local_day(T0, "America/New_York") == T0 // 86_400_000 - 1


def test_people_streaks_and_the_same_faces_are_told_each_midnight() -> None:
    scene = Scene()
    for day in range(1, 15):
        scene.add(day * DAY_S + MORNING, "bob", "打卡")
        scene.add(day * DAY_S + MORNING + 5, "bob", "打卡，又一次")
        if day <= 6:
            scene.add(day * DAY_S + MORNING + 60, "carol", "打卡")
        if day in (9, 10):
            scene.add(day * DAY_S + MORNING + 120, "dave", "打卡")
    scene.add(14 * DAY_S, "boss", "打卡", is_staff=True)
    scene.silence_until(15 * DAY_S + 60)
    rows = {r["window_end"]: r for r in scene.rows("Activity") if r["window"] == "7d"}
    row = rows[T0 + 15 * DAY_S * 1000]  # local day 15 has begun: the week is days 8 to 14
    assert row["check_in_people"] == 2, "bob and dave; carol's week is over, staff is none of the members"
    assert row["check_in_streak"] == 14
    assert row["check_in_same_faces"] == 0.5


def test_where_nobody_checks_in_there_is_nothing_to_tell() -> None:
    scene = Scene()
    scene.add(0, "bob", "早")
    scene.silence_until(2 * DAY_S)
    assert {r["check_in_people"] for r in scene.rows("Activity")} == {None}


@given(st.sets(st.integers(100, 170), min_size=1), st.integers(0, 40))
def test_one_number_remembers_what_a_list_of_days_would(days: set[int], later: int) -> None:
    h = History()
    place = h.add_person("bob")
    for day in sorted(days):
        on_check_in(h, place, day)
        on_check_in(h, place, day)
    found, today = h.people[place].check_ins, max(days) + later
    assert weeks_of(found, today) == (
        any(day in days for day in range(today - 7, today)),
        any(day in days for day in range(today - 14, today - 7)),
    )
    streak, last = 0, today if today in days else today - 1
    while last - streak in days:
        streak += 1
    assert streak_of(found, today) == streak
    assert lately(found, today) == any(day in days for day in range(today - 28, today + 1))


def test_a_pattern_is_looked_for_at_the_beginning_only_and_in_any_case() -> None:
    pattern = pattern_of("done")
    assert is_check_in("DONE", pattern)
    assert not is_check_in("x" * 300 + "done", pattern)
    assert pattern_of("") is None


def test_a_pattern_that_is_no_regular_expression_is_refused_with_its_place(tmp_path: Path) -> None:
    file = tmp_path / "huoqun.toml"
    file.write_text('[[groups]]\nplatform = "qq"\ngroup_id = "1"\ncheck_in = "(打卡"\n', "utf-8")
    with pytest.raises(ConfigError, match=r"groups\[0\]\.check_in: '\(打卡' is no regular expression"):
        load(file, {})


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("今天打卡", True), ("打卡", True), ("签到了", True), ("早 check 好", True), ("早 CHECK 好", True), ("早check", True),
        ("打", False), ("打到卡", False), ("卡", False), ("签卡", False), ("打到", False), ("到", False), ("卡打", False),
        ("早 Chuck", False), ("早 ck", False), ("早 heckl", True), ("早 cHeCk", False), ("早 x", False), ("check", True),
        ("CHECK", True), ("Check", True), ("cHeCK", False), ("chuck", False), ("", False), ("早 kc", False),
    ],
)  # fmt: skip
def test_where_a_check_in_is_looked_for_closely(text: str, says: bool) -> None:
    assert checkins._says_so(text) is says


@pytest.mark.parametrize(
    ("text", "opens"),
    [
        ("day 3", True), ("Day 3", True), ("DAY", True), ("da", False), ("d", False), ("dax", False), ("xay", False), ("第", True),
        ("一二三四五六七八九day", True), ("一二三四五六七八九十day", False), ("一二三四五六七八九十一第", True),
        ("一二三四五六七八九十一二第", False), ("一天", False), ("", False), ("xxday", True), ("da day", True), ("dd ay", False),
    ],
)  # fmt: skip
def test_a_day_is_looked_for_in_the_first_twelve_characters(text: str, opens: bool) -> None:
    assert checkins._opens_with_a_day(text) is opens


def test_only_the_first_200_characters_are_looked_at() -> None:
    assert is_check_in("好" * 198 + "打卡", None)
    assert not is_check_in("好" * 199 + "打卡", None)
    pattern = pattern_of("done")
    assert is_check_in("x" * 196 + "done", pattern)
    assert not is_check_in("x" * 197 + "done", pattern)


@pytest.mark.parametrize("later", range(60))
def test_what_is_remembered_of_28_days_in_a_row_fades_day_by_day(later: int) -> None:
    h = History()
    place = h.add_person("bob")
    for day in range(100, 128):
        on_check_in(h, place, day)
    on_check_in(h, place, 127 + later)
    days = {day for day in (*range(100, 128), 127 + later) if day > 127 + later - 28}
    found, last = h.people[place].check_ins, 127 + later
    assert found & checkins._DAYS_MASK == sum(1 << (last - day) for day in days), "a bit for each of 28 days"
    assert streak_of(found, last) == (28 + later if later < 2 else 1)
    assert streak_of(found, last + 1) == streak_of(found, last), "today's may still come"
    assert streak_of(found, last + 2) == 0
    for today in range(last, last + 40):
        assert weeks_of(found, today) == (
            any(day in days for day in range(today - 7, today)),
            any(day in days for day in range(today - 14, today - 7)),
        )
    assert [lately(found, last + n) for n in (27, 28, 29)] == [True, True, False]


def test_days_in_a_row_are_counted_up_to_eleven_years_and_no_further() -> None:
    h = History()
    place = h.add_person("bob")
    for day in range(1, checkins.LONGEST + 3):
        on_check_in(h, place, day)
        assert streak_of(h.people[place].check_ins, day) == min(day, 4095)
