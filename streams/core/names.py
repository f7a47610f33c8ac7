"""Whom a text names: the people with open questions, looked up by name instead of one by one.

A name is looked up by its :func:`~streams.core.scanning.mark`, a number: so no word has to be taken out of a text before it
is known to be a name, which it nearly never is, and taking it out costs five times as much as counting its mark.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from mypy_extensions import i64

from streams.core.arrival import Arrival
from streams.core.history import History
from streams.core.lexicon import ORDINARY_NAMES
from streams.core.scanning import MARK_FACTOR, MARK_MASK, MARKS, NAME, SMALL_IN_NAMES, is_ascii, mark, past, upto
from streams.core.state import Person
from streams.core.tables import FIRSTS, NAMES

SHORTEST: Final = 2
"""One character is no evidence."""
_FIRST_SEEN: Final = 0x21
_LAST_SEEN: Final = 0x7E
_PAIR: Final = 2
"""What somebody takes in a row of the table: a name, and who is called so."""
_NUMBERS: Final[list[object]] = list(range(MARKS))
"""The marks as the keys of the table: made once, since making a number and finding it costs thrice as much."""
_FLAGS: Final = ""
"""In the table of first characters stands here which they are, by their last eight bits: looking at these for each character
of a text costs a third of looking for each of them in it."""
_NO_FLAGS: Final = bytes(256)
_FLAG_MASK: Final = 0xFF
NOBODY: Final[list[str]] = []
NONE: Final[tuple[str, ...]] = ()


def named(h: History, event: Arrival) -> list[str]:
    """Return the members with open questions, other than the author, whose name or id stands in the text.

    Names in ASCII must stand as words of their own, in any case, and not be ordinary words; others may stand anywhere.
    """
    names: dict[object, tuple[str, ...]] = h.tables[NAMES]
    text = event.text
    if not names or not text:
        return NOBODY
    found: list[str] = []
    if is_ascii(text):
        _find_words(found, names, text, event.user_id)
        return found
    if _has_ascii(text):
        for token in tokens_of(text):
            _collect(found, _called(names, token), token, event.user_id)
    _find_anywhere(found, h, text, event.user_id)
    return found


def _find_words(found: list[str], names: dict[object, tuple[str, ...]], text: str, author: str) -> None:
    """Collect whom the words of an ASCII text name."""
    small, numbers = SMALL_IN_NAMES, _NUMBERS
    number: i64 = 0
    start: i64 = 0
    at: i64 = 0
    end: i64 = len(text)
    while at <= end:
        letter: i64 = 0
        if at < end:
            letter = small[ord(text[at])]
        at += 1
        if letter:  # as in mark(), here without a call for every word
            number = (number * MARK_FACTOR + letter) & MARK_MASK
            continue
        if at - start > SHORTEST:
            key = numbers[number]
            if key in names:
                _collect(found, names[key], text[start : at - 1].lower(), author)
        number = 0
        start = at


def tokens_of(text: str) -> set[str]:
    """Return the tokens of a text that may be names, case folded."""
    tokens: set[str] = set()
    end: i64 = len(text)
    start = upto(text, 0, NAME)
    while start < end:
        stop = past(text, start, NAME)
        if stop - start >= SHORTEST:
            tokens.add(text[start:stop].casefold())
        start = upto(text, stop, NAME)
    return tokens


def _find_anywhere(found: list[str], h: History, text: str, author: str) -> None:
    """Collect whom the names that aren't ASCII name, wherever in a text they stand."""
    firsts: dict[str, tuple[str, ...]] = h.tables[FIRSTS]
    flags: bytes | None = h.tables[FIRSTS].get(_FLAGS)
    if flags is None:
        return
    at: i64 = 0
    end: i64 = len(text)
    while at < end:
        code: i64 = ord(text[at])
        if flags[code & _FLAG_MASK]:
            for name in firsts.get(text[at], NONE):
                if name in text:
                    _collect(found, _called(h.tables[NAMES], name), name, author)
        at += 1


def _has_ascii(text: str) -> bool:
    """Whether there may be a name in ASCII in a text: two characters of it, side by side, that can be seen."""
    end: i64 = len(text)
    at: i64 = 0
    seen = False
    while at < end:
        code: i64 = ord(text[at])
        at += 1
        if code < _FIRST_SEEN or code > _LAST_SEEN:
            seen = False
        elif seen:
            return True
        else:
            seen = True
    return False


def _called(names: dict[object, tuple[str, ...]], name: str) -> tuple[str, ...]:
    return names.get(_NUMBERS[mark(name, 0, len(name))], NONE)


def add(h: History, person: Person) -> None:
    """Let a person who has begun to wait for an answer be found by their names."""
    for key in _keys(person.user, person.name):
        _add(h, key, person.user)


def remove(h: History, person: Person) -> None:
    """Let a person who waits no more not be found."""
    for key in _keys(person.user, person.name):
        _remove(h, key, person.user)


def rename(h: History, person: Person, name: str) -> None:
    """Let a person be found by a new name, if they wait for an answer."""
    if person.user not in h.askers:
        return
    before, after = _keys(person.user, person.name), _keys(person.user, name)
    for key in before:
        if key not in after:
            _remove(h, key, person.user)
    for key in after:
        if key not in before:
            _add(h, key, person.user)


def _collect(found: list[str], called: tuple[str, ...], name: str, author: str) -> None:
    """Collect those of one mark who have this very name: ``called`` are names and, each after its name, users."""
    for place in range(0, len(called), _PAIR):
        user = called[place + 1]
        if called[place] == name and user != author and user not in found:
            found.append(user)


def _keys(user: str, name: str) -> list[str]:
    keys: list[str] = []
    for called in (user, name):
        if len(called) < SHORTEST:
            continue
        key = called.lower() if called.isascii() else called
        if key not in ORDINARY_NAMES and key not in keys:
            keys.append(key)
    return keys


def _add(h: History, key: str, user: str) -> None:
    number = _NUMBERS[mark(key, 0, len(key))]
    called: tuple[str, ...] = h.tables[NAMES].get(number, NONE)
    h.put(NAMES, number, (*called, key, user))
    if not key.isascii() and not _has(called, key):
        _add_first(h, key)


def _remove(h: History, key: str, user: str) -> None:
    number = _NUMBERS[mark(key, 0, len(key))]
    called: tuple[str, ...] = h.tables[NAMES].get(number, NONE)
    left: list[str] = []
    if len(called) > _PAIR:  # nearly always they are the only one
        for place in range(0, len(called), _PAIR):
            if called[place] != key or called[place + 1] != user:
                left += called[place : place + _PAIR]
    if left:
        h.put(NAMES, number, tuple(left))
    else:
        h.drop(NAMES, number)
    if not key.isascii() and not _has(left, key):
        _remove_first(h, key)


def _add_first(h: History, name: str) -> None:
    first = name[0]
    alike: tuple[str, ...] = h.tables[FIRSTS].get(first, NONE)
    h.put(FIRSTS, first, (*alike, name))
    if not alike:
        _flag(h, ord(first) & _FLAG_MASK, b"\x01")


def _remove_first(h: History, name: str) -> None:
    first = name[0]
    alike: tuple[str, ...] = h.tables[FIRSTS].get(first, NONE)
    if len(alike) > 1:
        h.put(FIRSTS, first, tuple([other for other in alike if other != name]))
        return
    h.drop(FIRSTS, first)
    if len(h.tables[FIRSTS]) == 1:
        h.drop(FIRSTS, _FLAGS)
        return
    place = ord(first) & _FLAG_MASK
    for other in h.tables[FIRSTS]:
        if other != _FLAGS and ord(other) & _FLAG_MASK == place:
            return
    _flag(h, place, b"\x00")


def _flag(h: History, place: int, flag: bytes) -> None:
    flags: bytes = h.tables[FIRSTS].get(_FLAGS, _NO_FLAGS)
    h.put(FIRSTS, _FLAGS, flags[:place] + flag + flags[place + 1 :])


def _has(called: Sequence[str], name: str) -> bool:
    return name in called[::_PAIR]
