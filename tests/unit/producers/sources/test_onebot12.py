"""OneBot v12 events, written after its specification: https://12.onebot.dev/ (interface/group, interface/message)."""

from typing import Any

import pytest

from huoqun.config import Source
from huoqun.events import Event, Refused
from producers.sources.base import Heartbeat, Ignored, Opened
from producers.verify import Denied
from tests.support.gateway_kit import gateway, run
from tests.support.specimens.base import AT, NOW, deliver
from tests.support.specimens.base import read as read_signed
from tests.support.specimens.onebot12 import COMMON, SPECIMEN, TOKEN, message, notice, sign, text


def read(payload: dict[str, Any]) -> Any:
    found = read_signed(SPECIMEN, payload)
    return found if isinstance(found, Refused) else found[0]


def test_a_text_message() -> None:
    assert read(message(text("怎么退款"))) == Event(
        id="5550001:6283",
        type="message",
        ts=AT * 1000 + 599,
        platform="qq",
        group_id="5550001",
        user_id="20002",
        text="怎么退款",
        received_at=NOW,
        source="here",
    )


def test_replies_mentions_and_what_is_no_text() -> None:
    found = read(SPECIMEN.payloads["message"])
    assert (found.text, found.mentions, found.reply_to) == ("@30003 怎么退款[图片]", ["30003"], "5550001:6282")
    everyone = read(message({"type": "mention_all", "data": {}}, text("开会")))
    assert (everyone.text, everyone.extra) == ("@全体成员 开会", {"at_all": True})


@pytest.mark.parametrize(
    ("segment", "shown"),
    [
        ({"type": "voice", "data": {}}, "[语音]"),
        ({"type": "audio", "data": {}}, "[音频]"),
        ({"type": "video", "data": {}}, "[视频]"),
        ({"type": "file", "data": {}}, "[文件]"),
        ({"type": "location", "data": {"title": "校区"}}, "[位置] 校区"),
        ({"type": "qq.face", "data": {"id": "178"}}, "[消息]"),
        ({"type": "mention", "data": {}}, ""),
        ({"type": "reply", "data": {}}, ""),
        ({"type": "text", "data": {"text": 7}}, ""),
        ({"type": "text"}, ""),
        (7, ""),
    ],
)
def test_segments(segment: Any, shown: str) -> None:
    assert read(message(segment)).text == shown


@pytest.mark.parametrize(
    ("robot", "platform"),
    [
        ({"platform": "wechat", "user_id": "1"}, "wechat"),
        ({"platform": "a/b", "user_id": "1"}, "onebot"),
        ({"platform": "", "user_id": "1"}, "onebot"),
        ({}, "onebot"),
        (None, "onebot"),
    ],
)
def test_it_tells_its_platform_itself(robot: Any, platform: str) -> None:
    found = read_signed(SPECIMEN._replace(account=""), message(text("x"), self=robot))
    assert not isinstance(found, Refused)
    assert isinstance(found[0], Event)
    assert found[0].platform == platform


def test_the_reporting_account_is_a_bot() -> None:
    assert read(message(text("x"), user_id="10001")).is_bot
    assert not read(message(text("x"))).is_bot


def test_channels_are_groups_within_their_guild() -> None:
    found = read(SPECIMEN.payloads["channel"])
    assert (found.group_id, found.id) == ("7:12", "7:12:6283")
    joined = read(notice("channel_member_increase", "join", guild_id="7", channel_id="12"))
    assert (joined.type, joined.group_id) == ("join", "7:12")


@pytest.mark.parametrize(
    ("payload", "expected"),
    [
        (notice("group_member_increase", "invite"), {"type": "join", "inviter_id": "30003"}),
        (
            notice("group_member_increase", "join"),
            {"type": "join", "inviter_id": "", "extra": {"approved_by": "30003"}},
        ),
        (notice("group_member_increase", "join", operator_id="20002"), {"type": "join", "extra": {}}),
        (notice("group_member_increase", "join", user_id="10001"), {"type": "join", "is_bot": True}),
        (
            notice("group_member_decrease", "leave", operator_id="20002"),
            {"type": "leave", "reason": "left", "extra": {}},
        ),
        (
            notice("group_member_decrease", "kick"),
            {"type": "leave", "reason": "kicked", "extra": {"operator_id": "30003"}},
        ),
        (notice("group_member_decrease", ""), {"type": "leave", "reason": "unknown"}),
        (
            notice("group_message_delete", "delete", message_id="6283"),
            {"type": "delete", "reply_to": "5550001:6283", "extra": {"operator_id": "30003"}},
        ),
    ],
)
def test_notices(payload: dict[str, Any], expected: dict[str, Any]) -> None:
    found = read(payload)
    assert {name: getattr(found, name) for name in expected} == expected
    assert found.id == f"5550001:{COMMON['id']}"


def test_a_notice_without_an_id_gets_one_that_stays() -> None:
    first, later = (read(notice("group_member_increase", id=None, time=AT + n)) for n in range(2))
    assert first.id == read(notice("group_member_increase", id=None, time=AT)).id != later.id


@pytest.mark.parametrize(
    ("payload", "what"),
    [
        ({"type": "meta", "detail_type": "connect", "time": AT}, "meta"),
        ({"type": "request", "detail_type": "of an implementation", "time": AT}, "request"),
        (message(text("x"), detail_type="private"), "private"),
        (notice("friend_increase"), "notice"),
        (notice("guild_member_increase"), "notice"),
        (notice("of next year"), "unknown"),
        ({"type": "of next year"}, "unknown"),
    ],
)
def test_what_is_authentic_and_no_event_is_ignored_by_name(payload: dict[str, Any], what: str) -> None:
    assert read(payload) == Ignored(what)


def test_a_heartbeat_says_when_the_next_one_is_due() -> None:
    beat = {"type": "meta", "detail_type": "heartbeat", "interval": 5000, "time": AT}
    assert read(beat) == Heartbeat(5_000)
    for nonsense in (0, -5, "soon", None, 10**12, True):
        assert read(beat | {"interval": nonsense}) == Ignored("meta")


@pytest.mark.parametrize(
    ("payload", "where"),
    [
        ({}, "type"),
        (message(text("x"), group_id=None), "group_id"),
        (message(text("x"), user_id=True), "user_id"),
        (message(text("x"), message_id=[1]), "message_id"),
        (message(text("x"), message="text"), "message"),
        (message(text("x"), time="now"), "time"),
        (message(text("x"), detail_type="channel", guild_id="7"), "channel_id"),
        (notice("group_message_delete"), "message_id"),
    ],
)
def test_what_is_malformed_is_refused_with_its_place(payload: dict[str, Any], where: str) -> None:
    found = read(payload)
    assert isinstance(found, Refused)
    assert found.where == where


def test_the_token_may_stand_in_the_address() -> None:
    signed = sign(message(text("x")), AT)._replace(headers={})
    assert isinstance(deliver(SPECIMEN, signed._replace(query={"access_token": TOKEN})), Opened)
    assert isinstance(deliver(SPECIMEN, signed._replace(query={"access_token": f"{TOKEN}x"})), Denied)
    assert isinstance(deliver(SPECIMEN, signed), Denied)


@pytest.mark.parametrize("header", ["", TOKEN, f"bearer {TOKEN}", f"Basic {TOKEN}", f"Bearer  {TOKEN}", "Bearer "])
def test_a_header_of_another_form_is_denied_whatever_the_address_says(header: str) -> None:
    signed = sign(message(text("x")), AT)._replace(headers={"Authorization": header}, query={"access_token": TOKEN})
    assert isinstance(deliver(SPECIMEN, signed), Denied)


def test_another_robots_deliveries_are_denied() -> None:
    assert isinstance(deliver(SPECIMEN._replace(account="2"), sign(message(text("x")), AT)), Denied)
    assert isinstance(deliver(SPECIMEN, sign({"type": "meta", "detail_type": "connect"}, AT)), Opened)


SOURCES = (Source(name="onebot", kind="onebot12", secret_env="ONEBOT"),)


@run
async def test_the_answer_is_204_and_nothing_that_could_be_a_command() -> None:
    async with gateway(SOURCES, environ={"ONEBOT": TOKEN}) as kit:
        signed = sign(message(text("hi")), AT)
        async with kit.client.post(
            kit.address + "/webhooks/onebot", data=signed.body, headers=dict(signed.headers)
        ) as got:
            assert (got.status, await got.read()) == (204, b"")
        assert [(e["id"], e["source"]) for e in kit.stored()] == [("5550001:6283", "onebot")]
        assert (await kit.post("/webhooks/onebot", signed.body))[0] == 401
