"""How messages open, which tells answers from talk: in Chinese and English, after a name, whatever stands around the word."""

import pytest

from streams.core.openings import CLASSES, opening, says_you
from streams.core.scanning import Pairs


def of(text: str, *, addressed: bool = False) -> int:
    return int(opening(text, addressed))


GREETS, CALLS, ASKS, OTHER, SHOWS, ADVISES, YES_OR_NO = 0, 1, 5, 7, 10, 11, 12


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("hello everybody", GREETS),
        ("大家好呀", GREETS),
        ("anyone here with the same card", CALLS),
        ("有没有人也遇到过", CALLS),
        ("请问周末开门吗", CALLS),
        ("What version is it", ASKS),
        ("怎么弄的", ASKS),
        ("是不是缺水了", ASKS),
        ("blue paint is cheaper", OTHER),
        ("番茄叶子发黄", OTHER),
        ("https://example.org/howto", SHOWS),
        ("!paste", SHOWS),
        ("/etc/fstab is the file", SHOWS),
        ("try another cable", ADVISES),
        ("试试换个盆", ADVISES),
        ("看天气", ADVISES),
        ("谁家有", CALLS),
        ("求个盆", CALLS),
        ("几盆了", ASKS),
        ("yes.", YES_OR_NO),
        ("No, not that one", YES_OR_NO),
        ("可以的，我家就是", YES_OR_NO),
    ],
)
def test_the_first_word_says_it(text: str, found: int) -> None:
    assert of(text) == found
    assert of(f"  {text}") == found


@pytest.mark.parametrize("address", ["bob: ", "bob, ", "@bob ", "@阿禾 ", "小满，", "小满："])
def test_the_name_of_whom_it_is_addressed_to_is_passed_over(address: str) -> None:
    assert of(f"{address}try another cable") == ADVISES
    assert of(f"{address}试试换个盆") == ADVISES
    assert of(f"{address}blue paint") == OTHER


def test_a_name_without_a_mark_is_passed_over_where_the_message_is_known_to_address_somebody() -> None:
    assert of("bob try another cable") == OTHER
    assert of("bob try another cable", addressed=True) == ADVISES
    assert of("yes bob try it", addressed=True) == YES_OR_NO, "not a name: it says something itself"


def test_a_letter_with_an_accent_is_of_the_word_and_a_wide_blank_ends_it() -> None:
    assert of("noël is in december") == OTHER, "not a no"
    assert of("jörg try another cable", addressed=True) == ADVISES
    assert of("no\u3000not that one") == YES_OR_NO
    assert of("no\u2003not that one") == YES_OR_NO
    assert of("no\u3001not that one") == OTHER


@pytest.mark.parametrize(
    "text",
    ["", "   ", ":", "，", "@", "bob:", "…", "\x80", "a\x80 b", "ok\x80", "a" * 300, "叶" * 300, "\u3000", ": :"],
)
def test_texts_without_such_a_word_are_something_else(text: str) -> None:
    assert of(text) == of(text, addressed=True) == OTHER
    assert OTHER < CLASSES


@pytest.mark.parametrize(
    "text",
    [
        "do you have it",
        "your disk is full",
        "你试过吗",
        "麻烦您看看",
        "u need root",
        "did u try",
        "you're right",
        "is yoga out for u too",
    ],
)
def test_you_is_found(text: str) -> None:
    assert says_you(text, Pairs(text))


@pytest.mark.parametrize("text", ["", "the young ones", "youtube is down", "use ubuntu", "叶子发黄", "up to date"])
def test_what_only_looks_like_you_is_none(text: str) -> None:
    assert not says_you(text, Pairs(text))
