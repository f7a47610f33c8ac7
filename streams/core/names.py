"""Whom a text names: the people with open questions, looked up by name instead of one by one."""

from __future__ import annotations

import re
from typing import Final

from streams.core.arrival import Arrival
from streams.core.history import FIRSTS, NAMES, History
from streams.core.lexicon import ORDINARY_NAMES
from streams.core.state import Person
from streams.core.wording import tokens_of

_IN_ASCII: Final = re.compile(r"[\x21-\x7e][\x21-\x7e]")  # not {2}: that would be slow to look for
"""There may be a name in ASCII: most messages in Chinese are passed over in a third of the time."""
SHORTEST: Final = 2
"""One character is no evidence."""
NOBODY: Final[list[str]] = []
NONE: Final[tuple[str, ...]] = ()


def named(h: History, event: Arrival) -> list[str]:
    """Return the members with open questions, other than the author, whose name or id stands in the text.

    Names in ASCII must stand as words of their own, in any case, and not be ordinary words; others may stand anywhere.
    """
    names: dict[str, tuple[str, ...]] = h.tables[NAMES]
    text = event.text
    if not names or not text:
        return NOBODY
    found: list[str] = []
    ascii_only = text.isascii()
    if ascii_only or _IN_ASCII.search(text) is not None:
        for token in tokens_of(text):
            if token in names:
                _collect(found, names[token], event.user_id)
    firsts: dict[str, tuple[str, ...]] = h.tables[FIRSTS]
    if firsts and not ascii_only:
        for first in firsts:  # noqa: PLC0206  # it is rarely in; fewer than the characters of a text, and each looked for in C
            if first in text:
                for name in firsts[first]:
                    if name in text:
                        _collect(found, names[name], event.user_id)
    return found


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


def _collect(found: list[str], users: tuple[str, ...], author: str) -> None:
    for user in users:
        if user != author and user not in found:
            found.append(user)


def _keys(user: str, name: str) -> list[str]:
    keys: list[str] = []
    for called in (user, name):
        if len(called) < SHORTEST:
            continue
        key = called.casefold() if called.isascii() else called
        if key not in ORDINARY_NAMES and key not in keys:
            keys.append(key)
    return keys


def _add(h: History, key: str, user: str) -> None:
    users: tuple[str, ...] = h.tables[NAMES].get(key, NONE)
    h.put(NAMES, key, (*users, user))
    if not users and not key.isascii():
        h.put(FIRSTS, key[0], (*h.tables[FIRSTS].get(key[0], NONE), key))


def _remove(h: History, key: str, user: str) -> None:
    users: tuple[str, ...] = h.tables[NAMES].get(key, NONE)
    if len(users) > 1:
        h.put(NAMES, key, tuple([other for other in users if other != user]))
        return
    h.drop(NAMES, key)
    if not key.isascii():
        alike: tuple[str, ...] = h.tables[FIRSTS].get(key[0], NONE)
        if len(alike) > 1:
            h.put(FIRSTS, key[0], tuple([other for other in alike if other != key]))
        else:
            h.drop(FIRSTS, key[0])
