"""The fake broker, store and clock: what real ones may do to those who use them, decided by whoever drives."""

from __future__ import annotations

import asyncio
from collections import defaultdict, deque
from collections.abc import AsyncIterator, Awaitable, Iterable, Mapping, Sequence
from operator import itemgetter
from typing import Any, Final, NamedTuple

import msgspec

from huoqun import topics
from huoqun.control import Erase
from huoqun.results import DeadLetter
from sinks.batch import Chunk, Partition
from sinks.consumer import Lag, SourceError
from sinks.store import UnavailableError
from sinks.tables import EVENTS, TABLES, Columns, Table
from streams.outbox import Headers, Outbox
from streams.saves import BARRIER_KEY

PREFIX: Final = "sim"
LOG: Final = topics.full_name(PREFIX, topics.EVENTS)
CHANGELOG: Final = topics.state_topic(PREFIX)
LETTERS: Final = topics.full_name(PREFIX, topics.DEADLETTER)
PARCEL_RECORDS: Final = 4
"""Records of one batch of a producer: few, so that a crash falls between them."""


class Record(msgspec.Struct, gc=False):
    """A record of a topic."""

    offset: int
    key: bytes | None
    value: bytes | None
    headers: Headers


class Parcel:
    """A batch of a producer, as the outbox fills it, and what its sender waits for."""

    def __init__(self) -> None:
        self.records: list[tuple[bytes | None, bytes | None, Headers]] = []
        self.closed = False
        self.answer: asyncio.Future[Any] | None = None

    def append(self, *, timestamp: int | None, key: bytes | None, value: bytes | None, headers: Headers) -> object:
        del timestamp
        if self.closed or len(self.records) >= PARCEL_RECORDS:
            return None
        self.records.append((key, value, headers))
        return self

    def close(self) -> None:
        self.closed = True

    def record_count(self) -> int:
        return len(self.records)

    def size(self) -> int:
        return len(self.records)  # so few that nobody waits for room


class Acknowledged(NamedTuple):
    """The broker's answer; -1: it does not know any more where they are."""

    offset: int


class Lane:
    """What a producer has sent to one partition and the broker has not taken yet. It outlives its producer."""

    def __init__(self, topic: str, partition: int) -> None:
        self.topic, self.partition = topic, partition
        self.parcels: deque[Parcel] = deque()
        self.broken = False


class Broker:
    """Topics, what groups committed, and what is under way."""

    def __init__(self, partitions: int) -> None:
        self.partitions = partitions
        self.topics: defaultdict[Partition, list[Record]] = defaultdict(list)
        self.committed: dict[int, int] = {}
        """Of the worker's group: partition -> next offset."""
        self.sunk: dict[Partition, int] = {}
        """Of the sink's group."""
        self.lanes: list[Lane] = []

    def records(self, topic: str, partition: int) -> list[Record]:
        return self.topics[topic, partition]

    def append(self, topic: str, partition: int, key: bytes | None, value: bytes | None, headers: Headers = ()) -> int:  # type: ignore[assignment]  # read only
        log = self.topics[topic, partition]
        offset = len(log)
        log.append(Record(offset, key, value, headers))
        return offset

    def take(self, lane: Lane, how: str) -> None:
        """Do something with the first parcel of a lane.

        ``ok``; ``twice``: the answer was lost and the producer sent it again, to a broker that does not number producers;
        ``somewhere``: to one that does, and that does not say where it is; ``lost``: refused for good; ``unheard``:
        taken, and reported as refused.
        """
        parcel = lane.parcels.popleft()
        base = -1
        if how != "lost" and not lane.broken:
            log = self.topics[lane.topic, lane.partition]
            for _ in range(2 if how == "twice" else 1):
                base = len(log)
                log += [Record(offset, *record) for offset, record in enumerate(parcel.records, base)]
        if not lane.parcels:
            self.lanes.remove(lane)
        answer = parcel.answer
        if answer is None or answer.done():
            lane.broken = lane.broken or how in ("lost", "unheard")
            return
        if lane.broken or how in ("lost", "unheard"):
            lane.broken = True  # a client sends nothing more to a partition after it gave up on a batch
            answer.set_exception(OSError(how))
        else:
            answer.set_result(Acknowledged(-1 if how == "somewhere" else base))


class Sender:
    """A worker's producer."""

    def __init__(self, broker: Broker) -> None:
        self._broker = broker
        self.lanes: dict[Partition, Lane] = {}

    create_batch = Parcel

    async def send_batch(self, batch: Any, topic: str, *, partition: int) -> Awaitable[Any]:
        lane = self.lanes.get((topic, partition))
        if lane is None:
            lane = self.lanes[topic, partition] = Lane(topic, partition)
        if not lane.parcels:
            self._broker.lanes.append(lane)
        lane.parcels.append(batch)
        batch.answer = asyncio.get_running_loop().create_future()
        answer: asyncio.Future[Any] = batch.answer
        return answer


class Changelog:
    """The saves of a worker's partitions, read back as the real one does it."""

    def __init__(self, broker: Broker, outbox: Outbox) -> None:
        self._broker, self._outbox = broker, outbox

    async def barrier(self, partition: int) -> int:
        (written,) = self._outbox.put(CHANGELOG, partition, [(BARRIER_KEY, b"")])
        self._outbox.flush()
        return (await written).last

    async def read(self, partition: int, start: int, end: int) -> AsyncIterator[Sequence[Any]]:
        yield self._broker.records(CHANGELOG, partition)[start : end + 1]
        await asyncio.sleep(0)


class Clock:
    """Time as the machines' clocks have it, in ms; it moves by itself a little, so that no two readings are equal."""

    def __init__(self, start: int) -> None:
        self.now = start

    def __call__(self) -> int:
        self.now += 1
        return self.now


class Source:
    """The sink's consumer."""

    def __init__(self, broker: Broker, names: Iterable[str]) -> None:
        self._broker = broker
        self._logs = {(name, p): broker.topics[name, p] for name in names for p in range(broker.partitions)}
        self._positions = defaultdict(int, broker.sunk)
        self._paused = False
        self.fails = False
        self.most = 5
        """Records of one partition that a poll brings."""

    def poll(self, timeout_ms: int) -> Sequence[Chunk]:
        del timeout_ms
        found = list[Chunk]()
        if self._paused:
            return found
        for place, log in self._logs.items():
            at = self._positions[place]
            if at < len(log):
                some = log[at : at + self.most]
                self._positions[place] = at + len(some)
                found.append(Chunk(place, [r.offset for r in some], [r.key for r in some], [r.value for r in some]))
        return found

    def behind(self) -> bool:
        """Whether something is not committed yet."""
        sunk = self._broker.sunk
        return any(len(log) > sunk.get(place, 0) for place, log in self._logs.items() if log)

    def pause(self) -> None:
        self._paused = True

    def resume(self) -> None:
        self._paused = False

    def commit(self, offsets: Mapping[Partition, int]) -> None:
        if self.fails:
            self.fails = False
            raise SourceError("rebalancing")
        self._broker.sunk.update(offsets)

    def assigned(self) -> bool:
        return True

    def lag(self) -> list[Lag]:
        return []

    def close(self) -> None:
        pass


class Letters:
    """The sink's dead letters; none are expected of it."""

    def __init__(self) -> None:
        self.sent: list[DeadLetter] = []

    def send(self, letters: Sequence[DeadLetter]) -> None:
        self.sent += letters

    def close(self) -> None:
        pass


Row = tuple[Any, ...]
_LAYOUT: Final = {
    table.name: (
        table.names.index("version"),
        itemgetter(*map(table.names.index, table.key)),
        frozenset(at for at, column in enumerate(table.columns) if column.kind == "texts"),
    )
    for table in TABLES.values()
    if "version" in table.names
}
"""Table -> where the version is, what finds the key of a row, which columns are lists."""


class Store:
    """What ReplacingMergeTree keeps of rows, and its views show."""

    def __init__(self) -> None:
        self.rows: dict[str, dict[Row, Row]] = {}
        self.failure = ""
        """What the next insert does: ``before`` or ``after`` storing it says that it did not."""
        self.wrong: list[str] = []
        """Two contents of one version: a store may show either."""
        self.erased: list[Erase] = []
        """Who was, as the audit has it."""
        self.changed: set[tuple[str, Row]] = set()
        """Rows out of which somebody was taken; as they were they come again, and are changed again."""

    def insert(self, table: Table, columns: Columns) -> None:
        failure, self.failure = self.failure, ""
        if failure == "before":
            raise UnavailableError(failure)
        version, key, lists = _LAYOUT[table.name]
        there = self.rows.setdefault(table.name, {})
        if lists:
            columns = [list(map(tuple, column)) if at in lists else column for at, column in enumerate(columns)]
        for row in zip(*columns, strict=True):
            place = key(row)
            old = there.get(place)
            if old is None or old[version] < row[version]:
                there[place] = row
            elif old[version] == row[version]:
                if old != row and table is not EVENTS and (table.name, place) not in self.changed:
                    self.wrong.append(f"{table.name} {place} has two contents as of {row[version]}: {old} and {row}")
                there[place] = row
        if failure == "after":
            raise UnavailableError(failure)

    def select(self, sql: str) -> list[Row]:
        raise NotImplementedError(sql)

    def execute(self, sql: str) -> None:
        raise NotImplementedError(sql)

    def close(self) -> None:
        pass

    def view(self) -> dict[tuple[str, Row], Row]:
        """Return what is seen: the newest of each, without its version, what is deleted left out.

        Events without their position: it follows from the schedule.
        """
        return {
            (name, place): row[:-3] if name == EVENTS.name else row[:-2]
            for name, there in self.rows.items()
            for place, row in there.items()
            if not row[-1]
        }
