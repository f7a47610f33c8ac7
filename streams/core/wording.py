"""What a message's words say: whether it asks, what it is about, whether it advertises. Chinese and English.

Every message passes here, so what is done to each character is compiled and little; what it says, plainly and slowly, stands
in ``training/questions.py`` and in the tests (``slow_wording.py``), which hold the two together.
"""

from __future__ import annotations

import re
from importlib import resources
from string import ascii_letters, ascii_lowercase, digits
from typing import Final

import msgspec
from mypy_extensions import i64

from streams.core.asks import ADDRESS, Asks
from streams.core.lexicon import STOP_WORDS
from streams.core.rules import URL, without_addresses
from streams.core.scanning import HAN_FIRST, HAN_LAST, SMALL_BIT, SPACE, WORD_LETTER, is_ascii, past
from streams.core.selling import looks_like_ad
from streams.core.vocabulary import CHINESE, ENGLISH

__all__ = ["MAX_WORDS", "asking", "looks_like_ad", "marked", "wants_answer", "words_of"]

MAX_WORDS: Final = 24
"""Words that are kept of a message."""

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


_SMALL_WORDS: Final = _small_only("[A-Za-z0-9']")


def _learned() -> tuple[Asks, Asks]:
    """Return what asks in Chinese and in English; of the file nothing stays behind, which would be 12 MB."""
    weights = msgspec.json.decode((resources.files("streams") / "core" / "asks.json").read_bytes())
    return Asks(CHINESE, weights["zh"]["weights"]), Asks(ENGLISH, weights["en"]["weights"])


_LEARNED: Final = _learned()
_ASKS_CHINESE: Final = _LEARNED[0]
_ASKS_ENGLISH: Final = _LEARNED[1]
_ADDRESS: Final = f" {ADDRESS} "


COMMAND: Final = -(1 << 20)
"""What a command to a bot weighs: it asks nobody, whatever its words."""


def wants_answer(text: str) -> bool:
    """Whether a message by itself is a question or a request for help, with or without a question mark."""
    return asking(text) > 0


def asking(text: str) -> int:
    """Return how much a message looks like a question or a request for help: above zero, more than not."""
    text = _without_links(text)
    asks = _ASKS_CHINESE if _has_chinese(text) else _ASKS_ENGLISH
    return COMMAND if _is_command(text) else asks.weigh(text)


def marked(text: str) -> bool:
    """Whether a message has a question mark outside its links."""
    if "?" not in text and "？" not in text:
        return False
    text = _without_links(text)
    return "?" in text or "？" in text


def _without_links(text: str) -> str:
    if (":" in text and "://" in text) or ("." in text and ("w." in text or "W." in text)):
        return URL.sub(_ADDRESS, text)
    return text


def _has_chinese(text: str) -> bool:
    if is_ascii(text):
        return False
    end: i64 = len(text)
    at: i64 = 0
    while at < end:
        if HAN_FIRST <= ord(text[at]) <= HAN_LAST:
            return True
        at += 1
    return False


def _is_command(text: str) -> bool:
    at = past(text, 0, SPACE)
    if at + 1 >= len(text) or ord(text[at]) not in (ord("!"), ord("/"), ord(".")):
        return False
    return ord("a") <= ord(text[at + 1]) | SMALL_BIT <= ord("z")


def words_of(text: str) -> frozenset[str]:
    """Return what a message is about: its English words without the commonest, its Chinese characters in pairs.

    At most :data:`MAX_WORDS`, the first ones. A pair is two characters side by side, neither a stop character: so every
    word of a text stands in the text in small letters.
    """
    bare = without_addresses(text)
    if not is_ascii(bare):
        return frozenset(_mixed_words(bare))
    found = [word for word in bare.encode().translate(_SMALL_WORDS).decode().split() if word not in _UNSAID]
    return frozenset(found[:MAX_WORDS] if len(found) > MAX_WORDS else found)


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
