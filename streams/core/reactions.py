"""Small signs of how somebody reacts: thanks, disagreement, a greeting, a check-in. Chinese and English."""

# ruff: noqa: SIM905  # rows read better than a list of quotes

from __future__ import annotations

import re
from string import ascii_lowercase
from typing import Final

from mypy_extensions import i64

from streams.core.rules import forms, small, whole_words
from streams.core.scanning import ASCII, SMALL, WORD, Literals, upto

_THANKS: Final = re.compile(
    "|".join(
        [f"{word}(?<!先{word})(?!邀请|配合|理解|各位配合)" for word in "谢谢 多谢 感谢 谢啦 谢了 蟹蟹 3q 谢过".split()]
    )
    + "|搞定了|解决了|好使了|可以了|"
    + whole_words("thanks|thank you|thx|tysm|ty|cheers|that worked|that did it|got it|works now|fixed it".split("|"))
)
"""In small letters, like :data:`_SETTLES`."""
_IN_ADVANCE: Final = re.compile(r"先谢|提前谢|in advance|先行感谢", re.IGNORECASE)
_ALIKE: Final = [(ord(form), ord(form), letter) for letter in ascii_lowercase for form in forms(letter)]
_MAY_THANK: Final = 1
_MAY_CHECK_IN: Final = 2
_MAY_SETTLE: Final = 4
_SIGNS: Final = Literals(
    dict.fromkeys(
        "谢|搞定了|解决了|好使了|可以了|3q|thanks|thank you|thx|ty|cheers|worked|did it|got it|works now|fixed it".split(
            "|"
        ),
        _MAY_THANK,
    )
    | dict.fromkeys(["打卡", "签到", "check", "day", "天"], _MAY_CHECK_IN)
    | dict.fromkeys(
        ["不用了", "自己", "找到", "弄好", "搞好", "nvm", "never", "figured", "found", "solved", "sorted", "fixed"],
        _MAY_SETTLE,
    ),
    alike=_ALIKE,
)
"""What these have in them: a search of a text with none of it is spared."""
_SETTLES: Final = re.compile(
    "不用了|搞定了|解决了|好使了|弄好了|搞好了|找到了|自己(?:找到|解决|搞定|弄好)|"
    + whole_words(
        (
            "nvm|never ?mind|figured it out|found it|fixed it|got it working|works now|solved it|sorted it|"
            "it'?s OVER|is OVER|got it OVER|problem OVER|issue OVER"
        ).split("|")
    ).replace("OVER", "(?:solved|sorted|fixed)")
)
_SOLVED: Final = re.compile(r"\W*solved\b")
_UNSETTLED: Final = re.compile(
    r"[没不未](?:有|能|法)?(?:解决|找到|搞定|弄好|搞好|好使)|\b(?:not|never|n'?t|if|until|once|haven'?t|hasn'?t) "
    r"(?:\w+ )?(?:solved|sorted|fixed|figured|found|works?)",
    re.IGNORECASE,
)
_DISAGREES: Final = re.compile(
    r"^\W*(?:不对|不是吧|不同意|我不同意|不认同|不赞同|其实不|并不|错了|扯|胡说|不见得|未必|但是|可是|然而|"
    r"真的吗|真的假的|凭什么|"
    r"i disagree|i don'?t (?:think|agree)|actually,? no|not really|no,? (?:it|that)|really\?|but |wrong|"
    r"that'?s not|disagree)",
    re.IGNORECASE,
)
_DISAGREE: Final = frozenset("不我其并错扯胡未但可然真凭") | frozenset(
    letter for letter in "".join([forms(letter) for letter in "ianrbwtd"]) if not letter.isascii()
)
"""What these begin with beyond ASCII …"""
_DISAGREE_ASCII: Final = frozenset("i |ac|no|re|bu|wr|th|di".split("|"))
_OPENS: Final = bytes(chr(pair // ASCII) + chr(pair % ASCII) in _DISAGREE_ASCII for pair in range(ASCII * ASCII))
"""… and which pairs of small letters the English ones begin with."""
OPENING: Final = 48
"""Characters in which a message that disagrees says so."""
_GREETS: Final = re.compile(
    r"^\W*(?:(?:大家|各位|群友们?|小伙伴们?|家人们?|姐妹们?)?(?:早上好|早安|早啊|早呀|早$|上午好|中午好|"
    r"下午好|晚上好|晚安|你好|您好|大家好|"
    r"好久不见|新年好|周末愉快)|(?:hi|hello|hey|gm|gn|good (?:morning|evening|night|afternoon)|morning)\b)",
    re.IGNORECASE,
)
_CHECKS_IN: Final = re.compile(
    r"打卡|签到|#?check(?:ed|ing)?[ -]?in\b|^\W*day ?\d{1,4}\b|^\W*第 ?\d{1,4} ?天", re.IGNORECASE
)


class _Seen:
    """The text that was looked at last, and its signs: several ask for those of one text, one after the other."""

    __slots__ = ("signs", "text")

    def __init__(self) -> None:
        self.text: str = ""
        self.signs: i64 = 0


_seen: Final = _Seen()


def _signs_of(text: str) -> i64:
    if text is not _seen.text:
        _seen.text, _seen.signs = text, _SIGNS.found_in(text)
    return _seen.signs


def thanks(text: str) -> bool:
    """Whether a message thanks for something received or says that a trouble is over; thanks in advance are none."""
    if _signs_of(text) & _MAY_THANK == 0:
        return False
    return _THANKS.search(small(text)) is not None and _IN_ADVANCE.search(text) is None


def settled(text: str) -> bool:
    """Whether somebody who asked says that it is solved, or that they need no answer any more."""
    if _signs_of(text) & (_MAY_THANK | _MAY_SETTLE) == 0:
        return False
    low = small(text)
    return (_SETTLES.search(low) is not None or _SOLVED.match(low) is not None) and _UNSETTLED.search(text) is None


def disagrees(text: str) -> bool:
    """Whether a message opens, within :data:`OPENING` characters, with disagreement or a doubting counter-question."""
    at = upto(text, 0, WORD)
    if at >= min(len(text), OPENING):
        return False
    code: i64 = ord(text[at])
    if code < ASCII:
        following: i64 = ord(text[at + 1]) if at + 1 < len(text) else 0
        if following < ASCII and not _OPENS[SMALL[code] * ASCII + SMALL[following]]:
            return False
    elif text[at] not in _DISAGREE:
        return False
    return _DISAGREES.match(text, 0, OPENING) is not None


def greets(text: str) -> bool:
    """Whether a message opens with a greeting."""
    return _GREETS.match(text) is not None


def checks_in(text: str) -> bool:
    """Whether a message looks like a check-in (打卡, 签到, "check in", "day 12"): the default where a group has no pattern."""
    return _SIGNS.found_in(text) & _MAY_CHECK_IN != 0 and _CHECKS_IN.search(text) is not None
