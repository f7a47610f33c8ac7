"""What asks and what doesn't, in Chinese and English."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.core.wording import looks_like_ad, wants_answer, words_of

ASKS = [
    "有人知道番茄叶子发黄怎么回事吗", "请问群主在哪买土", "这个多少钱", "有没有推荐的花盆", "不知道怎么浇水", "能不能晚上发货",
    "你们用的什么土", "几点开始", "求推荐一款营养土", "谁家有多余的苗", "怎么办 叶子全掉了", "可以用自来水浇吗",
    "does anyone know how to fix this", "how do i repot a tomato", "anyone here using perlite?", "can someone help me",
    "bob: what do you mean?", "hi all, is there a way to stop it", "need help with my balcony", "where can i buy soil",
]  # fmt: skip
DOES_NOT = [
    "今天天气真好", "什么的都行", "好的谢谢", "早上好", "怎么都行", "哪里哪里", "我家的辣椒结了好几个", "不怎么好用", "多少有点贵",
    "谁都可以来", "还在为脱发烦恼吗？加微信领优惠", "", "!help me", "good morning", "yes, try the other one", "thanks a lot",
    "lol", "https://example.org/?q=what", "ok", "i fixed it myself",
]  # fmt: skip


@pytest.mark.parametrize("text", ASKS)
def test_it_asks(text: str) -> None:
    assert wants_answer(text)


@pytest.mark.parametrize("text", DOES_NOT)
def test_it_does_not_ask(text: str) -> None:
    assert not wants_answer(text)


def test_a_pitch_with_a_link_or_contact_is_advertising_and_talk_about_one_is_not() -> None:
    assert looks_like_ad("阳台神器 限时优惠 加微信 abc")
    assert looks_like_ad("earn crypto fast https://x.example")
    assert not looks_like_ad("昨天超市鸡蛋打折优惠")
    assert not looks_like_ad("看这个教程 https://x.example/tomato")


@given(st.text(max_size=300))
def test_any_text_can_be_judged(text: str) -> None:
    wants_answer(text)
    looks_like_ad(text)
    assert len(words_of(text)) <= 24
