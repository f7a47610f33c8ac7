"""Thanks, disagreement, greetings and check-ins, and what only looks like them."""

from __future__ import annotations

import pytest

from streams.core.reactions import checks_in, disagrees, greets, thanks


@pytest.mark.parametrize("text", ["谢谢，搞定了", "解决了 是线没插好", "thx, that worked", "thank you so much", "ty!"])
def test_it_thanks(text: str) -> None:
    assert thanks(text)


@pytest.mark.parametrize(
    "text", ["先谢谢各位了", "有人会吗 先谢谢了", "thanks in advance", "谢谢邀请", "今天下雨", "empty party"]
)
def test_it_does_not_thank(text: str) -> None:
    assert not thanks(text)


@pytest.mark.parametrize("text", ["不对，是周四", "我不同意", "I don't think so", "actually no, it moved", "really?"])
def test_it_disagrees(text: str) -> None:
    assert disagrees(text)


@pytest.mark.parametrize("text", ["对的", "same here", "好的", "I think so"])
def test_it_does_not_disagree(text: str) -> None:
    assert not disagrees(text)


@pytest.mark.parametrize("text", ["大家早上好", "hi all", "gm", "晚安"])
def test_it_greets(text: str) -> None:
    assert greets(text)


@pytest.mark.parametrize("text", ["hidden cost", "今天早上好冷", "gmail is down"])
def test_it_does_not_greet(text: str) -> None:
    assert not greets(text)


@pytest.mark.parametrize("text", ["打卡", "签到 第3天", "day 12 done", "Check-in"])
def test_it_checks_in(text: str) -> None:
    assert checks_in(text)


@pytest.mark.parametrize("text", ["又是一天", "today was fun", "the day 3 of us met"])
def test_it_does_not_check_in(text: str) -> None:
    assert not checks_in(text)
