"""QQ's text export, which its maker describes nowhere: https://github.com/aoguai/QQtoExcel, https://github.com/hellodigua/ChatLab."""

from pathlib import Path

import pytest

from tests.support.exports import AT, qq
from tests.support.history_kit import read


def test_groups_are_read_and_friends_are_not(tmp_path: Path) -> None:
    found = read(qq(tmp_path))
    assert found.wrong == []
    assert {(e["platform"], e["group_id"]) for e in found.events} == {("qq", "番茄互助群")}
    assert [e["type"] for e in found.events] == ["join", "message", "message", "message", "message", "leave"]
    assert dict(found.tally.left) == {"message of a private conversation": 1}
    question = found.only("周六谁浇水？\n================\n@阿禾")
    assert (question["user_id"], question["user_name"], question["ts"]) == ("67890", "小鱼", (AT + 60) * 1000)
    assert found.only("[图片]")["user_id"] == "potato@example.com"


def test_the_same_said_twice_in_a_second_counts_twice_and_in_order(tmp_path: Path) -> None:
    first, second = [e for e in read(qq(tmp_path)).events if e.get("text") == "我来"]
    assert first["id"] != second["id"]
    assert (first["ts"], second["ts"]) == ((AT + 90) * 1000, (AT + 90) * 1000 + 1)
    assert first["is_staff"] is True
    assert first["user_name"] == "阿禾"


def test_who_came_and_went_is_found_by_number_or_by_name(tmp_path: Path) -> None:
    found = read(qq(tmp_path))
    (join,), (leave,) = found.of("join"), found.of("leave")
    assert (join["user_id"], join["user_name"]) == ("67890", "小鱼")
    assert (leave["user_id"], leave["reason"]) == ("potato@example.com", "kicked")


@pytest.mark.parametrize("encoding", ["utf-16", "gb18030", "utf-8"])
def test_older_encodings_are_told_apart(tmp_path: Path, encoding: str) -> None:
    path = qq(tmp_path)
    text = path.read_text("utf-8-sig")
    expected = [e["text"] for e in read(path).of("message")]
    path.write_bytes(text.encode(encoding))
    assert [e["text"] for e in read(path).of("message")] == expected


def test_a_later_export_of_the_same_gives_the_same_ids(tmp_path: Path) -> None:
    path = qq(tmp_path)
    before = [e["id"] for e in read(path).events]
    path.write_text(path.read_text("utf-8") + "\n2024-01-03 09:00:00 小鱼(67890)\n早\n", "utf-8")
    assert [e["id"] for e in read(path).events][: len(before)] == before


def test_two_groups_cannot_both_have_the_one_id_that_was_given(tmp_path: Path) -> None:
    path = qq(tmp_path)
    assert {e["group_id"] for e in read(path, groups=["42"]).events} == {"42"}
    rule = "=" * 64
    path.write_text(
        path.read_text("utf-8")
        + f"\n{rule}\n消息分组:我的QQ群\n{rule}\n消息对象:阳台\n{rule}\n\n2024-01-03 09:00:00 小鱼(67890)\n早\n",
        "utf-8",
    )
    (wrong,) = read(path, groups=["42"]).wrong
    assert "--group NAME=ID" in wrong.why
    assert {e["group_id"] for e in read(path, groups=["番茄互助群=42", "阳台=43"]).events} == {"42", "43"}
