"""DingTalk's events, after https://open.dingtalk.com/document/development/group-session-add-persons; wechatpy seals and reads."""

import json
from typing import Any

import pytest
from wechatpy.enterprise.crypto import WeChatCrypto

from huoqun.config import Source
from huoqun.events import Event, Refused
from producers.sources.base import Answer, Ignored, Opened
from producers.verify import Denied
from tests.support.gateway_kit import gateway, run
from tests.support.sealing import AES_KEY, SECRET, TOKEN, seal
from tests.support.specimens.base import NOW, Signed, deliver
from tests.support.specimens.base import read as read_signed
from tests.support.specimens.dingtalk_events import APP_KEY, SPECIMEN, event, sign

GROUP = "cidKV2xEdmPLkMMq8dOMgIOqw=="


def read(payload: dict[str, Any]) -> Any:
    return read_signed(SPECIMEN, payload, coverage="membership")


def test_people_who_were_added_have_ids_of_their_own_and_an_inviter() -> None:
    first, second = read(SPECIMEN.payloads["join"])
    assert first == Event(
        id=f"{GROUP}:c7c7120f2c074190ebdba0318c8:user01",
        type="join",
        ts=NOW - 60_000,
        platform="dingtalk",
        group_id=GROUP,
        user_id="user01",
        inviter_id="user09",
        coverage="membership",
        received_at=NOW,
        source="here",
    )
    assert (second.user_id, second.inviter_id) == ("user02", "user09")
    assert second.id != first.id


def test_who_left_and_who_was_removed() -> None:
    (quit_,), (removed,) = read(SPECIMEN.payloads["quit"]), read(SPECIMEN.payloads["removed"])
    assert (quit_.type, quit_.user_id, quit_.reason) == ("leave", "user09", "left")
    assert (removed.type, removed.user_id, removed.reason) == ("leave", "user01", "kicked")
    assert removed.extra == {"operator_id": "user09"}


def test_a_group_is_renamed_or_disbanded() -> None:
    (renamed,), (disbanded,) = read(SPECIMEN.payloads["title"]), read(SPECIMEN.payloads["disbanded"])
    assert (renamed.type, renamed.user_id, renamed.group_name) == ("rename", "user09", "开放平台")
    assert (disbanded.type, disbanded.count, disbanded.user_id) == ("member_count", 0, "")


def test_older_subscriptions_write_their_fields_with_capitals_and_without_id() -> None:
    first, second = read(SPECIMEN.payloads["older"])
    assert (first.group_id, first.user_id, second.user_id) == (
        "chat90f29b737b56dc179df8w86t83d5f0f8",
        "efefef",
        "111111",
    )
    assert (first.inviter_id, first.ts) == ("manager0112", NOW - 60_000)
    later = read(SPECIMEN.payloads["older"] | {"TimeStamp": NOW - 59_999})
    assert {first.id, second.id}.isdisjoint(e.id for e in later)


def test_who_adds_themselves_was_not_invited() -> None:
    assert read(event("chat_add_member", userId=["user09"]))[0].inviter_id == ""


@pytest.mark.parametrize(
    ("kind", "what"),
    [
        ("chat_update_owner", "chat_update_owner"),
        ("user_add_org", "elsewhere"),
        ("bpms_task_change", "elsewhere"),
        ("of_next_year", "unknown"),
    ],
)
def test_what_is_authentic_and_no_event_is_ignored_by_name(kind: str, what: str) -> None:
    assert read(event(kind)) == [Ignored(what)]


@pytest.mark.parametrize(
    ("payload", "where"),
    [
        (event(""), "EventType"),
        (event("chat_quit", openConversationId="", chatId=""), "openConversationId"),
        (event("chat_quit", operator=""), "operator"),
        (event("chat_add_member", userId=[]), "userId"),
        (event("chat_add_member", userId=[[], None]), "userId"),
        (event("chat_quit", timeStamp="now"), "timeStamp"),
    ],
)
def test_what_is_malformed_is_refused_with_its_place(payload: dict[str, Any], where: str) -> None:
    found = read(payload)
    assert isinstance(found, Refused)
    assert found.where == where


def check_answer(answer: Answer, receiver: str = APP_KEY) -> None:
    """Let wechatpy read an answer of ours."""
    told = json.loads(answer.body)
    assert set(told) == {"msg_signature", "timeStamp", "nonce", "encrypt"}
    crypto = WeChatCrypto(TOKEN, AES_KEY, receiver)
    said = crypto.decrypt_message({"Encrypt": told["encrypt"]}, told["msg_signature"], told["timeStamp"], told["nonce"])
    assert (answer.status, answer.content_type, said) == (200, "application/json", "success")


def test_the_check_of_the_address_is_answered_at_once_and_events_once_they_are_stored() -> None:
    checked = deliver(SPECIMEN, sign({"EventType": "check_url"}, NOW // 1000))
    assert isinstance(checked, Answer)
    check_answer(checked)
    opened = deliver(SPECIMEN, sign(event("chat_quit"), NOW // 1000))
    assert isinstance(opened, Opened)
    check_answer(opened.answer)


def test_whose_name_is_not_configured_is_answered_under_theirs() -> None:
    sealed = seal('{"EventType":"check_url"}', "ding9f50b15bccd16741", NOW, name="msg_signature")
    signed = Signed(json.dumps({"encrypt": sealed.encrypted}).encode(), {}, query=sealed.query)
    found = deliver(SPECIMEN._replace(account=""), signed)
    assert isinstance(found, Answer)
    check_answer(found, "ding9f50b15bccd16741")
    assert isinstance(deliver(SPECIMEN, signed), Denied)


SOURCES = (Source(name="ding", kind="dingtalk_events", secret_env="DING", account=APP_KEY),)


@run
async def test_through_the_gateway() -> None:
    async with gateway(SOURCES, environ={"DING": SECRET}) as kit:
        for payload in ({"EventType": "check_url"}, event("chat_update_owner"), SPECIMEN.payloads["join"]):
            signed = sign(payload, NOW // 1000)
            async with kit.client.post(
                kit.address + "/webhooks/ding",
                params=dict(signed.query),
                data=signed.body,
                headers=dict(signed.headers),
            ) as got:
                check_answer(Answer(got.status, await got.read(), got.headers["Content-Type"]))
        assert [e["user_id"] for e in kit.stored()] == ["user01", "user02"]
        kit.publisher.down = True
        async with kit.client.post(
            kit.address + "/webhooks/ding", params=dict(signed.query), data=signed.body, headers=dict(signed.headers)
        ) as got:
            assert got.status == 503  # no success before it is stored: DingTalk sends again
