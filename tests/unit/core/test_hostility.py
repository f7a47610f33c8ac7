"""Insults and aggression, and what only uses the same words."""

from __future__ import annotations

import pytest

from streams.core.hostility import sounds_hostile


@pytest.mark.parametrize("text", ["你是不是傻逼", "滚出去", "nmsl", "stfu", "you are an idiot", "fuck off"])
def test_it_is_hostile(text: str) -> None:
    assert sounds_hostile(text)


@pytest.mark.parametrize("text", ["卧槽 牛逼", "杀了boss三次", "this bug is stupid", "好的谢谢", "shut the door"])
def test_it_is_not(text: str) -> None:
    assert not sounds_hostile(text)
