"""Slack's export, written after https://slack.com/help/articles/220556107 and https://api.slack.com/events/message."""

import json
import zipfile
from pathlib import Path

from producers.history import slack as reader
from producers.history.files import open_path
from producers.sources.base import Stamp
from producers.sources.slack import parse
from tests.support.exports import AT, slack
from tests.support.history_kit import NOW, read


def test_channels_are_read_in_the_order_of_time_and_direct_messages_are_not(tmp_path: Path) -> None:
    found = read(slack(tmp_path))
    assert found.wrong == []
    assert [(e["group_id"], e["type"]) for e in found.events] == [
        ("C02RAN", "message"), ("C01GEN", "join"), ("C01GEN", "message"), ("C01GEN", "message"), ("C01GEN", "message"), ("C01GEN", "leave"),
    ]  # fmt: skip
    assert "secret" not in str(found.events)
    assert dict(found.tally.left) == {
        "message of a private conversation": 1,
        "reaction (the export has no time for it)": 2,
        "service message (system message)": 1,
        "deleted message": 1,
    }


def test_a_message_says_who_wrote_it_whom_it_mentions_and_what_it_answers(tmp_path: Path) -> None:
    found = read(slack(tmp_path))
    hello = found.only("hi @U01ANN & all")
    assert hello["id"] == f"C01GEN:{AT + 60}.000200"
    assert (hello["user_id"], hello["user_name"], hello["group_name"]) == ("U02BOB", "Bob Roe", "general")
    assert hello["mentions"] == ["U01ANN"]
    answer = found.only("welcome")
    assert (answer["reply_to"], answer["is_staff"]) == (hello["id"], True)
    assert found.only("done")["is_bot"] is True
    (join,), (leave,) = found.of("join"), found.of("leave")
    assert (join["user_id"], join["inviter_id"], join["ts"]) == ("U02BOB", "U01ANN", AT * 1000)
    assert (leave["user_id"], leave["reason"]) == ("U02BOB", "unknown")


def test_the_webhook_gives_the_same_message_the_same_id_and_time(tmp_path: Path) -> None:
    event = {
        "type": "message", "channel": "C01GEN", "channel_type": "channel", "user": "U02BOB", "text": "hi <@U01ANN> &amp; all",
        "ts": f"{AT + 60}.000200", "event_ts": f"{AT + 60}.000200", "client_msg_id": "c1", "team": "T1",
    }  # fmt: skip
    parsed = parse({"type": "event_callback", "event": event}, Stamp(NOW, "live", "full"))
    assert isinstance(parsed, list)
    hello = read(slack(tmp_path)).only("hi @U01ANN & all")
    assert (hello["id"], hello["ts"], hello["text"]) == (parsed[0].id, parsed[0].ts, parsed[0].text)  # type: ignore[union-attr]


def test_an_unpacked_export_and_one_in_a_folder_are_the_same(tmp_path: Path) -> None:
    packed = slack(tmp_path)
    with zipfile.ZipFile(packed) as archive:
        archive.extractall(tmp_path / "around" / "Balcony Slack export")
    assert read(tmp_path / "around").digest == read(tmp_path / "around" / "Balcony Slack export").digest
    assert read(packed).events == read(tmp_path / "around").events


def test_a_channel_that_no_list_names_is_called_by_its_folder(tmp_path: Path) -> None:
    folder = tmp_path / "export"
    (folder / "old").mkdir(parents=True)
    (folder / "users.json").write_text("[]")
    (folder / "old" / "2024-01-02.json").write_text(
        json.dumps([{"type": "message", "user": "U1", "text": "hi", "ts": f"{AT}.000100"}])
    )
    assert read(folder).only("hi")["group_id"] == "old"


def test_a_group_can_be_chosen_by_name_and_called_something_else(tmp_path: Path) -> None:
    found = read(slack(tmp_path), groups=["random=C99NEW"])
    assert [(e["group_id"], e["id"]) for e in found.events] == [("C99NEW", f"C99NEW:{AT - 86_400}.000001")]
    assert found.tally.left["message of another group than asked for"] == 7


def test_a_broken_message_is_named_with_its_line_and_the_others_are_read(tmp_path: Path) -> None:
    folder = tmp_path / "export"
    (folder / "a").mkdir(parents=True)
    (folder / "users.json").write_text('[{"id": "U1", "name": "ann"}]')
    (folder / "a" / "2024-01-02.json").write_text(
        f'[\n{{"type": "message", "user": "U1", "text": "one", "ts": "{AT}.1"}},\n{{"type": "message", "text": "no one", "ts": "{AT}.2"}},\n'
        f'17,\n{{"type": "message", "user": "U1", "text": "two", "ts": "{AT}.3"}}]'
    )
    found = read(folder)
    assert [e["text"] for e in found.events] == ["one", "two"]
    assert [(w.place.line, w.why) for w in found.wrong] == [
        (3, "user: required, or event.bot_id"),
        (4, "must be an object"),
    ]


def test_only_lists_beside_days_make_an_export(tmp_path: Path) -> None:
    (tmp_path / "users.json").write_text("[]")
    files = open_path(tmp_path)
    assert not reader.recognise(files, "users.json")
