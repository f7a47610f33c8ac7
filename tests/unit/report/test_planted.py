"""The core finds what was planted in the sample community: by naming, what nobody answered, and the burst with its cause."""

from __future__ import annotations

import pytest

from huoqun.results import Alert, Question
from producers.simulator import planted
from tests.unit.report.conftest import END, computed

HOUR = 3_600_000


@pytest.mark.parametrize("end", [END, END + 7 * HOUR + 123], ids=["ending at 20:00", "ending at 03:00"])
def test_the_core_finds_what_was_planted(end: int) -> None:
    results = computed(end)[1]
    found = planted(end)
    questions = {r.question_id: r for r in results if isinstance(r, Question) and not r.deleted}
    alerts = [r for r in results if isinstance(r, Alert) and not r.deleted]
    for asked in (*found.open_questions, *found.unanswered_questions):
        assert questions[asked.event_id].kind == asked.kind
        assert questions[asked.event_id].status in ("open", "expired"), asked
    alarmed = {a.subject_event_id for a in alerts if a.kind == "unanswered" and a.state == "open"}
    assert alarmed >= {q.event_id for q in found.open_questions}
    for answered in (*found.answered, *found.answered_late):
        if answered.how != "adjacent":  # without naming it is a matter of judgement
            question = questions[answered.event_id]
            assert (question.status, question.answer_event_id) == ("answered", answered.answer_id)
            assert question.by_staff is answered.by_staff
    resolved = {a.subject_event_id for a in alerts if a.kind == "unanswered" and a.state == "resolved"}
    assert resolved >= {a.event_id for a in found.answered_late}
    [burst] = [a for a in alerts if a.kind == "leave_burst"]
    assert found.leave_burst.first_at <= burst.raised_at <= found.leave_burst.last_at
    assert any("advertising" in reason for reason in burst.reasons)
    assert found.advertisement.user_id in {a.user_id for a in alerts if a.kind == "advertising"}
