"""Quarrels: the turn to hostility between few people, told within the minute."""

from __future__ import annotations

import json

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
