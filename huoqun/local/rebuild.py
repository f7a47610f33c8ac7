"""All results made anew from the events topic, beside the live ones, and then put in their place: ``huoqun rebuild``.

Nothing that is shown changes until all is computed. Then, in this order: the workers' state, the tables, the places from
which workers and sinks go on. Cut short anywhere it can be run again, and must be before anything is started.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Final, NamedTuple

from huoqun import broker, codec, records, topics
from huoqun.config import Config

if TYPE_CHECKING:
    from huoqun.control import Erase
    from huoqun.results import AnyResult
    from sinks.rows import Reader
    from sinks.store import Store
    from streams.recompute import Finished

BATCH: Final = 1_000
DEAD_SECONDS: Final = 8.0
"""One that was killed counts as there for a session, six seconds."""
TOLD_BY_OTHERS: Final = ("source_silent",)
"""Alerts that do not follow from the events: gateways raise them."""
_BESIDE: Final = (topics.ACTIONS, topics.DELIVERIES)
"""What operators did and what was sent: not computed, but stored again if the store has lost it."""

Records = Sequence[tuple[int, bytes | None]]
"""(offset, value), in the order of offsets."""

Progress = Callable[[int], None]
"""Is told how many records have been read, now and then."""


class RebuildError(Exception):
    """Why nothing was done; the message says what to do first."""


class Plan(NamedTuple):
    """What there is to read: (topic, partition) -> from where, and up to where."""

    begins: dict[tuple[str, int], int]
    ends: dict[tuple[str, int], int]
    events: str

    @property
    def records(self) -> int:
        """How many records of the events topic are to be read."""
        return sum(end - self.begins[place] for place, end in self.ends.items() if place[0] == self.events)

    @property
    def cut(self) -> dict[int, int]:
        """Partition -> its first offset, for those whose beginning is gone."""
        return {place[1]: at for place, at in self.begins.items() if place[0] == self.events and at > 0}


class Outcome(NamedTuple):
    """What was done."""

    rows: dict[str, int]
    unreadable: int
    refused: int
    tables: list[str]


def plan(config: Config, *, force: bool = False) -> Plan:
    """Look at what there is; raises :class:`RebuildError` while anybody works on it (but with ``force``), and ``BrokerError``."""
    kafka = config.kafka
    problems = broker.verify(config)
    if problems:
        raise RebuildError("\n".join(problems))
    prefix = kafka.topic_prefix
    deadline = time.monotonic() + DEAD_SECONDS
    for group, who in ((topics.streams_group(prefix), "huoqun worker"), (topics.sink_group(prefix), "huoqun sink")):
        while not force and (there := broker.members(kafka, group)):
            if time.monotonic() >= deadline:
                raise RebuildError(
                    f"{there} of `{who}` still at work · 还在运行: stop every worker and sink first (gateways may go on: what "
                    "they take waits in Kafka). If none runs any more, the broker has not noticed: --force"
                )
            time.sleep(0.5)
    names = [topics.full_name(prefix, name) for name in (topics.EVENTS, *topics.RESULT_TOPICS)]
    begins = {(name, part): at for name in names for part, at in broker.begin_offsets(kafka, name).items()}
    ends = {(name, part): at for name in names for part, at in broker.end_offsets(kafka, name).items()}
    return Plan(begins, ends, names[0])


def refuse_cut(what: Plan) -> None:
    """Raise :class:`RebuildError` if the topic does not hold all events any more."""
    if what.cut:
        parts = ", ".join(f"{part} begins at {at}" for part, at in sorted(what.cut.items()))
        raise RebuildError(
            f"the topic {what.events} does not hold all events any more · 主题里已没有最早的事件 (partition {parts}): "
            "what was computed of them would be gone; --partial does it all the same"
        )


def rebuild(
    config: Config,
    what: Plan,
    progress: Progress,
    environ: Mapping[str, str] = os.environ,
    *,
    adapt: Callable[[str], str] = str,
) -> Outcome:
    """Do it. Raises ``BrokerError`` or ``StoreError``; then nothing has changed, or it has to be run again."""
    from sinks import scratch  # noqa: PLC0415  # rooms only lazily

    live = config.store.database
    store = scratch.open_beside(config, environ)
    try:
        scratch.begin(store, live, adapt=adapt)
        work = _Work(config, store, what, progress)
        states = {part: work.compute(part) for part in range(config.kafka.partitions)}
        work.take_over()
        scratch.keep_alerts(store, live, TOLD_BY_OTHERS)
        if what.cut:
            scratch.keep_events(store, live)
        _replace_states(config, what, states)
        done = scratch.exchange(store, live)
        scratch.add_to_live(store, live)
        _go_on_after(config, what, states)
        scratch.end(store, live)
    finally:
        store.close()
    return Outcome(work.rows, work.unreadable, work.refused, done)


def _replace_states(config: Config, what: Plan, states: Mapping[int, Finished]) -> None:
    from streams.recompute import replace_state  # noqa: PLC0415  # rooms only lazily

    prefix = config.kafka.topic_prefix
    begin = {place: at for place, at in what.begins.items() if place[0] == what.events}
    broker.move(config, topics.streams_group(prefix), begin)  # whatever is left of the state is right from there on
    for partition, finished in states.items():
        replace_state(config.kafka, topics.state_topic(prefix), partition, finished.saves)


def _go_on_after(config: Config, what: Plan, states: Mapping[int, Finished]) -> None:
    prefix = config.kafka.topic_prefix
    next_ones = {
        (what.events, part): finished.offset + 1 if finished.offset >= 0 else what.begins[what.events, part]
        for part, finished in states.items()
    }
    broker.move(config, topics.streams_group(prefix), next_ones)
    broker.move(config, topics.sink_group(prefix), what.ends)  # results of before are replaced, whoever computed them


class _Work:
    """What was read on its way into the store."""

    def __init__(self, config: Config, store: Store, what: Plan, progress: Progress) -> None:
        from sinks import process, rows, scratch  # noqa: PLC0415  # rooms only lazily
        from sinks.batch import Batcher  # noqa: PLC0415  # the same
        from sinks.erasing import Eraser  # noqa: PLC0415  # the same
        from streams.service import partition_states  # noqa: PLC0415  # the same

        self._config, self._store, self._what, self._progress = config, store, what, progress
        self._batcher = Batcher(process.limits_of(config))
        self._events = rows.reader(events=True, store_text=config.privacy.store_text)
        self._results = rows.reader(events=False, store_text=config.privacy.store_text)
        self._make_state = partition_states(config)
        self._eraser = Eraser(scratch.name_of(config.store.database))
        self._eraser.remember(store, config.store.database)
        self._erasures: dict[str, Erase] = {}
        self.rows: dict[str, int] = {}
        self.unreadable = self.refused = self.read = 0

    def compute(self, partition: int) -> Finished:
        """Read one partition of the events to its end, store its rows, and return its state."""
        from streams.recompute import Recomputing  # noqa: PLC0415  # rooms only lazily

        topic = self._what.events
        place = (topic, partition)
        making = Recomputing(self._make_state(partition))
        for some in _batches(self._config, topic, partition, self._what.begins[place], self._what.ends[place]):
            self._add(self._events, place, some)
            self._tell(making.take(some), partition)
            self.read += len(some)
            self._progress(self.read)
        finished = making.finish()
        self._tell(finished.results, partition)
        self.unreadable += making.unreadable
        return finished._replace(results=[])

    def take_over(self) -> None:
        """Store what is not computed and stands in topics: deeds, deliveries, alerts that others raise."""
        prefix = self._config.kafka.topic_prefix
        kinds = tuple(f'"{kind}"'.encode() for kind in TOLD_BY_OTHERS)
        for name in (*_BESIDE, topics.ALERTS):
            topic = topics.full_name(prefix, name)
            for part in (place[1] for place in self._what.ends if place[0] == topic):
                place = (topic, part)
                for found in _batches(self._config, topic, part, self._what.begins[place], self._what.ends[place]):
                    some = [r for r in found if name != topics.ALERTS or any(kind in (r[1] or b"") for kind in kinds)]
                    if some:
                        self._add(self._results, place, some)
        self._flush()
        for erase in self._erasures.values():  # once more, now that what was told meanwhile is stored too
            self._eraser.erase(self._store, erase)

    def _tell(self, results: Sequence[AnyResult], partition: int) -> None:
        for at in range(0, len(results), BATCH):
            some = results[at : at + BATCH]
            self._add(self._results, ("results", partition), [(n, codec.encode(r)) for n, r in enumerate(some)])

    def _add(self, reader: Reader, place: tuple[str, int], some: Records) -> None:
        from sinks.batch import Chunk  # noqa: PLC0415  # rooms only lazily

        offsets, values = [offset for offset, _ in some], [value for _, value in some]
        parts, refused, erasures = reader(values, offsets)
        parts = self._eraser.without_erased(parts)
        self._batcher.erase(erasures)
        self._erasures |= {each.id: each for each in erasures}
        self.refused += len(refused)
        if self._batcher.add(Chunk(place, offsets, [None] * len(values), values), parts, 0):
            self._flush()

    def _flush(self) -> None:
        from sinks.writing import Writing  # noqa: PLC0415  # rooms only lazily

        batch = self._batcher.take()
        if batch is None:
            return
        writing = Writing(batch, eraser=self._eraser)
        while not writing.run(self._store):
            pass
        self.refused += len(writing.refused)
        for table, count in writing.stored.items():
            self.rows[table] = self.rows.get(table, 0) + count


def _batches(config: Config, topic: str, partition: int, start: int, end: int) -> Iterator[Records]:
    """Yield what a partition holds between two offsets, some records at a time."""
    found: list[tuple[int, bytes | None]] = []
    for record in records.read_between(config.kafka, topic, {partition: start}, {partition: end}, batch=BATCH):
        found.append((record.offset, record.value))
        if len(found) == BATCH:
            yield found
            found = []
    if found:
        yield found
