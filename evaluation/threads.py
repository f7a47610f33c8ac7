"""Unanswered messages where the platform has threads: the archives that tell of them, with stand-ins for their texts.

An archive holds no text, only whether a message has a question mark. Such messages are posted as questions and all others as
remarks, each with a word of its own, so that nothing but the threads can link them.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Final

import msgspec

from evaluation import data, metrics
from evaluation.data import Community, Raw
from evaluation.figures import Figure, absent, digits, failed, figure
from evaluation.running import RunError, replayed
from evaluation.task import Task
from evaluation.unanswered import MINUTES, Scored, answered_in

NAME: Final = f"unanswered within {MINUTES:.0f} min, native threads, F1"
MOST_EVENTS: Final = 60_000
"""From the archive's beginning: enough for thousands of threads."""
QUICK_EVENTS: Final = 10_000


def rows(task: Task) -> Iterator[Figure]:
    """Judge every archive that tells of its threads."""
    found = [each for each in data.communities(task.directory) if each.threads is not None]
    if not found:
        yield absent(NAME, "archives", f"no NAME.threads.ndjson.gz below {task.directory}")
        return
    for community in found[:1] if task.quick else found:
        yield _judge(task, community, QUICK_EVENTS if task.quick else MOST_EVENTS)


def _judge(task: Task, community: Community, most: int) -> Figure:
    on = f"{community.name}, first {most:,} events, threads that begin with a question"
    events = [stand_in(event, number) for number, event in enumerate(islice(data.rows(community.events), most))]
    assert community.threads is not None
    gold = list(data.rows(community.threads))
    try:
        lines = map(msgspec.json.encode, events)
        with replayed(lines, what=f"{community.name}, threads", show=task.show, total=len(events)) as store:
            asked = store.ask("SELECT question_id, status, asked_at, answered_at FROM questions")
    except RunError as error:
        return failed(NAME, on, str(error))
    end = data.moment(events[-1]["ts"]) if events else 0.0
    scored = score(gold, {row["question_id"]: row for row in asked}, {e["event_id"] for e in events}, end)
    right = scored.hits
    row = figure(
        NAME,
        on,
        right.f1 if scored.truth else metrics.NOT_DEFINED,
        interval=metrics.interval(lambda w: metrics.hits(scored.truth, scored.said, w).f1, scored.files),
        n=len(scored.truth),
        beside=f"P {digits(right.precision)}, R {digits(right.recall)}; {right.tp + right.fn:.0f} unanswered; "
        f"{scored.without_row} not taken for questions",
    )
    remark = "; ".join(filter(None, ("texts are stand-ins: the archive has none", store.remark)))
    return msgspec.structs.replace(row, seconds=store.seconds, remark=remark)


def stand_in(event: Raw, number: int) -> Raw:
    """Return the event with a text, if it is a message without any."""
    if event["type"] != "message" or event.get("text"):
        return event
    asks = event.get("has_question_mark")
    return event | {"text": f"How do I get qx{number}?" if asks else f"It is ax{number} here."}


def score(gold: list[Raw], questions: dict[str, Raw], events: set[str], end: float) -> Scored:
    """Score threads that begin with a question, with enough of the log behind them; a thread is its own cluster."""
    found = Scored([], [], [], 0)
    missing = 0
    for row in gold:
        observed = end - data.moment(row["ts"]) >= 60 * MINUTES
        if not row["has_question_mark"] or row["event_id"] not in events or not observed:
            continue
        seconds = row["first_answer_seconds"]
        question = questions.get(row["event_id"])
        missing += question is None
        found.files.append(row["event_id"])
        found.truth.append(seconds is None or seconds > 60 * MINUTES)
        found.said.append(question is not None and not answered_in(question, MINUTES))
    return found._replace(without_row=missing)
