"""The labelled group messages keep what their README promises."""

import hashlib
import json
import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

HOME = Path(__file__).resolve().parents[2] / "data" / "questions"
LEAST = {"zh": 600, "en": 300}
SHAPE = {"id": str, "text": str, "wants_answer": bool, "scene": str, "form": str, "split": str}
SCENES = {"fan", "finance", "hobby", "learning", "neighbourhood", "retail", "tech", "work"}


def rows(language: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (HOME / f"{language}.ndjson").read_text("utf-8").splitlines()]


def half(name: str) -> str:
    return "held" if hashlib.sha256(name.encode("ascii")).digest()[-1] % 2 else "tune"


@pytest.mark.parametrize("language", LEAST)
def test_there_are_enough_of_one_shape_sorted(language: str) -> None:
    messages = rows(language)
    assert len(messages) >= LEAST[language]
    assert {tuple((key, type(value)) for key, value in row.items()) for row in messages} == {tuple(SHAPE.items())}
    ids = [row["id"] for row in messages]
    assert ids == sorted(ids)
    assert all(re.fullmatch(rf"{language}-\d{{3}}", name) for name in ids)
    assert all(row["text"] == row["text"].strip() != "" for row in messages)


def test_no_id_and_no_text_comes_twice() -> None:
    messages = [row for language in LEAST for row in rows(language)]
    assert [name for name, times in Counter(row["id"] for row in messages).items() if times > 1] == []
    assert [text for text, times in Counter(row["text"].casefold() for row in messages).items() if times > 1] == []


@pytest.mark.parametrize("language", LEAST)
def test_the_half_follows_from_the_id_alone(language: str) -> None:
    messages = rows(language)
    assert [row["id"] for row in messages if row["split"] != half(row["id"])] == []
    held = sum(row["split"] == "held" for row in messages) / len(messages)
    assert 0.45 < held < 0.55


@pytest.mark.parametrize("language", LEAST)
def test_each_scene_and_each_form_has_both_labels(language: str) -> None:
    messages = rows(language)
    assert {row["scene"] for row in messages} == SCENES
    for key in ("scene", "form"):
        labels = {(row[key], row["wants_answer"]) for row in messages}
        assert labels == {(name, label) for name, _ in labels for label in (True, False)}
    assert {(row["split"], row["wants_answer"]) for row in messages} == {
        (split, label) for split in ("tune", "held") for label in (True, False)
    }
    assert 0.4 < sum(row["wants_answer"] for row in messages) / len(messages) < 0.5


def test_the_readme_counts_what_is_there() -> None:
    everything = {language: rows(language) for language in LEAST}
    heading = r"^\| (scene|form|split) \|.*\n\|[-:|]+\n((?:\|.*\n)+)"
    tables = re.findall(heading, (HOME / "README.md").read_text("utf-8"), re.MULTILINE)
    assert [key for key, _ in tables] == ["scene", "form", "split"]
    for key, body in tables:
        lines = [line.split(" | ") for line in re.findall(r"^\| (.*) \|$", body, re.MULTILINE)]
        said = {name: [int(count) for count in counts] for name, *counts in lines}
        counted = {
            name: [
                sum(row["wants_answer"] is label and name in (row[key], "all") for row in messages)
                for messages in everything.values()
                for label in (True, False)
            ]
            for name in said
        }
        assert said == counted
        assert set(said) == {"all", *(row[key] for messages in everything.values() for row in messages)}


LATER = {"zh": 1500, "en": 800}
"""Messages written later, in files of their own."""


@pytest.mark.parametrize("language", LATER)
def test_the_later_messages_are_enough_of_one_shape_and_in_no_other_place(language: str) -> None:
    later = rows(f"{language}_later")
    assert len(later) >= LATER[language]
    assert {tuple(row) for row in later} == {("id", "text", "wants_answer", "split")}
    assert [row["id"] for row in later] == [f"{language}-later-{number:04}" for number in range(1, len(later) + 1)]
    texts = [row["text"].casefold() for row in [*later, *rows(language)]]
    assert len(set(texts)) == len(texts)
    assert {(row["split"], row["wants_answer"]) for row in later} == {
        (split, label) for split in ("tune", "held") for label in (True, False)
    }


@pytest.mark.parametrize("language", LATER)
def test_no_held_message_is_among_those_that_are_learned_from(language: str) -> None:
    lines = (HOME.parents[2] / "training" / "messages" / f"{language}.txt").read_text("utf-8").splitlines()
    learned = {line[2:] for line in lines}
    held = [row["text"] for name in (language, f"{language}_later") for row in rows(name) if row["split"] == "held"]
    assert [text for text in held if text in learned] == []
