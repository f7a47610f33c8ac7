"""What the annotators' links say: which messages answer a question, and which belong to its conversation."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from evaluation.data import Raw


class Links(NamedTuple):
    """Later messages linked to each message, and who wrote which (people only)."""

    replied_by: Mapping[str, Sequence[str]]
    author: Mapping[str, str]

    def answers(self, question: str) -> set[str]:
        """Return the messages of other people that are linked to the question, or to the asker's own follow-ups of it."""
        asker = self.author.get(question, "")
        found: set[str] = set()
        seen, left = {question}, [question]
        while left:
            for message in self.replied_by.get(left.pop(), ()):
                if message in seen:
                    continue
                seen.add(message)
                who = self.author.get(message)
                if who == asker:
                    left.append(message)
                elif who is not None:
                    found.add(message)
        return found

    def conversation(self, question: str) -> set[str]:
        """Return the messages of other people in the conversation that the question starts, over any links onward."""
        asker = self.author.get(question, "")
        seen, left = {question}, [question]
        while left:
            for message in self.replied_by.get(left.pop(), ()):
                if message not in seen:
                    seen.add(message)
                    left.append(message)
        return {message for message in seen if self.author.get(message, asker) != asker}


def links_of(gold: Iterable[Raw], events: Iterable[Raw]) -> Links:
    """Return the links of annotated chats."""
    author = {e["event_id"]: e["user_id"] for e in events if e["type"] == "message" and not e.get("is_bot")}
    return Links({row["event_id"]: row["replied_by"] for row in gold if row.get("replied_by")}, author)
