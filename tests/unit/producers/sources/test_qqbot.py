"""QQ's official robots, after https://bot.q.qq.com/wiki/develop/api-v2/; the documentation's own signatures are the vectors."""

import json
from typing import Any

import pytest
from nacl.exceptions import BadSignatureError
from nacl.signing import SigningKey

from huoqun.config import Source
from huoqun.events import Event, Refused
from producers.sources import PLATFORMS
from producers.sources.base import Answer, Ignored, Opened, Stamp
from producers.sources.qqbot import parse
from producers.verify import Denied
from tests.support.gateway_kit import gateway, run
from tests.support.specimens.base import AT, NOW, Signed, deliver
from tests.support.specimens.base import read as read_signed
from tests.support.specimens.qqbot import APP_ID, GROUP, MEMBER, SECRET, SPECIMEN, dispatch, sign


def read(payload: dict[str, Any]) -> Any:
    found = read_signed(SPECIMEN, payload, coverage="mentions")
    return found if isinstance(found, Refused) else found[0]


def group_message(**fields: Any) -> dict[str, Any]:
    return dispatch("GROUP_AT_MESSAGE_CREATE", SPECIMEN.payloads["message"]["d"] | fields)


def test_a_message_that_mentions_the_robot() -> None:
    assert read(SPECIMEN.payloads["message"]) == Event(
        id=f"{GROUP}:ROBOT1.0_eBIyWnxpmSu6uLQ7u7fU0eGloKGYg4eEa737vRyKnMC",
        type="message",
        ts=NOW - 60_000,
        platform="qqbot",
        group_id=GROUP,
        user_id=MEMBER,
        text="请问几点开始",
        coverage="mentions",
        received_at=NOW,
        source="here",
    )


def test_the_same_message_told_in_two_ways_is_one() -> None:
    whole = dispatch("GROUP_MESSAGE_CREATE", SPECIMEN.payloads["message"]["d"])
    assert read(whole) == read(SPECIMEN.payloads["message"])


def test_a_message_is_known_by_the_name_that_others_quote_it_by() -> None:
    first = read(group_message(message_scene={"source": "default", "ext": ["msg_idx=REFIDX_a==", "auth_token=x"]}))
    scene = {"ext": ["ref_msg_idx=REFIDX_a==", 7, "msg_idx=REFIDX_b=="]}
    second = read(group_message(message_scene=scene, message_type=103))
    assert first.id == f"{GROUP}:REFIDX_a=="
    assert (second.id, second.reply_to) == (f"{GROUP}:REFIDX_b==", first.id)


def test_roles_and_bots_of_groups() -> None:
    for role, staff in (("owner", True), ("admin", True), ("member", False), (None, False)):
        author = {"member_openid": MEMBER, "member_role": role, "bot": staff, "username": "小明"}
        found = read(group_message(author=author))
        assert (found.is_staff, found.is_bot, found.user_name) == (staff, staff, "小明")


@pytest.mark.parametrize(
    ("attachment", "text"),
    [
        ({"content_type": "image/jpeg"}, "看 [图片]"),
        ({"content_type": "video/mp4"}, "看 [视频]"),
        ({"content_type": "voice"}, "看 [语音]"),
        ({"content_type": "voice", "asr_refer_text": "说出来的话"}, "看 说出来的话"),
        ({"content_type": "file", "filename": "a.pdf"}, "看 [文件] a.pdf"),
        (7, "看"),
    ],
)
def test_what_is_no_text_is_shown(attachment: Any, text: str) -> None:
    assert read(group_message(content=" 看 ", attachments=[attachment])).text == text


@pytest.mark.parametrize("at", [AT, str(AT), AT * 1000, "2025-11-24T23:59:00+08:00"])
def test_times_come_in_many_forms(at: Any) -> None:
    joined = read(dispatch("GROUP_MEMBER_ADD", {"group_openid": GROUP, "member_openid": MEMBER, "timestamp": at}))
    assert (joined.type, joined.ts, joined.id) == ("join", AT * 1000, f"{GROUP}:GROUP_MEMBER_ADD:abcdefgh")


def test_why_somebody_left_is_not_told() -> None:
    found = read(SPECIMEN.payloads["leave"])
    assert (found.type, found.user_id, found.reason) == ("leave", MEMBER, "unknown")


def test_channels() -> None:
    said, recalled, reacted = (
        read(SPECIMEN.payloads[name]) for name in ("channel message", "channel recall", "channel reaction")
    )
    assert (said.id, said.user_id, said.is_staff) == ("100010:0812345677890abcdef", "1234", True)
    assert (said.reply_to, said.mentions) == ("100010:0800", ["99"])
    assert (recalled.type, recalled.user_id, recalled.reply_to) == ("delete", "1234", said.id)
    assert recalled.extra == {"operator_id": "5678"}
    assert (reacted.type, reacted.user_id, reacted.reply_to) == ("reaction", "5678", said.id)
    assert reacted.ts == NOW  # the time of the signed request: it has none of its own


def test_from_this_machine_without_signature_what_has_no_time_has_ours() -> None:
    found = parse(SPECIMEN.payloads["channel recall"], Stamp(NOW, "here", "mentions"))
    assert not isinstance(found, Refused)
    assert isinstance(found[0], Event)
    assert found[0].ts == NOW


@pytest.mark.parametrize(
    ("payload", "what"),
    [
        (dispatch("C2C_MESSAGE_CREATE", {}), "private"),
        (dispatch("FRIEND_ADD", {}), "private"),
        (dispatch("GROUP_ADD_ROBOT", {}), "robot"),
        (dispatch("GROUP_MSG_REJECT", {}), "robot"),
        (dispatch("GROUP_JOIN_REQUEST", {}), "request"),
        (dispatch("GUILD_MEMBER_ADD", {}), "guild"),
        (dispatch("MESSAGE_REACTION_REMOVE", {}), "guild"),
        (dispatch("MESSAGE_REACTION_ADD", {"target": {"type": 1}}), "guild"),
        (dispatch("OF_NEXT_YEAR", {}), "unknown"),
        ({"op": 11}, "other_op"),
    ],
)
def test_what_is_authentic_and_no_event_is_ignored_by_name(payload: dict[str, Any], what: str) -> None:
    assert read(payload) == Ignored(what)


@pytest.mark.parametrize(
    ("payload", "where"),
    [
        ({}, "op"),
        ({"op": False, "t": "X", "d": {}}, "op"),
        ({"op": 0, "d": {}}, "t"),
        ({"op": 0, "t": "GROUP_MEMBER_ADD", "d": []}, "d"),
        (group_message(group_openid=None), "d.group_openid"),
        (group_message(id=None), "d.id"),
        (group_message(author=None), "d.author"),
        (group_message(timestamp="2025-11-24"), "d.timestamp"),
        (group_message(timestamp=-1), "d.timestamp"),
        (dispatch("GROUP_MEMBER_ADD", {"group_openid": GROUP}), "d.member_openid"),
        (dispatch("MESSAGE_DELETE", {"message": {"id": "1"}}), "d.message"),
        (dispatch("MESSAGE_REACTION_ADD", {"target": {"type": 0}}), "d.target"),
    ],
)
def test_what_is_malformed_is_refused_with_its_place(payload: dict[str, Any], where: str) -> None:
    found = read(payload)
    assert isinstance(found, Refused)
    assert found.where == where


# Signatures.


def test_the_signature_that_the_documentation_shows() -> None:
    body = (
        b'{\n  "op": 0,\n  "d": {},\n  "t": "GATEWAY_EVENT_NAME"\n}'  # as it was before somebody put it into one line
    )
    signature = (
        "865ad13a61752ca65e26bde6676459cd36cf1be609375b37bd62af366e1dc25a"
        "8dc789ba7f14e017ada3d554c671a911bfdf075ba54835b23391d509579ed002"
    )
    headers = {"X-Signature-Ed25519": signature, "X-Signature-Timestamp": "1725442341", "X-Bot-Appid": APP_ID}
    found = deliver(SPECIMEN, Signed(body, headers), secret="naOC0ocQE3shWLAfffVLB1rhYPG7", now_s=1_725_442_345)
    assert isinstance(found, Opened)
    assert json.loads(found.answer.body) == {"op": 12}


def check(secret: str, plain_token: Any = "Arq0D5A61EgUu4OxUvOp", event_ts: Any = "1725442341") -> Any:
    body = json.dumps({"d": {"plain_token": plain_token, "event_ts": event_ts}, "op": 13}).encode()
    return deliver(SPECIMEN, Signed(body, {"User-Agent": "QQBot-Callback", "X-Bot-Appid": APP_ID}), secret=secret)


def test_the_check_of_the_address_is_answered_as_the_documentation_shows() -> None:
    found = check("DG5g3B4j9X2KOErG")
    assert isinstance(found, Answer)
    assert json.loads(found.body) == {
        "plain_token": "Arq0D5A61EgUu4OxUvOp",
        "signature": "87befc99c42c651b3aac0278e71ada338433ae26fcb24307bdc5ad38c1adc2d0"
        "1bcfcadc0842edac85e85205028a1132afe09280305f13aa6909ffc2d652c706",
    }


@pytest.mark.parametrize(
    ("plain_token", "event_ts"),
    [
        (json.dumps(dispatch("GROUP_MEMBER_ADD", {})), "1725442341"),
        ("{}", "1725442341"),
        ("Arq0", '1725442341{"op":0}'),
        ("", "1725442341"),
        ("Arq0", ""),
        ("a" * 129, "1"),
        (7, "1725442341"),
        ("Arq0", 1725442341),
        ("Arq0", "１７"),
    ],
)
def test_the_check_signs_nothing_that_could_be_a_delivery(plain_token: Any, event_ts: Any) -> None:
    """The answer is a signature over what the sender has chosen: over a body of theirs it would be a forgery."""
    assert isinstance(check(SECRET, plain_token, event_ts), Refused)


def test_what_the_check_signs_is_taken_for_no_delivery() -> None:
    signature = json.loads(check(SECRET).body)["signature"]
    whole = "1725442341Arq0D5A61EgUu4OxUvOp"
    for cut in range(len(whole) + 1):
        headers = {"X-Signature-Ed25519": signature, "X-Signature-Timestamp": whole[:cut], "X-Bot-Appid": APP_ID}
        found = deliver(SPECIMEN, Signed(whole[cut:].encode(), headers))
        assert isinstance(found, Denied | Refused), cut


def test_with_two_secrets_the_check_is_answered_with_the_one_it_was_signed_with() -> None:
    payload = {"op": 13, "d": {"plain_token": "abc", "event_ts": "1"}}
    for signed, secret in ((sign(payload, AT), SECRET), (sign(payload, AT, secret="another"), "another")):
        found = deliver(SPECIMEN, signed, secret=f"{SECRET},another")
        assert isinstance(found, Answer)
        seed = (secret * 32)[:32].encode()
        signature = bytes.fromhex(json.loads(found.body)["signature"])
        SigningKey(seed).verify_key.verify(b"1abc", signature)
        with pytest.raises(BadSignatureError):
            SigningKey(b"0" * 32).verify_key.verify(b"1abc", signature)


def test_another_robots_deliveries_are_denied() -> None:
    assert isinstance(deliver(SPECIMEN._replace(account="2"), sign(SPECIMEN.payloads["join"], AT)), Denied)
    assert isinstance(deliver(SPECIMEN._replace(account=""), sign(SPECIMEN.payloads["join"], AT)), Opened)


def test_a_robot_never_sees_all_for_sure() -> None:
    assert PLATFORMS["qqbot"].narrow("full") == "mentions"


SOURCES = (Source(name="bot", kind="qqbot", secret_env="QQBOT", account=APP_ID),)


@run
async def test_through_the_gateway() -> None:
    async with gateway(SOURCES, environ={"QQBOT": SECRET}) as kit:
        signed = sign(SPECIMEN.payloads["message"], NOW // 1000)
        status, answer, _ = await kit.post("/webhooks/bot", signed.body, dict(signed.headers))
        assert (status, answer) == (200, {"op": 12})
        assert [(e["platform"], e["coverage"]) for e in kit.stored()] == [("qqbot", "mentions")]
        body = b'{"d":{"plain_token":"abc","event_ts":"1"},"op":13}'
        status, answer, _ = await kit.post(
            "/webhooks/bot", body, {"Content-Type": "application/json", "X-Bot-Appid": APP_ID}
        )
        assert (status, answer["plain_token"]) == (200, "abc")
        assert (await kit.post("/webhooks/bot", signed.body))[0] == 401
