"""From the webhook to what people see, with the whole stack running and 1,000 events a second coming in.

Gateway, worker, sink and store run as the product runs them, on all cores, with its defaults; once on the embedded broker,
once on Apache Kafka; the store is the embedded one. Events are posted ten in a request, over eight connections, at an even
pace. Ten times a second one of them is a *probe*: a question in a group of its own that nobody answers. Its time runs from
the gateway's 202 until its row is seen by a query: in ``events`` (gateway, broker, sink, store), in ``questions`` (the
streams, too), and, from the moment its deadline of three seconds is over, in ``alerts``. Queries are asked one after the
other, all the time: what they take is in the figures. Each window of the run gives a median and a 99th percentile.
"""

from __future__ import annotations

import http.client
import shutil
import threading
import time
from collections.abc import Iterator, Sequence
from math import ceil
from pathlib import Path
from typing import Final, NamedTuple
from urllib.parse import urlsplit

from bench import broker, cores
from bench.drain import DrainError, scratch
from bench.suites import Say
from bench.table import Row, Target, at_most, failed, measured
from bench.workload import Shape, records
from huoqun import codec
from huoqun.clock import now_ms
from huoqun.config import Config, Deadlines
from huoqun.events import Event
from huoqun.local.stack import LocalStack, StackError
from sinks.client import QueryError, query
from tests.support.fetch_kafka import UnavailableError
from tests.support.stack import Services

RATE: Final = 1_000
IN_A_REQUEST: Final = 10
PROBE_EVERY: Final = 10
"""Requests."""
CONNECTIONS: Final = 8
"""One waits for each answer before it sends on: a hundred requests a second would leave each 10 ms."""
DEADLINE_SECONDS: Final = 3.0
WARM_SECONDS: Final = 8.0
LOST_SECONDS: Final = 30.0
"""After the last event: what has not been seen by then is lost, and the run has failed."""

EVENT, QUESTION, ALERT = "events", "questions", "alerts"
SQL: Final = {
    EVENT: "SELECT id FROM events WHERE id IN {ids:Array(String)}",
    QUESTION: "SELECT question_id AS id FROM questions WHERE question_id IN {ids:Array(String)}",
    ALERT: "SELECT subject_event_id AS id FROM alerts WHERE kind = 'unanswered' AND subject_event_id IN {ids:Array(String)}",
}
WHAT: Final = {
    EVENT: "webhook accepted to row visible in events",
    QUESTION: "webhook accepted to row visible in questions, through the streams",
    ALERT: "deadline passed to alert visible",
}
BROKERS: Final = {"tansu": "embedded stack", "apache_kafka": "on Apache Kafka"}


class Plan(NamedTuple):
    """Windows, and their length in seconds."""

    windows: int
    seconds: float


FULL: Final = Plan(5, 15.0)
QUICK: Final = Plan(1, 10.0)


def rows(quick: bool, say: Say = lambda _: None) -> list[Row]:
    """Measure on both brokers."""
    plan = QUICK if quick else FULL
    found: list[Row] = []
    for kind, where in BROKERS.items():
        try:
            seen = _embedded(plan, say) if kind == "tansu" else _on_kafka(plan, say)
        except (StackError, UnavailableError, DrainError, QueryError) as error:
            found += [failed(f"{what}, p99, {where}", "s", str(error), at_most(1.5)) for what in WHAT.values()]
        else:
            found += _table(seen, where, plan, quick)
    return found


def _table(seen: dict[str, list[list[float]]], where: str, plan: Plan, quick: bool) -> Iterator[Row]:
    for name, what in WHAT.items():
        for share, target in ((0.5, None), (0.99, at_most(1.5))):
            figures = [percentile(window, share) for window in seen[name]]
            yield _row(f"{what}, p{share * 100:.0f}, {where}", figures, target, plan, quick)


def _row(name: str, figures: Sequence[float], target: Target | None, plan: Plan, quick: bool) -> Row:
    note = (
        f"{RATE:,} events/s, {IN_A_REQUEST} a request; {plan.windows} windows of {plan.seconds:.0f} s with "
        f"{RATE / IN_A_REQUEST / PROBE_EVERY:.0f} probes a second; gateway, broker, worker, sink, store, load and the "
        f"watching queries share {len(cores.ALL)} cores; two ticks a second"
    )
    return measured(name, "s", figures, target, judge=not quick, note=note)


def percentile(figures: Sequence[float], share: float) -> float:
    """Return the least figure that at least ``share`` of them don't exceed."""
    ranked = sorted(figures)
    return ranked[max(0, ceil(share * len(ranked)) - 1)]


def _config(directory: Path) -> Config:
    minutes = DEADLINE_SECONDS / 60
    deadlines = Deadlines(
        question_minutes=minutes, newcomer_minutes=minutes, cold_start_minutes=minutes, mention_minutes=minutes
    )
    return Config(data_dir=str(directory), deadlines=deadlines)


def _embedded(plan: Plan, say: Say) -> dict[str, list[list[float]]]:
    directory = scratch()
    try:
        with LocalStack(_config(directory), free_ports=True) as stack:
            return _measure(stack, plan, say)
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def _on_kafka(plan: Plan, say: Say) -> dict[str, list[list[float]]]:
    directory = scratch()
    try:
        with broker.running(pinned=False) as on, Services(_config(directory), on) as stack:
            return _measure(stack, plan, say)
    finally:
        shutil.rmtree(directory, ignore_errors=True)


class Sender:
    """Posts events at an even pace over several connections; keeps when each probe was accepted."""

    def __init__(self, gateway: str, seconds: float) -> None:
        self.accepted: dict[str, tuple[float, int]] = {}
        """Probe -> when it was accepted (monotonic seconds), and its event time (ms)."""
        self.late = 0.0
        """By how much the pace was missed at most (seconds): the load was not what it should be then."""
        self.error = ""
        self._address = urlsplit(gateway).netloc
        self.requests = int(seconds * RATE / IN_A_REQUEST)
        raw = records(self.requests * IN_A_REQUEST, Shape(), ticks=False)
        self._events = [event for r in raw if isinstance(event := codec.decode_record(r.value), Event)]
        self._threads = [
            threading.Thread(target=self._run, args=(first,), name=f"sender-{first}", daemon=True)
            for first in range(CONNECTIONS)
        ]
        self._began = 0.0

    def start(self) -> None:
        """Begin to send."""
        self._began = time.monotonic()
        for thread in self._threads:
            thread.start()

    def is_alive(self) -> bool:
        """Return whether something is still to be sent."""
        return any(thread.is_alive() for thread in self._threads)

    def _run(self, first: int) -> None:
        """Send what is this connection's: each ``CONNECTIONS``-th request."""
        connection = http.client.HTTPConnection(self._address, timeout=20)
        for number in range(first, self.requests, CONNECTIONS):
            due = self._began + number * IN_A_REQUEST / RATE
            time.sleep(max(0.0, due - time.monotonic()))
            self.late = max(self.late, time.monotonic() - due)
            events = self._events[number * IN_A_REQUEST : (number + 1) * IN_A_REQUEST]
            probe = number % PROBE_EVERY == 0
            if probe:
                events[0] = _probe(number)
            now = now_ms()
            for event in events:
                event.ts, event.received_at = now, 0
            body = b"\n".join(codec.encode(event) for event in events)
            connection.request("POST", "/v1/events", body, {"Content-Type": "application/x-ndjson"})
            answer = connection.getresponse()
            said = answer.read()
            if answer.status != 202:
                self.error = f"the gateway answered {answer.status}: {said[:200]!r}"
                return
            if probe:
                self.accepted[events[0].id] = time.monotonic(), now


def _probe(number: int) -> Event:
    return Event(
        id=f"probe-{number}",
        type="message",
        ts=0,
        platform="sim",
        group_id=f"probe-{number}",
        user_id=f"asker-{number}",
        text="请问优惠券怎么领取？找了半天没有找到入口",
    )


def _measure(stack: LocalStack, plan: Plan, say: Say) -> dict[str, list[list[float]]]:
    sender = Sender(stack.addresses.gateway, WARM_SECONDS + plan.windows * plan.seconds)
    seen: dict[str, dict[str, float]] = {name: {} for name in SQL}
    offset = time.monotonic() - now_ms() / 1000
    began = time.monotonic()
    sender.start()
    while True:
        left = 0
        for name, found in seen.items():
            waiting = [probe for probe in list(sender.accepted) if probe not in found]
            left += len(waiting)
            for row in query(stack.config, SQL[name], {"ids": waiting}) if waiting else ():
                found[row["id"]] = time.monotonic()
        if sender.error:
            raise DrainError(sender.error)
        if not sender.is_alive() and not left:
            break
        if time.monotonic() > began + WARM_SECONDS + plan.windows * plan.seconds + LOST_SECONDS:
            if sender.is_alive():
                raise DrainError(
                    f"the load was not sent at its pace: {len(sender.accepted) * PROBE_EVERY:,} of {sender.requests:,} "
                    f"requests over {CONNECTIONS} connections, each taking longer than the pace allows"
                )
            missing = ", ".join(f"{len(sender.accepted) - len(found)} in {name}" for name, found in seen.items())
            raise DrainError(f"of {len(sender.accepted)} probes never seen: {missing}")
        time.sleep(0.01)
    say(f"{len(sender.accepted)} probes seen everywhere; the pace was missed by {sender.late * 1000:.0f} ms at most")
    return _windows(sender.accepted, seen, began, offset, plan)


def _windows(
    accepted: dict[str, tuple[float, int]], seen: dict[str, dict[str, float]], began: float, offset: float, plan: Plan
) -> dict[str, list[list[float]]]:
    """Return, for each view and window, the seconds that each probe took."""
    begins = [began + WARM_SECONDS + number * plan.seconds for number in range(plan.windows)]
    found: dict[str, list[list[float]]] = {}
    for name, times in seen.items():
        found[name] = []
        for begin in begins:
            inside = [p for p, (at, _) in accepted.items() if begin <= at < begin + plan.seconds]
            found[name].append([times[p] - _from(name, accepted[p], offset) for p in inside])
    return found


def _from(name: str, accepted: tuple[float, int], offset: float) -> float:
    """Return when the time of a probe begins to run (monotonic seconds)."""
    at, ts = accepted
    return ts / 1000 + offset + DEADLINE_SECONDS if name == ALERT else at
