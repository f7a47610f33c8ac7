"""What ``huoqun doctor`` looks at where services run: is somebody at work, does time come, does anything wait or go wrong."""

from __future__ import annotations

import resource
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from huoqun import broker, codec, dlq, records, topics
from huoqun.clock import now_ms
from huoqun.config import Config
from huoqun.control import Tick
from huoqun.local.findings import Finding

LEAST_FILES: Final = 1_024
GOOD_FILES: Final = 8_192
"""A gateway takes a descriptor a connection: platforms and slow clients hold some hundreds."""
SILENT_MS: Final = 30_000
"""As long as a worker waits for a tick before it ends: ``worker.watchdog_seconds``."""
MAX_SKEW_MS: Final = 5_000
"""Two clocks by NTP are some milliseconds apart; deadlines are minutes."""
RECENT_MS: Final = 86_400_000
LOOK_BACK: Final = 3_000
"""Records of a partition among which the newest tick is looked for: at two a second, some seconds of a very busy one."""
STATE_RECORDS: Final = 300
SINK_BEHIND: Final = 50_000
GROWING_SECONDS: Final = 2.0
_WATCHED: Final = ("retention.ms", "cleanup.policy", "max.compaction.lag.ms")


def files() -> Finding:
    """How many files and connections may a process have open."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    said = f"{soft:,} open files allowed · 可打开 {soft:,} 个文件"
    if soft == resource.RLIM_INFINITY or soft >= GOOD_FILES:
        return Finding("files", "ok", said)
    mend = "raise it: ulimit -n 65536, LimitNOFILE=65536 for systemd, ulimits: for compose"
    return Finding("files", "wrong" if soft < LEAST_FILES else "note", said, mend)


def spool(data_dir: Path) -> Finding:
    """Do accepted events wait on this machine's disk."""
    from producers.spool import spool as spools  # noqa: PLC0415  # rooms only lazily

    root = data_dir / "spool"
    places = [place for place in (root, *root.glob("*")) if place.is_dir() and spools.waiting_since(place) is not None]
    waiting = sum(segment.size for place in places for segment in spools.segments_in(place))
    if not waiting:
        return Finding("spool", "ok", "empty · 没有积压")
    return Finding(
        "spool",
        "note",
        f"{waiting:,} bytes of accepted events wait here for Kafka · 有 {waiting:,} 字节已收下的事件在等 Kafka",
        "look at Kafka; a gateway that runs sends them in order as soon as it answers. Do not delete them",
    )


def settings(config: Config) -> Iterator[Finding]:
    """Are the topics kept as long, and compacted, as they must be."""
    wanted = {spec.name: spec for spec in topics.specs_of(config.kafka)}
    try:
        found = broker.settings(config.kafka, list(wanted))
    except broker.BrokerError as error:
        yield Finding("topics", "note", f"their settings can't be asked here · 问不到主题设置: {error}")
        return
    for name, spec in wanted.items():
        for setting in _WATCHED:
            there, needed = found.get(name, {}).get(setting), spec.settings.get(setting)
            if there is None or needed is None or _enough(setting, there, needed):
                continue
            value = f"[{needed}]" if "," in needed else needed  # a comma would end it
            yield Finding(
                "topics",
                "wrong",
                f"topic {name} has {setting}={there}, needed is {needed} · 主题 {name} 的 {setting} 不对",
                f"kafka-configs.sh --alter --entity-type topics --entity-name {name} --add-config {setting}={value}",
            )


def _enough(setting: str, there: str, needed: str) -> bool:
    if setting == "cleanup.policy":
        return there == needed
    if setting == "max.compaction.lag.ms":  # who is erased is in what is not compacted yet
        return int(there) <= int(needed)
    return int(there) == -1 or int(there) >= int(needed)


def at_work(config: Config, sleep: Callable[[float], None] = time.sleep) -> Iterator[Finding]:
    """Are there workers and sinks, and do the sinks keep up."""
    prefix = config.kafka.topic_prefix
    streams, sink = topics.streams_group(prefix), topics.sink_group(prefix)
    for group, what, name in ((streams, "worker", "worker"), (sink, "sink", "sink")):
        count = broker.members(config.kafka, group)
        if not count:
            said = f"no {what} is at work: nothing is computed or stored · 没有 {what} 在运行"
            yield Finding(what, "wrong", said, f"start `huoqun {name}`, and look at its log if it ends again")
        else:
            yield Finding(what, "ok", f"{count} at work · {count} 个在运行")
    names = [topics.full_name(prefix, name) for name in (topics.EVENTS, *topics.RESULT_TOPICS)]
    before = broker.total_lag(config, sink, names)
    if before < SINK_BEHIND:
        yield Finding("lag", "ok", f"sinks have {before:,} records to store · 待入库 {before:,} 条")
        return
    sleep(GROWING_SECONDS)
    grown = broker.total_lag(config, sink, names) - before
    said = f"sinks are {before:,} records behind, {grown:+,} in {GROWING_SECONDS:g} s · 入库落后 {before:,} 条"
    yield Finding(
        "lag",
        "note" if grown < 0 else "wrong",
        said,
        "docs/runbooks.md#huoqunsinklag says what to look at; is the store up?",
    )


def ticker(config: Config, now: int | None = None) -> Iterator[Finding]:
    """Does time come to every partition, and is the clock that tells it ours."""
    now = now_ms() if now is None else now
    topic = topics.full_name(config.kafka.topic_prefix, topics.EVENTS)
    newest: dict[int, int] = dict.fromkeys(range(config.kafka.partitions), 0)
    for record in records.read(config.kafka, topic, most=LOOK_BACK):
        found = codec.decode_record(record.value)
        if isinstance(found, Tick):
            newest[record.partition] = max(newest.get(record.partition, 0), found.now)
    silent = [part for part, at in newest.items() if now - at > SILENT_MS]
    ahead = max(newest.values(), default=0) - now
    if ahead > MAX_SKEW_MS:
        yield Finding(
            "clock",
            "wrong",
            f"a gateway's clock is {ahead / 1000:.0f} s ahead of this one · gateway 的时钟快了 {ahead / 1000:.0f} 秒",
            "set both by NTP (timedatectl set-ntp true): deadlines are told by the gateway's",
        )
    if silent:
        last = max((newest[part] for part in silent), default=0)
        since = f"for {(now - last) / 1000:.0f} s" if last else "ever"
        yield Finding(
            "ticker",
            "wrong",
            f"no tick in partitions {silent} {since}: deadlines are not seen to pass · 分区 {silent} 没有报时",
            "start a gateway with gateway.tick_seconds above 0: docs/runbooks.md#huoqunticksmissing",
        )
    elif ahead <= MAX_SKEW_MS:
        yield Finding("ticker", "ok", "time comes to every partition · 各分区都有报时")


def letters(config: Config, now: int | None = None) -> Finding:
    """Was anything put aside within a day."""
    now = now_ms() if now is None else now
    waiting = [letter for letter in dlq.look(config).found if letter.replayed is None]
    recent = [letter for letter in waiting if now - letter.at <= RECENT_MS]
    if not waiting:
        return Finding("letters", "ok", "no dead letters wait · 没有死信")
    said = f"{len(waiting):,} dead letters wait, {len(recent):,} of a day · 死信 {len(waiting):,} 条，一天内 {len(recent):,} 条"
    return Finding(
        "letters", "wrong" if recent else "note", said, "`huoqun dlq list` says why; mend it, then `huoqun dlq replay`"
    )


def state(config: Config) -> Finding:
    """Can this version read what workers have saved."""
    from streams import formats  # noqa: PLC0415  # rooms only lazily

    topic = topics.state_topic(config.kafka.topic_prefix)
    found = {
        each
        for record in records.read(config.kafka, topic, most=STATE_RECORDS)
        if (each := formats.format_of(record.key or b"", record.value)) is not None
    }
    other = sorted(each for each in found if not formats.readable(each))
    if other:
        return Finding(
            "state",
            "wrong",
            f"workers' saved state is of another version (format {other}, not {formats.current()}) · 保存的状态是别的版本",
            "stop workers and sinks, run `huoqun rebuild`, start them: docs/operating.md",
        )
    return Finding("state", "ok", "can be read · 可读" if found else "none saved yet · 还没有")
