"""The sink: topics in, rows out. Reads, batches, stores, then commits; in that order, whatever fails.

While one batch is being stored the next one is read: one is on its way at a time, and they are committed in order. Alerts
go ahead of their batch where nothing else is on its way, and are committed with it.

While the store is away the batch is kept, every partition is paused, and polling goes on so that the group keeps us;
tries are repeated with growing, jittered waits, without end. What the store will never take is found by halves and
goes to the dead letters, like a result that could not be read at all. Too many of those in a row, a missing table or a wrong
password end the process: a person has to act.
"""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from typing import Final, NamedTuple

from huoqun import log
from huoqun.deadletter_limit import DeadLetterLimit
from huoqun.deadletters import STORE_SAYS
from huoqun.results import DeadLetter
from sinks import metrics
from sinks.batch import Batcher, Chunk, Limits, Origin
from sinks.consumer import DeadLetters, Source, SourceError
from sinks.erasing import Eraser
from sinks.policy import backoff_ms
from sinks.rows import MAX_VERSION, Reader
from sinks.store import Store, UnavailableError, UnusableError
from sinks.tables import EVENTS
from sinks.writing import Writing

POLL_MS: Final = 200
FLYING_POLL_MS: Final = 10
"""A poll's least wait while a batch is being stored: what is due then waits for that."""
LAG_EVERY_MS: Final = 2_000
LETTERS_AT_ONCE: Final = 200
CLOSING_TRIES: Final = 3

Submit = Callable[[Callable[[], bool]], "Future[bool]"]
"""Starts a job beside this thread (an executor's ``submit``)."""


def at_once(job: Callable[[], bool]) -> Future[bool]:
    """Do the job here and now."""
    done: Future[bool] = Future()
    try:
        done.set_result(job())
    except Exception as error:  # noqa: BLE001  # whoever asks for the result gets it
        done.set_exception(error)
    return done


class _Flight(NamedTuple):
    """A batch that is being stored."""

    writing: Writing
    job: Future[bool]
    started: int


class Sink:
    """The service without its process. ``clock`` is in ms; ``readers`` says how to read each topic's records.

    ``submit`` starts the storing of a batch; by default it is done before anything else. Without an ``eraser`` nobody is
    erased.
    """

    def __init__(
        self,
        source: Source,
        store: Store,
        dead: DeadLetters,
        readers: Mapping[str, Reader],
        *,
        limits: Limits,
        clock: Callable[[], int],
        submit: Submit = at_once,
        chance: Callable[[], float] = random.random,
        dead_letter_limit: DeadLetterLimit | None = None,
        eraser: Eraser | None = None,
    ) -> None:
        self._source, self._store, self._dead = source, store, dead
        self._readers, self._limits, self._clock, self._chance = readers, limits, clock, chance
        self._submit = submit
        self._batcher = Batcher(limits)
        self._eraser = eraser
        self._backlog: deque[Chunk] = deque()
        self._letters: list[DeadLetter] = []
        self._letter_bytes = 0
        self._uncommitted: dict[tuple[str, int], int] = {}
        self._limit = dead_letter_limit or DeadLetterLimit()
        self._flight: _Flight | None = None
        self._stuck: Writing | None = None
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
            self._flush()
        if self._flight is None and not self._is_stuck():
            hurried = self._batcher.take_hurried(now)
            if hurried is not None:
                self._start(Writing(hurried, self._limit.most))
        if self._flight is not None and self._flight.job.done():
            self._land()
        if now >= self._lag_at:
            self._lag_at = now + LAG_EVERY_MS
            if self._uncommitted:
                self._commit()  # the last one failed, and perhaps no other batch comes
            for lag in self._source.lag():
                metrics.LAG.labels(lag.topic, str(lag.partition)).set(lag.records)

    def _poll(self, longest: int | None) -> None:
        least = 1 if self._flight is None else FLYING_POLL_MS
        wait = POLL_MS if longest is None else max(least, min(POLL_MS, longest))
        try:
            for chunk in self._source.poll(wait):
                metrics.RECORDS.labels(chunk.partition[0]).inc(len(chunk.offsets))
                self._backlog.append(chunk)
        except SourceError as error:
            metrics.ERRORS.labels("poll").inc()
            self._log.warning("the broker could not be read", error=str(error))

    def _work_off(self, now: int) -> None:
        """Put what was read into the batch; stop where a full batch cannot be stored now."""
        while self._backlog:
            chunk = self._backlog.popleft()
            parts, refused, erasures = self._readers[chunk.partition[0]](chunk.values, chunk.offsets)
            if self._eraser is not None:
                parts = self._eraser.without_erased(parts)
                self._batcher.erase(erasures)
            if parts:
                self._limit.good()
            for at, why in refused:
                self._put_aside(Origin(chunk, at), f"{why.where}: {why.why}" if why.where else why.why, now)
            full = self._batcher.add(chunk, parts, now)
            if full or len(self._letters) >= LETTERS_AT_ONCE or self._letter_bytes >= self._limits.bytes:
                self._flush()
                if self._is_stuck():
                    return

    def _put_aside(self, origin: Origin, why: str, now: int) -> None:
        chunk, at = origin
        topic, partition = chunk.partition
        offset, value = chunk.offsets[at], chunk.values[at] or b""
        self._letters.append(
            DeadLetter(
                topic=topic,
                partition=partition,
                offset=offset,
                reason=why,
                key=chunk.keys[at],
                value=value,
                at=now,
                service="sink",
            )
        )
        self._letter_bytes += len(value)
        if self._limit.bad():
            self._send_letters()
            raise UnusableError(
                f"{topic}[{partition}] at offset {offset}: too many records in a row could not be "
                f"used, the last because {why}; nothing beyond the last good one is committed"
            )

    def _flush(self) -> None:
        """Send the batch on its way, once the one before it has arrived."""
        if not self._land():
            return
        batch = self._batcher.take()
        if batch is not None:
            self._start(Writing(batch, self._limit.most, self._eraser))

    def _start(self, writing: Writing) -> None:
        def job() -> bool:
            done = writing.run(self._store)
            writing.ended = self._clock()
            return done

        self._flight = _Flight(writing, self._submit(job), self._clock())
        if self._flight.job.done():
            self._land()

    def _land(self) -> bool:
        """Wait for the batch on its way, if there is one, and commit it; on failure keep it, pause, and say False."""
        flight, self._flight = self._flight, None
        if flight is None:
            return True
        writing = flight.writing
        try:
            done = flight.job.result()
            self._put_aside_refused(writing)
            while not done:
                done = writing.run(self._store)
                self._put_aside_refused(writing)
            self._send_letters()
        except (UnavailableError, SourceError) as error:
            self._keep(writing, str(error))
            return False
        self._measure(writing, flight.started)
        self._uncommitted.update(writing.offsets)
        if self._uncommitted:
            self._commit()
        return True

    def _keep(self, writing: Writing, why: str) -> None:
        metrics.ERRORS.labels("unavailable").inc()
        wait = backoff_ms(writing.attempts, self._chance())
        self._log.warning(
            "the store is unavailable, the batch is kept", error=why, rows=writing.batch.rows,
            attempt=writing.attempts, again_in_ms=wait,
        )  # fmt: skip
        self._stuck, self._again_at = writing, self._clock() + wait
        self._source.pause()
        metrics.PAUSED.set(1)

    def _put_aside_refused(self, writing: Writing) -> None:
        refused, writing.refused = writing.refused, []
        for origin, why in refused:
            metrics.ERRORS.labels("rejected").inc()
            self._put_aside(origin, f"{STORE_SAYS}{why}", self._clock())

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
        writing = self._stuck
        if writing is None or self._clock() < self._again_at:
            return
        self._stuck = None
        self._start(writing)
        if self._land() and not self._is_stuck():
            self._log.info("the store is back", rows=writing.batch.rows, attempts=writing.attempts)
            self._source.resume()
            metrics.PAUSED.set(0)

    def _finish(self) -> None:
        """Store what is at hand, with a few tries; what then is not stored is not committed either, and read again."""
        self._land()
        for _ in range(CLOSING_TRIES):
            writing, self._stuck = self._stuck, None
            if writing is not None:
                self._start(writing)
            else:
                self._flush()
            if self._land() and not self._is_stuck() and writing is None:
                return
        if self._stuck is not None:
            rows = self._stuck.batch.rows
            self._log.warning("ended with a batch that is not stored: it will be read again", rows=rows)

    def _measure(self, writing: Writing, started: int) -> None:
        now = writing.ended
        if writing.batch.rows:
            metrics.FLUSH_SECONDS.observe((now - started) / 1000)
            metrics.BATCH_ROWS.observe(writing.batch.rows)
            metrics.LAST_FLUSH.set(now / 1000)
        for table, rows in writing.stored.items():
            metrics.ROWS.labels(table).inc(rows)
        events = writing.batch.tables.get(EVENTS.name)
        if events:
            oldest = MAX_VERSION - max(events.column("version"))
            metrics.STORED_AFTER.observe(max(0, now - oldest) / 1000)


def _kind_of(letter: DeadLetter) -> str:
    """The reason without what may quote the record."""
    return letter.reason.partition(":")[0][:80]
