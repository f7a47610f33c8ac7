r"""What a message's words say: whether it asks, what it is about, whether it advertises. Chinese and English rules.

The Chinese rules follow the grammars' question classes: interrogative pronouns, sentence-final particles, A-not-A, and
alternatives with 还是; the phrases that look the same and ask nothing (什么的, 不怎么, 怎么都行 …) are taken out first.

Every message passes here, so the rules are arranged for speed; what they say, plainly and slowly, stands in the tests
(``slow_wording.py``), which hold the two together. What makes the difference:

* A search whose rows all begin with a literal skips through the text by first characters alone; one that begins with
  ``\b`` or ignores case tries every row everywhere and takes five times as long. So rules are tables of such rows, texts
  are made small once, and what must stand before a row is looked at after its first word.
* Nearly all messages neither ask nor sell. One search for all rows together says so, and nothing else is tried.
* What only forbids (a command, an advertisement) is asked last.

Costs in the comments: µs a message of 30 Chinese or 58 English characters, in the interpreter.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import chain, groupby
from string import ascii_letters, ascii_lowercase, digits
from typing import Final

from streams.core.lexicon import STOP_WORDS

MAX_WORDS: Final = 24
"""Words that are kept of a message."""

_HAN: Final = re.compile(r"[\u3400-\u9fff]")
_URL: Final = re.compile(r"(?:https?://|www\.)\S+", re.IGNORECASE)
_COMMAND: Final = re.compile(r"\s*[!/.][A-Za-z]")


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


# English -------------------------------------------------------------------------------------------------------------

_FILLERS: Final = (
    "quick question",
    *r"""
    hi+ hello hey+ hiya howdy yo sup morning evening greetings ok(?:ay)? so well and but um+ uh+ erm? oh ah all everyone
    everybody guys folks there people room please pls again sorry thanks good now then also just anyway question
    """.split(),  # noqa: SIM905  # rows read better than a list of quotes; so below
)
_OPENING: Final = re.compile(
    rf"(?:\s*@?[0-9A-Za-z\w\[\]\\`^{{}}|-]{{2,32}}+\s*+[:,]\s+)?\s*(?:(?:{_any_of(_FILLERS)})\b[\s,.!:;-]*)*"
)
"""What stands before what is said: the name of whom it is said to, greetings, fillers."""

_SUBJECT: Final = (
    r"\s+(?:i|you|u|we|they|he|she|it|there|this|that|these|those|the|an?|any|some|my|your|ya|anyone|anybody|someone|"
    r"somebody|one)"
)
_VERBS: Final = r"""
    is(?:n'?t)? are(?:n'?t)? am was were do(?:n'?t)? does(?:n'?t)? did(?:n'?t)? can(?:'?t)? could(?:n'?t)? will would won'?t
    should shall has(?:n'?t)? have(?:n'?t)? had may might
    """.split()  # noqa: SIM905
_BEGINNINGS: Final = (
    *"what(?:'?s)? why how(?:'?s)? where(?:'?s)? when who(?:'?s)? which whose any(?:one|body)".split(),  # noqa: SIM905
    *(verb + _SUBJECT for verb in _VERBS),
    r"any\s+(?:idea|clue|suggestion|recommend|chance|help|thought|advice)",
    r"some(?:one|body)\s+(?:know|help|tell|explain)",
)
_QUESTION_WORD: Final = re.compile(rf"(?:{_any_of(_BEGINNINGS)})\b")
"""How a question of at least three words begins."""
_TWO_WORDS: Final = re.compile(r"[^\W_]+[\W_]+[^\W_]")
_THREE_PARTS: Final = re.compile(r"\S+\s+\S+\s+\S")

_KNOWS: Final = (
    r"\s+(?:\w+\s+)?(?:know|here|help|have|has|ha[ds]|use[ds]?|using|got|tried|seen|able|else|around|familiar|experience|"
    r"recommend|willing|want|tell|explain)"
)
_PHRASES: Final = {
    "y(?:one|body)": (
        "any(?:one|body)" + _KNOWS,
        r"does\s+any(?:one|body)",
        r"can\s+any(?:one|body)",
        r"could\s+anyone",
    ),
    "m(?:eone|ebody)": (r"can\s+some(?:one|body)", r"someone\s+(?:please\s+)?help", r"could\s+someone"),
    r"w(?<=how)\s": (r"how\s+(?:do|can|would|should|could|to|does|did|come|about|much|many)",),
    "p(?<=help)": (r"need(?:\s+\w+)?\s+help", r"help\s+(?:me|please|pls)", r"please\s+help", r"pls\s+help"),
    r"what(?:'s| is| are)\s+the\s": (
        r"what(?:'s| is| are)\s+the\s+(?:best|right|proper|difference|command|name|way|package)",
    ),
    r"here\s+[as]": (r"is\s+there\s+(?:an?|any|some)", r"are\s+there\s+any"),
    r"where\s+[acdisw]": (r"where\s+(?:can|do|is|are|would|should)",),
    "know": (r"i\s+(?:need|want)\s+to\s+know", r"do\s+you\s+know"),
    r"could\s+you": (r"could\s+you",),
    "matter": (r"does\s+it\s+matter",),
    r"ve(?<=have)\s+a\s": (r"i\s+have\s+a\s+(?:question|problem|issue)",),
    "question": (r"got\s+a\s+question",),
    "wondering": (r"wondering\s+(?:if|how|what|why|where)", r"i(?:'?m| am)\s+wondering"),
    r"king\s+for": (r"i(?:'?m| am)\s+looking\s+for",),
    r"ying\s+to": (r"i(?:'?m| am)\s+trying\s+to\s+(?:find|figure)",),
    r"ving\s": (r"i(?:'?m| am)\s+having\s+(?:a\s+)?(?:problem|trouble|issue)",),
    "k(?<=stuck)": (r"i(?:'?m| am)\s+stuck",),
}
"""Phrases that ask wherever they stand, by a part of theirs that begins with a rare letter. The first letters of the phrases
themselves are half of all letters: one search for the parts takes 0.4, for the phrases 1.6, for one literal each 1.0."""
_MAY_PHRASE: Final = re.compile(_any_of(_PHRASES))
_PHRASE: Final = re.compile(_words(chain.from_iterable(_PHRASES.values())))

# Chinese -------------------------------------------------------------------------------------------------------------

_ZH_NOT: Final = """
    什么的 没什么 没有什么 不算什么 什么都 什么也 不怎么 怎么都 怎么也 没怎么 怎么着都 无论如何 不管怎么 不管什么 多少有点
    多少有些 多少都 没多少 几个人一起 好几 没几 十几 几十 几百 几千 几万 哪里哪里 哪都 哪儿都 哪里都 谁都 谁也 随便什么 不是吗
    不就是 难道 为什么不呢 何必 何苦 谁知道呢 怎么说呢 怎么可能 哪有这么 哪能 哪敢 还在为[^？?]{1,20}[吗？?] 想不想(?:赚|变)
    你还在 吃了吗[？?]?$ 在吗[？?]?$ 是吧[？?]?$
    """.split()  # noqa: SIM905
"""Taken out before anything else is looked at: what looks like a question and isn't one."""
_ZH_ASK: Final = """
    请问 求(?:助|推荐|教|指点|解|问|帮|个|大佬|一份|分享|链接)
    有(?:没有)?(?:人|谁|大佬|朋友|群友|邻居|老师)(?:知道|懂|用过|会|能|了解|试过|买过|去过|有|可以) 谁(?:知道|有|会|懂|能|用过|家)
    想(?:问|请教|咨询|了解) 咨询 请教 怎么办 咋办 咋整 怎么弄 怎么回事 咋回事 帮(?:忙|我)?(?:看看|看下|看一下)
    麻烦(?:问|看|大家|各位) 急[，,!！]?(?:在线等|求) 在线等 能推荐 推荐(?:一?下|个|几)
    不知道(?:怎么|该|如何|能不能|是不是|有没有|为什么|哪)
    """.split()  # noqa: SIM905
"""Asks whatever else is said."""
_ZH_WORD: Final = """
    谁(?!都|也) 什么 啥 哪(?:里|儿|个|些|家|款|种|位|天|年|怕)?(?!怕) 怎么 怎样 咋 为什么 为啥 干嘛 多少
    几(?:点|号|个|块|钱|天|次|时|月|岁|斤|楼) 多久 多长 多大 多远 多高 多重 如何 何时
    """.split()  # noqa: SIM905
"""Interrogatives: they ask in a short message without exclamation, and wherever a question mark stands."""
_ZH_LAST: Final = [
    particle + r"[~～.!！…)）]*(?![^，,。；;\s])"
    for particle in ("吗", "了没", "没有(?<!没有没有)(?<![还都并也真才]没有)", "好不", "行不", "是不")
]
"""What ends a clause that asks."""


def _on_both_sides(no: str, length: int) -> str:
    name = f"side{ord(no)}_{length}"
    return rf"{no}(?<=(?P<{name}>[\u3400-\u9fff]{{{length}}}){no})(?P={name})"


_ZH_A_NOT_A: Final = [_on_both_sides(no, length) for no in "不没" for length in (1, 2)]
"""The same one or two characters on both sides of 不 or 没 (能不能, 有没有, 喜欢不喜欢), looked for by what is between."""
_ADDRESS: Final = ["://", r"w\.", r"W\."]
"""What every address has in it."""

_ZH_NOT_ASKED: Final = re.compile(_any_of(_ZH_NOT))
_ZH_ASKED: Final = re.compile(_any_of([*_ZH_ASK, *_ZH_A_NOT_A]))
_ZH_ENDS: Final = re.compile(_any_of(_ZH_LAST))
_ZH_WORDS: Final = re.compile(_any_of(_ZH_WORD))
_ZH_MAY_ASK: Final = re.compile(
    _any_of([*_ZH_NOT, *_ZH_ASK, *_ZH_A_NOT_A, *_ZH_WORD, *_ZH_LAST, r"\?", "？", *_ADDRESS])
)
"""All that any rule looks at or takes out: a text without any of it stays as it is and asks nothing."""
_WORD: Final = re.compile(r"[A-Za-z0-9']+|[\u3400-\u9fff]")
_SHORT: Final = 60
_WORDS_ASKED: Final = 3
"""Fewer words with a question mark are an echo."""

# Advertising ---------------------------------------------------------------------------------------------------------

_SITES: Final = ("com", "cn", "net", "top", "xyz", "shop", "vip", "cc", "link", "site")
_CONTACT: Final = re.compile(
    rf"https?://|www\.|\w-*\.(?:{'|'.join(_SITES)})\b|加[我微v薇卫群q]|微信|薇信|vx|扫码|私[聊信我]|\+\d{{6}}|1[3-9]\d{{9}}|t\.me/|"
    r"whatsapp|\bdm me\b"
)
_PITCH: Final = re.compile(
    r"优惠|特价|限时|秒杀|包邮|免费领|返利|兼职|日结|日入|月入|赚钱|代理|加盟|贷款|下单|抢购|福利|领券|折扣|招代理|刷单|投资|稳赚|"
    r"\b(?:discount|promo(?:tion)?|sale|% off|limited time|earn|income|crypto|airdrop|giveaway|cheap|buy now|click here|"
    r"free shipping|investment|profit)\b"
)

_SIGNS: Final = (
    *"://|www.|.me/|whatsapp|dm me|vx|微信|薇信|扫码|私聊|私信|私我|加我|加微|加v|加薇|加卫|加群|加q".split("|"),  # noqa: SIM905
    *(f".{site}" for site in _SITES),
)
"""Literals of which every contact has one, unless it is a number."""
_NUMBERS: Final = (r"\+\d{6}", r"1[3-9]\d{9}")


def _any_case(literal: str) -> list[str]:
    """Return rows for a literal in small and capital letters: the first letter apart, so that each begins with a literal."""
    forms = [_forms(letter) for letter in literal]
    return [re.escape(first) + "".join(f"[{re.escape(form)}]" for form in forms[1:]) for first in forms[0]]


def _forms(letter: str) -> str:
    odd = {"i": "\u0130\u0131", "k": "\u212a", "s": "\u017f"}
    return letter + (letter.upper() if letter.isascii() else "") + odd.get(letter, "")


_MAY_CONTACT: Final = re.compile(_any_of([*_NUMBERS, *chain.from_iterable(map(_any_case, _SIGNS))]))
_MAY_CONTACT_SMALL: Final = re.compile(_any_of([*_NUMBERS, *(re.escape(sign) for sign in _SIGNS if sign.isascii())]))

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


_NAME_CHARACTERS: Final = r"\w\[\]\\`^{}|-"
_NAME: Final = re.compile(rf"[0-9A-Za-z\u4e00-\u9fa5{_NAME_CHARACTERS}]{{2,}}")
"""The ranges say nothing new: they are looked at before ``\\w``, which costs more (0.36 instead of 0.41)."""
_SMALL_NAMES: Final = _small_only(rf"[{_NAME_CHARACTERS}]")
_SMALL_WORDS: Final = _small_only("[A-Za-z0-9']")


def wants_answer(text: str) -> bool:
    """Whether a message is a question or a request for help, with or without a question mark."""
    if not text.isascii() and _HAN.search(text) is not None:
        if _ZH_MAY_ASK.search(text) is None:
            return False
        bare = _without_addresses(text)
        asks = _wants_zh(bare) if _HAN.search(bare) is not None else _wants_en(_small(bare))
    else:
        asks = _wants_en(_without_addresses(_small(text)))
    return asks and _COMMAND.match(text) is None


def _without_addresses(text: str) -> str:
    if "://" in text or "w." in text or "W." in text:  # nearly no text has, and then this costs 0.1 instead of 0.4
        return _URL.sub(" ", text)
    return text


def _wants_en(text: str) -> bool:
    opening = _OPENING.match(text)
    start = opening.end() if opening is not None else 0
    if "?" in text and _TWO_WORDS.search(text, start) is not None:  # a lone word with a mark is an echo
        return True
    if _QUESTION_WORD.match(text, start) is not None and _THREE_PARTS.match(text, start) is not None:
        return True
    return _MAY_PHRASE.search(text, start) is not None and _PHRASE.search(text, start) is not None


def _wants_zh(text: str) -> bool:
    left = _ZH_NOT_ASKED.sub("，", text)
    if _ZH_ASKED.search(left) is not None:
        asks = True
    elif "？" in left or "?" in left:
        asks = _ZH_WORDS.search(left) is not None or len(_WORD.findall(left)) >= _WORDS_ASKED
    elif _ZH_ENDS.search(left) is not None:
        asks = True
    else:
        asks = len(left) <= _SHORT and "！" not in left and "!" not in left and _ZH_WORDS.search(left) is not None
    return asks and not looks_like_ad(text)


def looks_like_ad(text: str) -> bool:
    """Whether a message sells: a link or a contact together with the words of a pitch."""
    if text.isascii():
        low = text.lower()
        if not (  # literals that all contacts have: two of three texts have none, which costs 0.15 instead of 0.4
            "." in low or "://" in low or "1" in low or "+" in low or "vx" in low or "dm me" in low or "whatsapp" in low
        ):
            return False
        if _MAY_CONTACT_SMALL.search(low) is None:
            return False
    else:
        if _MAY_CONTACT.search(text) is None:
            return False
        low = _small(text)
    return _PITCH.search(low) is not None and _CONTACT.search(low) is not None


def words_of(text: str) -> frozenset[str]:
    """Return what a message is about: its English words without the commonest, its Chinese characters in pairs.

    At most :data:`MAX_WORDS`, the first ones. A pair is two characters side by side, neither a stop character: so every
    word of a text stands in the text in small letters.
    """
    bare = _without_addresses(text)
    if bare.isascii():
        words = bare.encode().translate(_SMALL_WORDS).decode().split()
        if len(words) <= MAX_WORDS:
            return frozenset(words) - _UNSAID
        return frozenset([word for word in words if word not in _UNSAID][:MAX_WORDS])
    return frozenset(_mixed_words(bare))


def _mixed_words(text: str) -> list[str]:
    """Return the words of a text that isn't ASCII: character by character, since compiled that is faster than searches."""
    found: list[str] = []
    end = len(text)
    before = -1
    at = 0
    while at < end and len(found) < MAX_WORDS:
        code = ord(text[at])
        kind = _KINDS[code] if code < len(_KINDS) else _OTHER
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
            while at < end and ord(text[at]) < len(_KINDS) and _KINDS[ord(text[at])] == _LETTER:
                at += 1
            word = text[start:at].lower()
            if word not in _UNSAID:
                found.append(word)
    return found


def tokens_of(text: str) -> set[str]:
    """Return the tokens of a text that may be names, case folded."""
    if text.isascii():
        return {name for name in text.encode().translate(_SMALL_NAMES).decode().split() if len(name) > 1}
    return {name.casefold() for name in _NAME.findall(text)}
