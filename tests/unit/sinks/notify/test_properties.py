"""Whatever happens in whatever order: every open alert is told, nothing twice, and a crash costs one repeat at most."""

from collections import Counter
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from huoqun.notify_config import NotifyRoute
from huoqun.results import Alert
from sinks.notify.lane import Traits
from sinks.notify.notice import Again, Limit, Notice, Sent
from tests.support.notifying import DAY, HOUR, KEEPER, MINUTE, NOON, SECOND, Life, action, alert, configured

NAMES = ["a", "b", "c", "d"]
GROUPS = {"a": "1", "b": "1", "c": "2", "d": "night"}
ROUTES = [
    NotifyRoute(name="all", channels=["chat", "pager"], escalate_after_minutes=15, escalate_to=["boss"]),
    NotifyRoute(name="worse", channels=["boss"], severity="critical", critical_in_quiet_hours=False),
]
TRAITS = {"pager": KEEPER, "boss": Traits(limit=Limit(2, MINUTE))}
ONCE = ("raised", "digest", "escalated", "acked", "resolved")

changes = st.one_of(
    st.tuples(st.just("raise"), st.sampled_from(NAMES), st.sampled_from(["info", "warning", "critical"])),
    st.tuples(st.just("end"), st.sampled_from(NAMES), st.sampled_from(["resolved", "expired"])),
    st.tuples(st.just("do"), st.sampled_from(NAMES), st.sampled_from(["acknowledge", "resolve", "reopen", "assign"])),
    st.tuples(st.just("snooze"), st.sampled_from(NAMES), st.integers(1, 300)),
    st.tuples(st.just("repeat"), st.sampled_from(NAMES), st.just("")),
    st.tuples(st.just("wait"), st.just(""), st.integers(1, 3 * 3600)),
    st.tuples(st.just("fail"), st.sampled_from(["chat", "boss", "pager"]), st.integers(1, 4)),
    st.tuples(st.just("restart"), st.just(""), st.just(0)),
)


class World:
    """Streams that raise and end, people who act, channels that fail; and what receivers have seen."""

    def __init__(self, start: int) -> None:
        self.life = Life(configured(*ROUTES, failing_minutes=1440), now=start, traits=TRAITS)
        self.latest: dict[str, Alert] = {}
        self.seen: list[Notice] = []
        self.number = 0

    def change(self, what: str, name: str, how: Any) -> None:
        self.number += 1
        now = self.life.now
        if what == "raise":
            before = self.latest.get(name)
            at = before.raised_at if before is not None and before.state == "open" else now
            self.hear(alert(name, at=at, severity=how, group=GROUPS[name], version=self.number))
        elif what == "end" and name in self.latest:
            old = self.latest[name]
            self.hear(
                alert(
                    name,
                    at=old.raised_at,
                    severity=old.severity,
                    group=GROUPS[name],
                    version=self.number,
                    state=how,
                    ended=now,
                )
            )
        elif what == "do":
            self.life.hear(action(name, how, now, number=str(self.number)))
        elif what == "snooze":
            self.life.hear(action(name, "snooze", now, number=str(self.number), until=now + how * MINUTE))
        elif what == "repeat" and name in self.latest:
            self.life.hear(self.latest[name])
        elif what == "wait":
            self.live(now + how * SECOND)
        elif what == "fail":
            self.life.behaves[name] = [Again(0, "503")] * how
        elif what == "restart":
            self.life = self.life.restart()

    def hear(self, record: Alert) -> None:
        self.latest[record.alert_id] = record
        self.life.hear(record)

    def live(self, until: int) -> None:
        self.seen += self.life.pass_time(until, max(SECOND, (until - self.life.now) // 50))

    def told(self) -> Counter[tuple[str, str, str, int, str]]:
        """How often each channel was told a step of an alert."""
        return Counter(
            (n.channel, n.step, item.alert_id, item.raised_at, item.severity if n.step == "escalated" else "")
            for n in self.seen
            for item in n.items
        )


@settings(max_examples=150, deadline=None)
@given(st.lists(changes, max_size=25), st.sampled_from([NOON, NOON + 10 * HOUR, NOON + 14 * HOUR]))
def test_every_open_alert_is_told_and_nothing_twice_whenever_it_is_restarted(
    steps: list[tuple[str, str, Any]], start: int
) -> None:
    world = World(start)
    for step in steps:
        world.change(*step)
        world.live(world.life.now + SECOND)
    world.live(world.life.now + 2 * DAY)
    told = world.told()
    twice = {key: count for key, count in told.items() if count > 1 and key[1] in ONCE}
    assert not twice
    for case in world.life.decider._cases.values():
        if case.standing(world.life.decider._deeds.get(case.alert.alert_id), world.life.now).phase == "open":
            heard = {key[0] for key in told if key[2:4] == (case.alert.alert_id, case.alert.raised_at)}
            assert {"chat", "pager"} <= heard, case.alert
            assert "boss" in heard, "nobody took it on"
    for channel, step, name, raised_at, _ in told:
        if step == "resolved":
            before = [
                key for key in told if key[:1] == (channel,) and key[2:4] == (name, raised_at) and key[1] != "resolved"
            ]
            assert before, "the end of what was never told"


def test_who_was_told_by_two_routes_hears_the_end_by_the_first_whichever_is_read_first() -> None:
    world = World(NOON)
    for step in [("raise", "b", "critical"), ("wait", "", 919), ("end", "b", "resolved")]:
        world.change(*step)
    alerts = [entry for entry in world.life.log if isinstance(entry[0], Alert)]
    deliveries = [entry for entry in world.life.log if not isinstance(entry[0], Alert)]
    assert {record.route for record, _ in deliveries if record.channel == "boss"} == {"all", "worse"}
    ends = []
    for log in (alerts + deliveries, alerts + deliveries[::-1]):
        life = Life(world.life.config, now=world.life.now, traits=TRAITS, log=log)
        ends.append(sorted(n.delivery_id for n in life.pass_time(world.life.now + HOUR, MINUTE)))
    assert ends[0] == ends[1] != []


@settings(max_examples=60, deadline=None)
@given(st.lists(changes, max_size=12), st.randoms(use_true_random=False))
def test_the_order_of_records_read_at_a_start_makes_no_difference(
    steps: list[tuple[str, str, Any]], chance: Any
) -> None:
    world = World(NOON)
    for step in steps:
        world.change(*step)
    log = list(world.life.log)
    alerts = [entry for entry in log if isinstance(entry[0], Alert)]
    others = [entry for entry in log if not isinstance(entry[0], Alert)]
    chance.shuffle(others)
    mixed = others + alerts if chance.random() < 0.5 else alerts + others
    first = Life(world.life.config, now=world.life.now, traits=TRAITS, log=log)
    second = Life(world.life.config, now=world.life.now, traits=TRAITS, log=mixed)
    until = world.life.now + DAY
    ids = [[n.delivery_id for n in life.pass_time(until, MINUTE)] for life in (first, second)]
    assert sorted(ids[0]) == sorted(ids[1])


@settings(max_examples=80, deadline=None)
@given(st.lists(changes, max_size=15), st.integers(0, 200), st.booleans())
def test_a_crash_anywhere_costs_at_most_one_repeat(steps: list[tuple[str, str, Any]], when: int, arrived: bool) -> None:
    """The receiver has it or has not, when the notifier dies in the middle of sending; the record is missing in either case."""
    world = World(NOON)
    crashed = False
    for number, step in enumerate([*steps, ("wait", "", 2 * 24 * 3600)]):
        world.change(*step)
        if not crashed and number >= when % (len(steps) + 1):
            world.life.now += 20 * SECOND
            notices = world.life.decider.due(world.life.now)
            if notices:
                crashed = True
                world.seen += [n for n in notices if arrived]
                world.life = world.life.restart()
    told = world.told()
    repeats = {key: count for key, count in told.items() if count > 1 and key[1] in ONCE}
    assert all(count == 2 for count in repeats.values())
    assert crashed or not repeats


def test_a_channel_that_fails_half_the_time_is_told_everything_once() -> None:
    from random import Random  # noqa: PLC0415

    chance = Random(7)
    life = Life(
        configured(NotifyRoute(name="all", channels=["chat"])),
        now=NOON,
        traits={"chat": Traits(limit=Limit(1_000, MINUTE))},
    )
    life.behaves["chat"] = [Sent() if chance.random() < 0.5 else Again(0, "500") for _ in range(2_000)]
    for n in range(200):
        life.hear(alert(f"a{n:03}", at=life.now, group=str(n % 9)))
        life.pass_time(life.now + 5 * SECOND)
    life.pass_time(life.now + HOUR)
    told = Counter(item.alert_id for n in life.sent if n.step == "raised" for item in n.items)
    more = sum(n.more for n in life.sent)
    assert set(told.values()) <= {1}
    assert len(told) + more == 200
