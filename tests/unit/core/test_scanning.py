"""Looking at a text character by character says what regular expressions say."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.core import scanning
from streams.core.scanning import Literals, Pairs, mark, openings, past, upto

CHARACTERS = "abAB_1'- \t\u3000\x1c王一é🙂𠀀|."
TEXTS = st.text(CHARACTERS, max_size=20) | st.text(max_size=10)


@given(TEXTS, st.data())
def test_a_run_of_a_kind_of_character_ends_where_the_expression_for_the_kind_ends(
    text: str, data: st.DataObject
) -> None:
    pattern, kind = data.draw(st.sampled_from(sorted(scanning._CLASSES.items())))
    at = data.draw(st.integers(0, len(text)))
    run = re.compile(f"(?:{pattern})*").match(text, at)
    assert run is not None
    assert past(text, at, kind) == run.end()
    found = re.compile(pattern).search(text, at)
    assert upto(text, at, kind) == (found.start() if found else len(text))


@given(
    st.lists(st.text("abc王", min_size=1, max_size=4), min_size=1, max_size=8, unique=True),
    st.text("abc王d🙂", max_size=30),
)
def test_literals_are_found_wherever_they_stand_also_inside_each_other(literals: list[str], text: str) -> None:
    signs = {literal: 1 << place for place, literal in enumerate(literals)}
    found = Literals(signs).found_in(text)
    assert found == sum(bit for literal, bit in signs.items() if literal in text)


def test_a_space_stands_for_any_number_and_letters_count_as_those_they_are_said_to_be_alike() -> None:
    literals = Literals({"a b": 1, "?": 2}, alike=[(ord("\t"), ord("\t"), " "), (ord("A"), ord("A"), "a")], beyond="?")
    assert literals.found_in("xA \t b") == 1
    assert literals.found_in("ab") == 0
    assert literals.found_in("🙂") == 2


def test_looking_ends_where_what_it_looks_for_is_found() -> None:
    assert Literals({"a": 1, "b": 2}, until=1).found_in("xab") == 1


def test_more_literals_than_fit_and_an_empty_one_are_refused() -> None:
    with pytest.raises(ValueError, match="too many"):
        Literals({f"{number:03}": 1 for number in range(1000)})
    with pytest.raises(ValueError, match="empty"):
        Literals({"": 1})


@given(st.text(max_size=8))
def test_the_mark_of_a_word_is_that_of_the_word_in_small_letters(word: str) -> None:
    small = "".join(letter.lower() if letter.isascii() else letter for letter in word)
    assert mark(word, 0, len(word)) == mark(small, 0, len(small))
    assert 0 <= mark(word, 0, len(word)) < scanning.MARKS


@given(
    st.text("abKİ\u212aı'09王一不é ", max_size=30),
    st.lists(st.text("abki'09王一不", max_size=3), max_size=9),
)
def test_no_word_of_a_text_is_passed_over_for_its_first_two_letters_or_its_last(text: str, words: list[str]) -> None:
    low, pairs = text.lower(), Pairs(text)
    numbers = openings(words)
    for word, first, last in zip(words, numbers[::2], numbers[1::2], strict=True):
        assert (pairs.may_hold(first) and pairs.may_hold(last)) or word not in low or len(word) < 2


def test_of_all_numbers_a_text_holds_those_of_its_pairs_and_of_its_beginning_and_no_other() -> None:
    one_of_each = {scanning.pair(f"王{chr(code)}", 0): f"王{chr(code)}" for code in range(0x4E00, 0x5200)}
    assert set(one_of_each) == set(range(scanning.PAIRS))
    for number, text in one_of_each.items():
        beginning = scanning.pair("\0王", 0)
        held = {each for each in range(scanning.PAIRS) if Pairs(text).may_hold(each)}
        assert held == {number, beginning}
