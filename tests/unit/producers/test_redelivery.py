"""Platforms deliver again what was not answered in time, hours and days later: the results are those of one delivery each."""

import random
from collections.abc import Sequence
from typing import Any, NamedTuple

from huoqun.codec import encode
from huoqun.config import Source
from huoqun.control import Tick
from tests.support.core import Machine, View
from tests.support.gateway_kit import NOW, gateway, run
from tests.support.specimens import SPECIMENS
from tests.support.specimens.base import Specimen

HOUR = 3_600_000
ONEBOT = next(s for s in SPECIMENS if s.kind == "onebot11")
TEXTS = (
    "请问怎么退款",
    "早上好",
    "有人知道番茄叶子发黄怎么回事吗",
    "浇水太多了",
    "谢谢",
    "加微信领优惠 限时特价 http://x.example",
)


class Sent(NamedTuple):
    """One delivery, by the gateway's clock (ms)."""

    at: int
    payload: dict[str, Any]


def a_week(rng: random.Random) -> list[Sent]:
    """A made-up week of a QQ group: eight people talk, some join and leave."""
    sent = []
    at = NOW
    for number in range(160):
        at += rng.choice((20_000, 200_000, HOUR, 3 * HOUR))
        kind = rng.choice(("message",) * 8 + ("join", "leave"))
        payload = ONEBOT.payloads[kind] | {"time": at // 1000 - 1, "user_id": 20_000 + rng.randrange(8)}
        if kind == "message":
            payload |= {"message_id": number, "message": [{"type": "text", "data": {"text": rng.choice(TEXTS)}}]}
        sent.append(Sent(at, payload))
    return sent


async def results(sent: Sequence[Sent], specimen: Specimen = ONEBOT) -> View:
    """Post all of it in the order of time, with a tick each hour; return what the core makes of it."""
    source = Source(name="qq", kind="onebot11", secret_env="QQ_KEY")
    log: list[bytes] = []
    async with gateway((source,), environ={"QQ_KEY": specimen.secret}) as kit:
        tick = NOW
        for at, payload in sorted(sent, key=lambda each: each.at):
            while tick <= at:
                log.append(encode(Tick(tick)))
                tick += HOUR
            kit.clock[0] = at
            before = [len(partition) for partition in kit.publisher.log]
            signed = specimen.sign(payload, at // 1000)
            status, _, _ = await kit.post("/webhooks/qq", signed.body, dict(signed.headers))
            assert status == 204
            log += [
                record.value
                for partition, seen in zip(kit.publisher.log, before, strict=True)
                for record in partition[seen:]
            ]
    log.append(encode(Tick(NOW + 30 * 24 * HOUR)))
    return Machine().run(log)


@run
async def test_every_delivery_one_to_five_times_up_to_three_days_apart_gives_the_results_of_one_each() -> None:
    rng = random.Random(11)
    once = a_week(rng)
    often = [
        *once,
        *(
            Sent(sent.at + rng.choice((1_000, 60_000, HOUR, 24 * HOUR, 72 * HOUR)), sent.payload)
            for sent in once
            for _ in range(rng.randrange(5))
        ),
    ]
    assert len(often) > 2.5 * len(once)
    expected = await results(once)
    assert len({kind for kind, _ in expected}) >= 5
    assert await results(often) == expected
