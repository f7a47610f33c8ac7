"""What the gateway counts for each source, as requests come in."""

import hashlib
import hmac
import json
from typing import Any

from huoqun.config import Source
from producers.publishing.publisher import Overloaded
from tests.support.gateway_kit import JSON, NDJSON, NOW, ONEBOT, QQ_SECRET, SIGNED, Kit, body, event, gateway, run


def onebot(document: dict[str, Any], secret: str = QQ_SECRET) -> tuple[bytes, dict[str, str]]:
    raw = json.dumps({"time": NOW // 1000 - 3, "self_id": 1, **document}).encode()
    signature = hmac.new(secret.encode(), raw, hashlib.sha1).hexdigest()
    return raw, {**JSON, "X-Signature": f"sha1={signature}"}


MESSAGE = {
    "post_type": "message", "message_type": "group", "message_id": 7, "group_id": 42, "user_id": 8, "message": "hi",
    "sender": {"nickname": "n"},
}  # fmt: skip
BEAT = {"post_type": "meta_event", "meta_event_type": "heartbeat", "interval": 15_000}


def told(kit: Kit, name: str) -> Any:
    return kit.running.app.watches.report("p", kit.clock[0]).sources[name]


@run
async def test_a_delivery_is_an_event_a_sign_of_life_and_a_sample_of_the_clock() -> None:
    async with gateway(ONEBOT) as kit:
        raw, headers = onebot(MESSAGE)
        assert (await kit.post("/webhooks/qq", raw, headers))[0] == 204
        found = told(kit, "qq")
        assert (found.last_event_at, found.last_sign_at, found.per_minute, found.skew_ms) == (NOW, NOW, 1.0, 3000)
        assert (found.kind, found.coverage, found.refused) == ("onebot11", "full", {})
        metrics = kit.metrics()
        assert 'huoqun_gateway_source_events_total{source="qq"} 1.0' in metrics
        assert 'huoqun_gateway_source_skew_seconds{source="qq"} 3.0' in metrics
        assert 'huoqun_gateway_source_last_sign_timestamp_seconds{source="qq"} 1.764e+09' in metrics


@run
async def test_a_heartbeat_is_a_sign_of_life_and_no_event() -> None:
    async with gateway(ONEBOT) as kit:
        raw, headers = onebot(BEAT)
        assert (await kit.post("/webhooks/qq", raw, headers))[0] == 204
        found = told(kit, "qq")
        assert (found.last_event_at, found.last_sign_at, found.per_minute) == (0, NOW, 0.0)
        assert [(beat.at, beat.interval) for beat in found.beats] == [(NOW, 15_000)]
        assert 'huoqun_gateway_source_heartbeats_total{source="qq"} 1.0' in kit.metrics()


@run
async def test_refusals_on_a_route_count_for_its_source_by_reason_and_are_no_sign_of_life() -> None:
    async with gateway((*ONEBOT, *SIGNED)) as kit:
        raw, headers = onebot(MESSAGE, secret="wrong")
        assert (await kit.post("/webhooks/qq", raw, headers))[0] == 401
        raw, headers = onebot({"post_type": "message", "message_type": "group"})
        assert (await kit.post("/webhooks/qq", raw, headers))[0] == 400
        assert (await kit.post("/webhooks/qq", b"{}", {"Content-Type": "text/plain"}))[0] == 415
        found = told(kit, "qq")
        assert found.refused == {"signature": 1, "malformed": 1, "content_type": 1}
        assert found.last_sign_at == 0
        assert (await kit.post("/webhooks/nobody", raw, headers))[0] == 404
        assert told(kit, "qq").refused == {"signature": 1, "malformed": 1, "content_type": 1}
        assert told(kit, "relay").refused == {}
        assert 'huoqun_gateway_source_refused_total{reason="signature",source="qq"} 1.0' in kit.metrics()


@run
async def test_what_the_broker_does_not_take_is_a_refusal_and_the_source_lives_all_the_same() -> None:
    async with gateway(ONEBOT) as kit:
        kit.publisher.down = True
        raw, headers = onebot(MESSAGE)
        assert (await kit.post("/webhooks/qq", raw, headers))[0] == 503
        found = told(kit, "qq")
        assert (found.refused, found.last_sign_at, found.last_event_at) == ({"unavailable": 1}, NOW, 0)


@run
async def test_overload_is_told_by_its_own_name() -> None:
    async def overloaded(*_: object, **__: object) -> None:
        raise Overloaded

    async with gateway(ONEBOT) as kit:
        kit.publisher.publish = overloaded  # type: ignore[method-assign]  # this once
        raw, headers = onebot(MESSAGE)
        assert (await kit.post("/webhooks/qq", raw, headers))[0] == 503
        assert told(kit, "qq").refused == {"overloaded": 1}


@run
async def test_canonical_requests_count_for_who_sent_them() -> None:
    async with gateway() as kit:
        assert (await kit.post("/v1/events", body(event(1), event(2)), NDJSON))[0] == 202
        assert (await kit.post("/v1/events", body(event(3), {"id": "x"}), NDJSON))[0] == 202
        assert (await kit.post("/v1/events", b"[", JSON))[0] == 400
        found = told(kit, "canonical")
        assert found.refused == {"event": 1, "malformed": 1}
        assert (found.per_minute, found.skew_ms) == (3.0, 1000)
        assert (await kit.post("/v1/events", body(event(4)), {**JSON, "X-Huoqun-Source": "qq"}))[0] == 202
        assert told(kit, "canonical").per_minute == 4.0


@run
async def test_nobody_makes_another_source_look_alive_by_its_name() -> None:
    async with gateway(ONEBOT) as kit:
        assert (await kit.post("/v1/events", body(event(4)), {**JSON, "X-Huoqun-Source": "qq"}))[0] == 202
        assert told(kit, "qq").last_sign_at == 0
        assert told(kit, "canonical").last_sign_at == NOW


@run
async def test_a_bad_signature_on_the_canonical_route_counts_for_the_only_canonical_source() -> None:
    bad = {**JSON, "webhook-id": "m", "webhook-timestamp": str(NOW // 1000), "webhook-signature": "v1,AAAA"}
    async with gateway(SIGNED) as kit:
        assert (await kit.post("/v1/events", body(event(1)), bad))[0] == 401
        assert told(kit, "relay").refused == {"signature": 1}
    two = (*SIGNED, Source(name="second", kind="canonical", secret_env="CANONICAL_KEY"))
    async with gateway(two) as kit:
        assert (await kit.post("/v1/events", body(event(1)), bad))[0] == 401
        assert told(kit, "other").refused == {"signature": 1}
