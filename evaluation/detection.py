"""Question detection on the labelled messages of this project: each posted alone in a group of its own, then the views asked."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Final

import msgspec

from bench.table import at_least
from evaluation import data, metrics
from evaluation.data import Raw
from evaluation.figures import Figure, absent, digits, failed, figure
from evaluation.running import RunError, replayed
from evaluation.task import Task

HELD: Final = "held"
"""The half that was never used for tuning: what is judged."""
TARGET: Final = at_least(0.92)
NAME: Final = "question detection, F1"
LANGUAGES: Final = {
    "zh": "Chinese",
    "en": "English",
    "zh_later": "Chinese, later messages",
    "en_later": "English, later messages",
}
_STARTS_MS: Final = 1_750_000_000_000
_APART_MS: Final = 60_000


def rows(task: Task) -> Iterator[Figure]:
    """Judge each language's held half, and show the other beside it."""
    sets = {file.stem: list(data.rows(file)) for file in sorted(task.questions.glob("*.ndjson"))}
    if not sets:
        yield absent(NAME, "labelled messages", f"no *.ndjson in {task.questions}", TARGET)
        return
    messages = [row for found in sets.values() for row in found]
    events = [event(row, number) for number, row in enumerate(messages)]
    try:
        with replayed(
            map(msgspec.json.encode, events), what="labelled messages", show=task.show, total=len(events)
        ) as store:
            asked = {r["question_id"] for r in store.ask("SELECT question_id FROM questions WHERE kind = 'question'")}
    except RunError as error:
        yield failed(NAME, "labelled messages", str(error), TARGET)
        return
    for language, found in sets.items():
        halves: dict[str, list[Raw]] = defaultdict(list)
        for row in found:
            halves[row["split"]].append(row)
        for half, judged in sorted(halves.items()):
            on = f"{LANGUAGES.get(language, language)}, {half} half"
            yield msgspec.structs.replace(
                _figure(judged, asked, on, judge=half == HELD), seconds=store.seconds, remark=store.remark
            )


def event(row: Raw, number: int) -> Raw:
    """Return a labelled message as it is posted: by a member, neither staff nor new, alone in its group."""
    return {
        "id": row["id"],
        "type": "message",
        "ts": _STARTS_MS + number * _APART_MS,
        "platform": "sample",
        "group_id": row["id"],
        "user_id": "member",
        "text": row["text"],
    }


def _figure(messages: Sequence[Raw], asked: set[str], on: str, *, judge: bool) -> Figure:
    truth = [bool(row["wants_answer"]) for row in messages]
    said = [row["id"] in asked for row in messages]
    right = metrics.hits(truth, said)
    return figure(
        NAME,
        on,
        right.f1,
        interval=metrics.interval(lambda w: metrics.hits(truth, said, w).f1, range(len(truth))),
        n=len(truth),
        target=TARGET if judge else None,
        beside=f"P {digits(right.precision)}, R {digits(right.recall)}",
    )
