"""Alerts reach people: the notifier as it runs, on a broker, with receivers as bad as they come."""

import signal
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from huoqun import topics
from huoqun.clock import now_ms
from huoqun.results import Action
from tests.support.brokers import RunningBroker, tail
from tests.support.notifier import Notifier, Receiver, alert
from tests.support.sinks import eventually

# ruff: noqa: B023  # what waits in a loop looks at what is there now

Make = Callable[..., Notifier]
HOUR = 3_600_000


@pytest.fixture
def make(broker: RunningBroker, topic_prefix: str, tmp_path: Path) -> Iterator[Make]:
    """Notifiers on each broker in turn, with their receivers."""
    yield from _makes(broker, topic_prefix, tmp_path)


@pytest.fixture
def make_on_tansu(tansu: RunningBroker, topic_prefix: str, tmp_path: Path) -> Iterator[Make]:
    yield from _makes(tansu, topic_prefix, tmp_path)


def _makes(broker: RunningBroker, topic_prefix: str, tmp_path: Path) -> Iterator[Make]:
    made: list[Notifier] = []

    def make(receiver: Receiver, **more: Any) -> Notifier:
        directory = tmp_path / str(len(made))
        directory.mkdir()
        made.append(Notifier.prepared(broker.bootstrap, topic_prefix, directory, receiver.url, **more))
        return made[-1]

    yield make
    for each in made:
        each.end()


def started(notifier: Notifier) -> Notifier:
    notifier.start()
    eventually(notifier.ready, "the notifier is ready", state=lambda: tail(notifier.log))
    return notifier


def test_an_alert_is_told_recorded_acknowledged_and_its_end_told(make: Make):
    receiver = Receiver()
    notifier = started(make(receiver, notify="desk_url = 'https://desk.example.com'"))
    now = now_ms()
    notifier.hear([alert("a", now), alert("b", now, group="2")])
    eventually(lambda: receiver.told("raised") == {"a": 1, "b": 1}, "both are told", state=lambda: tail(notifier.log))
    assert {n["items"][0]["link"] for n in receiver.taken} == {"https://desk.example.com/#/answer"}
    notifier.hear([alert("a", now, version=2, state="resolved", resolved_at=now_ms())])
    by_hand = Action(
        platform="qq",
        group_id="2",
        action_id="1",
        item="b",
        kind="unanswered",
        action="resolve",
        by="小周",
        at=now_ms(),
    )
    notifier.hear([by_hand], topics.ACTIONS)
    eventually(lambda: receiver.told("resolved") == {"a": 1, "b": 1}, "both ends are told")
    eventually(lambda: len(notifier.deliveries()) == 4, "each is on record")
    assert notifier.end(signal.SIGTERM) == 0
    started(notifier)
    assert notifier.end(signal.SIGTERM) == 0
    assert len(receiver.taken) == 4, "a restart tells nothing again"


def test_a_receiver_that_fails_hangs_and_is_slow_has_every_alert_once(make_on_tansu: Make):
    receiver = Receiver(fails=0.45, hangs=0.05, slow=0.3)
    notifier = started(make_on_tansu(receiver))
    names = {f"a{n:02}" for n in range(40)}
    for n, name in enumerate(sorted(names)):
        notifier.hear([alert(name, now_ms(), group=str(n % 4))])
    eventually(lambda: set(receiver.told("raised")) == names, "all are told", 180, lambda: tail(notifier.log))
    assert set(receiver.told("raised").values()) == {1}
    assert receiver.tries > len(receiver.taken), "it did fail"


def test_kills_cost_at_most_one_repeat_each_and_lose_nothing(make_on_tansu: Make):
    """The receiver has it, and the notifier dies before that is on record: the worst moment there is."""
    receiver = Receiver()
    notifier = started(make_on_tansu(receiver))
    kills = 0

    def kill(_notice: object) -> None:
        nonlocal kills
        process = notifier.process
        if kills < 3 and process is not None:
            kills += 1
            process.kill()

    receiver.before_answer = kill
    names: set[str] = set()
    for n in range(3):
        names |= {f"a{n}", f"b{n}"}
        notifier.hear([alert(f"a{n}", now_ms(), group=str(n)), alert(f"b{n}", now_ms(), group=str(n))])
        eventually(lambda: kills > n, "it is killed", state=lambda: tail(notifier.log))
        notifier.end()
        receiver.before_answer = lambda _notice: None
        started(notifier)
        eventually(lambda: set(receiver.told("raised")) >= names, "all are told", state=lambda: tail(notifier.log))
        eventually(lambda: {a for d in notifier.deliveries() for a in d.alerts} >= names, "all are on record")
        receiver.before_answer = kill
    told = receiver.told("raised")
    assert set(told) == names
    assert max(told.values()) <= 2, "one crash, one repeat"
    assert kills == 3


def test_a_storm_is_one_notice_a_group_and_one_for_many_groups(make_on_tansu: Make):
    receiver = Receiver()
    notifier = started(make_on_tansu(receiver))
    now = now_ms()
    notifier.hear(alert(f"a{n:03}", now) for n in range(150))
    eventually(lambda: sum(len(n["items"]) + n["more"] for n in receiver.taken) == 150, "all are told or counted")
    assert len(receiver.taken) <= 3
    before, began = len(receiver.taken), now_ms()
    notifier.hear(alert(f"b{n:03}", now, group=str(n)) for n in range(100))
    eventually(lambda: sum(len(n["items"]) + n["more"] for n in receiver.taken) == 250, "all are told or counted")
    seconds = (now_ms() - began) / 1000
    assert len(receiver.taken) - before <= 6 + seconds, "some by themselves, then one an interval"


def test_a_night_of_quiet_hours_is_one_digest_and_history_is_not_told(make_on_tansu: Make):
    receiver = Receiver()
    now = datetime.now(UTC)
    soon = now.replace(second=0, microsecond=0) + timedelta(minutes=1 if now.second < 30 else 2)
    ended, began = now - timedelta(hours=1), now - timedelta(hours=6)
    quiet = f"{{ start = '{began:%H:%M}', end = '{ended:%H:%M}' }}"
    notifier = make_on_tansu(
        receiver,
        notify="time_zone = 'UTC'",
        route=f"digest_at = '{soon:%H:%M}'",
        groups=f"[[groups]]\nplatform = 'qq'\ngroup_id = 'night'\ntime_zone = 'UTC'\nquiet_hours = {quiet}",
    )
    at = now_ms()
    notifier.hear(alert(f"night{n}", at - 2 * HOUR - n, group="night") for n in range(12))
    notifier.hear(
        record
        for n in range(300)
        for record in (
            alert(f"old{n}", at - 100 * 24 * HOUR + n, group=str(n % 5)),
            alert(f"old{n}", at - 100 * 24 * HOUR + n, group=str(n % 5), version=2, state="expired"),
        )
    )
    started(notifier)
    eventually(lambda: receiver.taken, "the digest has come", 150, lambda: tail(notifier.log))
    (digest,) = receiver.taken
    assert (digest["step"], len(digest["items"]), digest["more"]) == ("digest", 12, 0)
    assert digest["at"] >= soon.timestamp() * 1000
    notifier.end(signal.SIGTERM)
    started(notifier)
    notifier.hear([alert("new", now_ms())])
    eventually(lambda: receiver.steps() == ["digest", "raised"], "what is new is told, and nothing again")


def test_of_two_notifiers_one_sends_and_the_other_takes_over(make: Make):
    receiver = Receiver()
    first = started(make(receiver))
    second = make(receiver)
    second.start()
    eventually(lambda: second.get("/healthz")[0] == 200, "the second one runs", state=lambda: tail(second.log))
    first.hear([alert("a", now_ms())])
    eventually(lambda: receiver.told("raised") == {"a": 1}, "one tells", state=lambda: tail(first.log))
    sending = [each for each in (first, second) if "\nhuoqun_notify_sends 1" in each.get("/metrics")[1]]
    assert len(sending) == 1
    sending[0].end(signal.SIGTERM)
    other = second if sending[0] is first else first
    eventually(lambda: "\nhuoqun_notify_sends 1" in other.get("/metrics")[1], "the other takes over", 90)
    other.hear([alert("b", now_ms())])
    eventually(lambda: receiver.told("raised") == {"a": 1, "b": 1}, "it tells what is new, and nothing again")


def test_without_a_route_it_waits_and_ends_in_good_order(tansu: RunningBroker, topic_prefix: str, tmp_path: Path):
    notifier = Notifier.prepared(tansu.bootstrap, topic_prefix, tmp_path, "http://127.0.0.1:9/")
    text = notifier.file.read_text()
    notifier.file.write_text(text[: text.index("[[notify.routes]]")])
    started(notifier)
    assert "no route is configured" in notifier.log.read_text()
    assert notifier.end(signal.SIGTERM) == 0
