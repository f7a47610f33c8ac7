"""What asks and what doesn't, in Chinese and English."""

from __future__ import annotations

import re
import string

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bench.workload import records
from huoqun import codec
from streams.core import selling
from streams.core.names import tokens_of
from streams.core.rules import any_of, forms, small
from streams.core.wording import looks_like_ad, wants_answer, words_of
from tests.support.long import some
from tests.support.stack import REAL_CHATS, read_chats
from tests.unit.core import slow_wording as slow

ASKS = [
    "有人知道番茄叶子发黄怎么回事吗", "请问群主在哪买土", "这个多少钱", "有没有推荐的花盆", "不知道怎么浇水", "能不能晚上发货",
    "你们用的什么土", "几点开始", "求推荐一款营养土", "谁家有多余的苗", "怎么办 叶子全掉了", "可以用自来水浇吗",
    "does anyone know how to fix this", "how do i repot a tomato", "anyone here using perlite?", "can someone help me",
    "盆漂亮不漂亮", "这样方便不方便", "你们高兴不高兴", "今天干净不干净", "可以不可以晚点发",
    "bob: what do you mean?", "hi all, is there a way to stop it", "need help with my balcony", "where can i buy soil",
]  # fmt: skip
DOES_NOT = [
    "今天天气真好", "什么的都行", "好的谢谢", "早上好", "怎么都行", "哪里哪里", "我家的辣椒结了好几个", "不怎么好用", "多少有点贵",
    "谁都可以来", "恭喜恭喜，这个阶段水别断", "这个太阳不能浪费", "还是老地方那家好", "还在为脱发烦恼吗？加微信领优惠", "", "!help me", "good morning", "yes, try the other one", "thanks a lot",
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
    assert not looks_like_ad("会员券还能领吗，在哪扫码？")
    assert looks_like_ad("还在为脱发烦恼吗？扫码领优惠")
    assert looks_like_ad("IELTS band 7, DM me")


@pytest.mark.parametrize(
    ("text", "grade"),
    [
        ("rain again", 0), ("今天下雨", 0), ("half an hour", 0), ("半小时 half an hour", 0), ("昨天超市鸡蛋打折优惠", 0),
        ("会员券还能领吗，在哪扫码？", 1), ("earn crypto fast, DM me", 2), ("阿禾 earn crypto fast，DM me", 2), ("限时优惠 扫码", 2),
    ],
)  # fmt: skip
def test_what_sells_is_graded_no_perhaps_and_yes(text: str, grade: int) -> None:
    assert selling.ad_grade(text) == grade


def test_wide_letters_and_figures_hide_nothing() -> None:
    assert looks_like_ad("ｅａｒｎ ｃｒｙｐｔｏ ｆａｓｔ，ＤＭ ｍｅ")
    assert looks_like_ad("阳台神器 限时优惠 加 ｖｘ：ａｂｃ１２３")
    assert looks_like_ad("ＩＥＬＴＳ ｂａｎｄ ７，ＤＭ ｍｅ")


@given(st.text(max_size=300))
def test_any_text_can_be_judged(text: str) -> None:
    wants_answer(text)
    looks_like_ad(text)
    assert len(words_of(text)) <= 24


def same(text: str) -> None:
    """Compare with the plain statement of the rules."""
    assert wants_answer(text) == slow.wants_answer(text), text
    assert looks_like_ad(text) == slow.looks_like_ad(text), text
    assert words_of(text) == slow.words_of(text), text
    assert tokens_of(text) == slow.tokens_of(text), text


RULES = [value for where in (slow, selling) for value in vars(where).values() if isinstance(value, re.Pattern)]
CHARACTERS = st.sampled_from(
    "aAnyhowx019_' \t\n\x1c\u3000,.:;!?-+/@%[]{}|^`~…（）)，。；：？！～ıİſKßÉéЖ🙂ａ٣䷀㐀鿿"
    "不没有吗么呢谁什哪怎几多的了我你好行是能喜欢都也还求急帮想推荐加微私信优惠"
)
PIECES = st.one_of(
    st.sampled_from(ASKS + DOES_NOT),
    st.sampled_from(
        [
            "http://a.b/c?d",
            "HTTPS://",
            "httpſ://x",
            "WWW.x",
            "wWw.",
            "t.me/x",
            "a--.com",
            "-.com",
            ".CN",
            "+1234567",
            "13812345678",
        ]
    ),
    st.sampled_from(
        [
            "Bob: ",
            "@x_y, ",
            "hi ",
            "ok so ",
            "well, ",
            "quick question ",
            "/ask",
            " !b",
            "50% off ",
            "DM me",
            "vX",
            "加Q",
            "领券",
        ]
    ),
    st.text(CHARACTERS, max_size=6),
    st.text(max_size=3),
    *(st.from_regex(rule, fullmatch=True) for rule in RULES),
)
TALK = st.lists(PIECES, max_size=5).flatmap(
    lambda pieces: st.sampled_from(["", " ", "，"]).map(lambda by: by.join(pieces))
)


@given(TALK)
@settings(max_examples=500)
@example("see x.community, earn 50 %")  # not .com: a site ends where a word ends
@example("Đcan anyone")  # not can: a word begins where a word begins
@example(
    "好吗什么的，急怎么都求"
)  # what is taken out leaves a comma, which ends a clause and may stand inside a phrase
@example("HTTPſ://x.y 吗")
@example("免费领券 DM me")
@example("Bob: ?\x03")  # a character is never the end of the text
def test_the_fast_rules_say_what_the_plain_ones_say(text: str) -> None:
    same(text)


@given(st.text(CHARACTERS, max_size=40))
@settings(max_examples=500)
def test_and_on_any_mixture_of_the_characters_that_they_look_at(text: str) -> None:
    same(text)


@given(st.sampled_from(RULES).flatmap(lambda rule: st.from_regex(rule, fullmatch=True)))
def test_and_on_what_any_single_rule_finds(text: str) -> None:
    same(text)


def test_and_on_the_load_of_the_benchmarks() -> None:
    texts = {codec.decode_json(record.value).get("text", "") for record in records(5_000, ticks=False)}
    assert len(texts) > 1_000
    for text in texts:
        same(text)


@pytest.mark.parametrize("word", ["islet", "ISLET", "isn’t", "wasp", "dowry"])
def test_a_word_that_is_none_of_those_weighed_is_not_taken_for_one(word: str) -> None:
    same(f"{word} m just send the ask ubuntu link real quick")  # "islet" once had the number of "isn't"


@pytest.mark.real_chats
@pytest.mark.slow
@pytest.mark.skipif(not REAL_CHATS.is_dir(), reason="the annotated chats (../shared/data) are not here")
@pytest.mark.parametrize("split", ["dev", "train"])
def test_and_on_real_chats(split: str) -> None:
    texts = {raw["text"] for raw in read_chats(REAL_CHATS / split / "events.ndjson.gz") if raw.get("text")}
    assert len(texts) > 10_000
    for text in some(sorted(texts), 32 if split == "train" else 4):  # all of them take two minutes
        same(text)


def test_small_letters_are_what_a_search_that_ignores_case_takes_for_them() -> None:
    every = [chr(code) for code in range(0x20000)]  # beyond are no letters but Chinese ones
    made_small = "".join(map(small, every))
    assert len(made_small) == len(every)
    for letter in string.ascii_lowercase:
        found = set(re.findall(letter, "".join(every), re.IGNORECASE))
        assert found == {one for one, its in zip(every, made_small, strict=True) if its == letter}
        assert found == set(forms(letter))
    for kind in (r"\w", r"\s", r"\d", r"[^\W_]", "[\u3400-\u9fff]"):
        assert [m.start() for m in re.finditer(kind, "".join(every))] == [
            m.start() for m in re.finditer(kind, made_small)
        ]


def test_a_row_that_would_slow_all_others_down_is_refused() -> None:
    with pytest.raises(ValueError, match="literal"):
        any_of(["(?:does|can)", "how"])


@pytest.mark.parametrize(
    "command", ["/weather where are you?", "!help how does this work?", ".wiki who made this?", "  /where is it?"]
)
def test_a_command_to_a_bot_asks_nobody(command: str) -> None:
    assert not wants_answer(command)
    assert wants_answer(command.strip()[1:])


@pytest.mark.parametrize(
    "text", ["... where are you?", "!! who knows how this works?", "/ where are you?", ".5 or what is it?"]
)
def test_what_begins_with_a_sign_alone_is_no_command(text: str) -> None:
    assert wants_answer(text)
