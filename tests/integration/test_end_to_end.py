"""Events in by webhook, results out of ClickHouse's engine: the same, whatever the order, the batches, or what is killed.

The oracle is the pure core over the accepted events. Each round replays real annotated chats (or, where they are absent,
the simulated sample) under group names of its own, kills one part in the middle, and compares every result view.
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

from huoqun import topics
from huoqun.config import Config, Kafka, Worker
from huoqun.local.stack import GATEWAY, SINK, WORKER
from producers.simulator import sample_community
from sinks.client import query
from tests.support.brokers import RunningBroker
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


@pytest.fixture(scope="module", params=["tansu", "apache_kafka"])
def services(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Services]:
    """One stack a broker: small batches on one, large ones on the other."""
    on = request.getfixturevalue(request.param)
    assert isinstance(on, RunningBroker)
    batch = {"tansu": 37, "apache_kafka": 500}[on.kind]
    config = Config(
        data_dir=str(tmp_path_factory.mktemp(f"stack-{on.kind}")),
        kafka=Kafka(partitions=2, topic_prefix=f"e2e{time.time_ns() % 10**9}"),
        worker=Worker(batch_records=batch),
    )
    with Services(config, on) as running:
        yield running


def check(stack: Services, raws: list[dict[str, Any]]) -> None:
    """Everything sent is stored once, and every result view is the oracle's."""
    assert stack.wait_processed(90), "not all of it was processed"
    oracle = expected(raws, stack.config)
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
    services: Services, chats: list[dict[str, Any]]
) -> None:
    raws = renamed(chats, "plain")
    assert send(services, raws).accepted == len(raws)
    check(services, raws)
    assert query(services.config, "SELECT count() AS n FROM alerts")[0]["n"] > 0
    send(services, raws)
    check(services, raws)


def test_poison_on_the_topic_is_dead_lettered_once_with_its_reason_and_the_rest_goes_on(
    services: Services, chats: list[dict[str, Any]]
) -> None:
    raws = renamed(chats[:300], "poison")
    poison = [b"{", b"\xff\xfe", b"[]", b'{"id":"no type"}', b'{"control":"never"}', b"[" * 20_000, b""]
    send(services, raws[:150])
    produce(services.config, topics.EVENTS, poison)
    send(services, raws[150:])
    check(services, raws)
    letters = dead_letters(services.config)
    assert sorted(letter.value for letter in letters) == sorted(poison)
    assert all(letter.reason for letter in letters)


ROUNDS = [
    (WORKER, False), (SINK, False), (GATEWAY, False), (WORKER, True), (SINK, True),
    (GATEWAY, True), (WORKER, True), (SINK, False), (GATEWAY, True), (WORKER, False),
]  # fmt: skip


@pytest.mark.parametrize(
    ("victim", "out_of_order"), ROUNDS, ids=[f"{n}-{v}{'-shuffled' * s}" for n, (v, s) in enumerate(ROUNDS)]
)
def test_killed_in_the_middle_and_out_of_order_every_view_is_the_same(
    services: Services, chats: list[dict[str, Any]], victim: str, out_of_order: bool, request: pytest.FixtureRequest
) -> None:
    number = request.node.callspec.id.replace("/", "-")
    raws = renamed(chats, number)
    sent = shuffled(raws, LATENESS_MS - 1, seed=len(number)) if out_of_order else raws
    pid = services.addresses.pids[victim]
    killer = threading.Timer(0.3 + 0.1 * (hash(number) % 5), services.kill, (victim,))
    killer.start()
    send(services, sent)
    killer.join()
    services.wait_restarted(victim, pid)
    check(services, raws)


def test_the_real_chats_are_there(chats: list[dict[str, Any]]) -> None:
    if not (REAL_CHATS / "dev" / "events.ndjson.gz").exists():
        pytest.skip("the annotated chats (../shared/data) are not here: the simulated sample stood in for them")
    assert len(chats) > 2000
