"""Feishu, written after its documentation; Lark's own SDK judges what is signed and encrypted."""

import hashlib
import json
from typing import Any

import pytest

from huoqun.config import Source
from huoqun.events import Event, Refused
from producers.sources import envelope as ours
from producers.sources.base import Answer, Ignored, Opened, Stamp
from producers.sources.feishu import parse, read_keys
from producers.verify import Denied
from tests.support.gateway_kit import gateway, run
from tests.support.specimens.base import AT, NOW, Signed, deliver
from tests.support.specimens.base import read as read_signed
from tests.support.specimens.feishu import (
    APP,
    ENCRYPT_KEY,
    GROUP,
    SPECIMEN,
    TOKEN,
    encrypt,
    envelope,
    members,
    message,
    person,
    sign,
)


def read(payload: dict[str, Any]) -> Any:
    found = read_signed(SPECIMEN, payload)
    return found if isinstance(found, Refused) else found[0]


def test_a_text_message() -> None:
    assert read(message("text", {"text": "请问怎么退款"})) == Event(
        id="om_5ce6d572455d361153b7cb51da133945",
        type="message",
        ts=AT * 1000,
        platform="feishu",
        group_id=GROUP,
        user_id="ou_1",
        text="请问怎么退款",
        received_at=NOW,
        source="here",
    )


def test_replies_threads_and_mentions() -> None:
    found = read(SPECIMEN.payloads["reply"])
    assert found.text == "@小红 看这里 @所有人"
    assert found.mentions == ["ou_2"]
    assert (found.reply_to, found.thread_id) == ("om_parent", "om_root")
    assert found.extra == {"at_all": True}
    assert read(message("text", {"text": "x"}, thread_id="omt_1", root_id="om_root")).thread_id == "omt_1"


def test_a_mention_is_not_taken_for_one_that_it_begins_with() -> None:
    mentions = [{"key": f"@_user_{n}", "id": person(n), "name": f"人{n}"} for n in range(1, 12)]
    found = read(message("text", {"text": "@_user_1 @_user_11 @_user_12"}, mentions=mentions))
    assert found.text == "@人1 @人11 @_user_12"
    assert len(found.mentions) == 11


def test_rich_text() -> None:
    assert read(SPECIMEN.payloads["post"]).text == "公告\n第一行 链接 https://x.example@小红 \n[图片]"
    in_a_language = {"zh_cn": {"title": "公告", "content": [[{"tag": "text", "text": "x"}]]}}
    assert read(message("post", in_a_language)).text == "公告\nx"


@pytest.mark.parametrize(
    ("kind", "content", "text"),
    [
        ("image", {"image_key": "k"}, "[图片]"),
        ("file", {"file_key": "k", "file_name": "a.pdf"}, "[文件] a.pdf"),
        ("audio", {"file_key": "k"}, "[语音]"),
        ("sticker", {"file_key": "k"}, "[表情]"),
        ("interactive", {"title": "审批"}, "[卡片] 审批"),
        ("of next year", {}, "[消息]"),
        ("text", {}, ""),
        ("text", [], ""),
        ("post", {"content": [[7], "x", [{"tag": "of next year"}]]}, ""),
    ],
)
def test_what_is_no_text_is_shown(kind: str, content: Any, text: str) -> None:
    assert read(message(kind, content)).text == text


def test_apps_are_bots() -> None:
    payload = message("text", {"text": "x"})
    payload["event"]["sender"] = {"sender_id": person(5), "sender_type": "app"}
    assert read(payload).is_bot
    payload["event"]["sender"] = {"sender_id": None, "sender_type": "app"}
    assert read(payload) == Ignored("robot")


def test_several_people_of_one_event_have_ids_of_their_own_and_an_inviter() -> None:
    found = read_signed(SPECIMEN, members("added", 9, 1, 2, 1))
    assert not isinstance(found, Refused)
    events = [each for each in found if isinstance(each, Event)]
    assert [(e.id[-5:], e.user_id, e.user_name, e.inviter_id) for e in events] == [
        (":ou_1", "ou_1", "用户1", "ou_9"),
        (":ou_2", "ou_2", "用户2", "ou_9"),
    ]
    assert {(e.type, e.group_name, e.ts) for e in events} == {("join", "新品群", NOW - 30_000)}


def test_who_joins_by_themselves_was_not_invited() -> None:
    assert read(members("added", 1, 1)).inviter_id == ""


def test_who_left_and_who_was_removed() -> None:
    left, removed = read(members("deleted", 1, 1)), read(members("deleted", 9, 1))
    assert (left.type, left.reason, left.extra) == ("leave", "left", {})
    assert (removed.type, removed.reason, removed.extra) == ("leave", "kicked", {"operator_id": "ou_9"})
    untold = members("deleted", 1, 1)
    untold["event"]["operator_id"] = None
    assert read(untold).reason == "unknown"


def test_a_recall_names_nobody() -> None:
    found = read(SPECIMEN.payloads["recall"])
    assert (found.type, found.user_id, found.is_bot) == ("delete", "unknown", True)
    assert found.reply_to == "om_5ce6d572455d361153b7cb51da133945"
    assert found.extra == {"recalled_by": "message_owner"}


def test_a_group_is_renamed_or_disbanded() -> None:
    renamed, disbanded = read(SPECIMEN.payloads["rename"]), read(SPECIMEN.payloads["disbanded"])
    assert (renamed.type, renamed.user_id, renamed.group_name) == ("rename", "ou_1", "新名字")
    assert (disbanded.type, disbanded.count) == ("member_count", 0)


@pytest.mark.parametrize(
    ("payload", "what"),
    [
        (message("text", {"text": "x"}, chat_type="p2p"), "private"),
        (members("withdrawn", 9, 1), "invitation_withdrawn"),
        (envelope("im.message.reaction.created_v1", {"message_id": "om_1"}), "reaction_without_group"),
        (envelope("im.chat.member.bot.added_v1", {"chat_id": GROUP}), "robot"),
        (envelope("im.chat.updated_v1", {"chat_id": GROUP, "after_change": {"description": "x"}}), "group_updated"),
        (envelope("of.next.year_v9", {}), "unknown"),
    ],
)
def test_what_is_authentic_and_no_event_is_ignored_by_name(payload: dict[str, Any], what: str) -> None:
    assert read(payload) == Ignored(what)


def test_events_of_version_1_are_ignored() -> None:
    found = parse({"uuid": "u", "token": TOKEN, "type": "event_callback", "event": {}}, Stamp(NOW, "here", "full"))
    assert found == [Ignored("version_1")]


def changed(payload: dict[str, Any], *path: str, to: Any = None) -> dict[str, Any]:
    copy: dict[str, Any] = json.loads(json.dumps(payload))
    inner = copy
    for name in path[:-1]:
        inner = inner[name]
    inner[path[-1]] = to
    return copy


@pytest.mark.parametrize(
    ("payload", "where"),
    [
        (changed(SPECIMEN.payloads["message"], "header", "event_type"), "header.event_type"),
        (changed(SPECIMEN.payloads["message"], "event", "sender", "sender_id"), "event.sender.sender_id"),
        (changed(SPECIMEN.payloads["message"], "event", "message", "chat_id"), "event.message.chat_id"),
        (changed(SPECIMEN.payloads["message"], "event", "message", "message_id"), "event.message.message_id"),
        (changed(SPECIMEN.payloads["message"], "event", "message", "create_time"), "event.message.create_time"),
        (changed(SPECIMEN.payloads["join"], "header", "event_id"), "header.event_id"),
        (changed(SPECIMEN.payloads["join"], "event", "chat_id"), "event.chat_id"),
        (changed(SPECIMEN.payloads["join"], "event", "users", to=[]), "event.users"),
        (changed(SPECIMEN.payloads["join"], "event", "users", to=[7]), "event.users.user_id"),
        (changed(SPECIMEN.payloads["join"], "header", "create_time", to="now"), "header.create_time"),
        (changed(SPECIMEN.payloads["recall"], "event", "message_id"), "event.message_id"),
    ],
)
def test_what_is_malformed_is_refused_with_its_place(payload: dict[str, Any], where: str) -> None:
    found = read(payload)
    assert isinstance(found, Refused)
    assert found.where == where


# Opening.


CHALLENGE = {"type": "url_verification", "token": TOKEN, "challenge": 'ajls384kdj"<x>'}


def plain(payload: Any) -> Signed:
    return Signed(json.dumps(payload).encode(), {"Content-Type": "application/json"})


def encrypted(payload: Any) -> Signed:
    return plain({"encrypt": encrypt(json.dumps(payload).encode())})


@pytest.mark.parametrize(("secret", "how"), [(None, encrypted), (TOKEN, plain), (f"{TOKEN}x,{TOKEN}", plain)])
def test_the_challenge_is_answered_encrypted_or_not(secret: str | None, how: Any) -> None:
    found = deliver(SPECIMEN, how(CHALLENGE), secret=secret)
    assert isinstance(found, Answer)
    assert (found.status, json.loads(found.body)) == (200, {"challenge": CHALLENGE["challenge"]})


@pytest.mark.parametrize(
    ("secret", "signed"),
    [
        (None, plain(CHALLENGE)),  # this app encrypts
        (None, encrypted(CHALLENGE | {"token": "other"})),
        (None, encrypted(CHALLENGE | {"token": None})),
        (f"{TOKEN}:otherKey", encrypted(CHALLENGE)),
        (TOKEN, encrypted(CHALLENGE)),
        (TOKEN, plain(CHALLENGE | {"token": "other"})),
        ("other", plain(SPECIMEN.payloads["message"])),
        (None, plain(SPECIMEN.payloads["message"])),
        (None, encrypted(SPECIMEN.payloads["message"])),  # not signed
        (None, plain({"encrypt": 7})),
        (None, plain({"encrypt": "AAAA"})),
        (None, plain({"encrypt": encrypt(b"no json")})),
    ],
)
def test_what_is_not_authentic_is_denied_in_one_way(secret: str | None, signed: Signed) -> None:
    """An answer that told bad padding from a missing signature would decrypt what somebody has overheard."""
    found = deliver(SPECIMEN, signed, secret=secret)
    assert isinstance(found, Denied)
    assert found == Denied("X-Lark-Signature", "missing, and no handshake or token of this source's secrets")


def test_without_encryption_the_token_is_all_there_is() -> None:
    assert isinstance(deliver(SPECIMEN, plain(SPECIMEN.payloads["message"]), secret=TOKEN), Opened)


def test_a_signature_of_another_app_is_denied_and_another_app_too() -> None:
    signed = sign(SPECIMEN.payloads["message"], NOW // 1000)
    assert isinstance(deliver(SPECIMEN, signed, secret=f"other:{ENCRYPT_KEY}"), Denied)
    assert isinstance(deliver(SPECIMEN._replace(account="cli_other"), signed), Denied)
    assert isinstance(deliver(SPECIMEN._replace(account=""), signed), Opened)


def test_a_challenge_that_is_none_is_refused() -> None:
    assert isinstance(deliver(SPECIMEN, encrypted(CHALLENGE | {"challenge": 7})), Refused)


@pytest.mark.parametrize("text", ["", ":key", "token:", "token, ,other", "to ken", "token:k:e"])
def test_a_secret_of_another_form_is_refused_at_start(text: str) -> None:
    found = read_keys(text)
    assert isinstance(found, Denied)
    assert "VERIFICATIONTOKEN:ENCRYPTKEY" in found.why


# Lark's own SDK.


@pytest.fixture(scope="module")
def lark() -> Any:
    return pytest.importorskip("lark_oapi")


def test_their_sdk_takes_what_our_tests_sign_and_answers_challenges_as_we_do(lark: Any) -> None:
    seen: list[str] = []
    handler = (
        lark.EventDispatcherHandler.builder(ENCRYPT_KEY, TOKEN)
        .register_p2_im_message_receive_v1(lambda data: seen.append(data.event.message.message_id))
        .build()
    )
    signed = sign(SPECIMEN.payloads["message"], NOW // 1000)

    def ask(body: bytes, headers: dict[str, str]) -> Any:
        request = lark.RawRequest()
        request.uri, request.body, request.headers = "/", body, headers
        return handler.do(request)

    assert ask(signed.body, dict(signed.headers)).status_code == 200
    assert seen == [read(SPECIMEN.payloads["message"]).id]
    assert ask(signed.body + b" ", dict(signed.headers)).status_code == 500
    challenge = CHALLENGE | {"challenge": "ajls384kdj"}
    theirs, answer = ask(encrypted(challenge).body, {}), deliver(SPECIMEN, encrypted(challenge))
    assert isinstance(answer, Answer)
    assert json.loads(theirs.content) == json.loads(answer.body)


@pytest.mark.parametrize("size", [0, 1, 15, 16, 17, 1000])
def test_their_sdk_and_we_decrypt_alike(lark: Any, size: int) -> None:
    text = encrypt(b"x" * size)
    key = hashlib.sha256(ENCRYPT_KEY.encode()).digest()
    theirs = lark.core.utils.AESCipher(ENCRYPT_KEY).decrypt_str(text)
    found = ours.decrypt(text, key=key)
    assert found is not None
    assert found.decode() == theirs == "x" * size


SOURCES = (Source(name="lark", kind="feishu", secret_env="FEISHU", account=APP),)


@run
async def test_through_the_gateway() -> None:
    async with gateway(SOURCES, environ={"FEISHU": SPECIMEN.secret}) as kit:
        signed = sign(SPECIMEN.payloads["join"], NOW // 1000)
        for _ in range(2):
            status, answer, headers = await kit.post("/webhooks/lark", signed.body, dict(signed.headers))
            assert (status, answer, headers["Content-Type"]) == (200, {}, "application/json")
        assert len({e["id"] for e in kit.stored()}) == 2
        status, answer, _ = await kit.post("/webhooks/lark", encrypted(CHALLENGE).body)
        assert (status, answer) == (200, {"challenge": CHALLENGE["challenge"]})
        signed = sign(envelope("of.next.year_v9", {}), NOW // 1000)
        assert (await kit.post("/webhooks/lark", signed.body, dict(signed.headers)))[0] == 200
        assert 'huoqun_gateway_ignored_total{kind="feishu",what="unknown"} 1.0' in kit.metrics()
        assert (await kit.post("/webhooks/lark", signed.body))[0] == 401
