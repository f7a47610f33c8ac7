"""A gateway with a key for pseudonyms: nothing that it passes on tells who somebody is, whichever way it came in."""

import json
from typing import Any

import pytest

from huoqun.config import Source
from huoqun.events import Event
from huoqun.pseudonyms import KEPT, PREFIX, Pseudonyms
from producers.publishing.publisher import Record
from tests.support.gateway_kit import JSON, NDJSON, NOW, body, event, gateway, run
from tests.support.specimens import SPECIMENS
from tests.support.specimens.base import Specimen, read

NAMED = Pseudonyms(b"a key of the tests, long enough")
LEFT_OUT = {"ce_source", "mention_names"}
PEOPLE = {"operator_id", "approved_by", "recalled_by"}
WHO: dict[str, Any] = {
    "user_id": "user-4711",
    "user_name": "Ada Lovelace",
    "inviter_id": "user-0815",
    "mentions": ["user-1234"],
    "text": "ask @user-1234 please",
    "reply_to": "message-of-user-4711",
}
CANONICAL = [
    pytest.param(body(event(**WHO)), JSON, id="plain"),
    pytest.param(body([event(**WHO), event(2, **WHO)]), JSON, id="array"),
    pytest.param(body(event(**WHO), event(2, **WHO, nick="Ada")), NDJSON, id="lines, one with care"),
    pytest.param(body(event(**WHO, operator_id="user-0815", mail="ada@example.org")), JSON, id="with care"),
    pytest.param(
        body({"specversion": "1.0", "id": "c", "source": "user-4711", "type": "message", "data": event(**WHO)}),
        {"Content-Type": "application/cloudevents+json"},
        id="CloudEvent",
    ),
]


def said(records: list[list[Record]]) -> str:
    return b"\n".join(each for partition in records for record in partition for each in record[:2] if each).decode()


@pytest.mark.parametrize(("raw", "headers"), CANONICAL)
def test_canonical_events_tell_of_nobody(raw: bytes, headers: dict[str, str]) -> None:
    @run
    async def scenario() -> None:
        async with gateway(mask=NAMED.mask) as kit:
            assert (await kit.post("/v1/events", raw, headers))[0] == 202
            text = said(kit.publisher.log)
            for who in ("user-", "Ada", "ada@", '"m1"'):
                assert who not in text
            stored = kit.stored()[0]
            assert stored["user_id"] == NAMED.user("demo", "user-4711")
            assert stored["mentions"] == [NAMED.user("demo", "user-1234")]
            assert stored["text"] == f"ask @{NAMED.user('demo', 'user-1234')} please"
            assert stored["id"].startswith(PREFIX)

    scenario()


@pytest.mark.parametrize("specimen", SPECIMENS, ids=lambda s: s.kind)
def test_no_platform_s_event_tells_of_anybody(specimen: Specimen) -> None:
    @run
    async def scenario() -> None:
        source = Source(name="it", kind=specimen.kind, secret_env="KEY", account=specimen.account)  # type: ignore[arg-type]
        async with gateway((source,), environ={"KEY": specimen.secret}, mask=NAMED.mask) as kit:
            for payload in specimen.payloads.values():
                signed = specimen.sign(payload, NOW // 1000)
                address = f"{kit.address}/webhooks/it{signed.path}"
                async with kit.client.request(
                    signed.method, address, params=signed.query, data=signed.body, headers=signed.headers
                ) as answer:
                    assert answer.status < 300, await answer.text()
            stored = kit.stored()
            for record in stored:
                record.pop("text", None)  # names in texts stay
                record.pop("group_id")
                record.pop("group_name", None)
            text = json.dumps(stored, ensure_ascii=False)
            assert stored
            for who in people_of(specimen):
                assert json.dumps(who, ensure_ascii=False)[1:-1] not in text

    scenario()


def people_of(specimen: Specimen) -> set[str]:
    """Return ids and names of people that its events hold when nothing is masked."""
    found: set[str] = set()
    for payload in specimen.payloads.values():
        notices = read(specimen, payload)
        assert not isinstance(notices, tuple | str)
        for notice in notices:  # type: ignore[union-attr]
            if isinstance(notice, Event):
                extra = [str(v) for k, v in notice.extra.items() if k in PEOPLE - KEPT or k in LEFT_OUT]
                found |= {notice.user_id, notice.user_name, notice.inviter_id, *notice.mentions, *extra}
    return {who for who in found if len(who) > 3}


def test_what_becomes_of_every_unknown_field_of_a_platform_was_thought_about() -> None:
    fields = {
        name
        for specimen in SPECIMENS
        for payload in specimen.payloads.values()
        for notice in read(specimen, payload)  # type: ignore[union-attr]
        if isinstance(notice, Event)
        for name in notice.extra
    }
    assert fields <= KEPT | PEOPLE | LEFT_OUT
