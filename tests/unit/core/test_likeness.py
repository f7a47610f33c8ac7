"""Near-identical texts have near-identical fingerprints; others don't."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.core.likeness import NEAR, fingerprint, near

AD = "阳台神器限时优惠，前五十名半价，加微信 abc123 领取优惠券，名额有限先到先得"
EN = "Earn 500 dollars a day from home with no experience, message me on telegram for details now"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (AD, AD.replace("，", " 🔥 ")),
        (AD, AD.replace("abc123", "abc999")),
        (AD, "！！" + AD + " 8"),
        (EN, EN.upper()),
        (EN, EN.replace("500", "700") + " !!!"),
        (EN, EN.replace("now", "today")),
        ("ＤＭ me for cheap followers and likes", "DM me for cheap followers and likes"),
    ],
)
def test_what_differs_in_marks_numbers_and_a_few_letters_is_near(one: str, other: str) -> None:
    assert near(fingerprint(one), fingerprint(other))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (AD, "今天的番茄终于红了，谁家的黄瓜也结了，晒晒图给大家看看长势如何"),
        (EN, "does anyone know how to repot a tomato in a small pot without breaking the roots"),
        ("好的", "好的"),
        ("ok", "ok"),
    ],
)
def test_others_and_short_texts_are_not(one: str, other: str) -> None:
    assert not near(fingerprint(one), fingerprint(other))


@given(st.text(max_size=600))
def test_any_text_has_one_of_at_most_56_bits(text: str) -> None:
    assert 0 <= fingerprint(text) < 1 << 56


@given(st.integers(1, 2**56 - 1), st.integers(1, 2**56 - 1), st.integers(0, 2**56 - 1))
def test_near_counts_the_bits_in_which_two_differ(one: int, mask: int, other_mask: int) -> None:
    other = one ^ (mask & other_mask & other_mask >> 3)
    assert near(one, other) == (other != 0 and (one ^ other).bit_count() <= NEAR)


@pytest.mark.parametrize(
    "letter", ["a", "z", "A", "Z", "ａ", "Ｚ", "À", "é", "\u1fff", "\u3040", "カ", "㐀", "阳", "\u9fff"]
)
def test_the_eighth_letter_makes_a_text_long_enough(letter: str) -> None:
    assert fingerprint("abcdefg") == 0
    assert fingerprint("abcdefg" + letter) != 0


@pytest.mark.parametrize(
    "sign", ["`", "{", "@", "[", "7", " ", "¿", "\u2000", "。", "\u303f", "\ua000", "！", "～", "｡", "🙂"]
)
def test_what_is_no_letter_does_not_count(sign: str) -> None:
    assert fingerprint("abcdefg" + sign) == 0
    assert fingerprint("abcd" + sign + "efgh") == fingerprint("abcdefgh")


LONG = "".join(chr(ord("a") + i * i % 26) for i in range(300))


@pytest.mark.parametrize(
    ("text", "bits"),
    [
        ("abcdefgh", 0x11022446A23200),
        ("ＡＢＣ, dｅf 12 gh!", 0x11022446A23200),
        ("阳台神器限时优惠", 0xDD6B2444023080),
        ("加微信领取优惠券名额有限先到先得", 0x9004144E618D13),
        ("Àéîõü ñçß", 0x03008112000CB0),
        ("ひらがなカタカナ", 0x384C808BE08A10),
        ("x" * 300, 0xC172143D5BFA07),
    ],
)
def test_a_fingerprint_that_was_saved_is_that_of_the_same_text_today(text: str, bits: int) -> None:
    assert fingerprint(text) == bits


def test_255_triples_count_and_what_comes_after_them_does_not() -> None:
    assert fingerprint(LONG[:257] + "q" * 40) == fingerprint(LONG[:257])
    ends = {fingerprint("xy" * 64 + "zz" * 64 + last) for last in "abcdefghijklmnopqrstuvwxyz"}
    assert len(ends) > 1, "the 257th letter is in the last of them"


@given(st.integers(0, 2**56 - 1), st.lists(st.integers(0, 55), min_size=NEAR + 1, max_size=NEAR + 1, unique=True))
def test_seven_bits_apart_is_near_and_eight_are_not(one: int, places: list[int]) -> None:
    seven, eight = one, one
    for place in places[:-1]:
        seven ^= 1 << place
    for place in places:
        eight ^= 1 << place
    assert near(one, seven) == (one != 0 and seven != 0)
    assert not near(one, eight)
