"""Limits per source: what is refused, for how long, and that others do not feel it."""

import asyncio
import statistics
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from huoqun import standard_webhooks
from huoqun.config import ConfigError, Source, load
from producers import verify
from producers.gateway.admission import TooFast
from producers.gateway.rates import Rates, admit, private_cells, shared_cells
from tests.support.gateway_kit import JSON, NOW, SECRET, body, event, gateway, run


@given(st.floats(0.01, 1000), st.lists(st.tuples(st.floats(0, 3), st.integers(1, 50)), max_size=60))
def test_no_more_than_a_bucket_and_its_refill_are_admitted(rate: float, asked: list[tuple[float, int]]) -> None:
    now, full_at, admitted, largest = 1e6, 0.0, 0, 0
    began = now
    for pause, count in asked:
        now += pause
        largest = max(largest, count)
        full_at, wait = admit(full_at, now, count, rate)
        if not wait:
            admitted += count
        room = max(1.0, rate)
        assert admitted <= (now - began) * rate + room + largest + 1e-6


@given(st.floats(0.01, 1000), st.integers(1, 5000), st.floats(0, 20))
def test_who_waits_as_long_as_told_is_admitted(rate: float, count: int, full_in: float) -> None:
    full_at, wait = admit(1e3 + full_in, 1e3, count, rate)
    if wait:
        assert full_at == 1e3 + full_in
        assert admit(full_at, 1e3 + wait - 0.01, count, rate)[1] > 0 or wait <= 0.01
        full_at, wait = admit(full_at, 1e3 + wait + 1e-6, count, rate)
    assert wait == 0


def test_a_steady_sender_within_its_limit_is_never_refused() -> None:
    now = [0.0]
    rates = Rates({"a": 50.0}, lambda: now[0], private_cells(1))
    for n in range(500):
        now[0] = n / 50
        rates.check("a")
        rates.take("a", 1)


def test_sources_do_not_feel_each_other_and_those_without_a_limit_have_none() -> None:
    rates = Rates({"a": 10.0, "b": 10.0}, lambda: 0.0, private_cells(2))
    for _ in range(10):
        rates.take("a", 1)
    with pytest.raises(TooFast, match="10 events a second"):
        rates.take("a", 1)
    rates.take("b", 10)
    rates.take("c", 10_000)
    rates.check("c")


def test_processes_share_a_limit(tmp_path: Path) -> None:
    path = tmp_path / "data" / "rates"
    one, other = (Rates({"x": 1.0, "a": 10.0}, lambda: 0.0, shared_cells(path, 2)) for _ in range(2))
    for _ in range(5):
        one.take("a", 1)
        other.take("a", 1)
    for rates in (one, other):
        with pytest.raises(TooFast) as refused:
            rates.take("a", 1)
        assert refused.value.retry_after == 1
        rates.check("x")


def test_a_limit_below_zero_is_refused_with_its_place(tmp_path: Path) -> None:
    file = tmp_path / "huoqun.toml"
    for text in ("-1", "inf", "nan"):
        file.write_text(f'[[sources]]\nname = "a"\nkind = "canonical"\nevents_per_second = {text}\n')
        with pytest.raises(ConfigError, match=r"sources\[0\]\.events_per_second"):
            load(file, {})


LIMITED = Source(name="limited", kind="canonical", secret_env="CANONICAL_KEY", events_per_second=100)
QQ = Source(name="qq", kind="onebot11", events_per_second=5)


def signed(raw: bytes) -> dict[str, str]:
    (key,) = verify.standard_keys(SECRET)
    return JSON | standard_webhooks.sign(message_id="m", timestamp_s=NOW // 1000, body=raw, key=key)  # type: ignore[arg-type]


@run
async def test_too_many_are_429_with_the_seconds_to_wait() -> None:
    async with gateway((LIMITED,)) as kit:
        many = body(*(event(n) for n in range(700)))
        headers = signed(many) | {"Content-Type": "application/x-ndjson"}
        assert (await kit.post("/v1/events", many, headers))[0] == 202  # the bucket was full
        one = body(event(1000))
        for label in ({}, {"X-Huoqun-Source": "another-name"}):
            status, problem, answer = await kit.post("/v1/events", one, signed(one) | label)
            assert status == 429
            assert int(answer["Retry-After"]) in (5, 6, 7)
            assert problem["detail"] == "this source may send 100 events a second; slow down"
        assert len(kit.stored()) == 700


@run
async def test_a_platform_that_is_too_fast_is_told_before_its_body_is_read() -> None:
    async with gateway((QQ,)) as kit:
        note = b'{"post_type":"message","message_type":"group","sub_type":"normal","time":1763999990,"group_id":1,'
        statuses = []
        for n in range(8):
            raw = note + b'"user_id":2,"message_id":%d,"message":"x"}' % n
            status, _, headers = await kit.post("/webhooks/qq", raw)
            statuses.append(status)
        assert statuses == [204] * 5 + [429] * 3
        assert headers["Retry-After"] == "1"
        assert (await kit.post("/webhooks/qq", b"no json"))[0] == 429
        assert len(kit.stored()) == 5


@run
async def test_a_flood_from_one_source_leaves_the_others_in_peace() -> None:
    other = Source(name="other", kind="onebot11")
    async with gateway((QQ, other)) as kit:
        note = b'{"post_type":"message","message_type":"group","sub_type":"normal","time":1763999990,"group_id":1,'

        async def healthy(count: int) -> list[float]:
            taken = []
            for n in range(count):
                began = time.perf_counter()
                status, _, _ = await kit.post(
                    "/webhooks/other", note + b'"user_id":2,"message_id":%d,"message":"x"}' % n
                )
                taken.append(time.perf_counter() - began)
                assert status == 204
                await asyncio.sleep(0.005)
            return taken

        async def flood() -> None:
            while True:
                status, _, _ = await kit.post("/webhooks/qq", note + b'"user_id":2,"message_id":1,"message":"x"}')
                assert status in (204, 429)
                await asyncio.sleep(0.005)

        await healthy(50)
        alone = await healthy(200)
        floods = [asyncio.create_task(flood()) for _ in range(4)]
        among = await healthy(200)
        for task in floods:
            task.cancel()
        # Sender and gateway are one process here, so the flood costs both; bench-like figures are in test_slow_clients.
        assert statistics.median(among) < statistics.median(alone) * 5 + 0.005
        assert len({e["id"] for e in kit.stored() if e["source"] == "qq"}) == 1
