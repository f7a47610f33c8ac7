r"""What a message's words say: whether it asks, what it is about, whether it advertises. Chinese and English rules.

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
from string import ascii_letters, ascii_lowercase, digits
from typing import Final

from mypy_extensions import i64

from streams.core.chinese import asks_in_chinese
from streams.core.english import ENGLISH, HAN_SEEN, asks_in_english
from streams.core.lexicon import STOP_WORDS
from streams.core.rules import without_addresses
from streams.core.scanning import SMALL_BIT, SPACE, WORD_LETTER, past
from streams.core.selling import looks_like_ad

__all__ = ["MAX_WORDS", "looks_like_ad", "wants_answer", "words_of"]

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


def wants_answer(text: str) -> bool:
    """Whether a message is a question or a request for help, with or without a question mark."""
    seen = ENGLISH.found_in(text)
    asks = asks_in_chinese(text) if seen & HAN_SEEN else asks_in_english(text, seen)
    return asks and not _is_command(text)


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
    if not bare.isascii():
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
