"""WeCom's archive, written after https://developer.work.weixin.qq.com/document/path/91774."""

import json
import time
from typing import Any

import pytest
from standardwebhooks import Webhook

from huoqun import standard_webhooks
from huoqun.config import Source
from huoqun.events import Event, Refused
from producers import verify
from producers.sources.base import ACCEPTED, Ignored, Opened
from producers.sources.wecom_archive import MAX_RECORDS, Batch, signed_batches
from producers.verify import Denied
from tests.support.gateway_kit import gateway, run
from tests.support.specimens.base import AT, NOW, Signed, deliver
from tests.support.specimens.base import read as read_signed
from tests.support.specimens.wecom_archive import CUSTOMER, ROOM, SECRET, SPECIMEN, record, sign


def read(payload: dict[str, Any]) -> Any:
    found = read_signed(SPECIMEN, [payload])
    assert not isinstance(found, Refused), found
    return found[0]


def key() -> bytes:
    keys = verify.standard_keys(SECRET)
    assert isinstance(keys, list)
    return keys[0]


def test_a_text_message() -> None:
    assert read(record("text", {"content": "这款还有货吗"})) == Event(
        id=f"{ROOM}:CAQQluDa4QUY0On2rYSAgAMgzPrShAE=",
        type="message",
        ts=AT * 1000,
        platform="wecom",
        group_id=ROOM,
        user_id=CUSTOMER,
        text="这款还有货吗",
        received_at=NOW,
        source="here",
    )


@pytest.mark.parametrize(
    ("kind", "content", "text"),
    [
        ("image", {"md5sum": "50de"}, "[图片]"),
        ("voice", {"play_length": 3}, "[语音]"),
        ("file", {"filename": "报价.xlsx"}, "[文件] 报价.xlsx"),
        (
            "link",
            {"title": "领券", "description": "今天", "link_url": "https://x.example"},
            "[链接] 领券 今天 https://x.example",
        ),
        ("weapp", {"title": "商城"}, "[小程序] 商城"),
        ("redpacket", {"wish": "恭喜"}, "[红包]"),
        ("mixed", SPECIMEN.payloads["mixed"][0]["mixed"], "看图 [图片]"),
        ("mixed", {"item": [7, {"type": "text", "content": "{"}, {"type": "text", "content": []}]}, "[消息] [消息]"),
        ("of next year", {}, "[消息]"),
        ("text", None, "[消息]"),
    ],
)
def test_what_is_no_text_is_shown(kind: str, content: Any, text: str) -> None:
    assert read(record(kind, content)).text == text


def test_markdown_lies_elsewhere() -> None:
    assert read(record("markdown", None, info={"content": "**重要**"})).text == "**重要**"


def test_the_companys_own_people_are_staff_and_robots_are_bots() -> None:
    for sender, staff, bot in (("zhangsan", True, False), (CUSTOMER, False, False), ("wb" + CUSTOMER[2:], False, True)):
        found = read(record("text", {"content": "x"}, **{"from": sender}))
        assert (found.is_staff, found.is_bot) == (staff, bot)


def test_a_message_that_is_taken_back() -> None:
    found = read(record("revoke", {"pre_msgid": "1_external"}, action="recall", msgid="3"))
    assert (found.type, found.reply_to, found.user_id) == ("delete", f"{ROOM}:1_external", CUSTOMER)


@pytest.mark.parametrize(
    ("payload", "what"),
    [
        (record("text", {"content": "x"}, roomid=""), "private"),
        ({"msgid": "1", "action": "switch", "time": AT * 1000, "user": "zhangsan"}, "switch"),
        (record("agree", {"userid": CUSTOMER}), "consent"),
        (record("text", {}, action="of next year"), "unknown"),
    ],
)
def test_what_is_authentic_and_no_event_is_ignored_by_name(payload: dict[str, Any], what: str) -> None:
    assert read(payload) == Ignored(what)


@pytest.mark.parametrize(
    ("payload", "where"),
    [
        (7, "record"),
        ({}, "action"),
        (record("text", {}, msgid=None), "msgid"),
        (record("text", {}, **{"from": True}), "from"),
        (record("text", {}, msgtime="now"), "msgtime"),
        (record("revoke", {}, action="recall"), "revoke.pre_msgid"),
    ],
)
def test_a_bad_record_is_refused_by_its_place_and_the_others_are_kept(payload: Any, where: str) -> None:
    found = read_signed(SPECIMEN, [record("text", {}), payload, record("text", {}, msgid="2")])
    assert not isinstance(found, Refused)
    assert [type(each) for each in found[:3]] == [Event, Refused, Event]
    assert isinstance(found[1], Refused)
    assert found[1].where == where


def test_the_size_of_each_room_is_told_once_a_delivery_by_its_last_message() -> None:
    found = read_signed(
        SPECIMEN,
        [
            record("text", {}, msgid="1", tolist=["a"]),
            record("text", {}, msgid="2", tolist=["a", "b", "b", "", 7, None, CUSTOMER]),
            record("text", {}, msgid="3", tolist=["a"], roomid="wrOther"),
            record("text", {}, msgid="4", tolist=[], roomid="wrUntold"),
        ],
    )
    assert not isinstance(found, Refused)
    sizes = {e.group_id: (e.count, e.id) for e in found if isinstance(e, Event) and e.type == "member_count"}
    assert sizes == {ROOM: (4, f"{ROOM}:2:members"), "wrOther": (2, "wrOther:3:members")}


# Opening.


def body(data: bytes, kind: str = "application/x-ndjson") -> Signed:
    headers = standard_webhooks.sign(message_id="m", timestamp_s=NOW // 1000, body=data, key=key())
    return Signed(data, {"Content-Type": kind, **headers})


@pytest.mark.parametrize(
    "data",
    [
        b'{"action":"switch"}\n\n{"action":"switch"}\r\n',
        b'[{"action":"switch"},{"action":"switch"}]',
    ],
)
def test_lines_or_an_array(data: bytes) -> None:
    found = deliver(SPECIMEN, body(data))
    assert isinstance(found, Opened)
    assert found.payload == {"records": [{"action": "switch"}] * 2}
    assert found.answer is ACCEPTED


@pytest.mark.parametrize("data", [b"", b"\n \n", b"[]", b"[{]", b"{}\n" * (MAX_RECORDS + 1)])
def test_nothing_or_too_much_is_refused(data: bytes) -> None:
    assert isinstance(deliver(SPECIMEN, body(data)), Refused)


def test_a_line_that_is_no_json_is_one_bad_record() -> None:
    found = deliver(SPECIMEN, body(b'{"action":"switch"}\n{\n'))
    assert isinstance(found, Opened)
    assert isinstance(found.payload["records"][1], Refused)


# What posts to it.


def test_batches_are_signed_as_standard_webhooks_says() -> None:
    records = [record("text", {"content": "x"}, msgid=str(n)) for n in range(3)]
    batches = list(signed_batches(records, key=key(), now_s=NOW // 1000, at_once=2))
    assert [each.body.count(b"\n") for each in batches] == [2, 1]
    for each in batches:
        assert isinstance(deliver(SPECIMEN, Signed(each.body, each.headers)), Opened)
    assert isinstance(deliver(SPECIMEN, Signed(batches[0].body, batches[1].headers)), Denied)
    (one,) = signed_batches(records[:1], key=key(), now_s=int(time.time()))
    assert Webhook(f"whsec_{SECRET}").verify(one.body, dict(one.headers)) == records[0]


def test_batches_stay_small_and_a_large_record_goes_alone() -> None:
    records = [record("text", {"content": "x" * size}) for size in (300_000, 300_000, 600_000, 10)]
    sizes = [len(each.body) for each in signed_batches(records, key=key(), now_s=1)]
    assert len(sizes) == 4
    assert max(sizes) < 1024 * 1024
    assert list(signed_batches([], key=key(), now_s=1)) == []


SOURCES = (Source(name="archive", kind="wecom_archive", secret_env="ARCHIVE"),)


@run
async def test_through_the_gateway_what_is_bad_is_told_and_the_rest_is_stored() -> None:
    async with gateway(SOURCES, environ={"ARCHIVE": SECRET}) as kit:
        records = [record("text", {"content": "一"}, msgid="1"), {"action": "send", "roomid": ROOM}]
        (batch,) = signed_batches(records, key=key(), now_s=NOW // 1000)
        status, answer, _ = await kit.post("/webhooks/archive", batch.body, dict(batch.headers))
        assert status == 202
        assert (answer["accepted"], [each["index"] for each in answer["refused"]]) == (2, [1])
        assert [e["type"] for e in kit.stored()] == ["message", "member_count"]
        bad = Batch(batch.body + b"{}", batch.headers)
        assert (await kit.post("/webhooks/archive", bad.body, dict(bad.headers)))[0] == 401


def test_the_specimen_is_what_the_documentation_shows() -> None:
    assert json.loads(sign(SPECIMEN.payloads["recall"], 1).body)["revoke"] == {"pre_msgid": "1_external"}
