"""DingTalk's robot, written after https://open.dingtalk.com/document/isvapp/receive-message."""

from typing import Any

import pytest

from huoqun.config import Source
from huoqun.events import Event, Refused
from producers.sources import PLATFORMS
from producers.sources.base import Ignored, Opened
from producers.verify import Denied
from tests.support.gateway_kit import gateway, run
from tests.support.specimens.base import AT, NOW, deliver
from tests.support.specimens.base import read as read_signed
from tests.support.specimens.dingtalk import SECRET, SPECIMEN, message, sign

GROUP = "cidKV2xEdmPLkMMq8dOMgIOqw=="


def read(payload: dict[str, Any]) -> Any:
    found = read_signed(SPECIMEN, payload, coverage="mentions")
    return found if isinstance(found, Refused) else found[0]


def test_a_message_that_mentions_the_robot() -> None:
    assert read(message("text", {"content": " 周报怎么填"})) == Event(
        id=f"{GROUP}:msg0xFOc4hnWwVQmbgSn0RZYg==",
        type="message",
        ts=AT * 1000,
        platform="dingtalk",
        group_id=GROUP,
        group_name="答疑群",
        user_id="user01",
        user_name="小钉",
        text="周报怎么填",
        mentions=["$:LWCP_v1:$robot", "user02"],
        coverage="mentions",
        received_at=NOW,
        source="here",
    )


def test_a_reply() -> None:
    assert read(SPECIMEN.payloads["reply"]).reply_to == f"{GROUP}:msgBefore=="


def test_people_from_elsewhere_have_the_encrypted_id_only() -> None:
    assert read(message("text", {}, senderStaffId=None)).user_id == "$:LWCP_v1:$a"


def test_administrators_are_staff() -> None:
    assert read(message("text", {}, isAdmin=True)).is_staff
    assert not read(message("text", {}, isAdmin="true")).is_staff


@pytest.mark.parametrize(
    ("kind", "content", "text"),
    [
        ("richText", {"richText": [{"text": "看图"}, {"type": "picture"}, 7, {"type": "of next year"}]}, "看图[图片]"),
        ("picture", {"downloadCode": "x"}, "[图片]"),
        ("audio", {"recognition": "说出来的话"}, "说出来的话"),
        ("audio", {"duration": 3}, "[语音]"),
        ("file", {"fileName": "a.pdf"}, "[文件] a.pdf"),
        ("of next year", None, "[消息]"),
    ],
)
def test_what_is_no_text_is_shown(kind: str, content: Any, text: str) -> None:
    assert read(message(kind, content)).text == text


@pytest.mark.parametrize(("kind", "what"), [("1", "private"), ("7", "unknown"), (None, "unknown")])
def test_what_is_authentic_and_no_event_is_ignored_by_name(kind: Any, what: str) -> None:
    assert read(message("text", {}, conversationType=kind)) == Ignored(what)


@pytest.mark.parametrize(
    ("fields", "where"),
    [
        ({"msgtype": None}, "msgtype"),
        ({"conversationId": ""}, "conversationId"),
        ({"msgId": 7.5}, "msgId"),
        ({"senderId": None, "senderStaffId": None}, "senderId"),
        ({"createAt": "now"}, "createAt"),
    ],
)
def test_what_is_malformed_is_refused_with_its_place(fields: dict[str, Any], where: str) -> None:
    found = read(message("text", {}) | fields)
    assert isinstance(found, Refused)
    assert found.where == where


def test_a_signature_holds_for_an_hour_either_way() -> None:
    now = NOW // 1000
    signed = sign(message("text", {}), now)
    for seconds, taken in ((0, True), (3600, True), (-3600, True), (3601, False), (-3601, False)):
        found = deliver(SPECIMEN, signed, now_s=now + seconds)
        assert isinstance(found, Opened if taken else Denied), seconds


@pytest.mark.parametrize("timestamp", ["", "now", "-1", "1" * 17, "１"])
def test_a_timestamp_that_is_none_is_denied(timestamp: str) -> None:
    signed = sign(message("text", {}), NOW // 1000)
    found = deliver(SPECIMEN, signed._replace(headers=dict(signed.headers) | {"timestamp": timestamp}))
    assert isinstance(found, Denied)
    assert found.where == "timestamp"


def test_another_robots_messages_are_denied_where_they_say_whose_they_are() -> None:
    mine = SPECIMEN._replace(account="dingabc")
    assert isinstance(deliver(mine, sign(message("text", {}, robotCode="dingxyz"), NOW // 1000)), Denied)
    assert isinstance(deliver(mine, sign(message("text", {}, robotCode="dingabc"), NOW // 1000)), Opened)
    assert isinstance(deliver(mine, sign(message("text", {}), NOW // 1000)), Opened)


def test_a_robot_never_sees_all() -> None:
    assert PLATFORMS["dingtalk"].narrow("full") == "mentions"


@run
async def test_the_answer_says_nothing_in_the_group() -> None:
    async with gateway((Source(name="ding", kind="dingtalk", secret_env="DING"),), environ={"DING": SECRET}) as kit:
        signed = sign(SPECIMEN.payloads["text"], NOW // 1000)
        status, answer, _ = await kit.post("/webhooks/ding", signed.body, dict(signed.headers))
        assert (status, answer) == (200, {"msgtype": "empty"})
        assert [e["coverage"] for e in kit.stored()] == ["mentions"]
        assert (await kit.post("/webhooks/ding", signed.body))[0] == 401
