"""How a message takes up what was said before, against the plain statement of it."""

from __future__ import annotations

from typing import Final

from hypothesis import given
from hypothesis import strategies as st

from streams.core import answer_features
from streams.core.answer_features import COLD, LUKEWARM, STEPS_ODDS, THANKFUL, WARM, warmth
from streams.core.reactions import thanks

ENGLISH: Final = sorted(answer_features._TAKES_UP)
CHINESE: Final = sorted(answer_features._TAKES_UP_ZH)
ODD: Final = [
    ":",
    " ",
    ",",
    ".",
    "!",
    "\n",
    "\u3000",
    "\x1c",
    "\u212a",
    "İ",
    "ı",
    "ſ",
    "Σ",
    "OK",
    "bob:",
    "x",
    "你",
    "👍",
    "word " * 40,
]


def plainly(text: str) -> int:
    """Return the same as ``warmth``, slowly."""
    if thanks(text):
        return THANKFUL
    start = text[:200].lower()
    words = start.replace(",", " ").replace(".", " ").replace("!", " ").split()
    found = COLD
    for place, word in enumerate(words):
        if word in ENGLISH:
            found = LUKEWARM
            if place == 0 or (place == 1 and words[0].endswith(":")):
                return WARM
    places = [at for at in (start.find(word) for word in CHINESE) if at >= 0]
    return (WARM if min(places) <= 1 else LUKEWARM) if places else found


@given(
    st.lists(
        st.sampled_from([*ENGLISH, *CHINESE, *ODD]) | st.sampled_from([" ", "!"]) | st.text(max_size=3), max_size=40
    )
)
def test_one_pass_says_the_same_as_the_plain_statement(parts: list[str]) -> None:
    text = "".join(parts)
    assert warmth(text) == plainly(text)


@given(st.floats(0, 1))
def test_a_class_of_odds_is_the_first_whose_step_is_not_below(probability: float) -> None:
    if probability >= 0.01:
        capped = min(probability, 0.999)
        odds = answer_features.math.log(probability / (1 - capped))
        expected = sum(odds > step for step in STEPS_ODDS)
    else:
        expected = 0
    assert answer_features._odds_class(probability) == expected
