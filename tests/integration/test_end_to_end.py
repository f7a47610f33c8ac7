"""Events in by webhook, results out of ClickHouse's engine: the same, whatever the order, the batches, or what is killed.

The oracle is the pure core over the accepted events. Each round replays real annotated chats (or, where they are absent,
the simulated sample) under group names of its own, kills one part in the middle, and compares every result view.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from typing import Any

import pytest

from huoqun import topics
from huoqun.config import Config, Sink, Worker
from huoqun.kafka_config import Kafka
from huoqun.local import processes
from huoqun.local.stack import GATEWAY, SINK, WORKER
from producers.simulator import sample_community
from sinks.client import query
from tests.support.brokers import RunningBroker
from tests.support.core import View
from tests.support.long import LONG
from tests.support.sinks import dead_letters, produce
from tests.support.stack import REAL_CHATS, Services, expected, read_chats, send, shuffled, stored, up_to_the_last_event

pytest.importorskip("chdb", reason="the embedded store is not installed: pip install 'huoqun[local]'")
pytestmark = [pytest.mark.chdb, pytest.mark.slow, pytest.mark.timeout(600)]

LATENESS_MS = 120_000
FILES = 3


@pytest.fixture(scope="module")
def chats() -> list[dict[str, Any]]:
    path = REAL_CHATS / "dev" / "events.ndjson.gz"
    if not path.exists():
        return sample_community(end_ms=1_790_000_000_000)
    raws = read_chats(path)
    files = sorted({raw["file"] for raw in raws})[:FILES]
    return [raw for raw in raws if raw["file"] in files]


def renamed(raws: list[dict[str, Any]], suffix: str) -> list[dict[str, Any]]:
    """The same events in groups of their own, so that rounds on one stack don't meet."""
    return [{**raw, "group_id": f"{raw['group_id']}-{suffix}"} for raw in raws]


@pytest.fixture(scope="module")
def stacks(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Services]]:
    """One stack a broker that can be had: small batches on one, large ones on the other."""
    with pytest.MonkeyPatch.context() as patch, ExitStack() as running:
        patch.setattr(
            processes, "LONGEST_DELAY", processes.FIRST_DELAY
        )  # they die often, and nothing is wrong with them
        stacks = []
        for name, batch in (("tansu", 37), ("apache_kafka", 500)):
            with suppress(pytest.skip.Exception):  # told by test_both_brokers_took_part
                broker = request.getfixturevalue(name)
                config = Config(
                    data_dir=str(tmp_path_factory.mktemp(f"stack-{name}")),
                    kafka=Kafka(partitions=2, topic_prefix=f"e2e{time.time_ns() % 10**9}"),
                    worker=Worker(batch_records=batch, checkpoint_seconds=0.2),
                    sink=Sink(batch_seconds=0.2),
                )
                stacks.append(running.enter_context(Services(config, broker)))
        if not stacks:
            pytest.skip("no broker can be had")
        yield stacks


def on_each(stacks: list[Services], act: Callable[[Services], None]) -> None:
    """Do it on all stacks at once: most of the time is waiting. What goes wrong says on which."""
    with ThreadPoolExecutor(len(stacks)) as pool:
        outcomes = [(stack, pool.submit(act, stack)) for stack in stacks]
    errors = []
    for stack, outcome in outcomes:
        error = outcome.exception()
        if error is not None:
            error.add_note(f"on {stack.broker_kind}; its logs: {stack.logs}")
            errors.append(error)
    if errors:
        raise BaseExceptionGroup("not as the oracle says", errors)


def check(stack: Services, raws: list[dict[str, Any]], oracle: View) -> None:
    """Everything sent is stored once, and every result view is the oracle's."""
    assert stack.wait_processed(90), "not all of it was processed"
    groups = sorted({str(row["group_id"]) for row in oracle.values()})
    names = ", ".join(repr(g) for g in groups)
    counts = query(stack.config, f"SELECT type, count() AS n FROM events WHERE group_id IN ({names}) GROUP BY type")
    assert {row["type"]: int(row["n"]) for row in counts} == Counter(raw["type"] for raw in raws)
    found = stored(stack, groups)
    theirs = up_to_the_last_event(oracle, found, raws)
    ours = up_to_the_last_event(found, oracle, raws)
    assert Counter(k[0] for k in ours) == Counter(k[0] for k in theirs)
    different = [key for key in theirs if ours[key] != theirs[key]]
    fields = [
        (key, {f: (ours[key][f], value) for f, value in theirs[key].items() if ours[key][f] != value})
        for key in different
    ]
    assert not fields, "\n".join(map(str, fields[:5]))
    assert {"Activity", "Question", "Member", "GroupSummary"} <= {k[0] for k in ours}, "every view has rows"


def test_replayed_chats_are_in_every_view_once_and_again_changes_nothing(
    stacks: list[Services], chats: list[dict[str, Any]]
) -> None:
    raws = renamed(chats, "plain")
    oracle = expected(raws, stacks[0].config)

    def replay(stack: Services) -> None:
        assert send(stack, raws).accepted == len(raws)
        check(stack, raws, oracle)
        assert query(stack.config, "SELECT count() AS n FROM alerts")[0]["n"] > 0
        send(stack, raws)
        check(stack, raws, oracle)

    on_each(stacks, replay)


def test_poison_on_the_topic_is_dead_lettered_once_with_its_reason_and_the_rest_goes_on(
    stacks: list[Services], chats: list[dict[str, Any]]
) -> None:
    raws = renamed(chats[:300], "poison")
    oracle = expected(raws, stacks[0].config)
    poison = [b"{", b"\xff\xfe", b"[]", b'{"id":"no type"}', b'{"control":"never"}', b"[" * 20_000, b""]

    def replay(stack: Services) -> None:
        send(stack, raws[:150])
        produce(stack.config, topics.EVENTS, poison)
        send(stack, raws[150:])
        check(stack, raws, oracle)
        letters = dead_letters(stack.config)
        assert sorted(letter.value for letter in letters) == sorted(poison)
        assert all(letter.reason for letter in letters)

    on_each(stacks, replay)


def and_meanwhile(raws: list[dict[str, Any]], at: int, act: Callable[[], None]) -> Iterator[dict[str, Any]]:
    """These events, and as soon as ``at`` of them are taken from here, the act."""
    yield from raws[:at]
    act()
    yield from raws[at:]


ROUNDS = [
    (WORKER, False, 2), (SINK, False, 5), (GATEWAY, True, 5), (WORKER, True, 8), (SINK, True, 10),
    (GATEWAY, False, 2), (WORKER, True, 5), (SINK, False, 2), (GATEWAY, True, 8), (WORKER, False, 10),
]  # fmt: skip
"""Who is killed, whether the events come out of order, and after how many tenths of them; the first half of them but in a long run."""


@pytest.mark.parametrize(
    ("victim", "out_of_order", "tenths"),
    ROUNDS if LONG else ROUNDS[:5],
    ids=lambda value: "shuffled" if value is True else "in_order" if value is False else str(value),
)
def test_killed_in_the_middle_and_out_of_order_every_view_is_the_same(
    stacks: list[Services], chats: list[dict[str, Any]], victim: str, out_of_order: bool, tenths: int,
    request: pytest.FixtureRequest,
) -> None:  # fmt: skip
    number = request.node.callspec.id
    raws = renamed(chats, number)
    sent = shuffled(raws, LATENESS_MS - 1, seed=len(number)) if out_of_order else raws
    oracle = expected(raws, stacks[0].config)

    def replay(stack: Services) -> None:
        pid = stack.addresses.pids[victim]
        send(stack, and_meanwhile(sent, len(sent) * tenths // 10, lambda: stack.kill(victim)))
        stack.wait_restarted(victim, pid)
        check(stack, raws, oracle)

    on_each(stacks, replay)


def test_both_brokers_took_part(stacks: list[Services], tansu: RunningBroker, apache_kafka: RunningBroker) -> None:
    """Skipped, with the reason, where one of them can't be had."""
    assert [stack.broker_kind for stack in stacks] == [tansu.kind, apache_kafka.kind]


def test_the_real_chats_are_there(chats: list[dict[str, Any]]) -> None:
    if not (REAL_CHATS / "dev" / "events.ndjson.gz").exists():
        pytest.skip("the annotated chats (../shared/data) are not here: the simulated sample stood in for them")
    assert len(chats) > 2000
