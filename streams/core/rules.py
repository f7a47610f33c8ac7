"""What rules of wording are made of: patterns that are quick to look for, small letters, texts without addresses."""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import groupby
from typing import Final

URL: Final = re.compile(r"(?:https?://|www\.)\S+", re.IGNORECASE)
ADDRESSES: Final = ("://", "w.")
"""What every address has in it, in small letters."""


def any_of(rows: Iterable[str]) -> str:
    """Return a pattern for any of the rows, each of which begins with a literal character.

    Rows that begin alike stand together, in their order, so that one comparison passes over all of them (0.30 instead of
    0.41 for the Chinese rules).
    """
    alike = groupby(sorted(rows, key=_first), _first)
    return "|".join(f"(?:{'|'.join(group)})" for _, group in alike)


def _first(row: str) -> str:
    if row[0] in "([.^$" or row[:2] in {r"\b", r"\w", r"\s", r"\d"}:
        raise ValueError(f"a row that doesn't begin with a literal character slows all others down: {row}")
    return row[:2] if row[0] == "\\" else row[0]


def whole_words(rows: Iterable[str]) -> str:
    r"""Return a pattern for any of the rows as whole words; each begins with a literal word.

    What comes before is looked at after the first word, where it says the same as ``\b`` would in front: a pattern all of whose
    rows begin with a literal passes over a text thirty times as fast.
    """
    return any_of(re.sub(r"^(\w+)", r"\1(?<!\\w\1)", row) + r"\b" for row in rows)


def small(text: str) -> str:
    """Return the text in small letters: a search in it finds what one that ignores case would find in the text itself.

    That takes ı, İ and ſ for i and s. The length stays.
    """
    if text.isascii():
        return text.lower()
    return text.replace("İ", "i").replace("ı", "i").replace("ſ", "s").lower()


def forms(letter: str) -> str:
    """Return all letters that one that ignores case takes for a small one."""
    odd = {"i": "\u0130\u0131", "k": "\u212a", "s": "\u017f"}
    return letter + letter.upper() + odd.get(letter, "")


def without_addresses(text: str) -> str:
    """Return the text with a space for each address in it."""
    # One character is found in a third of the time of several, and few texts have these.
    if (":" in text and "://" in text) or ("." in text and ("w." in text or "W." in text)):
        return URL.sub(" ", text)
    return text
