"""Looking at a text character by character says what regular expressions say."""

from __future__ import annotations

import random
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.core import scanning
from streams.core.scanning import Literals, Pairs, is_ascii, mark, marks_of, openings, pair, past, upto

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
    assert Literals({"bac": 1}).found_in("baac") == 0, "where no literal has a space nothing else is one"


ALIKE = [(ord("A"), ord("C"), "a"), (ord("\t"), ord("\n"), " "), (ord("x"), ord("z"), "q")]
"""Ranges of two and three characters, and one that counts as a letter that no literal has."""


def plainly_found(signs: dict[str, int], text: str, until: int) -> int:
    """Return the bits of the literals, each looked for by itself, in the shortest beginning that has one of ``until``."""
    same = {chr(code): letter for first, last, letter in ALIKE for code in range(first, last + 1)}
    seen = "".join("b" if ord(letter) >= scanning.KNOWN else same.get(letter, letter) for letter in text)
    known = set("".join(signs))
    seen = "".join(letter if letter in known else "." for letter in seen)
    found = 0
    for end in range(len(seen) + 1):
        for sign, bit in signs.items():
            found |= bit if re.search(re.escape(sign).replace(r"\ ", " +"), seen[:end]) else 0
        if found & until:
            break
    return found


def test_many_literals_are_found_at_once_as_each_would_be_by_itself() -> None:
    drawn = random.Random(5)
    for _ in range(400):
        words = {"".join(drawn.choices("abc王", k=drawn.randint(1, 3))) for _ in range(drawn.randint(2, 8))}
        spaced = {f"{drawn.choice('abc')} {drawn.choice('abc')}" for _ in range(drawn.randint(0, 2))}
        signs = {word: 1 << place for place, word in enumerate(sorted(words | spaced))}
        until = drawn.choice([0, 1, 4])
        literals = Literals(signs, alike=ALIKE, beyond="b", until=until)
        text = "".join(drawn.choices("aabbc王 \t\nABCDxyz@\U00010000\U0001f642", k=drawn.randint(0, 14)))
        assert literals.found_in(text) == plainly_found(signs, text, until), (signs, text)


def test_a_state_is_one_byte_and_all_256_of_them_may_be_had() -> None:
    longest = "ab" * 127 + "c"
    assert Literals({longest: 1}).found_in(f"ab{longest}") == 1
    with pytest.raises(ValueError, match="too many literals, or an empty one: 257 states"):
        Literals({f"{longest}c": 1})


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


def test_what_is_of_names_in_ascii_stands_there_in_small_letters_and_nothing_else_does() -> None:
    for code in range(scanning.ASCII):
        letter = chr(code)
        assert scanning.SMALL[code] == ord(letter.lower())
        of_names = letter.isalnum() or letter in "_[]\\`^{}|-"
        assert scanning.SMALL_IN_NAMES[code] == (ord(letter.lower()) if of_names else 0)


def test_whether_a_text_is_ascii_is_known_of_whichever_text_is_asked_about() -> None:
    first = scanning._Last()
    assert first.ascii == first.text.isascii(), "before any was asked about"
    for text in ("abc", "abc", "王", "王", "", "é", "x", "abc王", "王"):
        assert is_ascii(text) is text.isascii()


def test_a_mark_is_counted_letter_by_letter_of_the_part_alone() -> None:
    text = "Ab王\x7f\x80é🙂z'9"
    for at in range(len(text)):
        for end in range(at, len(text) + 1):
            plain = 0
            for letter in text[at:end]:
                plain = (plain * 31 + ord(letter.lower() if letter.isascii() else letter)) % 4096
            assert mark(text, at, end) == plain
    words = ["abc", "王伟", "x", ""]
    assert [number for number, there in enumerate(marks_of(words)) if there] == sorted(
        {mark(word, 0, len(word)) for word in words}
    )
    assert len(marks_of(words)) == scanning.MARKS


def test_a_words_openings_are_its_first_and_its_last_pair_and_none_of_one_letter() -> None:
    assert openings(["", "王", "ab", "abc", "天气好吗"]) == bytes(
        [0, 0, 0, 0, pair("ab", 0), pair("ab", 0), pair("ab", 0), pair("bc", 0), pair("天气", 0), pair("好吗", 0)]
    )
    assert pair("xab", 1) == pair("ab", 0) == (ord("a") * 31 + ord("b")) % 256
    assert pair("ab", 0) != pair("aa", 0)


def test_the_characters_at_the_edge_of_ascii_and_the_two_beyond_it_with_small_forms_in_it_are_in_pairs() -> None:
    def holds(text: str, two: str) -> bool:
        return Pairs(text).may_hold(pair(two, 0))

    assert holds("a\x7f", "a\x7f")
    assert holds("a\x80", "a\x80")
    assert holds("oK\u212a", "kk")
    assert holds("a\u0130", "ai")
    assert not holds("a\u0131", "ai")
