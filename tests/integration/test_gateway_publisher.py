"""What a publisher promises, held by the one in memory and by Kafka's, on every broker; and what only a real one can break."""

import asyncio
import contextlib
import subprocess
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from _pytest.mark import ParameterSet

from huoqun import broker as admin
from huoqun import topics
from huoqun.config import Config
from huoqun.kafka_config import Kafka
from huoqun.local import tansu as tansu_binary
from producers.publishing.aio import AiokafkaPublisher
from producers.publishing.kafka_python import KafkaPythonPublisher
from producers.publishing.memory import MemoryPublisher
from producers.publishing.publisher import MAX_VALUE_BYTES, Overloaded, Publisher, Record, Unavailable, partition_of
from tests.conftest import BROKERS
from tests.support import tansu as tansu_broker
from tests.support.brokers import OwnBroker, free_port
from tests.support.topic import read_topic

PARTITIONS = 3
CONTROL = b'{"control":'


Kind = type[AiokafkaPublisher] | type[KafkaPythonPublisher]
KINDS = [pytest.param(AiokafkaPublisher, id="aiokafka"), pytest.param(KafkaPythonPublisher, id="kafka-python")]
every_client = pytest.mark.parametrize("kind", KINDS)


class Bench:
    """A publisher of one kind, and a way to see what it has stored."""

    def __init__(self, bootstrap: str | None, prefix: str, kind: Kind = AiokafkaPublisher) -> None:
        self.bootstrap = bootstrap
        self.kafka = Kafka(bootstrap=bootstrap or "")
        self.kind = kind
        self.topic = topics.full_name(prefix, topics.EVENTS)
        self.memory = MemoryPublisher(partitions=PARTITIONS)

    @contextlib.asynccontextmanager
    async def publisher(
        self, *, seconds: float = 10.0, max_in_flight: int = 20_000, patience: float | None = None
    ) -> AsyncIterator[Publisher]:
        if self.bootstrap is None:
            self.memory._timeout, self.memory._max_in_flight = seconds, max_in_flight
            yield self.memory
            return
        publisher = self.kind(
            kafka=self.kafka,
            topic=self.topic,
            timeout_seconds=seconds,
            max_in_flight=max_in_flight,
            patience_seconds=patience,
        )
        await publisher.start()
        try:
            yield publisher
        finally:
            await publisher.close()

    def stored(self) -> dict[int, list[tuple[bytes | None, bytes]]]:
        if self.bootstrap is None:
            return {p: [(r.key, r.value) for r in held] for p, held in enumerate(self.memory.log)}
        found = read_topic(self.bootstrap, self.topic)
        return {p: [(k, v) for k, v in held if not v.startswith(CONTROL)] for p, held in found.items()}


def provisioned(bootstrap: str, prefix: str) -> Config:
    config = Config(kafka=Kafka(bootstrap=bootstrap, topic_prefix=prefix, partitions=PARTITIONS))
    admin.provision(config)
    return config


def combinations() -> list[ParameterSet]:
    """Return memory, and every client on every broker."""
    found = [pytest.param(("memory", None), id="memory")]
    for broker in BROKERS:
        for kind in KINDS:
            name = f"{kind.id}-{broker.values[0]}"
            found.append(pytest.param((broker.values[0], kind.values[0]), id=name, marks=broker.marks))
    return found


@pytest.fixture(params=combinations())
def bench(request: pytest.FixtureRequest, topic_prefix: str) -> Bench:
    where, kind = request.param
    if where == "memory":
        return Bench(None, topic_prefix)
    broker = request.getfixturevalue(where)
    provisioned(broker.bootstrap, topic_prefix)
    return Bench(broker.bootstrap, topic_prefix, kind)


def records(count: int, keys: int = 7, start: int = 0) -> list[Record]:
    return [Record(b"demo/g%d" % (n % keys), b'{"id":"%d"}' % n) for n in range(start, start + count)]


def expected(sent: list[Record]) -> dict[int, list[tuple[bytes | None, bytes]]]:
    found: dict[int, list[tuple[bytes | None, bytes]]] = {p: [] for p in range(PARTITIONS)}
    for key, value, partition in sent:
        assert key is not None
        found[partition_of(key, PARTITIONS) if partition is None else partition].append((key, value))
    return found


def test_what_is_acknowledged_is_stored_by_key_in_order(bench: Bench) -> None:
    async def scenario() -> None:
        async with bench.publisher() as publisher:
            for start in range(0, 1000, 250):
                await publisher.publish(records(250, start=start))
                assert sum(map(len, (await asyncio.to_thread(bench.stored)).values())) == start + 250
            assert publisher.partitions() == PARTITIONS
            assert publisher.trouble() is None
            assert publisher.in_flight() == 0

    asyncio.run(scenario())
    assert bench.stored() == expected(records(1000))


def test_many_at_once_keep_the_order_of_each_key(bench: Bench) -> None:
    async def scenario() -> None:
        async with bench.publisher() as publisher:
            await asyncio.gather(*(publisher.publish([record]) for record in records(500)))

    asyncio.run(scenario())
    assert bench.stored() == expected(records(500))


def test_a_named_partition_is_used_and_keys_may_be_absent(bench: Bench) -> None:
    async def scenario() -> None:
        async with bench.publisher() as publisher:
            await publisher.publish([Record(None, b"%d" % p, p) for p in range(PARTITIONS)])
            await publisher.publish([])

    asyncio.run(scenario())
    assert bench.stored() == {p: [(None, b"%d" % p)] for p in range(PARTITIONS)}


def test_beyond_the_bound_is_overloaded_at_once_but_urgent_and_single_requests_pass(bench: Bench) -> None:
    async def scenario() -> None:
        async with bench.publisher(max_in_flight=10) as publisher:
            await publisher.publish(records(50))  # alone: a bound below one request must not lock it out for ever
            bench.memory.hold()
            first = asyncio.create_task(publisher.publish(records(8)))
            await asyncio.sleep(0)
            began = time.monotonic()
            with pytest.raises(Overloaded):
                await publisher.publish(records(3))
            assert time.monotonic() - began < 0.1
            urgent = asyncio.create_task(publisher.publish(records(3), urgent=True))
            await asyncio.sleep(0)
            bench.memory.release()
            await asyncio.gather(first, urgent)
            assert publisher.in_flight() == 0

    asyncio.run(scenario())
    assert sum(map(len, bench.stored().values())) == 61


def test_the_partition_of_a_key_is_the_one_that_java_clients_choose() -> None:
    """Values of org.apache.kafka.common.utils.UtilsTest.testMurmur2, with the sign bit cleared."""
    murmur = {
        b"21": -973932308,
        b"foobar": -790332482,
        b"a-little-bit-long-string": -985981536,
        b"a-little-bit-longer-string": -1486304829,
        b"lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8": -58897971,
        b"abc": 479470107,
    }
    for key, value in murmur.items():
        assert partition_of(key, 12) == (value & 0x7FFFFFFF) % 12


@pytest.fixture
def own_tansu(tmp_path: Path) -> Iterator[OwnBroker]:
    """A broker that a test may stop."""
    try:
        broker = tansu_broker.start(tmp_path)
    except tansu_binary.BrokerMissingError as error:
        pytest.skip(str(error))
    yield broker
    with contextlib.suppress(ProcessLookupError):
        broker.resume()
    broker.stop()


@pytest.mark.tansu
@every_client
def test_a_broker_that_hangs_is_unavailable_in_time_and_works_again_after(
    own_tansu: OwnBroker, topic_prefix: str, kind: Kind
) -> None:
    provisioned(own_tansu.bootstrap, topic_prefix)
    bench = Bench(own_tansu.bootstrap, topic_prefix, kind)

    async def scenario() -> None:
        async with bench.publisher(seconds=2.0) as publisher:
            await publisher.publish(records(10))
            own_tansu.pause()
            for _ in range(2):  # the first that meets it, and one that knows
                began = time.monotonic()
                with pytest.raises(Unavailable):
                    await publisher.publish(records(10, start=100))
                assert time.monotonic() - began < 3.5
            assert publisher.trouble() is not None
            own_tansu.resume()
            await within(20, publisher, records(10, start=10))
            assert publisher.trouble() is None
            async with asyncio.timeout(10):
                while publisher.in_flight():  # noqa: ASYNC110  # it tells nobody
                    await asyncio.sleep(0.05)

    asyncio.run(scenario())
    for partition, held in expected(records(20)).items():
        stored = bench.stored()[partition]
        assert [each for each in dict.fromkeys(stored) if int(each[1][7:-2]) < 100] == held


@pytest.mark.tansu
@every_client
def test_what_is_urgent_waits_for_longer_than_the_rest(own_tansu: OwnBroker, topic_prefix: str, kind: Kind) -> None:
    provisioned(own_tansu.bootstrap, topic_prefix)
    bench = Bench(own_tansu.bootstrap, topic_prefix, kind)

    async def scenario() -> None:
        async with bench.publisher(seconds=8.0, patience=0.5) as publisher:
            await publisher.publish(records(1))
            own_tansu.pause()
            waiting = asyncio.create_task(publisher.publish(records(1, start=1), urgent=True))
            began = time.monotonic()
            with pytest.raises(Unavailable, match=r"within 0\.5 s"):
                await publisher.publish(records(1, start=2))
            assert time.monotonic() - began < 1.5
            await asyncio.sleep(1.0)
            assert not waiting.done()
            own_tansu.resume()
            await waiting

    asyncio.run(scenario())
    assert b'{"id":"1"}' in {value for held in bench.stored().values() for _, value in held}


@pytest.mark.tansu
@every_client
def test_a_broker_that_dies_and_comes_back_with_nothing_is_used_again(
    own_tansu: OwnBroker, topic_prefix: str, kind: Kind
) -> None:
    config = provisioned(own_tansu.bootstrap, topic_prefix)
    bench = Bench(own_tansu.bootstrap, topic_prefix, kind)

    async def scenario() -> None:
        async with bench.publisher(seconds=2.0) as publisher:
            await publisher.publish(records(10))
            own_tansu.stop()
            with pytest.raises(Unavailable):
                await publisher.publish(records(10))
            await asyncio.to_thread(start_again, own_tansu)
            await asyncio.to_thread(admin.wait_for_broker, own_tansu.kafka, 10)
            await asyncio.to_thread(admin.provision, config)
            await within(30, publisher, records(10, start=500))

    asyncio.run(scenario())
    assert {v for held in bench.stored().values() for _, v in held} >= {r.value for r in records(10, start=500)}


def start_again(broker: OwnBroker) -> None:
    host, _, port = broker.bootstrap.rpartition(":")
    broker.process = subprocess.Popen(
        tansu_binary.command(host, int(port)), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )


@every_client
def test_without_a_broker_everything_is_unavailable_in_time(kind: Kind) -> None:
    async def scenario() -> None:
        publisher = kind(kafka=Kafka(bootstrap="127.0.0.1:1"), topic="t", timeout_seconds=3.0, max_in_flight=10)
        await publisher.start()
        for _ in range(2):  # before it has tried to connect, and after
            began = time.monotonic()
            with pytest.raises(Unavailable, match=r"127\.0\.0\.1:1|within 3 s"):
                await publisher.publish(records(1))
            assert time.monotonic() - began < 4
        assert publisher.trouble() is not None
        await publisher.close()

    asyncio.run(scenario())


async def within(seconds: float, publisher: Publisher, sent: list[Record]) -> None:
    """Publish, trying again while the broker is away."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            return await publisher.publish(sent)
        except Unavailable:
            if time.monotonic() > deadline:
                raise
            await asyncio.sleep(0.2)


def test_more_than_one_batch_can_hold_is_stored_in_order(bench: Bench) -> None:
    """Half a megabyte a record: each needs a batch of its own, whoever builds them."""

    async def scenario() -> None:
        async with bench.publisher() as publisher:
            await asyncio.gather(*(publisher.publish(part) for part in (large[:5], large[5:])))

    large = [Record(b"demo/g1", b"%d" % n * (MAX_VALUE_BYTES - 10)) for n in range(10)]
    asyncio.run(scenario())
    assert [value for held in bench.stored().values() for _, value in held] == [value for _, value, _ in large]


def test_a_caller_that_gives_up_takes_nobody_with_it(bench: Bench) -> None:
    async def scenario() -> None:
        async with bench.publisher() as publisher:
            calls = [asyncio.create_task(publisher.publish([record])) for record in records(30)]
            await asyncio.sleep(0)
            for call in calls[::3]:
                call.cancel()
            outcomes = await asyncio.gather(*calls, return_exceptions=True)
            assert [type(outcome) for outcome in outcomes[1::3] + outcomes[2::3]] == [type(None)] * 20
            async with asyncio.timeout(5):
                while publisher.in_flight():  # noqa: ASYNC110  # it tells nobody
                    await asyncio.sleep(0.01)

    asyncio.run(scenario())
    kept = {record.value for number, record in enumerate(records(30)) if number % 3}
    assert kept <= {value for held in bench.stored().values() for _, value in held}


def test_closing_waits_for_what_was_handed_over(bench: Bench) -> None:
    async def scenario() -> None:
        async with bench.publisher() as publisher:
            calls = [asyncio.create_task(publisher.publish([record])) for record in records(200)]
            await asyncio.sleep(0)
        await asyncio.gather(*calls)

    asyncio.run(scenario())
    assert bench.stored() == expected(records(200))


@pytest.mark.tansu
@every_client
def test_connections_that_break_lose_and_reorder_nothing(tmp_path: Path, topic_prefix: str, kind: Kind) -> None:
    """Senders that repeat what is not acknowledged, through a line that is cut again and again, both ways."""
    port, entrance = free_port(), free_port()
    try:
        command = tansu_binary.command("127.0.0.1", port)
    except tansu_binary.BrokerMissingError as error:
        pytest.skip(str(error))
    advertised = command.index("--advertised-listener-url") + 1
    command[advertised] = f"tcp://127.0.0.1:{entrance}"
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    bench = Bench(f"127.0.0.1:{entrance}", topic_prefix, kind)

    async def sender(publisher: Publisher, group: int) -> None:
        for number in range(40):
            record = Record(b"demo/g%d" % group, b'{"id":"%d/%d"}' % (group, number))
            await within(30, publisher, [record])

    async def scenario() -> None:
        line = BreakingLine(port)
        server = await asyncio.start_server(line.serve, "127.0.0.1", entrance)
        async with server:
            await asyncio.to_thread(admin.wait_for_broker, bench.kafka, 20)
            await asyncio.to_thread(provisioned, bench.bootstrap, topic_prefix)
            async with bench.publisher(seconds=2.0) as publisher:
                breaking = asyncio.create_task(line.break_again_and_again())
                await asyncio.gather(*(sender(publisher, group) for group in range(8)))
                breaking.cancel()
            found.update(await asyncio.to_thread(bench.stored))
            assert line.broken >= 3

    found: dict[int, list[tuple[bytes | None, bytes]]] = {}
    try:
        asyncio.run(scenario())
    finally:
        process.kill()
        process.wait()
    for group in range(8):
        values = [v for held in found.values() for k, v in held if k == b"demo/g%d" % group]
        assert list(dict.fromkeys(values)) == [b'{"id":"%d/%d"}' % (group, n) for n in range(40)]


class BreakingLine:
    """Passes bytes on to a port, and ends all connections now and then."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._open: set[asyncio.StreamWriter] = set()
        self.broken = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._port)
        self._open |= {writer, far_writer}
        try:
            await asyncio.gather(self._pass(reader, far_writer), self._pass(far_reader, writer))
        finally:
            for each in (writer, far_writer):
                each.close()
                self._open.discard(each)

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while data := await reader.read(65_536):
                await asyncio.sleep(0.005)  # so that there is something on its way when the line breaks
                writer.write(data)
        writer.close()

    async def break_again_and_again(self) -> None:
        while True:
            await asyncio.sleep(0.15)
            self.broken += 1
            for writer in list(self._open):
                writer.transport.abort()
