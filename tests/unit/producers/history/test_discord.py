"""DiscordChatExporter's JSON, after https://github.com/Tyrrrz/DiscordChatExporter (JsonMessageWriter.cs)."""

import json
from pathlib import Path

from producers.discord.events import Reader
from tests.support.exports import DISCORD_FIRST, discord
from tests.support.history_kit import NOW, read


def number(minute: int) -> str:
    return str(DISCORD_FIRST + (minute * 60_000 << 22))


def test_messages_are_of_the_server_and_say_whom_they_answer(tmp_path: Path) -> None:
    found = read(discord(tmp_path))
    assert found.wrong == []
    assert {(e["group_id"], e["group_name"]) for e in found.events} == {("900", "Balcony")}
    question = found.only("who waters, @Ann?")
    assert (question["id"], question["extra"]["channel_id"]) == (f"900:{number(1)}", "901")
    assert (question["user_id"], question["user_name"], question["mentions"]) == ("2", "Bob", ["1"])
    assert found.only("me")["reply_to"] == question["id"]
    assert found.only("[file] plan.png")
    assert found.only("beep")["is_bot"] is True
    (join,) = found.of("join")
    assert join["user_id"] == "2"
    assert dict(found.tally.left) == {
        "reaction (the export has no time for it)": 2,
        "service message (ChannelPinnedMessage)": 1,
    }


def test_the_relay_gives_the_same_message_the_same_id_and_time(tmp_path: Path) -> None:
    author = {"id": "2", "username": "bob", "global_name": "Bob"}
    data = {
        "id": number(1),
        "guild_id": "900",
        "channel_id": "901",
        "type": 0,
        "author": author,
        "content": "who waters, <@1>?",
    }
    for by_channel in (False, True):
        reader = Reader(groups="channel" if by_channel else "server")
        dispatched = reader.read("MESSAGE_CREATE", data, NOW)
        assert isinstance(dispatched, list)
        (event,) = dispatched
        question = read(discord(tmp_path / str(by_channel)), by_channel=by_channel).only("who waters, @Ann?")
        assert [question[name] for name in ("id", "ts", "group_id")] == [
            event[name] for name in ("id", "ts", "group_id")
        ]


def test_a_thread_belongs_to_its_server_or_to_the_channel_that_it_branched_off(tmp_path: Path) -> None:
    path = discord(tmp_path)
    by_server, by_channel = (read(path, by_channel=each).only("in the thread") for each in (False, True))
    assert (by_server["group_id"], by_server["thread_id"]) == ("900", "900:902")
    assert (by_channel["group_id"], by_channel["thread_id"], by_channel["group_name"]) == (
        "901",
        "901:902",
        "Balcony #general",
    )


def test_a_channel_can_be_chosen_by_name_and_called_something_else(tmp_path: Path) -> None:
    found = read(discord(tmp_path), by_channel=True, groups=["general=77"])
    assert {e["group_id"] for e in found.of("message")} == {"77"}
    assert read(discord(tmp_path / "again"), groups=["elsewhere"]).events == []


def test_direct_messages_are_left_out(tmp_path: Path) -> None:
    path = tmp_path / "dm.json"
    document = {
        "guild": {"id": "0", "name": "Direct Messages"},
        "channel": {"id": "5", "type": "DirectTextChat", "name": "bob"},
        "messages": [{"id": "1"}],
    }
    path.write_text(json.dumps(document))
    found = read(path)
    assert found.events == []
    assert dict(found.tally.left) == {"message of a private conversation": 1}


def test_what_is_no_message_is_named_with_its_line(tmp_path: Path) -> None:
    folder = discord(tmp_path)
    path = next(folder.glob("*901*"))
    path.write_text(path.read_text("utf-8").replace(f'"id": "{number(1)}"', '"id": "first"'), "utf-8")
    (wrong,) = read(folder).wrong
    assert (wrong.place.file, wrong.place.line) == (str(path), 45)
    assert wrong.why.startswith("id: ")
