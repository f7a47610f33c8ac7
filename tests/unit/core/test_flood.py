"""Floods: far more than the group's members usually stay for, by one, by a few, by strangers, by bots."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from huoqun import codec
from huoqun.config import Config
from huoqun.events import Event
from streams.core import flood
from streams.core.arrival import Arrival
from streams.core.group import Group
from streams.core.settings import resolve
from streams.core.tables import FIVE_MINUTES
from streams.weights import answer_model
from tests.support.scenes import T0, Scene

DAY_S, HOUR_S = 86_400, 3_600


def lively(scene: Scene, days: int, *, peak: int, people: int = 12) -> None:
    """Each evening so many messages within five minutes, by many people."""
    for day in range(days):
        for n in range(peak):
            scene.add(day * DAY_S + 12 * HOUR_S + n * 280 / peak, f"u{n % people}", "晚上好呀")


def test_one_who_pastes_is_named_within_seconds_and_it_is_over_when_they_stop() -> None:
    scene = Scene()
    lively(scene, 4, peak=8)
    at = 4 * DAY_S + 14 * HOUR_S
    for n in range(40):
        scene.add(at + n * 2, "u3", f"第{n}句", user_name="小何")
    scene.silence_until(at + 1200)
    (alert,) = scene.alerts("flood")
    assert alert["user_id"] == "u3"
    assert "小何" in alert["title"]
    assert 25_000 <= alert["raised_at"] - T0 - at * 1000 <= 35_000, "with the fifteenth message"
    assert alert["state"] == "resolved"
    assert alert["resolved_at"] - T0 - at * 1000 <= 5 * 60_000
    assert "40 messages in all" in alert["reasons"][-1]


def test_ten_lines_by_one_person_are_no_flood() -> None:
    scene = Scene()
    lively(scene, 4, peak=8)
    for n in range(10):
        scene.add(4 * DAY_S + 14 * HOUR_S + n * 3, "u3", f"第{n}句")
    assert not scene.alerts("flood")


def test_many_who_cheer_at_once_are_no_flood_however_fast() -> None:
    scene = Scene()
    lively(scene, 5, peak=10, people=30)
    for n in range(150):
        scene.add(5 * DAY_S + 14 * HOUR_S + n * 1.5, f"u{n % 30}", "进球啦！！！")
    assert not scene.alerts("flood")


def test_a_group_that_is_always_lively_is_not_flooded_by_its_own_talk() -> None:
    scene = Scene()
    lively(scene, 6, peak=90, people=4)
    assert len(scene.alerts("flood")) <= 1, "on the first day nobody knows"
    before = {alert["alert_id"] for alert in scene.alerts("flood")}
    lively_again = 7 * DAY_S + 12 * HOUR_S
    for n in range(100):
        scene.add(lively_again + n * 2.8, f"u{n % 4}", "哈哈")
    assert {alert["alert_id"] for alert in scene.alerts("flood")} == before


def test_two_who_talk_quickly_are_no_flood() -> None:
    scene = Scene()
    lively(scene, 4, peak=8)
    for n in range(40):
        scene.add(4 * DAY_S + 14 * HOUR_S + n * 7, f"u{n % 2}", "我觉得也是")
    assert not scene.alerts("flood")


def test_three_who_fill_the_screen_are_a_flood() -> None:
    scene = Scene()
    lively(scene, 4, peak=8)
    for n in range(90):
        scene.add(4 * DAY_S + 14 * HOUR_S + n * 3, f"u{n % 3}", "1")
    (alert,) = scene.alerts("flood")
    assert alert["user_id"] == ""
    assert "u0" in alert["evidence"]


def test_strangers_in_number_are_a_raid() -> None:
    scene = Scene()
    lively(scene, 8, peak=8)
    for n in range(20):
        scene.join(8 * DAY_S + 13 * HOUR_S + n, f"raider{n}")
    for n in range(40):
        scene.add(8 * DAY_S + 14 * HOUR_S + n * 4, f"raider{n % 20}", "冲")
    (alert,) = scene.alerts("flood")
    assert "strangers" in alert["reasons"][1]


def test_newcomers_who_are_welcomed_by_more_than_they_are_raid_nobody() -> None:
    scene = Scene()
    lively(scene, 8, peak=8, people=30)
    for n in range(20):
        scene.join(8 * DAY_S + 13 * HOUR_S + n, f"new{n}")
    for n in range(100):
        who = f"new{n % 20}" if n % 5 < 2 else f"u{n % 30}"
        scene.add(8 * DAY_S + 14 * HOUR_S + n * 0.5, who, "欢迎欢迎")
    assert not scene.alerts("flood")


def test_a_bot_that_runs_wild_is_a_flood_and_its_usual_chatter_is_none() -> None:
    scene = Scene()
    lively(scene, 3, peak=8)
    for n in range(20):
        scene.add(2 * DAY_S + 15 * HOUR_S + n * 3, "robot", "commit", is_bot=True)
    assert not scene.alerts("flood")
    for n in range(80):
        scene.add(3 * DAY_S + 15 * HOUR_S + n, "robot", "error", is_bot=True)
    scene.silence_until(3 * DAY_S + 16 * HOUR_S)
    (alert,) = scene.alerts("flood")
    assert alert["user_id"] == "robot"
    assert alert["state"] == "resolved"


def test_staff_who_teach_do_not_flood() -> None:
    scene = Scene()
    lively(scene, 4, peak=8)
    for n in range(60):
        scene.add(4 * DAY_S + 14 * HOUR_S + n * 3, "boss", f"第{n}点，请看", is_staff=True)
    assert not scene.alerts("flood")


def test_a_flood_does_not_become_usual() -> None:
    scene = Scene()
    lively(scene, 4, peak=8)
    for day in (4, 5, 6):
        for n in range(60):
            scene.add(day * DAY_S + 14 * HOUR_S + n * 2, "u3", f"第{n}句")
    assert len(scene.alerts("flood")) == 3


@settings(max_examples=40)
@given(
    st.lists(
        st.tuples(st.integers(0, 5), st.sampled_from([0, 1, 7, 30, 59, 60, 61, 130]), st.booleans()),
        min_size=20,
        max_size=90,
    )
)
def test_what_spares_counting_never_says_less_than_the_count(talk: list[tuple[int, int, bool]]) -> None:
    group = Group(resolve(Config(), "qq", "1"), answer_model(""))
    h = group.h
    ts = T0
    for n, (who, later, staff) in enumerate(talk):
        ts += later * 1_000
        event = Event(
            id=f"e{n}",
            type="message",
            ts=ts,
            platform="qq",
            group_id="1",
            user_id=f"u{who}",
            text="好",
            is_staff=staff and who == 0,
        )
        group.insert([Arrival(event, n, codec.encode(event))], ts)
        head = h.head
        counts = flood._speakers(h)
        five = head.minute_messages - head.staff_messages + h.windows[FIVE_MINUTES].member_messages
        assert sum(counts.values()) == five
        assert not flood._certainly_many(h, five) or effective(list(counts.values())) > flood.MANY_SPEAKERS
        for place in counts:
            assert flood._by(h, place, head.minute - 1) <= h.people[place].count_5m


@pytest.mark.parametrize(("speakers", "certain"), [(4, False), (5, True)])
def test_who_all_write_the_same_are_counted_without_a_look_at_each(speakers: int, certain: bool) -> None:
    h = Group(resolve(Config(), "qq", "1"), answer_model("")).h
    h.now = dict.fromkeys(range(speakers), 20)
    assert flood._certainly_many(h, 20 * speakers) is certain


def effective(counts: list[int]) -> float:
    total = sum(counts)
    return math.exp(-sum(n / total * math.log(n / total) for n in counts))
