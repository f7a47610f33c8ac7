"""Chats in which nobody is called by name: the same messages without the names of those they address or name.

Most groups are like this; chats of IRC are not. The rule is that of ``strip_addressing.py``, which comes with the annotated
chats: a test holds the two against each other.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from functools import lru_cache

from evaluation.data import Raw

Names = dict[tuple[str, str], set[str]]
"""(file, user) -> every name that the person was seen under."""


def names_in(events: Iterable[Raw]) -> Names:
    """Return who is called what."""
    found: Names = defaultdict(set)
    for event in events:
        for name in (event.get("nick"), event.get("new_nick"), event["user_id"]):
            if name:
                found[event.get("file") or "", event["user_id"]].add(name)
    return found


def unnamed(events: Iterable[Raw], names: Names) -> Iterator[Raw]:
    """Return the events, without names in the messages."""
    for event in events:
        if event["type"] != "message":
            yield event
            continue
        called: set[str] = set(event.get("mentions") or ())
        for user in (*(event.get("mention_ids_any") or ()), *(event.get("mention_ids") or ())):
            called |= names.get((event.get("file") or "", user), set())
        text = event.get("text") or ""
        lowered = text.lower()
        for name in sorted(called, key=len, reverse=True):
            if name.lower() in lowered:
                text = _called(name).sub("", text)
        yield event | {"text": text.strip() or ".", "mentions": [], "mention_ids": [], "mention_ids_any": []}


@lru_cache(maxsize=4096)
def _called(name: str) -> re.Pattern[str]:
    return re.compile(r"(?i)(?<![\w-])@?" + re.escape(name) + r"(?![\w-])\s*[:,>]*\s*")
