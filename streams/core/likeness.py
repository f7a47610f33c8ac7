"""How alike two texts are: a fingerprint of a few bytes instead of the text, so that repeated near-identical text is seen.

A similarity hash (Charikar 2002, "simhash") of the triples of letters of a text: texts that differ in a few letters have
fingerprints that differ in a few bits. Marks, white characters, numbers, emoji and the size of letters don't count, since
those who repeat an advertisement change just these. Eight counters stand side by side in one number, so that a triple costs
eight additions instead of fifty-six.
"""

from __future__ import annotations

from typing import Final

from mypy_extensions import i64

from streams.core.scanning import ASCII, HAN_FIRST, HAN_LAST, SMALL

FEWEST_LETTERS: Final = 8
"""Shorter texts (好的, ok, thanks all) are alike by chance: they have no fingerprint."""
MAX_TRIPLES: Final = 255
"""Triples that are looked at, the first ones: a counter is a byte."""
NEAR: Final = 7
"""Fingerprints of near-identical texts differ in at most so many of 56 bits."""

_LANES: Final = 0x01010101010101
_WIDE_FIRST: Final = 0xFF01
_WIDE_LAST: Final = 0xFF5E
_WIDE_STEP: Final = 0xFEE0
_A_NUMBER: Final = ord("0")
_NINE: Final = ord("9")
_MASK: Final = (1 << 28) - 1
_TWOS: Final = 0x55555555555555
_FOURS: Final = 0x33333333333333
_EIGHTS: Final = 0x0F0F0F0F0F0F0F


def _bits(first: i64, second: i64, third: i64) -> i64:
    """Return 56 bits for a triple of letters, each as often set as not; nothing on the way is beyond 62 bits."""
    mixed: i64 = (first * 40_503 + second * 30_011 + third * 10_007) & _MASK
    high: i64 = ((mixed * 0x2545F491) >> 13) & _MASK
    low: i64 = ((mixed * 0x1B873593) >> 17) & _MASK
    return ((high ^ (low >> 9)) << 28) | (low ^ (high >> 11))


def fingerprint(text: str) -> int:
    """Return 56 bits that say what letters a text is made of; 0 if it has fewer than :data:`FEWEST_LETTERS`."""
    small = SMALL
    c0: i64 = 0
    c1: i64 = 0
    c2: i64 = 0
    c3: i64 = 0
    c4: i64 = 0
    c5: i64 = 0
    c6: i64 = 0
    c7: i64 = 0
    before: i64 = 0
    first: i64 = 0
    letters: i64 = 0
    at: i64 = 0
    end: i64 = len(text)
    while at < end and letters < MAX_TRIPLES + 2:
        code: i64 = ord(text[at])
        at += 1
        if _WIDE_FIRST <= code <= _WIDE_LAST:
            code -= _WIDE_STEP
        if code < ASCII:
            code = small[code]
            if not ord("a") <= code <= ord("z"):
                continue
        elif not (HAN_FIRST <= code <= HAN_LAST or 0xC0 <= code < 0x2000 or 0x3040 <= code < HAN_FIRST):  # noqa: PLR2004
            continue
        letters += 1
        if letters >= 3:  # noqa: PLR2004
            bits = _bits(first, before, code)
            c0 += bits & _LANES
            c1 += (bits >> 1) & _LANES
            c2 += (bits >> 2) & _LANES
            c3 += (bits >> 3) & _LANES
            c4 += (bits >> 4) & _LANES
            c5 += (bits >> 5) & _LANES
            c6 += (bits >> 6) & _LANES
            c7 += (bits >> 7) & _LANES
        first = before
        before = code
    if letters < FEWEST_LETTERS:
        return 0
    half: i64 = (letters - 2) // 2
    lane: i64 = 0
    print_: i64 = 0
    while lane < 56:  # noqa: PLR2004
        print_ |= ((((c0 >> lane) & 255) > half) << lane) | ((((c1 >> lane) & 255) > half) << (lane + 1))
        print_ |= ((((c2 >> lane) & 255) > half) << (lane + 2)) | ((((c3 >> lane) & 255) > half) << (lane + 3))
        print_ |= ((((c4 >> lane) & 255) > half) << (lane + 4)) | ((((c5 >> lane) & 255) > half) << (lane + 5))
        print_ |= ((((c6 >> lane) & 255) > half) << (lane + 6)) | ((((c7 >> lane) & 255) > half) << (lane + 7))
        lane += 8
    return int(print_)


def near(one: int, other: int) -> bool:
    """Whether two fingerprints are of near-identical texts; texts without one are never."""
    if one == 0 or other == 0:
        return False
    differ: i64 = one ^ other
    differ -= (
        differ >> 1
    ) & _TWOS  # the bits of each two, four, eight are counted: compiled a tenth of int.bit_count()
    differ = (differ & _FOURS) + ((differ >> 2) & _FOURS)
    differ = (differ + (differ >> 4)) & _EIGHTS
    differ += differ >> 32
    differ += differ >> 16
    return (differ + (differ >> 8)) & 0x7F <= NEAR
