"""What the core makes of a community, as the sinks get it: alerts by episode, stages over time, rows."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec

from huoqun import codec
from huoqun.config import Config
from huoqun.control import Tick
from huoqun.events import Event
from huoqun.results import Activity, Alert, AnyResult, GroupSummary
from streams.core.lag import Lag
from tests.support.core import Machine, View, view_of

QUARTER = 6 * 3_600_000
"""Results are asked for so often (ms of event time): a stage or an alert that came and went in between is seen all the same
by its own times, but for a stage that lasted shorter."""


@dataclass
class Alerted:
    """One episode of an alert: from when it was raised to its latest state."""

    kind: str
    user: str
    event: str
    raised_at: int
    resolved_at: int | None
    state: str
    severity: str
    title: str
    reasons: list[str]
    evidence: str


@dataclass
class Outcome:
    """All that a community's expectations look at."""

    alerts: list[Alerted]
    stages: list[tuple[int, str]]
    """(since, stage), each different from the one before."""
    activity: dict[str, list[tuple[int, dict[str, Any]]]]
    members: dict[str, dict[str, Any]]
    questions: dict[str, dict[str, Any]]
    group: dict[str, Any] | None
    view: View = field(repr=False)
    told: list[AnyResult] = field(repr=False)
    """Every row that was told, in order, also those that later ones replaced."""
    kept: list[dict[bytes, bytes]] = field(repr=False)
    """What is saved in the middle, amid talk that has not settled, and in the end."""

    def stage_at(self, at: int) -> str:
        """Return the stage at a moment (ms)."""
        place = bisect_right(self.stages, (at, "\x7f")) - 1
        return self.stages[place][1] if place >= 0 else ""

    def activity_at(self, window: str, at: int) -> dict[str, Any] | None:
        """Return the window's last row until a moment (ms)."""
        rows = self.activity.get(window, [])
        place = bisect_right(rows, at, key=lambda row: row[0]) - 1
        return rows[place][1] if place >= 0 else None


def play(config: Config, events: Sequence[Event], until: int) -> Outcome:
    """Feed the events in the order of time, with ticks in between, and collect what comes out."""
    machine = Machine(config)
    log: list[bytes] = []
    now = events[0].ts
    place = 0
    kept: list[dict[bytes, bytes]] = []
    while now < until:
        now = min(until, (now // QUARTER + 1) * QUARTER)
        start = len(log)
        while place < len(events) and events[place].ts < now:
            log.append(codec.encode(events[place]))
            place += 1
            if place == len(events) // 2:
                machine.feed(log, start, len(log))
                start = len(log)
                kept.append(_saved(machine))
        log.append(codec.encode(Tick(now)))
        machine.feed(log, start, len(log))
        machine.checkpoint()
    kept.append(_saved(machine))
    return _outcome(machine, kept)


def _saved(machine: Machine) -> dict[bytes, bytes]:
    machine.checkpoint(final=True)
    return dict(machine.store)


def play_disordered(config: Config, events: Sequence[Event], until: int) -> View:
    """Feed the events in the order in which they stand, losing the memory twice on the way; return what the store shows."""
    log = [codec.encode(event) for event in events]
    log.append(codec.encode(Tick(until)))
    machine = Machine(config, Lag(checkpoints=2, work=100))
    crashes = [len(log) // 2, len(log) * 3 // 4]
    at = 0
    while at < len(log):
        end = min(at + 50, len(log))
        machine.feed(log, at, end)
        at = end
        machine.checkpoint()
        if crashes and at >= crashes[0]:
            del crashes[0]
            at = machine.crash()
    machine.checkpoint()
    return view_of(machine.results)


def _outcome(machine: Machine, kept: list[dict[bytes, bytes]]) -> Outcome:
    episodes: dict[tuple[str, int], Alert] = {}
    stages: list[tuple[int, str]] = []
    for row in machine.results:
        if isinstance(row, Alert) and not row.deleted:
            episodes[row.alert_id, row.raised_at] = row
        elif isinstance(row, GroupSummary) and (not stages or stages[-1][1] != row.stage):
            stages.append((row.stage_since or 0, row.stage))
    view = view_of(machine.results)
    activity: dict[str, list[tuple[int, dict[str, Any]]]] = {}
    tables: dict[str, dict[str, dict[str, Any]]] = {"Member": {}, "Question": {}}
    group: dict[str, Any] | None = None
    for (record, _), columns in view.items():
        if record == Activity.__name__:
            activity.setdefault(str(columns["window"]), []).append((int(str(columns["window_end"])), columns))
        elif record == GroupSummary.__name__:
            group = columns
        elif record in tables:
            tables[record][str(columns["user_id" if record == "Member" else "question_id"])] = columns
    for rows in activity.values():
        rows.sort(key=lambda row: row[0])
    return Outcome(
        alerts=sorted((_alerted(row) for row in episodes.values()), key=lambda a: (a.raised_at, a.kind, a.user)),
        stages=stages,
        activity=activity,
        members=tables["Member"],
        questions=tables["Question"],
        group=group,
        view=view,
        told=machine.results,
        kept=kept,
    )


def _alerted(row: Alert) -> Alerted:
    return Alerted(
        kind=row.kind,
        user=row.user_id,
        event=row.subject_event_id,
        raised_at=row.raised_at,
        resolved_at=row.resolved_at,
        state=row.state,
        severity=row.severity,
        title=row.title,
        reasons=[str(reason) for reason in msgspec.to_builtins(row.reasons)],
        evidence=row.evidence,
    )
