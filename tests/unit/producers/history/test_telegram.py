"""Telegram Desktop's export, after https://github.com/telegramdesktop/tdesktop (export_output_json.cpp)."""

import json
from pathlib import Path
from zoneinfo import ZoneInfo

from producers.sources.base import Stamp
from producers.sources.telegram import parse
from tests.support.exports import AT, telegram, telegram_chat
from tests.support.history_kit import NOW, read

GROUP = "-1001234567890"


def test_a_chat_alone_and_within_the_account_are_the_same_and_private_chats_are_left_out(tmp_path: Path) -> None:
    alone = read(telegram_chat(tmp_path))
    account = read(telegram(tmp_path))
    assert alone.events == account.events
    assert account.wrong == []
    assert "secret" not in str(account.events)
    assert dict(account.tally.left) == {
        "message of a private conversation": 1,
        "reaction (the export has no time for it)": 3,
        "service message (pin message)": 1,
        "message that Telegram could not export": 1,
    }


def test_messages_answer_mention_and_show_what_is_no_text(tmp_path: Path) -> None:
    found = read(telegram(tmp_path))
    question = found.only("who waters? Ann")
    assert (question["id"], question["user_id"], question["mentions"]) == (f"{GROUP}:2", "12", ["11"])
    assert found.only("me")["reply_to"] == question["id"]
    assert found.only("🌱")["user_name"] == "Bob"
    rules = found.only("rules")
    assert (rules["user_id"], rules["is_staff"]) == (GROUP, True), "an administrator who stays behind the group"


def test_people_who_join_and_leave_are_found_by_the_names_they_speak_under(tmp_path: Path) -> None:
    found = read(telegram(tmp_path))
    assert [(e["user_id"], e["inviter_id"]) for e in found.of("join")] == [
        ("12", "11"),
        ("name:Cat", "11"),
        ("14", "11"),
    ]
    assert [(e["user_id"], e["reason"]) for e in found.of("leave")] == [("name:Cat", "kicked"), ("12", "left")]


def test_the_webhook_gives_messages_and_joins_the_same_ids_and_times(tmp_path: Path) -> None:
    chat = {"id": int(GROUP), "type": "supergroup", "title": "Balcony"}
    person = {"id": 12, "is_bot": False, "first_name": "Bob"}
    live = [
        {"message_id": 2, "from": person, "chat": chat, "date": AT + 60, "text": "who waters? Ann"},
        {
            "message_id": 1,
            "from": {"id": 11, "first_name": "Ann"},
            "chat": chat,
            "date": AT,
            "new_chat_members": [person],
        },
    ]
    known = {(e["id"], e["ts"], e["type"]) for e in read(telegram(tmp_path)).events}
    for update in live:
        parsed = parse({"update_id": 5, "message": update}, Stamp(NOW, "live", "full"))
        assert isinstance(parsed, list)
        assert (parsed[0].id, parsed[0].ts, parsed[0].type) in known  # type: ignore[union-attr]


def test_before_2021_the_local_time_alone_is_written(tmp_path: Path) -> None:
    path = tmp_path / "result.json"
    message = {
        "id": 1,
        "type": "message",
        "date": "2019-05-06T12:00:00",
        "from": "Ann",
        "from_id": "user11",
        "text": "hi",
    }
    path.write_text(json.dumps({"name": "B", "type": "private_group", "id": 77, "messages": [message]}))
    berlin = read(path, zone=ZoneInfo("Europe/Berlin")).only("hi")
    assert berlin["group_id"] == "-77"
    assert berlin["ts"] == read(path).only("hi")["ts"] - 2 * 3_600_000


def test_what_stands_in_a_topic_is_no_reply_to_its_beginning(tmp_path: Path) -> None:
    def message(number: int, text: str, answers: int) -> dict[str, object]:
        return {
            "id": number,
            "type": "message",
            "date_unixtime": str(AT + number),
            "from": "Ann",
            "from_id": "user11",
            "text": text,
            "reply_to_message_id": answers,
        }

    topic = {
        "id": 1,
        "type": "service",
        "date_unixtime": str(AT),
        "actor": "Ann",
        "actor_id": "user11",
        "action": "topic_created",
        "title": "seeds",
        "text": "",
    }
    path = tmp_path / "result.json"
    chat = {
        "name": "B",
        "type": "public_supergroup",
        "id": 7,
        "messages": [topic, message(2, "in it", 1), message(3, "an answer", 2)],
    }
    path.write_text(json.dumps(chat))
    found = read(path)
    assert "reply_to" not in found.only("in it")
    assert found.only("an answer")["reply_to"] == "-1007:2"


def test_the_control_characters_that_it_writes_in_a_way_of_its_own_are_read(tmp_path: Path) -> None:
    path = telegram_chat(tmp_path)
    path.write_text(path.read_text("utf-8").replace('"text": "me"', '"text": "m\\x0Be \\\\x41"'), "utf-8")
    found = read(path)
    assert found.wrong == []
    assert found.only("m\x0be \\x41")["id"] == f"{GROUP}:3"


def test_a_file_that_breaks_off_gives_what_came_before_and_says_where(tmp_path: Path) -> None:
    path = telegram_chat(tmp_path)
    whole = path.read_text("utf-8")
    path.write_text(whole[: whole.index("sticker_emoji")], "utf-8")
    found = read(path)
    assert found.only("me")
    (wrong,) = found.wrong
    assert wrong.place.line == 58, "where the last message begins"
    assert "breaks off" in wrong.why


def test_posts_of_broadcast_channels_are_no_talk(tmp_path: Path) -> None:
    path = telegram_chat(tmp_path)
    path.write_text(path.read_text("utf-8").replace("private_supergroup", "public_channel"), "utf-8")
    found = read(path)
    assert found.events == []
    assert dict(found.tally.left) == {"post in a broadcast channel": 10}
