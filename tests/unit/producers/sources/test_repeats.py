"""A request that is sent again: it changes nothing while its signed time is near, and is refused afterwards."""

import asyncio
import json

import pytest

from huoqun import codec, standard_webhooks
from huoqun.config import Source
from huoqun.control import Tick
from producers import verify
from producers.sources.base import Answer, Opened
from tests.support.core import Machine
from tests.support.gateway_kit import JSON, NOW, SECRET, Kit, body, event, gateway, run
from tests.support.specimens import SPECIMENS
from tests.support.specimens.base import Specimen, deliver

TIMED = {
    "dingtalk": 3600,
    "dingtalk_events": verify.RETRY_SECONDS,
    "feishu": verify.RETRY_SECONDS,
    "qqbot": verify.RETRY_SECONDS,
    "slack": 300,
    "wecom": verify.RETRY_SECONDS,
    "wecom_archive": 300,
    "wecom_bot": verify.RETRY_SECONDS,
}
"""Platforms that sign the time of a request, and how far it may lie from ours: as they say, else a day."""

REPEATS = 1_000


def signs_time(specimen: Specimen) -> bool:
    payload = next(iter(specimen.payloads.values()))
    now, then = (specimen.sign(payload, at) for at in (NOW // 1000, NOW // 1000 - 5))
    fields = {f"?{k}": v for k, v in now.query.items()} | dict(now.headers)
    before = {f"?{k}": v for k, v in then.query.items()} | dict(then.headers)
    return any(fields[name] != before[name] for name in specimen.guarded)


def test_those_that_sign_a_time_are_known() -> None:
    assert {s.kind for s in SPECIMENS if signs_time(s)} == set(TIMED)


@pytest.mark.parametrize("specimen", [s for s in SPECIMENS if s.kind in TIMED], ids=lambda s: s.kind)
def test_a_signed_time_that_is_too_far_off_is_refused(specimen: Specimen) -> None:
    payload = next(iter(specimen.payloads.values()))
    bound = TIMED[specimen.kind]
    for off, taken in ((-bound, True), (bound, True), (-bound - 1, False), (bound + 1, False), (-(10**9), False)):
        found = deliver(specimen, specimen.sign(payload, NOW // 1000 + off))
        assert isinstance(found, Opened | Answer) is taken, (off, found)


async def repeat(kit: Kit, path: str, raw: bytes, headers: dict[str, str]) -> set[int]:
    found: set[int] = set()
    for _ in range(REPEATS // 50):
        found |= {status for status, _, _ in await asyncio.gather(*(kit.post(path, raw, headers) for _ in range(50)))}
    return found


def visible(kit: Kit) -> tuple[int, int]:
    """Return how many messages the pure core counts in what was stored, and how many records there are."""
    records = [record.value for partition in kit.publisher.log for record in partition]
    view = Machine().run([*records, codec.encode(Tick(now=kit.clock[0] + 180_000))], batch=100_000)
    rows = [row for (name, _), row in view.items() if name == "Activity"]
    return max(int(str(row["messages"])) for row in rows), len(records)


@run
async def test_a_thousand_repeats_of_a_signed_request_are_one_event() -> None:
    async with gateway((Source(name="relay", kind="canonical", secret_env="CANONICAL_KEY"),)) as kit:
        (key,) = verify.standard_keys(SECRET)
        raw = body(event())
        headers = JSON | standard_webhooks.sign(message_id="m1", timestamp_s=NOW // 1000, body=raw, key=key)  # type: ignore[arg-type]
        assert await repeat(kit, "/v1/events", raw, headers) == {202}
        assert visible(kit) == (1, REPEATS)
        kit.clock[0] += 301_000
        assert (await kit.post("/v1/events", raw, headers))[0] == 401


@pytest.mark.parametrize("specimen", SPECIMENS, ids=lambda s: s.kind)
def test_a_repeat_of_any_platform_s_delivery_carries_the_same_ids(specimen: Specimen) -> None:
    @run
    async def scenario() -> None:
        source = Source(name="it", kind=specimen.kind, secret_env="KEY", account=specimen.account)  # type: ignore[arg-type]
        async with gateway((source,), environ={"KEY": specimen.secret}) as kit:
            signed = specimen.sign(next(iter(specimen.payloads.values())), NOW // 1000)
            address = f"{kit.address}/webhooks/it{signed.path}"
            for turn in range(3):
                kit.clock[0] += 60_000
                async with kit.client.request(
                    signed.method, address, params=signed.query, data=signed.body, headers=signed.headers
                ) as answer:
                    assert answer.status < 300, await answer.text()
                if not turn:
                    first = {e["id"] for e in kit.stored()}
            assert first
            assert {e["id"] for e in kit.stored()} == first
            assert len({json.dumps({**e, "received_at": 0}, sort_keys=True) for e in kit.stored()}) == len(first)

    scenario()
