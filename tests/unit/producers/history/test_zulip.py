"""Zulip's export, after https://zulip.com/help/export-your-organization and https://github.com/zulip/zulip (zerver/lib/export.py)."""

import tarfile
from pathlib import Path

from producers.sources.base import Stamp
from producers.sources.zulip import parse
from tests.support.exports import AT, zulip
from tests.support.history_kit import NOW, read


def test_channels_are_read_with_topics_mentions_and_roles(tmp_path: Path) -> None:
    found = read(zulip(tmp_path))
    assert found.wrong == []
    assert [e["type"] for e in found.events] == ["join", "message", "message", "leave"]
    question, answer = found.of("message")
    assert (question["id"], question["text"], question["thread_id"]) == ("21:101", "who waters?", "21:water")
    assert (answer["text"], answer["mentions"], answer["is_staff"], answer["user_name"]) == (
        "@Bob me",
        ["12"],
        True,
        "Ann",
    )
    assert dict(found.tally.left) == {
        "message of a private conversation": 1,
        "reaction (the export has no time for it)": 1,
        "other entry of the audit log": 1,
    }


def test_subscriptions_come_from_the_audit_log(tmp_path: Path) -> None:
    found = read(zulip(tmp_path))
    (join,), (leave,) = found.of("join"), found.of("leave")
    assert (join["user_id"], join["inviter_id"], join["ts"]) == ("12", "11", AT * 1000 + 500)
    assert (leave["user_id"], leave["reason"]) == ("12", "left")


def test_the_webhook_gives_the_same_message_the_same_id_and_time(tmp_path: Path) -> None:
    message = {
        "type": "stream", "stream_id": 21, "sender_id": 12, "id": 101, "display_recipient": "general", "sender_full_name": "Bob",
        "content": "who waters?", "rendered_content": "<p>who waters?</p>", "subject": "water", "timestamp": AT + 60,
    }  # fmt: skip
    parsed = parse({"message": message}, Stamp(NOW, "live", "mentions"))
    assert isinstance(parsed, list)
    question = read(zulip(tmp_path)).only("who waters?")
    assert (question["id"], question["ts"]) == (parsed[0].id, parsed[0].ts)  # type: ignore[union-attr]


def test_an_unpacked_export_is_the_same(tmp_path: Path) -> None:
    packed = zulip(tmp_path)
    with tarfile.open(packed) as archive:
        archive.extractall(tmp_path / "out", filter="data")
    assert read(tmp_path / "out").events == read(packed).events
