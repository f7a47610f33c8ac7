"""The product's services as child processes against any broker, and what their views hold, comparable with the core's."""

from __future__ import annotations

import gzip
import json
import random
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

from huoqun import broker
from huoqun.config import Config
from huoqun.events import Event, read_event
from huoqun.kafka_config import Kafka
from huoqun.local.stack import LocalStack
from huoqun.results import Activity, Alert, GroupSummary, Member, MemberRisk, Question
from producers.replay import Client, Line, Totals, batches
from sinks.client import query
from tests.support.brokers import RunningBroker
from tests.support.core import Machine, View, encoded

REAL_CHATS = Path(__file__).parents[3] / "shared" / "data"

VIEWS = {
    "activity": Activity, "questions": Question, "alerts": Alert, "members": Member, "member_risk": MemberRisk,
    "groups": GroupSummary,
}  # fmt: skip
TIMES = {
    "window_end", "asked_at", "answered_at", "due_at", "raised_at", "updated_at", "resolved_at", "joined_at", "left_at",
    "last_message_at", "as_of", "stage_since", "first_event_at", "last_event_at",
}  # fmt: skip


class Services(LocalStack):
    """Sink, gateway and worker on a broker that is not ours to start or stop."""

    def __init__(self, config: Config, on: RunningBroker, reached: Kafka | None = None) -> None:
        super().__init__(config, free_ports=True)
        self.broker_kind = on.kind
        kafka = reached or msgspec.structs.replace(self.config.kafka, bootstrap=on.bootstrap)
        self.config = msgspec.structs.replace(self.config, kafka=kafka)

    def _start_broker(self) -> None:
        broker.provision(self.config)


def read_chats(path: Path) -> list[dict[str, Any]]:
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def send(stack: LocalStack, raws: Iterable[dict[str, Any]], *, give_up_seconds: float = 90.0) -> Totals:
    """Send events in this order through the webhook, as ``huoqun replay`` does."""
    totals = Totals()
    lines = (Line(msgspec.json.encode(raw), "test", number) for number, raw in enumerate(raws, 1))
    client = Client(stack.addresses.gateway, source=None, key=None, give_up_seconds=give_up_seconds)
    client.send_all(batches(lines), totals, lambda: None)
    return totals


def as_events(raws: Iterable[dict[str, Any]]) -> list[Event]:
    """The events as the gateway reads them (all received at one moment: the core only sees time pass by ticks)."""
    events = [read_event(raw, received_at=1_800_000_000_000, source="test") for raw in raws]
    assert all(isinstance(e, Event) for e in events)
    return [e for e in events if isinstance(e, Event)]


def expected(raws: Iterable[dict[str, Any]], config: Config) -> View:
    """What the pure core makes of these events, in order, in one batch: the oracle."""
    return Machine(config).run(encoded(as_events(raws)), batch=100_000)


def stored(stack: LocalStack, groups: Sequence[str] | None = None) -> View:
    """Every result view's contents, in the core's terms."""
    return stored_in(stack.config, groups)


def stored_in(config: Config, groups: Sequence[str] | None = None) -> View:
    """The same of whatever store is configured."""
    view: View = {}
    where = "" if groups is None else f"WHERE group_id IN ({', '.join(repr(g) for g in sorted(set(groups)))})"
    for name, kind in VIEWS.items():
        for row in query(config, f"SELECT * FROM {name} {where}"):
            values = {k: _ms(v) if k in TIMES and v is not None else v for k, v in row.items()}
            result = msgspec.convert(values, kind, strict=False)
            view[kind.__name__, result.key()] = msgspec.to_builtins(result)
    return view


def up_to_the_last_event(view: View, other: View, raws: Iterable[dict[str, Any]]) -> View:
    """Leave out what only time, passing after the last event of a group, has brought about in one of the views."""
    last: dict[str, int] = {}
    for event in as_events(raws):
        last[event.group] = max(last.get(event.group, 0), event.ts)

    def later(rows: View, key: tuple[str, str]) -> bool:
        row = rows.get(key)
        if row is None:
            return False
        at = row.get("window_end") or row.get("updated_at") or 0
        return int(str(at)) > last[f"{row['platform']}/{row['group_id']}"]

    return {key: row for key, row in view.items() if not later(view, key) and not later(other, key)}


def shuffled(raws: Sequence[dict[str, Any]], bound_ms: int, seed: int) -> list[dict[str, Any]]:
    """Within each group, delay events by up to ``bound_ms`` of event time; keep the groups' blocks together."""
    rng = random.Random(seed)
    keyed = [(e.group, e.ts + rng.uniform(0, bound_ms), n) for n, e in enumerate(as_events(raws))]
    order: dict[str, int] = {}
    for group, _, _ in keyed:
        order.setdefault(group, len(order))
    keyed.sort(key=lambda k: (order[k[0]], k[1], k[2]))
    return [raws[n] for _, _, n in keyed]


def _ms(text: Any) -> int:
    moment = datetime.fromisoformat(str(text)).replace(tzinfo=UTC)
    return round((moment - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds() * 1000)
