"""The sink: topics in, rows out. Reads, batches, stores, then commits; in that order, whatever fails.

While the store is away the batch is kept, every partition is paused, and polling goes on so that the group keeps us;
tries are repeated with growing, jittered waits, without end. What the store will never take is found by halves and
goes to the dead letters, like a result that could not be read at all. Too many of those in a row, a missing table or a wrong
password end the process: a person has to act.
"""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Callable, Mapping
from typing import Final

from huoqun import log
from huoqun.events import Refused
from huoqun.results import DeadLetter
from sinks import metrics
from sinks.batch import Batcher, Item, Limits, Partition
from sinks.consumer import DeadLetters, Record, Source, SourceError
from sinks.policy import DeadLetterLimit, backoff_ms
from sinks.rows import MAX_VERSION, Row
from sinks.store import Store, UnavailableError, UnusableError
from sinks.tables import EVENTS
from sinks.writing import Writing

POLL_MS: Final = 200
LAG_EVERY_MS: Final = 2_000
LETTERS_AT_ONCE: Final = 200
CLOSING_TRIES: Final = 3

Read = Callable[[bytes | None, int], Row | Refused | None]


class Sink:
    """The service without its process. ``clock`` is in ms; ``readers`` says how to read each topic's records."""

    def __init__(
        self,
        source: Source,
        store: Store,
        dead: DeadLetters,
        readers: Mapping[str, Read],
        *,
        limits: Limits,
        clock: Callable[[], int],
        chance: Callable[[], float] = random.random,
        dead_letter_limit: DeadLetterLimit | None = None,
    ) -> None:
        self._source, self._store, self._dead = source, store, dead
        self._readers, self._limits, self._clock, self._chance = readers, limits, clock, chance
        self._batcher: Batcher[Record] = Batcher(limits)
        self._backlog: deque[tuple[Partition, Record]] = deque()
        self._letters: list[DeadLetter] = []
        self._letter_bytes = 0
        self._uncommitted: dict[Partition, int] = {}
        self._limit = dead_letter_limit or DeadLetterLimit()
        self._stuck: Writing[Record] | None = None
        self._again_at = 0
        self._lag_at = 0
        self._stopping = False
        self._log = log.get("sink")

    def stop(self) -> None:
        """End :meth:`run` soon; safe to call from a signal handler."""
        self._stopping = True

    def why_not_ready(self) -> str | None:
        """``None`` when rows flow, else why not."""
        if self._stuck is not None:
            return "the store is unavailable: a batch is kept and tried again"
        return None if self._source.assigned() else "no partition is assigned yet"

    def run(self) -> None:
        """Work until :meth:`stop`, then store and commit what is there. Raises :class:`UnusableError`."""
        while not self._stopping:
            self.step()
        self._finish()

    def _is_stuck(self) -> bool:
        return self._stuck is not None

    def step(self) -> None:
        """Do one round: a poll, and what follows from it."""
        now = self._clock()
        if self._stuck is not None:
            self._wait_and_retry(now)
            return
        if not self._backlog:
            self._poll(self._batcher.wait_ms(now))
            now = self._clock()
        self._work_off(now)
        if not self._is_stuck() and self._batcher.due(now):
            self._flush(now)
        if now >= self._lag_at:
            self._lag_at = now + LAG_EVERY_MS
            for lag in self._source.lag():
                metrics.LAG.labels(lag.topic, str(lag.partition)).set(lag.records)

    def _poll(self, longest: int | None) -> None:
        wait = POLL_MS if longest is None else max(1, min(POLL_MS, longest))
        try:
            for partition, records in self._source.poll(wait):
                metrics.RECORDS.labels(partition[0]).inc(len(records))
                self._backlog.extend((partition, record) for record in records)
        except SourceError as error:
            metrics.ERRORS.labels("poll").inc()
            self._log.warning("the broker could not be read", error=str(error))

    def _work_off(self, now: int) -> None:
        """Put what was read into the batch; stop where a full batch cannot be stored now."""
        backlog, add, readers = self._backlog, self._batcher.add, self._readers
        while backlog:
            partition, record = backlog.popleft()
            row = readers[partition[0]](record.value, record.offset)
            if isinstance(row, Refused):
                self._put_aside(record, f"{row.where}: {row.why}" if row.where else row.why, now)
                row = None
            elif row is not None:
                self._limit.good()
            full = add(partition, record.offset, row, record, now)
            if full or len(self._letters) >= LETTERS_AT_ONCE or self._letter_bytes >= self._limits.bytes:
                self._flush(self._clock())
                if self._is_stuck():
                    return

    def _put_aside(self, record: Record, why: str, now: int) -> None:
        self._letters.append(
            DeadLetter(
                topic=record.topic, partition=record.partition, offset=record.offset, reason=why, key=record.key,
                value=record.value or b"", at=now,
            )
        )  # fmt: skip
        self._letter_bytes += len(record.value or b"")
        if self._limit.bad():
            self._send_letters()
            raise UnusableError(
                f"{record.topic}[{record.partition}] at offset {record.offset}: too many records in a row could not be "
                f"used, the last because {why}; nothing beyond the last good one is committed"
            )

    def _flush(self, now: int) -> None:
        batch = self._batcher.take()
        if batch is not None:
            self._try(Writing(batch, self._refused), now)

    def _refused(self, item: Item[Record], why: str) -> None:
        metrics.ERRORS.labels("rejected").inc()
        self._put_aside(item.origin, f"the store does not take it: {why}", self._clock())

    def _try(self, writing: Writing[Record], now: int) -> bool:
        """Store one batch and commit it; on failure keep it and pause."""
        started = self._clock()
        try:
            writing.run(self._store)
            self._send_letters()
        except (UnavailableError, SourceError) as error:
            metrics.ERRORS.labels("unavailable").inc()
            wait = backoff_ms(writing.attempts, self._chance())
            self._log.warning(
                "the store is unavailable, the batch is kept", error=str(error), rows=writing.batch.rows,
                attempt=writing.attempts, again_in_ms=wait,
            )  # fmt: skip
            self._stuck, self._again_at = writing, now + wait
            self._source.pause()
            metrics.PAUSED.set(1)
            return False
        self._measure(writing, started)
        self._uncommitted.update(writing.offsets)
        self._commit()
        return True

    def _send_letters(self) -> None:
        if not self._letters:
            return
        self._dead.send(self._letters)
        for letter in self._letters:
            metrics.DEAD_LETTERS.labels(letter.topic).inc()
        self._log.warning(
            "records were put into the dead letters", records=len(self._letters), reason=_kind_of(self._letters[-1])
        )
        self._letters = []
        self._letter_bytes = 0

    def _commit(self) -> None:
        """Commit what is stored. A failure costs a repeat at most: these offsets go with the next commit."""
        try:
            self._source.commit(self._uncommitted)
            self._uncommitted = {}
        except SourceError as error:
            metrics.ERRORS.labels("commit").inc()
            self._log.warning("offsets could not be committed now", error=str(error))

    def _wait_and_retry(self, now: int) -> None:
        # Paused, a poll brings nothing; records of partitions that were assigned this moment go into the backlog.
        self._poll(max(1, self._again_at - now))
        now = self._clock()
        writing = self._stuck
        if writing is None or now < self._again_at:
            return
        self._stuck = None
        if self._try(writing, now):
            self._log.info("the store is back", rows=writing.batch.rows, attempts=writing.attempts)
            self._source.resume()
            metrics.PAUSED.set(0)

    def _finish(self) -> None:
        """Store what is at hand, with a few tries; what then is not stored is not committed either, and read again."""
        writing, self._stuck = self._stuck, None
        for _ in range(CLOSING_TRIES):
            if writing is None:
                batch = self._batcher.take()
                writing = Writing(batch, self._refused) if batch is not None else None
            if writing is None or self._try(writing, self._clock()):
                writing = None
                continue
            self._stuck = None
        if writing is not None:
            self._log.warning("ended with a batch that is not stored: it will be read again", rows=writing.batch.rows)

    def _measure(self, writing: Writing[Record], started: int) -> None:
        now = self._clock()
        if writing.batch.rows:
            metrics.FLUSH_SECONDS.observe((now - started) / 1000)
            metrics.BATCH_ROWS.observe(writing.batch.rows)
            metrics.LAST_FLUSH.set(now / 1000)
        for table, rows in writing.stored.items():
            metrics.ROWS.labels(table).inc(rows)
        events = writing.batch.tables.get(EVENTS.name)
        if events:
            oldest = MAX_VERSION - max(item.row.version for item in events)
            metrics.STORED_AFTER.observe(max(0, now - oldest) / 1000)


def _kind_of(letter: DeadLetter) -> str:
    """The reason without what may quote the record."""
    return letter.reason.partition(":")[0][:80]
