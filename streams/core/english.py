"""Whether an English text asks: a question mark, a question's first word, or a phrase that asks."""

from __future__ import annotations

import re
from string import ascii_lowercase
from typing import Final

from mypy_extensions import i64

from streams.core.rules import ADDRESSES, URL, small, whole_words
from streams.core.scanning import (
    ASCII,
    HAN_FIRST,
    HAN_LAST,
    KNOWN,
    MARKS,
    NAME,
    PAUSE,
    SMALL_BIT,
    SPACE,
    WORD,
    WORD_OR_NUMBER,
    Literals,
    mark,
    past,
    upto,
)

_SHORTEST_NAME: Final = 2
_LONGEST_NAME: Final = 32
_FILLERS: Final = frozenset(
    """
    hello hiya howdy yo sup morning evening greetings ok okay so well and but er erm oh ah all everyone everybody guys folks
    there people room please pls again sorry thanks good now then also just anyway question
    """.split()  # noqa: SIM905  # rows read better than a list of quotes; so below
)
_STRETCHED: Final = frozenset({"hi", "hey", "um", "uh"})
"""Their last letter may come many times."""
_FIRST_OF_TWO: Final = "quick"
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
FEW_WORDS: Final = 3
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
_PHRASE: Final = tuple(re.compile(whole_words(rows)) for _, rows in _PHRASES)

HAN_SEEN: Final = 1
_OTHER_SEEN: Final = 2
_MARK: Final = 4
_ADDRESS: Final = 8
_FIRST_PHRASE: Final = 16
"""This bit and those above it are the phrases'."""
_ODD_SPACE: Final = re.compile(r"[^\S\x00-\x7f]")
"""White characters that :data:`ENGLISH` doesn't know."""
_HAN_LETTER: Final = "一"
_OTHER_LETTER: Final = "\x80"
ENGLISH: Final = Literals(
    {_HAN_LETTER: HAN_SEEN, _OTHER_LETTER: _OTHER_SEEN, "?": _MARK}
    | dict.fromkeys(ADDRESSES, _ADDRESS)
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
    until=HAN_SEEN,
)
"""What an ASCII text has in it that may make it a question, and whether it is one; looks no further than the first Chinese
character."""

_FILLS: Final = 1
_BEGINS: Final = 2


def _unstretched(text: str, at: i64, end: i64) -> i64:
    """Return where a word ends but for further letters like its last one."""
    while end - at > _SHORTEST_NAME and ord(text[end - 1]) | SMALL_BIT == ord(text[end - 2]) | SMALL_BIT:
        end -= 1
    return end


def _first_marks() -> bytes:
    marks = bytearray(MARKS)
    fillers = (*_FILLERS, *_STRETCHED, _FIRST_OF_TWO)
    beginnings = [word.removesuffix("'t") for word in (*_ASK_ALONE, *_ASK_BEFORE)]
    for words, bit in ((fillers, _FILLS), (beginnings, _BEGINS)):
        for word in words:
            marks[mark(word, 0, _unstretched(word, 0, len(word)))] |= bit
    return bytes(marks)


_FIRST_MARKS: Final = _first_marks()
"""By their marks, words that may be fillers or begin a question: so nearly no word has to be taken out of a text."""


def asks_in_english(text: str, seen: i64) -> bool:
    """Whether a text without Chinese characters asks; ``seen`` is what :data:`ENGLISH` finds in it."""
    if seen & (_ADDRESS | _OTHER_SEEN):
        text = small(URL.sub(" ", text) if seen & _ADDRESS else text)
        if seen & _OTHER_SEEN:
            text = _ODD_SPACE.sub(" ", text)
        seen = ENGLISH.found_in(text)
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
    if not _SHORTEST_NAME <= end - name <= _LONGEST_NAME:
        return start
    at = past(text, end, SPACE)
    if at >= len(text) or ord(text[at]) not in (ord(":"), ord(",")):
        return start
    end = past(text, at + 1, SPACE)
    return start if end == at + 1 else end


def _after_filler(text: str, at: i64, end: i64) -> i64:
    """Return where the filler ends that the word up to ``end`` may be; ``at`` if it is none."""
    word = text[at:end].lower()
    if word == _FIRST_OF_TWO:
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
