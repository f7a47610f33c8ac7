"""Annotated chats for training: events, gold links, and the same chats with names taken out."""

from __future__ import annotations

import gzip
import json
import re
import zlib
from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any, Final, NamedTuple

from huoqun import codec
from huoqun.config import Config
from huoqun.events import Event, read_event
from huoqun.results import Question
from streams.core.answer_model import AnswerModel
from streams.core.partition import Partition

MINUTES: Final = 30
RECEIVED: Final = 1_800_000_000_000
BATCH: Final = 500
VARIANTS: Final = ("named", "half", "unnamed", "slow")
"""As it was; every second message without the names that it addresses or says; all of them; those, ten times slower."""
SLOWER: Final = 10


class Truth(NamedTuple):
    """What is known of a message that wants an answer."""

    file: str
    at: int
    """ms."""
    answers: frozenset[str]
    """The messages of others that are linked to it, or to what its author added to it."""
    first: int
    """When the first of them came (ms); -1: none did."""
    starts: bool
    """It is linked to nothing before it."""
    scored: bool
    """The gold looks at it: a question that starts a conversation, with enough log after it."""
    last: int
    """When the log ends (ms)."""
    wants: bool
    """The gold has it for a question, or for the start of a conversation."""


def rows(path: Path) -> Iterator[dict[str, Any]]:
    """Yield the records of a file."""
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        for line in lines:
            yield json.loads(line)


class Chats:
    """One split of annotated chats."""

    def __init__(self, directory: Path) -> None:
        self.raws: dict[str, list[dict[str, Any]]] = defaultdict(list)
        for raw in rows(directory / "events.ndjson.gz"):
            self.raws[raw["file"]].append(raw)
        links = {raw["event_id"]: raw["reply_to"] for raw in rows(directory / "gold.ndjson.gz")}
        asked = {raw["event_id"]: raw for raw in rows(directory / "answers.ndjson.gz")}
        self.truths: dict[str, Truth] = {}
        for file, raws in self.raws.items():
            self._learn(file, raws, links, asked)
        self._names: dict[str, dict[str, set[str]]] = {}

    @property
    def files(self) -> list[str]:
        """The names of the files, sorted."""
        return sorted(self.raws)

    def start(self, file: str) -> int:
        """Return when a file begins (ms)."""
        return _ms(self.raws[file][0])

    def _learn(
        self, file: str, raws: list[dict[str, Any]], links: dict[str, list[str]], asked: dict[str, dict[str, Any]]
    ) -> None:
        said = {raw["event_id"]: raw for raw in raws if raw["type"] == "message" and not raw.get("is_bot")}
        linked: dict[str, list[str]] = defaultdict(list)
        for event, targets in links.items():
            if event in said:
                for target in targets:
                    if target != event:
                        linked[target].append(event)
        last = max(_ms(raw) for raw in raws)
        for event, raw in said.items():
            if event not in links:
                continue
            answers = _answers_to(event, raw["user_id"], linked, said)
            gold = asked.get(event)
            self.truths[event] = Truth(
                file,
                _ms(raw),
                answers,
                min((_ms(said[a]) for a in answers), default=-1),
                not any(t != event for t in links[event]),
                gold is not None
                and gold["is_question_heuristic"]
                and gold["starts_conversation"]
                and gold["seconds_remaining_in_file"] >= 60 * MINUTES,
                last,
                gold is not None and (gold["is_question_heuristic"] or gold["starts_conversation"]),
            )

    def log(self, file: str, variant: str) -> list[bytes]:
        """Return the events of a file as records of the events topic."""
        found: list[bytes] = []
        for raw in self.raws[file]:
            event = read_event(self._without_names(raw, variant), received_at=RECEIVED, source="training")
            assert isinstance(event, Event)
            found.append(codec.encode(event))
        return found

    def _without_names(self, raw: dict[str, Any], variant: str) -> dict[str, Any]:
        raw = dict(raw)
        if variant == "slow":
            first = self.start(raw["file"])
            raw["ts"] = first + SLOWER * (_ms(raw) - first)
        if raw["type"] != "message" or variant == "named":
            return raw
        if variant == "half" and zlib.crc32(raw["event_id"].encode()) % 2:
            return raw
        known = self._known(raw["file"])
        names = set(raw.get("mentions") or ())
        for user in (*(raw.get("mention_ids_any") or ()), *(raw.get("mention_ids") or ())):
            names |= known.get(user, set())
        text = raw["text"] or ""
        for name in sorted(names, key=len, reverse=True):
            text = re.sub(rf"(?i)(?<![\w-])@?{re.escape(name)}(?![\w-])\s*[:,>]*\s*", "", text)
        return {**raw, "text": text.strip() or ".", "mentions": [], "mention_ids": [], "mention_ids_any": []}

    def _known(self, file: str) -> dict[str, set[str]]:
        if file not in self._names:
            known: dict[str, set[str]] = defaultdict(set)
            for raw in self.raws[file]:
                known[raw["user_id"]] |= {n for n in (raw.get("nick"), raw.get("new_nick"), raw["user_id"]) if n}
            self._names[file] = known
        return self._names[file]


def run(log: list[bytes], model: AnswerModel) -> dict[str, Question]:
    """Run the streaming core over a log; return the latest version of each question."""
    state = Partition(0, Config(), answers=model)
    found: dict[str, Question] = {}
    for start in range(0, len(log), BATCH):
        bad = state.apply([(offset, log[offset]) for offset in range(start, min(start + BATCH, len(log)))])
        assert not bad
        for result in state.urgent():
            if isinstance(result, Question):
                found[result.question_id] = result
    return found


def _answers_to(
    event: str, author: str, linked: dict[str, list[str]], said: dict[str, dict[str, Any]]
) -> frozenset[str]:
    """Return the messages of others that are linked to a message, or to what its author linked to it."""
    mine, answers, look = {event}, set(), [event]
    while look:
        for other in linked.get(look.pop(), ()):
            if said[other]["user_id"] != author:
                answers.add(other)
            elif other not in mine:
                mine.add(other)
                look.append(other)
    return frozenset(answers)


def _ms(raw: dict[str, Any]) -> int:
    return round(datetime.fromisoformat(raw["ts"]).timestamp() * 1000)
