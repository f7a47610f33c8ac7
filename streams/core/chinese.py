"""Whether a Chinese text asks.

The rules follow the grammars' question classes: interrogative pronouns, sentence-final particles, A-not-A, and alternatives
with 还是; the phrases that look the same and ask nothing (什么的, 不怎么, 怎么都行 …) are taken out first.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from mypy_extensions import i64

from streams.core.english import ENGLISH, FEW_WORDS, HAN_SEEN, asks_in_english
from streams.core.rules import ADDRESSES, URL, any_of
from streams.core.scanning import HAN_FIRST, HAN_LAST, Literals
from streams.core.selling import looks_like_ad

_NOT: Final = """
    什么的 没什么 没有什么 不算什么 什么都 什么也 不怎么 怎么都 怎么也 没怎么 怎么着都 无论如何 不管怎么 不管什么 多少有点
    多少有些 多少都 没多少 几个人一起 好几 没几 十几 几十 几百 几千 几万 哪里哪里 哪都 哪儿都 哪里都 谁都 谁也 随便什么 不是吗
    不就是 难道 为什么不呢 何必 何苦 谁知道呢 怎么说呢 怎么可能 哪有这么 哪能 哪敢 还在为[^？?]{1,20}[吗？?] 想不想(?:赚|变)
    你还在 吃了吗[？?]?$ 在吗[？?]?$ 是吧[？?]?$
    """.split()  # noqa: SIM905  # rows read better than a list of quotes; so below
"""Taken out before anything else is looked at: what looks like a question and isn't one."""
_ASK: Final = [
    *"""
    请问 求助 求推荐 求教 求指点 求解 求问 求帮 求个 求大佬 求一份 求分享 求链接 谁知道 谁有 谁会 谁懂 谁能 谁用过 谁家 想问
    想请教 想咨询 想了解 咨询 请教 怎么办 咋办 咋整 怎么弄 怎么回事 咋回事 帮(?:忙|我)?(?:看看|看下|看一下) 麻烦问 麻烦看
    麻烦大家 麻烦各位 急[，,!！]?(?:在线等|求) 在线等 能推荐 推荐下 推荐一下 推荐个 推荐几
    """.split(),  # noqa: SIM905
    *(
        f"有{who}(?:知道|懂|用过|会|能|了解|试过|买过|去过|有|可以)"
        for who in ("人", "谁", "大佬", "朋友", "群友", "邻居", "老师")
    ),
    *(f"不知道{what}" for what in ("怎么", "该", "如何", "能不能", "是不是", "有没有", "为什么", "哪")),
]
"""Asks whatever else is said."""
_WORD: Final = """
    谁(?!都|也) 什么 啥 哪(?:里|儿|个|些|家|款|种|位|天|年|怕)?(?!怕) 怎么 怎样 咋 为什么 为啥 干嘛 多少 几点 几号 几个 几块
    几钱 几天 几次 几时 几月 几岁 几斤 几楼 多久 多长 多大 多远 多高 多重 如何 何时
    """.split()  # noqa: SIM905
"""Interrogatives: they ask in a short message without exclamation, and wherever a question mark stands."""
_LAST: Final = [
    particle + r"[~～.!！…)）]*(?![^，,。；;\s])"
    for particle in ("吗", "了没", "没有(?<!没有没有)(?<![还都并也真才]没有)", "好不", "行不", "是不")
]
"""What ends a clause that asks."""
_A_NOT_A: Final = ("不", "没")
"""What stands between the same one or two characters (能不能, 有没有, 喜欢不喜欢) where somebody asks."""


def _literal(row: str) -> str:
    """Return the literal that a row begins with."""
    literal = re.split(r"[\\()\[\]{}?*+|.^$]", row, maxsplit=1)[0]
    return literal[:-1] if row[len(literal) :][:1] in {"?", "*", "{"} else literal


def _signs(rows: Iterable[str], whole: int, begun: int) -> dict[str, int]:
    """Return what the rows begin with, as signs that a row is there or that it may be."""
    signs: dict[str, int] = {}
    for row in rows:
        literal = _literal(row)
        signs[literal] = signs.get(literal, 0) | (whole if literal == row else begun)
    return signs


def _together(*several: dict[str, int]) -> dict[str, int]:
    together: dict[str, int] = {}
    for signs in several:
        for sign, bits in signs.items():
            together[sign] = together.get(sign, 0) | bits
    return together


_ADDRESS: Final = 1
_MARK: Final = 2
_MAY_NOT: Final = 4
_SURE: Final = 8
_MAY: Final = 16
_A_WORD: Final = 32
_MAY_WORD: Final = 64
_MAY_END: Final = 128
_BETWEEN: Final = 256
_ASKING: Final = _MARK | _SURE | _MAY | _A_WORD | _MAY_WORD | _MAY_END | _BETWEEN
_CHINESE: Final = Literals(
    _together(
        dict.fromkeys([*ADDRESSES, "W."], _ADDRESS),
        dict.fromkeys("?？", _MARK),
        dict.fromkeys((_literal(row)[:3] for row in _NOT), _MAY_NOT),
        _signs(_ASK, _SURE, _MAY),
        _signs(_WORD, _A_WORD, _MAY_WORD),
        _signs(_LAST, _MAY_END, _MAY_END),
        dict.fromkeys(_A_NOT_A, _BETWEEN),
    )
)
"""Of all that any rule looks at or takes out, what it begins with: a text without any asks nothing."""


def _no_literals(rows: Iterable[str]) -> str:
    return any_of(row for row in rows if _literal(row) != row)


_NOT_ASKED: Final = re.compile(any_of(_NOT))
_ASKED: Final = re.compile(_no_literals(_ASK))
_ENDS: Final = re.compile(any_of(_LAST))
_WORDS: Final = re.compile(_no_literals(_WORD))
_ANY_WORD: Final = re.compile(r"[A-Za-z0-9']+|[\u3400-\u9fff]")
_SHORT: Final = 60


def asks_in_chinese(text: str) -> bool:
    """Whether a text with Chinese characters asks."""
    seen = _CHINESE.found_in(text)
    if seen & _ADDRESS:
        text = URL.sub(" ", text)
        in_english = ENGLISH.found_in(text)
        if not in_english & HAN_SEEN:
            return asks_in_english(text, in_english)
        seen = _CHINESE.found_in(text)
    if not seen & _ASKING:
        return False
    left = text
    if seen & _MAY_NOT:
        left = _NOT_ASKED.sub("，", text)
        seen = _CHINESE.found_in(left)
    return _asks(left, seen) and not looks_like_ad(text)


def _asks(left: str, seen: i64) -> bool:
    if seen & _SURE or (seen & _BETWEEN and _a_not_a(left)):
        return True
    if seen & _MAY and _ASKED.search(left) is not None:
        return True
    if seen & _MARK:
        return _says_word(left, seen) or len(_ANY_WORD.findall(left)) >= FEW_WORDS
    if seen & _MAY_END and _ENDS.search(left) is not None:
        return True
    return len(left) <= _SHORT and "！" not in left and "!" not in left and _says_word(left, seen)


def _says_word(left: str, seen: i64) -> bool:
    return bool(seen & _A_WORD) or (seen & _MAY_WORD != 0 and _WORDS.search(left) is not None)


def _a_not_a(text: str) -> bool:
    """Whether the same one or two Chinese characters stand on both sides of 不 or 没."""
    end: i64 = len(text) - 1
    at: i64 = 1
    while at < end:
        code: i64 = ord(text[at])
        if code in (ord("不"), ord("没")):
            before: i64 = ord(text[at - 1])
            if HAN_FIRST <= before <= HAN_LAST:
                if ord(text[at + 1]) == before:
                    return True
                if 1 < at < end - 1 and ord(text[at + 2]) == before:
                    first: i64 = ord(text[at - 2])
                    if ord(text[at + 1]) == first and HAN_FIRST <= first <= HAN_LAST:
                        return True
        at += 1
    return False
