"""WeCom's customer groups, written after https://developer.work.weixin.qq.com/document/path/92130."""

from typing import Any

import pytest

from huoqun.config import Source
from huoqun.events import Event, Refused
from producers.sources.base import Answer, Ignored, Opened, Stamp, Step
from producers.sources.wecom import parse
from producers.verify import Denied
from tests.support.gateway_kit import gateway, run
from tests.support.sealing import SECRET, seal
from tests.support.specimens.base import AT, NOW, Signed, deliver
from tests.support.specimens.base import read as read_signed
from tests.support.specimens.wecom import CORP, CUSTOMER, GROUP, OTHER, SPECIMEN, callback, items, sign


def read(**fields: str) -> Any:
    return read_signed(SPECIMEN, callback(**{"ChangeType": "update"} | fields), coverage="membership")


def joined(**fields: str) -> Any:
    known = {"UpdateDetail": "add_member", "JoinScene": "0", "MemChangeList": items(CUSTOMER)}
    return read(**known | fields)


def test_a_customer_who_joins() -> None:
    (found,) = joined()
    assert found == Event(
        id=found.id,
        type="join",
        ts=AT * 1000,
        platform="wecom",
        group_id=GROUP,
        user_id=CUSTOMER,
        coverage="membership",
        received_at=NOW,
        source="here",
        extra={"join_scene": "0"},
    )
    assert found.id.startswith(f"{GROUP}:")


@pytest.mark.parametrize("listed", [items(CUSTOMER, OTHER), f"{CUSTOMER},{OTHER}", f" {CUSTOMER} , {OTHER},,{OTHER}"])
def test_both_forms_of_the_list_give_the_same_members_each_with_an_id_of_its_own(listed: str) -> None:
    found = joined(MemChangeList=listed, MemChangeCnt="2")
    assert [e.user_id for e in found] == [CUSTOMER, OTHER]
    assert len({e.id for e in found}) == 2


def test_ids_tell_apart_what_differs() -> None:
    ids = {
        joined(**fields)[0].id
        for fields in (
            {},
            {"ChatId": "wrOther"},
            {"CreateTime": str(AT + 1)},
            {"CurMemVer": "1"},
            {"LastMemVer": "1"},
            {"MemChangeList": items(CUSTOMER, OTHER)},
            {"MemChangeList": items(OTHER)},
        )
    }
    assert len(ids) == 7
    left = read(UpdateDetail="del_member", MemChangeList=items(CUSTOMER))
    assert left[0].id not in ids


@pytest.mark.parametrize(("scene", "reason"), [("0", "left"), ("1", "kicked"), ("7", "unknown"), ("", "unknown")])
def test_who_leaves_and_why(scene: str, reason: str) -> None:
    (found,) = read(UpdateDetail="del_member", QuitScene=scene, MemChangeList=items(CUSTOMER))
    assert (found.type, found.user_id, found.reason) == ("leave", CUSTOMER, reason)


@pytest.mark.parametrize(
    ("user", "staff", "bot"),
    [
        (CUSTOMER, False, False),
        (OTHER, False, False),
        ("wb" + CUSTOMER[2:], False, True),
        ("zhangsan", True, False),
        ("wmli", True, False),
    ],
)
def test_the_companys_own_people_are_staff(user: str, staff: bool, bot: bool) -> None:
    (found,) = joined(MemChangeList=items(user))
    assert (found.is_staff, found.is_bot) == (staff, bot)


def test_the_versions_of_the_member_list_show_what_was_lost() -> None:
    found = joined(MemChangeCnt="1", LastMemVer="before", CurMemVer="after")
    assert found[1:] == [Step(GROUP, "before", "after")]


@pytest.mark.parametrize("fields", [{"MemChangeList": ""}, {"MemChangeCnt": "3"}, {"MemChangeList": "<Item/>"}])
def test_who_is_not_told_is_missed_at_the_next_step(fields: dict[str, str]) -> None:
    found = joined(LastMemVer="before", CurMemVer="after", **fields)
    assert found[-1] == Ignored("members_untold")
    assert not any(isinstance(each, Step) for each in found)


def test_a_group_that_is_dismissed_has_nobody_left() -> None:
    (found,) = read(ChangeType="dismiss")
    assert (found.type, found.count, found.user_id, found.extra) == ("member_count", 0, "", {"dismissed": True})


@pytest.mark.parametrize(
    ("fields", "what"),
    [
        ({"ChangeType": "create"}, "created"),
        ({"UpdateDetail": "change_name"}, "change_name"),
        ({"UpdateDetail": "change_owner"}, "change_owner"),
        ({"UpdateDetail": "of next year"}, "unknown"),
        ({"ChangeType": "of next year"}, "unknown"),
        ({"Event": "msgaudit_notify"}, "msgaudit_notify"),
        ({"Event": "change_external_contact"}, "change_external_contact"),
        ({"Event": "of next year"}, "unknown"),
        ({"Event": "", "MsgType": "text"}, "private"),
    ],
)
def test_what_is_authentic_and_no_event_is_ignored_by_name(fields: dict[str, str], what: str) -> None:
    assert read(**fields) == [Ignored(what)]


@pytest.mark.parametrize(
    ("fields", "where"),
    [
        ({"ChatId": ""}, "ChatId"),
        ({"Event": "", "MsgType": ""}, "Event"),
        ({"CreateTime": "now", "UpdateDetail": "add_member", "MemChangeList": items(CUSTOMER)}, "CreateTime"),
        ({"CreateTime": "", "ChangeType": "dismiss"}, "CreateTime"),
    ],
)
def test_what_is_malformed_is_refused_with_its_place(fields: dict[str, str], where: str) -> None:
    found = read(**fields)
    assert isinstance(found, Refused)
    assert found.where == where


def test_a_service_providers_app_is_told_in_other_words() -> None:
    payload = {
        "SuiteId": "ww4asffe99e54c0f4c",
        "AuthCorpId": CORP,
        "InfoType": "change_external_chat",
        "TimeStamp": str(AT),
        "ChatId": GROUP,
        "ChangeType": "update",
        "UpdateDetail": "add_member",
        "MemChangeList": [CUSTOMER],
    }
    found = parse(payload, Stamp(NOW, "here", "membership"))
    assert not isinstance(found, Refused)
    assert isinstance(found[0], Event)
    assert found[0].ts == AT * 1000


# Opening.


def handshake(text: str = "1616140317555161061", receiver: str = CORP) -> Signed:
    given = seal(text, receiver, AT)
    return Signed(b"", {}, method="GET", query=given.query | {"echostr": given.encrypted})


def test_the_handshake_is_answered_with_the_plain_text_and_nothing_around_it() -> None:
    assert deliver(SPECIMEN, handshake()) == Answer(200, b"1616140317555161061", "text/plain")


def test_the_handshake_has_to_be_signed_and_for_us() -> None:
    assert isinstance(deliver(SPECIMEN, handshake(receiver="other")), Denied)
    assert isinstance(deliver(SPECIMEN, handshake()._replace(query={"echostr": "x"})), Denied)
    signed = handshake()
    query = dict(signed.query)
    for name, text in query.items():
        for at in range(len(text)):
            for bit in range(7):
                flipped = text[:at] + chr(ord(text[at]) ^ (1 << bit)) + text[at + 1 :]
                found = deliver(SPECIMEN, signed._replace(query=query | {name: flipped}))
                assert isinstance(found, Denied), (name, at, bit)


def test_any_flipped_bit_of_the_body_is_refused_or_changes_nothing() -> None:
    """Of the outer XML only what is encrypted is read: the rest is not signed and does not count."""
    signed = sign(SPECIMEN.payloads["join"], NOW // 1000)
    expected = deliver(SPECIMEN, signed)
    start, end = signed.body.index(b"<Encrypt>"), signed.body.index(b"</Encrypt>")
    for bit in range(len(signed.body) * 8):
        body = bytearray(signed.body)
        body[bit // 8] ^= 1 << bit % 8
        found = deliver(SPECIMEN, signed._replace(body=bytes(body)))
        if start <= bit // 8 < end:
            assert isinstance(found, Denied | Refused), bit
        else:
            assert isinstance(found, Denied | Refused) or found == expected, bit


def test_a_delivery_for_another_company_is_denied() -> None:
    signed = sign(SPECIMEN.payloads["join"], NOW // 1000)
    assert isinstance(deliver(SPECIMEN._replace(account="ww0"), signed), Denied)
    assert isinstance(deliver(SPECIMEN._replace(account=""), signed), Opened)


def test_a_sealed_message_that_is_no_xml_is_refused() -> None:
    assert isinstance(deliver(SPECIMEN, sign("no xml", AT)), Refused)
    assert isinstance(deliver(SPECIMEN, sign("<!DOCTYPE x><xml/>", AT)), Refused)


SOURCES = (Source(name="kf", kind="wecom", secret_env="WECOM", account=CORP),)


@run
async def test_through_the_gateway() -> None:
    async with gateway(SOURCES, environ={"WECOM": SECRET}) as kit:
        signed = handshake()
        async with kit.client.get(kit.address + "/webhooks/kf", params=dict(signed.query)) as got:
            assert (got.status, await got.read()) == (200, b"1616140317555161061")
        signed = sign(SPECIMEN.payloads["join"], NOW // 1000)
        for _ in range(2):
            async with kit.client.post(
                kit.address + "/webhooks/kf", params=dict(signed.query), data=signed.body, headers=dict(signed.headers)
            ) as got:
                assert (got.status, await got.read()) == (200, b"")
        stored = kit.stored()
        assert [e["user_id"] for e in stored] == [CUSTOMER, "zhangsan"] * 2
        assert len({e["id"] for e in stored}) == 2
        assert {e["coverage"] for e in stored} == {"membership"}
        async with kit.client.post(kit.address + "/webhooks/kf", data=signed.body) as got:
            assert got.status == 401
        async with kit.client.delete(kit.address + "/webhooks/kf") as got:
            assert (got.status, got.headers["Allow"]) == (405, "GET, POST, HEAD")
