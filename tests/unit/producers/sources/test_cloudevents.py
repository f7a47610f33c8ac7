"""CloudEvents with a bearer token, against the project's own SDK: https://github.com/cloudevents/spec."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from cloudevents.core.bindings import http
from cloudevents.core.formats.json import JSONFormat
from cloudevents.core.v1.event import CloudEvent

from huoqun.config import Source
from producers.sources.base import Answer, Ignored, Opened, Stamp
from producers.sources.cloudevents import parse
from producers.verify import Denied
from tests.support.gateway_kit import Kit, gateway, run
from tests.support.specimens.base import AT, NOW, Signed, deliver
from tests.support.specimens.cloudevents import SECRET, SPECIMEN, envelope, sign

SOURCES = (Source(name="ce", kind="cloudevents", secret_env="CE_KEY"),)
ENVIRON = {"CE_KEY": SECRET}
BEARER = {"Authorization": f"Bearer {SECRET}"}
DATA = {"platform": "forum", "group_id": "garden", "user_id": "alice", "text": "你好"}
ASKS = {"WebHook-Request-Origin": "eventemitter.example.com", "WebHook-Request-Rate": "120"}


def theirs(id_: str, data: Any = None) -> CloudEvent:
    attributes = {
        "id": id_,
        "source": "urn:example:forum",
        "type": "org.example.chat.message",
        "specversion": "1.0",
        "time": datetime.fromtimestamp(AT, UTC),
        "datacontenttype": "application/json",
        "comexampleextension": "not read",
    }
    return CloudEvent(attributes, DATA if data is None else data)


async def post(kit: Kit, headers: Any, body: Any, path: str = "/webhooks/ce") -> tuple[int, Any]:
    data = body if isinstance(body, bytes) else str(body).encode()
    status, answer, _ = await kit.post(path, data, dict(headers))
    return status, answer


@pytest.mark.parametrize("wrap", [http.to_structured, http.to_binary], ids=["structured", "binary"])
@pytest.mark.parametrize("path", ["/webhooks/ce", "/v1/events"])
def test_what_their_sdk_sends_is_taken_in_both_modes(wrap: Any, path: str) -> None:
    @run
    async def scenario() -> None:
        async with gateway(SOURCES, environ=ENVIRON) as kit:
            for id_ in ("a-1", '活群 "50 %"\\'):
                message = wrap(theirs(id_), JSONFormat())
                headers = {name.lower(): value for name, value in message.headers.items()} | BEARER
                assert await post(kit, headers, message.body, path) == (202, {"accepted": 1, "refused": []})
            assert [(e["id"], e["type"], e["ts"], e["text"]) for e in kit.stored()] == [
                (id_, "message", AT * 1000, "你好") for id_ in ("a-1", '活群 "50 %"\\')
            ]

    scenario()


def test_their_sdk_reads_the_specimens() -> None:
    for payload in (SPECIMEN.payloads["message"], *SPECIMEN.payloads["batch"]):
        signed = sign(payload, 0)
        their = http.from_structured(http.HTTPMessage(dict(signed.headers), signed.body), JSONFormat(), CloudEvent)
        opened = deliver(SPECIMEN, signed)
        assert isinstance(opened, Opened)
        (ours,) = parse(opened.payload, Stamp(NOW, "ce", "full"))
        assert (ours.id, ours.ts) == (their.get_id(), their.get_time().timestamp() * 1000)
        assert their.get_type().endswith(ours.type)
        assert ours.user_id == their.get_data()["user_id"]


@run
async def test_a_batch_is_taken_as_far_as_it_is_good_and_may_be_empty() -> None:
    async with gateway(SOURCES, environ=ENVIRON) as kit:
        headers = BEARER | {"Content-Type": "application/cloudevents-batch+json"}
        body = [envelope(1, "message"), envelope(2, "message", ts="noon"), {"specversion": "0.3"}]
        status, answer = await post(kit, headers, json.dumps(body))
        assert (status, answer["accepted"]) == (202, 1)
        assert [(r["index"], r["where"]) for r in answer["refused"]] == [(1, "data.ts"), (2, "specversion")]
        assert await post(kit, headers, b"[]") == (202, {"accepted": 0, "refused": []})
    assert parse({"events": []}, Stamp(NOW, "ce", "full")) == [Ignored("empty")]


@pytest.mark.parametrize(
    ("headers", "body", "where"),
    [
        ({"Content-Type": "application/json"}, json.dumps(DATA), "ce-specversion"),
        ({"Content-Type": "application/json", "ce-specversion": "1.0", "ce-id": "%ff"}, json.dumps(DATA), "ce-id"),
        ({"Content-Type": "application/cloudevents+json"}, b"{", "body"),
        ({"Content-Type": "application/cloudevents-batch+json"}, b"{}", "body"),
        ({"Content-Type": "application/cloudevents-batch+json"}, json.dumps([{}] * 1001), "body"),
        ({"Content-Type": "application/cloudevents+avro"}, b"Obj", "Content-Type"),
        ({"Content-Type": "application/cloudevents+json", "Authorization": "Bearer x"}, b"{}", "Authorization"),
        ({"Content-Type": "application/cloudevents+json", "Authorization": "Basic x"}, b"{}", "Authorization"),
    ],
)
def test_refusals_name_the_place(headers: dict[str, str], body: Any, where: str) -> None:
    @run
    async def scenario() -> None:
        async with gateway(SOURCES, environ=ENVIRON) as kit:
            status, problem = await post(kit, BEARER | headers, body)
            assert problem["where"] == where
            assert status == {"Content-Type": 415, "Authorization": 401}.get(where, 400)

    scenario()


def test_the_token_may_be_an_argument() -> None:
    signed = sign(SPECIMEN.payloads["message"], 0)
    bare = signed._replace(headers={"Content-Type": "application/cloudevents+json"})
    assert isinstance(deliver(SPECIMEN, bare._replace(query={"access_token": SECRET})), Opened)
    assert isinstance(deliver(SPECIMEN, bare._replace(query={"access_token": f"{SECRET}x"})), Denied)
    assert isinstance(deliver(SPECIMEN, bare), Denied)


def test_who_asks_may_send_unless_it_shows_a_wrong_token() -> None:
    asked = Signed(b"", ASKS, "OPTIONS")
    granted = deliver(SPECIMEN, asked)
    assert isinstance(granted, Answer)
    assert granted.headers["WebHook-Allowed-Origin"] == "eventemitter.example.com"
    assert granted.headers["WebHook-Allowed-Rate"] == "*"
    assert deliver(SPECIMEN, asked._replace(headers=ASKS | BEARER)) == granted
    assert isinstance(deliver(SPECIMEN, asked._replace(query={"access_token": "x"})), Denied)
    for origin in ("", "a b", "a\n", "é.example", "x" * 300):
        refused = deliver(SPECIMEN, asked._replace(headers={"WebHook-Request-Origin": origin}))
        assert not isinstance(refused, Answer | Opened)


@run
async def test_the_handshake_over_http() -> None:
    async with gateway(SOURCES, environ=ENVIRON) as kit:
        async with kit.client.options(f"{kit.address}/webhooks/ce", headers=ASKS) as got:
            assert got.status == 200
            assert got.headers["WebHook-Allowed-Origin"] == "eventemitter.example.com"
            assert got.headers["Allow"] == "POST, OPTIONS"
        async with kit.client.options(f"{kit.address}/webhooks/ce") as got:
            assert (got.status, (await got.json())["where"]) == (400, "WebHook-Request-Origin")
        async with kit.client.put(f"{kit.address}/webhooks/ce", headers=BEARER) as got:
            assert got.status == 405
