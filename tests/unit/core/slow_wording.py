"""The plain statement of the wording rules, slow and easy to follow: what ``streams/core/wording.py`` must answer too.

A change of the rules is made here and there; the tests compare the two on any text.
"""

from __future__ import annotations

import json
import re
from typing import Final

from streams.core import selling
from streams.core.lexicon import STOP_WORDS
from streams.core.rules import small
from training.questions import WEIGHTS, is_chinese_text, weigh

_URL: Final = re.compile(r"(?:https?://|www\.)\S+", re.IGNORECASE)
_HAN: Final = re.compile(r"[\u3400-\u9fff]")
_COMMAND: Final = re.compile(r"^\s*[!/.][A-Za-z]")
_WORDS: Final = re.compile(r"[A-Za-z0-9']+|[\u3400-\u9fff]")

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
    """Whether a message sells: a pitch together with a link or a call to get in touch, and no talk of it."""
    low = small(text.translate(selling._WIDE) if selling._ODD.search(text) else text)
    return (
        (selling._CALL.search(low) or selling._LINK.search(low)) is not None
        and (selling._ANY_ZH_PITCH.search(low) or selling._PITCH.search(low)) is not None
        and selling._TALK.search(low) is None
    )


_TOKEN: Final = re.compile(r"[\w\[\]\\`^{}|-]{2,}")


def tokens_of(text: str) -> set[str]:
    """Return the tokens of a text that may be names, case folded."""
    return {t.casefold() for t in _TOKEN.findall(text)}
