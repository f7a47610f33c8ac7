"""What a relay has read gets to the gateway: in order, again after failures, never more in memory than allowed."""

import asyncio
import json
from collections.abc import Mapping
from typing import Any

import aiohttp
import pytest

from producers.discord.forwarding import BATCH_EVENTS, Answer, Forwarder, poster
from tests.support.gateway_kit import NOW, SECRET, SIGNED, event, gateway, run

KEY = __import__("base64").b64decode(SECRET.removeprefix("whsec_"))
TAKEN = Answer(202, b'{"accepted":1,"refused":[]}')


class Gateway:
    """Answers as it is told to, and keeps what it was sent."""

    def __init__(self, *answers: Answer) -> None:
        self.answers = list(answers)
        self.bodies: list[list[Any]] = []
        self.headers: list[Mapping[str, str]] = []
        self.slept: list[float] = []
        self.now = NOW

    async def post(self, body: bytes, headers: Mapping[str, str]) -> Answer:
        self.bodies.append([json.loads(line)["id"] for line in body.split(b"\n")])
        self.headers.append(headers)
        return self.answers.pop(0) if self.answers else TAKEN

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += round(seconds * 1000)

    def forwarder(self, *, most: int = 100, key: bytes | None = KEY) -> Forwarder:
        return Forwarder(self.post, key=key, source="discord", most=most, clock=lambda: self.now, sleep=self.sleep)


async def sent(gateway: Gateway, count: int, **settings: Any) -> Forwarder:
    forwarder = gateway.forwarder(**settings)
    for number in range(count):
        forwarder.put(event(number))
    task = asyncio.create_task(forwarder.run())
    assert await forwarder.drained(5.0)
    task.cancel()
    return forwarder


@run
async def test_events_go_together_in_order_and_signed() -> None:
    gate = Gateway()
    forwarder = await sent(gate, 3)
    assert gate.bodies == [["m0", "m1", "m2"]]
    assert (forwarder.counts["accepted"], forwarder.waiting) == (3, 0)
    assert set(gate.headers[0]) > {"webhook-id", "webhook-timestamp", "webhook-signature", "X-Huoqun-Source"}


@run
async def test_a_batch_holds_so_much_and_no_more() -> None:
    gate = Gateway()
    await sent(gate, BATCH_EVENTS + 5, most=1000)
    assert [len(body) for body in gate.bodies] == [BATCH_EVENTS, 5]
    gate = Gateway()
    forwarder = gate.forwarder()
    for number in range(3):
        forwarder.put(event(number, text="x" * 300_000))
    forwarder.put(event(9, text="x" * 900_000))
    task = asyncio.create_task(forwarder.run())
    assert await forwarder.drained(5.0)
    task.cancel()
    assert gate.bodies == [["m0"], ["m1"], ["m2"], ["m9"]]


@pytest.mark.parametrize("status", [0, 408, 429, 500, 502, 503, 504])
def test_a_busy_gateway_is_asked_again_a_little_later_each_time(status: int) -> None:
    async def test() -> None:
        gate = Gateway(*[Answer(status)] * 9)
        forwarder = await sent(gate, 2)
        assert gate.bodies == [["m0", "m1"]] * 10
        assert gate.slept == [0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 30.0, 30.0, 30.0]
        assert (forwarder.counts["retries"], forwarder.counts["accepted"]) == (9, 2)

    asyncio.run(test())


@run
async def test_each_try_is_the_same_message_signed_at_its_own_time() -> None:
    gate = Gateway(*[Answer(503)] * 12)
    await sent(gate, 1)
    assert len({headers["webhook-id"] for headers in gate.headers}) == 1
    first, last = (int(gate.headers[place]["webhook-timestamp"]) for place in (0, -1))
    assert last - first == int(sum(gate.slept))


@run
async def test_a_gateway_that_names_a_time_is_given_it_within_reason() -> None:
    gate = Gateway(Answer(503, retry_after=7.0), Answer(429, retry_after=10.0**9))
    await sent(gate, 1)
    assert gate.slept == [7.0, 300.0]


@pytest.mark.parametrize("status", [401, 403, 404, 415])
def test_a_wrong_secret_or_address_is_waited_for_and_nothing_is_lost(status: int) -> None:
    async def test() -> None:
        gate = Gateway(Answer(status, b'{"detail":"webhook-signature fits none of this source\'s secrets"}'))
        forwarder = await sent(gate, 1)
        assert gate.slept == [30.0]
        assert forwarder.counts["accepted"] == 1

    asyncio.run(test())


@run
async def test_what_is_too_large_goes_in_halves_and_what_never_fits_is_counted() -> None:
    gate = Gateway(Answer(413), Answer(202), Answer(413), Answer(413), Answer(202))
    forwarder = await sent(gate, 4)
    assert gate.bodies == [["m0", "m1", "m2", "m3"], ["m0", "m1"], ["m2", "m3"], ["m2"], ["m3"]]
    assert (forwarder.counts["accepted"], forwarder.counts["refused"]) == (3, 1)


@pytest.mark.parametrize(
    ("answer", "refused"),
    [
        (Answer(202, b'{"accepted":1,"refused":[{"index":0,"where":"ts","why":"required"}]}'), 1),
        (Answer(202, b"no json"), 0),
        (Answer(202, b"[]"), 0),
        (Answer(202, b'{"refused":[1,2,3,4,5,6,7,8,9]}'), 2),
        (Answer(400, b'{"detail":"no event could be taken","refused":[]}'), 2),
        (Answer(400, b"\xff"), 2),
    ],
)
def test_what_the_gateway_does_not_take_is_counted_and_not_sent_again(answer: Answer, refused: int) -> None:
    async def test() -> None:
        gate = Gateway(answer)
        forwarder = await sent(gate, 2)
        assert len(gate.bodies) == 1
        assert (forwarder.counts["refused"], forwarder.counts["accepted"]) == (refused, 2 - refused)

    asyncio.run(test())


@run
async def test_no_more_than_so_many_wait_and_the_rest_is_counted() -> None:
    gate = Gateway()
    forwarder = gate.forwarder(most=5)
    assert [forwarder.put(event(number)) for number in range(7)] == [True] * 5 + [False] * 2
    assert (forwarder.waiting, forwarder.counts["dropped"]) == (5, 2)
    assert not await forwarder.drained(0.01)


@run
async def test_a_real_gateway_takes_it_and_one_that_is_away_is_waited_for() -> None:
    async with gateway(SIGNED) as kit, aiohttp.ClientSession() as session:
        post = poster(session, kit.address + "/")
        forwarder = Forwarder(post, key=KEY, source="discord", most=9, clock=lambda: kit.clock[0])
        kit.publisher.down = True
        forwarder.put(event(1))
        forwarder.put({"id": "no event"})
        task = asyncio.create_task(forwarder.run())
        assert not await forwarder.drained(0.2)
        kit.publisher.down = False
        assert await forwarder.drained(10.0)
        task.cancel()
        assert {(e["id"], e["source"]) for e in kit.stored()} == {("m1", "discord")}
        assert (forwarder.counts["accepted"], forwarder.counts["refused"]) == (1, 1)
        assert (await poster(session, "http://127.0.0.1:9")(b"", {})).status == 0
        stranger = Forwarder(post, key=None, source="discord", most=9, clock=lambda: 0)
        answer = await post(b"{}", stranger._headers(b"{}", "relay_1"))
        assert answer.status == 401
