"""What the alert of an unanswered message says: who waits, for how long, and whether they are new."""

from __future__ import annotations

import pytest

from tests.support.scenes import Scene

ASK = "有人知道番茄叶子发黄怎么回事吗"
WEEK_S = 7 * 86_400


@pytest.mark.parametrize(("name", "called"), [("小满", "小满"), ("", "u7")])
def test_who_waits_is_called_by_name_where_there_is_one(name: str, called: str) -> None:
    scene = Scene()
    scene.add(0, "u7", ASK, user_name=name)
    scene.silence_until(301)
    (alert,) = scene.alerts("unanswered")
    assert alert["title"] == f"{called}的提问 5 min 没人回应 · {called}'s question unanswered for 5 min"
    assert alert["reasons"] == ["已等待 5 min，超过期限 · waited 5 min, past the deadline"]


@pytest.mark.parametrize(
    ("joined", "told"),
    [
        (0, ["新成员，入群 0 min · a newcomer, joined 0 min before"]),
        (7_500, ["新成员，入群 2 h 5 min · a newcomer, joined 2 h 5 min before"]),
        (WEEK_S, ["新成员，入群 7 d · a newcomer, joined 7 d before"]),
        (WEEK_S + 0.001, []),
    ],
)
def test_a_newcomer_of_the_last_seven_days_is_told_as_one(joined: float, told: list[str]) -> None:
    scene = Scene()
    scene.join(100 - joined, "u7")
    scene.add(100, "u7", ASK)
    scene.silence_until(500)
    (alert,) = scene.alerts("unanswered")
    assert alert["reasons"][1:] == told
