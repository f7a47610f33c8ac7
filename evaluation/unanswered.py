"""Unanswered messages on annotated chats: what the views say of each question, against the annotators' links. Pure.

Scored are, as by the scorer that comes with the chats, messages that look like a question, start a conversation, and have
``minutes`` of log behind them. *Positive* is: no other person responded within that time.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final, NamedTuple

from evaluation import metrics
from evaluation.data import Raw, moment
from evaluation.links import Links
from evaluation.metrics import NOT_DEFINED, Hits, Weights

MINUTES: Final = 30.0


class Scored(NamedTuple):
    """Questions with what is known and what was said: rows side by side."""

    files: list[str]
    truth: list[bool]
    said: list[bool]
    without_row: int
    """Questions that the product did not take for any: they count as answered."""

    @property
    def hits(self) -> Hits:
        """What was right and wrong."""
        return metrics.hits(self.truth, self.said)

    def interval(self) -> tuple[float, float]:
        """Return the interval of F1, over files."""
        return metrics.interval(lambda w: metrics.hits(self.truth, self.said, w).f1, self.files)


def score(gold: Iterable[Raw], questions: Mapping[str, Raw], minutes: float = MINUTES) -> Scored:
    """Score the rows of ``questions`` (by event id) on the gold questions that start a conversation."""
    found = Scored([], [], [], 0)
    missing = 0
    for row in gold:
        if not starts(row) or row["seconds_remaining_in_file"] < 60 * minutes:
            continue
        seconds = row["first_answer_seconds"]
        found.files.append(row.get("file") or "")
        found.truth.append(seconds is None or seconds > 60 * minutes)
        question = questions.get(row["event_id"])
        missing += question is None
        found.said.append(question is not None and not answered_in(question, minutes))
    return found._replace(without_row=missing)


def starts(row: Raw) -> bool:
    """Whether a gold row is a question that starts a conversation."""
    return bool(row["is_question_heuristic"] and row["starts_conversation"])


def answered_in(question: Raw, minutes: float) -> bool:
    """Whether a row of ``questions`` says that an answer came within ``minutes``."""
    if question["status"] != "answered" or question["answered_at"] is None:
        return False
    return moment(question["answered_at"]) - moment(question["asked_at"]) <= 60 * minutes


class Confidence(NamedTuple):
    """Answers that the product named for gold questions: how sure it was, and whether it was right, in three senses."""

    files: list[str]
    said: list[float]
    named: list[bool]
    """The message named is linked to the question, or to the asker's own follow-ups of it."""
    talked: list[bool]
    """The message named belongs to the question's conversation."""
    answered: list[bool]
    """Somebody answered the question, whoever was named."""


def confidence(gold: Iterable[Raw], questions: Mapping[str, Raw], links: Links) -> Confidence:
    """Put each answer named for a question that starts a conversation beside what is known."""
    found = Confidence([], [], [], [], [])
    for row in gold:
        question = questions.get(row["event_id"])
        if not starts(row) or question is None or question["confidence"] is None or not question["answer_event_id"]:
            continue
        answer = question["answer_event_id"]
        found.files.append(row.get("file") or "")
        found.said.append(float(question["confidence"]))
        found.named.append(answer in links.answers(row["event_id"]))
        found.talked.append(answer in links.conversation(row["event_id"]))
        found.answered.append(bool(row["answered"]))
    return found


class Alarms(NamedTuple):
    """Alerts of unanswered messages in the annotated part of each file, and the people's messages there."""

    files: list[str]
    messages: list[int]
    raised: list[int]
    false: list[int]
    """Somebody had answered before the alert was raised."""
    no_question: list[int]
    """About a message that the annotators' side has neither for a question nor for the start of a conversation."""

    def per_thousand(self, counts: Sequence[int], weights: Weights | None = None) -> float:
        """Return the sum of ``counts`` per 1,000 messages."""
        each = weights or [1.0] * len(self.files)
        messages = sum(w * n for w, n in zip(each, self.messages, strict=True))
        return 1000 * sum(w * n for w, n in zip(each, counts, strict=True)) / messages if messages else NOT_DEFINED

    def interval(self) -> tuple[float, float]:
        """Return the interval of the false ones per 1,000 messages, over files."""
        return metrics.interval(lambda w: self.per_thousand(self.false, w), self.files)


def alarms(gold: Mapping[str, Raw], annotated: Mapping[str, str], alerts: Iterable[Raw]) -> Alarms:
    """Judge the alerts about the people's messages in ``annotated`` (event id -> file); ``gold`` is by event id."""
    place = {file: number for number, file in enumerate(dict.fromkeys(annotated.values()))}
    found = Alarms(list(place), *([0] * len(place) for _ in range(4)))
    for file in annotated.values():
        found.messages[place[file]] += 1
    for alert in alerts:
        subject = alert["subject_event_id"]
        if subject not in annotated:
            continue
        here = place[annotated[subject]]
        found.raised[here] += 1
        row = gold.get(subject)
        if row is None or not (row["is_question_heuristic"] or row["starts_conversation"]):
            found.no_question[here] += 1
        elif row["first_answer_seconds"] is not None:
            waited = moment(alert["raised_at"]) - moment(row["ts"])
            found.false[here] += row["first_answer_seconds"] <= waited
    return found
