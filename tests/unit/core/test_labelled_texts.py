"""How right the judgements of texts are on labelled ones: the half that was never used for tuning."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from streams.core.hostility import sounds_hostile
from streams.core.selling import looks_like_ad
from streams.core.wording import wants_answer

DATA = Path(__file__).resolve().parents[2] / "data"


def texts(name: str) -> list[tuple[str, bool]]:
    lines = (DATA / "texts" / f"{name}.txt").read_text("utf-8").splitlines()
    assert all(line[:2] in {"+ ", "- "} for line in lines)
    held = [line for line in lines if hashlib.sha256(line[2:].encode()).digest()[-1] % 2]
    assert 0.4 < len(held) / len(lines) < 0.6
    return [(line[2:], line[0] == "+") for line in held]


def questions(language: str) -> list[tuple[str, bool]]:
    rows = map(json.loads, (DATA / "questions" / f"{language}.ndjson").read_text("utf-8").splitlines())
    return [(row["text"], row["wants_answer"]) for row in rows if row["split"] == "held"]


def f1(judge: Callable[[str], bool], labelled: list[tuple[str, bool]]) -> float:
    judged = [(judge(text), label) for text, label in labelled]
    right = sum(said and label for said, label in judged)
    return 2 * right / (sum(said for said, _ in judged) + sum(label for _, label in judged))


@pytest.mark.parametrize("language", ["zh", "en"])
def test_questions_are_found(language: str) -> None:
    assert f1(wants_answer, questions(language)) >= 0.85  # the aim is .92: see DECISIONS.md


def test_advertising_is_found() -> None:
    assert f1(looks_like_ad, texts("ads")) >= 0.85


def test_hostility_is_found() -> None:
    assert f1(sounds_hostile, texts("hostility")) >= 0.85
