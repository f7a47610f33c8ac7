"""Looking at a text character by character: what :mod:`re` does with more comfort, and at ten times the price for a chat line.

A call of ``re`` costs 1,500 to 2,500 machine instructions before it has looked at anything, a slice of a text 260, a look-up
of a new string 220; a character in one of the loops here costs 10 to 25, compiled. So these loops decide what most messages
need decided, and regular expressions are left for the few that may match one.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterable, Mapping
from typing import Final

from mypy_extensions import i64

ASCII: Final = 128
HAN_FIRST: Final = 0x3400
HAN_LAST: Final = 0x9FFF
_LETTERS_FIRST: Final = 0x4E00
_LETTERS_LAST: Final = 0x9FA5
LAST_SPACE: Final = 0x3000
"""No white character lies beyond this one, the blank as wide as a Chinese character."""
KNOWN: Final = 0x10000
"""Characters from here on (emoji, rare letters) are no concern of any rule."""

SPACE: Final = 1
"""``\\s``. These are kinds of characters, one bit each."""
WORD: Final = 2
"""``\\w``."""
WORD_OR_NUMBER: Final = 4
"""``\\w`` but for the underscore."""
NAME: Final = 8
"""What nicknames are made of."""
PAUSE: Final = 16
"""What stands after a greeting."""
WORD_LETTER: Final = 32
"""What English words are made of, numbers among them."""

NAME_CHARACTERS: Final = r"\w\[\]\\`^{}|-"
_CLASSES: Final = {
    r"\s": SPACE,
    r"\w": WORD,
    r"[^\W_]": WORD_OR_NUMBER,
    rf"[{NAME_CHARACTERS}]": NAME,
    r"[\s,.!:;-]": PAUSE,
    r"[A-Za-z0-9']": WORD_LETTER,
}
SMALL: Final = bytes(ord(chr(code).lower()) for code in range(ASCII))
SMALL_IN_NAMES: Final = bytes(
    SMALL[code] if re.match(rf"[{NAME_CHARACTERS}]", chr(code)) else 0 for code in range(ASCII)
)
"""Of what names are made of, small; of all else in ASCII, 0."""
SMALL_BIT: Final = 0x20
"""Tells small letters from capital ones in ASCII."""
MARKS: Final = 4096
MARK_MASK: Final = MARKS - 1
MARK_FACTOR: Final = 31

PAIRS: Final = 256
_PAIR_MASK: Final = PAIRS - 1
_QUARTER: Final = 64
_BIT: Final = _QUARTER - 1
_SMALL_K: Final = ord("k")
_SMALL_I: Final = ord("i")
_KELVIN: Final = 0x212A
_DOTTED_I: Final = 0x130
"""The two characters beyond ASCII whose small forms are, or begin with, letters of ASCII."""


_KINDS: Final = bytes(
    sum(kind for pattern, kind in _CLASSES.items() if re.match(pattern, chr(code))) for code in range(ASCII)
)


class _Last:
    """The text that was asked about last."""

    __slots__ = ("ascii", "text")

    def __init__(self) -> None:
        self.text: str = ""
        self.ascii: bool = True


_last: Final = _Last()


def is_ascii(text: str) -> bool:
    """Whether a text is all ASCII: ten rules ask that of a message one after the other, and ``str.isascii`` is a slow call."""
    last = _last
    if text is not last.text:
        last.text, last.ascii = text, text.isascii()
    return last.ascii


def _kind(code: i64) -> i64:
    """Return what a character beyond ASCII is."""
    if _LETTERS_FIRST <= code <= _LETTERS_LAST:  # nearly all Chinese ones: no need to ask of each
        return WORD | WORD_OR_NUMBER | NAME
    character = chr(code)
    if character.isalnum():
        return WORD | WORD_OR_NUMBER | NAME
    return SPACE | PAUSE if character.isspace() else 0


def past(text: str, at: i64, kind: i64) -> i64:
    """Return where the characters of a kind that stand at ``at`` end."""
    kinds = _KINDS
    end: i64 = len(text)
    while at < end:
        code: i64 = ord(text[at])
        if code < ASCII:
            if not kinds[code] & kind:
                break
        elif not _kind(code) & kind:
            break
        at += 1
    return at


def upto(text: str, at: i64, kind: i64) -> i64:
    """Return where the first character of a kind stands, at ``at`` or later; the end of the text if there is none."""
    kinds = _KINDS
    end: i64 = len(text)
    while at < end:
        code: i64 = ord(text[at])
        if code < ASCII:
            if kinds[code] & kind:
                break
        elif _kind(code) & kind:
            break
        at += 1
    return at


def mark(text: str, at: i64, end: i64) -> i64:
    """Return a number for a part of a text: the same for the same letters, small or not, and rarely for others.

    It is less than :data:`MARKS`.
    """
    small = SMALL
    number: i64 = 0
    while at < end:
        code: i64 = ord(text[at])
        if code < ASCII:
            code = small[code]
        number = (number * MARK_FACTOR + code) & MARK_MASK
        at += 1
    return number


def marks_of(words: Iterable[str]) -> bytes:
    """Return for each number below :data:`MARKS` whether one of the words has it as its mark."""
    marks = {int(mark(word, 0, len(word))) for word in words}
    return bytes([number in marks for number in range(MARKS)])


class Pairs:
    """Which pairs of characters stand side by side in a text, roughly: whether a word may be in it is then a look at one bit.

    A pair is known by one of :data:`PAIRS` numbers, so one that isn't there may seem to be. Sizes of letters don't count.
    """

    __slots__ = ("_first", "_fourth", "_second", "_third")

    def __init__(self, text: str) -> None:
        small = SMALL
        one: i64 = 0
        one += 1  # in two steps: mypyc (2.4) shifts a constant as C's int, which loses what is beyond 32 bits
        first: i64 = 0
        second: i64 = 0
        third: i64 = 0
        fourth: i64 = 0
        before: i64 = 0
        at: i64 = 0
        end: i64 = len(text)
        while at < end:
            code: i64 = ord(text[at])
            at += 1
            if code < ASCII:
                code = small[code]
            elif code == _KELVIN:
                code = _SMALL_K
            elif code == _DOTTED_I:
                code = _SMALL_I
            number = (before * MARK_FACTOR + code) & _PAIR_MASK
            bit = one << (number & _BIT)
            if number < _QUARTER:
                first |= bit
            elif number < 2 * _QUARTER:
                second |= bit
            elif number < 3 * _QUARTER:
                third |= bit
            else:
                fourth |= bit
            before = code
        self._first: i64 = first
        self._second: i64 = second
        self._third: i64 = third
        self._fourth: i64 = fourth

    def may_hold(self, number: i64) -> bool:
        """Whether the pair of this number may stand in the text."""
        if number < _QUARTER:
            bits = self._first
        elif number < 2 * _QUARTER:
            bits = self._second
        elif number < 3 * _QUARTER:
            bits = self._third
        else:
            bits = self._fourth
        return (bits >> (number & _BIT)) & 1 != 0


def openings(words: list[str]) -> bytes:
    """Return the numbers (see :class:`Pairs`) of the first two characters of each word and of its last two, in small letters.

    Of what is shorter, as an erasure by an older release may have left it, any number will do: no text has such words.
    """
    numbers: list[int] = []
    for word in words:
        if len(word) < 2:  # noqa: PLR2004  # a pair
            numbers += [0, 0]
        else:
            numbers += [pair(word, 0), pair(word, len(word) - 2)]
    return bytes(numbers)


def pair(text: str, at: i64) -> int:
    """Return the number of the two characters at a place, in small letters."""
    first: i64 = ord(text[at])
    second: i64 = ord(text[at + 1])
    return int((first * MARK_FACTOR + second) & _PAIR_MASK)


class Literals:
    """Many literals, looked for together: the automaton of Aho and Corasick, with what each literal is a sign of.

    A space in a literal stands for any number of white characters.
    """

    __slots__ = ("_beyond", "_follow", "_kinds", "_said", "_saying", "_starts", "_until", "_width")

    def __init__(
        self,
        signs: Mapping[str, int],
        *,
        alike: Iterable[tuple[int, int, str]] = (),
        beyond: str = "",
        until: int = 0,
    ) -> None:
        """Build it of literals and the bits they are signs of.

        ``alike`` are ranges of characters (first, last) that count as another one, ``beyond`` is what those past the
        known ones count as; a search ends when one of the bits ``until`` is found.
        """
        letters = sorted(set("".join(signs)))
        kind_of = {letter: kind for kind, letter in enumerate(letters, 1)}
        kinds = bytearray(KNOWN)
        for first, last, letter in alike:
            kinds[first : last + 1] = bytes([kind_of.get(letter, 0)]) * (last + 1 - first)
        for letter, kind in kind_of.items():
            kinds[ord(letter)] = kind
        follow, said = _automaton(
            [([kind_of[letter] for letter in sign], bit) for sign, bit in signs.items()],
            len(letters) + 1,
            kind_of.get(" ", 0),
        )
        order = sorted(range(len(follow)), key=lambda state: (said[state] != 0, state))
        if len(order) > 256 or said[0]:  # noqa: PLR2004  # a state is one byte
            raise ValueError(f"too many literals, or an empty one: {len(order)} states")
        place = {state: number for number, state in enumerate(order)}
        self._width: i64 = len(letters) + 1
        self._kinds: bytes = bytes(kinds)
        self._beyond: i64 = kind_of.get(beyond, 0)
        self._follow: bytes = bytes(place[state] for old in order for state in follow[old])
        self._starts: bytes = self._kinds.translate(bytes(place[state] for state in follow[0]).ljust(256, b"\0"))
        self._saying: i64 = sum(1 for bits in said if not bits)
        self._said: list[int] = [said[state] for state in order]
        self._until: i64 = until

    def found_in(self, text: str) -> i64:
        """Return the bits of all literals in a text."""
        kinds, starts, follow, said = self._kinds, self._starts, self._follow, self._said
        width, saying, until = self._width, self._saying, self._until
        found: i64 = 0
        state: i64 = 0
        at: i64 = 0
        end: i64 = len(text)
        while at < end:
            code: i64 = ord(text[at])
            at += 1
            if code >= KNOWN:
                state = follow[state * width + self._beyond]
            elif state == 0:  # three of four characters begin no literal: one look instead of two
                state = starts[code]
            else:
                state = follow[state * width + kinds[code]]
            if state >= saying:
                bits: i64 = said[state]
                found |= bits
                if found & until:
                    break
        return found


def _automaton(signs: list[tuple[list[int], int]], width: int, space: int) -> tuple[list[list[int]], list[int]]:
    """Return of each state which one follows by each kind of character, and which bits have been found in it."""
    follow: list[list[int]] = [[0] * width]
    said = [0]
    spaces: set[int] = set()
    for kinds, bits in signs:
        state = 0
        for kind in kinds:
            if not follow[state][kind]:
                follow[state][kind] = len(follow)
                follow.append([0] * width)
                said.append(0)
                if kind == space:
                    spaces.add(follow[state][kind])
            state = follow[state][kind]
        said[state] |= bits
    shorter = [0] * len(follow)
    waiting = deque(state for state in follow[0] if state)
    while waiting:
        state = waiting.popleft()
        said[state] |= said[shorter[state]]
        for kind, after in enumerate(follow[state]):
            if after:
                shorter[after] = follow[shorter[state]][kind]
                waiting.append(after)
            elif kind == space and state in spaces:
                follow[state][kind] = state
            else:
                follow[state][kind] = follow[shorter[state]][kind]
    return follow, said
