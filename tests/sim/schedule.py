"""One run: a chat, a schedule of what happens, and what is wrong at the end. All of it follows from a number.

Some numbers in a row share a chat.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from functools import lru_cache
from types import SimpleNamespace
from typing import Final, NamedTuple

import sinks.service
import streams.agent
from huoqun import codec
from huoqun.control import ERASE_KEY, Erase, Generation, Tick
from huoqun.events import Event
from sinks.batch import Limits
from sinks.process import readers
from sinks.service import Sink
from streams.core.lag import Lag
from streams.saves import Replay
from tests.sim import chats
from tests.sim.chats import Item
from tests.sim.erasing import Eraser, traces
from tests.sim.loop import SimLoop
from tests.sim.oracle import CONFIG, Chat
from tests.sim.shrinking import least
from tests.sim.workers import Group, Worker
from tests.sim.world import CHANGELOG, LETTERS, LOG, PREFIX, Broker, Clock, Letters, Source, Store
from tests.unit.core.strategies import T0

_SMALL, _MIDDLING, _BIG = (6, 30), (12, 45), (24, 90)
SIZES: Final = (_SMALL, _MIDDLING, _SMALL, _MIDDLING, _BIG, _MIDDLING, _SMALL, _MIDDLING)
"""The most events of a chat, and the most actions of its schedules, of which a third are the least. In the same time small ones
find as many planted bugs as big ones; some need a long history, and of those that do not there are more."""
MOST_WORKERS: Final = 3
ROUNDS: Final = 120
QUIET_ROUNDS: Final = 2
OF_A_CHAT: Final = 4
"""Schedules of one chat."""

Action = tuple[str, int, int]
WEIGHTS: Final = {
    "accept": 14,
    "tick": 6,
    "fetch": 14,
    "network": 20,
    "time": 10,
    "commit": 6,
    "sink": 8,
    "round": 8,
    "crash": 4,
    "join": 2,
    "stall": 3,
    "wake": 2,
    "stop": 1,
    "refuse": 1,
    "sink_crash": 1,
    "store_fails": 2,
    "commit_fails": 1,
}


class Run(NamedTuple):
    """What was done, and what was found."""

    seed: int
    items: Sequence[Item]
    lag: Lag
    actions: list[Action]
    wrong: list[str]

    def told(self) -> str:
        """Return the run as people read it."""
        lines = [f"seed {self.seed}: {self.lag}", *(f"  log: {item!r}" for item in self.items)]
        lines += ["  then: " + ", ".join(f"{name} {a} {b}" for name, a, b in self.actions)]
        return "\n".join([*lines, *(f"  WRONG: {wrong}" for wrong in self.wrong[:6])])


def run(seed: int) -> Run:
    """Do what follows from a number."""
    rng = random.Random(seed)
    lag = Lag(
        checkpoints=rng.randint(1, 6),
        work=rng.choice((1, 5, 20, 1_000)),
        silent=rng.choice((0, 1, 3)),
        compaction=rng.choice((0, 300, 100_000)),
        steps=rng.choice((0, 3, 1_000)),
        little=rng.choice((0, 0, 9, 2_000)),
        spare=rng.choice((1, 5, 100)),
    )
    number = seed // OF_A_CHAT
    chat = told(number)
    names = list(WEIGHTS)
    if rng.random() < 0.3:  # in peace
        names = ["accept", "tick", "fetch", "network", "time", "commit", "sink", "round", "crash"]
    most = SIZES[number % len(SIZES)][1]
    chosen = rng.choices(names, [WEIGHTS[name] for name in names], k=rng.randint(most // 3, most))
    numbers = rng.choices(range(1_000), k=2 * len(chosen))
    actions = list(zip(chosen, numbers[::2], numbers[1::2], strict=True))
    return Run(seed, chat.items, lag, actions, play(chat, lag, actions))


@lru_cache(1)
def told(number: int) -> Chat:
    """Return a chat by its number."""
    most, _ = SIZES[number % len(SIZES)]
    return Chat(chats.chat(random.Random(f"chat {number}"), most, erasing=number % 3 == 1))


def play(chat: Chat, lag: Lag, actions: list[Action]) -> list[str]:
    """Return what is wrong after a schedule."""
    loop = SimLoop()
    play = _Play(loop, chat, lag)
    with loop.running():
        play.all(actions)
    wrong = play.wrong
    for part in (
        *play.group.parts(),
        play,
        loop,
    ):  # they refer to each other: to find that out took a tenth of the time
        vars(part).clear()
    return wrong


def shrunk(found: Run) -> Run:
    """Return a run with as little in it as still goes wrong."""
    items, actions = list(found.items), found.actions
    items = least(items, lambda some: bool(play(Chat(some), found.lag, actions)))
    actions = least(actions, lambda some: bool(play(Chat(items), found.lag, some)))
    items = least(items, lambda some: bool(play(Chat(some), found.lag, actions)))
    return Run(found.seed, items, found.lag, actions, play(Chat(items), found.lag, actions))


def _nothing(*_: object) -> None:
    pass


class _Mute:
    """A metric that nobody reads."""

    inc = observe = set = staticmethod(_nothing)

    def labels(self, *_: object) -> _Mute:
        return self


class _Metrics:
    def __getattr__(self, name: str) -> _Mute:
        mute = self.__dict__[name] = _Mute()
        return mute


_METRICS: Final = _Metrics()
_READERS: Final = {
    name.replace(f"{CONFIG.kafka.topic_prefix}.", f"{PREFIX}.", 1): reader for name, reader in readers(CONFIG).items()
}


class _Done:
    """A job of the sink that was done here and now."""

    def __init__(self, job: Callable[[], bool]) -> None:
        self._failure: Exception | None = None
        self._well = False
        try:
            self._well = job()
        except Exception as error:  # noqa: BLE001  # whoever asks for the result gets it
            self._failure = error

    def done(self) -> bool:
        return True

    def result(self) -> bool:
        if self._failure is not None:
            raise self._failure
        return self._well


class _Play:
    def __init__(self, loop: SimLoop, chat: Chat, lag: Lag) -> None:
        self.loop = loop
        self.chat = chat
        self.next = 0
        """Of the chat's items: the one that is accepted next."""
        self.poison: set[bytes] = set()
        self.wall = T0
        self.wrong: list[str] = []
        self.broker = Broker(2)
        self.group = Group(self.broker, lambda: Worker(self.broker, CONFIG, lag))
        self.store = Store()
        self.clock = Clock(0)
        self.letters = Letters()
        self.open_sink()
        # The loop's own clocks: the simulated ones.
        streams.agent.time = SimpleNamespace(monotonic=loop.time)  # type: ignore[assignment]
        streams.agent.now_ms = lambda: self.wall
        # Half of the time went into looking at all of this process's objects whenever a state is dropped.
        streams.agent.memory = SimpleNamespace(filling=nullcontext, forget=_nothing)  # type: ignore[assignment]
        streams.agent.metrics = sinks.service.metrics = _METRICS  # type: ignore[assignment]
        for partition in range(self.broker.partitions):
            for control in (Generation(7), Tick(self.wall)):  # before the first tick nobody waits for rests
                self.broker.append(LOG, partition, None, codec.encode(control))

    def open_sink(self) -> None:
        self.source = Source(self.broker, _READERS)
        self.sink = Sink(
            self.source,
            self.store,
            self.letters,
            _READERS,
            limits=Limits(rows=12, bytes=1_000_000, age_ms=20, idle_ms=50, hurried_ms=5),
            clock=self.clock,
            submit=_Done,  # type: ignore[arg-type]  # a future of fewer parts
            chance=lambda: 0.0,
            eraser=Eraser(self.store),
        )

    def all(self, actions: Sequence[Action]) -> None:
        self.group.add()
        for name, first, second in actions:
            getattr(self, f"do_{name}")(first, second)
            self.others()
        self.quiet()
        self.judge()
        self.group.end()
        self.loop.go_on(4)

    def others(self) -> None:
        """Let everybody go on; those whose loop failed end, and are started again."""
        self.loop.go_on(4)
        for worker in list(self.group.workers):
            failure = worker.loop.failure
            if failure is not None:
                if not isinstance(failure, OSError | streams.agent.OvertakenError):
                    self.wrong.append(f"a worker failed: {failure!r}")
                self.group.remove(worker)

    def pick(self, number: int) -> Worker:
        workers = self.group.workers
        return workers[number % len(workers)]

    def do_accept(self, many: int, _: int) -> None:
        items, values = self.chat.items, self.chat.values
        for _ in range(min(many % 4 + 1, len(items) - self.next)):
            item, value = items[self.next], values[self.next]
            self.next += 1
            if isinstance(item, Erase):
                self.tick(item.at)
                for partition in range(self.broker.partitions):
                    self.broker.append(LOG, partition, ERASE_KEY, value)
            elif isinstance(item, Event):
                self.wall = max(self.wall, item.received_at)
                self.broker.append(LOG, int(item.group_id) % self.broker.partitions, item.group_id.encode(), value)
            else:
                partition = many % self.broker.partitions
                offset = self.broker.append(LOG, partition, b"?", value)
                self.poison.add(f"{LOG}/{partition}/{offset}".encode())

    def do_round(self, who: int, _: int) -> None:
        """Let one worker work, and everything arrive that was sent."""
        for _ in range(who % 3 + 1):
            worker = self.pick(who)
            worker.fetch(50)
            for _ in range(2):
                self.others()
                while self.broker.lanes:
                    self.broker.take(self.broker.lanes[0], "ok")
                self.do_time(300, 0)
            worker.commit()

    def do_tick(self, passed: int, _: int) -> None:
        self.tick(max(self.wall, min(self.wall + passed * 20, self.chat.until[self.next])))

    def tick(self, now: int) -> None:
        self.wall = now
        for partition in range(self.broker.partitions):
            self.broker.append(LOG, partition, None, codec.encode(Tick(self.wall)))

    def do_fetch(self, who: int, most: int) -> None:
        self.pick(who).fetch(most % 11 + 1)

    def do_network(self, which: int, how: int) -> None:
        for _ in range(which % 5 + 1):
            lanes = self.broker.lanes
            if lanes:
                self.broker.take(lanes[which % len(lanes)], "twice" if how < 20 else "somewhere" if how < 40 else "ok")

    def do_time(self, passed: int, _: int) -> None:
        self.loop.now += passed / 1_000
        self.clock.now += passed
        for worker in self.group.workers:
            worker.loop.begin_due(self.loop.now)

    def do_commit(self, who: int, _: int) -> None:
        self.pick(who).commit()

    def do_sink(self, _: int, __: int) -> None:
        self.clock.now += 30
        self.sink.step()

    def do_crash(self, who: int, lost: int) -> None:
        worker = self.pick(who)
        for lane in list(worker.sender.lanes.values()):
            while len(lane.parcels) > lost % 4:  # the rest is on the wire, and may arrive any time
                lane.parcels.pop()
            if not lane.parcels and lane in self.broker.lanes:
                self.broker.lanes.remove(lane)
        self.group.remove(worker)

    def do_join(self, _: int, __: int) -> None:
        if len(self.group.workers) < MOST_WORKERS:
            self.group.add()

    def do_stall(self, who: int, _: int) -> None:
        worker = self.pick(who)
        if not worker.stalled and not worker.rebalancing:
            worker.stalled = True
            if self.group.members:
                self.group.rebalance()
            else:
                self.group.add()

    def do_wake(self, who: int, _: int) -> None:
        worker = self.pick(who)
        if worker.stalled:
            worker.stalled = False
            self.group.rebalance()

    def do_stop(self, who: int, _: int) -> None:
        worker = self.pick(who)
        if not worker.stalled and not worker.rebalancing:
            worker.start(self._stop(worker))

    async def _stop(self, worker: Worker) -> None:
        try:
            async with asyncio.timeout(4.0):
                await worker.loop.finish()
            worker.commit()
        except (TimeoutError, OSError):
            pass
        if worker.alive:
            worker.tasks.discard(asyncio.current_task())  # type: ignore[arg-type]
            self.group.remove(worker)

    def do_refuse(self, which: int, how: int) -> None:
        if self.broker.lanes:
            self.broker.take(self.broker.lanes[which % len(self.broker.lanes)], "lost" if how < 500 else "unheard")

    def do_sink_crash(self, _: int, __: int) -> None:
        self.open_sink()

    def do_store_fails(self, how: int, _: int) -> None:
        self.store.failure = "before" if how < 500 else "after"

    def do_commit_fails(self, _: int, __: int) -> None:
        self.source.fails = True

    def quiet(self) -> None:
        """Accept what is left, let time end all faults, and wait until nothing changes any more."""
        while self.next < len(self.chat.items):
            self.do_accept(0, 0)
        self.tick(self.chat.end)
        if any(worker.stalled for worker in self.group.workers):
            for worker in self.group.workers:
                worker.stalled = False
            self.group.rebalance()
        self.source.most = 100  # little would be shown by little at a time now, and it takes long
        still, before = 0, -1
        for _ in range(ROUNDS):
            for worker in self.group.workers:
                worker.fetch(100)
                worker.commit()
            self.arrive()
            self.loop.wait(0.2)
            self.do_time(300, 0)
            self.arrive()
            self.do_sink(0, 0)
            count = sum(len(log) for (name, _), log in self.broker.topics.items() if name != CHANGELOG)
            still = still + 1 if count == before and self.done() else 0
            before = count
            if still == QUIET_ROUNDS:
                return
        self.wrong.append("it does not come to rest")

    def arrive(self) -> None:
        """Let everything arrive that is sent, and what is sent when that has arrived."""
        self.others()
        while self.broker.lanes:
            self.broker.take(self.broker.lanes[0], "ok")
            if not self.broker.lanes:
                self.others()

    def done(self) -> bool:
        """Whether everything is applied by who holds it, told, saved, and stored."""
        slots = [slot for worker in self.group.workers for slot in worker.loop._slots.values()]
        applied = {slot.partition: slot.applied for slot in slots}
        whole = all(applied.get(p) == self.broker.records(LOG, p)[-1].offset for p in range(self.broker.partitions))
        return whole and not any(slot.waiting or slot.checkpoint for slot in slots) and not self.source.behind()

    def judge(self) -> None:
        seen, wanted = self.store.view(), self.chat.expected
        if seen != wanted:
            for place in sorted(seen.keys() | wanted.keys()):
                mine, theirs = seen.get(place), wanted.get(place)
                if mine != theirs:
                    self.wrong.append(f"{place}: shows {mine}, should show {theirs}")
        self.wrong += self.store.wrong
        letters = {record.key for record in self.broker.records(LETTERS, 0)}
        if letters != self.poison:
            self.wrong.append(f"dead letters of {letters}, should be of {self.poison}")
        stored = sum(place[0] == "events" for place in seen)
        if stored + self.chat.unstored + len(letters) != len(self.chat.events) + len(self.poison):
            self.wrong.append("accepted is not stored and deduplicated and dead-lettered together")
        self.wrong += [f"the sink put aside {letter}" for letter in self.letters.sent]
        for erase in self.chat.erased:
            self.wrong += traces(erase, self.store.rows, self.saves())

    def saves(self) -> list[tuple[bytes, bytes]]:
        """What the next workers would read of what is saved."""
        found = []
        for partition in range(self.broker.partitions):
            replay = Replay()
            for record in self.broker.records(CHANGELOG, partition):
                replay.feed(record.offset, record.key or b"", record.value, record.headers)
            found += list(replay.entries.items())
        return found
