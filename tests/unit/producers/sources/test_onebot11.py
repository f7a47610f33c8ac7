"""OneBot v11 payloads, written after its specification: https://github.com/botuniverse/onebot-11 (event/, message/)."""

import hmac
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from huoqun.events import Event, Refused
from producers.sources.base import Heartbeat, Ignored, Stamp
from producers.sources.onebot11 import parse, read_cq
from tests.support.gateway_kit import NOW, ONEBOT, QQ_SECRET, gateway, run

AT = NOW // 1000 - 60


def read(payload: dict[str, Any]) -> Any:
    found = parse(payload, Stamp(NOW, "qq", "full"))
    return found if isinstance(found, Refused) else found[0]


def message(segments: Any, **fields: Any) -> dict[str, Any]:
    return {
        "time": AT,
        "self_id": 10001,
        "post_type": "message",
        "message_type": "group",
        "sub_type": "normal",
        "message_id": 77,
        "group_id": 5550001,
        "user_id": 20002,
        "anonymous": None,
        "message": segments,
        "raw_message": "",
        "font": 0,
        "sender": {"user_id": 20002, "nickname": "小明", "card": "", "role": "member"},
        **fields,
    }


def notice(kind: str, **fields: Any) -> dict[str, Any]:
    return {
        "time": AT,
        "self_id": 10001,
        "post_type": "notice",
        "notice_type": kind,
        "group_id": 5550001,
        "user_id": 20002,
        **fields,
    }


def test_a_text_message() -> None:
    found = read(message([{"type": "text", "data": {"text": "请问怎么退款"}}]))
    assert found == Event(
        id="5550001:77",
        type="message",
        ts=AT * 1000,
        platform="qq",
        group_id="5550001",
        user_id="20002",
        user_name="小明",
        text="请问怎么退款",
        received_at=NOW,
        source="qq",
    )


SEGMENTS = [
    {"type": "reply", "data": {"id": "76"}},
    {"type": "at", "data": {"qq": "30003"}},
    {"type": "text", "data": {"text": " 看[这个], &好的"}},
    {"type": "image", "data": {"file": "a.jpg"}},
    {"type": "at", "data": {"qq": "all"}},
]
CQ = "[CQ:reply,id=76][CQ:at,qq=30003] 看&#91;这个&#93;, &amp;好的[CQ:image,file=a.jpg][CQ:at,qq=all]"


@pytest.mark.parametrize("content", [SEGMENTS, CQ], ids=["array", "CQ codes"])
def test_both_message_formats_give_the_same_event(content: Any) -> None:
    found = read(message(content))
    assert found.text == "@30003  看[这个], &好的[图片]@全体成员"
    assert found.mentions == ["30003"]
    assert found.reply_to == "5550001:76"
    assert found.extra == {"at_all": True}


@pytest.mark.parametrize(
    ("segment", "text"),
    [
        ({"type": "face", "data": {"id": "178"}}, "[表情]"),
        ({"type": "record", "data": {}}, "[语音]"),
        ({"type": "video", "data": {}}, "[视频]"),
        ({"type": "json", "data": {"data": "{}"}}, "[卡片]"),
        (
            {"type": "share", "data": {"url": "https://x.example", "title": "加群领券"}},
            "[分享] 加群领券 https://x.example",
        ),
        ({"type": "file", "data": {"file": "a.pdf"}}, "[文件] a.pdf"),
        ({"type": "never seen", "data": {}}, "[消息]"),
        ({"type": "at", "data": {"qq": 30003, "name": "@小红"}}, "@小红"),
        ({"type": "text", "data": {}}, ""),
        ({"type": "text"}, ""),
    ],
)
def test_what_is_no_text_is_shown_as_a_client_shows_it(segment: dict[str, Any], text: str) -> None:
    assert read(message([segment])).text == text


def test_the_role_makes_staff_and_the_card_is_the_name() -> None:
    for role, staff in (("owner", True), ("admin", True), ("member", False), (None, False)):
        found = read(message("hi", sender={"nickname": "n", "card": "群主", "role": role}))
        assert (found.is_staff, found.user_name) == (staff, "群主")


def test_the_reporting_account_is_a_bot() -> None:
    assert read(message("hi", user_id=10001)).is_bot
    assert read(message("hi", post_type="message_sent")).is_bot
    assert not read(message("hi")).is_bot


def test_an_anonymous_message_has_its_own_person() -> None:
    found = read(
        message("hi", sub_type="anonymous", user_id=80000000, anonymous={"id": 12, "name": "某人", "flag": "f"})
    )
    assert (found.user_id, found.user_name) == ("anonymous:12", "某人")


def test_the_same_message_number_in_two_groups_is_two_messages() -> None:
    assert read(message("hi")).id != read(message("hi", group_id=5550002)).id


@pytest.mark.parametrize(
    ("payload", "expected"),
    [
        (notice("group_increase", sub_type="invite", operator_id=30003), {"type": "join", "inviter_id": "30003"}),
        (
            notice("group_increase", sub_type="approve", operator_id=30003),
            {"type": "join", "inviter_id": "", "extra": {"approved_by": "30003"}},
        ),
        (notice("group_increase", sub_type="approve", operator_id=0), {"type": "join", "extra": {}}),
        (
            notice("group_increase", sub_type="invite", user_id=10001, operator_id=30003),
            {"type": "join", "is_bot": True},
        ),
        (
            notice("group_decrease", sub_type="leave", operator_id=20002),
            {"type": "leave", "reason": "left", "extra": {}},
        ),
        (
            notice("group_decrease", sub_type="kick", operator_id=30003),
            {"type": "leave", "reason": "kicked", "extra": {"operator_id": "30003"}},
        ),
        (notice("group_decrease", sub_type="kick_me", operator_id=30003), {"type": "leave", "reason": "kicked"}),
        (notice("group_decrease", sub_type="disband", operator_id=0), {"type": "leave", "reason": "unknown"}),
        (
            notice("group_recall", operator_id=30003, message_id=77),
            {"type": "delete", "reply_to": "5550001:77", "extra": {"operator_id": "30003"}},
        ),
        (notice("group_card", card_new="新名", card_old="旧名"), {"type": "rename", "user_name": "新名"}),
        (
            notice("group_msg_emoji_like", message_id=77, likes=[{"emoji_id": "76", "count": 1}]),
            {"type": "reaction", "reply_to": "5550001:77"},
        ),
    ],
)
def test_notices(payload: dict[str, Any], expected: dict[str, Any]) -> None:
    found = read(payload)
    assert {name: getattr(found, name) for name in expected} == expected
    assert (found.ts, found.user_id) == (AT * 1000, str(payload["user_id"]))
    assert read(payload).id == found.id
    assert read(payload | {"time": AT + 1}).id != found.id


@pytest.mark.parametrize(
    ("payload", "what"),
    [
        ({"post_type": "meta_event", "meta_event_type": "lifecycle", "sub_type": "connect", "time": AT}, "meta"),
        ({"post_type": "request", "request_type": "group", "time": AT}, "request"),
        (message("secret", message_type="private"), "private"),
        (message("tip", sub_type="notice"), "system_message"),
        (notice("group_admin", sub_type="set"), "group_admin"),
        (notice("group_ban", sub_type="ban", duration=60), "group_ban"),
        (notice("notify", sub_type="poke"), "notify"),
        (notice("friend_add", group_id=None), "friend_add"),
        (notice("of next year"), "unknown"),
        ({"post_type": "of next year"}, "unknown"),
    ],
)
def test_what_is_authentic_and_no_event_is_ignored_by_name(payload: dict[str, Any], what: str) -> None:
    assert read(payload) == Ignored(what)


def test_a_heartbeat_says_when_the_next_one_is_due() -> None:
    beat = {"post_type": "meta_event", "meta_event_type": "heartbeat", "interval": 15000, "time": AT}
    assert read(beat) == Heartbeat(15_000)
    for nonsense in (0, -5, "soon", None, 10**12, True):
        assert read(beat | {"interval": nonsense}) == Ignored("meta")


@pytest.mark.parametrize(
    ("payload", "where"),
    [
        ({}, "post_type"),
        (message("hi", group_id=None), "group_id"),
        (message("hi", user_id=True), "user_id"),
        (message("hi", message_id=[1]), "message_id"),
        (message(42), "message"),
        (message("hi", time="now"), "time"),
        (message("hi", time=None), "time"),
        (message("hi", time=-1), "time"),
        (message("hi", time=10**30), "time"),
        (notice("group_recall"), "message_id"),
        (message("hi", group_id="5\n5"), "id"),
    ],
)
def test_what_is_malformed_is_refused_with_its_place(payload: dict[str, Any], where: str) -> None:
    found = read(payload)
    assert isinstance(found, Refused)
    assert found.where == where


def test_a_clock_far_ahead_is_not_believed_and_kept() -> None:
    ahead = NOW // 1000 + 7200
    found = read(message("hi", time=ahead))
    assert (found.ts, found.extra) == (NOW, {"ts_claimed": ahead * 1000})


def test_milliseconds_are_recognised() -> None:
    assert read(message("hi", time=NOW - 5)).ts == NOW - 5


@given(st.text())
def test_text_that_is_escaped_comes_back_as_it_was(text: str) -> None:
    escaped = text.replace("&", "&amp;").replace("[", "&#91;").replace("]", "&#93;")
    assert "".join(s["data"]["text"] for s in read_cq(escaped)) == text


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9),
    lambda i: st.lists(i, max_size=3) | st.dictionaries(st.text(max_size=5), i, max_size=3),
    max_leaves=8,
)
NAMES = st.sampled_from([*message(""), *notice(""), "operator_id", "card_new"])


@given(
    st.sampled_from([message(SEGMENTS), message(CQ), notice("group_increase"), notice("group_recall", message_id=1)]),
    st.dictionaries(NAMES, VALUES, max_size=4),
    st.lists(VALUES),
)
def test_hostile_payloads_never_raise(payload: dict[str, Any], changes: dict[str, Any], segments: list[Any]) -> None:
    for each in (payload | changes, payload | changes | {"message": segments}):
        assert isinstance(read(each), Event | Ignored | Refused)


def sign(data: bytes) -> dict[str, str]:
    digest = hmac.new(QQ_SECRET.encode(), data, "sha1").hexdigest()
    return {"Content-Type": "application/json", "X-Self-ID": "10001", "X-Signature": f"sha1={digest}"}


@run
async def test_a_signed_message_is_stored_and_answered_with_204_and_nothing_that_could_be_a_command() -> None:
    async with gateway(ONEBOT) as kit:
        data = json.dumps(message("hi")).encode()
        async with kit.client.post(kit.address + "/webhooks/qq", data=data, headers=sign(data)) as got:
            assert (got.status, await got.read()) == (204, b"")
        assert [(e["id"], e["source"]) for e in kit.stored()] == [("5550001:77", "qq")]
        assert 'huoqun_gateway_events_total{kind="onebot11",type="message"} 1.0' in kit.metrics()
        assert 'huoqun_gateway_last_event_timestamp_seconds{source="qq"}' in kit.metrics()


@run
async def test_the_webhook_refuses_forgeries_and_nonsense_and_counts_the_rest() -> None:
    async with gateway(ONEBOT) as kit:

        async def post(data: bytes, headers: dict[str, str]) -> tuple[int, str]:
            status, problem, _ = await kit.post("/webhooks/qq", data, headers)
            return status, problem.get("where", "")

        data = json.dumps(message("hi")).encode()
        assert await post(data, {"Content-Type": "application/json"}) == (401, "X-Signature")
        assert await post(data + b" ", sign(data)) == (401, "X-Signature")
        assert await post(data, sign(data) | {"Content-Type": "text/plain"}) == (415, "Content-Type")
        for bad, where in (
            (b"[]", "body"),
            (b"", "body"),
            (b"{", "body"),
            (b"\xff", "byte 0"),
            (b"{}", "post_type"),
            (json.dumps(message("hi", time=None)).encode(), "time"),
        ):
            assert await post(bad, sign(bad)) == (400, where)
        beat = json.dumps({"post_type": "meta_event", "time": AT}).encode()
        assert await post(beat, sign(beat)) == (204, "")
        assert 'huoqun_gateway_ignored_total{kind="onebot11",what="meta"} 1.0' in kit.metrics()
        kit.publisher.down = True
        assert (await post(data, sign(data)))[0] == 503
        assert await post(beat, sign(beat)) == (204, "")
        assert kit.stored() == []
