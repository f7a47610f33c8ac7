"""Whom a text names, against the plain statement of it: every name of every asker looked for by itself."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from huoqun.events import Event
from streams.core import names
from streams.core.arrival import Arrival
from streams.core.history import History
from streams.core.lexicon import ORDINARY_NAMES
from streams.core.scanning import mark
from streams.core.state import Person
from streams.core.tables import ASKERS, FIRSTS, NAMES
from tests.unit.core import slow_wording as slow


def person(user: str, name: str) -> Person:
    made = Person(0, user)
    made.name = name
    return made


def message(text: str, user: str = "author") -> Arrival:
    return Arrival(Event(id="m", type="message", ts=1, platform="p", group_id="g", user_id=user, text=text), 0, b"")


def asking(*people: Person) -> History:
    h = History()
    for each in people:
        names.add(h, each)
    return h


def test_a_name_in_letters_must_stand_as_a_word_in_any_case_and_one_in_chinese_may_stand_anywhere() -> None:
    h = asking(person("u1", "Bob"), person("u2", "王伟"))
    assert names.named(h, message("thanks BOB!")) == ["u1"]
    assert names.named(h, message("bobby is here")) == []
    assert names.named(h, message("谢谢王伟老师")) == ["u2"]
    assert sorted(names.named(h, message("王伟说的对 @u1"))) == ["u1", "u2"]


def test_nobody_is_named_by_themselves_by_an_ordinary_word_or_by_one_character() -> None:
    h = asking(person("u1", "guest"), person("u2", "王"), person("u3", "Ann"))
    assert names.named(h, message("a guest of 王")) == []
    assert names.named(h, message("ann", user="u3")) == []


def test_two_of_one_name_are_both_named_until_one_has_their_answer() -> None:
    first, second = person("u1", "小明"), person("u2", "小明")
    h = asking(first, second)
    assert sorted(names.named(h, message("小明你好"))) == ["u1", "u2"]
    names.remove(h, first)
    assert names.named(h, message("小明你好")) == ["u2"]
    names.remove(h, second)
    assert names.named(h, message("小明你好")) == []
    assert not h.tables[NAMES]
    assert not h.tables[FIRSTS]


def test_a_name_of_the_same_mark_is_not_taken_for_another() -> None:
    assert mark("a|", 0, 2) == mark("b]", 0, 2)
    h = asking(person("u1", "a|"), person("u2", "b]"))
    assert names.named(h, message("a|")) == ["u1"]
    assert names.named(h, message("B]")) == ["u2"]


CHARACTERS = "abBk19_-|[ 王李伟ſKÉé㐀İı，:.🙂𠀀"
WORDS = st.text(CHARACTERS, min_size=1, max_size=4)


def plainly(people: dict[str, str], text: str, author: str) -> list[str]:
    tokens = slow.tokens_of(text) if names._has_ascii(text) else set()
    found = []
    for user, name in people.items():
        for called in (user, name):
            key = called.casefold() if called.isascii() else called
            if len(key) > 1 and key not in ORDINARY_NAMES and (key in tokens or (not key.isascii() and key in text)):
                found.append(user)
                break
    return sorted(set(found) - {author})


def tables(h: History) -> tuple[dict[object, object], dict[object, object]]:
    """Return what is kept to find people by, without the order in which names came."""
    sort = {key: each if key == names._FLAGS else sorted(each) for key, each in h.tables[FIRSTS].items()}
    return dict(h.tables[NAMES]), sort


@given(st.dictionaries(WORDS, WORDS, max_size=8), st.data())
@settings(max_examples=400)
def test_whatever_people_are_called_they_are_found_where_their_names_stand(
    people: dict[str, str], data: st.DataObject
) -> None:
    known = [person(user, name) for user, name in people.items()]
    h = asking(*known)
    some = [*people, *people.values(), " ", "a"]
    text = "".join(data.draw(st.lists(st.sampled_from(some) | WORDS, max_size=6)))
    author = data.draw(st.sampled_from(some))
    assert sorted(names.named(h, message(text, author))) == plainly(people, text, author)
    gone = data.draw(st.integers(0, len(known)))
    for each in known[:gone]:
        names.remove(h, each)
    left = {each.user: each.name for each in known[gone:]}
    assert sorted(names.named(h, message(text, author))) == plainly(left, text, author)
    assert tables(h) == tables(asking(*known[gone:])), "nothing is left of who waits no more"


def test_who_waits_under_a_new_name_is_found_by_it_and_no_more_by_the_old_one() -> None:
    called = person("u1", "小明")
    h = asking(called, person("u2", "小红"))
    h.put(ASKERS, "u1", ())
    names.rename(h, called, "大明")
    assert names.named(h, message("小明你好")) == []
    assert names.named(h, message("大明和小红你好")) == ["u1", "u2"]
    assert names.named(h, message("@u1 在吗")) == ["u1"]


def test_who_waits_for_nothing_is_found_by_no_name() -> None:
    h = asking()
    names.rename(h, person("u1", "小明"), "大明")
    assert names.named(h, message("大明你好")) == []


@pytest.mark.parametrize(
    ("text", "may"),
    [("", False), ("王", False), ("a王", False), ("王a b伟", False), ("王ab", True), ("!~", True), ("王!~", True), ("王a a~a", True),
     ("\x20a", False), ("a\x7f", False), ("a\x80", False), ("王b王b", False)],
)  # fmt: skip
def test_only_where_two_characters_of_ascii_stand_side_by_side_there_may_be_a_name_in_ascii(
    text: str, may: bool
) -> None:
    assert names._has_ascii(text) is may


@pytest.mark.parametrize("text", ["", "a", "王 b cd", "x_y, |z| é", "Bob's", " a b", "K\u212a ſs", "Été 王"])
def test_what_may_be_a_name_has_two_characters_at_least(text: str) -> None:
    assert names.tokens_of(text) == slow.tokens_of(text)
