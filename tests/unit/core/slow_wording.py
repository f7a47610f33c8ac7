"""The plain statement of the wording rules, slow and easy to follow: what ``streams/core/wording.py`` must answer too.

A change of the rules is made here and there; the tests compare the two on any text.
"""

from __future__ import annotations

import json
import re
from typing import Final

from streams.core.lexicon import STOP_WORDS
from training.questions import WEIGHTS, is_chinese_text, weigh

_URL: Final = re.compile(r"(?:https?://|www\.)\S+", re.IGNORECASE)
_HAN: Final = re.compile(r"[\u3400-\u9fff]")
_COMMAND: Final = re.compile(r"^\s*[!/.][A-Za-z]")
_WORDS: Final = re.compile(r"[A-Za-z0-9']+|[\u3400-\u9fff]")

_CONTACT: Final = re.compile(
    r"https?://|www\.|\b[\w-]+\.(?:com|cn|net|top|xyz|shop|vip|cc|link|site)\b|加(?:我|微|V|v|薇|卫|群|q|Q)|微信|薇信|VX|vx|扫码|"
    r"私(?:聊|信|我)|\+\d{6,}|1[3-9]\d{9}|t\.me/|whatsapp|\bDM me\b",
    re.IGNORECASE,
)
_PITCH: Final = re.compile(
    r"优惠|特价|限时|秒杀|包邮|免费领|返利|兼职|日结|日入|月入|赚钱|代理|加盟|贷款|下单|抢购|福利|领券|折扣|招代理|刷单|投资|稳赚|"
    r"\b(?:discount|promo(?:tion)?|sale|% off|limited time|earn|income|crypto|airdrop|giveaway|cheap|buy now|click here|"
    r"free shipping|investment|profit)\b",
    re.IGNORECASE,
)

MAX_WORDS: Final = 24


_LEARNED: Final = json.loads(WEIGHTS.read_text("utf-8"))


def wants_answer(text: str) -> bool:
    """Whether a message is a question or a request for help, with or without a question mark."""
    language = "zh" if is_chinese_text(text) else "en"
    return not _COMMAND.match(text) and weigh(text, _LEARNED[language]["weights"]) > 0


_STOP_ZH: Final = frozenset(
    "的了吗么呢吧啊是我你他她它们在有不和就都也还这那个人说要会能可以什怎样哪谁多少几请问大家知道一下没"
)


def words_of(text: str) -> frozenset[str]:
    """Return what a message is about: its English words without the commonest, its Chinese characters in pairs, side by side."""
    found: list[str] = []
    before, end = "", -1
    for match in _WORDS.finditer(_URL.sub(" ", text)):
        word = match.group()
        if match.start() != end:
            before = ""
        end = match.end()
        if len(word) == 1 and _HAN.match(word):
            if word in _STOP_ZH:
                before = ""
                continue
            if before:
                found.append(before + word)
            before = word
        else:
            before = ""
            small = word.lower()
            if len(small) > 1 and small not in STOP_WORDS:
                found.append(small)
        if len(found) >= MAX_WORDS:
            break
    return frozenset(found)


def looks_like_ad(text: str) -> bool:
    """Whether a message sells: a link or a contact together with the words of a pitch."""
    return _CONTACT.search(text) is not None and _PITCH.search(text) is not None


_TOKEN: Final = re.compile(r"[\w\[\]\\`^{}|-]{2,}")


def tokens_of(text: str) -> set[str]:
    """Return the tokens of a text that may be names, case folded."""
    return {t.casefold() for t in _TOKEN.findall(text)}
