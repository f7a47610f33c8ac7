"""A data set to evaluate on, written for the purpose, in the layout of the annotated chats and archives.

Two sessions of a channel where people ask and are answered by name, and a community with people who stay, and people who fall
silent. Its right figures are known.
"""

import gzip
import json
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

Raw = dict[str, Any]

ASKED = 12
"""Questions that start a conversation, in each session."""
UNANSWERED = 4
"""Of them."""
_START = datetime(2024, 3, 4, tzinfo=UTC)
_WEEKS = 26


def written(directory: Path, *, train: bool = True) -> Path:
    """Write everything below ``directory`` and return it."""
    for split, sessions in (("dev", 2), ("train", 5)) if train else (("dev", 2),):
        events, answers, gold = chat(sessions)
        write(directory / split / "events.ndjson.gz", events)
        write(directory / split / "answers.ndjson.gz", answers)
        write(directory / split / "gold.ndjson.gz", gold)
    talk, labels = archive()
    write(directory / "churn" / "dev" / "village.events.ndjson.gz", talk)
    write(directory / "churn" / "dev" / "village.churn_labels.ndjson.gz", labels)
    return directory


def write(path: Path, rows: Iterable[Raw]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with gzip.open(path, "wt", encoding="utf-8") as out:
        out.writelines(json.dumps(row) + "\n" for row in rows)


def chat(sessions: int) -> tuple[list[Raw], list[Raw], list[Raw]]:
    """Events, gold answers and links: a question every ten minutes; two of three are answered by name within a minute."""
    events: list[Raw] = []
    answers: list[Raw] = []
    gold: list[Raw] = []
    for session in range(sessions):
        file = f"session-{session}"
        start = _START + timedelta(days=400 * session)
        end = start + timedelta(minutes=10 * ASKED + 40)

        def say(line: int, at: datetime, user: str, text: str, to: str = "", *, file: str = file) -> str:
            events.append({
                "event_id": f"{file}:{line}", "file": file, "line": line, "type": "message", "ts": stamp(at),
                "platform": "irc", "group_id": "harbour", "user_id": user, "nick": user, "text": text,
                "mentions": [to] if to else [], "mention_ids": [to] if to else [], "mention_ids_any": [to] if to else [],
                "annotated": True,
            })  # fmt: skip
            return f"{file}:{line}"

        for number in range(ASKED):
            at, asker, line = start + timedelta(minutes=10 * number), f"asker{number}", 10 * number
            answered = number % 3 != 0
            question = say(line, at, asker, f"does anyone know how to moor boat number {number}?")
            reply = ""
            if answered:
                reply = say(
                    line + 1, at + timedelta(seconds=40), "helper", f"{asker}: with two ropes, as always", asker
                )
            gold.append({"event_id": question, "file": file, "reply_to": [], "replied_by": [reply] if reply else []})
            answers.append({
                "event_id": question, "file": file, "line": line, "group_id": "harbour", "ts": stamp(at), "user_id": asker,
                "starts_conversation": True, "opens_conversation": True, "is_question_heuristic": True,
                "answered": answered, "first_answer_event_id": reply or None,
                "first_answer_seconds": 40.0 if answered else None,
                "seconds_remaining_in_file": (end - at).total_seconds(),
            })  # fmt: skip
        say(10 * ASKED, end, "helper", "calm today.")
    return events, answers, gold


def archive() -> tuple[list[Raw], list[Raw]]:
    """Events and labels: ten people write every day and stay, ten write ever more rarely and fall silent at half time."""
    events: list[Raw] = []
    spoke: dict[str, list[int]] = {}
    for day in range(7 * _WEEKS):
        for person in range(20):
            name = f"p{person:02}"
            fades = person >= 10
            stops = 40 + 12 * (person - 10)
            if fades and (day >= stops or (day >= stops - 20 and day % 7)):
                continue
            spoke.setdefault(name, []).append(day)
            at = _START + timedelta(days=day, minutes=10 * person)
            events.append({
                "event_id": f"village:{len(events)}", "type": "message", "ts": stamp(at), "platform": "zulip",
                "group_id": "square", "user_id": name, "text": None, "text_len": 10, "has_question_mark": False,
                "mentions": [],
            })  # fmt: skip
    labels = []
    for day in range(28, 7 * _WEEKS - 30, 7):
        for name, days in sorted(spoke.items()):
            before = sum(day - 28 <= d < day for d in days)
            if before:
                row = {
                    "user_id": name, "as_of": (_START + timedelta(days=day)).date().isoformat(), "messages_last_28d": before,
                    "churned_next_30d": not any(day <= d < day + 30 for d in days),
                }  # fmt: skip
                labels += [row | {"group_id": group} for group in ("*", "square")]
    return events, labels


def stamp(at: datetime) -> str:
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
