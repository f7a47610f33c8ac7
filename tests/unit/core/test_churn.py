"""Churn signals: members at risk, newcomers, fading groups."""

from __future__ import annotations

import pytest

from tests.support.scenes import DAY, T0, Scene

DAY_S = 86_400


def regulars(scene: Scene, days: range, people: int, a_day: int) -> None:
    for day in days:
        for n in range(a_day):
            scene.add(day * DAY_S + 36_000 + n * 120, f"u{n % people}", "早")


def test_the_longer_a_regular_is_silent_the_higher_the_risk_each_day() -> None:
    scene = Scene()
    regulars(scene, range(28), 4, 8)
    for day in range(28, 45):
        scene.add(day * DAY_S + 36_000, "u0", "早")
    risks = sorted((r["as_of"], r["risk"]) for r in scene.rows("MemberRisk") if r["user_id"] == "u3")
    after = [risk for as_of, risk in risks if as_of >= T0 + 29 * DAY]
    assert len(after) >= 10, "a row a day"
    assert after == sorted(after)
    assert after[-1] > 0.25 > 5 * after[0]
    (active,) = [r["risk"] for r in scene.rows("MemberRisk") if r["user_id"] == "u0" and r["as_of"] == T0 + 44 * DAY]
    assert active < 0.1


def test_a_regular_at_risk_is_an_alert_with_reasons_and_speaking_again_resolves_it() -> None:
    scene = Scene()
    regulars(scene, range(28), 4, 8)
    for day in range(28, 50):
        scene.add(day * DAY_S + 36_000, "u0", "早")
    (alert,) = [a for a in scene.alerts("member_at_risk") if a["user_id"] == "u3"]
    assert alert["state"] == "open"
    assert any("silent" in reason for reason in alert["reasons"])
    for day in range(50, 60):
        scene.add(day * DAY_S + 30_000, "u3", "我回来了")
    (alert,) = [a for a in scene.alerts("member_at_risk") if a["user_id"] == "u3"]
    assert alert["state"] == "resolved"


def test_staff_and_bots_are_never_at_risk() -> None:
    scene = Scene()
    scene.add(0, "boss", "早", is_staff=True)
    scene.add(1, "robot", "早", is_bot=True)
    scene.add(2, "bob", "早")
    scene.silence_until(5 * DAY_S)
    assert {r["user_id"] for r in scene.rows("MemberRisk")} == {"bob"}


def test_a_silent_newcomer_is_pointed_out_at_the_midnight_that_ends_their_third_day() -> None:
    scene = Scene()
    scene.join(0, "new")
    scene.add(100, "old", "早")
    scene.silence_until(3 * DAY_S - 1)
    assert not scene.alerts("newcomer_at_risk")
    scene.silence_until(3 * DAY_S + 1)
    (alert,) = scene.alerts("newcomer_at_risk")
    assert alert["raised_at"] == T0 + 3 * DAY_S * 1000
    assert "joined 3 d ago" in alert["reasons"][0]


def test_a_newcomer_who_says_nothing_for_three_days_is_pointed_out_and_a_reply_resolves_it() -> None:
    scene = Scene()
    scene.join(0, "new")
    scene.add(100, "old", "早")
    scene.silence_until(4.5 * DAY_S)
    (alert,) = scene.alerts("newcomer_at_risk")
    assert alert["user_id"] == "new"
    first = scene.add(5 * DAY_S, "new", "大家好")
    scene.add(5 * DAY_S + 30, "old", "欢迎", reply_to=first)
    (alert,) = scene.alerts("newcomer_at_risk")
    assert alert["state"] == "resolved"


def valued(scene: Scene, day: int) -> None:
    """Let staff say on a day what three people respond to."""
    said = scene.add(day * DAY_S + 36_000, "boss", "本周干货：三种保存蔬菜的办法", is_staff=True)
    for n in range(3):
        scene.add(day * DAY_S + 36_060 + n, f"u{n}", "学到了", reply_to=said)


@pytest.mark.parametrize(("last", "alerts"), [(20, 1), (31, 0)], ids=["none since they came", "some since they came"])
def test_a_newcomer_who_saw_nothing_of_value_is_pointed_out_where_the_group_used_to_have_it(
    last: int, alerts: int
) -> None:
    scene = Scene()
    for day in range(10, last + 1):
        valued(scene, day)
    scene.join(30 * DAY_S, "new")
    first = scene.add(30 * DAY_S + 100, "new", "大家好")
    scene.add(30 * DAY_S + 130, "u1", "欢迎", reply_to=first)
    for day in range(last + 1, 35):
        scene.add(day * DAY_S + 36_000, "u2", "早")
    scene.silence_until(35 * DAY_S)
    found = [a for a in scene.alerts("newcomer_at_risk") if a["user_id"] == "new"]
    assert len(found) == alerts
    assert all("nothing of value" in alert["title"] for alert in found), found


def test_it_is_over_with_a_first_response_and_not_with_one_more_to_what_was_answered_before() -> None:
    scene = Scene()
    for day in range(10, 21):
        valued(scene, day)
    scene.join(30 * DAY_S, "new")
    first = scene.add(33 * DAY_S - 600, "new", "大家好")
    scene.add(33 * DAY_S - 500, "u1", "嗯", reply_to=first)
    scene.add(33 * DAY_S + 100, "boss", "嗯嗯", reply_to=first, is_staff=True)
    (alert,) = scene.alerts("newcomer_at_risk")
    assert (alert["state"], alert["raised_at"]) == ("open", T0 + 33 * DAY)
    assert "nothing of value" in alert["title"]
    second = scene.add(33 * DAY_S + 400, "new", "今天好热")
    scene.add(33 * DAY_S + 450, "u2", "是呀", reply_to=second)
    (alert,) = scene.alerts("newcomer_at_risk")
    assert (alert["state"], alert["resolved_at"]) == ("resolved", T0 + 33 * DAY + 450_000)


def test_a_group_fades_then_falls_dormant_then_dies_and_recovers_when_people_talk() -> None:
    scene = Scene()
    regulars(scene, range(28), 5, 10)
    regulars(scene, range(28, 35), 2, 2)
    scene.silence_until(35 * DAY_S + 100)
    assert [a["state"] for a in scene.alerts("group_fading")] == ["open"]
    scene.silence_until(43 * DAY_S)
    assert [a["state"] for a in scene.alerts("group_dormant")] == ["open"]
    (group,) = scene.rows("GroupSummary")
    assert (group["stage"], group["alive"]) == ("dormant", False)
    scene.silence_until(64 * DAY_S)
    (group,) = scene.rows("GroupSummary")
    assert group["stage"] == "dead"
    scene.until = None
    regulars(scene, range(65, 75), 5, 10)
    (group,) = scene.rows("GroupSummary")
    assert group["alive"]
    assert [a["state"] for a in scene.alerts("group_dormant")] == ["resolved"]


def test_a_small_talk_group_is_never_called_fading() -> None:
    scene = Scene()
    regulars(scene, range(28), 2, 2)
    scene.silence_until(34 * DAY_S)
    assert not scene.alerts("group_fading")
