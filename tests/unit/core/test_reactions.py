"""Thanks, disagreement, greetings and check-ins, and what only looks like them."""

# ruff: noqa: SIM905  # rows read better than a list of quotes

from __future__ import annotations

import re

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from streams.core import reactions
from streams.core.checkins import is_check_in
from streams.core.reactions import checks_in, disagrees, greets, settled, thanks
from streams.core.rules import forms


@pytest.mark.parametrize("text", ["谢谢，搞定了", "解决了 是线没插好", "thx, that worked", "thank you so much", "ty!"])
def test_it_thanks(text: str) -> None:
    assert thanks(text)


@pytest.mark.parametrize(
    "text", ["先谢谢各位了", "有人会吗 先谢谢了", "thanks in advance", "谢谢邀请", "今天下雨", "empty party"]
)
def test_it_does_not_thank(text: str) -> None:
    assert not thanks(text)


@pytest.mark.parametrize(
    "text",
    [
        "不用了，我自己找到了",
        "搞定了",
        "已经解决了",
        "好使了，是线没插好",
        "nvm",
        "never mind, figured it out",
        "ok fixed it",
        "it's solved now",
        "it's fixed",
        "solved!",
    ],
)
def test_it_says_that_it_is_solved(text: str) -> None:
    assert settled(text)


@pytest.mark.parametrize(
    "text",
    [
        "还没解决",
        "没找到",
        "未解决",
        "not fixed yet",
        "I never figured it out",
        "it hasn't been solved",
        "tell me if you found it",
        "谢谢",
        "thanks",
        "I found a shop",
        "",
    ],
)
def test_it_does_not_say_that_it_is_solved(text: str) -> None:
    assert not settled(text)


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


OPENINGS = st.text("不我其并错扯对i ırandtbBwGkK'ſ,.!_é😀然可但是 dhlouéİ第打卡签到天yechHECKDAY13", max_size=14)


@settings(max_examples=400)
@given(OPENINGS)
def test_a_look_at_the_first_letters_spares_a_search_and_changes_nothing(text: str) -> None:
    assert disagrees(text) == (reactions._DISAGREES.match(text) is not None)
    opening = text[:12].lower()
    slow = (
        checks_in(text[:200])
        if "打卡" in text or "签到" in text or "heck" in text or "HECK" in text
        else ("第" in opening or "day" in opening) and checks_in(opening)
    )
    assert is_check_in(text, None) == slow


@pytest.mark.parametrize(
    "word", ["i don't think", "No, that", "BUT ", "that's not it", "wrong", "really?", "disagree", "actually no"]
)
def test_every_english_opening_of_disagreement_is_looked_at(word: str) -> None:
    assert disagrees(word)
    assert disagrees(f"… {word.upper()}")


@pytest.mark.parametrize(
    "word", ["i disagree", "actually no", "not really", "really?", "but ", "wrong", "that's not", "disagree"]
)
def test_an_opening_of_disagreement_may_begin_with_any_form_of_its_letter(word: str) -> None:
    for first in forms(word[0]):
        assert disagrees(first + word[1:])
    assert not disagrees(f"{word[0]}\x80{word[1:]}")


def test_signs_are_those_of_the_text_at_hand_also_before_any_was_looked_at() -> None:
    first = reactions._Seen()
    assert first.signs == reactions._SIGNS.found_in(first.text)


THANKS = re.compile(
    r"(?<!先)(?:谢谢|多谢|感谢|谢啦|谢了|蟹蟹|3q|谢过)(?!邀请|配合|理解|各位配合)|搞定了|解决了|好使了|可以了|"
    r"\b(?:thanks|thank you|thx|tysm|ty|cheers|that worked|that did it|got it|works now|fixed it)\b",
    re.IGNORECASE,
)
SETTLES = re.compile(
    r"不用了|搞定了|解决了|好使了|弄好了|搞好了|找到了|自己(?:找到|解决|搞定|弄好)|"
    r"\b(?:nvm|never ?mind|figured it out|found it|fixed it|got it working|works now|"
    r"(?:it'?s|is|got it|problem|issue) (?:solved|sorted|fixed)|solved it|sorted it)\b|^\W*solved\b",
    re.IGNORECASE,
)
PIECES = st.lists(
    st.sampled_from(
        "先 谢谢 多谢 谢过 3q 3Q 邀请 各位配合 搞定了 可以了 自己 解决 thanks Thanks thank you ty TY thx tysm that worked did "
        "it it's IT'S ıt its iſ is İS got working works now fixed solved Solved ſolved sorted problem issue never mind nvm "
        "figured out found cheers a x , . ! é 好 _ 1".split()
    ),
    max_size=7,
)


@settings(max_examples=600)
@given(PIECES, st.sampled_from(["", " "]))
@example(["it's", "fixed"], " ")
@example(["自己", "解决"], "")
def test_thanks_and_what_settles_are_found_in_small_letters_as_whole_words(pieces: list[str], between: str) -> None:
    text = between.join(pieces)
    assert thanks(text) == (THANKS.search(text) is not None and reactions._IN_ADVANCE.search(text) is None)
    assert settled(text) == (SETTLES.search(text) is not None and reactions._UNSETTLED.search(text) is None)
