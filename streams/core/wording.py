r"""What a message's words say: whether it asks, what it is about, whether it advertises. Chinese and English rules.

The Chinese rules follow the grammars' question classes: interrogative pronouns, sentence-final particles, A-not-A, and
alternatives with 还是; the phrases that look the same and ask nothing (什么的, 不怎么, 怎么都行 …) are taken out first.

Every message passes here, so the rules are arranged for speed; what they say, plainly and slowly, stands in the tests
(``slow_wording.py``), which hold the two together. What makes the difference:

* Nearly all messages neither ask nor sell. One pass over the characters (:class:`~streams.core.scanning.Literals`) finds the
  literals that rules begin with or have in them, and rules without theirs are never tried.
* How a question begins is looked at word by word, without taking the words out of the text.
* A search whose rows all begin with a literal skips through the text by first characters alone; one that begins with
  ``\b`` or ignores case tries every row everywhere and takes five times as long. So rules are tables of such rows, texts
  are made small once, and what must stand before a row is looked at after its first word.
* What only forbids (a command, an advertisement) is asked last.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import groupby
from string import ascii_letters, ascii_lowercase, digits
from typing import Final

from mypy_extensions import i64

from streams.core.lexicon import STOP_WORDS
from streams.core.scanning import (
    ASCII,
    HAN_FIRST,
    HAN_LAST,
    KNOWN,
    MARKS,
    NAME,
    NAME_CHARACTERS,
    PAUSE,
    SPACE,
    WORD,
    WORD_LETTER,
    WORD_OR_NUMBER,
    Literals,
    mark,
    past,
    upto,
)

MAX_WORDS: Final = 24
"""Words that are kept of a message."""

_URL: Final = re.compile(r"(?:https?://|www\.)\S+", re.IGNORECASE)
_SMALL_BIT: Final = 0x20
"""Tells small letters from capital ones in ASCII."""
SHORTEST_NAME: Final = 2


def _any_of(rows: Iterable[str]) -> str:
    """Return a pattern for any of the rows, each of which begins with a literal character.

    Rows that begin alike stand together, in their order, so that one comparison passes over all of them (0.30 instead of
    0.41 for the Chinese rules).
    """
    alike = groupby(sorted(rows, key=_first), _first)
    return "|".join(f"(?:{'|'.join(group)})" for _, group in alike)


def _first(row: str) -> str:
    if row[0] in "([.^$" or row[:2] in {r"\b", r"\w", r"\s", r"\d"}:
        raise ValueError(f"a row that doesn't begin with a literal character slows all others down: {row}")
    return row[:2] if row[0] == "\\" else row[0]


def _words(rows: Iterable[str]) -> str:
    r"""Return a pattern for any of the rows as whole words; each begins with a literal word.

    What comes before is looked at after the first word, where it says the same as ``\b`` would in front.
    """
    return _any_of(re.sub(r"^(\w+)", r"\1(?<!\\w\1)", row) + r"\b" for row in rows)


def _small(text: str) -> str:
    """Return the text in small letters: a search in it finds what one that ignores case would find in the text itself.

    That takes ı, İ and ſ for i and s. The length stays.
    """
    if text.isascii():
        return text.lower()
    return text.replace("İ", "i").replace("ı", "i").replace("ſ", "s").lower()


def _forms(letter: str) -> str:
    """Return all letters that one that ignores case takes for a small one."""
    odd = {"i": "\u0130\u0131", "k": "\u212a", "s": "\u017f"}
    return letter + letter.upper() + odd.get(letter, "")


# English -------------------------------------------------------------------------------------------------------------

_FILLERS: Final = frozenset(
    """
    hello hiya howdy yo sup morning evening greetings ok okay so well and but er erm oh ah all everyone everybody guys folks
    there people room please pls again sorry thanks good now then also just anyway question
    """.split()  # noqa: SIM905  # rows read better than a list of quotes; so below
)
_STRETCHED: Final = frozenset({"hi", "hey", "um", "uh"})
"""Their last letter may come many times."""
_TWO_FILLERS: Final = "quick question"

_ASK_ALONE: Final = frozenset(
    "what whats why how hows where wheres when who whos which whose anyone anybody".split()  # noqa: SIM905
)
"""Words that make a question of what they begin …"""
_SUBJECTS: Final = frozenset(
    """
    i you u we they he she it there this that these those the a an any some my your ya anyone anybody someone somebody one
    """.split()  # noqa: SIM905
)
_VERBS: Final = """
    is isn't isnt are aren't arent am was were do don't dont does doesn't doesnt did didn't didnt can can't cant could
    couldn't couldnt will would won't wont should shall has hasn't hasnt have haven't havent had may might
    """.split()  # noqa: SIM905
_ASK_BEFORE: Final[dict[str, frozenset[str]]] = {
    **dict.fromkeys(_VERBS, _SUBJECTS),
    "any": frozenset({"idea", "clue", "suggestion", "recommend", "chance", "help", "thought", "advice"}),
    **dict.fromkeys(("someone", "somebody"), frozenset({"know", "help", "tell", "explain"})),
}
"""… and those that do so before certain others, if it has at least three words."""
_NO_WORDS: Final[frozenset[str]] = frozenset()
_FEW_WORDS: Final = 3
"""Fewer are no question without a mark in English, and an echo with one in Chinese."""

_KNOWS: Final = (
    r"\s+(?:\w+\s+)?(?:know|here|help|have|has|ha[ds]|use[ds]?|using|got|tried|seen|able|else|around|familiar|experience|"
    r"recommend|willing|want|tell|explain)"
)
_PHRASES: Final[tuple[tuple[str, tuple[str, ...]], ...]] = (
    (
        "yone|ybody",
        ("any(?:one|body)" + _KNOWS, r"does\s+any(?:one|body)", r"can\s+any(?:one|body)", r"could\s+anyone"),
    ),
    ("meone|mebody", (r"can\s+some(?:one|body)", r"someone\s+(?:please\s+)?help", r"could\s+someone")),
    (
        "w do|w can|w would|w should|w could|w to|w did|w come|w about|w much|w many",
        (r"how\s+(?:do|can|would|should|could|to|does|did|come|about|much|many)",),
    ),
    ("lp", (r"need(?:\s+\w+)?\s+help", r"help\s+(?:me|please|pls)", r"please\s+help", r"pls\s+help")),
    (
        "what's the |what is the |what are the ",
        (r"what(?:'s| is| are)\s+the\s+(?:best|right|proper|difference|command|name|way|package)",),
    ),
    ("here a|here s", (r"is\s+there\s+(?:an?|any|some)", r"are\s+there\s+any")),
    (
        "where can|where do|where is|where are|where would|where should",
        (r"where\s+(?:can|do|is|are|would|should)",),
    ),
    ("know", (r"i\s+(?:need|want)\s+to\s+know", r"do\s+you\s+know")),
    ("could you", (r"could\s+you",)),
    ("matter", (r"does\s+it\s+matter",)),
    ("ve a question|ve a problem|ve a issue", (r"i\s+have\s+a\s+(?:question|problem|issue)",)),
    ("question", (r"got\s+a\s+question",)),
    ("wondering", (r"wondering\s+(?:if|how|what|why|where)", r"i(?:'?m| am)\s+wondering")),
    ("king for", (r"i(?:'?m| am)\s+looking\s+for",)),
    ("ying to", (r"i(?:'?m| am)\s+trying\s+to\s+(?:find|figure)",)),
    ("ving ", (r"i(?:'?m| am)\s+having\s+(?:a\s+)?(?:problem|trouble|issue)",)),
    ("uck", (r"i(?:'?m| am)\s+stuck",)),
)
"""Phrases that ask wherever they stand, by literals of which each has one. The literals begin with rare letters: the first
letters of the phrases themselves are half of all letters."""
_PHRASE: Final = tuple(re.compile(_words(rows)) for _, rows in _PHRASES)

_HAN_SEEN: Final = 1
_OTHER_SEEN: Final = 2
_MARK: Final = 4
_ADDRESS: Final = 8
_FIRST_PHRASE: Final = 16
"""This bit and those above it are the phrases'."""
_ADDRESSES: Final = ("://", "w.")
"""What every address has in it, in small letters."""
_ODD_SPACE: Final = re.compile(r"[^\S\x00-\x7f]")
"""White characters that :data:`_ENGLISH` doesn't know."""
_HAN_LETTER: Final = "一"
_OTHER_LETTER: Final = "\x80"
_ENGLISH: Final = Literals(
    {_HAN_LETTER: _HAN_SEEN, _OTHER_LETTER: _OTHER_SEEN, "?": _MARK}
    | dict.fromkeys(_ADDRESSES, _ADDRESS)
    | {
        literal: _FIRST_PHRASE << place
        for place, (literals, _) in enumerate(_PHRASES)
        for literal in literals.split("|")
    },
    alike=[
        *((ord(letter.upper()), ord(letter.upper()), letter) for letter in ascii_lowercase),
        *((ord(white), ord(white), " ") for white in map(chr, range(ASCII)) if white.isspace()),
        (ASCII, KNOWN - 1, _OTHER_LETTER),
        (HAN_FIRST, HAN_LAST, _HAN_LETTER),
    ],
    beyond=_OTHER_LETTER,
    until=_HAN_SEEN,
)
"""What an ASCII text has in it that may make it a question, and whether it is one; looks no further than the first Chinese
character."""

_FILLS: Final = 1
_BEGINS: Final = 2


def _unstretched(text: str, at: i64, end: i64) -> i64:
    """Return where a word ends but for further letters like its last one."""
    while end - at > SHORTEST_NAME and ord(text[end - 1]) | _SMALL_BIT == ord(text[end - 2]) | _SMALL_BIT:
        end -= 1
    return end


def _first_marks() -> bytes:
    marks = bytearray(MARKS)
    fillers = (*_FILLERS, *_STRETCHED, _TWO_FILLERS.split()[0])
    beginnings = [word.removesuffix("'t") for word in (*_ASK_ALONE, *_ASK_BEFORE)]
    for words, bit in ((fillers, _FILLS), (beginnings, _BEGINS)):
        for word in words:
            marks[mark(word, 0, _unstretched(word, 0, len(word)))] |= bit
    return bytes(marks)


_FIRST_MARKS: Final = _first_marks()
"""By their marks, words that may be fillers or begin a question: so nearly no word has to be taken out of a text."""
_LONGEST_NAME: Final = 32

# Chinese -------------------------------------------------------------------------------------------------------------

_ZH_NOT: Final = """
    什么的 没什么 没有什么 不算什么 什么都 什么也 不怎么 怎么都 怎么也 没怎么 怎么着都 无论如何 不管怎么 不管什么 多少有点
    多少有些 多少都 没多少 几个人一起 好几 没几 十几 几十 几百 几千 几万 哪里哪里 哪都 哪儿都 哪里都 谁都 谁也 随便什么 不是吗
    不就是 难道 为什么不呢 何必 何苦 谁知道呢 怎么说呢 怎么可能 哪有这么 哪能 哪敢 还在为[^？?]{1,20}[吗？?] 想不想(?:赚|变)
    你还在 吃了吗[？?]?$ 在吗[？?]?$ 是吧[？?]?$
    """.split()  # noqa: SIM905
"""Taken out before anything else is looked at: what looks like a question and isn't one."""
_ZH_ASK: Final = [
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
_ZH_WORD: Final = """
    谁(?!都|也) 什么 啥 哪(?:里|儿|个|些|家|款|种|位|天|年|怕)?(?!怕) 怎么 怎样 咋 为什么 为啥 干嘛 多少 几点 几号 几个 几块
    几钱 几天 几次 几时 几月 几岁 几斤 几楼 多久 多长 多大 多远 多高 多重 如何 何时
    """.split()  # noqa: SIM905
"""Interrogatives: they ask in a short message without exclamation, and wherever a question mark stands."""
_ZH_LAST: Final = [
    particle + r"[~～.!！…)）]*(?![^，,。；;\s])"
    for particle in ("吗", "了没", "没有(?<!没有没有)(?<![还都并也真才]没有)", "好不", "行不", "是不")
]
"""What ends a clause that asks."""
_ZH_A_NOT_A: Final = ("不", "没")
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


_ZH_ADDRESS: Final = 1
_ZH_MARK: Final = 2
_ZH_MAY_NOT: Final = 4
_ZH_SURE: Final = 8
_ZH_MAY: Final = 16
_ZH_A_WORD: Final = 32
_ZH_MAY_WORD: Final = 64
_ZH_MAY_END: Final = 128
_ZH_BETWEEN: Final = 256
_ZH_ASKING: Final = _ZH_MARK | _ZH_SURE | _ZH_MAY | _ZH_A_WORD | _ZH_MAY_WORD | _ZH_MAY_END | _ZH_BETWEEN
_CHINESE: Final = Literals(
    _together(
        dict.fromkeys([*_ADDRESSES, "W."], _ZH_ADDRESS),
        dict.fromkeys("?？", _ZH_MARK),
        dict.fromkeys((_literal(row)[:3] for row in _ZH_NOT), _ZH_MAY_NOT),
        _signs(_ZH_ASK, _ZH_SURE, _ZH_MAY),
        _signs(_ZH_WORD, _ZH_A_WORD, _ZH_MAY_WORD),
        _signs(_ZH_LAST, _ZH_MAY_END, _ZH_MAY_END),
        dict.fromkeys(_ZH_A_NOT_A, _ZH_BETWEEN),
    )
)
"""Of all that any rule looks at or takes out, what it begins with: a text without any asks nothing."""


def _no_literals(rows: Iterable[str]) -> str:
    return _any_of(row for row in rows if _literal(row) != row)


_ZH_NOT_ASKED: Final = re.compile(_any_of(_ZH_NOT))
_ZH_ASKED: Final = re.compile(_no_literals(_ZH_ASK))
_ZH_ENDS: Final = re.compile(_any_of(_ZH_LAST))
_ZH_WORDS: Final = re.compile(_no_literals(_ZH_WORD))
_WORD: Final = re.compile(r"[A-Za-z0-9']+|[\u3400-\u9fff]")
_SHORT: Final = 60

# Advertising ---------------------------------------------------------------------------------------------------------

_SITES: Final = ("com", "cn", "net", "top", "xyz", "shop", "vip", "cc", "link", "site")
_CONTACT: Final = re.compile(
    rf"https?://|www\.|\w-*\.(?:{'|'.join(_SITES)})\b|加[我微v薇卫群q]|微信|薇信|vx|扫码|私[聊信我]|\+\d{{6}}|1[3-9]\d{{9}}|t\.me/|"
    r"whatsapp|\bdm me\b"
)
_ZH_PITCH: Final = (
    "优惠|特价|限时|秒杀|包邮|免费领|返利|兼职|日结|日入|月入|赚钱|代理|加盟|贷款|下单|抢购|福利|领券|折扣|招代理|刷单|投资|"
    "稳赚"
)
_EN_PITCH: Final = (
    "discount|promo|promotion|sale|% off|limited time|earn|income|crypto|airdrop|giveaway|cheap|buy now|click here|"
    "free shipping|investment|profit"
)
_PITCH: Final = re.compile(rf"{_ZH_PITCH}|\b(?:{_EN_PITCH})\b")

_PITCHES: Final = Literals(
    dict.fromkeys(f"{_ZH_PITCH}|{_EN_PITCH}".split("|"), 1),
    alike=[(ord(form), ord(form), letter) for letter in ascii_lowercase for form in _forms(letter)],
    until=1,
)
"""The words of a pitch, which are rarer than links and numbers: nearly no text has any."""

# What it is about ----------------------------------------------------------------------------------------------------

_STOP_ZH: Final = "的了吗么呢吧啊是我你他她它们在有不和就都也还这那个人说要会能可以什怎样哪谁多少几请问大家知道一下没"
_UNSAID: Final = STOP_WORDS | frozenset(ascii_lowercase + digits + "'")
"""Words that say nothing of what a message is about; a single letter is none."""

_OTHER: Final = 0
_LETTER: Final = 1
_STOP: Final = 2
_SPEAKING: Final = 3


def _kinds() -> bytes:
    kinds = [_OTHER] * 0x3400 + [_SPEAKING] * (0xA000 - 0x3400)
    for character in _STOP_ZH:
        kinds[ord(character)] = _STOP
    for letter in ascii_letters + digits + "'":
        kinds[ord(letter)] = _LETTER
    return bytes(kinds)


_KINDS: Final = _kinds()
"""Of each character up to the last Chinese one, what it is to :func:`words_of`."""


def _small_only(kept: str) -> bytes:
    """Return the table for ``bytes.translate`` that makes ASCII letters small and a space of all that isn't kept.

    Split at spaces, an ASCII text so translated takes a third of the time that a search for its words takes.
    """
    return bytes(ord(chr(code).lower()) if code < 128 and re.match(kept, chr(code)) else 32 for code in range(256))  # noqa: PLR2004


_NAME: Final = re.compile(rf"[0-9A-Za-z\u4e00-\u9fa5{NAME_CHARACTERS}]{{2,}}")
"""The ranges say nothing new: they are looked at before ``\\w``, which costs more (0.36 instead of 0.41)."""
_SMALL_NAMES: Final = _small_only(rf"[{NAME_CHARACTERS}]")
_SMALL_WORDS: Final = _small_only("[A-Za-z0-9']")


def wants_answer(text: str) -> bool:
    """Whether a message is a question or a request for help, with or without a question mark."""
    seen = _ENGLISH.found_in(text)
    asks = _wants_zh(text) if seen & _HAN_SEEN else _wants_en(text, seen)
    return asks and not _is_command(text)


def _is_command(text: str) -> bool:
    at = past(text, 0, SPACE)
    if at + 1 >= len(text) or ord(text[at]) not in (ord("!"), ord("/"), ord(".")):
        return False
    return ord("a") <= ord(text[at + 1]) | _SMALL_BIT <= ord("z")


def _wants_en(text: str, seen: i64) -> bool:
    if seen & (_ADDRESS | _OTHER_SEEN):
        text = _small(_URL.sub(" ", text) if seen & _ADDRESS else text)
        if seen & _OTHER_SEEN:
            text = _ODD_SPACE.sub(" ", text)
        seen = _ENGLISH.found_in(text)
    start, first = _after_opening(text)
    if seen & _MARK and _two_words(text, start):  # a lone word with a mark is an echo
        return True
    if not first & _BEGINS and seen < _FIRST_PHRASE:
        return False
    low = text.lower()
    if first & _BEGINS and _three_parts(low, start) and _begins_question(low, start):
        return True
    return seen >= _FIRST_PHRASE and _says_phrase(low, start, seen)


def _after_opening(text: str) -> tuple[i64, i64]:
    """Return where what is said begins, after the name of whom it is said to, greetings, fillers; and its first word's bits."""
    at = _after_address(text)
    while True:
        end = past(text, at, WORD)
        first = _first_mark(text, at, end)
        if first & _FILLS:
            end = _after_filler(text, at, end)
        if not first & _FILLS or end == at:
            return at, first
        at = past(text, end, PAUSE)


def _after_address(text: str) -> i64:
    start = past(text, 0, SPACE)
    name = start
    if name < len(text) and ord(text[name]) == ord("@"):
        name += 1
    end = past(text, name, NAME)
    if not SHORTEST_NAME <= end - name <= _LONGEST_NAME:
        return start
    at = past(text, end, SPACE)
    if at >= len(text) or ord(text[at]) not in (ord(":"), ord(",")):
        return start
    end = past(text, at + 1, SPACE)
    return start if end == at + 1 else end


def _after_filler(text: str, at: i64, end: i64) -> i64:
    """Return where the filler ends that the word up to ``end`` may be; ``at`` if it is none."""
    word = text[at:end].lower()
    if word == _TWO_FILLERS[: len(word)]:
        end = at + len(_TWO_FILLERS)
        return end if text[at:end].lower() == _TWO_FILLERS and past(text, end, WORD) == end else at
    return end if word in _FILLERS or text[at : _unstretched(text, at, end)].lower() in _STRETCHED else at


def _first_mark(text: str, at: i64, end: i64) -> i64:
    """Return what a word may be at the beginning of a message: 0 for nearly all."""
    return _FIRST_MARKS[mark(text, at, _unstretched(text, at, end))]


def _two_words(text: str, at: i64) -> bool:
    end = past(text, upto(text, at, WORD_OR_NUMBER), WORD_OR_NUMBER)
    return upto(text, end, WORD_OR_NUMBER) < len(text)


def _three_parts(text: str, at: i64) -> bool:
    second = past(text, upto(text, at, SPACE), SPACE)
    return past(text, upto(text, second, SPACE), SPACE) < len(text)


def _begins_question(low: str, at: i64) -> bool:
    end = past(low, at, WORD)
    word = low[at:end]
    if word in _ASK_ALONE:
        return True
    if low[end : end + 2] == "'t":
        word += "'t"
        end += 2
    at = past(low, end, SPACE)
    return at > end and low[at : past(low, at, WORD)] in _ASK_BEFORE.get(word, _NO_WORDS)


def _says_phrase(low: str, start: i64, seen: i64) -> bool:
    bit: i64 = _FIRST_PHRASE
    for phrase in _PHRASE:
        if seen & bit and phrase.search(low, start) is not None:
            return True
        bit <<= 1
    return False


def _wants_zh(text: str) -> bool:
    seen = _CHINESE.found_in(text)
    if seen & _ZH_ADDRESS:
        text = _URL.sub(" ", text)
        in_english = _ENGLISH.found_in(text)
        if not in_english & _HAN_SEEN:
            return _wants_en(text, in_english)
        seen = _CHINESE.found_in(text)
    if not seen & _ZH_ASKING:
        return False
    left = text
    if seen & _ZH_MAY_NOT:
        left = _ZH_NOT_ASKED.sub("，", text)
        seen = _CHINESE.found_in(left)
    return _asks_zh(left, seen) and not looks_like_ad(text)


def _asks_zh(left: str, seen: i64) -> bool:
    if seen & _ZH_SURE or (seen & _ZH_BETWEEN and _a_not_a(left)):
        return True
    if seen & _ZH_MAY and _ZH_ASKED.search(left) is not None:
        return True
    if seen & _ZH_MARK:
        return _says_word(left, seen) or len(_WORD.findall(left)) >= _FEW_WORDS
    if seen & _ZH_MAY_END and _ZH_ENDS.search(left) is not None:
        return True
    return len(left) <= _SHORT and "！" not in left and "!" not in left and _says_word(left, seen)


def _says_word(left: str, seen: i64) -> bool:
    return bool(seen & _ZH_A_WORD) or (seen & _ZH_MAY_WORD != 0 and _ZH_WORDS.search(left) is not None)


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


def looks_like_ad(text: str) -> bool:
    """Whether a message sells: a link or a contact together with the words of a pitch."""
    if not _PITCHES.found_in(text):
        return False
    low = _small(text)
    return _PITCH.search(low) is not None and _CONTACT.search(low) is not None


def words_of(text: str) -> frozenset[str]:
    """Return what a message is about: its English words without the commonest, its Chinese characters in pairs.

    At most :data:`MAX_WORDS`, the first ones. A pair is two characters side by side, neither a stop character: so every
    word of a text stands in the text in small letters.
    """
    bare = _without_addresses(text)
    if not bare.isascii():
        return frozenset(_mixed_words(bare))
    found = [word for word in bare.encode().translate(_SMALL_WORDS).decode().split() if word not in _UNSAID]
    return frozenset(found[:MAX_WORDS] if len(found) > MAX_WORDS else found)


def _without_addresses(text: str) -> str:
    # One character is found in a third of the time of several, and few texts have these.
    if (":" in text and "://" in text) or ("." in text and ("w." in text or "W." in text)):
        return _URL.sub(" ", text)
    return text


def _mixed_words(text: str) -> list[str]:
    """Return the words of a text that isn't ASCII: character by character, since compiled that is faster than searches."""
    found: list[str] = []
    kinds = _KINDS
    end: i64 = len(text)
    known: i64 = len(kinds)
    before: i64 = -1
    at: i64 = 0
    while at < end and len(found) < MAX_WORDS:
        code: i64 = ord(text[at])
        kind: i64 = kinds[code] if code < known else _OTHER
        start = at
        at += 1
        if kind == _SPEAKING:
            if before >= 0 and before == start - 1:
                found.append(text[before:at])
            before = start
        elif kind == _STOP:
            before = -1
        elif kind == _LETTER:
            before = -1
            at = past(text, at, WORD_LETTER)
            word = text[start:at].lower()
            if word not in _UNSAID:
                found.append(word)
    return found


def tokens_of(text: str) -> set[str]:
    """Return the tokens of a text that may be names, case folded."""
    if text.isascii():
        return {name for name in text.encode().translate(_SMALL_NAMES).decode().split() if len(name) > 1}
    return {name.casefold() for name in _NAME.findall(text)}
