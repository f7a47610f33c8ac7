"""Schedules for the decisions of notifiers: two of them over one log, receivers whose answers get lost, and time.

Real are the decisions (:mod:`sinks.notify.decide`); fake are the log, the receivers and the clock, and the order of what the
service does around the decisions: read, decide, send, keep the record, only then send more. At the end the faults stop, and then

- every alert that stands open was told to every channel that wants it, and where it counts also its end;
- nothing was told twice but where the first telling could not be known: its answer was lost, its notifier died before the
  record was kept, or had been given up and did not know.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from typing import Any, Final, NamedTuple

from huoqun.notify_config import NotifyRoute
from huoqun.results import Alert, Delivery
from sinks.notify.case import Case, Deeds
from sinks.notify.decide import Decider
from sinks.notify.lane import Traits
from sinks.notify.ledger import marks_of
from sinks.notify.notice import Again, Limit, Notice, Sent
from sinks.notify.rules import Rules
from tests.sim.shrinking import least
from tests.support.notifying import DAY, KEEPER, MINUTE, NOON, SECOND, action, alert, configured

GROUPS: Final = {"a": "1", "b": "1", "c": "2", "d": "night", "e": "3"}
ROUTES: Final = [
    NotifyRoute(name="all", channels=["chat", "pager"], escalate_after_minutes=15, escalate_to=["boss"]),
    NotifyRoute(name="worse", channels=["boss"], severity="critical", critical_in_quiet_hours=False),
]
CHANNELS: Final = {"chat": Traits(), "pager": KEEPER, "boss": Traits(limit=Limit(2, MINUTE))}
RULES: Final = Rules(configured(*ROUTES, failing_minutes=1440))
ONCE: Final = ("raised", "digest", "escalated", "acked", "resolved")
DID: Final = ("acknowledge", "resolve", "reopen", "assign")
WEIGHTS: Final = {
    "raise": 8, "end": 4, "unseen": 1, "act": 4, "repeat": 2, "time": 14, "read": 14, "decide": 14, "arrive": 14, "keep": 12, "crash": 3,
    "overtake": 2, "give_up": 2,
}  # fmt: skip
MOST_ACTIONS: Final = 120
AFTERWARDS: Final = 2 * DAY
STEPS_AFTERWARDS: Final = 400

Action = tuple[str, int, int]
Told = tuple[str, str, str, int, str]
"""Channel, step, alert, when it was raised, and of an escalation the severity."""


class Run(NamedTuple):
    """One schedule and what came of it."""

    seed: int
    actions: list[Action]
    wrong: list[str]

    def told(self) -> str:
        """Return the run as people read it."""
        steps = ", ".join(f"{name} {a} {b}" for name, a, b in self.actions)
        return "\n".join([f"seed {self.seed}: {steps}", *(f"  WRONG: {wrong}" for wrong in self.wrong[:6])])


def run(seed: int) -> Run:
    """Do what follows from a number."""
    rng = random.Random(seed)
    names = list(WEIGHTS)
    if rng.random() < 0.3:  # in peace
        names = [name for name in names if name not in ("crash", "overtake", "give_up")]
    chosen = rng.choices(names, [WEIGHTS[name] for name in names], k=rng.randint(10, MOST_ACTIONS))
    actions = [(name, rng.randrange(1_000), rng.randrange(1_000)) for name in chosen]
    return Run(seed, actions, play(actions))


def play(actions: list[Action]) -> list[str]:
    """Return what is wrong after a schedule."""
    world = _World()
    for name, first, second in actions:
        getattr(world, f"do_{name}")(first, second)
    world.end_in_peace()
    return list(world.wrong())


def shrunk(found: Run) -> Run:
    """Return a run with as little in it as still goes wrong."""
    actions = least(found.actions, lambda some: bool(play(some)))
    return Run(found.seed, actions, play(actions))


class _Notifier:
    """One life of a notifier."""

    def __init__(self, log: list[tuple[Any, int]], now: int) -> None:
        self._log, self._position, self._whole = log, 0, len(log)
        self.decider = Decider(RULES, CHANNELS, now)
        self.sending: dict[str, Notice] = {}
        self.keeping: dict[str, Delivery] = {}

    def read(self, most: int) -> None:
        for record, heard in self._log[self._position : self._position + most]:
            if isinstance(record, Alert):
                self.decider.read_alert(record, heard)
            elif isinstance(record, Delivery):
                self.decider.read_delivery(record)
            else:
                self.decider.read_action(record)
        self._position = min(len(self._log), self._position + most)

    def decide(self, now: int) -> None:
        """Nothing is decided before everything was read that was there when it began."""
        if self._position >= self._whole:
            self.sending |= {notice.channel: notice for notice in self.decider.due(now)}

    def uncertain(self) -> Iterator[Told]:
        """Yield what others cannot know to be told: it may be by now, or will be, and no record says so."""
        for notice in self.sending.values():
            yield from _told(notice)
        for record in self.keeping.values():
            yield from _told_of(record)


class _World:
    def __init__(self) -> None:
        self.now = NOON
        self.log: list[tuple[Any, int]] = []
        self.latest: dict[str, Alert] = {}
        self.number = 0
        self.seen: Counter[Told] = Counter()
        self.excused: Counter[Told] = Counter()
        self.last_told: dict[tuple[str, str], int] = {}
        """Channel and alert -> when it last heard of it."""
        self.kept_open: dict[str, list[Told]] = {}
        """Alert -> what who keeps alerts was told of it since it was last told its end, whenever it was raised."""
        self.leader = _Notifier(self.log, self.now)
        self.overtaken: _Notifier | None = None
        """Goes on until it hears that another one leads."""

    def who(self, number: int) -> _Notifier:
        return self.overtaken if self.overtaken is not None and number % 3 == 0 else self.leader

    def add(self, record: Any) -> None:
        self.log.append((record, self.now))

    def tell(self, notice: Notice) -> None:
        told = _told(notice)
        self.seen.update(told)
        for each in told:
            channel, step, name, _, _ = each
            self.last_told[channel, name] = self.now
            if channel == "pager":
                self.kept_open[name] = [] if step == "resolved" else [*self.kept_open.get(name, []), each]

    def do_raise(self, which: int, how: int) -> None:
        name = list(GROUPS)[which % len(GROUPS)]
        before = self.latest.get(name)
        at = before.raised_at if before is not None and before.state == "open" else self.now
        self.hear(name, at=at, severity=("info", "warning", "critical")[how % 3])

    def do_end(self, which: int, how: int) -> None:
        name = list(GROUPS)[which % len(GROUPS)]
        old = self.latest.get(name)
        if old is not None and old.state == "open":
            state = ("resolved", "expired")[how % 2]
            self.hear(name, at=old.raised_at, severity=old.severity, state=state, ended=self.now)

    def do_unseen(self, which: int, how: int) -> None:
        """It ends, is raised anew and ends again, as while the broker is away: who reads then finds it over."""
        self.do_end(which, how)
        self.do_raise(which, how)
        self.do_end(which, how // 2)

    def hear(self, name: str, **more: Any) -> None:
        self.number += 1
        self.now += 1
        self.latest[name] = alert(name, group=GROUPS[name], version=self.number, **more)
        self.add(self.latest[name])

    def do_act(self, which: int, how: int) -> None:
        self.number += 1
        name = list(GROUPS)[which % len(GROUPS)]
        if how % 5 == 0:
            record = action(name, "snooze", self.now, number=str(self.number), until=self.now + how * MINUTE)
        else:
            record = action(name, DID[how % len(DID)], self.now, number=str(self.number))
        self.add(record)

    def do_repeat(self, which: int, _: int) -> None:
        """A record comes once more, as after a crash of who wrote it."""
        if self.log:
            self.add(self.log[which % len(self.log)][0])

    def do_time(self, passed: int, much: int) -> None:
        self.now += passed * (SECOND if much < 800 else MINUTE) // 10

    def do_read(self, who: int, most: int) -> None:
        self.who(who).read(most % 9 + 1)

    def do_decide(self, who: int, _: int) -> None:
        self.who(who).decide(self.now)

    def do_arrive(self, who: int, how: int) -> None:
        notifier = self.who(who)
        if not notifier.sending:
            return
        channel = list(notifier.sending)[who % len(notifier.sending)]
        notice = notifier.sending.pop(channel)
        reached, answered = how >= 300, how >= 400
        if reached:
            self.tell(notice)
        if reached and (not answered or notifier is self.overtaken):
            self.excused.update(_told(notice))
        outcome = Sent() if answered else Again(0, "no answer")
        record = notifier.decider.ended(channel, outcome, self.now, how / 1_000)
        if record is not None:
            notifier.keeping[channel] = record

    def do_keep(self, who: int, how: int) -> None:
        notifier = self.who(who)
        if not notifier.keeping:
            return
        channel = list(notifier.keeping)[who % len(notifier.keeping)]
        if how >= 200:
            self.add(notifier.keeping[channel])
        if how >= 300:  # else the broker's answer is lost, and it is written again
            del notifier.keeping[channel]
            notifier.decider.recorded(channel)

    def do_crash(self, who: int, lost: int) -> None:
        notifier = self.who(who)
        self.excused.update(notifier.uncertain())
        for notice in notifier.sending.values():
            if lost % 2:  # it was on the wire
                self.tell(notice)
        if notifier is self.overtaken:
            self.overtaken = None
        else:
            self.leader = _Notifier(self.log, self.now)

    def do_overtake(self, _: int, __: int) -> None:
        if self.overtaken is None:
            self.overtaken, self.leader = self.leader, _Notifier(self.log, self.now)
            self.excused.update(self.overtaken.uncertain())

    def do_give_up(self, _: int, __: int) -> None:
        """The overtaken one hears of it, and lets what is on its way arrive and be recorded."""
        gone, self.overtaken = self.overtaken, None
        if gone is None:
            return
        for channel, notice in gone.sending.items():
            self.tell(notice)
            self.excused.update(_told(notice))
            record = gone.decider.ended(channel, Sent(), self.now, 0.5)
            if record is not None:
                self.add(record)
        for record in gone.keeping.values():
            self.add(record)

    def end_in_peace(self) -> None:
        """Everything is read, arrives and is recorded from now on; time passes until nobody waits for anything."""
        self.do_give_up(0, 0)
        until = self.now + AFTERWARDS
        while self.now < until:
            self.now += AFTERWARDS // STEPS_AFTERWARDS if not self.leader.sending else SECOND
            self.leader.read(len(self.log))
            self.leader.decide(self.now)
            while self.leader.sending:
                self.do_arrive(1, 999)
            while self.leader.keeping:
                self.do_keep(1, 999)

    def wrong(self) -> Iterator[str]:
        for told, count in self.seen.items():
            if told[1] in ONCE and count > 1 + self.excused[told]:
                yield f"{told} was told {count} times, {self.excused[told]} of them uncertain"
        for name, last in self.latest.items():
            case, deeds = Case(last, 0), Deeds()
            for record, _ in self.log:
                if not isinstance(record, Alert | Delivery) and record.item == name:
                    deeds.add(record)
            phase = case.standing(deeds, self.now).phase
            if phase == "open":
                # Who hears of an earlier raising after this one knows that it is open.
                missing = [c for c in CHANNELS if self.last_told.get((c, name), -1) < last.raised_at]
                if missing:
                    yield f"{name} stands open, and {missing} were not told"
            elif phase in ("resolved", "expired"):
                left = self.kept_open.get(name, ())
                # Nobody knows of a first telling that was not recorded, if it is over before it is told again.
                if left and not any(self.excused[told] for told in left):
                    yield f"{name} is over, and who keeps it open was not told"


def _told(notice: Notice) -> list[Told]:
    return [
        (
            notice.channel,
            notice.step,
            item.alert_id,
            item.raised_at,
            item.severity if notice.step == "escalated" else "",
        )
        for item in notice.items
    ]


def _told_of(record: Delivery) -> list[Told]:
    return [
        (
            record.channel,
            record.step,
            mark.alert_id,
            mark.raised_at,
            mark.severity if record.step == "escalated" else "",
        )
        for mark in marks_of(record)
    ]
