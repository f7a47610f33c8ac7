"""What is made of the views' rows on annotated chats."""

import random
from typing import Any

import pytest

from evaluation.links import Links, links_of
from evaluation.unanswered import alarms, answered_in, confidence, score
from tests.support.scorers import unanswered_scorer


def gold(event: str, first: float | None, **changed: Any) -> dict[str, Any]:
    return {
        "event_id": event, "file": "f", "ts": "2024-01-01T00:00:00.000Z", "is_question_heuristic": True,
        "starts_conversation": True, "seconds_remaining_in_file": 7200.0, "first_answer_seconds": first,
        "answered": first is not None,
    } | changed  # fmt: skip


def said(seconds: float | None, sure: float | None = 0.9, answer: str = "a") -> dict[str, Any]:
    at = None if seconds is None else f"2024-01-01 00:{int(seconds // 60):02}:{seconds % 60:06.3f}"
    return {
        "asked_at": "2024-01-01 00:00:00.000", "answered_at": at, "confidence": sure,
        "answer_event_id": answer if at else "", "status": "answered" if at else "open",
    }  # fmt: skip


def test_an_answer_counts_in_time_and_if_the_question_is_closed() -> None:
    assert answered_in(said(1799.5), 30)
    assert not answered_in(said(1800.5), 30)
    assert not answered_in(said(60) | {"status": "open"}, 30)
    assert not answered_in(said(None, None), 30)


def test_only_observed_questions_that_start_a_conversation_are_scored() -> None:
    rows = [
        gold("right", None),
        gold("late", 1900.0),
        gold("false", 20.0),
        gold("missed", None),
        gold("unseen", None),
        gold("inside", None, starts_conversation=False),
        gold("no question", None, is_question_heuristic=False),
        gold("censored", None, seconds_remaining_in_file=1799.0),
    ]
    questions = {
        "right": said(None), "late": said(None), "false": said(1900), "missed": said(20), "inside": said(None),
        "censored": said(None),
    }  # fmt: skip
    found = score(rows, questions)
    assert (found.hits.tp, found.hits.fp, found.hits.fn, found.hits.tn) == (2, 1, 2, 0)
    assert found.without_row == 1


def test_it_is_what_the_chats_own_scorer_says() -> None:
    scorer = unanswered_scorer()
    rng = random.Random(4)
    rows, questions, predictions = [], {}, {}
    for n in range(400):
        first = rng.choice([None, 10.0, 900.0, 1801.0])
        row = gold(str(n), first, file=f"f{n % 7}", seconds_remaining_in_file=rng.choice([100.0, 9000.0]))
        row |= {"starts_conversation": rng.random() < 0.7, "opens_conversation": True}
        rows.append(row)
        if rng.random() < 0.9:
            questions[str(n)] = said(rng.choice([None, 5.0, 1700.0, 1900.0]))
            predictions[str(n)] = not answered_in(questions[str(n)], 30)
    found = score(rows, questions)
    kept = [
        (r["event_id"], r["file"], r["first_answer_seconds"] is None or r["first_answer_seconds"] > 1800)
        for r in rows
        if r["starts_conversation"] and r["seconds_remaining_in_file"] >= 1800
    ]
    theirs, _ = scorer.score(kept, predictions)
    assert (len(found.truth), found.without_row) == (theirs["n"], theirs["without_prediction"])
    assert round(found.hits.f1, 4) == theirs["f1"]
    low, high = found.interval()
    assert low <= found.hits.f1 <= high


LINKS = Links(
    {"q": ["own", "bot", "first"], "own": ["second", "q"], "first": ["third"], "x": ["other"]},
    {"q": "asker", "own": "asker", "first": "h", "second": "i", "third": "j", "other": "k"},
)


def test_answers_are_linked_to_the_question_or_the_askers_own_follow_ups() -> None:
    assert LINKS.answers("q") == {"first", "second"}
    assert LINKS.conversation("q") == {"first", "second", "third"}
    assert LINKS.answers("nothing") == set()


def test_bots_and_what_is_no_message_write_no_answers() -> None:
    events = [
        {"event_id": "m", "type": "message", "user_id": "u"},
        {"event_id": "b", "type": "message", "user_id": "bot", "is_bot": True},
        {"event_id": "j", "type": "join", "user_id": "u"},
    ]
    found = links_of([{"event_id": "m", "replied_by": ["b"]}, {"event_id": "b", "replied_by": []}], events)
    assert found.author == {"m": "u"}
    assert found.replied_by == {"m": ["b"]}


def test_confidence_is_held_against_the_message_named_and_against_any_answer() -> None:
    rows = [gold("q", 20.0), gold("z", None), gold("open", None), gold("inside", 1.0, starts_conversation=False)]
    questions = {
        "q": said(40, 0.7, "third"), "z": said(30, 0.6, "other"), "open": said(None, None), "inside": said(1, 0.9),
    }  # fmt: skip
    found = confidence(rows, questions, LINKS)
    assert found.said == [0.7, 0.6]
    assert (found.named, found.talked, found.answered) == ([False, False], [True, False], [True, False])
    assert confidence([gold("q", 1.0)], {"q": said(40, 0.7, "second")}, LINKS).named == [True]


def test_an_alert_is_false_if_somebody_had_answered_before_it() -> None:
    rows = {
        row["event_id"]: row
        for row in (
            gold("answered before", 299.0),
            gold("answered after", 301.0),
            gold("never", None),
            gold("a greeting", None, is_question_heuristic=False, starts_conversation=False),
        )
    }
    annotated = dict.fromkeys((*rows, "in no record", "quiet"), "f") | {"elsewhere": "g"}
    alerts = [{"subject_event_id": event, "raised_at": "2024-01-01 00:05:00.000"} for event in (*annotated, "context")]
    alerts = [alert for alert in alerts if alert["subject_event_id"] not in ("quiet", "elsewhere")]
    found = alarms(rows, annotated, alerts)
    assert found.files == ["f", "g"]
    assert (found.messages, found.raised, found.false, found.no_question) == ([6, 1], [5, 0], [1, 0], [2, 0])
    assert found.per_thousand(found.false) == pytest.approx(1000 / 7)
    assert found.interval()[0] == 0
