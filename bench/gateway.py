"""How fast the gateway takes signed events in: each publisher against the same server that only parses.

Three gateways run side by side, each one process on the measured core (broker and sender share the other one): the real
command with each publisher, and the same application with a publisher that acknowledges at once and keeps nothing ("parse
only": HTTP, signature, reading and encoding of every event are done all the same). Requests are signed beforehand
(HMAC-SHA256, Standard Webhooks), cycle through many different events of the common workload, and go over kept-open
connections with one request in flight each. Rounds alternate between the servers, so that whatever else the machine does
hits all alike, and so do the ratios: each is taken within its round. Every answer has to be 202, and in the end the broker
has to hold exactly the events that were accepted (acks=all).

``python -m bench.gateway`` prints the table by itself.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import contextlib
import json
import os
import secrets
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Coroutine, Iterator
from pathlib import Path
from statistics import median
from typing import Any, Final, NamedTuple

from bench import broker as brokers
from bench import cores
from bench.table import Row, at_least, measured, number, ratios
from bench.workload import Shape, records
from huoqun import broker, standard_webhooks, topics
from huoqun.clock import now_ms
from huoqun.config import Config, load
from huoqun.kafka_config import Kafka
from huoqun.local import child
from huoqun.local.ports import Ports
from tests.support import running

PUBLISHERS: Final = ("aiokafka", "kafka-python")
PARSE_ONLY: Final = "parse only"
SECRET_ENV: Final = "BENCH_GATEWAY_SECRET"  # the name of a variable
PARTITIONS: Final = 4
HUNDRED: Final = 100
_WARM_UP: Final = 0.5
_TOML: Final = f'[[sources]]\nname = "bench"\nkind = "canonical"\nsecret_env = "{SECRET_ENV}"\n'


class Case(NamedTuple):
    """One kind of load."""

    events: int
    """Events in a request."""
    clients: int
    """Requests in flight."""


CASES: Final = (Case(1, 64), Case(1, 256), Case(HUNDRED, 64))


class Round(NamedTuple):
    """What one round with one server gave."""

    events_per_second: float
    events_per_cpu_second: float
    """By the CPU time of the gateway's process alone: what others do on the machine matters less."""
    p50_ms: float
    p99_ms: float


Rounds = dict[Case, dict[str, list[Round]]]


def rows(quick: bool) -> list[Row]:
    """Measure, and judge against what is asked: the default publisher, the other one for comparison."""
    found = run(3, 1.0) if quick else run(7, 3.0)
    made: list[Row] = []
    for case, servers in found.items():
        for name in PUBLISHERS:
            made += _rows(case, name, servers[name], servers[PARSE_ONLY], judge=name == PUBLISHERS[0] and not quick)
    return made


def _rows(case: Case, name: str, rounds: list[Round], parse: list[Round], *, judge: bool) -> list[Row]:
    rate, only = [r.events_per_second for r in rounds], [r.events_per_second for r in parse]
    what = "one event a request" if case.events == 1 else f"batches of {case.events}"
    label = f"gateway, {what}, {case.clients} in flight, {name}"
    note = (
        f"p50 {median(r.p50_ms for r in rounds):.1f} ms, p99 {median(r.p99_ms for r in rounds):.1f} ms; "
        f"{number(median(r.events_per_cpu_second for r in rounds))} events a CPU second; "
        f"parse only: {number(median(only))} events/s"
    )
    single = case.events == 1
    target = at_least(0.6) if single else None
    by_cpu = ratios([r.events_per_cpu_second for r in rounds], [r.events_per_cpu_second for r in parse])
    return [
        measured(f"{label}: events/s", "events/s", rate, None if single else at_least(75_000), judge=judge, note=note),
        measured(f"{label}: vs parse only", "x", ratios(rate, only), target, judge=judge),
        measured(f"{label}: vs parse only, by CPU time", "x", by_cpu, target, judge=judge),
    ]


def run(repeats: int = 5, seconds: float = 3.0, cases: tuple[Case, ...] = CASES, broker_kind: str = "tansu") -> Rounds:
    """Measure; return every round by case and server. ``broker_kind`` is ``tansu`` or ``apache_kafka``.

    Raises :class:`RuntimeError` when an answer is not 202 or the broker holds another number of events than were accepted.
    """
    key = secrets.token_bytes(32)
    with contextlib.ExitStack() as stack:
        directory = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bench-gateway-")))
        bootstrap = stack.enter_context(brokers.running(broker_kind)).bootstrap
        (directory / "huoqun.toml").write_text(_TOML)
        names = (PARSE_ONLY, *PUBLISHERS)
        servers = [stack.enter_context(_server(name, bootstrap, directory, key)) for name in names]
        accepted = dict.fromkeys(names, 0)
        found: Rounds = {}
        for case in cases:
            rounds = found[case] = {name: [] for name in names}
            for turn in range(repeats):
                requests = _requests(case, key)
                for server in servers[turn % len(servers) :] + servers[: turn % len(servers)]:
                    result, count = _run(_round(server, case, requests, seconds))
                    rounds[server.name].append(result)
                    accepted[server.name] += count
        for server in servers:
            if server.topic:
                _check_stored(bootstrap, server, accepted[server.name])
        return found


class _Server(NamedTuple):
    name: str
    port: int
    pid: int
    topic: str


@contextlib.contextmanager
def _server(name: str, bootstrap: str, directory: Path, key: bytes) -> Iterator[_Server]:
    port = Ports(any_free=True).choose("127.0.0.1", 0)
    prefix = f"bench-{name.replace(' ', '-')}"
    environment = os.environ | {
        SECRET_ENV: "whsec_" + base64.b64encode(key).decode(),
        "PYTHONPATH": str(Path(__file__).resolve().parents[1]),
        "HUOQUN_CONFIG": str(directory / "huoqun.toml"),
        "HUOQUN_KAFKA_BOOTSTRAP": bootstrap,
        "HUOQUN_KAFKA_TOPIC_PREFIX": prefix,
        "HUOQUN_KAFKA_PARTITIONS": str(PARTITIONS),
        "HUOQUN_GATEWAY_PORT": str(port),
        "HUOQUN_GATEWAY_TICK_SECONDS": "0",  # ticks are records, too: they would spoil the count
    }
    topic = ""
    command = [sys.executable, "-m", "bench.gateway", "--serve"]
    if name != PARSE_ONLY:
        broker.provision(Config(kafka=Kafka(bootstrap=bootstrap, topic_prefix=prefix, partitions=PARTITIONS)))
        topic = topics.full_name(prefix, topics.EVENTS)
        environment["HUOQUN_GATEWAY_PUBLISHER"] = name
        command = [sys.executable, "-m", "huoqun", "gateway"]
    with (directory / f"{prefix}.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, child.__file__, str(os.getpid()), *cores.on(cores.MEASURED, command)],
            env=environment,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        )
    try:
        assert process.stdout is not None
        if not process.stdout.readline().startswith("gateway: "):
            raise RuntimeError(f"the gateway ({name}) did not start: status {process.wait(10)}")
        yield _Server(name, port, process.pid, topic)
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=30)


def serve() -> None:
    """Run the application with a publisher that acknowledges at once, until SIGTERM."""
    import uvloop  # noqa: PLC0415  # as the command does
    from prometheus_client import REGISTRY  # noqa: PLC0415  # the same

    from producers.gateway.admission import read_sources  # noqa: PLC0415  # the same
    from producers.gateway.app import App, listen  # noqa: PLC0415  # the same
    from producers.publishing.memory import MemoryPublisher  # noqa: PLC0415  # the same

    async def main() -> None:
        stop = asyncio.Event()
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
        config = load(os.environ["HUOQUN_CONFIG"], os.environ)
        publisher = MemoryPublisher(partitions=PARTITIONS, max_in_flight=config.gateway.max_in_flight)
        publisher.keep = False
        app = App(
            gateway=config.gateway,
            sources=read_sources(config, os.environ),
            publisher=publisher,
            clock=now_ms,
            registry=REGISTRY,
        )
        running = await listen(app, config.gateway.host, config.gateway.port, drain_seconds=1.0)
        print(f"gateway: {running.address}", flush=True)
        await stop.wait()
        await running.close()

    uvloop.run(main())


# The sender.


def _run(round_: Coroutine[Any, Any, tuple[Round, int]]) -> tuple[Round, int]:
    """Run on the fastest loop: the sender shares its core with the broker."""
    import uvloop  # noqa: PLC0415  # not there on every platform

    return uvloop.run(round_)


def _requests(case: Case, key: bytes) -> list[bytes]:
    """Return signed requests, each different."""
    count = 20_000 if case.events == 1 else 40_000
    now = now_ms()
    bodies = [_as_sent(each.value) for each in records(count, Shape(), start_ms=now - 3_600_000, ticks=False)]
    if case.events > 1:
        bodies = [b"[" + b",".join(bodies[n : n + case.events]) + b"]" for n in range(0, count, case.events)]
    made = []
    for number_, body in enumerate(bodies):
        headers = standard_webhooks.sign(message_id=f"r{number_}", timestamp_s=now // 1000, body=body, key=key)
        lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        head = f"POST /v1/events HTTP/1.1\r\nHost: bench.invalid\r\nContent-Type: application/json\r\n{lines}"
        made.append(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
    return made


def _as_sent(value: bytes) -> bytes:
    """Return an event as a program would send it: without what the gateway adds."""
    document = json.loads(value)
    for name in ("received_at", "source"):
        document.pop(name, None)
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()


class _Sender:
    """Sends requests in turn over all connections and notes how long each took."""

    def __init__(self, requests: list[bytes]) -> None:
        self._requests = requests
        self._next = 0
        self.taken: list[float] = []
        self.stopping = False
        self.wrong = b""
        self.open = 0
        self.all_done = asyncio.Event()

    def next(self) -> bytes:
        self._next = (self._next + 1) % len(self._requests)
        return self._requests[self._next]


class _Connection(asyncio.Protocol):
    def __init__(self, sender: _Sender) -> None:
        self._sender = sender
        self._began = 0.0
        self._held = b""
        self._transport: Any = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport
        self._sender.open += 1
        self._send()

    def _send(self) -> None:
        self._began = time.perf_counter()
        self._transport.write(self._sender.next())

    def data_received(self, data: bytes) -> None:
        if self._held:
            data = self._held + data
        if not data.endswith(b"}"):
            self._held = data
            return
        self._held = b""
        sender = self._sender
        sender.taken.append(time.perf_counter() - self._began)
        if not data.startswith(b"HTTP/1.1 202"):
            sender.wrong = data
            sender.stopping = True
        if sender.stopping:
            self._transport.close()
        else:
            self._send()

    def connection_lost(self, exc: Exception | None) -> None:
        sender = self._sender
        sender.open -= 1
        if not sender.stopping:
            sender.wrong = sender.wrong or f"connection lost: {exc}".encode()
            sender.stopping = True
        if sender.open == 0:
            sender.all_done.set()


async def _round(server: _Server, case: Case, requests: list[bytes], seconds: float) -> tuple[Round, int]:
    loop = asyncio.get_running_loop()
    sender = _Sender(requests)
    for _ in range(case.clients):
        await loop.create_connection(lambda: _Connection(sender), "127.0.0.1", server.port)
    await asyncio.sleep(_WARM_UP)
    first, began, cpu = len(sender.taken), time.perf_counter(), running.cpu_seconds(server.pid)
    await asyncio.sleep(seconds)
    last, ended, cpu = len(sender.taken), time.perf_counter(), running.cpu_seconds(server.pid) - cpu
    sender.stopping = True
    async with asyncio.timeout(30):
        await sender.all_done.wait()
    if sender.wrong:
        raise RuntimeError(f"{server.name}: {sender.wrong[:300]!r}")
    taken = sorted(sender.taken[first:last])
    events = (last - first) * case.events
    return Round(
        events / (ended - began),
        events / max(cpu, running.TICK),
        taken[len(taken) // 2] * 1000,
        taken[len(taken) * 99 // 100] * 1000,
    ), len(sender.taken) * case.events


def _check_stored(bootstrap: str, server: _Server, accepted: int) -> None:
    markers = PARTITIONS  # the generation record of each
    stored = sum(broker.end_offsets(Kafka(bootstrap=bootstrap), server.topic).values()) - markers
    if stored != accepted:
        raise RuntimeError(f"{server.name}: {accepted} events were accepted, the broker holds {stored}")


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=3.0, help="of each round")
    parser.add_argument("--broker", choices=("tansu", "apache_kafka"), default="tansu")
    parser.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.serve:
        serve()
        return
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that the broker and the gateways end, too
    found = run(arguments.repeats, arguments.seconds, broker_kind=arguments.broker)
    print(
        "medians    events/request  in flight  server          events/s  per CPU s  vs parse only  by CPU   p50 ms   p99 ms"
    )
    for case, servers in found.items():
        parse = servers[PARSE_ONLY]
        for name, rounds in servers.items():
            by_time = median(ratios([r.events_per_second for r in rounds], [r.events_per_second for r in parse]))
            by_cpu = median(ratios([r.events_per_cpu_second for r in rounds], [r.events_per_cpu_second for r in parse]))
            print(
                f"of {len(rounds):<7d} {case.events:14d} {case.clients:10d}  {name:12s} "
                f"{median(r.events_per_second for r in rounds):11,.0f} "
                f"{median(r.events_per_cpu_second for r in rounds):10,.0f} {by_time:14.2f} {by_cpu:7.2f} "
                f"{median(r.p50_ms for r in rounds):8.1f} {median(r.p99_ms for r in rounds):8.1f}"
            )


if __name__ == "__main__":
    main()
