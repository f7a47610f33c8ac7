"""POST /v1/events in all its forms, and everything that can be wrong with it."""

import asyncio
import base64
import gzip
import json
import zlib
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from huoqun import standard_webhooks
from huoqun.config import Source
from producers import verify
from producers.gateway import forms
from producers.publishing.memory import MemoryPublisher
from tests.support.gateway_kit import JSON, NDJSON, NOW, SECRET, SIGNED, body, event, gateway, run

CLOUDEVENT = {"Content-Type": "application/cloudevents+json"}
CLOUDEVENTS = {"Content-Type": "application/cloudevents-batch+json"}


def envelope(data: Any = None, **fields: Any) -> dict[str, Any]:
    return {
        "specversion": "1.0",
        "id": "ce1",
        "source": "urn:relay",
        "type": "chat.message",
        "time": "2025-11-24T15:00:00Z",
        "data": {"platform": "demo", "group_id": "g1", "user_id": "u1", "text": "hello"} if data is None else data,
        **fields,
    }


def signed(data: bytes, *, seconds: int = NOW // 1000, message_id: str = "msg_1") -> dict[str, str]:
    keys = verify.standard_keys(SECRET)
    assert isinstance(keys, list)
    return NDJSON | standard_webhooks.sign(message_id=message_id, timestamp_s=seconds, body=data, key=keys[0])


@pytest.mark.parametrize(
    ("data", "headers", "count"),
    [
        (body(event()), JSON, 1),
        (json.dumps([event(1), event(2)]).encode(), JSON, 2),
        (body(event(1), event(2), event(3)), NDJSON, 3),
        (b"\n\r\n" + body(event(1)) + b"\r\n\n" + body(event(2)) + b"\n", NDJSON, 2),
        (json.dumps(envelope()).encode(), CLOUDEVENT, 1),
        (json.dumps([envelope(), envelope(id="ce2")]).encode(), CLOUDEVENTS, 2),
        (gzip.compress(body(event())), JSON | {"Content-Encoding": "gzip"}, 1),
        (
            gzip.compress(body(event(1)) + b"\n") + gzip.compress(body(event(2))),
            NDJSON | {"Content-Encoding": "gzip"},
            2,
        ),
        (zlib.compress(body(event())), JSON | {"Content-Encoding": "deflate"}, 1),
        (zlib.compress(body(event()), wbits=-15), JSON | {"Content-Encoding": "deflate"}, 1),
        (body(event()), {"Content-Type": "Application/JSON; charset=UTF-8"}, 1),
    ],
    ids=[
        "object",
        "array",
        "ndjson",
        "ndjson with blank lines",
        "cloudevent",
        "cloudevents",
        "gzip",
        "two gzip members",
        "deflate",
        "raw deflate",
        "charset",
    ],
)
def test_every_form_is_taken(data: bytes, headers: dict[str, str], count: int) -> None:
    @run
    async def scenario() -> None:
        async with gateway() as kit:
            status, answer, _ = await kit.post("/v1/events", data, headers)
            assert (status, answer) == (202, {"accepted": count, "refused": []})
            assert len(kit.stored()) == count
            assert {(e["source"], e["received_at"]) for e in kit.stored()} == {("canonical", NOW)}

    scenario()


@run
async def test_events_of_one_group_lie_in_one_partition_in_the_order_sent() -> None:
    async with gateway() as kit:
        await kit.post("/v1/events", body(*[event(n, group_id=f"g{n % 7}") for n in range(100)]), NDJSON)
        for group in range(7):
            places = [[r.value for r in p if r.key == b"demo/g%d" % group] for p in kit.publisher.log]
            (held,) = [p for p in places if p]
            assert [json.loads(v)["id"] for v in held] == [f"m{n}" for n in range(group, 100, 7)]


@run
async def test_the_good_events_of_a_partly_bad_body_are_kept_and_the_bad_ones_named() -> None:
    async with gateway() as kit:
        data = b"\n".join([body(event(1)), b"{oops", body(event(2, ts="yesterday")), b'"\xff"', body(event(3))])
        status, answer, _ = await kit.post("/v1/events", data, NDJSON)
        assert (status, answer["accepted"]) == (202, 2)
        assert [(r["index"], r["where"]) for r in answer["refused"]] == [(1, "byte 1"), (2, "ts"), (3, "byte 1")]
        assert [e["id"] for e in kit.stored()] == ["m1", "m3"]
        assert 'huoqun_gateway_refused_total{reason="event"} 3.0' in kit.metrics()
        assert 'huoqun_gateway_events_total{kind="canonical",type="message"} 2.0' in kit.metrics()


@run
async def test_a_cloudevent_lends_its_id_time_and_type_and_only_where_they_are_missing() -> None:
    async with gateway() as kit:
        own = {"id": "own", "type": "join", "ts": NOW, "platform": "demo", "group_id": "g1", "user_id": "u1"}
        packed = base64.b64encode(json.dumps(own | {"id": "packed"}).encode()).decode()
        third = envelope(id="ce3", data_base64=packed)
        del third["data"]
        await kit.post("/v1/events", json.dumps([envelope(), envelope(own), third]).encode(), CLOUDEVENTS)
        assert [(e["id"], e["type"], e["ts"]) for e in kit.stored()] == [
            ("ce1", "message", 1_763_996_400_000),
            ("own", "join", NOW),
            ("packed", "join", NOW),
        ]


BINARY = JSON | {
    "ce-specversion": "1.0",
    "ce-id": "%E6%B4%BB%20%22b1",
    "ce-source": '"urn:a \\"relay\\""',
    "ce-type": "chat.message",
    "ce-time": "2025-11-24T15:00:00Z",
    "ce-traceparent": "not read",
}
"""A CloudEvent in binary mode: https://github.com/cloudevents/spec/blob/main/cloudevents/bindings/http-protocol-binding.md 3.1."""


@run
async def test_a_cloudevent_in_binary_mode_lends_its_headers() -> None:
    async with gateway() as kit:
        data = {"platform": "demo", "group_id": "g1", "user_id": "u1", "text": "hello"}
        assert (await kit.post("/v1/events", body(data), BINARY))[0] == 202
        assert [(e["id"], e["type"], e["ts"], e["extra"]) for e in kit.stored()] == [
            ('活 "b1', "message", 1_763_996_400_000, {"ce_source": 'urn:a "relay"'})
        ]


@pytest.mark.parametrize(
    ("headers", "data", "where"),
    [
        ({"ce-specversion": "0.3"}, event(), "specversion"),
        ({"ce-id": ""}, event(), "id"),
        ({"ce-id": "%C0%A0"}, event(), "ce-id"),
        ({"ce-time": "noon"}, {"platform": "demo", "group_id": "g1", "user_id": "u1"}, "data.ts"),
        ({}, {"platform": "demo"}, "data.group_id"),
        ({}, [event()], "data"),
    ],
)
def test_what_is_wrong_with_a_cloudevent_in_binary_mode_is_named(
    headers: dict[str, str], data: Any, where: str
) -> None:
    @run
    async def scenario() -> None:
        async with gateway() as kit:
            status, problem, _ = await kit.post("/v1/events", json.dumps(data).encode(), BINARY | headers)
            assert (status, problem["where"]) == (400, where)

    scenario()


@run
async def test_headers_that_no_signature_covers_lend_nothing() -> None:
    async with gateway(SIGNED) as kit:
        data = body({"platform": "demo", "group_id": "g1", "user_id": "u1", "type": "message", "ts": NOW})
        status, problem, _ = await kit.post("/v1/events", data, BINARY | signed(data) | JSON)
        assert (status, problem["where"]) == (400, "id")
        assert (await kit.post("/v1/events", body(event()), BINARY | signed(body(event())) | JSON))[0] == 202
        assert [e["id"] for e in kit.stored()] == ["m1"]


@run
async def test_a_batch_of_cloudevents_may_be_empty() -> None:
    async with gateway() as kit:
        status, answer, _ = await kit.post("/v1/events", b"[]", CLOUDEVENTS)
        assert (status, answer) == (202, {"accepted": 0, "refused": []})


@run
async def test_who_asks_whether_it_may_send_is_permitted_where_it_could_be_authentic() -> None:
    asked = {"WebHook-Request-Origin": "eventemitter.example.com", "WebHook-Request-Rate": "120"}
    for sources, elsewhere in ((SIGNED, 200), ((), 401)):
        async with gateway(sources) as kit:
            for headers, status in ((asked, 200), (asked | {"Via": "1.1 proxy"}, elsewhere)):
                async with kit.client.options(kit.address + "/v1/events", headers=headers) as got:
                    assert got.status == status
                    if status == 200:
                        assert got.headers["WebHook-Allowed-Origin"] == "eventemitter.example.com"
                        assert got.headers["WebHook-Allowed-Rate"] == "*"
                        assert "POST" in got.headers["Allow"]


BAD_BODIES: list[tuple[str, bytes, dict[str, str], str, str]] = [
    ("empty", b"", JSON, "body", "empty"),
    ("only blanks", b" \n\n ", NDJSON, "body", "empty"),
    ("empty array", b"[]", JSON, "body", "empty"),
    ("no JSON", b"hello", JSON, "byte 0", "not JSON"),
    ("cut off", b'{"id":', JSON, "body", "not JSON"),
    ("two values", b"{} {}", JSON, "byte 4", "not JSON"),
    ("byte order mark", b"\xef\xbb\xbf{}", JSON, "byte 0", "not JSON"),
    ("NaN", b'{"id":NaN}', JSON, "byte 6", "not JSON"),
    ("Infinity", b'{"id":-Infinity}', JSON, "byte 7", "not JSON"),
    ("number too large", b'{"id":1e999}', JSON, "body", "range"),
    ("million digits", b'{"id":' + b"9" * 100_000 + b"}", JSON, "body", "range"),
    ("bad UTF-8", b'{"id":"\xff"}', JSON, "byte 7", "UTF-8"),
    ("lone surrogate", b'{"id":"\\ud800"}', JSON, "body", "not JSON"),
    ("raw NUL", b'{"id":"\x00"}', JSON, "byte 7", "not JSON"),
    ("deep nesting", b"[" * 100_000 + b"]" * 100_000, JSON, "body", "deep"),
    ("a number", b"42", JSON, "", "object"),
    ("text", b'"hello"', JSON, "", "object"),
    ("null", b"null", JSON, "", "object"),
    ("missing field", body({**event(), "group_id": None}), JSON, "group_id", "required"),
    ("wrong type", body(event(type="shout")), JSON, "type", "allowed values: message"),
    ("NUL in an id", body(event(user_id="a\x00b")), JSON, "user_id", "control"),
    ("slash in the platform", body(event(platform="a/b")), JSON, "platform", "/"),
    ("huge id", body(event(id="x" * 600)), JSON, "id", "longer"),
    (
        "number of 100 digits in an unknown field",
        body(event()).replace(b"}", b',"n":' + b"9" * 100 + b"}"),
        JSON,
        "n",
        "64 bits",
    ),
    (
        "unknown field nested 40 deep",
        body(event()).replace(b"}", b',"n":' + b"[" * 40 + b"]" * 40 + b"}"),
        JSON,
        "n",
        "deep",
    ),
    (
        "unknown field nested 800 deep",
        body(event()).replace(b"}", b',"n":' + b"[" * 800 + b"]" * 800 + b"}"),
        JSON,
        "n",
        "deep",
    ),
    ("no time zone", body(event(ts="2026-11-21T08:30:00")), JSON, "ts", "zone"),
    ("from the future", body(event(ts=NOW + 3_700_000)), JSON, "ts", "ahead"),
    ("in seconds as a float", body(event(ts=1.5)), JSON, "ts", "whole"),
    ("envelope without version", json.dumps(envelope(specversion="0.3")).encode(), CLOUDEVENT, "specversion", "1.0"),
    ("envelope without id", json.dumps(envelope(id="")).encode(), CLOUDEVENT, "id", "required"),
    ("envelope without data", json.dumps(envelope(data=[1])).encode(), CLOUDEVENT, "data", "canonical"),
    (
        "envelope with bad base64",
        json.dumps(envelope(data=None) | {"data": None, "data_base64": "!"}).encode(),
        CLOUDEVENT,
        "data_base64",
        "base64",
    ),
    (
        "bad event in an envelope",
        json.dumps(envelope({"platform": "demo"})).encode(),
        CLOUDEVENT,
        "data.group_id",
        "required",
    ),
    ("batch that is no array", json.dumps(envelope()).encode(), CLOUDEVENTS, "body", "array"),
    ("no gzip", b"hello", JSON | {"Content-Encoding": "gzip"}, "body", "gzip"),
    ("gzip cut short", gzip.compress(body(event()))[:-9], JSON | {"Content-Encoding": "gzip"}, "body", "early"),
    ("no deflate", b"\x78\x9chello", JSON | {"Content-Encoding": "deflate"}, "body", "deflate"),
]


@pytest.mark.parametrize(
    ("data", "headers", "where", "why"), [row[1:] for row in BAD_BODIES], ids=[row[0] for row in BAD_BODIES]
)
def test_a_malformed_body_is_400_with_place_and_reason(
    data: bytes, headers: dict[str, str], where: str, why: str
) -> None:
    @run
    async def scenario() -> None:
        async with gateway() as kit:
            status, problem, got = await kit.post("/v1/events", data, headers)
            assert (status, got["Content-Type"], problem["status"]) == (400, "application/problem+json", 400)
            assert problem["title"] == "Malformed"
            assert problem["type"] == "urn:huoqun:problem:malformed"
            assert problem.get("where", "") == where
            assert why in problem["detail"]
            assert kit.stored() == []

    scenario()


@pytest.mark.parametrize(
    ("path", "method", "headers", "data", "status", "where"),
    [
        ("/v1/events", "POST", {"Content-Type": "text/plain"}, b"{}", 415, "Content-Type"),
        ("/v1/events", "POST", {"Content-Type": ""}, b"{}", 415, "Content-Type"),
        ("/v1/events", "POST", {"Content-Type": "application/json; charset=gbk"}, b"{}", 415, "Content-Type"),
        ("/v1/events", "POST", JSON | {"Content-Encoding": "br"}, b"{}", 415, "Content-Encoding"),
        ("/v1/events", "POST", JSON | {"Content-Encoding": "gzip, gzip"}, b"{}", 415, "Content-Encoding"),
        ("/v1/events", "POST", JSON | {"X-Huoqun-Source": "a b"}, body(event()), 400, "X-Huoqun-Source"),
        ("/v1/events", "GET", {}, None, 405, None),
        ("/v1/events", "OPTIONS", {}, None, 400, "WebHook-Request-Origin"),
        ("/v1/events", "OPTIONS", {"WebHook-Request-Origin": "a b"}, None, 400, "WebHook-Request-Origin"),
        ("/healthz", "OPTIONS", {"WebHook-Request-Origin": "a.example"}, None, 405, None),
        ("/metrics", "POST", JSON, b"{}", 405, None),
        ("/webhooks/nobody", "POST", JSON, b"{}", 404, None),
        ("/webhooks/", "POST", JSON, b"{}", 404, None),
        ("/elsewhere", "GET", {}, None, 404, None),
        ("/v1/events/../../etc", "GET", {}, None, 404, None),
    ],
)
def test_other_refusals(
    path: str, method: str, headers: dict[str, str], data: bytes | None, status: int, where: str | None
) -> None:
    @run
    async def scenario() -> None:
        async with gateway() as kit, kit.client.request(method, kit.address + path, data=data, headers=headers) as got:
            problem = await got.json(content_type="application/problem+json")
            assert (got.status, problem["status"]) == (status, status)
            assert problem.get("where") == where
            assert (status == 405) == ("Allow" in got.headers)

    scenario()


@run
async def test_a_body_too_large_is_413_declared_chunked_and_compressed() -> None:
    async with gateway(max_body_bytes=10_000) as kit:

        async def chunks():
            for _ in range(20):
                yield b"x" * 1000

        for data, more in (
            (b"x" * 20_000, {}),
            (chunks(), {}),
            (gzip.compress(b"[" + b" " * 10_000_000), {"Content-Encoding": "gzip"}),
        ):
            status, problem, got = await kit.post("/v1/events", data, JSON | more)
            assert (status, problem["title"]) == (413, "Too large")
            assert got["Connection"] == "close"
        status, _, _ = await kit.post("/v1/events", body(event()), JSON)
        assert status == 202


@run
async def test_too_many_events_in_one_request_are_413() -> None:
    async with gateway() as kit:
        for data, headers in ((b"1\n" * 10_001, NDJSON), (b"[" + b"1," * 10_000 + b"1]", JSON)):
            status, problem, _ = await kit.post("/v1/events", data, headers)
            assert (status, problem["type"]) == (413, "urn:huoqun:problem:too_many_items")


@run
async def test_an_event_larger_than_a_record_may_be_is_refused_alone() -> None:
    async with gateway(max_body_bytes=4_000_000) as kit:
        data = body(event(1, unknown="x" * 600_000), event(2))
        status, answer, _ = await kit.post("/v1/events", data, NDJSON)
        assert (status, answer["accepted"], answer["refused"][0]["index"]) == (202, 1, 0)


@run
async def test_nothing_is_promised_before_the_broker_has_acknowledged() -> None:
    async with gateway(publish_timeout_seconds=1.0) as kit:
        kit.publisher.hold()
        asked = asyncio.create_task(kit.post("/v1/events", body(event())))
        await asyncio.sleep(0.2)
        assert not asked.done()
        assert "huoqun_gateway_in_flight_events 1.0" in kit.metrics()
        kit.publisher.release()
        assert (await asked)[0] == 202


@run
async def test_a_broker_that_is_away_is_503_with_retry_after_and_not_ready() -> None:
    async with gateway() as kit:
        kit.publisher.down = True
        status, problem, got = await kit.post("/v1/events", body(event()))
        assert (status, problem["title"], got["Retry-After"]) == (503, "Unavailable", "2")
        async with kit.client.get(kit.address + "/readyz") as ready:
            assert ready.status == 503
        async with kit.client.get(kit.address + "/healthz") as alive:
            assert alive.status == 200
        kit.publisher.down = False
        assert (await kit.post("/v1/events", body(event())))[0] == 202


@run
async def test_beyond_what_may_be_in_flight_is_429_for_one_source_and_503_for_all() -> None:

    publisher = MemoryPublisher(max_in_flight=100)
    async with gateway(publisher=publisher, max_in_flight=100) as kit:
        publisher.hold()
        data = body(*[event(n) for n in range(60)])
        first = asyncio.create_task(kit.post("/v1/events", data, NDJSON))
        await asyncio.sleep(0.1)
        status, _, got = await kit.post("/v1/events", data, NDJSON)
        assert (status, got["Retry-After"]) == (429, "1")
        status, _, got = await kit.post("/v1/events", data, NDJSON | {"X-Huoqun-Source": "another"})
        assert (status, got["Retry-After"]) == (503, "1")
        small = asyncio.create_task(kit.post("/v1/events", body(event()), JSON | {"X-Huoqun-Source": "another"}))
        await asyncio.sleep(0.1)
        publisher.release()
        assert [(await first)[0], (await small)[0]] == [202, 202]


@run
async def test_with_a_secret_only_what_is_signed_is_taken_and_at_any_address() -> None:
    async with gateway(SIGNED) as kit:
        data = body(event())
        assert (await kit.post("/v1/events", data, NDJSON))[0] == 401
        status, problem, got = await kit.post("/v1/events", data, signed(data + b" "))
        assert (status, problem["where"]) == (401, "webhook-signature")
        assert "WWW-Authenticate" in got
        assert SECRET not in json.dumps(problem)
        assert (await kit.post("/v1/events", data, signed(data, seconds=NOW // 1000 - 301)))[0] == 401
        assert (await kit.post("/v1/events", data, signed(data) | {"X-Forwarded-For": "203.0.113.9"}))[0] == 202
        packed = gzip.compress(data)
        assert (await kit.post("/v1/events", packed, signed(packed) | {"Content-Encoding": "gzip"}))[0] == 202
        assert [e["source"] for e in kit.stored()] == ["relay", "relay"]


@pytest.mark.parametrize(
    "headers",
    [
        {"X-Forwarded-For": "203.0.113.9"},
        {"Forwarded": "for=203.0.113.9"},
        {"Via": "1.1 proxy"},
        {"Origin": "https://evil.example"},
        {"Host": "evil.example"},
        {"Host": ""},
        {"webhook-signature": "v1,AAAA"},
    ],
)
def test_without_a_secret_what_may_come_from_elsewhere_is_401_and_told_how(headers: dict[str, str]) -> None:
    @run
    async def scenario() -> None:
        async with gateway() as kit:
            status, problem, _ = await kit.post("/v1/events", body(event()), JSON | headers)
            assert status == 401
            assert "secret" in problem["detail"]
            assert kit.stored() == []

    scenario()


@run
async def test_an_admitted_sender_may_choose_the_name_of_its_source() -> None:
    async with gateway() as kit:
        await kit.post("/v1/events", body(event()), JSON | {"X-Huoqun-Source": "archive-2024"})
        assert [e["source"] for e in kit.stored()] == ["archive-2024"]
        assert "archive-2024" not in kit.metrics()


@run
async def test_who_asks_first_whether_to_continue_is_told_to() -> None:
    async with (
        gateway() as kit,
        kit.client.post(kit.address + "/v1/events", data=body(event()), headers=JSON, expect100=True) as got,
    ):
        assert got.status == 202


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=True) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
FIELDS = st.sampled_from(
    [
        *event(),
        "event_id",
        "file",
        "mentions",
        "mention_ids",
        "extra",
        "amount",
        "reason",
        "received_at",
        "v",
        "source",
        "count",
        "thread_id",
    ]
)
ALMOST_EVENTS = st.builds(lambda changes: event() | changes, st.dictionaries(FIELDS, JSON_VALUES, max_size=5))
HOSTILE = st.one_of(
    st.binary(max_size=300),
    JSON_VALUES.map(lambda v: json.dumps(v).encode()),
    ALMOST_EVENTS.map(lambda v: json.dumps(v).encode("utf-8", "surrogatepass")),
    st.lists(ALMOST_EVENTS | JSON_VALUES, max_size=4).map(lambda v: b"\n".join(json.dumps(e).encode() for e in v)),
    st.lists(ALMOST_EVENTS, max_size=3).map(lambda v: json.dumps([envelope(e) for e in v]).encode()),
    st.binary(max_size=200).map(gzip.compress),
)
KINDS = st.sampled_from([*forms.KINDS, "text/plain", "application/json;charset=latin-1", ""])


@st.composite
def hostile_requests(draw: st.DrawFn) -> tuple[str, bytes, dict[str, str]]:
    path = draw(st.sampled_from(["/v1/events", "/webhooks/qq", "/webhooks/none"]))
    headers = {"Content-Type": draw(KINDS)}
    if draw(st.booleans()):
        headers["Content-Encoding"] = draw(st.sampled_from(["gzip", "deflate", "identity", "br", ""]))
    for name in ("webhook-id", "webhook-timestamp", "webhook-signature", "X-Signature", "X-Huoqun-Source"):
        if draw(st.integers(0, 3)) == 0:
            headers[name] = draw(st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=30))
    return path, draw(HOSTILE), headers


def test_no_hostile_request_gets_a_5xx_or_hangs() -> None:

    @settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
    @given(st.lists(hostile_requests(), min_size=1, max_size=6))
    def every(requests: list[tuple[str, bytes, dict[str, str]]]) -> None:
        @run
        async def scenario() -> None:
            async with gateway((Source(name="qq", kind="onebot11"),)) as kit:
                for path, data, headers in requests:
                    async with asyncio.timeout(5):
                        status, problem, _ = await kit.post(path, data, headers)
                    assert status in (202, 204, 400, 401, 404, 413, 415), (status, problem)
                    if status >= 400:
                        assert problem["status"] == status
                        assert problem["detail"]
                for stored in kit.stored():
                    json.dumps(stored).encode()

        scenario()

    every()


@run
async def test_a_new_key_is_put_before_the_old_one_and_both_are_good_until_that_is_taken_away() -> None:
    new = "whsec_" + base64.b64encode(b"n" * 32).decode()
    raw = body(event())
    by_new, by_old = (
        JSON
        | standard_webhooks.sign(
            message_id="m", timestamp_s=NOW // 1000, body=raw, key=base64.b64decode(key.removeprefix("whsec_"))
        )
        for key in (new, SECRET)
    )
    for keys, taken in ((SECRET, (401, 202)), (f"{new},{SECRET}", (202, 202)), (new, (202, 401))):
        async with gateway(SIGNED, environ={"CANONICAL_KEY": keys}) as kit:
            assert (
                (await kit.post("/v1/events", raw, by_new))[0],
                (await kit.post("/v1/events", raw, by_old))[0],
            ) == taken
            both = by_old | {"webhook-signature": f"{by_old['webhook-signature']} {by_new['webhook-signature']}"}
            assert (await kit.post("/v1/events", raw, both))[0] == 202  # the sender may turn its keys over, too
