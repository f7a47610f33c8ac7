"""The layout of what is evaluated on, and chats without names."""

import json
import sys
from pathlib import Path

import pytest

from evaluation import data
from evaluation.chats import UNNAMED, both, read
from evaluation.unnamed import names_in, unnamed
from tests.support import chats
from tests.support.scorers import script
from tests.support.stack import REAL_CHATS


def test_everything_is_found_wherever_it_lies(tmp_path: Path) -> None:
    chats.written(tmp_path)
    assert [split.name for split in data.splits(tmp_path)] == ["dev", "train"]
    assert [split.name for split in data.splits(tmp_path / "dev")] == ["dev"]
    assert all(split.links is not None for split in data.splits(tmp_path))
    assert [(c.name, c.threads) for c in data.communities(tmp_path)] == [("village", None)]
    assert data.splits(tmp_path / "churn") == data.communities(tmp_path / "dev") == []


def test_files_may_be_unpacked_and_parts_missing(tmp_path: Path) -> None:
    place = tmp_path / "a" / "new split"
    place.mkdir(parents=True)
    (place / "answers.ndjson").write_text("")
    assert data.splits(tmp_path) == []
    (place / "events.ndjson").write_text('{"a": 1}\n\n{"a": 2}')
    found = data.splits(tmp_path)
    assert [(split.name, split.links) for split in found] == [("a/new split", None)]
    assert [row["a"] for row in data.rows(found[0].events)] == [1, 2]


def test_two_archives_of_one_name_are_told_apart(tmp_path: Path) -> None:
    for place in ("dev", "test"):
        chats.write(tmp_path / place / "town.events.ndjson.gz", [])
        chats.write(tmp_path / place / "town.churn_labels.ndjson.gz", [])
    assert [c.name for c in data.communities(tmp_path)] == ["town (dev)", "town (test)"]


def test_times_of_views_and_of_archives_are_the_same() -> None:
    assert data.moment("2024-03-04 01:02:03.500") == data.moment("2024-03-04T01:02:03.500Z") == 1709514123.5


def test_both_forms_of_a_chat_are_replayed_one_file_after_the_other(tmp_path: Path) -> None:
    split = data.splits(chats.written(tmp_path, train=False))[0]
    found = read(split)
    lines = [json.loads(line) for line in both(found, ["session-1"])]
    half = len(lines) // 2
    assert [line["event_id"] for line in lines[:half]] == [line["event_id"] for line in lines[half:]]
    assert {line["group_id"] for line in lines[:half]} == {"harbour"}
    assert {line["group_id"] for line in lines[half:]} == {f"{UNNAMED}harbour"}
    assert any("asker1:" in line["text"] for line in lines[:half])
    assert not any("asker1" in line["text"] or line["mention_ids"] for line in lines[half:])


def test_names_go_with_what_points_at_them_and_others_stay() -> None:
    events = [
        {"type": "join", "file": "f", "user_id": "Ann", "nick": "Ann"},
        {"type": "rename", "file": "f", "user_id": "Ann", "nick": "Ann", "new_nick": "Ann|away"},
        {"type": "message", "file": "f", "user_id": "bob", "nick": "bob", "text": "@ann|away: hi, annotate this",
         "mentions": ["Ann|away"], "mention_ids": ["Ann"], "mention_ids_any": ["Ann"]},
        {"type": "message", "file": "f", "user_id": "bob", "nick": "bob", "text": "ann:", "mentions": ["ann"]},
        {"type": "message", "file": "f", "user_id": "bob", "nick": "bob", "text": "Ann is not meant"},
    ]  # fmt: skip
    found = list(unnamed(events, names_in(events)))
    assert [event.get("text") for event in found] == [None, None, "hi, annotate this", ".", "Ann is not meant"]
    assert found[2]["mentions"] == found[2]["mention_ids"] == found[2]["mention_ids_any"] == []


@pytest.mark.real_chats
def test_it_is_what_the_chats_own_script_makes_of_them(tmp_path: Path) -> None:
    theirs = script("strip_addressing")
    source = REAL_CHATS / "dev" / "events.ndjson.gz"
    theirs.main(str(source), str(tmp_path / "out.ndjson"))
    events = list(data.rows(source))
    ours = unnamed(events, names_in(events))
    for mine, other in zip(ours, data.rows(tmp_path / "out.ndjson"), strict=True):
        assert mine == {key: other[key] for key in mine}, sys.maxsize
