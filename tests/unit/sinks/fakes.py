"""A broker, a store and a clock for the sink, in memory, that fail when they are told to."""

import time
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from huoqun import codec
from huoqun.deadletter_limit import DeadLetterLimit
from huoqun.events import Event
from huoqun.results import Alert, DeadLetter
from sinks.batch import Chunk, Limits, Partition
from sinks.consumer import Lag, SourceError
from sinks.rows import reader
from sinks.service import Sink, Submit, at_once
from sinks.store import RejectedError, UnavailableError
from sinks.tables import Columns, Table

TOPIC = "huoqun.events"
ALERTS_TOPIC = "huoqun.alerts"


@dataclass
class FakeRecord:
    topic: str
    partition: int
    offset: int
    value: bytes | None
    key: bytes | None = b"qq/g"


class Clock:
    def __init__(self) -> None:
        self.now = 1_700_000_000_000

    def __call__(self) -> int:
        return self.now


@dataclass
class FakeLog:
    """The topic's partitions and what the group has committed: outlives the sinks that read it."""

    records: dict[Partition, list[FakeRecord]] = field(default_factory=dict)
    committed: dict[Partition, int] = field(default_factory=dict)

    def append(self, value: bytes | None, partition: int = 0, topic: str = TOPIC) -> None:
        log = self.records.setdefault((topic, partition), [])
        log.append(FakeRecord(topic, partition, len(log), value))


class FakeSource:
    def __init__(self, log: FakeLog, clock: Clock, chunk: int = 3) -> None:
        self.log, self.clock, self.chunk = log, clock, chunk
        self.positions = dict(log.committed)
        self.paused = False
        self.polls_while_paused = 0
        self.failing_commits = 0

    def poll(self, timeout_ms: int) -> Sequence[Chunk]:
        self.clock.now += max(1, timeout_ms // 2)
        if self.paused:
            self.polls_while_paused += 1
            return []
        found = []
        for partition, records in self.log.records.items():
            at = self.positions.get(partition, 0)
            chunk = records[at : at + self.chunk]
            if chunk:
                self.positions[partition] = at + len(chunk)
                found.append(
                    Chunk(partition, [r.offset for r in chunk], [r.key for r in chunk], [r.value for r in chunk])
                )
        return found

    def pause(self) -> None:
        self.paused = True

    def resume(self) -> None:
        self.paused = False

    def commit(self, offsets: Mapping[Partition, int]) -> None:
        if self.failing_commits:
            self.failing_commits -= 1
            raise SourceError("rebalancing")
        self.log.committed.update(offsets)

    def assigned(self) -> bool:
        return True

    def lag(self) -> list[Lag]:
        return []

    def close(self) -> None: ...


class FakeStore:
    """Keeps what ReplacingMergeTree would. ``failures`` holds what the next inserts do: "before", "after" or "" (succeed)."""

    def __init__(self) -> None:
        self.rows: dict[str, dict[tuple[object, ...], tuple[object, ...]]] = {}
        self.failures: deque[str] = deque()
        self.down = False
        self.poisoned: set[object] = set()
        self.inserts = 0

    def insert(self, table: Table, columns: Columns) -> None:
        rows = list(zip(*columns, strict=True))
        self.inserts += 1
        failure = self.failures.popleft() if self.failures else ""
        if self.down or failure == "before":
            raise UnavailableError("connection refused")
        if any(row[0] in self.poisoned for row in rows):
            raise RejectedError("Code: 53")
        version = table.names.index("version")
        key = [table.names.index(name) for name in table.key]
        there = self.rows.setdefault(table.name, {})
        for row in rows:
            old = there.get(tuple(row[k] for k in key))
            if old is None or old[version] <= row[version]:
                there[tuple(row[k] for k in key)] = row
        if failure == "after":
            raise UnavailableError("connection reset while waiting for the answer")

    def ids(self) -> list[str]:
        return sorted(row[0] for row in self.rows.get("events", {}).values())

    def select(self, sql: str) -> list[tuple[object, ...]]:
        raise NotImplementedError(sql)

    def execute(self, sql: str) -> None:
        raise NotImplementedError(sql)

    def close(self) -> None: ...


class FakeDeadLetters:
    def __init__(self) -> None:
        self.letters: list[DeadLetter] = []
        self.failing = 0

    def send(self, letters: Sequence[DeadLetter]) -> None:
        if self.failing:
            self.failing -= 1
            raise SourceError("no broker")
        self.letters.extend(letters)

    def offsets(self) -> set[int]:
        return {letter.offset for letter in self.letters}

    def close(self) -> None: ...


def message(number: int, **fields: object) -> bytes:
    base: dict[str, object] = {
        "id": f"e{number:04}", "type": "message", "ts": 1_700_000_000_000 + number, "platform": "qq", "group_id": "g",
        "user_id": "u", "text": f"text {number}", "received_at": 1_700_000_000_000,
    }  # fmt: skip
    return codec.encode(Event(**(base | fields)))  # type: ignore[arg-type]  # as given


def alert(number: int) -> bytes:
    at = 1_700_000_000_000 + number
    return codec.encode(
        Alert(
            platform="qq", group_id="g", version=number + 1, alert_id=f"a{number:04}", kind="unanswered",
            severity="warning", raised_at=at, updated_at=at, state="open", title="nobody answers",
        )
    )  # fmt: skip


@dataclass
class World:
    log: FakeLog = field(default_factory=FakeLog)
    store: FakeStore = field(default_factory=FakeStore)
    dead: FakeDeadLetters = field(default_factory=FakeDeadLetters)
    clock: Clock = field(default_factory=Clock)

    def sink(
        self, rows: int = 5, limit: int = 1_000, chunk: int = 3, submit: Submit = at_once
    ) -> tuple[Sink, FakeSource]:
        source = FakeSource(self.log, self.clock, chunk)
        sink = Sink(
            source,
            self.store,
            self.dead,
            {TOPIC: reader(events=True, store_text=True), ALERTS_TOPIC: reader(events=False, store_text=True)},
            limits=Limits(rows, 10**6, 500),
            clock=self.clock,
            submit=submit,
            chance=lambda: 0.5,
            dead_letter_limit=DeadLetterLimit(limit),
        )
        return sink, source

    def ends(self) -> dict[Partition, int]:
        return {partition: len(records) for partition, records in self.log.records.items()}

    def drain(self, sink: Sink, most: int = 20_000) -> None:
        """Step until everything is committed."""
        for _ in range(most):
            if self.log.committed == self.ends():
                return
            sink.step()
            time.sleep(0)  # to the thread that stores, where there is one
        raise AssertionError(f"not drained: committed {self.log.committed} of {self.ends()}")
