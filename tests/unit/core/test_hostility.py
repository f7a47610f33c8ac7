"""Insults and aggression, and what only uses the same words."""

from __future__ import annotations

import re

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from streams.core import hostility
from streams.core.hostility import sounds_hostile
from streams.core.rules import small


@pytest.mark.parametrize("text", ["你是不是傻逼", "滚出去", "nmsl", "stfu", "you are an idiot", "fuck off"])
def test_it_is_hostile(text: str) -> None:
    assert sounds_hostile(text)


@pytest.mark.parametrize(
    "text",
    ["卧槽 牛逼", "杀了boss三次", "this bug is stupid", "好的谢谢", "shut the door", "everyone calls you stupid"],
)
def test_it_is_not(text: str) -> None:
    assert not sounds_hostile(text)


def test_an_insult_in_english_is_one_between_chinese_words_and_what_has_no_sign_of_any_is_none() -> None:
    assert sounds_hostile("阿杰 stfu") is True
    assert sounds_hostile("今天下雨") is False
    assert sounds_hostile("rain again") is False


def test_an_insult_is_one_behind_letters_that_are_a_sign_between_chinese_words_only() -> None:
    assert sounds_hostile("he hit this button again, you idiot") is True
    assert sounds_hostile("he hit this button again") is False


INSULTS = re.compile(
    hostility._HARD_EN.replace("(?<![a-z])", "").replace(r"(?=[吧啊呀吗\u4e00-\u9fff])", "吧"), re.ASCII
)


@settings(max_examples=1500, suppress_health_check=list(HealthCheck))
@given(st.from_regex(INSULTS))
def test_no_insult_lacks_the_signs_that_are_looked_for_first(text: str) -> None:
    low = small(text)
    expected = hostility._HARD.search(low) is not None and hostility._NOT_MEANT.search(low) is None
    assert sounds_hostile(text) == expected
