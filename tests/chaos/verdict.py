"""What must be right after a run, whatever was done to it: nothing lost, nothing twice, nothing invented, and everybody told.

The oracle is the pure pipeline over the accepted events. Rows that only time, passing after a group's last event, has brought
about are left out on both sides.
"""

from __future__ import annotations

import base64
import json
import time
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from typing import Any

import msgspec

from huoqun import codec, records, topics
from huoqun.broker import BrokerError
from huoqun.control import PREFIX
from huoqun.events import Event
from huoqun.results import Alert, Delivery
from sinks.client import QueryError, query
from tests.chaos.chat import Raw
from tests.chaos.load import Load
from tests.chaos.parts import Parts
from tests.support.core import View
from tests.support.notifier import Receiver
from tests.support.sinks import dead_letters
from tests.support.stack import TIMES, VIEWS, _ms, expected, up_to_the_last_event

LONG_OPEN_MS = 60_000
"""An alert that was open so long must have been told even if it is over by now: longer than any part is away."""


TOLD_WITHIN_MS = 10_000
"""So long after an alert is on record people have been told, where everything works."""

Span = tuple[int, int]
"""From, to (ms since 1970)."""


class Verdict(msgspec.Struct):
    """Figures of a run, and what is wrong; empty: nothing."""

    figures: dict[str, Any] = {}
    wrong: list[str] = []


def of(
    parts: Parts,
    load: Load,
    receiver: Receiver | None,
    *,
    seconds: float = 180,
    poison: int = 0,
    erased: int = 0,
    notify_kills: int = 0,
    long_open_ms: int = LONG_OPEN_MS,
    working: Sequence[Span] | None = None,
    oracle: Callable[[list[Raw]], View] | None = None,
    groups: Collection[str] | None = None,
    ignored: Collection[tuple[str, str]] = (),
) -> Verdict:
    """Wait until everything is as it must be, or ``seconds`` are over; return what is, and what is not.

    ``poison`` records were put into the topic that nobody can read; ``erased`` events are of people who were erased since.
    Rows whose keys are ``ignored`` are not compared.
    With ``working``, spans in which everything worked, alerts that stood open on record for :data:`TOLD_WITHIN_MS` of one must
    have been told, instead of those that were open for ``long_open_ms`` of event time.
    With ``groups`` views and notices are compared of these alone (groups know nothing of each other); events are counted of all.
    """
    found = Verdict(wrong=list(load.wrong))
    raws = sorted(load.accepted.values(), key=lambda raw: (raw["ts"], len(raw["id"]), raw["id"]))
    if groups is not None:
        raws = [raw for raw in raws if raw["group_id"] in groups]
    right = _without(ignored, oracle(raws) if oracle else expected(raws, parts.config))
    began = time.monotonic()
    last: list[str] = ["never asked"]
    view: View = {}
    while True:
        try:
            view, last = views(parts, groups)
            last = last or different(_without(ignored, view), right, raws)
            last = last or counted(parts, load, poison, erased, found.figures)
        except (QueryError, BrokerError, OSError) as error:
            last = [f"{type(error).__name__}: {error}"]
        parts.timeline.note("compared", wrong=len(last), first=last[:1])
        if not last or time.monotonic() > began + seconds:
            break
        time.sleep(0.5)
    found.wrong += last
    found.figures |= {
        "settled_seconds": round(time.monotonic() - began, 1),
        "accepted": len(load.accepted),
        "posted_2xx": load.posted,
        "posts_again": load.unanswered,
        "rows": dict(Counter(name for name, _ in right)),
    }
    if receiver is not None:
        found.wrong += told(
            parts,
            right,
            raws,
            receiver,
            found.figures,
            seconds=seconds,
            notify_kills=notify_kills,
            long_open_ms=long_open_ms,
            working=working,
        )
    if found.wrong:
        _keep(parts)
    return found


def _without(keys: Collection[tuple[str, str]], rows: View) -> View:
    return {key: row for key, row in rows.items() if key not in keys} if keys else rows


def _keep(parts: Parts) -> None:
    """Write down what is in the topics: the broker may forget it, and whoever looks for the cause needs it."""
    prefix = parts.config.kafka.topic_prefix
    with (parts.directory / "topics.ndjson").open("w", encoding="utf-8") as out:
        for topic in (topics.full_name(prefix, topics.EVENTS), topics.state_topic(prefix)):
            for record in records.read(parts.config.kafka, topic):
                said = [topic, record.partition, record.offset, record.at, _text(record.key), _text(record.value)]
                out.write(json.dumps([*said, [[name, _text(value)] for name, value in record.headers]]) + "\n")


def _text(value: bytes | None) -> str | None:
    return None if value is None else base64.b64encode(value).decode()


def views(parts: Parts, groups: Collection[str] | None = None) -> tuple[View, list[str]]:
    """Return every result view's contents, and which rows are there twice."""
    view: View = {}
    twice: list[str] = []
    which = "group_id != '*'" if groups is None else f"group_id IN ({', '.join(repr(g) for g in sorted(groups))})"
    for name, kind in VIEWS.items():
        for row in query(parts.config, f"SELECT * FROM {name} WHERE {which}"):
            values = {k: ms(v) for k, v in row.items() if k in TIMES and v is not None}
            result = msgspec.convert(row | values, kind, strict=False)
            key = (kind.__name__, result.key())
            if key in view:
                twice.append(f"visible twice: {key}")
            view[key] = msgspec.to_builtins(result)
    return view, twice


def ms(value: Any) -> int:
    """Return a time as a view shows it in ms: a server of old shows just that."""
    return value if isinstance(value, int) else _ms(value)


def different(found: View, right: View, raws: list[Raw]) -> list[str]:
    """Return where the views are not the oracle's."""
    ours, theirs = up_to_the_last_event(found, right, raws), up_to_the_last_event(right, found, raws)
    wrong = [f"missing: {key}" for key in theirs if key not in ours]
    wrong += [f"invented: {key}" for key in ours if key not in theirs]
    for key in theirs.keys() & ours.keys():
        fields = [
            f"{name} is {ours[key].get(name)!r}, not {value!r}"
            for name, value in theirs[key].items()
            if ours[key].get(name) != value
        ]
        wrong += [f"{key}: {', '.join(fields)}"] if fields else []
    return wrong


def counted(parts: Parts, load: Load, poison: int, erased: int, figures: dict[str, Any]) -> list[str]:
    """Close the equation: accepted = stored + deduplicated + dead-lettered, by what is in the topic and in the store."""
    topic = topics.full_name(parts.config.kafka.topic_prefix, topics.EVENTS)
    logged: Counter[tuple[str, str]] = Counter()
    bad = 0
    for record in records.read(parts.config.kafka, topic):
        if record.value is not None and record.value.startswith(PREFIX):
            continue
        event = codec.decode_record(record.value)
        if isinstance(event, Event):
            logged[event.group_id, event.id] += 1
        else:
            bad += 1
    rows = query(parts.config, "SELECT group_id, id FROM events")
    stored = Counter((str(row["group_id"]), str(row["id"])) for row in rows)
    letters = {(letter.topic, letter.partition, letter.offset) for letter in dead_letters(parts.config)}
    repeats = sum(logged.values()) - len(logged)
    figures |= {
        "in_topic": sum(logged.values()) + bad, "stored": len(rows), "deduplicated": repeats, "dead_lettered": len(letters),
    }  # fmt: skip
    wrong = [f"lost: {key}" for key in load.accepted if key not in stored]
    wrong += [f"accepted and not in the topic: {key}" for key in load.accepted if key not in logged]
    wrong += [f"invented: {key}" for key in stored if key not in logged]
    wrong += [f"{n} rows visible of event {key}" for key, n in stored.items() if n > 1]
    if sum(logged.values()) < load.posted:
        wrong.append(f"{load.posted} events were answered with 2xx, {sum(logged.values())} are in the topic")
    if sum(logged.values()) + bad != len(rows) + repeats + len(letters) + erased:
        wrong.append(
            f"in the topic {figures['in_topic']} ≠ {len(rows)} stored + {repeats} repeats + {len(letters)} dead + {erased} erased"
        )
    if bad != poison:
        wrong.append(f"{bad} records in the topic cannot be read, {poison} were put there")
    return wrong


def told(
    parts: Parts,
    right: View,
    raws: list[Raw],
    receiver: Receiver,
    figures: dict[str, Any],
    *,
    seconds: float,
    notify_kills: int,
    long_open_ms: int,
    working: Sequence[Span] | None,
) -> list[str]:
    """Each alert that was open long enough was told at least once, and its end to whom it was told."""
    last = {group: max(r["ts"] for r in raws if r["group_id"] == group) for group in {r["group_id"] for r in raws}}
    alerts = [
        row
        for (kind, _), row in right.items()
        if kind == "Alert" and _at(row, "raised_at") < last[str(row["group_id"])]
    ]
    long = {str(a["alert_id"]) for a in alerts if _open_for(a) > long_open_ms}
    seen = long if working is None else _seen(parts, working)
    must = {name for a in alerts if (name := str(a["alert_id"])) in seen or a["state"] == "open"}
    ended = {str(a["alert_id"]) for a in alerts if a["state"] == "resolved"}
    deadline = time.monotonic() + seconds
    while True:
        raised, over = _told(parts, receiver, "raised"), _told(parts, receiver, "resolved")
        wrong = [f"never told: {name}" for name in sorted(must - raised.keys())]
        wrong += [f"its end was never told: {name}" for name in sorted((ended & raised.keys()) - over.keys())]
        parts.timeline.note("told", raised=len(raised), ended=len(over), wrong=len(wrong), first=wrong[:1])
        if not wrong or time.monotonic() > deadline:
            break
        time.sleep(0.5)
    before: set[tuple[str, int]] = set()
    again = 0
    for notice in list(receiver.taken):
        if notice["step"] == "raised":
            items = {(item["alert_id"], item["raised_at"]) for item in notice["items"]}
            again += bool(items & before)
            before |= items
    figures |= {
        "alerts": len(alerts), "alerts_that_must_be_told": len(must), "alerts_told": len(raised), "ends_told": len(over),
        "notices_repeated": again,
    }  # fmt: skip
    if not must:
        wrong.append("no alert had to be told: the run says nothing about alerts")
    if again > notify_kills:
        wrong.append(f"{again} notices told again what had been told, with {notify_kills} crashes of the notifier")
    return wrong


def _told(parts: Parts, receiver: Receiver, step: str) -> Counter[str]:
    """How often each alert was told: what the notices that arrived show, and what they only count, by their records."""
    taken = [notice for notice in list(receiver.taken) if notice["step"] == step]
    found = Counter(item["alert_id"] for notice in taken for item in notice["items"])
    more = {notice["delivery_id"] for notice in taken if notice["more"]}
    if more:
        name = topics.full_name(parts.config.kafka.topic_prefix, topics.DELIVERIES)
        for record in records.read(parts.config.kafka, name):
            delivery = codec.decode_result(record.value or b"")
            if isinstance(delivery, Delivery) and delivery.delivery_id in more:
                found.update(set(delivery.alerts) - found.keys())
    return found


def _seen(parts: Parts, working: Sequence[Span]) -> set[str]:
    """Return which alerts stood open on record for long enough while everything worked."""
    name = topics.full_name(parts.config.kafka.topic_prefix, topics.ALERTS)
    latest: dict[str, tuple[int, int, bool]] = {}
    found: set[str] = set()

    def ended(alert_id: str, until: int) -> None:
        _, since, is_open = latest[alert_id]
        spans = [min(until, last) - max(since, first) for first, last in working]
        if is_open and max(spans, default=0) >= TOLD_WITHIN_MS:
            found.add(alert_id)

    for record in records.read(parts.config.kafka, name):
        alert = codec.decode_result(record.value or b"")
        if not isinstance(alert, Alert) or alert.version < latest.get(alert.alert_id, (0, 0, False))[0]:
            continue  # of a worker that repeats what was told before it
        is_open = alert.state == "open" and not alert.deleted
        _, since, was_open = latest.get(alert.alert_id, (0, record.at, False))
        if alert.alert_id in latest and was_open and not is_open:
            ended(alert.alert_id, record.at)
        latest[alert.alert_id] = alert.version, since if was_open and is_open else record.at, is_open
    for alert_id in latest:
        ended(alert_id, 1 << 60)
    return found


def _open_for(alert: dict[str, object]) -> int:
    return _at(alert, "resolved_at") - _at(alert, "raised_at") if alert["resolved_at"] is not None else 0


def _at(row: dict[str, object], name: str) -> int:
    return int(str(row[name]))
