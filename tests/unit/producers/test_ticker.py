"""Ticks: one in every partition, in the present, whatever the broker does."""

import asyncio
import itertools

import pytest
from prometheus_client import CollectorRegistry

from huoqun import codec
from huoqun.control import Tick
from producers.gateway.metrics import Metrics
from producers.publishing.memory import MemoryPublisher
from producers.publishing.publisher import Overloaded, Record
from producers.ticker import Ticker
from tests.support.gateway_kit import run


class Bench:
    """A ticker whose clock moves only when it sleeps, or when the broker stalls."""

    def __init__(self, *, stalls: dict[int, float] | None = None, partitions: int = 3) -> None:
        self.now = 1000.0
        self.rounds = 0
        self.stalls = stalls or {}
        self.publisher = MemoryPublisher(partitions=partitions)
        self.registry = CollectorRegistry()
        self.ticker = Ticker(
            self.publisher,
            seconds=1.0,
            clock=lambda: int(self.now * 1000),
            metrics=Metrics(self.registry),
            monotonic=lambda: self.now,
            sleep=self.sleep,
        )

    async def sleep(self, seconds: float) -> None:
        assert seconds >= 0
        self.now += seconds + self.stalls.pop(self.rounds, 0.0)
        self.rounds += 1
        if self.rounds >= 10:
            raise asyncio.CancelledError

    async def run(self) -> list[list[int]]:
        """Return the ticked times of every partition after ten rounds."""
        with pytest.raises(asyncio.CancelledError):
            await self.ticker.run()
        return [[self.time(record.value) for record in partition] for partition in self.publisher.log]

    @staticmethod
    def time(value: bytes) -> int:
        tick = codec.decode_record(value)
        assert isinstance(tick, Tick)
        return tick.now


@run
async def test_every_partition_gets_the_same_ticks_a_second_apart() -> None:
    ticked = await Bench().run()
    assert ticked == [[1_000_000 + 1000 * n for n in range(10)]] * 3


@run
async def test_ticks_missed_in_a_stall_are_not_made_up_for() -> None:
    (ticked,) = await Bench(stalls={4: 60.0}, partitions=1).run()
    apart = [later - earlier for earlier, later in itertools.pairwise(ticked)]
    assert apart == [1000] * 4 + [61_000] + [1000] * 4


@run
async def test_a_broker_that_is_away_is_counted_and_survived() -> None:
    bench = Bench(partitions=1)
    bench.publisher.down = True
    await bench.ticker.tick()
    bench.publisher.down = False
    await bench.ticker.tick()
    assert bench.registry.get_sample_value("huoqun_gateway_tick_errors_total", {"kind": "unavailable"}) == 1
    assert bench.registry.get_sample_value("huoqun_gateway_ticks_total") == 1


@run
async def test_ticks_pass_when_everything_in_flight_is_taken() -> None:

    publisher = MemoryPublisher(max_in_flight=1)
    publisher.hold()
    first = asyncio.create_task(publisher.publish([Record(b"k", b"v")]))
    await asyncio.sleep(0)
    with pytest.raises(Overloaded):
        await publisher.publish([Record(b"k", b"v")])
    metrics = Metrics(CollectorRegistry())
    ticking = asyncio.create_task(Ticker(publisher, seconds=1, clock=lambda: 5, metrics=metrics).tick())
    await asyncio.sleep(0)
    publisher.release()
    await asyncio.gather(first, ticking)
    assert sum(map(len, publisher.log)) == 5
