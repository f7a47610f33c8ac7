"""Fit the risk that a member falls silent to archives of communities, and say how good it is.

    python -m training.churn DATA [--write] [--ablations]

DATA is a directory with ``NAME.events.ndjson.gz`` (canonical events) of one community each. The product's own core reads each
archive as one group, so that a member's facts are those over all its groups, and tells them (:func:`streams.core.risk.facts_of`)
at every fifth midnight; the outcome is read from the archive itself: no message in the 30 days after. All archives weigh the
same. The model is fitted to the first two thirds of their time, and judged on the last third by members with five messages or
more in 28 days; between the two lie 30 days, in which the outcomes of the first come true. ``--write`` puts the weights into
``streams/core/risk_model.py`` and the view that applies them over all groups into ``sinks/schema``.
"""

from __future__ import annotations

import argparse
import hashlib
import sys
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final, NamedTuple

import msgspec

from huoqun import codec
from huoqun.config import Config
from huoqun.events import MAX_TS_MS, Event, read_event
from producers.replay import read_lines
from streams.core import rhythm, risk
from streams.core.partition import Partition
from streams.core.state import DAY_MS
from training import churn_files
from training.logistic import Row, auc, brier_skill, calibration, calibration_error, fit, predicted

EVERY: Final = 5
"""Days between two looks: with no factor in common with a week, so that all weekdays are seen."""
HORIZON: Final = 30
FOLDS: Final = 5
PRESENT: Final = 5
"""Messages in 28 days of those who were really there: they are what the model is judged by."""
NAMES: Final = ("silent", "active", "usual", "missed", "known")
"""The terms of :func:`streams.core.rhythm.terms`."""


class Example(NamedTuple):
    """A member at a midnight."""

    day: int
    fold: int
    terms: Row
    messages: int


class Community(NamedTuple):
    """An archive as examples, each with its outcome: 1 for silence."""

    name: str
    checksum: str
    examples: list[Example]
    outcomes: list[int]
    first: int
    cut: int
    """The first day of the last third."""


def main() -> int:
    """Fit, judge, and write if asked to: 0 done, 2 nothing to learn from."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--ablations", action="store_true", help="also without each term")
    arguments = parser.parse_args()
    archives = sorted(arguments.data.glob("*.events.ndjson.gz"))
    if not archives:
        print(f"no NAME.events.ndjson.gz in {arguments.data}: nothing to learn from", file=sys.stderr)
        return 2
    communities = [read(archive) for archive in archives]
    model = trained(communities)
    print("weights", " ".join(f"{name} {w:.3f}" for name, w in zip(("intercept", *NAMES), model, strict=True)))
    print(f"{'':<34}{'community':<14}{'rows':>7}{'base':>7}{'AUC':>8}{'calib.':>8}{'skill':>7}")
    report("last third", communities, [model for _ in communities])
    apart(communities)
    for left_out in communities if len(communities) > 1 else ():
        others = [c for c in communities if c is not left_out]
        report("trained on the others only", [left_out], [trained(others)])
    for column in range(len(NAMES)) if arguments.ablations else ():
        fewer = [without(c, column) for c in communities]
        report(f"without {NAMES[column]}", fewer, [trained(fewer) for _ in fewer])
    for community in communities:
        print(f"\ncalibration, {community.name}: rows, mean risk, fell silent")
        outcomes, scores = judged(community, model)
        for rows, mean, share in calibration(outcomes, scores):
            print(f"{rows:>7}{mean:>7.2f}{share:>7.2f}")
    if arguments.write:
        churn_files.write(model, [(c.name, c.checksum, len(c.examples)) for c in communities])
    return 0


def read(archive: Path) -> Community:
    """Let the core read an archive as one group, and note what it knows of the members at every fifth midnight."""
    said: dict[str, list[int]] = defaultdict(list)
    state, offset, looks = Partition(0, Config()), 0, []
    today = first = 0
    for day, events in by_day(archive):
        if not first:
            first = today = day
        for quiet in range(today + 1, day + 1):
            if (quiet - first) % EVERY == 0 and quiet - first >= rhythm.WINDOW_DAYS:
                looks += look(state, quiet)
        today = day
        records = []
        for event in events:
            if not event.is_bot:
                said[event.user_id].append(event.ts)
            records.append((offset, codec.encode(event)))
            offset += 1
        while records:
            state.apply(records)
            state.checkpoint()
            records = [r for r in records if r[0] > state.offset]
    end = max(times[-1] for times in said.values()) // DAY_MS
    examples, outcomes = [], []
    for user, example in looks:
        if example.day <= end - HORIZON:
            examples.append(
                example._replace(messages=_between(said[user], example.day - rhythm.WINDOW_DAYS, example.day))
            )
            outcomes.append(int(_between(said[user], example.day, example.day + HORIZON) == 0))
    days = sorted({example.day for example in examples})
    checksum = hashlib.sha256(archive.read_bytes()).hexdigest()[:16]
    name = archive.name.removesuffix(".events.ndjson.gz")
    return Community(name, checksum, examples, outcomes, first, days[len(days) * 2 // 3])


def by_day(archive: Path) -> Iterator[tuple[int, list[Event]]]:
    """Yield the messages of an archive by day, as of one group."""
    day = 0
    events: list[Event] = []
    for line in read_lines(archive, lambda _: None):
        event = read_event(msgspec.json.decode(line.data), received_at=MAX_TS_MS, source="")
        if not isinstance(event, Event) or event.type != "message":
            continue
        event.group_id, event.received_at = "all", event.ts
        if event.ts // DAY_MS != day:
            if events:
                yield day, events
            day, events = event.ts // DAY_MS, []
        events.append(event)
    yield day, events


def look(state: Partition, today: int) -> list[tuple[str, Example]]:
    """Return what is known of the members at a midnight before which all has been applied."""
    (tracked,) = state.groups.values()
    h = tracked.group.h
    found = []
    for member in h.people:
        if member.is_bot or not member.first_day:
            continue
        facts = risk.facts_of(h.life, member, today)
        if facts[1]:
            fold = hashlib.sha256(member.user.encode()).digest()[0] % FOLDS
            found.append((member.user, Example(today, fold, rhythm.terms(*facts), 0)))
    return found


def _between(times: Sequence[int], since: int, until: int) -> int:
    return sum(since * DAY_MS <= ts < until * DAY_MS for ts in times)


def trained(communities: Sequence[Community], leave_out: int = -1) -> list[float]:
    """Return the model of the first two thirds of all communities' time, without one fold of people."""
    rows: list[Row] = []
    outcomes: list[int] = []
    weights: list[float] = []
    for c in communities:
        chosen = [i for i, e in enumerate(c.examples) if e.day <= c.cut - HORIZON and e.fold != leave_out]
        rows += [c.examples[i].terms for i in chosen]
        outcomes += [c.outcomes[i] for i in chosen]
        weights += [1 / len(chosen)] * len(chosen)
    return fit(rows, outcomes, weights)


def judged(c: Community, model: Sequence[float], fold: int = -1) -> tuple[list[int], list[float]]:
    """Return outcomes and probabilities of those who were there in the last third; of one fold of people, if given."""
    chosen = [i for i, e in enumerate(c.examples) if e.day >= c.cut and e.messages >= PRESENT and fold in (-1, e.fold)]
    return [c.outcomes[i] for i in chosen], [predicted(model, c.examples[i].terms) for i in chosen]


def apart(communities: Sequence[Community]) -> None:
    """Judge each fifth of the people by a model that has seen none of them."""
    models = [trained(communities, fold) for fold in range(FOLDS)]
    for c in communities:
        outcomes: list[int] = []
        scores: list[float] = []
        for fold in range(FOLDS):
            some, theirs = judged(c, models[fold], fold)
            outcomes += some
            scores += theirs
        tell("last third, other people", c.name, outcomes, scores)


def report(title: str, communities: Sequence[Community], models: Sequence[Sequence[float]]) -> None:
    """Print how good each community's model is on its last third."""
    for c, model in zip(communities, models, strict=True):
        tell(title, c.name, *judged(c, model))


def tell(title: str, name: str, outcomes: Sequence[int], scores: Sequence[float]) -> None:
    """Print one line of the table."""
    base = sum(outcomes) / len(outcomes)
    print(
        f"{title:<34}{name:<14}{len(outcomes):>7}{base:>7.3f}{auc(outcomes, scores):>8.4f}"
        f"{calibration_error(outcomes, scores):>8.3f}{brier_skill(outcomes, scores):>7.3f}"
    )


def without(c: Community, column: int) -> Community:
    """Return the community without one term."""
    return c._replace(examples=[e._replace(terms=(*e.terms[:column], *e.terms[column + 1 :])) for e in c.examples])


if __name__ == "__main__":
    sys.exit(main())
