"""The sink against a bare loop of columnar inserts, on the same records, side by side.

    python -m bench.sink [--rounds 5] [--records 300000] [--broker apache_kafka|tansu]

Both read the same topics with the same client, put the same rows into the same tables (the product's schema, synced to disk) with
the same insert, and end batches at the same number of rows. The bare loop (:func:`bare`) decodes each record with msgspec, makes
columns and inserts; nothing more. The sink owes in addition: its group, offsets committed after each flush, values checked
against the store's ranges, origins kept so that a poisoned row is found, dead letters, metrics, versions. Each run is a
process of its own on a core of its own; broker and server share the other.

Rows per second of CPU, of the process and, where there is one, of the server together.
"""

from __future__ import annotations

import argparse
import json
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from operator import attrgetter
from pathlib import Path
from typing import Any, Final, NamedTuple

import msgspec
from confluent_kafka import Consumer, TopicPartition

from bench import broker as brokers
from bench import cores, load, table, workload
from huoqun import codec, config, topics
from huoqun.clock import now_ms
from huoqun.config import Config
from huoqun.control import PREFIX
from huoqun.events import Event
from huoqun.results import Activity, Alert, AnyResult, GroupSummary, Member, MemberRisk, Question
from sinks import migrate, tables
from sinks.batch import Chunk, Partition
from sinks.clickhouse import ClickHouseStore
from sinks.consumer import KafkaDeadLetters, KafkaSource
from sinks.process import limits_of, readers
from sinks.service import Sink
from sinks.store import Store
from tests.support import clickhouse, old_clickhouse, running

PREFIX_OF_TOPICS: Final = "benchsink"
PARTITIONS: Final = 4
STORES: Final = ("chdb", "server")
LOADS: Final = ("events", "results")
LOOP_RECORDS: Final = 10_000
LEAST: Final = table.at_least(0.8)


class Measured(NamedTuple):
    """One run: rows, and the seconds of CPU and of time that they took."""

    rows: int
    cpu: float
    seconds: float


def results(count: int, seed: int = 1) -> Iterator[AnyResult]:
    """Yield result records in the mix that the streams send: mostly activity, then members, questions, the rest."""
    rng = random.Random(seed)
    start = workload.START_MS
    for number in range(count):
        group = f"g{min(499, int(rng.paretovariate(0.6))):06d}"
        user, at, version = f"u{rng.randrange(20_000):07d}", start + number * 10, number
        common: dict[str, Any] = {"platform": workload.PLATFORM, "group_id": group, "version": version}
        kind = rng.random()
        if kind < 0.70:
            yield Activity(
                **common, window=rng.choice(("5m", "1h", "24h", "7d")), window_end=at // 60_000 * 60_000,
                messages=rng.randrange(900), speakers=rng.randrange(90), members=200, active_ratio=rng.random(),
                reply_rate=rng.random(), first_response_p50=12.0, first_response_p90=rng.random() * 900,
                top5_share=rng.random(), effective_speakers=rng.random() * 40, key_people=rng.randrange(9),
            )  # fmt: skip
        elif kind < 0.85:
            yield Member(
                **common, user_id=user, user_name=workload.name_of(user), joined_at=start, last_message_at=at,
                messages_28d=rng.randrange(400), risk=rng.random(), risk_reasons=["quiet for 9 days"], as_of=at,
            )  # fmt: skip
        elif kind < 0.95:
            answered = rng.random() < 0.7
            yield Question(
                **common, question_id=f"m-1-{number:010d}", user_id=user, asked_at=at, kind="question", due_at=at + 600_000,
                status="answered" if answered else "open", answered_at=at + 9_000 if answered else None,
            )  # fmt: skip
        elif kind < 0.97:
            yield GroupSummary(**common, group_name="Simulated community", members=200, health=rng.random())
        elif kind < 0.99:
            yield MemberRisk(**common, user_id=user, as_of=at // 86_400_000 * 86_400_000, risk=rng.random())
        else:
            yield Alert(
                **common, alert_id=f"{number:024x}", kind="unanswered", severity="warning", raised_at=at, updated_at=at,
                state="open", title="Nobody has answered for 10 minutes", reasons=["asked 10 minutes ago"],
            )  # fmt: skip


def names(prefix: str, kind: str) -> list[str]:
    """Return the topics that hold a load."""
    return [topics.full_name(prefix, t) for t in ((topics.EVENTS,) if kind == "events" else topics.RESULT_TOPICS)]


def fill(bootstrap: str, prefix: str, records: int) -> dict[str, int]:
    """Make the topics and fill them; return how many rows each load holds."""
    load.make(bootstrap, [*names(prefix, "events"), *names(prefix, "results")], PARTITIONS)
    load.fill(bootstrap, names(prefix, "events")[0], PARTITIONS, workload.records(records))
    fillers = {t: load.Filler(bootstrap, topics.full_name(prefix, t), PARTITIONS) for t in topics.RESULT_TOPICS}
    for record in results(records):
        topic = topics.TOPIC_OF_RECORD[str(type(record).__struct_config__.tag)]
        fillers[topic].put(workload.Record(f"{record.platform}/{record.group_id}", codec.encode(record)))
    for filler in fillers.values():
        filler.finish()
    return {"events": records, "results": records}


# ---- the two, each in a process of its own


def ours(cfg: Config, store: Store, kind: str, rows: int) -> Measured:
    """Run the product's sink until it has committed all."""
    reading = {name: read for name, read in readers(cfg).items() if name in names(cfg.kafka.topic_prefix, kind)}
    committed = _Committing(cfg, list(reading))
    limits = limits_of(cfg)
    dead = KafkaDeadLetters(cfg.kafka, topics.full_name(cfg.kafka.topic_prefix, topics.DEADLETTER))
    with ThreadPoolExecutor(1) as writer:
        sink = Sink(committed, store, dead, reading, limits=limits, clock=now_ms, submit=writer.submit)
        while committed.done < rows:
            sink.step()
        measured = committed.since(rows)
    committed.close()
    return measured


class _Committing(KafkaSource):
    """The sink's own source; it counts the rows that are committed, and starts the watch with the first records."""

    def __init__(self, cfg: Config, reading: Sequence[str]) -> None:
        super().__init__(cfg.kafka, reading, f"bench-{now_ms()}-{random.random()}")
        self.done = 0
        self._read: list[tuple[Partition, int, int]] = []
        self._start: tuple[float, float] | None = None

    def poll(self, timeout_ms: int) -> Sequence[Chunk]:
        found = super().poll(timeout_ms)
        if found and self._start is None:
            self._start = time.process_time(), time.perf_counter()
        for chunk in found:
            rows = sum(1 for value in chunk.values if value and not value.startswith(PREFIX))
            self._read.append((chunk.partition, chunk.offsets[-1], rows))
        return found

    def commit(self, offsets: Mapping[Partition, int]) -> None:
        super().commit(offsets)
        stored = [entry for entry in self._read if entry[1] < offsets.get(entry[0], 0)]
        self._read = [entry for entry in self._read if entry[1] >= offsets.get(entry[0], 0)]
        self.done += sum(rows for _, _, rows in stored)

    def since(self, rows: int) -> Measured:
        assert self._start is not None
        return Measured(rows, time.process_time() - self._start[0], time.perf_counter() - self._start[1])


_DECODERS: Final = {"events": msgspec.json.Decoder(Event), "results": msgspec.json.Decoder(AnyResult)}
_TABLES: Final[dict[type[msgspec.Struct], tables.Table]] = {
    Event: tables.EVENTS, Activity: tables.ACTIVITY, Question: tables.QUESTIONS, Alert: tables.ALERTS,
    Member: tables.MEMBERS, MemberRisk: tables.MEMBER_RISK, GroupSummary: tables.GROUPS,
}  # fmt: skip
_GETTERS: Final = {
    kind: [(name, attrgetter(name)) for name in t.names if name in kind.__struct_fields__]
    for kind, t in _TABLES.items()
}


def bare(cfg: Config, store: Store, kind: str, rows: int) -> Measured:
    """Read, decode, make columns, insert: nothing else."""
    consumer = Consumer(
        {
            "bootstrap.servers": cfg.kafka.bootstrap, "group.id": "bench-bare", "enable.auto.commit": False,
            "auto.offset.reset": "earliest", "fetch.wait.max.ms": 100,
        }
    )  # fmt: skip
    consumer.assign([TopicPartition(t, p, 0) for t in names(cfg.kafka.topic_prefix, kind) for p in range(PARTITIONS)])
    decode, done, start = _DECODERS[kind].decode, 0, None
    waiting: list[Any] = []
    while done < rows:
        messages = consumer.consume(LOOP_RECORDS, 0.05)
        if messages and start is None:
            start = time.process_time(), time.perf_counter()
        for message in messages:
            value = message.value()
            if not value.startswith(PREFIX):
                waiting.append((decode(value), message.offset()))
        if len(waiting) >= limits_of(cfg).rows or (done + len(waiting) >= rows):
            _insert(store, waiting)
            done, waiting = done + len(waiting), []
    assert start is not None
    return Measured(rows, time.process_time() - start[0], time.perf_counter() - start[1])


def _insert(store: Store, found: list[tuple[Any, int]]) -> None:
    by_kind: dict[type, list[tuple[Any, int]]] = {}
    for record in found:
        by_kind.setdefault(type(record[0]), []).append(record)
    for kind, records in by_kind.items():
        columns = {name: [get(r) for r, _ in records] for name, get in _GETTERS[kind]}
        if kind is Event:
            columns["extra"] = [json.dumps(e) if e else "{}" for e in columns["extra"]]
            columns["position"] = [offset for _, offset in records]
            columns["version"] = [2**63 - at for at in columns["received_at"]]
            columns["deleted"] = [0] * len(records)
        else:
            columns["deleted"] = [int(d) for d in columns["deleted"]]
        store.insert(_TABLES[kind], [columns[name] for name in _TABLES[kind].names])


def contestant(arguments: argparse.Namespace) -> None:
    """Run one of the two and print what it took."""
    cfg = config.load(None, {})
    cfg.kafka = msgspec.structs.replace(cfg.kafka, bootstrap=arguments.bootstrap, topic_prefix=PREFIX_OF_TOPICS)
    cfg.sink = msgspec.structs.replace(cfg.sink, batch_rows=arguments.batch)
    with tempfile.TemporaryDirectory(prefix="huoqun-bench-") as directory:
        store = _store(cfg, arguments.server_port, directory)
        run = ours if arguments.contestant == "ours" else bare
        served = _cpu_of(arguments.server_pid)
        measured = run(cfg, store, arguments.load, arguments.records)
        print(json.dumps(measured._replace(cpu=measured.cpu + _cpu_of(arguments.server_pid) - served)))
        store.close()


def _cpu_of(pid: int) -> float:
    """Return the seconds of CPU that a process has used; none for 0."""
    return running.cpu_seconds(pid) if pid else 0.0


def _store(cfg: Config, server_port: int, directory: str) -> Store:
    if not server_port:
        from sinks.embedded import EmbeddedStore  # noqa: PLC0415  # an extra, and slow to load

        embedded = EmbeddedStore(directory, cfg.store.database)
        migrate.migrate(embedded, cfg.store.database)
        return embedded
    cfg.store = msgspec.structs.replace(cfg.store, kind="clickhouse", port=server_port, database=f"b{now_ms()}")
    server = ClickHouseStore(cfg.store, "")
    migrate.migrate(server, cfg.store.database, adapt=old_clickhouse.adapt)
    return server


# ---- side by side


def run(
    repeats: int,
    records: int = 300_000,
    broker: str = "apache_kafka",
    batch: int = 0,
    say: Callable[[str], None] = print,
) -> dict[tuple[str, str], tuple[list[float], list[float]]]:
    """Measure; return (store, load) -> the rows per second of the sink and of the bare loop, in order of the rounds.

    ``batch`` is the rows at which both end a batch; 0: the product's default. Without a server it is left out.
    """
    found: dict[tuple[str, str], tuple[list[float], list[float]]] = {}
    with ExitStack() as stack:
        kafka = stack.enter_context(brokers.running(broker))
        rows = fill(kafka.bootstrap, PREFIX_OF_TOPICS, records)
        directory = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="huoqun-bench-")))
        servers = {"chdb": (0, 0)}
        try:
            server = clickhouse.start(directory)
        except clickhouse.NoClickHouseError as error:
            say(str(error))
        else:
            stack.callback(server.kill)
            servers["server"] = (server.port, server.process.pid if server.process is not None else 0)
        for number in range(repeats):
            for store, where in servers.items():
                for kind in LOADS:
                    pair = found.setdefault((store, kind), ([], []))
                    for which in ("ours", "bare") if number % 2 else ("bare", "ours"):
                        measured = _child(which, kafka.bootstrap, kind, rows[kind], where, batch)
                        rate = measured.rows / measured.cpu
                        pair[which == "bare"].append(rate)
                        say(
                            f"round {number + 1}: {store}, {kind}, {which}: {rate:,.0f} rows/s of CPU, "
                            f"{measured.rows / measured.seconds:,.0f} of time"
                        )
    return found


def _child(which: str, bootstrap: str, kind: str, rows: int, where: tuple[int, int], batch: int) -> Measured:
    command = [
        sys.executable, "-m", "bench.sink", "--contestant", which, "--bootstrap", bootstrap, "--load", kind, "--records",
        str(rows), "--server-port", str(where[0]), "--server-pid", str(where[1]), "--batch", str(batch),
    ]  # fmt: skip
    done = subprocess.run(cores.on(cores.MEASURED, command), capture_output=True, text=True, check=False, timeout=300)
    if done.returncode:
        raise RuntimeError(f"{which} on {kind}: {done.stderr[-600:]}")
    return Measured(*json.loads(done.stdout.splitlines()[-1]))


def rows(quick: bool, say: Callable[[str], None] = print) -> list[table.Row]:
    """Return the figures for the table."""
    found = run(1, 40_000, say=say) if quick else run(5, say=say)
    made = []
    for (store, kind), (sink, loop) in found.items():
        name = f"sink into {'chDB' if store == 'chdb' else 'the server'}, {kind}"
        made.append(
            table.measured(
                f"{name}, vs bare insert loop", table.RATIO, table.ratios(sink, loop), LEAST, judge=not quick
            )
        )
        made.append(table.measured(name, "rows/s a core", sink))
    made += [
        table.failed(f"sink into the server, {kind}, vs bare insert loop", table.RATIO, "no server is installed", LEAST)
        for kind in LOADS
        if ("server", kind) not in found
    ]
    return made


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--records", type=int, default=300_000)
    parser.add_argument("--broker", default="apache_kafka", choices=("apache_kafka", "tansu"))
    parser.add_argument("--batch", type=int, default=0, help="rows of a batch (0: the product's default)")
    inner = parser.add_argument_group("one contestant (the benchmark starts itself with these)")
    inner.add_argument("--contestant", choices=("ours", "bare"))
    inner.add_argument("--bootstrap", default="")
    inner.add_argument("--load", choices=LOADS, default="events")
    inner.add_argument("--server-port", type=int, default=0)
    inner.add_argument("--server-pid", type=int, default=0)
    arguments = parser.parse_args()
    if arguments.contestant:
        contestant(arguments)
        return
    found = run(arguments.rounds, arguments.records, arguments.broker, arguments.batch)
    for (store, kind), (sink, loop) in found.items():
        ratio = table.measured("", table.RATIO, table.ratios(sink, loop))
        ours_, bare_ = table.measured("", "rows/s", sink), table.measured("", "rows/s", loop)
        print(f"{store:7} {kind:8} ours {table.number(ours_.median or 0)} rows/s, bare {table.number(bare_.median or 0)}"
              f" rows/s: {table.number(ratio.median or 0)} x ({ratio.low:.2f} to {ratio.high:.2f})")  # fmt: skip


if __name__ == "__main__":
    main()
