"""WeCom's intelligent robot, written after https://developer.work.weixin.qq.com/document/path/100719."""

from typing import Any

import pytest

from huoqun.events import Event, Refused
from producers.sources import PLATFORMS
from producers.sources.base import Answer, Ignored
from producers.verify import Denied
from tests.support.sealing import seal
from tests.support.specimens.base import AT, NOW, Signed, deliver
from tests.support.specimens.base import read as read_signed
from tests.support.specimens.wecom_bot import ROBOT, SPECIMEN, message, sign


def read(payload: dict[str, Any]) -> Any:
    found = read_signed(SPECIMEN, payload, coverage="mentions")
    return found if isinstance(found, Refused) else found[0]


def test_a_message_that_mentions_the_robot() -> None:
    assert read(message("text", {"content": "@小助手 报销单谁来批 "})) == Event(
        id="wrOgQhDgAAinternal:CAIQ16HMjQYY/NGagIOAgAMgq4KM0AI=",
        type="message",
        ts=NOW,
        platform="wecom",
        group_id="wrOgQhDgAAinternal",
        user_id="lisi",
        text="@小助手 报销单谁来批",
        mentions=[ROBOT],
        coverage="mentions",
        received_at=NOW,
        source="here",
    )


def test_its_time_is_that_of_the_signed_request_unless_it_has_one() -> None:
    assert read(message("text", {"content": "x"}, create_time=AT)).ts == AT * 1000


@pytest.mark.parametrize(
    ("kind", "content", "text"),
    [
        ("image", {"url": "u"}, "[图片]"),
        ("voice", {"content": "说出来的话"}, "说出来的话"),
        ("voice", {}, "[语音]"),
        ("file", {"url": "u"}, "[文件]"),
        ("of next year", {}, "[消息]"),
        ("text", None, "[消息]"),
        ("mixed", SPECIMEN.payloads["mixed"]["mixed"], "@小助手 这个对吗 [图片]"),
        ("mixed", {"msg_item": [7, {}, {"msgtype": "mixed", "mixed": {}}]}, "[消息] [消息]"),
        ("mixed", None, ""),
    ],
)
def test_what_is_no_text_is_shown(kind: str, content: Any, text: str) -> None:
    assert read(message(kind, content)).text == text


@pytest.mark.parametrize(
    ("payload", "what"),
    [
        (message("text", {"content": "x"}, chattype="single"), "private"),
        (message("text", {"content": "x"}, chattype="of next year"), "unknown"),
        (message("event", {"eventtype": "enter_chat"}), "event"),
        (message("stream", {"id": "s"}), "stream"),
    ],
)
def test_what_is_authentic_and_no_event_is_ignored_by_name(payload: dict[str, Any], what: str) -> None:
    assert read(payload) == Ignored(what)


@pytest.mark.parametrize(
    ("fields", "where"),
    [
        ({"msgtype": None}, "msgtype"),
        ({"chatid": None}, "chatid"),
        ({"msgid": [1]}, "msgid"),
        ({"from": "lisi"}, "from.userid"),
        ({"create_time": "now"}, "create_time"),
    ],
)
def test_what_is_malformed_is_refused_with_its_place(fields: dict[str, Any], where: str) -> None:
    found = read(message("text", {"content": "x"}) | fields)
    assert isinstance(found, Refused)
    assert found.where == where


def test_the_handshake_is_for_nobody_by_name() -> None:
    given = seal("echo", "", AT)
    signed = Signed(b"", {}, method="GET", query=given.query | {"echostr": given.encrypted})
    assert deliver(SPECIMEN, signed) == Answer(200, b"echo", "text/plain")


def test_another_robots_messages_are_denied() -> None:
    assert isinstance(deliver(SPECIMEN, sign(message("text", {}, aibotid="other"), AT)), Denied)


def test_a_robot_never_sees_all() -> None:
    assert PLATFORMS["wecom_bot"].narrow("full") == "mentions"
