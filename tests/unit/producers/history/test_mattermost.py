"""Mattermost's bulk export, after https://docs.mattermost.com/onboard/bulk-loading-data.html."""

import zipfile
from pathlib import Path

from tests.support.exports import AT, mattermost
from tests.support.history_kit import read

CHANNEL = "balcony/town-square"


def test_posts_come_in_any_order_and_are_put_in_that_of_time(tmp_path: Path) -> None:
    found = read(mattermost(tmp_path))
    assert found.wrong == []
    assert [e["type"] for e in found.events] == ["join", "message", "reaction", "message", "leave"]
    assert {e["group_id"] for e in found.events} == {CHANNEL}
    assert "secret" not in str(found.events)


def test_replies_reactions_names_and_roles(tmp_path: Path) -> None:
    found = read(mattermost(tmp_path))
    question, answer = found.only("who waters @ann?"), found.only("me")
    assert (question["user_id"], question["user_name"], question["mentions"]) == ("bob", "Bob Roe", ["ann"])
    assert (answer["reply_to"], answer["user_name"], answer["is_staff"]) == (question["id"], "Ann", True)
    (reaction,) = found.of("reaction")
    assert (reaction["reply_to"], reaction["user_id"], reaction["ts"]) == (question["id"], "ann", (AT + 61) * 1000)
    (join,), (leave,) = found.of("join"), found.of("leave")
    assert (join["user_id"], leave["user_id"], leave["reason"]) == ("bob", "bob", "kicked")


def test_the_file_within_the_zip_is_the_same(tmp_path: Path) -> None:
    packed = mattermost(tmp_path)
    with zipfile.ZipFile(packed) as archive:
        archive.extract("import.jsonl", tmp_path)
    assert read(tmp_path / "import.jsonl").events == read(packed).events


def test_a_broken_line_is_named_and_the_others_are_read(tmp_path: Path) -> None:
    with zipfile.ZipFile(mattermost(tmp_path)) as archive:
        lines = archive.read("import.jsonl").decode().splitlines()
    path = tmp_path / "import.jsonl"
    path.write_text(
        "\n".join([*lines[:5], "{broken", '{"type": "post", "post": {"team": "", "channel": ""}}', *lines[5:]])
    )
    found = read(path)
    assert len(found.events) == 5
    assert [w.place.line for w in found.wrong] == [6, 7]
