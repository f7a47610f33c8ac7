"""Rocket.Chat's deliveries, written after its documentation and source (see the specimen)."""

import json
from typing import Any

import pytest

from huoqun.config import Source
from huoqun.events import Event, Refused
from producers.sources import PLATFORMS
from producers.sources.base import Answer, Ignored, Opened, Stamp
from producers.verify import Denied
from tests.support.gateway_kit import gateway, run
from tests.support.specimens.base import AT, NOW, Signed, deliver
from tests.support.specimens.rocketchat import PAYLOADS, ROOM, SECRET, SPECIMEN, iso, membership, message

ROOM_ID = "hTJ6vcQGmKWzPvLqY"
MESSAGE = f"{ROOM_ID}:Tz3kLrX9fQbWm2sNd"


def read_all(payload: dict[str, Any], path: str = "", at: int = NOW) -> Any:
    opened = deliver(SPECIMEN, Signed(json.dumps(payload).encode(), {}, path=path))
    assert isinstance(opened, Opened)
    return PLATFORMS["rocketchat"].parse(opened.payload, Stamp(at, "here", "full"))


def read(payload: dict[str, Any], path: str = "", at: int = NOW) -> Any:
    found = read_all(payload, path, at)
    return found if isinstance(found, Refused) else found[-1]


def test_a_message() -> None:
    assert read(message()) == Event(
        id=MESSAGE,
        type="message",
        ts=AT * 1000,
        platform="rocketchat",
        group_id=ROOM_ID,
        group_name="help",
        user_id="aobEdbYhXfu5hkeqG",
        user_name="ada",
        text="where do I find the invoice?",
        received_at=NOW,
        source="here",
    )


def test_a_reply_in_a_thread() -> None:
    found = read(PAYLOADS["reply"])
    assert (found.reply_to, found.thread_id) == (MESSAGE, MESSAGE)


def test_an_edit_is_one_however_many_triggers_tell_of_it() -> None:
    found = read(PAYLOADS["edit"])
    assert (found.type, found.reply_to, found.text, found.ts) == ("edit", MESSAGE, "where is the invoice?", NOW)
    timed = message(text="where is the invoice?", isEdited=True, message={"editedAt": iso(AT + 7)})
    assert (read(timed).id, read(timed).ts) == (found.id, (AT + 7) * 1000)
    assert read(message(text="other", isEdited=True)).id != found.id


def test_a_delete_points_at_the_message() -> None:
    found = read(PAYLOADS["delete"])
    assert (found.type, found.reply_to, found.user_id) == ("delete", MESSAGE, "aobEdbYhXfu5hkeqG")


def test_what_an_integration_posts_is_not_the_person_it_posts_as() -> None:
    found = read(message(bot=True, alias="ci"))
    assert (found.user_id, found.user_name, found.is_bot) == ("bot:aobEdbYhXfu5hkeqG", "ci", True)
    older = read(message(bot={"i": "c64nioDXoc6XgxAGt"}))
    assert (older.user_name, older.is_bot) == ("ada", True)


def test_an_upload_is_shown() -> None:
    uploaded = message(text="", message={"file": {"name": "a.pdf"}}, room=ROOM)
    assert read(uploaded).text == "[file] a.pdf"


def test_joins_and_leaves_are_told_by_their_addresses() -> None:
    count, join = read_all(membership(), "/joined")
    assert (join.type, join.user_id, join.ts, join.is_bot) == ("join", "aobEdbYhXfu5hkeqG", AT * 1000, False)
    assert (count.type, count.count, count.ts, count.user_id) == ("member_count", 41, AT * 1000 - 1, "")
    leave = read(membership(bot=True), "/left")
    assert (leave.type, leave.reason, leave.is_bot) == ("leave", "unknown", True)
    assert leave.id != join.id


@pytest.mark.parametrize("count", [None, -1, 10**12, "41", True, 1.5])
def test_a_count_that_is_none_is_left_out(count: Any) -> None:
    assert [e.type for e in read_all(membership() | {"room": ROOM | {"usersCount": count}}, "/joined")] == ["join"]


@pytest.mark.parametrize(
    ("payload", "path", "what"),
    [
        ({"token": SECRET, "bot": False}, "/joined", "without_data"),
        ({"token": SECRET, "bot": False}, "", "without_data"),
        ({"token": SECRET, "user_id": "u", "user": {}}, "", "user_created"),
        ({"token": SECRET, "channel_id": "c", "channel_name": "n", "owner": {}}, "", "room_created"),
        (membership(), "", "unknown"),
        (message(channel_name=None), "", "private"),
        (message(room={"t": "d"}), "", "private"),
        (membership() | {"room": {"t": "l"}}, "/left", "private"),
    ],
)
def test_what_is_authentic_and_no_event_is_ignored_by_name(payload: dict[str, Any], path: str, what: str) -> None:
    assert read(payload, path) == Ignored(what)


@pytest.mark.parametrize(
    ("payload", "path", "where"),
    [
        (message(user_id=None), "", "user_id"),
        (message(channel_id=True), "", "channel_id"),
        (message(message_id=[]), "", "message_id"),
        (message(timestamp="soon"), "", "timestamp"),
        (message(timestamp=None), "", "timestamp"),
        (membership(timestamp=[1]), "/joined", "timestamp"),
    ],
)
def test_what_is_malformed_is_refused_with_its_place(payload: dict[str, Any], path: str, where: str) -> None:
    found = read(payload, path)
    assert isinstance(found, Refused)
    assert found.where == where


def test_an_address_that_means_nothing_is_refused() -> None:
    found = deliver(SPECIMEN, Signed(json.dumps(message()).encode(), {}, path="/joind"))
    assert isinstance(found, Refused)
    assert found.where == "address"


def test_the_answer_is_not_empty_since_that_would_count_as_a_failure() -> None:
    opened = deliver(SPECIMEN, Signed(json.dumps(message()).encode(), {}))
    assert isinstance(opened, Opened)
    assert opened.answer == Answer(200, b"{}", "application/json")


@pytest.mark.parametrize("token", [None, "", 5, "other"])
def test_a_token_that_does_not_fit_is_denied(token: Any) -> None:
    assert isinstance(deliver(SPECIMEN, Signed(json.dumps(message(token=token)).encode(), {})), Denied)


@run
async def test_every_address_of_a_source_leads_to_it() -> None:
    source = Source(name="chat", kind="rocketchat", secret_env="KEY")
    async with gateway((source,), environ={"KEY": SECRET}) as kit:
        for payload, path in ((message(), ""), (membership(), "/joined"), (membership(timestamp=iso(AT + 5)), "/left")):
            status, answer, _ = await kit.post(f"/webhooks/chat{path}", json.dumps(payload).encode())
            assert (status, answer) == (200, {})
        assert sorted(e["type"] for e in kit.stored()) == ["join", "leave", "member_count", "member_count", "message"]
        assert (await kit.post("/webhooks/chat/elsewhere", json.dumps(message()).encode()))[0] == 400
