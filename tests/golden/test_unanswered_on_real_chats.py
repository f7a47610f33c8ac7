"""The unanswered-message signal on annotated chats, judged by the scorer that comes with them.

``make evaluate`` does the same through the whole running product; this keeps the figures from falling.
"""

from __future__ import annotations

import importlib.util
from types import ModuleType
from typing import Any

import pytest

from huoqun.config import Config
from tests.support.core import Machine, encoded
from tests.support.stack import REAL_CHATS, as_events, read_chats

pytestmark = [
    pytest.mark.real_chats,
    pytest.mark.slow,
    pytest.mark.skipif(not REAL_CHATS.is_dir(), reason="the annotated chats (../shared/data) are not here"),
]

MINUTES = 30


@pytest.fixture(scope="module")
def scorer() -> ModuleType:
    spec = importlib.util.spec_from_file_location("score_unanswered", REAL_CHATS / "scripts" / "score_unanswered.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def some_files(split: str, every: int) -> set[str]:
    """One file in ``every``: enough to see the figure fall."""
    return set(sorted({raw["file"] for raw in read_chats(REAL_CHATS / split / "events.ndjson.gz")})[::every])


def alerted(split: str, files: set[str]) -> dict[str, bool]:
    """Question -> whether it still stands unanswered after 30 minutes, as the core sees it."""
    raws = read_chats(REAL_CHATS / split / "events.ndjson.gz")
    log = encoded(as_events(raw for raw in raws if raw["file"] in files))
    view = Machine(Config()).run(log, batch=500, checkpoint_every=10)
    questions: list[dict[str, Any]] = [row for (kind, _), row in view.items() if kind == "Question"]
    return {q["question_id"]: not answered_in_time(q) for q in questions}


def answered_in_time(question: dict[str, Any]) -> bool:
    at = question["answered_at"]
    return question["status"] == "answered" and at - question["asked_at"] <= MINUTES * 60_000


@pytest.mark.parametrize(("split", "every", "least"), [("dev", 1, 0.84), ("train", 12, 0.82)])
def test_f1_of_questions_that_start_a_conversation_stays_up(
    split: str, every: int, least: float, scorer: ModuleType
) -> None:
    files = some_files(split, every)
    gold = scorer.gold_rows(str(REAL_CHATS / split / "answers.ndjson.gz"), MINUTES, "start", "links")
    result, _ = scorer.score([row for row in gold if row[1] in files], alerted(split, files))
    print(f"{split}: precision {result['precision']:.3f} recall {result['recall']:.3f} F1 {result['f1']:.3f}")
    assert result["f1"] >= least
