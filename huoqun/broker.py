"""The broker's administration: topics made and checked, ends and lags measured.

With :mod:`huoqun.records` the only place in this package that knows kafka-python.
"""

from __future__ import annotations

import logging
import socket
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Final, NamedTuple

from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer, TopicPartition
from kafka.admin import ConfigResource, OffsetSpec
from kafka.errors import (
    CoordinatorLoadInProgressError,
    CoordinatorNotAvailableError,
    KafkaError,
    NotCoordinatorError,
    TopicAlreadyExistsError,
)
from kafka.structs import OffsetAndMetadata

from huoqun import codec, connection, topics
from huoqun.clock import now_ms
from huoqun.config import Config
from huoqun.control import Generation
from huoqun.events import Event
from huoqun.kafka_config import Kafka

logging.getLogger("kafka").setLevel(logging.ERROR)  # it warns of every refused connection; we say once what it means
logging.getLogger("kafka.cluster").setLevel(logging.CRITICAL)  # every client that is closed has "failed" its refresh

_CLIENT: Final = "huoqun-admin"
_PROGRESS_EVERY: Final = 1000
_FLUSH_SECONDS: Final = 120.0
REQUEST_SECONDS: Final = 15.0
_TIMEOUTS: Final = {"request_timeout_ms": int(REQUEST_SECONDS * 1000), "bootstrap_timeout_ms": 10_000}
_AT_THE_END: Final = {"request_timeout_ms": 2_000, "bootstrap_timeout_ms": 2_000}
"""For a question of one that ends: whoever is stopped doesn't wait long for a broker that is away."""
EMBEDDED_CLUSTER: Final = "tansu_cluster"
"""What the embedded broker calls its cluster."""
HEAL_AFTER_SECONDS: Final = 2.0
"""How long another provisioner that has just made the events topic gets to write its marker before we do it for it."""


class BrokerError(Exception):
    """The broker can't be reached or refuses; the message names the address and the mend."""


class PartitionLag(NamedTuple):
    """How far one consumer group is in one partition. ``committed`` is ``None`` before its first commit."""

    topic: str
    partition: int
    committed: int | None
    end: int

    @property
    def lag(self) -> int:
        """Records not yet committed by the group."""
        return max(0, self.end - (self.committed or 0))


class Membership(NamedTuple):
    """What a broker lets the members of a consumer group do: Apache Kafka all of it, the embedded one not.

    ``named``: members may have names that they keep (static membership). The embedded broker never misses a dead one that had
    a name, so nobody else gets its partitions. ``may_leave`` tells, whenever it is called, whether a member may leave now. Who
    leaves the embedded broker's group in the middle of a rebalance can stay its leader, and nobody is given a partition ever
    again; who just goes is missed after the session, in any state of the group.
    """

    named: bool
    may_leave: Callable[[], bool]


def wait_for_broker(kafka: Kafka, seconds: float) -> None:
    """Return as soon as the broker answers; raise :class:`BrokerError` when it hasn't within ``seconds``."""
    deadline = time.monotonic() + seconds
    while True:
        why = _unreachable(kafka)
        if why is None:
            return
        if time.monotonic() >= deadline:
            raise BrokerError(
                f"no Kafka broker answers at {kafka.bootstrap} ({why}): start it, or set kafka.bootstrap{_or(kafka)}"
            )
        time.sleep(0.1)


def _or(kafka: Kafka) -> str:
    """Say what else it may be: a broker that does not let us in just goes silent."""
    if kafka.security == "plaintext":
        return "; where it wants TLS or a password, set kafka.security"
    asked = f"kafka.user and the password in {kafka.password_env}, " if kafka.signs_in else ""
    files = "kafka.ca_file, kafka.cert_file, " if kafka.encrypts else ""
    return f"; or it does not let us in: see {asked}{files}and whether that port is {kafka.security}"


def provision(config: Config) -> list[str]:
    """Make every topic that is missing and return the names of those made.

    Partitions of the events topic that have never held a record get their :class:`Generation` first, so that versions
    of a new log replace those of an old one. Safe to repeat, to interrupt anywhere, and to run twice at once.
    """
    kafka = config.kafka
    wanted = topics.specs_of(kafka)
    with _admin(kafka) as admin:
        there = set(admin.list_topics())
        missing = [spec for spec in wanted if spec.name not in there]
        created = [spec.name for spec in missing if _create(admin, spec, kafka.replication)]
        _wait_for_leaders(admin, [spec.name for spec in wanted])
    events = topics.full_name(kafka.topic_prefix, topics.EVENTS)
    _mark_generation(kafka, events, ours=events in created)
    return created


def verify(config: Config) -> list[str]:
    """Return what is wrong with the topics, each with its mend; an empty list means that everything may start."""
    kafka = config.kafka
    wanted = {spec.name: spec for spec in topics.specs_of(kafka)}
    events = topics.full_name(kafka.topic_prefix, topics.EVENTS)
    with _admin(kafka) as admin:
        there = set(admin.list_topics())
        found = {name: len(parts) for name, parts in _partitions(admin, [n for n in wanted if n in there]).items()}
    problems = []
    for name, spec in wanted.items():
        count = found.get(name)
        if count is None:
            problems.append(f"topic {name} does not exist: run `huoqun provision`")
        elif spec.partitions not in (count, kafka.partitions):
            problems.append(
                f"topic {name} has {count} partitions and needs {spec.partitions}: delete it and run `huoqun provision`"
            )
        elif count != spec.partitions:
            problems.append(
                f"topic {name} has {count} partitions, kafka.partitions says {spec.partitions}: set "
                f"kafka.partitions = {count} if all topics have so many, else delete the topic and run "
                "`huoqun provision`"
            )
    if found.get(events):
        unmarked = _virgin(kafka, events)
        if unmarked:
            problems.append(f"topic {events} has no generation record in partitions {unmarked}: run `huoqun provision`")
    return problems


def end_offsets(kafka: Kafka, topic: str) -> dict[int, int]:
    """Return partition -> the offset that the next record gets. Raises :class:`BrokerError` if the topic is missing."""
    return {tp.partition: end for tp, end in _ends(kafka, [topic]).items()}


def depth(kafka: Kafka, topic: str) -> int:
    """Return how many records the topic holds (compaction and retention aside: end minus beginning)."""
    ends = _ends(kafka, [topic])
    firsts = begin_offsets(kafka, topic)
    return sum(max(0, end - firsts[tp.partition]) for tp, end in ends.items())


def lag(config: Config, group: str, names: Iterable[str]) -> list[PartitionLag]:
    """Return how far ``group`` is in every partition of the topics ``names`` (full names; missing ones left out)."""
    kafka = config.kafka
    with _admin(kafka) as admin:
        there = set(admin.list_topics())
        offsets = _committed(admin, group)
    lags = []
    for tp, end in sorted(_ends(kafka, [n for n in names if n in there]).items()):
        offset = getattr(offsets.get(tp), "offset", -1)
        lags.append(PartitionLag(tp.topic, tp.partition, offset if offset >= 0 else None, end))
    return lags


def committed(config: Config, group: str) -> dict[tuple[str, int], int]:
    """Return (topic, partition) -> the offset that ``group`` reads next, for the partitions that it has committed."""
    with _admin(config.kafka) as admin:
        offsets = _committed(admin, group)
    return {(tp.topic, tp.partition): found.offset for tp, found in offsets.items() if found.offset >= 0}


def total_lag(config: Config, group: str, names: Iterable[str]) -> int:
    """Return the records that ``group`` has not committed yet, over all partitions of the topics ``names``."""
    return sum(entry.lag for entry in lag(config, group, names))


def begin_offsets(kafka: Kafka, topic: str) -> dict[int, int]:
    """Return partition -> the offset of the first record that is still there, or the end if there is none."""
    ends = _ends(kafka, [topic])
    with _admin(kafka) as admin:
        firsts = admin.list_partition_offsets(dict.fromkeys(ends, OffsetSpec.EARLIEST))
    return {tp.partition: max(0, firsts[tp].offset) for tp in ends}


def settings(kafka: Kafka, names: Sequence[str]) -> dict[str, dict[str, str]]:
    """Return topic -> its settings, as far as the broker tells them."""
    with _admin(kafka) as admin:
        answer = admin.describe_configs([ConfigResource("TOPIC", name) for name in names], config_filter="all")
    found: dict[str, dict[str, Any]] = next(iter(answer.values()), {})
    return {name: {key: str(entry["value"]) for key, entry in values.items()} for name, values in found.items()}


def members(kafka: Kafka, group: str) -> int:
    """Return how many consumers are in a group now."""
    with _admin(kafka) as admin:
        return len(_described(admin, group).get("members") or ())


def membership(kafka: Kafka, group: str) -> Membership:
    """Return what the broker lets a member of ``group`` do."""
    with _admin(kafka) as admin:
        embedded = admin.describe_cluster().get("cluster_id") == EMBEDDED_CLUSTER

    def settled() -> bool:
        try:
            with _admin(kafka, _AT_THE_END) as admin:
                return bool(_described(admin, group).get("group_state") == "Stable")
        except BrokerError:
            return False

    return Membership(not embedded, settled if embedded else lambda: True)


def move(config: Config, group: str, offsets: Mapping[tuple[str, int], int]) -> None:
    """Commit (topic, partition) -> the offset that ``group``, which must have no members, reads next."""
    wanted = {TopicPartition(*place): OffsetAndMetadata(offset, "", -1) for place, offset in offsets.items()}
    with _admin(config.kafka) as admin:
        answers = _with_coordinator(lambda: admin.alter_group_offsets(group, wanted))
    refused = {tp: error for tp, error in answers.items() if getattr(error, "errno", 0)}
    if refused:
        (place, error) = next(iter(refused.items()))
        raise BrokerError(
            f"offsets of group {group} in {place.topic}[{place.partition}] can't be moved: {error.__name__}"
        )


def republish(config: Config, events: Iterable[Event], progress: Callable[[int], None]) -> int:
    """Write stored events into the events topic again, as they are, and return how many there were.

    ``progress`` is told the number of events handed over so far, now and then. Order is kept within a group. Returns
    after the broker has acknowledged every one; raises :class:`BrokerError` when one is refused.
    """
    kafka = config.kafka
    topic = topics.full_name(config.kafka.topic_prefix, topics.EVENTS)
    refused: list[BaseException] = []
    count = 0
    with errors(kafka):
        producer = KafkaProducer(
            **connection.for_kafka_python(kafka),
            **_TIMEOUTS,
            client_id=_CLIENT,
            acks="all",
            linger_ms=20,
            batch_size=256 * 1024,
        )
        try:
            for count, event in enumerate(events, 1):  # the last one is the answer
                sent = producer.send(topic, key=event.group.encode(), value=codec.encode(event))
                sent.add_errback(refused.append)
                if count % _PROGRESS_EVERY == 0:
                    progress(count)
                if refused:
                    break
            producer.flush(timeout=_FLUSH_SECONDS)
        finally:
            producer.close(timeout=REQUEST_SECONDS)
    if refused:
        raise BrokerError(f"the broker at {kafka.bootstrap} refused a stored event: {type(refused[0]).__name__}")
    progress(count)
    return count


def _unreachable(kafka: Kafka) -> str | None:
    why = "no address given"
    for address in kafka.bootstrap.split(","):
        host, _, port = address.strip().rpartition(":")
        try:
            with socket.create_connection((host.strip("[]"), int(port)), timeout=2):
                break
        except ValueError:
            return f"{address!r} is not host:port"
        except OSError as error:
            why = error.strerror or str(error)
    else:
        return why
    try:
        with _admin(kafka) as admin:
            admin.describe_cluster()
    except BrokerError as error:
        return str(error.__cause__ or error)
    return None


@contextmanager
def _admin(kafka: Kafka, timeouts: Mapping[str, int] = _TIMEOUTS) -> Iterator[Any]:
    with errors(kafka):
        admin = KafkaAdminClient(**connection.for_kafka_python(kafka), **timeouts, client_id=_CLIENT)
        try:
            yield admin
        finally:
            admin.close()


@contextmanager
def errors(kafka: Kafka) -> Iterator[None]:
    """Raise :class:`BrokerError` for what the client raises within."""
    try:
        yield
    except KafkaError as error:
        raise BrokerError(f"the broker at {kafka.bootstrap}: {type(error).__name__}: {error}") from error


def _described(admin: Any, group: str) -> dict[str, Any]:
    # It asks for rights, too, and raises over what the embedded broker answers to that.
    admin._process_acl_operations = dict  # noqa: SLF001  # there is no way to leave the question out
    found: dict[str, Any] = _with_coordinator(lambda: admin.describe_groups([group])).get(group, {})
    return found


def _committed(admin: Any, group: str) -> dict[TopicPartition, Any]:
    found: dict[TopicPartition, Any] = _with_coordinator(lambda: admin.list_group_offsets(group)).get(group, {})
    return found


def _with_coordinator(ask: Callable[[], Any]) -> Any:
    """Ask about a group; the first question about any makes the broker create its own topic for offsets."""
    deadline = time.monotonic() + REQUEST_SECONDS
    while True:
        try:
            return ask()
        except (CoordinatorNotAvailableError, CoordinatorLoadInProgressError, NotCoordinatorError):
            if time.monotonic() >= deadline:
                raise
            time.sleep(0.2)


def _create(admin: Any, spec: topics.TopicSpec, replication: int) -> bool:
    try:
        admin.create_topics(
            {
                spec.name: {
                    "num_partitions": spec.partitions,
                    "replication_factor": replication,
                    "configs": spec.settings,
                }
            }
        )
    except TopicAlreadyExistsError:
        return False  # another provisioner was quicker
    return True


def _partitions(admin: Any, names: list[str]) -> dict[str, list[dict[str, Any]]]:
    """Return topic -> its partitions' metadata; names that don't exist are left out."""
    if not names:
        return {}  # asking for none means all
    return {t["name"]: t["partitions"] for t in admin.describe_topics(names) if t["error_code"] == 0}


def _wait_for_leaders(admin: Any, names: list[str]) -> None:
    deadline = time.monotonic() + REQUEST_SECONDS
    while True:
        found = _partitions(admin, names)
        leaderless = [n for n in names if not found.get(n) or any(p["error_code"] for p in found[n])]
        if not leaderless:
            return
        if time.monotonic() >= deadline:
            raise BrokerError(f"topics without a leader: {', '.join(leaderless)}; look at the broker's log")
        time.sleep(0.1)


def _mark_generation(kafka: Kafka, events: str, *, ours: bool) -> None:
    virgin = _virgin(kafka, events)
    if virgin and not ours:
        time.sleep(HEAL_AFTER_SECONDS)
        virgin = _virgin(kafka, events)
    if not virgin:
        return
    marker = codec.encode(Generation(number=now_ms() // 1000))
    with errors(kafka):
        producer = KafkaProducer(**connection.for_kafka_python(kafka), **_TIMEOUTS, client_id=_CLIENT, acks="all")
        try:
            sent = [producer.send(events, value=marker, partition=partition) for partition in virgin]
            for future in sent:
                future.get(timeout=REQUEST_SECONDS)
        finally:
            producer.close(timeout=REQUEST_SECONDS)


def _virgin(kafka: Kafka, topic: str) -> list[int]:
    """Return the partitions that have never held a record (one emptied by retention ends above 0)."""
    return [tp.partition for tp, end in sorted(_ends(kafka, [topic]).items()) if end == 0]


def _ends(kafka: Kafka, names: Iterable[str]) -> dict[TopicPartition, int]:
    """Return the true end of every partition of the topics.

    It is the high watermark of a fetch, since ``ListOffsets`` is wrong on some brokers; and of a new consumer, since
    one keeps the first watermark it has seen of a partition that brings no records.
    """
    ends: dict[TopicPartition, int] = {}
    with errors(kafka):
        consumer = KafkaConsumer(
            **connection.for_kafka_python(kafka),
            **_TIMEOUTS,
            client_id=_CLIENT,
            enable_auto_commit=False,
            fetch_max_wait_ms=50,
            max_partition_fetch_bytes=4096,
        )
        try:
            waiting = _partitions_of(consumer, names)
            consumer.assign(sorted(waiting))
            for tp, offset in (consumer.end_offsets(list(waiting)) if waiting else {}).items():
                consumer.seek(tp, offset)
            deadline = time.monotonic() + REQUEST_SECONDS
            while waiting:
                consumer.poll(timeout_ms=100, max_records=1)
                known = {tp: mark for tp in waiting if (mark := consumer.highwater(tp)) is not None}
                ends |= known
                waiting -= known.keys()
                consumer.pause(*known)
                if time.monotonic() >= deadline:
                    missing = ", ".join(f"{tp.topic}[{tp.partition}]" for tp in sorted(waiting))
                    raise BrokerError(f"no answer about the end of {missing}; look at the broker's log")
        finally:
            consumer.close(autocommit=False)
    return ends


def _partitions_of(consumer: Any, names: Iterable[str]) -> set[TopicPartition]:
    partitions: set[TopicPartition] = set()
    for name in names:
        numbers = consumer.partitions_for_topic(name)
        if not numbers:
            raise BrokerError(f"topic {name} does not exist: run `huoqun provision`")
        partitions |= {TopicPartition(name, number) for number in numbers}
    return partitions
