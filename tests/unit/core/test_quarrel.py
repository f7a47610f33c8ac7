"""Quarrels: the turn to hostility between few people, told within the minute."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.support.scenes import T0, Scene

AT = 86_400


def exchange(scene: Scene, *lines: tuple[str, str], gap: float = 12) -> None:
    before = {}
    for n, (who, text) in enumerate(lines):
        reply = next((event for other, event in reversed(before.items()) if other != who), "")
        before.pop(who, None)
        before[who] = scene.add(AT + n * gap, who, text, reply_to=reply, user_name=who)


def test_insults_that_are_answered_by_insults_are_told_at_once_and_name_both() -> None:
    scene = Scene()
    exchange(scene, ("大刘", "你卖的苗都死了"), ("阿杰", "你傻逼吧"), ("大刘", "滚蛋，废物"), ("阿杰", "闭嘴"))
    (alert,) = scene.alerts("quarrel")
    assert alert["severity"] == "critical"
    assert alert["raised_at"] == T0 + (AT + 24) * 1000
    assert "大刘" in alert["title"]
    assert "阿杰" in alert["title"]
    assert alert["state"] == "open"


def test_it_is_over_after_ten_calm_minutes() -> None:
    scene = Scene()
    exchange(scene, ("大刘", "你傻逼吧"), ("阿杰", "你才傻逼"))
    scene.silence_until(AT + 12 + 601)
    (alert,) = scene.alerts("quarrel")
    assert (alert["state"], alert["resolved_at"]) == ("resolved", T0 + (AT + 12 + 600) * 1000)


def test_a_lively_debate_is_none() -> None:
    scene = Scene()
    exchange(scene, *[("大刘", "你这样说不对，数据明明相反"), ("阿杰", "胡说，我试过三次都不行")] * 10, gap=6)
    assert not scene.alerts("quarrel")


def test_swearing_at_a_thing_is_none() -> None:
    scene = Scene()
    exchange(scene, ("大刘", "这破系统真是垃圾"), ("阿杰", "是啊"), ("大刘", "气死我了"), ("阿杰", "重启试试"))
    assert not scene.alerts("quarrel")


def test_one_insult_that_nobody_answers_in_kind_is_none() -> None:
    scene = Scene()
    exchange(scene, ("大刘", "我觉得挺好"), ("阿杰", "你傻逼吧"), ("大刘", "好好说话"), ("阿杰", "行吧"))
    assert not scene.alerts("quarrel")


def test_three_insults_at_one_who_talks_back_politely_are_one() -> None:
    scene = Scene()
    exchange(
        scene,
        ("大刘", "我觉得挺好"),
        ("阿杰", "你傻逼吧"),
        ("大刘", "好好说话"),
        ("阿杰", "废物"),
        ("大刘", "冷静"),
        ("阿杰", "滚蛋"),
    )
    (alert,) = scene.alerts("quarrel")
    assert alert["user_id"] == "阿杰"


def test_friends_who_laugh_are_none() -> None:
    scene = Scene()
    exchange(scene, ("大刘", "你傻逼啊哈哈哈"), ("阿杰", "你才傻逼哈哈哈哈"), ("大刘", "废物😂"), ("阿杰", "滚蛋🤣"))
    assert not scene.alerts("quarrel")


def test_a_third_who_joins_is_named_in_the_same_alert() -> None:
    scene = Scene()
    exchange(scene, ("大刘", "你傻逼吧"), ("阿杰", "你才傻逼"), ("老吴", "阿杰你闭嘴，废物"))
    (alert,) = scene.alerts("quarrel")
    assert "老吴" in alert["title"]


def test_insults_an_hour_apart_are_no_exchange() -> None:
    scene = Scene()
    exchange(scene, ("大刘", "你傻逼吧"), ("阿杰", "你才傻逼"), gap=3600)
    assert not scene.alerts("quarrel")


def test_one_in_english_too() -> None:
    scene = Scene()
    exchange(scene, ("tom", "that is wrong"), ("bob", "you are an idiot"), ("tom", "fuck you"), ("bob", "shut up"))
    assert len(scene.alerts("quarrel")) == 1


def test_each_further_insult_is_counted_in_the_same_alert() -> None:
    scene = Scene()
    exchange(scene, ("大刘", "你傻逼吧"), ("阿杰", "你才傻逼"), ("大刘", "滚蛋，废物"), ("阿杰", "闭嘴，垃圾"))
    (alert,) = scene.alerts("quarrel")
    assert "4 hostile messages within 36 s" in alert["reasons"][0]
    evidence = json.loads(alert["evidence"])
    assert (evidence["hostile"], evidence["since"], evidence["last"]) == (4, T0 + AT * 1000, T0 + (AT + 36) * 1000)


def test_three_insults_at_one_who_spoke_before_the_first_and_never_again_are_none() -> None:
    scene = Scene()
    said = scene.add(AT, "阿杰", "今天浇水了吗", user_name="阿杰")
    for n in range(3):
        scene.add(AT + 10 + n * 10, "大刘", "你傻逼吧，废物", user_name="大刘", reply_to=said)
    assert not scene.alerts("quarrel")


INSULT = "你傻逼吧"
Line = tuple[float, str, str, dict[str, Any]]


def insult(at: float, who: str, text: str = INSULT, **fields: Any) -> Line:
    return (at, who, text, fields)


def says(at: float, who: str, **fields: Any) -> Line:
    return (at, who, "今天浇水了", fields)


def told(*lines: Line, before: float = -86_000) -> list[str]:
    """Return how the titles of the quarrels begin; 甲, 乙, 丙 and 丁 were there long before, in this order."""
    scene = Scene()
    for who in "甲乙丙丁":
        scene.add(AT + before, who, "早", user_name=who)
    for number, (at, who, text, fields) in enumerate(lines):
        scene.add(AT + at, who, text, user_name=who, id=f"m{number}", **fields)
    return [alert["title"].partition(" 吵")[0] for alert in scene.alerts("quarrel")]


@pytest.mark.parametrize(
    ("lines", "people"),
    [
        ([insult(0, "甲"), insult(120, "乙")], ["甲、乙"]),
        ([insult(0, "甲"), insult(120.001, "乙")], []),
        ([says(-5, "丙"), insult(0, "甲"), insult(10, "乙")], []),
        ([insult(-5, "丙"), says(0, "甲"), insult(10, "乙")], []),
        ([insult(-5, "丙"), says(0, "丁"), insult(10, "乙")], []),
        ([insult(-5, "丙"), says(0, "乙"), insult(10, "乙")], ["丙、乙"]),
        ([says(-5, "丙"), insult(0, "甲", mentions=["乙"]), insult(10, "乙", mentions=["甲"])], ["甲、乙"]),
        ([says(-5, "丙"), insult(0, "甲", mentions=["乙"]), insult(10, "乙", mentions=["乙", "甲"])], ["甲、乙"]),
        ([says(-5, "丙"), insult(0, "甲"), insult(10, "乙", mentions=["丙"])], []),
        ([says(-5, "丙"), says(-4, "丁"), insult(0, "甲"), insult(10, "乙", reply_to="m2")], ["甲、乙"]),
        ([says(-5, "乙"), insult(0, "甲"), insult(10, "乙", reply_to="m0")], []),
        ([says(-700, "丙"), insult(0, "甲"), insult(10, "乙", reply_to="nowhere")], ["甲、乙"]),
    ],
    ids=[
        "the only other who spoke within two minutes", "who spoke before them is not meant", "one of two who spoke",
        "one of two who spoke, the first of all members last", "one of two others", "oneself is no other", "who is mentioned",
        "oneself is not meant", "somebody else is mentioned", "who is replied to", "a reply to oneself is meant for nobody",
        "a reply to what is not known says nothing",
    ],
)  # fmt: skip
def test_whom_an_insult_is_meant_for(lines: list[Line], people: list[str]) -> None:
    assert told(*lines) == people


@pytest.mark.parametrize(
    ("lines", "people"),
    [
        ([insult(0, "甲", mentions=["乙"]), insult(300, "乙", mentions=["甲"])], ["甲、乙"]),
        ([insult(0, "甲", mentions=["乙"]), insult(300.001, "乙", mentions=["甲"])], []),
        ([insult(0, "甲", mentions=["丙"]), insult(9, "乙", mentions=["甲"])], []),
        ([*[insult(n, "甲", mentions=["丙"]) for n in (0, 1)], says(5, "乙"), insult(9, "甲", mentions=["乙"])], []),
        ([*[insult(n, "丁", mentions=["乙"]) for n in (0, 1)], says(5, "乙"), insult(9, "甲", mentions=["乙"])], []),
        ([insult(n, "甲", mentions=["乙"]) for n in (0, 1, 2)], []),
        ([insult(0, "甲", mentions=["乙"]), says(1, "乙"), insult(2, "甲", mentions=["乙"])], []),
        ([insult(0, "甲", mentions=["乙"]), says(1, "乙"), *[insult(n, "甲", mentions=["乙"]) for n in (2, 3)]], ["甲、乙"]),
        ([says(0, "乙"), *[insult(n, "甲", mentions=["乙"]) for n in (0, 2, 3)]], ["甲、乙"]),
        ([*[insult(n, "甲", mentions=["乙"]) for n in (0, 2)], says(3, "乙"), insult(3, "甲", mentions=["乙"])], []),
        ([insult(0, "甲", INSULT + "，" * 396), insult(9, "乙")], ["甲、乙"]),
        ([insult(0, "甲", INSULT + "，" * 397), insult(9, "乙")], []),
    ],
    ids=[
        "answered within five minutes", "answered later", "who is insulted by one insults another", "two of three are for another", "two of three are by another",
        "who is insulted is silent", "two by one", "three by one at one who talks back", "they talked back in the very moment",
        "they had no time to", "400 characters", "longer texts are essays",
    ],
)  # fmt: skip
def test_what_makes_a_quarrel(lines: list[Line], people: list[str]) -> None:
    assert told(*lines) == people


@pytest.mark.parametrize(("between", "people"), [(14, ["甲、乙"]), (15, [])])
def test_sixteen_insults_are_remembered(between: int, people: list[str]) -> None:
    others = [insult(1 + n, "丙", reply_to=f"m{n + 1}" if n else "m0") for n in range(between)]
    others = [says(0.5, "丙"), *[(at, who, text, {"reply_to": "m1"}) for at, who, text, _ in others]]
    assert told(insult(0, "甲", mentions=["乙"]), *others, insult(60, "乙", mentions=["甲"])) == people


def test_who_takes_part_is_named_up_to_six_and_who_insults_somebody_else_is_not() -> None:
    two = [insult(0, "甲", mentions=["乙"]), insult(1, "乙", mentions=["甲"])]
    assert told(*two, insult(2, "丙", mentions=["丁"])) == ["甲、乙"]
    assert told(*two, insult(2, "丙", mentions=["乙"])) == ["甲、乙、丙"]
    assert told(*two, insult(2, "甲", mentions=["丁"])) == ["甲、乙、丁"]
    assert told(*two, insult(2, "丙", reply_to="m0"), insult(3, "丁", reply_to="m2")) == ["甲、乙、丙、丁"]
    many = [insult(2 + n, who, mentions=["甲"]) for n, who in enumerate("丙丁戊己庚")]
    assert told(*two, *many) == ["甲、乙、丙、丁、戊、己"]
    assert told(*two, says(1.5, "丁"), insult(2, "丙", reply_to="nowhere")) == ["甲、乙"], "meant for one of several"


def test_the_alert_names_people_as_they_are_called_and_the_message_that_raised_it() -> None:
    scene = Scene()
    scene.add(AT, "u1", INSULT, mentions=["u2"], user_name="大刘")
    scene.add(AT + 0.2, "u2", INSULT, mentions=["u1"], id="turn")
    (alert,) = scene.alerts("quarrel")
    assert alert["title"] == "大刘、u2 吵起来了 · 大刘 and u2 are quarrelling"
    assert alert["reasons"] == ["1 秒内 2 条骂人的话 · 2 hostile messages within 1 s"]
    scene.add(AT + 9.2, "u3", INSULT, mentions=["u1"], user_name="阿杰")
    (alert,) = scene.alerts("quarrel")
    assert alert["title"] == "大刘、u2、阿杰 吵起来了 · 大刘, u2, 阿杰 are quarrelling"
    assert alert["reasons"] == ["9 秒内 3 条骂人的话 · 3 hostile messages within 9 s"]
    assert (alert["user_id"], alert["subject_event_id"], alert["raised_at"]) == ("u1", "turn", T0 + AT * 1000 + 200)


def test_who_has_not_said_a_word_in_the_group_talks_back_to_nobody() -> None:
    scene = Scene()
    scene.join(0, "u2")
    for n in range(3):
        scene.add(AT + n, "u1", INSULT, mentions=["u2"])
    assert scene.alerts("quarrel") == []


def test_each_further_insult_puts_off_its_end() -> None:
    scene = Scene()
    exchange(scene, ("大刘", INSULT), ("阿杰", "你才傻逼"), ("大刘", "滚蛋，废物"), gap=290)
    scene.silence_until(AT + 580 + 599)
    assert [alert["state"] for alert in scene.alerts("quarrel")] == ["open"]
    scene.silence_until(AT + 580 + 600)
    (alert,) = scene.alerts("quarrel")
    assert (alert["state"], alert["resolved_at"]) == ("resolved", T0 + (AT + 580 + 600) * 1000)
    assert alert["reasons"][-1] == "已平静 10 min · calm for 10 min"
