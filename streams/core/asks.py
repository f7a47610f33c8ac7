"""Whether a text asks: a sum of learned weights over its words, in one pass.

A text is cut into clauses, a clause into words: a Chinese character, an English word, a number, a mark. What counts are runs
of one to three words, the clause's beginning and end among them, and in the last clause once more; and classes of words
(:mod:`streams.core.vocabulary`): that one is heard, as the first or the last of its clause, in a clause with a question mark,
and which one is heard after which. Each has a weight; a text asks if the sum is above zero. The weights are learned from
labelled messages by ``python -m training.questions``, where the plain statement of all this stands too; the tests hold the
two together.

Runs are looked up by a hash of 38 bits in a table with open addressing; of twenty million runs that mean nothing, about one
is taken for one that does. With the bits of the words and of the multipliers every sum stays below 2 ** 63.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from mypy_extensions import i64

from streams.core.scanning import ASCII, HAN_FIRST, HAN_LAST, LAST_SPACE, SMALL_BIT, SPACE, past

SWING: Final = "SWING"
"""The class of what has the same one or two characters on both sides of 不 or 没 (能不能, 喜欢不喜欢)."""
PAUSES: Final = "，,。.；;：:、…~～()（）"
"""What ends a clause, beside marks, line breaks, and white characters between two Chinese ones."""
FIRST_PLACES: Final = 3
"""A class is first in its clause if it is the clause's first word, or the first one heard within so many."""
ADDRESS: Final = "\x01"
"""What stands for an address in a text that is weighed."""

_ZERO: Final = 128
"""What stands for no weight in a table of bytes."""
_ADDRESS: Final = 1
_BEGIN: Final = 0x110000  # beyond all characters, before all words
_END: Final = 0x110001
_SPECIAL: Final[dict[str, int]] = {"URL": _ADDRESS, "BEGIN": _BEGIN, "END": _END}
_BLANK: Final = ord(" ")
_DOT: Final = ord(".")
_FIRST_NUMBER: Final = ord("0")
_LAST_NUMBER: Final = ord("9")
_ASKING: Final = ord("?")
_WIDE_ASKING: Final = ord("？")
_CALLING: Final = ord("!")
_WIDE_CALLING: Final = ord("！")
_APOSTROPHE: Final = ord("'")
_CURLY: Final = ord("’")
_NOT: Final = ord("不")
_NONE: Final = ord("没")
_WIDE_PAUSES: Final = frozenset(ord(pause) for pause in PAUSES if not pause.isascii())
_PAUSES: Final = bytes(chr(code) in PAUSES for code in range(ASCII))
_WORDS_FROM: Final = 1 << 21
"""English words have numbers from here on, beyond those of all characters."""
_WORD_MASK: Final = (1 << 36) - 1
_RUN_BITS: Final = 38
_MASK: Final = (1 << _RUN_BITS) - 1
_SLOT_BITS: Final = 17
_SLOTS: Final = 1 << _SLOT_BITS
_SLOT: Final = _SLOTS - 1
_TAKEN: Final = 1 << (_RUN_BITS - _SLOT_BITS)
"""Set in the check of every run that is in the table: one bit above what a hash has left beyond its slot."""
_LETTERS: Final = 0x2F0B4C7
"""What makes a word's number of its letters: far above their range, else "isn't" and "islet" would have one number."""
_ONE: Final = 0x2545F49
_CHARACTER: Final = 0x17B9E3779B1
"""A character's multiplier: its number is small, and the product shall fill as many bits as a word's does."""
_TWO: Final = 0xB87359
_THREE: Final = 0xC6EF35
_SET_BITS: Final = 8
_SET_MASK: Final = (1 << _SET_BITS) - 1
"""Up to four sets of classes of words that end at one place are held in one number."""
_SWINGING: Final = 1 << 24
"""The last of them, the set whose number is 1: that of :data:`SWING` alone."""
_MOST_CLASSES: Final = 62
_PRIME: Final = 67
_PLACE_OF_BIT: Final = bytes(
    next((place for place in range(_MOST_CLASSES) if 2**place % _PRIME == rest), 0) for rest in range(_PRIME)
)
"""Of a number with one bit, by what is left of it divided by 67, which bit that is: all are different for 62 bits."""
_SHIFT: Final = 20
"""Of a product, the bits from here on are kept: all bits below have had their say in them."""
_ENDED: Final = _END * _CHARACTER
_BEGUN: Final = ((_BEGIN * _CHARACTER) >> _SHIFT) & _MASK


def _letter(code: i64) -> bool:
    return ord("a") <= (code | SMALL_BIT) <= ord("z")


def _han(code: i64) -> bool:
    return HAN_FIRST <= code <= HAN_LAST


def _pause(code: i64) -> bool:
    return _PAUSES[code] != 0 if code < ASCII else code in _WIDE_PAUSES


def _word(text: str, at: i64) -> tuple[i64, i64]:
    """Return the number of the English word that begins at ``at``, and where it ends; it may have apostrophes inside."""
    number: i64 = 0
    end: i64 = len(text)
    while at < end:
        code: i64 = ord(text[at])
        if _letter(code):
            code |= SMALL_BIT
        elif code in (_APOSTROPHE, _CURLY) and at + 1 < end and _letter(ord(text[at + 1])):
            code = _APOSTROPHE
        else:
            break
        number = (number * _LETTERS + code) & _WORD_MASK
        at += 1
    return _WORDS_FROM + number, at


def _code_of(word: str) -> i64:
    """Return the number of a word as the vocabulary and the weights name it."""
    if word in _SPECIAL:
        return _SPECIAL[word]
    if not _letter(ord(word[0])):
        return ord(word)
    code, end = _word(word, 0)
    for rest in word[end:]:  # "any1" is a word of the vocabulary, but none that a text is cut into
        code = _WORDS_FROM + (((code - _WORDS_FROM) * _LETTERS + ord(rest)) & _WORD_MASK)
    return code


def _unit(code: i64) -> i64:
    if code >= _WORDS_FROM:
        return code * _ONE
    return code * _CHARACTER


def _run(words: Sequence[str]) -> i64:
    """Return the hash of one to three words: it goes through that of the first ones."""
    unit: i64 = _unit(_code_of(words[0]))
    run: i64 = (unit >> _SHIFT) & _MASK
    if len(words) > 1:
        unit = _unit(_code_of(words[1]))
        run = ((run * _TWO + unit) >> _SHIFT) & _MASK
    if len(words) > 2:  # noqa: PLR2004
        unit = _unit(_code_of(words[2]))
        run = ((run * _THREE + unit) >> _SHIFT) & _MASK
    return run


def _column(names: Sequence[str], weights: Mapping[str, int], before: str) -> bytes:
    return bytes(_ZERO + weights.get(before + name, 0) for name in names)


class Asks:
    """The weights of one language, laid out for speed."""

    __slots__ = ("_again", "_bias", "_first", "_heard", "_high", "_last", "_late", "_low", "_marked", "_middle", "_pairs",
                 "_set_of", "_set_width", "_sets", "_weight", "_width")  # fmt: skip

    def __init__(self, classes: Mapping[str, Sequence[str]], weights: Mapping[str, int]) -> None:
        """Lay out classes of words, and the weights of features by the names that ``training.questions`` gives them."""
        names = [*classes, SWING]
        place = {name: number for number, name in enumerate(names)}
        self._width: i64 = len(names)
        if len(names) > _MOST_CLASSES:
            raise ValueError(f"more than {_MOST_CLASSES} classes of words: {len(names)}")
        self._bias: i64 = weights["bias"]
        self._heard: bytes = _column(names, weights, ". ")
        self._last: bytes = _column(names, weights, "; ")
        self._first: bytes = _column(names, weights, "^ ")
        self._late: bytes = _column(names, weights, "$ ")
        self._marked: bytes = _column(names, weights, "? ")
        self._pairs: bytes = b"".join([_column(names, weights, f"{name} > ") for name in names])
        sets: list[list[int]] = [[], [place[SWING]]]
        low, middle, high, set_of = bytearray(_SLOTS), bytearray(_SLOTS), bytearray(_SLOTS), bytearray(_SLOTS)
        weight, again = bytearray([_ZERO]) * _SLOTS, bytearray([_ZERO]) * _SLOTS
        signs: dict[str, list[int]] = {}
        for name, row in classes.items():
            for sign in row:
                signs.setdefault(sign if sign.isascii() else " ".join(sign), []).append(place[name])
        known: set[int] = set()
        for run in dict.fromkeys([*signs, *[name.partition(" ")[2] for name in weights if name[0] == "="]]):
            found = int(_run(run.split(" ")))
            if found in known:
                raise ValueError(f"another run of words has the hash of {run!r}")
            known.add(found)
            slot, check = found & _SLOT, (found >> _SLOT_BITS) | _TAKEN
            while high[slot]:
                slot = (slot + 1) & _SLOT
            low[slot], middle[slot], high[slot] = check & 255, (check >> 8) & 255, check >> 16
            weight[slot] = _ZERO + weights.get(f"= {run}", 0)
            again[slot] = _ZERO + weights.get(f"== {run}", 0)
            if run in signs:
                if signs[run] not in sets:
                    sets.append(signs[run])
                set_of[slot] = sets.index(signs[run])
        self._low: bytes = bytes(low)
        self._middle: bytes = bytes(middle)
        self._high: bytes = bytes(high)
        self._weight: bytes = bytes(weight)
        self._again: bytes = bytes(again)
        self._set_of: bytes = bytes(set_of)
        self._set_width: i64 = 1 + max([len(row) for row in sets])
        self._sets: bytes = b"".join([bytes([len(row), *row]).ljust(int(self._set_width)) for row in sets])
        """The classes of each set, after how many they are."""

    def _find(self, run: i64) -> i64:
        """Return the slot of a run of words, or -1."""
        low, middle, high = self._low, self._middle, self._high
        slot: i64 = run & _SLOT
        check: i64 = (run >> _SLOT_BITS) | _TAKEN
        while True:
            there: i64 = high[slot]
            if there == 0:
                return -1
            if (there << 16) + (middle[slot] << 8) + low[slot] == check:
                return slot
            slot = (slot + 1) & _SLOT

    def weigh(self, text: str) -> int:  # noqa: C901, PLR0912, PLR0915  # one pass, whose parts share what was seen
        """Return the sum for a text in which addresses are :data:`ADDRESS`: above zero, it asks."""
        weight, again, set_of, taken = self._weight, self._again, self._set_of, self._high
        total: i64 = self._bias
        if_last: i64 = 0  # what the present clause adds if it is the last one
        heard: i64 = 0  # the classes heard in the clause, a bit for each
        if_marked: i64 = 0  # what they add if it ends in a question mark …
        if_heard_last: i64 = 0  # … if it is the last one …
        if_late: i64 = 0  # … and those heard at the place `ended` if it ends there
        ended: i64 = -1
        length: i64 = 0  # words in the clause
        word: i64 = 0
        word1: i64 = 0
        word2: i64 = 0
        word3: i64 = 0
        word4: i64 = 0
        single: i64 = _BEGUN
        double: i64 = -1
        paused = False
        begun = False
        one: i64 = 0
        one += 1  # in two steps: see scanning.Pairs
        signs = self._sets
        at: i64 = 0
        end: i64 = len(text)
        while True:
            code: i64 = _END
            mark = False
            if at < end:
                code = ord(text[at])
                start = at
                at += 1
                if _han(code):
                    pass
                elif _letter(code):
                    code, at = _word(text, start)
                elif code == _BLANK and at < end and _BLANK < ord(text[at]) < ASCII:
                    continue  # one blank before a word of English: nearly all white characters are that
                elif code == _BLANK or (
                    (ASCII <= code <= LAST_SPACE or code < _BLANK) and past(text, start, SPACE) > start
                ):
                    at = past(text, start, SPACE)
                    if (length > 0 and _han(word) and at < end and _han(ord(text[at]))) or "\n" in text[start:at]:
                        paused = True
                    continue
                elif _FIRST_NUMBER <= code <= _LAST_NUMBER:
                    while at < end and _FIRST_NUMBER <= ord(text[at]) <= _LAST_NUMBER:
                        at += 1
                    code = _FIRST_NUMBER
                elif _pause(code) and (begun or code != _DOT):
                    paused = True
                    continue
                elif code in (_ASKING, _WIDE_ASKING):
                    code = _ASKING
                    mark = begun
                elif code in (_CALLING, _WIDE_CALLING):
                    code = _CALLING
                    mark = begun
                if mark:
                    paused = True
                    if word in (_ASKING, _CALLING):
                        continue
                elif not paused and length > 1 and word == code and word1 == code:
                    continue
            if not mark and length > 0 and (paused or code == _END):  # the clause before has ended
                slot = self._find(((single * _TWO + _ENDED) >> _SHIFT) & _MASK)
                if slot >= 0:
                    total = total + weight[slot] - _ZERO
                    if_last = if_last + again[slot] - _ZERO
                slot = self._find(((double * _THREE + _ENDED) >> _SHIFT) & _MASK)
                if slot >= 0:
                    total = total + weight[slot] - _ZERO
                    if_last = if_last + again[slot] - _ZERO
                last = length - 1
                if ended == (last - 1 if last > 0 and word in (_ASKING, _CALLING) else last):
                    total += if_late
                if word == _ASKING:
                    total += if_marked
                if code == _END:
                    break
                if_last = heard = if_marked = if_heard_last = 0
                ended = -1
                length = 0
                single = _BEGUN
                double = -1
            elif code == _END:
                break
            paused = mark
            begun = True
            word4, word3, word2, word1, word = word3, word2, word1, word, code
            length += 1
            unit = _unit(code)
            sets: i64 = 0
            run: i64 = (unit >> _SHIFT) & _MASK
            if taken[run & _SLOT]:  # three of four runs are not even near one that means something
                slot = self._find(run)
                if slot >= 0:
                    total = total + weight[slot] - _ZERO
                    if_last = if_last + again[slot] - _ZERO
                    sets = set_of[slot]
            run2: i64 = ((single * _TWO + unit) >> _SHIFT) & _MASK
            if taken[run2 & _SLOT]:
                slot = self._find(run2)
                if slot >= 0:
                    total = total + weight[slot] - _ZERO
                    if_last = if_last + again[slot] - _ZERO
                    sets |= set_of[slot] << 8
            if double >= 0:
                run3: i64 = ((double * _THREE + unit) >> _SHIFT) & _MASK
                if taken[run3 & _SLOT]:
                    slot = self._find(run3)
                    if slot >= 0:
                        total = total + weight[slot] - _ZERO
                        if_last = if_last + again[slot] - _ZERO
                        sets |= set_of[slot] << 16
            single = run
            double = run2
            if length > 2 and (word1 in (_NOT, _NONE) or word2 in (_NOT, _NONE)) and _han(word):  # noqa: PLR2004
                sets |= _swings(word, word1, word2, word3 if length > 4 else 0, word4)  # noqa: PLR2004
            if sets:
                place = length - 1
                if ended != place:
                    if_late = 0
                    ended = place
                while sets:
                    at_sign: i64 = (sets & _SET_MASK) * self._set_width
                    sets >>= _SET_BITS
                    last_sign: i64 = at_sign + signs[at_sign]
                    while at_sign < last_sign:
                        at_sign += 1
                        sign: i64 = signs[at_sign]
                        if_late = if_late + self._late[sign] - _ZERO
                        if heard >> sign & 1:
                            continue
                        total = total + self._heard[sign] - _ZERO + self._after(heard, sign)
                        if place == 0 or (place < FIRST_PLACES and heard == 0):
                            total = total + self._first[sign] - _ZERO
                        if_marked = if_marked + self._marked[sign] - _ZERO
                        if_heard_last = if_heard_last + self._last[sign] - _ZERO
                        heard |= one << sign
        return int(total + if_last + if_heard_last)

    def _after(self, heard: i64, sign: i64) -> i64:
        """Return what a class of words adds as one that is heard after others."""
        pairs, width = self._pairs, self._width
        total: i64 = 0
        while heard:
            lowest = heard & -heard
            place: i64 = _PLACE_OF_BIT[lowest % _PRIME]
            total = total + pairs[place * width + sign] - _ZERO
            heard ^= lowest
        return total


def _swings(word: i64, word1: i64, word2: i64, word3: i64, word4: i64) -> i64:
    """Return :data:`_SWINGING` if the same one or two Chinese characters stand on both sides of 不 or 没, else 0.

    The last word is given first.
    """
    if word1 in (_NOT, _NONE):
        return _SWINGING if word == word2 else 0
    return _SWINGING if word2 in (_NOT, _NONE) and word == word3 and word1 == word4 and _han(word1) else 0
