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
