"""Advertising by people with no history."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from huoqun.config import Config, Group
from streams.core import advertising
from tests.support.scenes import Scene

DAY_S = 86_400
AD = "在家兼职日入500，无需押金，加微信 zq88661 详聊"
PLEA = "麻烦大家帮我家孩子投一票，点开就能看到十二号选手，每天都可以投一次"


def grown(config: Config | None = None) -> Scene:
    """A group that has been seen for ten days."""
    scene = Scene(config)
    for day in range(10):
        for n in range(6):
            scene.add(day * DAY_S + n * 600, f"u{n}", "今天的番茄长得不错呀")
    return scene


def test_a_stranger_with_a_pitch_is_told_and_it_expires_after_a_day() -> None:
    scene = grown()
    scene.add(10 * DAY_S, "ad", AD, user_name="财富")
    (alert,) = scene.alerts("advertising")
    assert (alert["user_id"], alert["severity"], alert["state"]) == ("ad", "warning", "open")
    scene.silence_until(12 * DAY_S)
    assert [alert["state"] for alert in scene.alerts("advertising")] == ["expired"]


def test_a_regular_and_staff_may_sell() -> None:
    scene = grown()
    scene.add(10 * DAY_S, "u1", AD)
    scene.add(10 * DAY_S + 60, "boss", AD, is_staff=True)
    assert not scene.alerts("advertising")


def test_in_a_commerce_group_one_pitch_is_talk_and_the_same_by_three_strangers_is_not() -> None:
    config = Config(groups=[Group(platform="qq", group_id="1", kind="commerce")])
    scene = grown(config)
    scene.add(10 * DAY_S, "a", AD)
    assert not scene.alerts("advertising")
    scene.add(10 * DAY_S + 60, "b", AD + "！")
    scene.add(10 * DAY_S + 90, "c", AD.replace("88661", "77123"))
    assert len(scene.alerts("advertising")) == 1


def test_repeated_by_one_it_escalates_and_stays_one_alert() -> None:
    scene = grown()
    for n in range(6):
        scene.add(10 * DAY_S + n * 900, "ad", AD)
    (alert,) = scene.alerts("advertising")
    assert alert["severity"] == "critical"
    assert '"messages":6' in alert["evidence"]


def test_pasted_by_several_strangers_it_is_one_alert_that_names_them() -> None:
    scene = grown()
    for n in range(4):
        scene.add(10 * DAY_S + n * 300, f"s{n}", PLEA + "！" * n)
    (alert,) = scene.alerts("advertising")
    assert alert["severity"] == "critical"
    assert "4 strangers" in alert["reasons"][0]


def test_two_who_joined_today_are_enough_and_nobody_owes_them_an_answer() -> None:
    scene = grown()
    for n in range(2):
        scene.join(10 * DAY_S + n, f"s{n}")
        scene.add(10 * DAY_S + 60 + n * 120, f"s{n}", PLEA)
    scene.silence_until(10 * DAY_S + 7200)
    assert len(scene.alerts("advertising")) == 1
    assert not scene.alerts("unanswered")


def test_what_newcomers_copy_by_custom_is_none() -> None:
    scene = grown()
    for n in range(5):
        scene.add(10 * DAY_S + n * 300, f"s{n}", "大家好，我是新人，请各位多多关照，以后常来常往")
        scene.add(10 * DAY_S + n * 300 + 60, f"s{n}", f"#接龙 周六团建报名 1. 阿梅 2. 老周 3. s{n}")
    assert not scene.alerts("advertising")


def test_in_a_new_group_alike_texts_without_a_pitch_are_none() -> None:
    scene = Scene()
    for n in range(5):
        scene.add(n * 300, f"s{n}", PLEA)
    assert not scene.alerts("advertising")


def test_it_is_resolved_when_the_sender_is_removed() -> None:
    scene = grown()
    scene.add(10 * DAY_S, "ad", AD)
    scene.leave(10 * DAY_S + 60, "ad", reason="kicked")
    (alert,) = scene.alerts("advertising")
    assert alert["state"] == "resolved"
    assert "removed" in alert["reasons"][-1]


def test_it_is_resolved_when_the_message_is_deleted() -> None:
    scene = grown()
    ad = scene.add(10 * DAY_S, "ad", AD)
    scene.add(10 * DAY_S + 60, "boss", type="delete", reply_to=ad, is_staff=True)
    assert [alert["state"] for alert in scene.alerts("advertising")] == ["resolved"]


def test_a_newcomer_who_shares_a_link_without_a_pitch_is_none() -> None:
    scene = grown()
    scene.add(10 * DAY_S, "new", "我照着这个教程做的 https://example.org/tomato 挺好用")
    assert not scene.alerts("advertising")


@given(st.text("happy nwbirtcogaulmdI kſ签到打卡祝福K", max_size=24))
def test_texts_by_custom_are_found_with_and_without_the_quick_look(text: str) -> None:
    assert advertising._by_custom(text) == (advertising._CUSTOM.search(text) is not None)


@pytest.mark.parametrize("sign", advertising._CUSTOM.pattern.split("|")[:23])
def test_every_custom_is_looked_for(sign: str) -> None:
    assert advertising._by_custom(f"今天{sign}了")


@pytest.mark.parametrize(
    "text",
    [
        "Happy new year",
        "HAPPY BIRTHDAY",
        "congrats",
        "Welcome",
        "good morning",
        "Good Night",
        "hi all",
        "Hi everyone",
        "hello",
        "thanKs",
        "check in",
        "Checking in",
    ],
)
def test_every_english_custom_is_looked_for(text: str) -> None:
    assert advertising._by_custom(f"well, {text}!")
