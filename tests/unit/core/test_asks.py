"""The sum that decides whether a text asks: of any weights, to the last one, as it stands plainly in ``training.questions``."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.core.asks import Asks
from streams.core.vocabulary import CHINESE, ENGLISH
from training.questions import features_of, is_chinese_text, weigh

WORDS = [
    "谁", "哪位", "有", "人", "知道", "怎么", "办", "能不能", "喜欢不喜欢", "好没好", "不是", "吗", "呢", "吧", "请问", "谢谢", "好的", "急", "求",
    "does", "anyone", "know", "how", "to", "fix", "this", "isn't", "isn’t", "can", "you", "help", "i", "had", "what", "OK", "12", "7",
    "?", "？", "!", "！", ".", ",", "，", "。", "…", "~", "(", "\x01", " ", "  ", "\n", "\u3000", "🙂", "㐀", "鿿", "é",
]  # fmt: skip
TALK = st.lists(st.sampled_from(WORDS), min_size=1, max_size=24).flatmap(
    lambda words: st.sampled_from(["", " "]).map(lambda by: by.join(words))
)


def same(text: str, seed: int) -> None:
    """Weigh all that is in a text, each part by a number of its own, and compare with the plain sum."""
    draw = random.Random(seed)
    weights = {name: draw.randint(-128, 127) for name in sorted(features_of(text))}
    weights["bias"] = draw.randint(-500, 500)
    classes = CHINESE if is_chinese_text(text) else ENGLISH
    heard = {name: row for name, row in classes.items() if f". {name}" in weights}  # the others only take time
    asks = Asks(heard, weights)
    assert asks.weigh(text) == weigh(text, weights), text


@given(TALK, st.integers(0, 1 << 30))
def test_whatever_the_weights_are_the_sum_is_the_plain_one(text: str, seed: int) -> None:
    same(text, seed)


@pytest.mark.parametrize(
    "text",
    [
        ".谁知道", "?谁知道", "!anyone", ". who", "? how to", "谁?.", "谁??!怎么办", "谁 知道", "谁  know", "能不能", "喜欢不喜欢", "不喜欢不", "么么么么",
        "haha haha haha haha", "??? ok", "谁\n怎么", "谁知道呢!", "who knows?!", "can you help. thanks", "'tis", "isn't' it", "u2 can",
        "", " ", "?", "\u3000谁",
    ],
)  # fmt: skip
def test_and_where_texts_and_clauses_begin_and_end(text: str) -> None:
    for seed in range(3):
        same(text, seed)


def test_more_classes_than_a_number_has_bits_are_refused() -> None:
    few = {f"C{n}": [chr(0x4E00 + n)] for n in range(61)}
    assert Asks(few, {"bias": 1, ". C60": 7}).weigh(chr(0x4E00 + 60)) == 8, "62 with that of the same on both sides"
    with pytest.raises(ValueError, match="more than 62 classes of words: 63"):
        Asks(few | {"MORE": ["谁"]}, {"bias": 0})
