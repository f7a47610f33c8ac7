"""When a question goes on with an earlier one, and when a question is due next: each bound from both sides."""

from __future__ import annotations

import pytest

from streams.core.questions import LATER, NO_MORE, _next_due, continues
from streams.core.state import DAY_MS, MINUTE_MS, Asked

WEEK_MS = 7 * DAY_MS


def asked(at: int, words: str = "") -> Asked:
    made = Asked(0, f"e{at}", "bob", at, "question")
    made.words = words.split()
    return made


@pytest.mark.parametrize(
    ("gap", "words", "before", "goes_on"),
    [
        (0, "", "", True),
        (2 * MINUTE_MS, "soil", "pot", True),
        (2 * MINUTE_MS + 1, "soil", "pot", False),
        (2 * MINUTE_MS + 1, "soil pot", "soil pot", True),
        (DAY_MS, "soil pot", "soil pot", True),
        (DAY_MS + 1, "soil pot", "soil pot", False),
        (DAY_MS, "soil", "soil", False),  # one word in common is no evidence
        (DAY_MS, "soil pot leaf", "soil pot leaf rain wind", True),  # three of five
        (DAY_MS, "soil pot leaf", "soil pot rain", False),  # two of four
        (DAY_MS, "soil pot leaf rain", "soil pot leaf wind", True),  # three of five, either way round
        (DAY_MS, "soil pot leaf", "rain wind", False),
        (DAY_MS, "", "", False),
    ],
)
def test_a_question_goes_on_with_one_of_two_minutes_ago_or_of_a_day_ago_in_nearly_the_same_words(
    gap: int, words: str, before: str, goes_on: bool
) -> None:
    assert continues(asked(5 + gap, words), asked(5, before)) == goes_on


@pytest.mark.parametrize(
    ("fields", "due"),
    [
        ({}, 100 + WEEK_MS),  # counted, never alarmed: it expires
        ({"due_at": 200}, 200),
        ({"due_at": 200, "held": LATER}, 300),  # held back at the deadline, judged once more when it would escalate
        ({"due_at": 200, "held": NO_MORE}, 100 + WEEK_MS),
        ({"due_at": 200, "raised": 1}, 300),
        ({"due_at": 200, "raised": 2}, 100 + WEEK_MS),
        ({"due_at": 200, "raised": 1, "held": LATER}, 300),
        ({"raised": 1}, 100 + WEEK_MS),
        ({"status": "answered", "until": 400}, 400),
        ({"status": "answered", "until": 400, "due_at": 200, "raised": 1}, 400),
    ],
)
def test_a_question_is_due_at_its_deadline_when_it_escalates_when_it_expires_or_when_its_answer_settles(
    fields: dict[str, object], due: int
) -> None:
    question = asked(100)
    question.escalates_at = 300
    for name, value in fields.items():
        setattr(question, name, value)
    assert _next_due(question) == due
