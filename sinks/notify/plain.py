"""What members wrote, made harmless for where it is shown: pure.

Names and messages of members stand in titles and reasons. In a chat's markup they could become links, pictures or a call
to everybody; as plain text a client still makes links of addresses. So every text that is not ours goes through one of
the two functions below before it stands in a notice.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from typing import Final

Escape = Callable[[str], str]

_SPACES: Final = re.compile(r"\s+")
_SCHEME: Final = re.compile(r"://")
_DOMAIN_DOT: Final = re.compile(r"(?<=[\w-])[.．](?=[^\W\d_]{2})")
_HIDDEN: Final = frozenset({"Cc", "Cf", "Co", "Cs", "Cn"})
"""Controls, marks of direction and joiners, and what has no meaning: they hide what a text says."""
_KEPT: Final = frozenset("\u200d\ufe0f")
"""What holds families of emoji together."""
_MARKUP: Final = str.maketrans("<>[](){}*_~`#|\\!@&", "＜＞［］（）｛｝＊＿～｀＃｜＼！＠＆")
"""What any markup of the channels is made of, and its likeness that none reads: backslashes are not understood everywhere."""


def plain(text: str) -> str:
    """Return a member's text on one line, without hidden characters and with no address that a client would make a link of."""
    shown = "".join(c for c in text if c.isspace() or c in _KEPT or unicodedata.category(c) not in _HIDDEN)
    return _DOMAIN_DOT.sub("［.］", _SCHEME.sub("［:］//", _SPACES.sub(" ", shown).strip()))


def inert(text: str) -> str:
    """Return a member's text as :func:`plain` does, and with nothing that markup is made of."""
    shown = plain(text).translate(_MARKUP)
    # At the start of a line these make lists, quotes and rules.
    return f"·{shown[1:]}" if shown[:1] in ("-", "+", "=") else shown


def shortened(text: str, most: int) -> str:
    """Return at most ``most`` characters of a text, with the number of those left out."""
    if len(text) <= most:
        return text
    kept = max(0, most - 8)
    return f"{text[:kept]}…(+{len(text) - kept})"


def in_bytes(text: str) -> int:
    """Return the length of a text in UTF-8."""
    return len(text.encode("utf-8", "replace"))


def link(url: str) -> str:
    """Return an address of ours so that it can stand between a link's parentheses."""
    return "".join(f"%{ord(c):02X}" if c in " ()<>\"'\\`|" else c for c in url if c.isprintable() or c == " ")
