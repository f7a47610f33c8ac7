"""A worker's process around the real loop, and the group that gives partitions to workers."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Iterator
from typing import Any, Final

from huoqun.config import Config
from streams.agent import Incoming, Limits, Loop
from streams.core.lag import Lag
from streams.core.partition import Partition
from streams.outbox import Outbox, Written
from streams.saves import Known, Recovered, epoch_headers, recover
from streams.weights import answer_model
from tests.sim.world import LOG, PREFIX, Broker, Changelog, Sender

ANSWERS: Final = answer_model("")
"""Read once, as a worker does it."""
LIMITS = Limits(seconds=0.4, events=8)


class Worker:
    """One process: it knows of its assignment what it was last told, and may be wrong."""

    def __init__(self, broker: Broker, config: Config, lag: Lag) -> None:
        self.broker = broker
        self.generation = -1
        self.held: set[int] = set()
        self.rebalancing = True
        self.alive = True
        self.stalled = False
        """The group has given it up; it does not know."""
        self.positions: dict[int, int] = {}
        self.ready: dict[int, int] = {}
        """What may be committed: partition -> offset."""
        self.sender = Sender(broker)
        self.outbox = Outbox(self.sender, linger=0.05, max_record=1_000_000)
        self.changelog = Changelog(broker, self.outbox)
        self.loop = Loop(PREFIX, lambda number: Partition(number, config, lag, ANSWERS), self, LIMITS)
        self.tasks: set[asyncio.Task[Any]] = set()
        self.agent: asyncio.Task[None] | None = None

    # What the loop needs of the world: as `streams.app.FaustPorts` has it.

    def put(
        self, topic: str, partition: int, records: Iterable[tuple[bytes, bytes | None]], *, epoch: int | None = None
    ) -> Iterable[Awaitable[Written]]:
        return self.outbox.put(topic, partition, records, headers=None if epoch is None else epoch_headers(epoch), at=0)

    def flush(self) -> None:
        self.outbox.flush()

    async def room(self) -> None:
        await self.outbox.room()

    def holds(self, partition: int, generation: int) -> bool:
        return not self.rebalancing and self.owns(partition, generation)

    def owns(self, partition: int, generation: int) -> bool:
        return generation == self.generation and partition in self.held

    def end(self, partition: int) -> int:
        return len(self.broker.records(LOG, partition))

    async def recover(self, partition: int, known: Known | None) -> Recovered:
        return await recover(self.changelog, partition, known)

    def release(self, partition: int, offset: int, generation: int) -> None:
        if generation == self.generation and not self.rebalancing:
            self.ready[partition] = offset

    # What the driver lets it do.

    def start(self, job: Any) -> asyncio.Task[Any]:
        task = asyncio.get_running_loop().create_task(job)
        self.tasks.add(task)
        task.add_done_callback(self._ended)
        return task

    def _ended(self, task: asyncio.Task[Any]) -> None:
        self.tasks.discard(task)
        if not task.cancelled():
            task.exception()  # the loop has it, too

    def fetch(self, most: int) -> None:
        """Hand the agent what a fetch brings, if it has worked off the last."""
        if self.rebalancing or (self.agent is not None and not self.agent.done()):
            return
        batches = []
        for partition in sorted(self.held):
            at = self.positions[partition]
            some = self.broker.records(LOG, partition)[at : at + most]
            if some:
                self.positions[partition] = some[-1].offset + 1
                keys = {record.offset: record.key for record in some}
                records = [(record.offset, record.value) for record in some]
                batches.append(Incoming(partition, self.generation, records, keys.get))
        if batches:
            self.agent = self.start(self._take(batches))

    async def _take(self, batches: list[Incoming]) -> None:
        for batch in batches:
            await self.loop.take(batch)

    def commit(self) -> None:
        """Commit what may be; the broker refuses a member that it has given up."""
        if not self.stalled and not self.rebalancing:
            for partition, offset in self.ready.items():
                self.broker.committed[partition] = max(self.broker.committed.get(partition, 0), offset + 1)
        self.ready.clear()

    def kill(self) -> None:
        """End it at once. What it has sent may still arrive."""
        self.alive = False
        self.rebalancing = True
        for task in [*self.tasks, *self.loop._tasks]:
            task.cancel()
        if self.loop._preparing is not None:
            self.loop._preparing.cancel()


class Group:
    """The workers and who holds what."""

    def __init__(self, broker: Broker, make: Callable[[], Worker]) -> None:
        self._broker, self._make = broker, make
        self.workers: list[Worker] = []
        """Those that live …"""
        self.ended: list[Worker] = []
        """… and those that do not."""
        self.generation = 0
        self._again = False
        self.running: asyncio.Task[None] | None = None

    @property
    def members(self) -> list[Worker]:
        return [worker for worker in self.workers if not worker.stalled]

    def add(self) -> None:
        self.workers.append(self._make())
        self.rebalance()

    def remove(self, worker: Worker) -> None:
        """Let one end at once, and another begin if it was the last that the group has."""
        worker.kill()
        self.workers.remove(worker)
        self.ended.append(worker)
        if self.members:
            self.rebalance()
        else:
            self.add()

    def end(self) -> None:
        """Let all end at once."""
        for worker in self.workers:
            worker.kill()
        self.ended += self.workers
        self.workers.clear()

    def parts(self) -> Iterator[object]:
        """Of those that ended."""
        for worker in self.ended:
            yield from (worker.loop, worker.outbox, worker)

    def rebalance(self) -> None:
        """Begin a rebalance; one that is under way is followed by another."""
        self._again = True
        if self.running is None or self.running.done():
            self.running = asyncio.get_running_loop().create_task(self._rebalance())

    async def _rebalance(self) -> None:
        while self._again:
            self._again = False
            await asyncio.gather(*(self._suspend(worker) for worker in self.members))
            members = self.members
            if not members:
                continue
            self.generation += 1
            for worker in members:
                worker.generation = self.generation
                worker.held = set()
            for partition in range(self._broker.partitions):
                members[(partition + self.generation) % len(members)].held.add(partition)
            for worker in members:
                worker.positions = {p: self._broker.committed.get(p, 0) for p in worker.held}
                worker.rebalancing = False
                worker.loop.resume(worker.held, worker.generation)

    async def _suspend(self, worker: Worker) -> None:
        worker.rebalancing = True
        worker.ready.clear()
        job = worker.start(worker.loop.suspend())
        await asyncio.wait([job])
